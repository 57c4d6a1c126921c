"""The trace as numbered nodes, with ancestry answered in constant time and closures in linear time.

Nodes are numbered in trace order; spans of linked traces follow. Ancestry is the closure of the parent ids received: in
a cycle every member is an ancestor of every other one, and none of itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import count, islice
from operator import add, lt
from typing import TYPE_CHECKING

from spanspec.language.picking.columns import Columns
from spanspec.model.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from spanspec.model.ids import SpanId, TraceId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

NONE = -1


class Forest:
    """Parents, children, subtrees and links by node number.

    Attributes:
        spans: The span of each node.
        own: How many nodes belong to the trace itself; those after them are of linked traces.
        parent: The parent of each node, `NONE` without one.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        uncertain: Mapping[SpanId, SpanId] | None = None,
        explicit_injection: bool = True,
        cut: bool = False,
    ) -> None:
        """Number the spans.

        Args:
            trace: The trace.
            uncertain: Spans hung under the trigger only because their parent has not arrived, and that parent's id.
            explicit_injection: Whether `trace.injected` is known to be what the trigger sent, not a guess.
            cut: Whether uncertain spans are left hanging under nothing.
        """
        self.trace = trace
        self.own = len(trace.spans)
        self.spans: tuple[Span, ...] = (*trace.spans, *_in_trace_order(trace.linked))
        self.uncertain: Mapping[SpanId, SpanId] = uncertain or {}
        self._explicit = explicit_injection
        self._cut = cut
        self.number = {span.span_id: index for index, span in enumerate(self.spans[: self.own])}
        if self.own < len(self.spans):
            for index in range(self.own, len(self.spans)):
                self.number.setdefault(self.spans[index].span_id, index)
        self.parent = self._parents()
        self._walk()

    @cached_property
    def _number(self) -> dict[tuple[TraceId | str, SpanId], int]:
        return {(span.trace_id, span.span_id): index for index, span in enumerate(self.spans)}

    @cached_property
    def children(self) -> list[list[int]]:
        """The children of each node in trace order."""
        found: list[list[int]] = [[] for _ in self.spans]
        for index, parent in enumerate(self.parent):
            if parent != NONE:
                found[parent].append(index)
        return found

    def _parents(self) -> list[int]:
        if self._cut or self.own < len(self.spans):
            return [self._parent_of(index) for index in range(len(self.spans))]
        at = self.number.get
        found = [NONE if span.parent_id is None else at(span.parent_id, NONE) for span in self.spans]
        for index, parent in enumerate(found):
            if parent == index:
                found[index] = NONE
        return found

    def _parent_of(self, index: int) -> int:
        span = self.spans[index]
        if span.parent_id is None or span.parent_id == span.span_id or (self._cut and span.span_id in self.uncertain):
            return NONE
        if index < self.own:
            found = self.number.get(span.parent_id, NONE)
            return found if found < self.own else NONE
        return self._number.get((span.trace_id, span.parent_id), NONE)

    @cached_property
    def certain(self) -> Forest:
        """The same nodes with those parents only that no further span changes."""
        if not self.uncertain or self._cut:
            return self
        return Forest(self.trace, uncertain=self.uncertain, explicit_injection=self._explicit, cut=True)

    @cached_property
    def columns(self) -> Columns:
        """Which nodes have which value for a name."""
        return Columns(self.spans)

    # --- order and intervals

    def _walk(self) -> None:
        """Find cycles, then number the nodes by entry so that a subtree is an interval.

        Trace order is such a numbering already, unless there is a cycle, of which one member precedes its parent.
        """
        if not self._cut and all(map(lt, self.parent, count())):
            self._walk_in_order()
            return
        self.cycle = self._cycles()
        tops = [node for node, parent in enumerate(self.parent) if parent == NONE or self.cycle[node] != NONE]
        self.topo: list[int] = []
        self.top = [NONE] * len(self.spans)
        self.entry = [0] * len(self.spans)
        self.exit = [0] * len(self.spans)
        for top in tops:
            self._walk_below(top)

    def _walk_in_order(self) -> None:
        size = len(self.parent)
        self.cycle = [NONE] * size
        self.topo = self.entry = list(range(size))
        sizes = [1] * size
        for node in range(size - 1, -1, -1):
            parent = self.parent[node]
            if parent != NONE:
                sizes[parent] += sizes[node]
        self.exit = list(map(add, self.entry, sizes))
        self.top = top = list(self.entry)
        for node, parent in enumerate(self.parent):
            if parent != NONE:
                top[node] = top[parent]

    def _walk_below(self, top: int) -> None:
        stack = [top]
        while stack:
            node = stack.pop()
            if node < 0:
                self.exit[~node] = len(self.topo)
                continue
            self.entry[node] = len(self.topo)
            self.topo.append(node)
            self.top[node] = top
            stack.append(~node)
            stack.extend(child for child in reversed(self.children[node]) if self.cycle[child] == NONE)

    def _cycles(self) -> list[int]:
        """For each node a number that members of one cycle share, or `NONE`."""
        cycle = [NONE] * len(self.parent)
        state = [0] * len(self.parent)
        for start in range(len(self.parent)):
            path = []
            node = start
            while node != NONE and state[node] == 0:
                state[node] = 1
                path.append(node)
                node = self.parent[node]
            if node != NONE and state[node] == 1:
                for member in path[path.index(node) :]:
                    cycle[member] = node
            for seen in path:
                state[seen] = 2
        return cycle

    @cached_property
    def members(self) -> dict[int, list[int]]:
        """The members of each cycle."""
        found: dict[int, list[int]] = {}
        for node, number in enumerate(self.cycle):
            if number != NONE:
                found.setdefault(number, []).append(node)
        return found

    def is_ancestor(self, upper: int, lower: int) -> bool:
        """Whether `upper` is a proper ancestor of `lower`."""
        if upper == lower:
            return False
        if self.entry[upper] < self.entry[lower] < self.exit[upper]:
            return True
        return self.cycle[upper] != NONE and self.cycle[upper] == self.cycle[self.top[lower]]

    def ancestors(self, node: int) -> Iterator[int]:
        """Parent, its parent, and so on; each once, never the node itself."""
        seen = {node}
        current = self.parent[node]
        while current != NONE and current not in seen:
            seen.add(current)
            yield current
            current = self.parent[current]

    def descendants(self, node: int) -> Iterator[int]:
        """All nodes below in trace order."""
        if self.cycle[node] != NONE:
            yield from (other for other in sorted(self._whole_cycle(node)) if other != node)
            return
        yield from self.topo[self.entry[node] + 1 : self.exit[node]]

    def _whole_cycle(self, node: int) -> list[int]:
        members = self.members[self.cycle[node]]
        return [below for member in members for below in self.topo[self.entry[member] : self.exit[member]]]

    def siblings(self, node: int) -> Iterator[int]:
        """Other nodes with the same parent id, received or not."""
        return (other for other in self._by_parent_id.get(self._parent_key(node), ()) if other != node)

    def siblings_of_any(self, nodes: Iterable[int]) -> set[int]:
        """Nodes with another node of `nodes` as a sibling."""
        groups: dict[tuple[str, str], list[int]] = {}
        for node in nodes:
            groups.setdefault(self._parent_key(node), []).append(node)
        found: set[int] = set()
        for key, members in groups.items():
            everyone = self._by_parent_id.get(key, ())
            found.update(other for other in everyone if len(members) > 1 or other != members[0])
        return found

    def _parent_key(self, node: int) -> tuple[str, str]:
        span = self.spans[node]
        if node >= self.own:
            return (span.trace_id, span.parent_id or "")
        awaited = self.uncertain.get(span.span_id) if self._cut else None  # who names it too is a sibling either way
        return ("", awaited or span.parent_id or "")

    @cached_property
    def _by_parent_id(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for node, span in enumerate(self.spans):
            if span.parent_id is not None and span.parent_id != span.span_id:
                found.setdefault(self._parent_key(node), []).append(node)
        return found

    @cached_property
    def levels(self) -> list[int]:
        """How many ancestors each node has."""
        found = [0] * len(self.spans)
        for node in self.topo:
            if self.cycle[node] != NONE:
                found[node] = len(self.members[self.cycle[node]]) - 1
            elif self.parent[node] != NONE:
                found[node] = found[self.parent[node]] + 1
        return found

    # --- closures over sets

    def below(self, upper: set[int]) -> set[int]:
        """Nodes with an ancestor in `upper`, in one walk."""
        found: set[int] = set()
        for node in self.topo:
            if self.cycle[node] != NONE:
                if any(member in upper for member in self.members[self.cycle[node]] if member != node):
                    found.add(node)
            elif (parent := self.parent[node]) != NONE and (parent in upper or parent in found):
                found.add(node)
        return found

    def above(self, lower: set[int]) -> set[int]:
        """Nodes with a descendant in `lower`, in one walk."""
        found: set[int] = set()
        for node in reversed(self.topo):
            parent = self.parent[node]
            if parent != NONE and self.cycle[node] == NONE and (node in lower or node in found):
                found.add(parent)
        for members in self.members.values():
            hung = any(member in found for member in members)
            for member in members:
                if hung or any(other in lower for other in members if other != member):
                    found.add(member)
        return found

    # --- links

    @cached_property
    def links(self) -> list[tuple[int, int]]:
        """Resolved links as (entry number of the target, node that carries the link), sorted."""
        found = []
        for node, span in enumerate(self.spans):
            for link in span.links:
                target = self._number.get((link.trace_id, link.span_id))
                if target is not None:
                    found.append((self.entry[target], node))
        return sorted(found)

    def link_targets(self, node: int) -> list[int]:
        """The nodes that a node's own links point to."""
        links = self.spans[node].links
        found = (self._number.get((link.trace_id, link.span_id)) for link in links)
        return [target for target in found if target is not None]

    def links_into(self, node: int) -> list[int]:
        """Nodes that carry a link to `node` or to a descendant of it."""
        if self.cycle[node] != NONE:
            inside = {self.entry[other] for other in self._whole_cycle(node)}
            return [source for target, source in self.links if target in inside]
        start = bisect_left(self.links, (self.entry[node], NONE))
        end = bisect_left(self.links, (self.exit[node], NONE))
        return [source for _, source in self.links[start:end]]

    def caused(self, node: int) -> Iterator[int]:
        """Nodes caused by a node: its descendants, then what carries a link into its subtree and all below that."""
        seen = {node}
        for found in self._caused_repeating(node):
            if found not in seen:
                seen.add(found)
                yield found

    def _caused_repeating(self, node: int) -> Iterator[int]:
        yield from self.descendants(node)
        for source in self.links_into(node):
            yield source
            yield from self.descendants(source)

    def caused_by_any(self, causes: set[int]) -> set[int]:
        """Nodes caused by at least one other node of `causes`, in linear time."""
        found = self.below(causes)
        reached = causes | found
        carriers = {source for target, source in self.links if self.topo[target] in reached}
        linked = carriers | self.below(carriers)
        doubtful = {node for node in linked if node in causes and node not in found}
        found |= linked
        for node in doubtful:
            if not any(self.causes(other, node) for other in causes if other != node):
                found.discard(node)
        return found

    def causing_any(self, effects: set[int]) -> set[int]:
        """Nodes that cause at least one other node of `effects`."""
        found = self.above(effects)
        inside = Sorted(self, effects)
        climbed: set[int] = set()
        for target, source in self.links:
            reached = list(islice(inside.at_or_below(source), 2))
            node = self.topo[target]
            added: set[int] = set()
            skipped = False
            for cause in (node, *self.ancestors(node)) if reached else ():
                if cause in climbed:
                    break
                if reached == [cause]:
                    skipped = True  # it does not cause itself, but another link may still reach it
                else:
                    added.add(cause)
            found |= added
            if not skipped:
                climbed |= added
        return found

    def causes(self, cause: int, effect: int) -> bool:
        """Whether `effect` is caused by `cause`."""
        if cause == effect:
            return False
        if self.is_ancestor(cause, effect):
            return True
        return any(
            target == cause or self.is_ancestor(cause, target)
            for carrier in (effect, *self.ancestors(effect))
            if self.spans[carrier].links
            for target in self.link_targets(carrier)
        )

    # --- what more spans may still change

    @cached_property
    def unfinished(self) -> list[bool]:
        """For each node whether further ancestors may still arrive."""
        found = [False] * len(self.spans)
        for node in self.topo:
            parent = self.parent[node]
            if parent != NONE:
                found[node] = found[parent] or self.spans[node].span_id in self.uncertain
            else:
                found[node] = self.parent_may_come(node)
        return found

    def parent_may_come(self, node: int) -> bool:
        """Whether the parent is named, absent and not what the trigger sent."""
        span = self.spans[node]
        if span.span_id in self.uncertain:
            return True
        if self.parent[node] != NONE or span.parent_id is None or span.parent_id == span.span_id:
            return False
        return not (self._explicit and span.parent_id == self.trace.injected)

    def root_is_settled(self, node: int) -> bool:
        """Whether no further span changes whether the node is a root."""
        span = self.spans[node]
        if span.span_id in self.uncertain or self.parent[node] != NONE or span.parent_id is None:
            return True
        return self._explicit or self._some_without_parent_id

    @cached_property
    def _some_without_parent_id(self) -> bool:
        return any(span.parent_id is None for span in self.trace.spans)

    def is_root(self, node: int) -> bool:
        """Whether the node has no parent id, or that which the trigger injected."""
        span = self.spans[node]
        if span.span_id in self.uncertain:
            return False
        return span.parent_id is None or (self.parent[node] == NONE and span.parent_id == self.trace.injected)

    def is_orphan(self, node: int) -> bool:
        """Whether the parent is named but neither in the trace nor what the trigger injected."""
        span = self.spans[node]
        if span.span_id in self.uncertain:
            return True
        missing = span.parent_id is not None and self.parent[node] == NONE and span.parent_id != span.span_id
        return missing and span.parent_id != self.trace.injected


class Sorted:
    """A set of nodes with the part that lies in a subtree found by bisection."""

    def __init__(self, forest: Forest, nodes: Iterable[int]) -> None:
        self.forest = forest
        self.nodes = sorted(nodes, key=forest.entry.__getitem__)
        self._entries = [forest.entry[node] for node in self.nodes]

    def below(self, node: int) -> Sequence[int]:
        """Members that are descendants of `node`."""
        if self.forest.cycle[node] != NONE:
            return [member for member in self.nodes if self.forest.is_ancestor(node, member)]
        start = bisect_right(self._entries, self.forest.entry[node])
        end = bisect_left(self._entries, self.forest.exit[node])
        return self.nodes[start:end]

    def at_or_below(self, node: int) -> Iterator[int]:
        """Members that are `node` or descendants of it."""
        start = bisect_left(self._entries, self.forest.entry[node])
        if start < len(self.nodes) and self.nodes[start] == node:
            yield node
        yield from self.below(node)


def keep(nodes: Iterable[int], test: Callable[[int], bool]) -> list[int]:
    """The nodes that pass, in order."""
    return [node for node in nodes if test(node)]


def _in_trace_order(linked: tuple[Span, ...]) -> list[Span]:
    by_trace: dict[TraceId, list[Span]] = {}
    for span in linked:
        by_trace.setdefault(span.trace_id, []).append(span)
    return [span for group in by_trace.values() for span in assemble(group).spans]

"""Selections that only grow: which spans a selector may surely have picked, kept up to date span by span.

A selector's *sure* members are picked by conditions that no further span revokes, so the set of them only grows, and it
grows only where something arrives. `Members` follows it from above: whatever `Picker.pick` calls sure is in it; it may
hold more, where a condition is not followed (`:has`, `parent:…`, links are let pass). What is built on it may therefore
say "nothing can have been decided" without looking at the trace, and has to look when it says otherwise.

Each step of a chain is a fact about a node that is set once and never taken back:

- *match* of a step: the node satisfies its brackets and stands in the relation to a match of the step before;
- *under* a step: an ancestor matches it; *over* a step: a descendant does.

A fact is pushed to the neighbours that it concerns, each at most once, so the whole of them costs time linear in the
trace, however the spans are ordered: a parent that comes after its children hands down what stands above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.picking.predicates import counts_selection, flat
from spanspec.language.picking.pseudos import ORDERING
from spanspec.language.syntax import Combinator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spanspec.language.picking.own import Test, Tests
    from spanspec.language.syntax import Chain, Selector, Step
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span

NONE = -1
_NEVER_SURE = frozenset({*ORDERING, "leaf", "orphan"})


class Grove:
    """The spans of one trace, numbered as they came, with parents and children.

    Attributes:
        spans: The spans.
        parent: The number of each one's parent, `NONE` while that has not come.
        children: The numbers of each one's children.
        carries: Whether a span or one of its ancestors carries a link.
        carrying: The nodes that have come to do so with the last span.
        linked: Node numbers of carriers by the trace and span that they link to.
        cyclic: Whether some parents form a cycle.
        top: A span above all others (the trigger's, where the dialect has it in the trace), or None.
    """

    def __init__(self, top: Span | None = None) -> None:
        self.top = top
        self.spans: list[Span] = []
        self.parent: list[int] = []
        self.children: list[list[int]] = []
        self.carries: list[bool] = []
        self.carrying: list[int] = []
        self.linked: dict[tuple[str, SpanId], list[int]] = {}
        self.cyclic = False
        self.siblings: dict[SpanId, list[int]] = {}
        self.number: dict[SpanId, int] = {}

    def add(self, span: Span) -> int:
        """Number a span that has not come before, and connect it."""
        node = len(self.spans)
        self.spans.append(span)
        self.number[span.span_id] = node
        named = span.parent_id if span.parent_id != span.span_id else None
        parent = NONE if named is None else self.number.get(named, NONE)
        self.parent.append(parent)
        if parent != NONE:
            self.children[parent].append(node)
        below = [child for child in self.siblings.get(span.span_id, ()) if child != node]
        self.children.append(below)
        for child in below:
            self.parent[child] = node
        if named is not None:
            self.siblings.setdefault(named, []).append(node)
        self.carries.append(False)
        self.carrying = []
        for link in span.links:
            self.linked.setdefault((link.trace_id, link.span_id), []).append(node)
        if below and parent != NONE:
            self.cyclic = self.cyclic or self._closes(node)
        if span.links or (parent != NONE and self.carries[parent]):
            self._carry(node)
        return node

    def _closes(self, node: int) -> bool:
        """Whether the parents lead back to a node that has just come; no cycle was there before."""
        current = self.parent[node]
        while current not in (NONE, node):
            current = self.parent[current]
        return current == node

    def _carry(self, node: int) -> None:
        stack = [node]
        while stack:
            current = stack.pop()
            if not self.carries[current]:
                self.carries[current] = True
                self.carrying.append(current)
                stack.extend(self.children[current])

    def above(self, node: int) -> Iterator[int]:
        """Ancestors that have come, each once; in a cycle never the node itself."""
        seen = {node}
        current = self.parent[node]
        while current != NONE and current not in seen:
            seen.add(current)
            yield current
            current = self.parent[current]

    def below(self, node: int) -> Iterator[int]:
        """Descendants that have come, each once; in a cycle never the node itself."""
        seen = {node}
        stack = list(self.children[node])
        while stack:
            current = stack.pop()
            if current not in seen:
                seen.add(current)
                yield current
                stack.extend(self.children[current])


class Members:
    """What a selector may surely pick, in the order in which it came to be so.

    Attributes:
        log: Node numbers; a node is added once.
        top: Whether the grove's top may be picked.
        exact: Whether every member is sure, so that nothing changes but when one is added.
    """

    def __init__(self, selector: Selector, grove: Grove, tests: Tests) -> None:
        self.log: list[int] = []
        self._in: set[int] = set()
        self._all = not selector.chains
        steps = [step for chain in selector.chains for step in chain.steps]
        free = any(counts_selection(part) for step in steps for part in flat(step.predicate))
        self._chains = [
            _Chain(chain, grove, tests, self._found) for chain in selector.chains if not free and _may_be_sure(chain)
        ]
        self.top = grove.top is not None and (self._all or any(chain.top_matches for chain in self._chains))
        single = all(len(chain.steps) == 1 for chain in selector.chains)
        followed = grove.top is None or (single and not self.top)
        self.exact = followed and all(chain.exact for chain in self._chains)

    @property
    def never(self) -> bool:
        """Whether it never surely picks anything, since each of its chains has a step that is free."""
        return not self._all and not self._chains

    def arrive(self, node: int) -> None:
        """Take in the node that the grove got last."""
        if self._all:
            self._found(node)
        for chain in self._chains:
            chain.arrive(node)

    def __contains__(self, node: int) -> bool:
        return node in self._in

    def __len__(self) -> int:
        return len(self.log) + self.top

    def _found(self, node: int) -> None:
        if node not in self._in:
            self._in.add(node)
            self.log.append(node)


def _may_be_sure(chain: Chain) -> bool:
    return not any(pseudo.name in _NEVER_SURE for step in chain.steps for pseudo in step.pseudos)


class _Chain:
    """One chain: bit 3·i of a node's facts is *match* of step i, bit 3·i + 1 *under*, bit 3·i + 2 *over* it."""

    def __init__(self, chain: Chain, grove: Grove, tests: Tests, found: Callable[[int], None]) -> None:
        self._grove = grove
        self._found = found
        self._links = [step.combinator or Combinator.DESCENDANT for step in chain.steps[1:]]
        self._tests = [_test_of(step, tests) for step in chain.steps]
        self.exact = Combinator.CAUSED not in self._links and all(
            step.group is None and not step.pseudos and tests.of(step.predicate).alone for step in chain.steps
        )
        self._matches = sum(1 << 3 * index for index in range(len(chain.steps)))
        self._own: list[int] = []
        self._facts: list[int] = []
        self._top = 0
        self.top_matches = False
        if grove.top is not None:
            self._reach_top()

    def _reach_top(self) -> None:
        """The top is an ancestor of all and a child of none; `<` and `<<` may reach it from anywhere."""
        for index, test in enumerate(self._tests):
            reachable = index == 0 or self._links[index - 1] in (Combinator.ANCESTOR, Combinator.PARENT)
            if reachable and any(each.top for each in test):
                self._top |= 1 << (3 * index + 1)
                self.top_matches = self.top_matches or index == len(self._tests) - 1

    def arrive(self, node: int) -> None:
        """Take in the node that the grove got last."""
        grove, own = self._grove, 0
        for index, test in enumerate(self._tests):
            if any(each.at(node) for each in test):
                own |= 1 << index
        if not self._links:
            if own:
                self._found(node)
            return
        self._own.append(own)
        self._facts.append(0)
        given = self._top
        parent = grove.parent[node]
        if parent != NONE:
            given |= self._handed(self._facts[parent], 3, 1)
        for child in grove.children[node]:
            given |= self._handed(self._facts[child], 5, 2)
        pending = [(node, given)]
        if grove.carrying and Combinator.CAUSED in self._links:
            pending.extend((carrier, 0) for carrier in grove.carrying)
        self._settle(pending)

    def _handed(self, facts: int, held: int, bit: int) -> int:
        """What a neighbour learns of facts: *under* (bit 1) what is matched or under, *over* (bit 2) likewise."""
        found = 0
        for index in range(len(self._links)):
            if facts >> (3 * index) & held:
                found |= 1 << (3 * index + bit)
        return found

    def _settle(self, pending: list[tuple[int, int]]) -> None:
        """Set facts and push what follows, until nothing new follows."""
        grove, facts, last = self._grove, self._facts, 1 << (3 * len(self._links))
        while pending:
            node, given = pending.pop()
            before = facts[node]
            after = self._matched(node, before | given)
            new = after & ~before
            if not new:
                continue
            facts[node] = after
            if new & last:
                self._found(node)
            matched = new & self._matches
            down = self._handed(after, 3, 1)
            pending.extend((child, down) for child in grove.children[node] if matched or down & ~facts[child])
            parent = grove.parent[node]
            if parent != NONE:
                up = self._handed(after, 5, 2)
                if matched or up & ~facts[parent]:
                    pending.append((parent, up))
            if matched and Combinator.SIBLING in self._links:
                pending.extend((other, 0) for other in self._beside(node))

    def _matched(self, node: int, facts: int) -> int:
        """The facts with all steps that they make match."""
        own = self._own[node]
        facts |= own & 1
        for index, combinator in enumerate(self._links):
            bit = 1 << (3 * index + 3)
            if own >> (index + 1) & 1 and not facts & bit and self._related(node, facts, index, combinator):
                facts |= bit
        return facts

    def _related(self, node: int, facts: int, index: int, combinator: Combinator) -> bool:
        """Whether the node stands in the relation to a match of step `index`."""
        grove, match = self._grove, 1 << (3 * index)
        if combinator is Combinator.DESCENDANT:
            return bool(facts & match << 1)
        if combinator is Combinator.ANCESTOR:
            return bool(facts & match << 2)
        if combinator is Combinator.CAUSED:
            return bool(facts & match << 1) or grove.carries[node]
        if combinator is Combinator.CHILD:
            parent = grove.parent[node]
            return bool(self._top & match << 1) or (parent != NONE and bool(self._facts[parent] & match))
        near: Sequence[int] = grove.children[node] if combinator is Combinator.PARENT else self._beside(node)
        return any(self._facts[other] & match for other in near)

    def _beside(self, node: int) -> list[int]:
        grove = self._grove
        named = grove.spans[node].parent_id
        return [other for other in grove.siblings.get(named, ()) if other != node] if named is not None else []


def _test_of(step: Step, tests: Tests) -> list[Test]:
    """The tests of which one passes on whatever the step may surely match."""
    if step.group is None:
        return [tests.of(step.predicate)]
    if not step.group.chains:
        return [tests.of(None)]
    return [test for chain in step.group.chains for test in _test_of(chain.steps[-1], tests)]

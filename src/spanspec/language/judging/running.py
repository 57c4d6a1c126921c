"""Values of calls over a set that only grows, kept up to date member by member.

Each holds a bound of what its call comes to on the sure members: never less of what grows, never more of what shrinks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from spanspec.language.aggregates import NoSpanError, key_of, reduce_values
from spanspec.language.judging import measures
from spanspec.language.judging.gaps import Gaps
from spanspec.model.span import StatusCode
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.picking.growth import Grove
    from spanspec.language.verdict import Value
    from spanspec.model.span import Span


class Running(Protocol):
    """A value over members taken in one by one."""

    def add(self, node: int) -> None:
        """Take in a member."""

    def value(self) -> Value:
        """What it comes to.

        Raises:
            NoSpanError: There is no member, and the call has no value on none.
        """


class Tally:
    """How many, or how much."""

    def __init__(self, grove: Grove, of: Callable[[Span], int], *, time: bool, empty: bool) -> None:
        self._grove, self._of, self._time, self._empty = grove, of, time, empty
        self._sum = self._count = 0

    def add(self, node: int) -> None:
        """Take in a member."""
        self._sum += self._of(self._grove.spans[node])
        self._count += 1

    def value(self) -> Value:
        """The sum."""
        if not self._count and not self._empty:
            raise NoSpanError("no span matched")
        return Duration(self._sum) if self._time else self._sum


class Busy:
    """Length of the union of intervals: disjoint ones in order, joined as they meet."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._total = 0

    def add(self, node: int) -> None:
        """Take in a member."""
        span = self._grove.spans[node]
        start, end = span.start_ns, measures.end_of(span)
        low, high = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if low < high:
            self._total -= sum(self._ends[low:high]) - sum(self._starts[low:high])
            start, end = min(start, self._starts[low]), max(end, self._ends[high - 1])
        self._starts[low:high], self._ends[low:high] = [start], [end]
        self._total += end - start

    def value(self) -> Value:
        """The length."""
        if not self._starts:
            raise NoSpanError("no span matched")
        return Duration(self._total)


class Extreme:
    """The least or the greatest value of an expression."""

    def __init__(self, name: str, of: Callable[[int], Value]) -> None:
        self._name, self._of = name, of
        self._found: Value = None
        self._some = False

    def add(self, node: int) -> None:
        """Take in a member."""
        value = self._of(node)
        self._found = reduce_values(self._name, [self._found, value] if self._some else [value])
        self._some = True

    def value(self) -> Value:
        """The extreme."""
        if not self._some:
            raise NoSpanError("no span matched")
        return self._found


class Distinct:
    """How many values differ; with `spread`, how many members share a parent and a value at most."""

    def __init__(self, grove: Grove, of: Callable[[int], Value], *, repeats: bool) -> None:
        self._grove, self._of, self._repeats = grove, of, repeats
        self._found: Counter[object] = Counter()
        self._most = 0

    def add(self, node: int) -> None:
        """Take in a member."""
        key: object = key_of(self._of(node))
        if self._repeats:
            parent = self._grove.spans[node].parent_id
            if parent is None:
                return
            key = (parent, key)
        self._found[key] += 1
        self._most = max(self._most, self._found[key])

    def value(self) -> Value:
        """The number."""
        return self._most if self._repeats else len(self._found)


class Concurrency:
    """Most members open at once; a member that comes can raise it only among those that it overlaps."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._spans: list[Span] = []
        self._most = 0

    def add(self, node: int) -> None:
        """Take in a member."""
        span = self._grove.spans[node]
        self._spans.append(span)
        start, end = span.start_ns, measures.end_of(span)
        near = [other for other in self._spans if other.start_ns <= end and max(other.start_ns, other.end_ns) >= start]
        if len(near) > self._most:
            self._most = max(self._most, measures.concurrency(near))

    def value(self) -> Value:
        """The number."""
        if not self._spans:
            raise NoSpanError("no span matched")
        return self._most


class Services:
    """Names of services."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._found: set[str] = set()

    def add(self, node: int) -> None:
        """Take in a member."""
        service = self._grove.spans[node].service
        if service:
            self._found.add(service)

    def value(self) -> Value:
        """The names."""
        return frozenset(self._found)


class Gap:
    """The greatest that a gap may be, which a further span can only lower."""

    def __init__(self, grove: Grove, skew_ns: int) -> None:
        self._grove = grove
        self._gaps = Gaps(skew_ns)

    def left(self, node: int) -> None:
        """Take in a member of the left side."""
        self._gaps.left(self._grove.spans[node])

    def right(self, node: int) -> None:
        """Take in a member of the right side."""
        self._gaps.right(self._grove.spans[node])

    def value(self) -> Value:
        """The gap."""
        high = self._gaps.high_ns
        if high is None:
            raise NoSpanError("no span matched")
        return Duration(high)


class OfTrace:
    """`span_count error_count service_count duration` of the whole trace."""

    def __init__(self, grove: Grove, key: str) -> None:
        self._grove, self._key = grove, key
        self._count = 0
        self._services: set[str] = set()
        self._low: int | None = None
        self._high = 0

    def add(self, node: int) -> None:
        """Take in a span."""
        span = self._grove.spans[node]
        if self._key == "duration":
            end = span.start_ns + span.duration_ns
            self._high = end if self._low is None else max(self._high, end)
            self._low = span.start_ns if self._low is None else min(self._low, span.start_ns)
        elif self._key == "service_count":
            if span.service:
                self._services.add(span.service)
        else:
            self._count += self._key == "span_count" or span.status is StatusCode.ERROR

    def value(self) -> Value:
        """The fact."""
        if self._key == "duration":
            return Duration(0 if self._low is None else self._high - self._low)
        return len(self._services) if self._key == "service_count" else self._count


class Levels:
    """The most ancestors of a member; `plus` is added for the member itself."""

    def __init__(self, grove: Grove, *, plus: int, empty: bool) -> None:
        self._grove, self._plus, self._empty = grove, plus, empty
        self._members: set[int] = set()
        self._level: list[int] = []
        self._most = -1

    def arrive(self, node: int) -> None:
        """Take in the node that the grove got last: it is an ancestor of all below it."""
        grove = self._grove
        parent = grove.parent[node]
        self._level.append(0 if parent < 0 else self._level[parent] + 1)
        stack, seen = [node], {node}
        while stack:
            current = stack.pop()
            for child in grove.children[current]:
                if child not in seen:
                    seen.add(child)
                    self._level[child] = self._level[current] + 1
                    self._raise(child)
                    stack.append(child)

    def add(self, node: int) -> None:
        """Take in a member."""
        self._members.add(node)
        self._raise(node)

    def _raise(self, node: int) -> None:
        if node in self._members:
            self._most = max(self._most, self._level[node])

    def value(self) -> Value:
        """The most."""
        if self._most < 0 and not self._empty:
            raise NoSpanError("no span matched")
        return self._most + self._plus if self._most >= 0 else 0


class Edges:
    """Calls from one service to another that lead to members, by parent or by link."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._members: set[int] = set()
        self._found: set[str] = set()
        self._awaited: dict[tuple[str, str], list[int]] = {}

    def arrive(self, node: int) -> None:
        """Take in the node that the grove got last, as a caller."""
        span = self._grove.spans[node]
        for called in (*self._grove.children[node], *self._awaited.get((span.trace_id, span.span_id), ())):
            if called in self._members:
                self._edge(node, called)

    def add(self, node: int) -> None:
        """Take in a member."""
        grove = self._grove
        self._members.add(node)
        if grove.parent[node] >= 0:
            self._edge(grove.parent[node], node)
        for link in grove.spans[node].links:
            self._awaited.setdefault((link.trace_id, link.span_id), []).append(node)
            target = grove.number.get(link.span_id)
            if target is not None and grove.spans[target].trace_id == link.trace_id:
                self._edge(target, node)

    def _edge(self, caller: int, called: int) -> None:
        names = self._grove.spans[caller].service, self._grove.spans[called].service
        if all(names) and names[0] != names[1]:
            self._found.add(f"{names[0]} -> {names[1]}")

    def value(self) -> Value:
        """The calls."""
        return frozenset(self._found)

"""Pairs of a relation between two selections that only grow: whether there may be enough of them for a decision."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from spanspec.language.judging import measures
from spanspec.language.syntax import RelationWord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spanspec.language.judging.counting import Bounds
    from spanspec.language.judging.leaves import Surroundings
    from spanspec.language.picking.growth import Members
    from spanspec.language.syntax import Relate

_BY_TREE = (RelationWord.CALLS, RelationWord.LEADS_TO)
_EXEMPT = (RelationWord.FOLLOWED_BY, RelationWord.PRECEDED_BY)
_MOST_PAIRS = 50_000


class Pairs:
    """Follows the pairs that may hold, from above: by ancestry and links one by one, by time whether there is a new one.

    Args:
        statement: The relation; both its selections are exact.
        around: What all watches share.
        outer: The left quantifier.
        inner: The right quantifier.
    """

    def __init__(self, statement: Relate, around: Surroundings, outer: Bounds, inner: Bounds) -> None:
        self._word = statement.relation
        self._grove = around.grove
        self._left = around.members(statement.left)
        self._right = around.members(statement.right)
        self._skew = around.given.clock_skew_ns
        self._within = None if statement.within is None else statement.within.value.ns
        self._each = inner.low if inner.high is None else inner.high + 1
        self._wanted = 1 if outer.every else outer.enough + 1
        self._taken = [0, 0]
        self._times = _Times(self)
        self._pairs: set[tuple[int, int]] = set()
        self._counts: dict[int, int] = {}
        self._enough = 0
        self._carriers: list[int] = []

    def arrive(self, node: int) -> bool:
        """Take in the span that came last; whether there may be a new pair, and enough of them."""
        lefts, rights = self._new(0), self._new(1)
        timed = self._word not in _BY_TREE and self._times.meet(lefts, rights)
        paired = False
        if self._word in _BY_TREE or self._word in _EXEMPT:
            paired = self._follow(node, lefts, rights)
        if len(self._left) < self._wanted or len(self._right) < self._each:
            return False
        if self._word in _BY_TREE:
            return paired and self._enough >= self._wanted
        return timed or paired or self._each == 0

    def _new(self, side: int) -> list[int]:
        log = (self._left, self._right)[side].log
        found = log[self._taken[side] :]
        self._taken[side] = len(log)
        return found

    # --- by ancestry and links

    def _follow(self, node: int, lefts: list[int], rights: list[int]) -> bool:
        """Note the pairs that came to be related by the tree or by links."""
        before = len(self._pairs)
        if len(self._pairs) > _MOST_PAIRS:
            self._enough = self._wanted
            return True
        if self._word is RelationWord.PRECEDED_BY:
            lefts, rights = rights, lefts
        uppers, lowers = self._sides()
        for upper in lefts:
            self._note(upper, (below for below in self._grove.below(upper) if below in lowers))
        for lower in rights:
            for above in self._grove.above(lower):
                if above in uppers:
                    self._note(above, (lower,))
        if self._grove.parent[node] >= 0 and self._grove.children[node]:
            self._bridge(node)
        self._links(node, lefts, rights)
        return len(self._pairs) > before

    def _sides(self) -> tuple[Members, Members]:
        if self._word is RelationWord.PRECEDED_BY:
            return self._right, self._left
        return self._left, self._right

    def _bridge(self, node: int) -> None:
        uppers, lowers = self._sides()
        above = [other for other in self._grove.above(node) if other in uppers]
        if above:
            below = [other for other in self._grove.below(node) if other in lowers]
            for upper in above:
                self._note(upper, below)

    def _note(self, upper: int, lowers: Iterable[int]) -> None:
        for lower in lowers:
            pair = (upper, lower)
            if upper != lower and pair not in self._pairs and len(self._pairs) <= _MOST_PAIRS:
                self._pairs.add(pair)
                self._counts[upper] = count = self._counts.get(upper, 0) + 1
                self._enough += count == self._each

    def _links(self, node: int, lefts: list[int], rights: list[int]) -> None:
        """A link counts once both ends have come, and for all above its target and below its carrier."""
        grove = self._grove
        if not grove.linked:
            return
        span = grove.spans[node]
        uppers, lowers = self._sides()
        fresh = [lower for lower in rights if grove.carries[lower]]
        fresh += [lower for lower in grove.carrying if lower in lowers and lower not in rights]
        self._carriers += fresh
        target = (span.trace_id, span.span_id) in grove.linked
        bridging = grove.parent[node] >= 0 and bool(grove.children[node])
        whole = bool(lefts) or target or bridging
        for lower in self._carriers if whole else fresh:
            for cause in self._causes(lower):
                if cause in uppers:
                    self._note(cause, (lower,))

    def _causes(self, lower: int) -> Iterator[int]:
        grove = self._grove
        for carrier in (lower, *grove.above(lower)):
            for link in grove.spans[carrier].links:
                target = grove.number.get(link.span_id)
                if target is not None:
                    yield target
                    yield from grove.above(target)


class _Times:
    """Whether a new member is near enough in time to one of the other side, give or take the skew of clocks."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._borders: list[int] = []
        self._starts: list[int] = []
        self._intervals: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])

    def meet(self, lefts: list[int], rights: list[int]) -> bool:
        """Take in new members of both sides."""
        if self._pairs._word in (RelationWord.OVERLAPS, RelationWord.INSIDE):
            return self._overlap(lefts, rights)
        word, grove = self._pairs._word, self._pairs._grove
        met = False
        firsts, seconds = (rights, lefts) if word is RelationWord.PRECEDED_BY else (lefts, rights)
        for node in firsts:
            span = grove.spans[node]
            border = measures.end_of(span) if word is RelationWord.THEN else span.start_ns
            met = met or self._any(self._starts, border, forward=True)
            insort(self._borders, border)
        for node in seconds:
            start = grove.spans[node].start_ns
            met = met or self._any(self._borders, start, forward=False)
            insort(self._starts, start)
        return met

    def _any(self, moments: list[int], here: int, *, forward: bool) -> bool:
        """Whether there is a moment after (before) this one, and within the bound."""
        skew, within = self._pairs._skew, self._pairs._within
        if forward:
            index = bisect_left(moments, here - skew)
            return index < len(moments) and (within is None or moments[index] <= here + within + skew)
        if within is None:
            return bool(moments) and moments[0] <= here + skew
        index = bisect_left(moments, here - within - skew)
        return index < len(moments) and moments[index] <= here + skew

    def _overlap(self, lefts: list[int], rights: list[int]) -> bool:
        spans, skew = self._pairs._grove.spans, self._pairs._skew
        met = False
        for side, nodes in ((0, lefts), (1, rights)):
            for node in nodes:
                start, end = spans[node].start_ns - skew, measures.end_of(spans[node]) + skew
                own, other = self._intervals[side], self._intervals[1 - side]
                met = met or any(low <= end and high >= start for low, high in other)
                own.append((spans[node].start_ns, measures.end_of(spans[node])))
        return met

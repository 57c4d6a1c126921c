"""How two spans stand to one another, clocks considered.

A pair holds, fails, or is undecided for clocks (`Outcome.CLOCK`). Times of one clock compare exactly; between different
or unknown clocks a difference within the skew of the border is undecided. Ancestry and links are not a matter of clocks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TYPE_CHECKING

from spanspec.language.picking.forest import Sorted
from spanspec.language.syntax import RelationWord
from spanspec.language.truth import Outcome, conjunction, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from spanspec.language.picking.forest import Forest
    from spanspec.model.span import Resource, Span

_CLOCK_KEYS = ("host.id", "host.name", "service.instance.id")
_BY_TIME = (RelationWord.FOLLOWED_BY, RelationWord.PRECEDED_BY, RelationWord.THEN)
_BY_TREE = (RelationWord.CALLS, RelationWord.LEADS_TO)


def same_clock(left: Span, right: Span) -> bool:
    """Whether two spans' times come from one clock: the first of the keys that both resources have is equal."""
    if left is right:
        return True
    return _same_resource_clock(clock_of(left.resource), clock_of(right.resource))


def clock_of(resource: Resource) -> tuple[str | int | None, ...]:
    """What names the clock of a resource, by key; None where nothing fit to be a name stands."""
    found = (resource.attributes.get(key) for key in _CLOCK_KEYS)
    return tuple(value if isinstance(value, (str, int)) else None for value in found)


def _same_resource_clock(left: tuple[str | int | None, ...], right: tuple[str | int | None, ...]) -> bool:
    for mine, other in zip(left, right, strict=True):
        if mine is not None and other is not None:
            return mine == other
    return False


def end_of(span: Span) -> int:
    """The span's end; its start when the end precedes that."""
    return max(span.start_ns, span.end_ns)


def at_least(difference_ns: int, border_ns: int, skew_ns: int) -> Outcome:
    """Whether a difference of times is at least `border_ns`, undecided within `skew_ns` of it.

    With one clock `skew_ns` is 0, and the comparison exact.
    """
    distance = difference_ns - border_ns
    if skew_ns and -skew_ns <= distance <= skew_ns:
        return Outcome.CLOCK
    return outcome(distance >= 0)


class Relation:
    """One relation with its bound, over one forest.

    Args:
        word: The relation.
        forest: The trace as nodes.
        skew_ns: How far clocks may differ.
        within_ns: The bound of `within`, or None.
    """

    def __init__(self, word: RelationWord, forest: Forest, skew_ns: int, within_ns: int | None = None) -> None:
        self.word = word
        self.forest = forest
        self.skew_ns = skew_ns
        self.within_ns = within_ns
        tests: dict[RelationWord, Callable[[int, int], Outcome]] = {
            RelationWord.FOLLOWED_BY: self._followed_by,
            RelationWord.PRECEDED_BY: lambda a, b: self._followed_by(b, a),
            RelationWord.THEN: self._then,
            RelationWord.CALLS: self._calls,
            RelationWord.LEADS_TO: lambda a, b: outcome(forest.causes(a, b)),
            RelationWord.OVERLAPS: self._overlaps,
            RelationWord.INSIDE: self._inside,
        }
        self._test = tests[word]

    def on(self, forest: Forest) -> Relation:
        """The same relation over another forest of the same nodes."""
        return self if forest is self.forest else Relation(self.word, forest, self.skew_ns, self.within_ns)

    def pair(self, a: int, b: int) -> Outcome:
        """Whether node `a` stands in the relation to node `b`; never to itself."""
        if a == b:
            return Outcome.FAILS
        held = self._test(a, b)
        if held is Outcome.FAILS or self.within_ns is None:
            return held
        return conjunction((held, at_least(-self.distance(a, b), -self.within_ns, self._skew(a, b))))

    def distance(self, a: int, b: int) -> int:
        """The time that the relation is about: what `within` bounds, or from start to start."""
        first, second = self.forest.spans[a], self.forest.spans[b]
        if self.word is RelationWord.PRECEDED_BY:
            return first.start_ns - second.start_ns
        if self.word in (RelationWord.THEN, RelationWord.LEADS_TO):
            return second.start_ns - end_of(first)
        return second.start_ns - first.start_ns

    def never(self, a: int, b: int) -> bool:
        """Whether the pair fails and no further span can mend that."""
        if a == b:
            return True
        if self.pair(a, b) is not Outcome.FAILS:
            return False
        late = self.within_ns is not None and self._too_far(a, b)
        if late or self.word in (RelationWord.THEN, RelationWord.OVERLAPS, RelationWord.INSIDE):
            return True
        upper, lower = (b, a) if self.word is RelationWord.PRECEDED_BY else (a, b)
        if self.word is RelationWord.CALLS and self.forest.is_ancestor(upper, lower):
            return True
        if self.forest.unfinished[lower]:
            return False
        return self.word is not RelationWord.LEADS_TO or not self._links_may_resolve(lower)

    def _too_far(self, a: int, b: int) -> bool:
        assert self.within_ns is not None
        return at_least(-self.distance(a, b), -self.within_ns, self._skew(a, b)) is Outcome.FAILS

    def _links_may_resolve(self, node: int) -> bool:
        carriers = (node, *self.forest.ancestors(node))
        return any(self.forest.spans[carrier].links for carrier in carriers)

    # --- the relations, without their bound

    def _skew(self, a: int, b: int) -> int:
        return 0 if same_clock(self.forest.spans[a], self.forest.spans[b]) else self.skew_ns

    def _followed_by(self, a: int, b: int) -> Outcome:
        first, second = self.forest.spans[a], self.forest.spans[b]
        if self.forest.is_ancestor(a, b) or (second.links and a in self.forest.link_targets(b)):
            return Outcome.HOLDS
        return at_least(second.start_ns - first.start_ns, 0, self._skew(a, b))

    def _then(self, a: int, b: int) -> Outcome:
        first, second = self.forest.spans[a], self.forest.spans[b]
        return at_least(second.start_ns - end_of(first), 0, self._skew(a, b))

    def _calls(self, a: int, b: int) -> Outcome:
        forest = self.forest
        if not forest.is_ancestor(a, b):
            return Outcome.FAILS
        services = (forest.spans[a].service, forest.spans[b].service)
        for between in forest.ancestors(b):
            if between == a:
                return Outcome.HOLDS
            if forest.spans[between].service not in services:
                return Outcome.FAILS
        return Outcome.FAILS

    def _overlaps(self, a: int, b: int) -> Outcome:
        first, second, skew = self.forest.spans[a], self.forest.spans[b], self._skew(a, b)
        return conjunction(
            (
                at_least(end_of(second) - first.start_ns, 0, skew),
                at_least(end_of(first) - second.start_ns, 0, skew),
            )
        )

    def _inside(self, a: int, b: int) -> Outcome:
        first, second, skew = self.forest.spans[a], self.forest.spans[b], self._skew(a, b)
        return conjunction(
            (
                at_least(first.start_ns - second.start_ns, 0, skew),
                at_least(end_of(second) - end_of(first), 0, skew),
            )
        )


class Partners:
    """The right side's nodes, arranged so that those that may stand in the relation to a node are found quickly."""

    def __init__(self, relation: Relation, nodes: Iterable[int]) -> None:
        self.relation = relation
        self.nodes = tuple(nodes)
        self.members = frozenset(self.nodes)
        self._forest = relation.forest
        self._tree = Sorted(self._forest, self.nodes)
        self._by_start = sorted(self.nodes, key=lambda node: self._forest.spans[node].start_ns)
        self._starts = [self._forest.spans[node].start_ns for node in self._by_start]
        self._linking = [node for node in self.nodes if self._forest.spans[node].links]
        self._ends: _Ends | None = None

    def counts(self, a: int, enough: int) -> tuple[int, int]:
        """How many stand in the relation to `a` for sure, and how many undecided for clocks.

        Counting ends as soon as more than `enough` are sure.
        """
        sure = undecided = 0
        for b in self.candidates(a):
            held = self.relation.pair(a, b)
            if held is Outcome.HOLDS:
                sure += 1
                if sure > enough:
                    break
            elif held is Outcome.CLOCK:
                undecided += 1
        return sure, undecided

    def candidates(self, a: int) -> Iterator[int]:
        """Nodes that may stand in the relation to `a`, each once; none that does is left out."""
        word = self.relation.word
        if word in _BY_TREE:
            return self._caused(a) if word is RelationWord.LEADS_TO else iter(self._tree.below(a))
        if word in _BY_TIME:
            return self._in_time(a)
        return self._not_apart(a)

    def _caused(self, a: int) -> Iterator[int]:
        sources = self._forest.links_into(a)
        linked = chain.from_iterable(self._tree.at_or_below(source) for source in sources)
        return iter(dict.fromkeys(chain(self._tree.below(a), linked))) if sources else iter(self._tree.below(a))

    def _in_time(self, a: int) -> Iterator[int]:
        """Those whose start lies where the relation wants it, give or take the skew, and those that ancestry exempts."""
        span, relation = self._forest.spans[a], self.relation
        skew = relation.skew_ns
        if relation.word is RelationWord.PRECEDED_BY:
            latest = span.start_ns + skew
            earliest = None if relation.within_ns is None else span.start_ns - relation.within_ns - skew
            earliest_first = self._at(self._window(earliest, latest))
            return _distinct(earliest_first, self._exempt_above(a), self._starts_of, earliest, latest)
        border = end_of(span) if relation.word is RelationWord.THEN else span.start_ns
        low = border - skew
        high = None if relation.within_ns is None else border + relation.within_ns + skew
        exempt: Iterable[int] = self._exempt_below(a) if relation.word is RelationWord.FOLLOWED_BY else ()
        latest_first = reversed(self._window(low, high))
        return _distinct(self._at(latest_first), exempt, self._starts_of, low, high)

    def _starts_of(self, node: int) -> int:
        return self._forest.spans[node].start_ns

    def _at(self, indices: Iterable[int]) -> Iterator[int]:
        return map(self._by_start.__getitem__, indices)

    def _window(self, low: int | None, high: int | None) -> range:
        start = 0 if low is None else bisect_left(self._starts, low)
        end = len(self._starts) if high is None else bisect_right(self._starts, high)
        return range(start, end)

    def _exempt_below(self, a: int) -> Iterator[int]:
        yield from self._tree.below(a)
        for b in self._linking:
            if a in self._forest.link_targets(b):
                yield b

    def _exempt_above(self, a: int) -> Iterator[int]:
        members = self.members
        targets = self._forest.link_targets(a)
        return (b for b in dict.fromkeys(chain(self._forest.ancestors(a), targets)) if b in members)

    def _not_apart(self, a: int) -> Iterator[int]:
        """For `overlaps` and `inside`: those that begin early enough and end late enough, give or take the skew."""
        span, skew = self._forest.spans[a], self.relation.skew_ns
        inside = self.relation.word is RelationWord.INSIDE
        latest = (span.start_ns if inside else end_of(span)) + skew
        least = (end_of(span) if inside else span.start_ns) - skew
        if self._ends is None:
            self._ends = _Ends([end_of(self._forest.spans[node]) for node in self._by_start])
        return self._at(self._ends.reaching(bisect_right(self._starts, latest), least))


class _Ends:
    """Ends in the order of starts, arranged so that those among the first ones that reach a moment are found without the others.

    A binary tree in a list: node n has the greatest end of its two children 2n and 2n + 1.
    """

    def __init__(self, ends: Sequence[int]) -> None:
        self._size = 1 << max(0, len(ends) - 1).bit_length()
        lowest = min(ends, default=0) - 1
        self._tree = [lowest] * self._size + list(ends) + [lowest] * (self._size - len(ends))
        for node in range(self._size - 1, 0, -1):
            self._tree[node] = max(self._tree[2 * node], self._tree[2 * node + 1])

    def reaching(self, count: int, least: int) -> Iterator[int]:
        """Which of the first `count` end at `least` or later, the last one first; each costs a logarithm."""
        stack = [(1, 0, self._size)] if count else []
        while stack:
            node, low, high = stack.pop()
            if low >= count or self._tree[node] < least:
                continue
            if high - low == 1:
                yield low
                continue
            middle = (low + high) // 2
            stack += ((2 * node, low, middle), (2 * node + 1, middle, high))


def _distinct(
    window: Iterable[int],
    exempt: Iterable[int],
    start_of: Callable[[int], int],
    low: int | None,
    high: int | None,
) -> Iterator[int]:
    """The window, then of the exempt nodes those outside it, each once."""
    yield from window
    seen: set[int] = set()
    for node in exempt:
        start = start_of(node)
        outside = (low is not None and start < low) or (high is not None and start > high)
        if outside and node not in seen:
            seen.add(node)
            yield node

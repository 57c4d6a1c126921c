"""The pair of spans that came closest to a relation, in words."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from spanspec.language.judging.wording import label, offset, origin_of
from spanspec.language.picking.forest import NONE
from spanspec.language.relations import end_of, same_clock
from spanspec.language.syntax import RelationWord
from spanspec.language.truth import Outcome
from spanspec.model.time import short_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.picking.forest import Forest
    from spanspec.language.relations import Relation
    from spanspec.language.verdict import Given

_TRIED = 300
_TREE = (RelationWord.CALLS, RelationWord.LEADS_TO)


def closest_pair(relation: Relation, left: Sequence[int], right: Sequence[int]) -> tuple[int, int] | None:
    """The pair of two different nodes that misses the relation by the least; of large sides, of the first 300 each."""
    pairs = ((a, b) for a in islice(left, _TRIED) for b in islice(right, _TRIED) if a != b)
    return min(pairs, key=lambda pair: _miss(relation, *pair), default=None)


def _miss(relation: Relation, a: int, b: int) -> tuple[int, int]:
    """How far a pair is from the relation: first whether it is undecided, then by how much it misses."""
    held = relation.pair(a, b)
    rank = 0 if held is Outcome.HOLDS else 1 if held is Outcome.CLOCK else 2
    if relation.word in _TREE and not _tied(relation, a, b):
        return rank + 1, -_shared_ancestors(relation.forest, a, b)
    return rank, _time_missed(relation, a, b)


def _tied(relation: Relation, a: int, b: int) -> bool:
    return relation.forest.causes(a, b)


def _shared_ancestors(forest: Forest, a: int, b: int) -> int:
    above = {a, *forest.ancestors(a)}
    return sum(1 for node in forest.ancestors(b) if node in above)


def _time_missed(relation: Relation, a: int, b: int) -> int:
    first, second = relation.forest.spans[a], relation.forest.spans[b]
    if relation.word in (RelationWord.OVERLAPS, RelationWord.INSIDE):
        apart = max(second.start_ns - end_of(first), first.start_ns - end_of(second))
        outside = max(second.start_ns - first.start_ns, end_of(first) - end_of(second))
        return max(0, apart if relation.word is RelationWord.OVERLAPS else outside)
    distance = relation.distance(a, b)
    late = 0 if relation.within_ns is None else max(0, distance - relation.within_ns)
    return late + max(0, -distance)


def pair_in_words(relation: Relation, pair: tuple[int, int], given: Given) -> str:
    """What the closest pair did, with both times."""
    a, b = pair
    first, second = relation.forest.spans[a], relation.forest.spans[b]
    names = " and ".join(_apart(relation.forest, a, b))
    if relation.word in _TREE and not relation.forest.causes(a, b):
        return _not_below(relation, a, b)
    if relation.word is RelationWord.CALLS:
        return _detour(relation, a, b)
    origin = origin_of(given.trace)
    times = _times(
        relation, first.start_ns - origin, end_of(first) - origin, second.start_ns - origin, end_of(second) - origin
    )
    said = f"the closest are {names}: {times}"
    if relation.pair(a, b) is Outcome.CLOCK:
        return f"{said}; {_clocks(relation, a, b)}"
    return f"{said}, {_verdict(relation, a, b)}"


def _times(relation: Relation, a_start: int, a_end: int, b_start: int, b_end: int) -> str:
    if relation.word in (RelationWord.OVERLAPS, RelationWord.INSIDE):
        first = f"{offset(a_start, 0)} to {offset(a_end, 0)}"
        return f"the first runs from {first}, the second from {offset(b_start, 0)} to {offset(b_end, 0)}"
    if relation.word in (RelationWord.THEN, RelationWord.LEADS_TO):
        return f"the first ends at {offset(a_end, 0)}, the second starts at {offset(b_start, 0)}"
    return f"the first starts at {offset(a_start, 0)}, the second at {offset(b_start, 0)}"


def _verdict(relation: Relation, a: int, b: int) -> str:
    distance = relation.distance(a, b)
    if relation.within_ns is not None and distance > relation.within_ns:
        return f"{short_duration(distance)} apart, not within {short_duration(relation.within_ns)}"
    if relation.word in (RelationWord.OVERLAPS, RelationWord.INSIDE):
        return "so they do not overlap" if relation.word is RelationWord.OVERLAPS else "so it is not inside"
    return f"{short_duration(abs(distance))} too {'late' if relation.word is RelationWord.PRECEDED_BY else 'early'}"


def _clocks(relation: Relation, a: int, b: int) -> str:
    first, second = relation.forest.spans[a], relation.forest.spans[b]
    assert not same_clock(first, second)
    return (
        f"their clocks are not known to agree, and {short_duration(relation.skew_ns)} either way is not enough to tell"
    )


def _not_below(relation: Relation, a: int, b: int) -> str:
    forest = relation.forest
    first, second = _apart(forest, a, b)
    parent = forest.parent[b]
    under = f"is under {_apart(forest, parent, a)[0]}" if parent != NONE else _without_parent(forest, b)
    what = "nor does it carry a link there" if relation.word is RelationWord.LEADS_TO else ""
    return f"{second} {under}, not under {first}{f', {what}' if what else ''}"


def _apart(forest: Forest, a: int, b: int) -> tuple[str, str]:
    """Labels of two spans; of spans with equal labels with the moments they started at."""
    first, second = label(forest.spans[a]), label(forest.spans[b])
    if first != second or a == b:
        return first, second
    origin = origin_of(forest.trace)
    moments = (offset(forest.spans[node].start_ns, origin) for node in (a, b))
    at_a, at_b = moments
    return f"{first} (at {at_a})", f"{second} (at {at_b})"


def _without_parent(forest: Forest, node: int) -> str:
    if forest.is_orphan(node):
        return f"has the parent {forest.spans[node].parent_id}, which is not in the trace"
    return "is a root"


def _detour(relation: Relation, a: int, b: int) -> str:
    forest = relation.forest
    services = (forest.spans[a].service, forest.spans[b].service)
    for between in forest.ancestors(b):
        if between != a and forest.spans[between].service not in services:
            first, second = _apart(forest, a, b)
            way = f"{second} is below {first}"
            return f"{way}, but by way of {label(forest.spans[between])}"
    return f"{label(forest.spans[a])} calls {label(forest.spans[b])}"

"""Which spans of a large trace are looked at for an explanation: all of a small one, else some of every kind."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.picking.forest import Forest

MOST = 600
"""Spans that an explanation looks at wherever a trace or a selection has no more."""

_DRAWN = 400
"""Spans that it looks at where there are more."""

_NAMED = 50_000
"""Spans whose names are read: of a trace with more, every so many-th."""

_GROUPED = 5_000
"""Spans whose service is read besides, spread evenly."""

_name = attrgetter("name")


@lru_cache(maxsize=4)  # the checks of one trace ask for the same
def sample_of(forest: Forest) -> Sequence[int]:
    """Nodes of the trace itself: all, or `_DRAWN` where it has more than `MOST`.

    One of each name is among them, one of each service and name of some thousand spans, and others, spread evenly. What
    is read for it does not grow with the trace beyond `_NAMED` names.
    """
    if forest.own <= MOST:
        return range(forest.own)
    named = range(0, forest.own, -(-forest.own // _NAMED))
    one_of_each = dict(zip(map(_name, forest.spans[: forest.own : named.step]), named, strict=True))
    grouped = range(0, forest.own, -(-forest.own // _GROUPED))
    pairs = {(forest.spans[node].name, forest.spans[node].service): node for node in grouped}
    return spread(sorted({*one_of_each.values(), *pairs.values()}), range(forest.own))


def bounded(nodes: Sequence[int]) -> Sequence[int]:
    """Some of many nodes, spread evenly."""
    return nodes if len(nodes) <= MOST else nodes[:: len(nodes) // _DRAWN + 1]


def spread(first: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    """`first`, filled up to `_DRAWN` from the others; in order."""
    kept = first if len(first) <= _DRAWN else first[:: len(first) // _DRAWN + 1]
    room = _DRAWN - len(kept)
    more = others[:: len(others) // room + 1] if room > 0 else ()
    return sorted({*kept, *more})

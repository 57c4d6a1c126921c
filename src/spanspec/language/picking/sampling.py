"""Which spans of a large trace are looked at for an explanation: all of a small one, else some of every kind."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.picking.forest import Forest

MOST = 2_000
"""Spans that an explanation looks at."""

_OF_A_KIND = 8


@lru_cache(maxsize=4)  # the checks of one trace ask for the same
def sample_of(forest: Forest) -> Sequence[int]:
    """Nodes of the trace itself: all, or at most `MOST`, the first ones of each service and name, the rest spread evenly."""
    if forest.own <= MOST:
        return range(forest.own)
    seen: dict[tuple[int, str], int] = {}
    chosen: list[int] = []
    for node in range(forest.own):
        span = forest.spans[node]
        kind = (id(span.resource), span.name)
        count = seen.get(kind, 0)
        if count < _OF_A_KIND:
            seen[kind] = count + 1
            chosen.append(node)
    return spread(chosen, range(forest.own))


def bounded(nodes: Sequence[int]) -> Sequence[int]:
    """Some of many nodes, spread evenly."""
    return nodes if len(nodes) <= MOST else nodes[:: len(nodes) // MOST + 1]


def spread(first: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    """`first`, filled up to `MOST` from the others; in order."""
    kept = bounded(first)
    room = MOST - len(kept)
    more = others[:: len(others) // room + 1] if room > 0 else ()
    return sorted({*kept, *more})

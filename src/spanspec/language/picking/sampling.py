"""Which spans of a large trace are looked at for an explanation: all of a small one, else some of every kind."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.picking.forest import Forest

MOST = 600
"""Spans that an explanation looks at."""

_resource, _name = attrgetter("resource"), attrgetter("name")


@lru_cache(maxsize=4)  # the checks of one trace ask for the same
def sample_of(forest: Forest) -> Sequence[int]:
    """Nodes of the trace itself: all, or at most `MOST`, one of each service and name, the rest spread evenly."""
    if forest.own <= MOST:
        return range(forest.own)
    spans = forest.spans[: forest.own]
    resources = list(map(_resource, spans))  # spans of one batch share theirs, so that few are asked for their service
    ids = list(map(id, resources))
    service = {
        number: each.attributes.get("service.name") for number, each in dict(zip(ids, resources, strict=True)).items()
    }
    services = map(str, map(service.__getitem__, ids))
    one_of_each = dict(zip(zip(services, map(_name, spans), strict=True), range(forest.own), strict=True))
    return spread(sorted(one_of_each.values()), range(forest.own))


def bounded(nodes: Sequence[int]) -> Sequence[int]:
    """Some of many nodes, spread evenly."""
    return nodes if len(nodes) <= MOST else nodes[:: len(nodes) // MOST + 1]


def spread(first: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    """`first`, filled up to `MOST` from the others; in order."""
    kept = bounded(first)
    room = MOST - len(kept)
    more = others[:: len(others) // room + 1] if room > 0 else ()
    return sorted({*kept, *more})

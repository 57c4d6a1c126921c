"""A module for each trigger, with `peer()`: a real peer of its kind, and what to fire at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SECRET = "s3cr3t-Zx9"
"""Stands in `Peer.secret`, and nowhere else."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A peer that is there, and blocks of a definition for it.

    Attributes:
        answered: A block that gets an answer.
        carried: What of a context reached the peer with the last call: lower-case names, `-` between words. None for a
            trigger that sends nothing.
        slow: A block that gets no answer within its own short time limit; None where there is no waiting.
        unreachable: A block whose peer cannot be reached.
        address: What the message about it must name.
        secret: A block with `SECRET` in each place for a secret; None where there is none.
        sent: How many calls have reached the peer.
        served: Whether the peer is there; where it takes a real server, `tests/servers` fires at it.
    """

    answered: Mapping[str, object]
    carried: Callable[[], Mapping[str, str]] | None
    unreachable: Mapping[str, object]
    address: str
    slow: Mapping[str, object] | None = None
    secret: Mapping[str, object] | None = None
    sent: Callable[[], int] = field(default=lambda: 0)
    served: bool = True

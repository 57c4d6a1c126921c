"""Nobody: this trigger names a trace, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.trigger_peers import Peer


@contextmanager
def peer() -> Iterator[Peer]:
    """An id, and a text that is none."""
    yield Peer(answered={"id": "ab" * 16}, carried=None, unreachable={"id": "0x12"}, address="0x12")

"""Trace and span ids: lowercase hexadecimal text, 32 and 16 digits, never all zero.

W3C Trace Context, section 3.2.2: an id of zeros is invalid.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NewType, Protocol

if TYPE_CHECKING:
    import random

TraceId = NewType("TraceId", str)
SpanId = NewType("SpanId", str)

_TRACE = re.compile(r"[0-9a-f]{32}")
_SPAN = re.compile(r"[0-9a-f]{16}")


def trace_id(text: str) -> TraceId | None:
    """The id that `text` spells in either case, or None when it is none."""
    lowered = text.lower()
    return TraceId(lowered) if _TRACE.fullmatch(lowered) and lowered.strip("0") else None


def span_id(text: str) -> SpanId | None:
    """The id that `text` spells in either case, or None when it is none."""
    lowered = text.lower()
    return SpanId(lowered) if _SPAN.fullmatch(lowered) and lowered.strip("0") else None


class IdSource(Protocol):
    """Where new ids come from; a parameter, so that tests have fixed ones."""

    def trace_id(self) -> TraceId:
        """A new trace id."""
        ...

    def span_id(self) -> SpanId:
        """A new span id."""
        ...


class RandomIds:
    """Ids from a random generator."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def trace_id(self) -> TraceId:
        """A new trace id; its rightmost 7 bytes are random as W3C Trace Context level 2 asks."""
        return TraceId(f"{self._rng.randrange(1, 1 << 128):032x}")

    def span_id(self) -> SpanId:
        """A new span id."""
        return SpanId(f"{self._rng.randrange(1, 1 << 64):016x}")

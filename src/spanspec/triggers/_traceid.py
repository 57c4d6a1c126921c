"""Traces that somebody else has started: their ids checked, and the trigger that only names one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import Field

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.model.ids import TraceId
from spanspec.triggers.base import Seconds, Text, TriggerFields

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TraceContext

_HEX = re.compile(r"[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def checked_trace_id(text: str, what: str) -> TraceId:
    """The id that a text has: 32 hex digits, with or without dashes as in a UUID, or a `traceparent`.

    Raises:
        TriggerError: It is none.
    """
    plain = text.strip().lower()
    parent = _TRACEPARENT.fullmatch(plain)
    digits = parent[1] if parent else plain.replace("-", "")
    if not _HEX.fullmatch(digits) or not digits.strip("0"):
        raise TriggerError(
            f'{what}: "{text[:80]}"', help="Give the trace id as 32 hexadecimal digits, not all of them zero."
        )
    return TraceId(digits)


class Existing(TriggerFields):
    """The base of triggers that send nothing."""

    id: Text
    since: Seconds = Field(
        default=86400.0,
        gt=0,
        description="How long ago the trace may have begun, for stores that look for traces in a span of time.",
    )

    def describe(self) -> str:
        """Which trace."""
        return f"TRACE {self.id}"

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Name the trace.

        Raises:
            TriggerError: The id is none.
        """
        now = clock.now_ns()
        found = checked_trace_id(self.id, "this is no trace id")
        kind = type(self).__module__.rpartition(".")[2]
        return TriggerResult(
            kind=kind,
            start_ns=now,
            end_ns=now,
            request=self.describe(),
            attributes={"id": found},
            trace_id=found,
            since_ns=now - round(self.since * 1e9),
        )

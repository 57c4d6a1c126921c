"""Triggers that name a trace."""

from __future__ import annotations

import asyncio

import pytest

from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.testing import ManualClock

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8))


def fire(text: str, **fields: object) -> TriggerResult:
    """As a definition's block would name it."""
    found, problems = validated("traceid", {"id": text, **fields})
    assert not problems
    return asyncio.run(found.fire(CONTEXT, ManualClock()))


@pytest.mark.parametrize(
    "text",
    [
        "0af7651916cd43dd8448eb211c80319c",
        " 0AF7651916CD43DD8448EB211C80319C\n",
        "0af76519-16cd-43dd-8448-eb211c80319c",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
)
def test_an_id_is_hex_a_uuid_or_a_traceparent(text: str) -> None:
    """All name one trace."""
    assert fire(text).trace_id == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("text", ["", "0" * 32, "abc", "zz" * 16, "0x" + "ab" * 15, "ab" * 8, "${TRACE_ID}"])
def test_anything_else_is_an_error(text: str) -> None:
    """The reference would poll for another trace (section 9, row 20)."""
    with pytest.raises(TriggerError, match="this is no trace id"):
        fire(text)


def test_the_trace_may_be_older_than_the_run() -> None:
    """A store that looks in a span of time is told how far back to look."""
    result = fire("ab" * 16, since="2h")
    assert result.start_ns - result.first_ns == 2 * 3600 * 10**9
    assert result.duration_ns == 0

"""The reference's HTTP triggers: what the server must receive, and what comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spanspec.api import SystemClock
from spanspec.model.context import TraceContext
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.http import Trigger
from tests.conformance.folder import cases
from tests.triggers.echo import echo

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8))


def http_cases() -> list[Any]:
    """Those that send an HTTP request to a server that answers."""
    return [
        case
        for case in cases("triggers")
        if case.get("request", {}).get("type", "http") == "http" and case["request"].get("url") == "<server>"
    ]


@pytest.mark.parametrize("case", http_cases(), ids=lambda case: case["id"])
def test_http(case: dict[str, Any]) -> None:
    """Method, headers and body arrive; status and body come back. A bearer token gets its scheme (section 9, row 29)."""
    answer = case["server_responds"]
    with echo(status=answer["status"], body=answer["body"].encode()) as server:
        fields = {**case["request"], "url": server.url}
        fields.pop("type", None)
        result = asyncio.run(Trigger.model_validate(fields).fire(CONTEXT, SystemClock()))
    (sent,) = server.sent
    wanted = case.get("server_receives", {})
    assert sent.method == wanted.get("method", sent.method)
    for key, value in wanted.get("headers", {}).items():
        received = sent.all(key)
        assert received in ([value], [f"Bearer {value}"])
    assert sent.body.decode() == wanted.get("body", sent.body.decode())
    assert len(sent.all("traceparent")) == 1
    assert result.status == case["expected"].get("status_code", result.status)
    assert result.body == answer["body"]

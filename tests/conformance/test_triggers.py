"""The reference's triggers: what the server must receive, and what comes back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from spanspec.api import SystemClock
from spanspec.definition.bind import bind
from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
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


def named(name: str) -> dict[str, Any]:
    """One case."""
    found: dict[str, Any] = next(case for case in cases("triggers") if case["id"] == name)
    return found


def test_graphql() -> None:
    """The body is JSON with the query alone, when nothing else is given; the recorded server knows no schema."""
    graphql_case = named("trigger.agent.graphql")
    answer = graphql_case["server_responds"]
    with echo(status=answer["status"], body=answer["body"].encode(), headers=list(answer["headers"].items())) as server:
        fields = {**graphql_case["request"], "url": server.url, "introspect": "never"}
        fields.pop("type")
        trigger, problems = validated("graphql", fields)
        assert not problems
        result = asyncio.run(trigger.fire(CONTEXT, SystemClock()))
    (sent,) = server.sent
    wanted = graphql_case["server_receives"]
    assert (sent.method, sent.body.decode()) == (wanted["method"], wanted["body"])
    assert all(sent.all(key) == [value] for key, value in wanted["headers"].items())
    assert all(len(sent.all(key)) == 1 for key in wanted["headers_present"])
    assert (result.status, result.body) == (graphql_case["expected"]["status_code"], graphql_case["expected"]["body"])


def test_nothing_listening() -> None:
    """The message has the words of the recorded one."""
    case = named("trigger.agent.worker.connection-refused")
    fields = {key: value for key, value in case["request"].items() if key != "type"}
    trigger, _ = validated("http", fields)
    with pytest.raises(TriggerError, match=case["expected"]["error_contains"]):
        asyncio.run(trigger.fire(CONTEXT, SystemClock()))


def test_apostrophes_in_a_body_are_sent_as_they_are(tmp_path: Path) -> None:
    """The recorded case asks only that it resolves; the reference puts backslashes before them (section 9, row 23)."""
    case = named("trigger.server.http.resolve-single-quote-body")
    text = json.dumps({"text": "King's \"quoted\" Britain's 100 %"})
    request = {**case["request"], "body": text}
    path = tmp_path / "quotes.yaml"
    path.write_text(
        json.dumps({"type": "Test", "spec": {"name": "quotes", "trigger": {"type": "http", "httpRequest": request}}})
    )
    (plan,) = load([str(path)], Options(), cwd=tmp_path, environment={}).plans
    bound = bind(plan, {}, environment={}, generators=None)
    assert bound.diagnostics == ()
    assert getattr(bound.trigger, "body", None) == text


def test_every_case_is_held() -> None:
    """None is left out by a change of its shape."""
    others = [
        "trigger.agent.graphql",
        "trigger.agent.worker.connection-refused",
        "trigger.server.http.resolve-single-quote-body",
    ]
    assert len(http_cases()) + len(others) == len(cases("triggers"))

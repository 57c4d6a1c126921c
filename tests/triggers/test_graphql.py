"""The GraphQL trigger against a server of graphql-core."""

from __future__ import annotations

import asyncio
import json

import pytest

from spanspec.api import SystemClock
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from tests.triggers.graphql_server import QUERY, SDL, graphql_server

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8))


def fire(url: str, **fields: object) -> TriggerResult:
    """As a definition's block would be sent."""
    found, problems = validated("graphql", {"url": url, **fields})
    assert not problems, problems
    return asyncio.run(found.fire(CONTEXT, SystemClock()))


def test_variables_keep_their_types() -> None:
    """An Int is no text; the answer's data comes back, and no error."""
    with graphql_server() as server:
        result = fire(server.url, query=QUERY, variables={"id": 7}, operation="Order")
    assert json.loads(result.body) == {"data": {"order": {"id": 7, "total": 9.5}}}
    assert (result.attributes["errors"], result.attributes["operation"]) == (0, "Order")
    assert json.loads(server.sent[-1].body) == {"query": QUERY, "variables": {"id": 7}, "operationName": "Order"}
    assert server.sent[-1].all("content-type") == ["application/json"]


def test_the_schema_is_asked_for_outside_of_the_trace() -> None:
    """It is no part of what is tested."""
    with graphql_server() as server:
        fire(server.url, query=QUERY, variables={"id": 7})
    asked, sent = server.sent
    assert "__schema" in json.loads(asked.body)["query"]
    assert asked.all("traceparent") == []
    assert sent.all("traceparent") == [CONTEXT.traceparent]


def test_the_reference_s_shape_is_the_same() -> None:
    """`body` with query, variables and operationName."""
    with graphql_server() as server:
        fire(server.url, body={"query": QUERY, "variables": {"id": 1}, "operationName": "Order"}, introspect="never")
        fire(server.url, query=QUERY, variables={"id": 1}, operation="Order", introspect="never")
    assert server.sent[0].body == server.sent[1].body


@pytest.mark.parametrize("schema", ["", SDL])
def test_a_query_that_the_schema_does_not_allow_is_not_sent(schema: str) -> None:
    """Told with line and column, by the server's own schema or by one that is given."""
    with (
        graphql_server() as server,
        pytest.raises(TriggerError, match=r"does not allow this query:\n  1:22: Cannot query field 'totl'") as caught,
    ):
        fire(server.url, query="{ order(id: 7) { id, totl } }", schema=schema)
    assert "Did you mean 'total'?" in caught.value.message
    assert len(server.sent) == (0 if schema else 1)


def test_a_query_that_does_not_parse_is_not_sent() -> None:
    """Nor is the schema asked for."""
    with graphql_server() as server, pytest.raises(TriggerError, match="does not parse:\n  1:9"):
        fire(server.url, query="{ order(")
    assert server.sent == []


def test_a_server_that_does_not_tell_its_schema_is_passed_over_or_told() -> None:
    """As `introspect` says."""
    with graphql_server(introspection=False) as server:
        assert fire(server.url, query=QUERY, variables={"id": 7}).status == 200
        with pytest.raises(TriggerError, match="introspection is disabled"):
            fire(server.url, query=QUERY, variables={"id": 7}, introspect="always")


def test_errors_in_the_answer_can_be_asserted() -> None:
    """An answer with errors is an answer."""
    with graphql_server() as server:
        result = fire(server.url, query="{ broken }")
    assert result.attributes["errors"] == 1
    assert result.attributes["error"] == "the till is closed"
    assert result.attributes["error_messages"] == ("the till is closed",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({}, "the trigger has no `query`"), ({"query": "{a}", "body": {"query": "{b}"}}, "has the query twice")],
)
def test_a_block_without_one_query_is_told_while_loading(fields: dict[str, object], said: str) -> None:
    """Before anything is sent."""
    _, problems = validated("graphql", {"url": "/", **fields})
    assert said in problems[0].message


def test_a_schema_that_is_none_is_told() -> None:
    """And nothing is sent."""
    with graphql_server() as server, pytest.raises(TriggerError, match="`schema` is no schema"):
        fire(server.url, query="{ broken }", schema="type {")
    assert server.sent == []

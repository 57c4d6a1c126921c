"""One GraphQL operation over HTTP.

Follows the GraphQL over HTTP draft: a POST of `{query, variables, operationName}` as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AliasChoices, Field, model_validator

from spanspec.errors import TriggerError
from spanspec.triggers._exchange import HttpFields
from spanspec.triggers.base import Content, Fields, Text

if TYPE_CHECKING:
    from spanspec.model.attributes import AttributeValue
    from spanspec.model.context import Clock, TraceContext, TriggerResult

ACCEPTED = "application/graphql-response+json, application/json;q=0.9"
_MOST_ERRORS = 20
_MAX_SCHEMA = 16 << 20

Document = Annotated[str | bytes, Content(guess=True)]


class Operation(Fields):
    """The operation as files of Tracetest write it."""

    query: Document = Field(default="", description="The document, or the name of its file.")
    variables: dict[str, Any] = Field(default_factory=dict, description="Values by name; numbers stay numbers.")
    operationName: Text = Field(default="", description="Which of several operations is meant.")  # noqa: N815


_HTTP_ANSWERS = {
    "response:url": "Where the answer came from in the end.",
    "response:protocol": "`HTTP/1.1` or `HTTP/2`.",
    "response:redirects": "How many were followed.",
}


class Trigger(HttpFields):
    """Sends one GraphQL query or mutation, and keeps the answer with its errors.

    The query is checked before it is sent: against `schema`, or against what the server says of itself. An answer with
    `errors` is an answer: `response:errors` counts them.
    """

    extra: ClassVar[str] = "graphql"
    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:status": "The status code.",
            "response:body": "The answer; `response:body | json_path '$.data.order.id'` looks into it.",
            "response:errors": "How many errors it has.",
            "response:error": "The first error's message; there only with an error.",
            "response:error_messages": "All messages, as a list.",
            "response:operation": "The operation's name, as sent.",
            **_HTTP_ANSWERS,
        }
    )

    query: Document = Field(default="", description="The document: its text, `{file: NAME}`, or the name of a file.")
    variables: dict[str, Any] = Field(default_factory=dict, description="Values by name; numbers stay numbers.")
    operation: Text = Field(
        default="",
        validation_alias=AliasChoices("operation", "operationName"),
        description="Which of several operations is meant.",
    )
    body: Operation | None = Field(default=None, description="The same three keys as files of Tracetest group them.")
    graphql_schema: Document = Field(
        default="",
        alias="schema",
        description="The schema to check the query against: its text or the name of its file, in SDL or as the JSON of an introspection.",
    )
    introspect: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Whether the server is asked for its schema when none is given: `auto` passes over a server that refuses, `always` makes that an error.",
    )

    @model_validator(mode="after")
    def _one_query(self) -> Self:
        if self.body is not None and self.query:
            raise ValueError("has the query twice: under `query` and under `body`")
        if not (self.query or (self.body and self.body.query)):
            raise ValueError("has no `query`")
        return self

    def describe(self) -> str:
        """The URL, and the operation."""
        named = f" {self._operation}" if self._operation else ""
        return f"{self.said('POST')} (GraphQL{named})"

    def dry_run(self, context: TraceContext) -> str:
        """With curl."""
        return self.curl("POST", context, self._media(), "--data-raw", self.without_secrets()._payload())

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Check the query, send it, and take the answer.

        Raises:
            TriggerError: The query is none that the schema allows, or no answer came.
        """
        await self._check(clock)
        headers = [*self.sent_headers(context), *self._media()]
        result = await self.exchange("graphql", "POST", headers, self._payload().encode(), clock)
        attributes = {**result.attributes, **_errors(result.body), "operation": self._operation}
        return replace(result, request=self.describe(), attributes=MappingProxyType(attributes))

    @property
    def _operation(self) -> str:
        return self.operation or (self.body.operationName if self.body else "")

    @property
    def _query(self) -> str:
        return _as_text(self.query or (self.body.query if self.body else ""))

    def _payload(self) -> str:
        parts: dict[str, object] = {"query": self._query}
        variables = self.variables or (self.body.variables if self.body else {})
        if variables:
            parts["variables"] = variables
        if self._operation:
            parts["operationName"] = self._operation
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))

    def _media(self) -> list[tuple[str, str]]:
        given = {key.lower() for key, _ in self.headers}
        return [pair for pair in (("content-type", "application/json"), ("accept", ACCEPTED)) if pair[0] not in given]

    # --- the check before it is sent

    async def _check(self, clock: Clock) -> None:
        """Tell of a query that cannot be answered, before anything is sent that has an effect.

        The request for the schema carries no trace context: it is no part of what is tested.
        """
        graphql = _library()
        document = self._parsed(graphql)
        schema = self._given_schema(graphql) or await self._asked_schema(graphql, clock)
        faults = graphql.validate(schema, document) if schema is not None else []
        if faults:
            raise TriggerError(
                f"{self.describe()}: the schema does not allow this query:\n{_listed(faults)}",
                help="Mend the query, or set `introspect: never` and no `schema` to send it as it is.",
            )

    def _parsed(self, graphql: Any) -> Any:
        try:
            return graphql.parse(self._query)
        except graphql.GraphQLError as fault:
            raise TriggerError(
                f"{self.describe()}: the query does not parse:\n{_listed([fault])}", help="Mend the query."
            ) from fault

    def _given_schema(self, graphql: Any) -> Any:
        text = _as_text(self.graphql_schema)
        if not text:
            return None
        try:
            if text.lstrip().startswith("{"):
                found = json.loads(text)
                return graphql.build_client_schema(found.get("data", found))
            return graphql.build_schema(text)
        except (graphql.GraphQLError, TypeError, ValueError) as fault:
            raise TriggerError(
                f"{self.describe()}: `schema` is no schema: {str(fault)[:400]}",
                help="Give SDL, or the JSON of an introspection.",
            ) from fault

    async def _asked_schema(self, graphql: Any, clock: Clock) -> Any:
        if self.introspect == "never":
            return None
        query = graphql.get_introspection_query(descriptions=False)
        headers = [*self.headers, *(self.auth.headers() if self.auth else []), *self._media()]
        answer = await self.exchange(
            "graphql", "POST", headers, json.dumps({"query": query}).encode(), clock, keep=_MAX_SCHEMA
        )
        try:
            found = json.loads(answer.body)
            if not answer.body_truncated and not found.get("errors"):
                return graphql.build_client_schema(found["data"])
            reason = f"status {answer.status}, {_first(found)}"
        except (graphql.GraphQLError, TypeError, ValueError, KeyError, AttributeError) as fault:
            reason = f"status {answer.status}, {type(fault).__name__}"
        if self.introspect == "always":
            raise TriggerError(
                f"{self.describe()}: the server does not tell its schema ({reason})",
                help="Give `schema`, or set `introspect: auto`.",
            )
        return None


def _library() -> Any:
    try:
        import graphql
    except ImportError as fault:
        raise TriggerError(
            'the trigger "graphql" needs a library that is not installed', help='Run pip install "spanspec[graphql]"'
        ) from fault
    return graphql


def _as_text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _listed(faults: list[Any]) -> str:
    lines = []
    for fault in faults[:_MOST_ERRORS]:
        at = f"{fault.locations[0].line}:{fault.locations[0].column}: " if fault.locations else ""
        lines.append(f"  {at}{fault.message}")
    return "\n".join(lines)


def _first(answer: Any) -> str:
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("message", first) if isinstance(first, dict) else first)[:200]


def _errors(body: str) -> dict[str, AttributeValue]:
    """What an answer says of its errors; nothing where it is no answer of GraphQL's."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    errors = found.get("errors")
    messages = [
        str(each.get("message", "") if isinstance(each, dict) else each)
        for each in (errors if isinstance(errors, list) else [])[:_MOST_ERRORS]
    ]
    out: dict[str, AttributeValue] = {"errors": len(errors) if isinstance(errors, list) else 0}
    if messages:
        out |= {"error": messages[0], "error_messages": tuple(messages)}
    return out

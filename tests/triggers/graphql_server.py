"""A GraphQL server: graphql-core behind Python's own HTTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import graphql

from tests.triggers.echo import Echo, Sent, echo

SDL = """
type Order { id: Int!, total: Float }
type Query { order(id: Int!): Order, broken: String }
type Mutation { buy(id: Int!): Order }
"""
QUERY = "query Order($id: Int!) { order(id: $id) { id total } }"


class Root:
    """The resolvers."""

    def order(self, info: object, id: int) -> dict[str, object]:  # noqa: A002
        """An order with any id."""
        return {"id": id, "total": 9.5}

    buy = order

    def broken(self, info: object) -> str:
        """Always an error."""
        raise RuntimeError("the till is closed")


@contextmanager
def graphql_server(*, introspection: bool = True) -> Iterator[Echo]:
    """Serve on a free port."""
    schema = graphql.build_schema(SDL)

    def answer(sent: Sent) -> tuple[int, bytes]:
        asked = json.loads(sent.body)
        if not introspection and "__schema" in asked["query"]:
            return 400, json.dumps({"errors": [{"message": "introspection is disabled"}]}).encode()
        done = graphql.graphql_sync(
            schema,
            asked["query"],
            Root(),
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        return 200, json.dumps(done.formatted).encode()

    with echo(answer=answer, headers=[("content-type", "application/json")]) as server:
        yield server

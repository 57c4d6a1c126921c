"""A server that answers GraphQL by graphql-core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.trigger_peers import SECRET, Peer
from tests.triggers.echo import free_port, silent
from tests.triggers.graphql_server import QUERY, graphql_server


@contextmanager
def peer() -> Iterator[Peer]:
    """The server, one that never answers, and a port where nobody listens."""
    with graphql_server() as server, silent() as quiet:
        nobody = f"127.0.0.1:{free_port()}"
        query = {"query": QUERY, "variables": {"id": 7}}
        yield Peer(
            answered={"url": server.url, **query},
            carried=lambda: {key.lower(): value for key, value in server.sent[-1].headers},
            slow={"url": quiet, "timeout": 0.05, **query},
            unreachable={"url": f"http://{nobody}/x", **query},
            address=nobody,
            secret={"url": server.url, "auth": {"bearer": {"token": SECRET}}, **query},
            sent=lambda: len(server.sent),
        )

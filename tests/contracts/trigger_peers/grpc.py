"""A gRPC server with reflection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.trigger_peers import SECRET, Peer
from tests.triggers.echo import free_port, silent
from tests.triggers.grpc_peer import serving


@contextmanager
def peer() -> Iterator[Peer]:
    """The server, a port that never answers, and one where nobody listens."""
    with serving() as server, silent() as quiet:
        nobody = f"127.0.0.1:{free_port()}"
        call = {"method": "shop.Orders/Place", "request": {"item": "pen"}}
        yield Peer(
            answered={"address": server.address, "timeout": 20, **call},
            carried=lambda: {key.lower(): value for key, value in server.calls[-1].metadata},
            slow={"address": quiet.removeprefix("http://"), "timeout": 0.05, **call},
            unreachable={"address": nobody, "timeout": 20, **call},
            address=nobody,
            secret={
                "address": server.address,
                "metadata": {"authorization": f"Token {SECRET}"},
                "auth": {"bearer": {"token": SECRET}},
                **call,
            },
            sent=lambda: len(server.calls),
        )

"""An HTTP server that keeps what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.trigger_peers import SECRET, Peer
from tests.triggers.echo import echo, free_port, silent


@contextmanager
def peer() -> Iterator[Peer]:
    """The server, one that never answers, and a port where nobody listens."""
    with echo() as server, silent() as quiet:
        nobody = f"127.0.0.1:{free_port()}"
        yield Peer(
            answered={"url": server.url, "method": "POST", "body": "x"},
            carried=lambda: {key.lower(): value for key, value in server.sent[-1].headers},
            slow={"url": quiet, "timeout": 0.05},
            unreachable={"url": f"http://{nobody}/x"},
            address=nobody,
            secret={
                "url": server.url.replace("//", f"//user:{SECRET}@"),
                "headers": {"authorization": f"Token {SECRET}", "x-api-key": SECRET},
                "cookies": {"session": SECRET},
                "auth": {"apiKey": {"key": "key", "value": SECRET, "in": "query"}},
                "tls": {"key_password": SECRET},
            },
            sent=lambda: len(server.sent),
        )

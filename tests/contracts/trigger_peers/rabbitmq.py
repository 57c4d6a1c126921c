"""No broker: those that need one are in `tests/servers`, which `make servers` installs it for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.trigger_peers import SECRET, Peer
from tests.triggers.echo import free_port, silent


@contextmanager
def peer() -> Iterator[Peer]:
    """A port that never answers, and one where nobody listens."""
    with silent() as quiet:
        nobody = f"127.0.0.1:{free_port()}"
        message = {"routingKey": "orders", "body": "x"}
        yield Peer(
            answered={"url": f"amqp://{nobody}", **message},
            served=False,
            carried=dict,
            slow={"url": quiet.replace("http", "amqp"), "timeout": 0.05, **message},
            unreachable={"url": f"amqp://{nobody}", "timeout": 5, **message},
            address=nobody,
            secret={"url": f"amqp://u:{SECRET}@{nobody}", "headers": {"x-api-key": SECRET}, **message},
        )

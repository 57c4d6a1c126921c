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
        record = {"topic": "orders", "messageValue": "x"}
        yield Peer(
            answered={"brokerUrls": [nobody], **record},
            served=False,
            carried=dict,
            slow={"brokerUrls": [quiet.removeprefix("http://")], "timeout": 0.05, **record},
            unreachable={"brokerUrls": [nobody], "timeout": 5, **record},
            address=nobody,
            secret={
                "brokerUrls": [nobody],
                "headers": {"x-api-key": SECRET},
                "authentication": {"plain": {"username": "u", "password": SECRET}},
                **record,
            },
        )

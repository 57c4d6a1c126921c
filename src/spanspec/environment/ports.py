"""Ports on this machine's loopback: free ones, and whether one is taken."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

HOST = "127.0.0.1"
CONNECT_S = 2.0


def free_ports(count: int, *, but: frozenset[int] = frozenset()) -> list[int]:
    """Ports that nobody listens on, all different.

    All are held until the last one is found. Between here and the service's own bind another process could take one;
    the kernel hands out ports at random, so that is rare.

    Args:
        count: How many.
        but: Ports that are wanted by someone already.
    """
    held: list[socket.socket] = []
    try:
        found: list[int] = []
        while len(found) < count:
            probe = socket.socket()
            held.append(probe)
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
            if port not in but:
                found.append(port)
        return found
    finally:
        for probe in held:
            probe.close()


async def answers(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_S)
    except (OSError, TimeoutError, ValueError, OverflowError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True

"""What a test against a real server needs: skipped with the reason where it is missing, failed where it must be there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

NODE = Path(__file__).parent / "node"


def need(there: bool, what: str) -> None:
    """Skip the test when something is missing; fail it under SPANSPEC_REQUIRE_SERVERS."""
    if there:
        return
    message = f"{what} is not installed; `make servers` installs it (as root)"
    if os.environ.get("SPANSPEC_REQUIRE_SERVERS"):
        pytest.fail(message)
    pytest.skip(message)


def need_node() -> str:
    """The path of Node, with the exporter's packages installed."""
    node = shutil.which("node")
    need(node is not None and (NODE / "node_modules").is_dir(), "Node with the OpenTelemetry SDK for JavaScript")
    assert node is not None
    return node


def until_it_listens(
    addresses: list[tuple[str, int]], process: subprocess.Popen[bytes], log: Path, *, within_s: float
) -> None:
    """Return when all addresses take connections; fail with the end of the log when the process ends before."""
    deadline = time.monotonic() + within_s
    for address in addresses:
        while not _listens(address):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{address} does not listen; the end of {log}:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that were free a moment ago, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 1).close()
    except OSError:
        return False
    return True

"""What the command's tests share."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.cli.service import Service, serving


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def service(port: int) -> Iterator[Service]:
    """A service whose one span comes at once."""
    with serving(lambda: f"http://127.0.0.1:{port}") as running:
        yield running

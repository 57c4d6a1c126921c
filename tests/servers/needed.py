"""What a test against a real server needs: skipped with the reason where it is missing, failed where it must be there."""

from __future__ import annotations

import os
import shutil
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

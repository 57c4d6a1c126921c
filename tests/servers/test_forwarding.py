"""Stores that get a copy, against the real Collector: it takes what a run passes on, and its file holds the test's trace."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.service import otlp_span, serving
from tests.examples.test_forwarding_stores import BY_URL, EXAMPLES, KEYS
from tests.servers import stores as servers


@pytest.mark.server("collector")
@pytest.mark.parametrize("name", sorted(BY_URL))
def test_the_collector_takes_the_copy(name: str, tmp_path: Path) -> None:
    """The example passes on what came to the receiver, and the same trace is in the Collector's file."""
    written = tmp_path / "copies.json"
    config = {"exporters": {"file": {"path": str(written), "flush_interval": "100ms"}}}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def order(trace_id: str, parent: str) -> list[tuple[float, list[dict[str, object]]]]:
        return [(0.0, [otlp_span(trace_id, 1, parent, "POST /checkout")])]

    with servers.collector(config, tmp_path) as url:
        environment = {**os.environ, **dict.fromkeys(KEYS, ""), **dict.fromkeys(BY_URL.values(), url)}
        with serving(lambda: f"http://127.0.0.1:{port}", order, name="order-service") as service:
            command = ["run", ".", "--endpoint", service.url, "--receiver", f"127.0.0.1:{port}", "--linger", "0"]
            done = subprocess.run(
                [sys.executable, "-m", "spanspec", *command],
                cwd=EXAMPLES / name, env=environment, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "forwarding to" not in done.stdout
        trace_id = service.requests[0][2]["traceparent"].split("-")[1]
        assert trace_id in kept(written, trace_id)


def kept(path: Path, wanted: str) -> set[str]:
    """The trace ids in the Collector's file, once the wanted one is there; all that are after 20 s."""
    found: set[str] = set()
    for _ in range(200):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        found = {
            span["traceId"]
            for line in lines
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        }
        if wanted in found:
            break
        time.sleep(0.1)
    return found

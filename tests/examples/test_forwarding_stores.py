"""The examples of vendors run: the test waits at the receiver, and another endpoint gets the copy with the vendor's key."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.service import otlp_span, serving

EXAMPLES = Path(__file__).parents[2] / "examples" / "stores"
NAMES = ("dash0", "datadog", "dynatrace", "honeycomb", "instana", "lightstep", "newrelic", "otlp", "signoz")
BY_URL = {"otlp": "COLLECTOR_URL", "signoz": "SIGNOZ_URL", "datadog": "DATADOG_AGENT_URL"}
"""Examples that name their endpoint by a variable; the others' keys are unset here, so they send no copy."""
KEYS = (
    "DASH0_TOKEN",
    "DYNATRACE_TOKEN",
    "HONEYCOMB_API_KEY",
    "INSTANA_AGENT_KEY",
    "LIGHTSTEP_TOKEN",
    "NEW_RELIC_LICENSE_KEY",
)


def answering(seen: list[bytes]) -> ThreadingHTTPServer:
    """An endpoint that takes everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


@pytest.mark.parametrize("name", NAMES)
def test_the_example_runs(name: str) -> None:
    """It passes on what came to the receiver; the endpoint has the same trace where the example names one by a variable."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    seen: list[bytes] = []
    server = answering(seen)
    url = f"http://127.0.0.1:{server.server_address[1]}"

    def order(trace_id: str, parent: str) -> list[tuple[float, list[dict[str, object]]]]:
        return [(0.0, [otlp_span(trace_id, 1, parent, "POST /checkout")])]

    environment = {**os.environ, **dict.fromkeys(KEYS, ""), **dict.fromkeys(BY_URL.values(), url)}
    try:
        with serving(lambda: f"http://127.0.0.1:{port}", order, name="order-service") as service:
            done = subprocess.run(
                [sys.executable, "-m", "spanspec", "run", ".", "--endpoint", service.url, "--receiver",
                 f"127.0.0.1:{port}", "--linger", "0", "-v"],
                cwd=EXAMPLES / name, env=environment, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stdout + done.stderr
    trace_id = service.requests[0][2]["traceparent"].split("-")[1]
    assert any(trace_id.encode() in body for body in seen) is (name in BY_URL)
    if name == "otlp":
        assert f"http://127.0.0.1:3000/trace/{trace_id}" in done.stdout

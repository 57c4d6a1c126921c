"""A service for tests of the environment, with nothing but the standard library.

`python server.py PORT [OPTION…]`: answers every path with 200, continues the trace and exports one span as an exporter of
the variables that it was given would. Options: `stubborn` (SIGTERM does nothing), `child` (forks a child that is stubborn
too), `daemon` (starts a child in a session of its own), `sick` (`/healthz` answers 503), `exports` (sends a span of a trace
of its own once it listens).
Paths: `/die` ends the process with exit code 3, `/say?text` writes a line, `/env/NAME` answers with a variable.
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

SLEEP = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def export(trace_id: str, parent: str, name: str) -> None:
    """Send one span as an exporter of the `OTEL_*` variables would."""
    attributes = [
        {"key": key, "value": {"stringValue": urllib.parse.unquote(value)}}
        for key, _, value in (
            part.partition("=") for part in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(",") if part
        )
    ]
    attributes.append({"key": "service.name", "value": {"stringValue": os.environ.get("OTEL_SERVICE_NAME", "")}})
    now = time.time_ns()
    span = {
        "traceId": trace_id,
        "spanId": os.urandom(8).hex(),
        "parentSpanId": parent,
        "name": name,
        "kind": 2,
        "startTimeUnixNano": str(now - 1_000_000),
        "endTimeUnixNano": str(now),
    }
    spans = {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [span]}]}]}
    url = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"
    request = urllib.request.Request(url, json.dumps(spans).encode(), {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/die":
            print("out of memory: I give up", flush=True)
            os._exit(3)
        status = 503 if self.path == "/healthz" and "sick" in sys.argv else 200
        text = "fine"
        if self.path.startswith("/env/"):
            text = os.environ.get(self.path.removeprefix("/env/"), "")
        if self.path.startswith("/say?"):
            print(urllib.parse.unquote(self.path.removeprefix("/say?")), flush=True)
        if "traceparent" in self.headers and "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ:
            _, trace_id, parent, _ = self.headers["traceparent"].split("-")
            export(trace_id, parent, f"GET {self.path.partition('?')[0]}")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "child" in sys.argv:
    subprocess.Popen([sys.executable, "-c", SLEEP])
if "daemon" in sys.argv:
    subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(f"listening on port {sys.argv[1]}", flush=True)
if "exports" in sys.argv:
    threading.Thread(target=export, args=(os.urandom(16).hex(), "", "boot")).start()
server.serve_forever()

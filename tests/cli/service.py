"""A small service in a thread: answers 200, continues the caller's trace, and exports its spans as OTLP JSON."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Export = tuple[float, Sequence[dict[str, object]]]
Behaviour = Callable[[str, str], Sequence[Export]]


def otlp_span(
    trace_id: str, span_id: int, parent: str, name: str, *, kind: int = 2, milliseconds: int = 1, **more: object
) -> dict[str, object]:
    """A span in OTLP JSON that has just ended."""
    now = time.time_ns()
    return {
        "traceId": trace_id, "spanId": f"{span_id:016x}", "parentSpanId": parent, "name": name, "kind": kind,
        "startTimeUnixNano": str(now - milliseconds * 1_000_000), "endTimeUnixNano": str(now), **more,
    }  # fmt: skip


def one_span(trace_id: str, parent: str) -> Sequence[Export]:
    """A server span, exported at once."""
    return [(0.0, [otlp_span(trace_id, 1, parent, "GET /")])]


@dataclass
class Service:
    """Where it listens, and what it was sent."""

    url: str
    requests: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


def export(otlp: str, spans: Sequence[dict[str, object]], service: str = "tiny") -> None:
    """Send spans as an exporter does."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}).encode()
    request = urllib.request.Request(f"{otlp}/v1/traces", data=body, headers={"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


@contextmanager
def serving(
    otlp: Callable[[], str],
    behaviour: Behaviour = one_span,
    *,
    status: int = 200,
    body: str = '{"ok": true}',
    name: str = "tiny",
) -> Iterator[Service]:
    """Serve on a free port; `otlp` says where to export to when a request comes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            sent = self.rfile.read(length).decode()
            service.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, sent))
            _, trace_id, parent, _ = self.headers["traceparent"].split("-")
            for delay, spans in behaviour(trace_id, parent):
                timer = threading.Timer(delay, _export_quietly, (otlp(), spans, name))
                timer.daemon = True
                timer.start()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _export_quietly(otlp: str, spans: Sequence[dict[str, object]], service: str) -> None:
    try:
        export(otlp, spans, service)
    except OSError:
        return  # the run has ended; an exporter would drop them too

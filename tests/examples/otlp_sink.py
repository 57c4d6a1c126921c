"""A tiny OTLP/HTTP receiver for tests of the shop: spans by trace id, and a way to wait for them.

It shares no code with spanspec's own receiver, so that the shop's tests do not depend on what the shop is there to test.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

KINDS = {
    Span.SPAN_KIND_INTERNAL: "internal",
    Span.SPAN_KIND_SERVER: "server",
    Span.SPAN_KIND_CLIENT: "client",
    Span.SPAN_KIND_PRODUCER: "producer",
    Span.SPAN_KIND_CONSUMER: "consumer",
}
QUIET_S = 0.4
"""Four times the exporters' batch delay."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A span as these tests need it; `resource` and `attributes` hold plain values."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    error: bool
    start_ns: int
    end_ns: int
    resource: dict[str, object]
    attributes: dict[str, object]
    links: tuple[str, ...]

    @property
    def service(self) -> object:
        """The service's name."""
        return self.resource["service.name"]


class Sink:
    """What has arrived."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._traces: dict[str, list[Seen]] = defaultdict(list)
        self._last: dict[str, float] = defaultdict(time.monotonic)

    def take(self, payload: bytes) -> None:
        """Store one export."""
        with self._arrived:
            for span in _spans(ExportTraceServiceRequest.FromString(payload)):
                self._traces[span.trace_id].append(span)
                self._last[span.trace_id] = time.monotonic()
            self._arrived.notify_all()

    def trace_ids(self) -> set[str]:
        """Name all traces."""
        with self._arrived:
            return set(self._traces)

    def whole(self, trace_id: str, until: Callable[[Sequence[Seen]], bool] = bool, timeout_s: float = 15) -> list[Seen]:
        """Wait until the condition holds, all parents are there and nothing new has come for a while."""
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while (wait := self._wait_s(trace_id, until)) > 0:
                assert time.monotonic() < deadline, (
                    f"trace {trace_id} is not whole: {[span.name for span in self._traces[trace_id]]}"
                )
                self._arrived.wait(min(wait, 0.5))
            return sorted(self._traces[trace_id], key=lambda span: span.start_ns)

    def _wait_s(self, trace_id: str, until: Callable[[Sequence[Seen]], bool]) -> float:
        spans = self._traces[trace_id]
        known = {span.span_id for span in spans}
        parents = {span.parent_id for span in spans} - known
        if not until(spans) or len(parents) != 1:
            return 0.5
        return self._last[trace_id] + QUIET_S - time.monotonic()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Seen]:
    for resource_spans in request.resource_spans:
        resource = _plain(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield Seen(
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    name=span.name,
                    kind=KINDS[span.kind],
                    error=span.status.code == Status.STATUS_CODE_ERROR,
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    resource=resource,
                    attributes=_plain(span.attributes),
                    links=tuple(link.span_id.hex() for link in span.links),
                )


def _plain(attributes: Sequence[KeyValue]) -> dict[str, object]:
    return {attribute.key: _value(attribute.value) for attribute in attributes}


def _value(value: AnyValue) -> object:
    return getattr(value, value.WhichOneof("value"))


@contextmanager
def listening() -> Iterator[tuple[Sink, str]]:
    """Run a sink on a free port; give it and its URL."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sink.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield sink, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

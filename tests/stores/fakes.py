"""Servers that answer like stores, from spans in memory: each API by its own rules, and every way to answer wrongly."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as PbResource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData
from opentelemetry.proto.trace.v1.trace_pb2 import Span as PbSpan

from spanspec.model.span import Span, SpanKind
from spanspec.otlp.decoded import CODES, KINDS
from spanspec.otlp.encode import encode_json

Reply = tuple[int, str, bytes]
"""Status, content type, body."""

NOT_FOUND: Reply = (404, "application/json", b"")


@dataclass
class Held:
    """What a fake has, and what it was asked.

    Attributes:
        spans: In order.
        wrong: Answers in place of the right one, while there are any; a function that writes to the handler itself.
        asked: Paths with their query, and the headers.
    """

    spans: list[Span] = field(default_factory=list)
    wrong: Callable[[BaseHTTPRequestHandler], None] | None = None
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""

    def of(self, trace_id: str) -> list[Span]:
        """The spans of a trace."""
        return [each for each in self.spans if each.trace_id == trace_id]


Api = Callable[[Held, str, dict[str, list[str]], bytes], Reply]
"""From what is held, the path, the query and the body to a reply."""


@contextmanager
def http(api: Api) -> Iterator[Held]:
    """Serve an API on a free port."""
    held = Held()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            held.asked.append((self.path, dict(self.headers)))
            if held.wrong is not None:
                held.wrong(self)
                return
            parts = urlsplit(self.path)
            status, kind, content = api(held, parts.path, parse_qs(parts.query), body)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _json(document: Any, status: int = 200) -> Reply:
    return status, "application/json", json.dumps(document).encode()


def _last(path: str) -> str:
    return path.rpartition("/")[2]


# --- Jaeger and Tempo ---------------------------------------------------------------------------------------------


def jaeger(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
    """Version 3 of Jaeger's HTTP API."""
    spans = held.of(_last(path))
    if not spans or not path.startswith("/api/v3/traces/"):
        return _json({"error": {"httpCode": 404, "message": "No traces found"}}, 404)
    return 200, "application/json", b'{"result":' + encode_json(spans) + b"}"


def old_jaeger(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
    """A Jaeger without version 3: it gives its page for what it does not know."""
    if path.startswith("/api/v3"):
        return 200, "text/html; charset=utf-8", b"<!doctype html><html></html>"
    spans = held.of(_last(path))
    if not spans:
        error = {"code": 404, "msg": "trace not found"}
        return 404, "text/plain", json.dumps({"data": None, "errors": [error]}).encode()
    processes = {f"p{n}": {"serviceName": each.service, "tags": []} for n, each in enumerate(spans)}
    rows = [_jaeger_span(each, f"p{n}") for n, each in enumerate(spans)]
    return _json({"data": [{"traceID": spans[0].trace_id, "spans": rows, "processes": processes}]})


def _jaeger_span(span: Span, process: str) -> dict[str, Any]:
    reference = {"refType": "CHILD_OF", "traceID": span.trace_id, "spanID": span.parent_id}
    links = [{"refType": "FOLLOWS_FROM", "traceID": x.trace_id, "spanID": x.span_id} for x in span.links]
    tags = [_jaeger_tag(key, value) for key, value in span.attributes.items()]
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": [*([reference] if span.parent_id else []), *links],
        "startTime": span.start_ns // 1000,
        "duration": (span.end_ns - span.start_ns) // 1000,
        "tags": [*tags, {"key": "span.kind", "type": "string", "value": str(span.kind)}],
        "logs": [{"timestamp": x.time_ns // 1000, "fields": [_jaeger_tag("event", x.name)]} for x in span.events],
        "processID": process,
    }


def _jaeger_tag(key: str, value: object) -> dict[str, Any]:
    kinds = {bool: "bool", int: "int64", float: "float64"}
    if isinstance(value, tuple):
        return {"key": key, "type": "string", "value": json.dumps(value)}
    return {"key": key, "type": kinds.get(type(value), "string"), "value": value}


def tempo(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
    """Version 2 of Tempo's HTTP API, in protobuf."""
    assert query["span_pruning"] == ["false"]
    spans = held.of(_last(path))
    if not path.startswith("/api/v2/traces/"):
        return 404, "text/plain", b"404 page not found\n"
    trace = protobuf(spans)
    return 200, "application/protobuf", b"\x0a" + varint(len(trace)) + trace + b"\x12\x00"


def tempo_json(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
    """The same in JSON."""
    spans = held.of(_last(path))
    trace = json.loads(encode_json(spans)) if spans else {}
    return _json({"trace": trace, "metrics": {}})


def old_tempo(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
    """A Tempo without version 2."""
    if not path.startswith("/api/traces/"):
        return 404, "text/plain", b"404 page not found\n"
    spans = held.of(_last(path))
    return (200, "application/protobuf", protobuf(spans)) if spans else (404, "text/plain", b"")


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def protobuf(spans: list[Span]) -> bytes:
    """OTLP's `TracesData`."""
    rows = [
        ResourceSpans(
            resource=PbResource(attributes=_pairs(span.resource.attributes)),
            scope_spans=[ScopeSpans(spans=[_message(span)])],
        )
        for span in spans
    ]
    return TracesData(resource_spans=rows).SerializeToString()


def _message(span: Span) -> PbSpan:
    found = PbSpan(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        kind=KINDS.index(span.kind),  # type: ignore[arg-type]
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=_pairs(span.attributes),
        events=[
            PbSpan.Event(name=x.name, time_unix_nano=x.time_ns, attributes=_pairs(x.attributes)) for x in span.events
        ],
        links=[
            PbSpan.Link(
                trace_id=bytes.fromhex(x.trace_id), span_id=bytes.fromhex(x.span_id), attributes=_pairs(x.attributes)
            )
            for x in span.links
        ],
    )
    found.status.code = CODES.index(span.status)  # type: ignore[assignment]
    found.status.message = span.status_message
    return found


def _pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any(value)) for key, value in attributes.items()]


def _any(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, tuple):
        return AnyValue(array_value=ArrayValue(values=[_any(each) for each in value]))
    return AnyValue(string_value=value)


@contextmanager
def grpc_server(
    service: str, method: str, answer: Callable[[Held, bytes], Iterator[bytes]], *, many: bool
) -> Iterator[Held]:
    """Serve one method on a free port; messages are bytes on both sides."""
    held = Held()

    def stream(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        held.asked.append((request.hex(), dict(context.invocation_metadata())))
        if held.wrong is not None:
            held.wrong(context)  # type: ignore[arg-type]
        yield from answer(held, request)

    def single(request: bytes, context: grpc.ServicerContext) -> bytes:
        return next(stream(request, context))

    handler = grpc.unary_stream_rpc_method_handler(stream) if many else grpc.unary_unary_rpc_method_handler(single)
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
        held.url = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            yield held
        finally:
            server.stop(None).wait()


def jaeger_messages(held: Held, request: bytes) -> Iterator[bytes]:
    """What Jaeger streams: a message for some of the spans each. The request is `string trace_id = 1`."""
    spans = held.of(request[2:34].decode())
    for start in range(0, len(spans), 100):
        yield protobuf(spans[start : start + 100])


def tempo_message(held: Held, request: bytes) -> Iterator[bytes]:
    """What Tempo answers. The request is `bytes trace_id = 1`."""
    trace = protobuf(held.of(request[2:18].hex()))
    yield b"\x0a" + varint(len(trace)) + trace


# --- Zipkin and the search engines ---------------------------------------------------------------------------------


def zipkin(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
    """Zipkin's query API."""
    spans = held.of(_last(path))
    return _json([zipkin_span(each) for each in spans]) if spans else (404, "text/plain", b"trace not found")


def zipkin_span(span: Span) -> dict[str, Any]:
    """A span as the Collector's exporter gives it to Zipkin."""
    kind = {} if span.kind is SpanKind.INTERNAL else {"kind": str(span.kind).upper()}
    tags = {key: value if isinstance(value, str) else json.dumps(value) for key, value in span.attributes.items()}
    for number, each in enumerate(span.links):
        tags[f"otlp.link.{number}"] = f"{each.trace_id}|{each.span_id}||{json.dumps(dict(each.attributes))}|0"
    notes = [f"{each.name}|{json.dumps(dict(each.attributes))}|0" for each in span.events]
    return {
        "traceId": span.trace_id,
        "id": span.span_id,
        "parentId": span.parent_id,
        "name": span.name.lower(),
        "timestamp": span.start_ns // 1000,
        "duration": (span.end_ns - span.start_ns) // 1000,
        "localEndpoint": {"serviceName": span.service},
        "tags": tags,
        "annotations": [
            {"timestamp": each.time_ns // 1000, "value": note} for each, note in zip(span.events, notes, strict=True)
        ],
        **kind,
    }


def search(document: Callable[[Span], dict[str, Any]]) -> Api:
    """A search engine whose documents are made from spans; it gives at most 1,000 at once, and scrolls."""
    scrolls: dict[str, list[dict[str, Any]]] = {}

    def page(hits: list[dict[str, Any]], total: int) -> Reply:
        scroll = b64encode(str(len(scrolls)).encode()).decode()
        scrolls[scroll] = hits[1000:]
        shards = {"total": 1, "failed": 0}
        return _json({"timed_out": False, "_shards": shards, "_scroll_id": scroll, "hits": {"total": {"value": total}, "hits": hits[:1000]}})  # fmt: skip

    def api(held: Held, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
        question = json.loads(body)
        if path == "/_search/scroll":
            if "scroll" not in question:
                return _json({"succeeded": True})
            return page(scrolls[question["scroll_id"]], 0)
        terms = [next(iter(each["terms"].values())) for each in question["query"]["bool"]["should"]]
        wanted = {spelling for each in terms for spelling in each}
        hits = [{"_source": document(each)} for each in held.spans if each.trace_id in wanted]
        return page(hits[: question["size"]] if "scroll" not in query else hits, len(hits))

    return api


def ss4o(span: Span) -> dict[str, Any]:
    """A document of the Collector's exporter."""
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id or "",
        "name": span.name,
        "kind": str(span.kind).capitalize(),
        "startTime": iso(span.start_ns),
        "endTime": iso(span.end_ns),
        "attributes": dict(span.attributes),
        "resource": dict(span.resource.attributes),
        "status": {"code": str(span.status).capitalize(), "message": span.status_message},
        "events": [
            {"name": x.name, "@timestamp": iso(x.time_ns), "attributes": dict(x.attributes)} for x in span.events
        ],
        "links": [{"traceId": x.trace_id, "spanId": x.span_id, "attributes": dict(x.attributes)} for x in span.links],
    }


def iso(time_ns: int) -> str:
    """A time with nanoseconds, as these documents have it."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(time_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{time_ns % 10**9:09}Z"


def apm(span: Span) -> dict[str, Any]:
    """A document of Elastic APM."""
    event = "span" if span.parent_id and span.kind is not SpanKind.SERVER else "transaction"
    texts = {key.replace(".", "_"): str(value) for key, value in span.attributes.items() if not _numeric(value)}
    numbers = {key.replace(".", "_"): value for key, value in span.attributes.items() if _numeric(value)}
    links = [{"trace": {"id": each.trace_id}, "span": {"id": each.span_id}} for each in span.links]
    took = {"us": (span.end_ns - span.start_ns) // 1000}
    own: dict[str, Any] = {"id": span.span_id, "name": span.name, "duration": took}
    if "db.system" in span.attributes:
        own |= {"type": "db", "subtype": span.attributes["db.system"]}
    document: dict[str, Any] = {
        "processor": {"event": event},
        "@timestamp": iso(span.start_ns // 10**6 * 10**6),
        "timestamp": {"us": span.start_ns // 1000},
        "trace": {"id": span.trace_id},
        "parent": {"id": span.parent_id},
        "service": {"name": span.service},
        "labels": texts,
        "numeric_labels": numbers,
        event: own,
    }
    document["span"] = document.get("span", {}) | {"kind": str(span.kind).upper(), "links": links}
    return document


def _numeric(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- wrong answers -------------------------------------------------------------------------------------------------


def replies(
    status: int, body: bytes = b"", kind: str = "application/json", **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """A whole answer that is not the right one; `_` in a header's name stands for a dash."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for key, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
            handler.send_header(key.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def cut(handler: BaseHTTPRequestHandler) -> None:
    """An answer that ends in its middle."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"result": {"resourceSpans": [')
    handler.close_connection = True


def slow(release: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """No answer until the event."""

    def wait(handler: BaseHTTPRequestHandler) -> None:
        release.wait(30)
        handler.close_connection = True

    return wait

"""Exports as bytes, for tests: written by protobuf's own library, with every field that a span has."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

A = bytes.fromhex("aa" * 16)
B = bytes.fromhex("bb" * 16)
C = bytes.fromhex("cc" * 16)


def export(*trace_ids: bytes, service: str = "svc", name: str = "op", links: tuple[bytes, ...] = ()) -> bytes:
    """An export with one span for each trace id, numbered; `links` are the traces that each of them links to."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=service)))
    spans = group.scope_spans.add().spans
    for number, trace_id in enumerate(trace_ids, start=1):
        span = spans.add(trace_id=trace_id, span_id=number.to_bytes(8), name=f"{name} {number}", kind=2)
        span.attributes.append(KeyValue(key="http.route", value=AnyValue(string_value="/x" * 40)))
        for target in links:
            span.links.add(trace_id=target, span_id=b"l" * 8)
    return request.SerializeToString()


def document(*spans: dict[str, Any], service: str = "svc") -> dict[str, Any]:
    """An export as a JSON value."""
    owner = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceSpans": [{"resource": owner, "scopeSpans": [{"spans": list(spans)}]}]}


def raw_span(number: int = 1, trace_id: str = "aa" * 16, **more: Any) -> dict[str, Any]:
    """A span as a JSON value."""
    times = {"startTimeUnixNano": "1000", "endTimeUnixNano": "2000"}
    return {"traceId": trace_id, "spanId": f"{number:016x}", "name": f"op {number}", **times, **more}

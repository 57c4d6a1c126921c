"""OTLP as binary protobuf: the wanted spans of an `ExportTraceServiceRequest` as values.

`walk` finds them, protobuf's own parser reads them one by one, and this module turns messages into `model.Span`. Ids and
field meanings follow `opentelemetry/proto/trace/v1/trace.proto`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spanspec.errors import OtlpError
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import EMPTY, NO_RESOURCE, NO_SCOPE, Event, Link, Resource, Scope, Span
from spanspec.otlp.decoded import Findings, code_of, kind_of
from spanspec.otlp.walk import walk

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.walk import Group, Section

ZERO_ID = bytes(16)
"""The invalid trace id. It is always among the wanted ones, so that its spans are counted as rejected."""


def decode_protobuf(body: bytes, *, wanted: Container[TraceId] | None = None) -> Decoded:
    """Decode an `ExportTraceServiceRequest` (the same bytes as `TracesData`).

    Args:
        body: The message.
        wanted: The traces whose spans are wanted; None for all. Spans of others are passed over unread.

    Raises:
        OtlpError: The bytes are no such message.
    """
    return decode_sections(body, walk(body, _as_bytes(wanted)))


def decode_sections(body: bytes, sections: Sequence[Section]) -> Decoded:
    """Decode the spans that a walk of `body` found.

    Raises:
        OtlpError: A resource, scope or span is no such message.
    """
    findings = Findings()
    spans: list[Span] = []
    for section in sections:
        if not section.groups:
            continue
        resource = _resource(section)
        for group in section.groups:
            scope = _scope(group)
            for start, end in group.wanted:
                span = _span(_parsed("Span", body[start:end], start), resource, scope, findings)
                if span is not None:
                    spans.append(span)
    return findings.decoded(spans)


def service_name(header: bytes) -> str:
    """`service.name` of a resource's bytes; empty when it has none or the bytes are no resource."""
    try:
        message = _parsed("Resource", header, 0)
    except OtlpError:
        return ""
    named = [item.value.string_value for item in message.attributes if item.key == "service.name"]
    return named[-1] if named else ""


class _Hex:
    """A container of hexadecimal ids, asked with bytes."""

    def __init__(self, ids: Container[TraceId]) -> None:
        self._ids = ids

    def __contains__(self, item: object) -> bool:
        return isinstance(item, bytes) and (item == ZERO_ID or TraceId(item.hex()) in self._ids)


def _as_bytes(wanted: Container[TraceId] | None) -> Container[bytes] | None:
    if wanted is None:
        return None
    if isinstance(wanted, Iterable):
        return {ZERO_ID, *(bytes.fromhex(each) for each in wanted)}
    return _Hex(wanted)


@cache
def _messages() -> dict[str, Any]:
    # Imported on the first export: 25 ms that no command without a receiver should pay.
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

    return {"Span": SpanMessage, "Resource": ResourceMessage, "Scope": InstrumentationScope, "error": DecodeError}


def _parsed(name: str, data: bytes, offset: int) -> Any:
    messages = _messages()
    try:
        return messages[name].FromString(data)
    except messages["error"] as fault:
        what = f"byte {offset}: {len(data)} bytes are no {name} message"
        raise OtlpError(f"{what} (broken, not UTF-8, or nested too deep)", offset=offset) from fault


def _resource(section: Section) -> Resource:
    if not section.header and not section.schema_url:
        return NO_RESOURCE
    message = _parsed("Resource", section.header, 0)
    return Resource(
        attributes=_attributes(message.attributes),
        schema_url=_text(section.schema_url),
        dropped_attributes_count=message.dropped_attributes_count,
    )


def _scope(group: Group) -> Scope:
    if not group.header and not group.schema_url:
        return NO_SCOPE
    message = _parsed("Scope", group.header, 0)
    return Scope(
        name=message.name,
        version=message.version,
        attributes=_attributes(message.attributes),
        schema_url=_text(group.schema_url),
        dropped_attributes_count=message.dropped_attributes_count,
    )


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as fault:
        raise OtlpError("a schema_url is not UTF-8") from fault


def _span(message: Any, resource: Resource, scope: Scope, findings: Findings) -> Span | None:
    fault = _fault(message)
    if fault:
        findings.reject(message.name, fault)
        return None
    parent = message.parent_span_id
    return Span(
        trace_id=TraceId(message.trace_id.hex()),
        span_id=SpanId(message.span_id.hex()),
        parent_id=SpanId(parent.hex()) if any(parent) else None,
        name=message.name,
        kind=kind_of(message.kind),
        start_ns=message.start_time_unix_nano,
        end_ns=message.end_time_unix_nano,
        attributes=_attributes(message.attributes),
        events=tuple(_event(each) for each in message.events),
        links=tuple(_link(each) for each in message.links),
        status=code_of(message.status.code),
        status_message=message.status.message,
        trace_state=message.trace_state,
        flags=message.flags,
        dropped=message.dropped_attributes_count + message.dropped_events_count + message.dropped_links_count,
        resource=resource,
        scope=scope,
    )


def _fault(message: Any) -> str:
    """Why a span is invalid, or an empty text. An absent or zero parent id is a root's."""
    if len(message.trace_id) != 16 or not any(message.trace_id):
        return _bad_id("trace", message.trace_id, 16)
    if len(message.span_id) != 8 or not any(message.span_id):
        return _bad_id("span", message.span_id, 8)
    if len(message.parent_span_id) != 8 and any(message.parent_span_id):
        return _bad_id("parent span", message.parent_span_id, 8)
    return ""


def _bad_id(what: str, data: bytes, size: int) -> str:
    if not data:
        return f"it has no {what} id"
    if len(data) != size:
        return f"its {what} id has {len(data)} bytes instead of {size}"
    return f"its {what} id is all zeros"


def _event(message: Any) -> Event:
    return Event(
        name=message.name,
        time_ns=message.time_unix_nano,
        attributes=_attributes(message.attributes),
        dropped_attributes_count=message.dropped_attributes_count,
    )


def _link(message: Any) -> Link:
    """A link, kept as sent: the specification lets SDKs record links whose ids are empty or zero."""
    return Link(
        trace_id=TraceId(message.trace_id.hex()),
        span_id=SpanId(message.span_id.hex()),
        trace_state=message.trace_state,
        attributes=_attributes(message.attributes),
        dropped_attributes_count=message.dropped_attributes_count,
    )


def _attributes(items: Any) -> Attributes:
    if not items:
        return EMPTY
    return MappingProxyType({item.key: _value(item.value) for item in items})


def _value(message: Any) -> AttributeValue:
    """An AnyValue; its depth is bounded by the parser's own limit. An unknown alternative is the empty value."""
    case = message.WhichOneof("value")
    if case == "array_value":
        return tuple(_value(each) for each in message.array_value.values)
    if case == "kvlist_value":
        return MappingProxyType({item.key: _value(item.value) for item in message.kvlist_value.values})
    return getattr(message, case) if case in _SCALARS else None


_SCALARS = frozenset({"string_value", "bool_value", "int_value", "double_value", "bytes_value"})

"""A trace as OTLP/JSON: `{"resourceSpans": […]}` with the awaited id and the trigger's span beside it, without a loss.

Only plain values here (dictionaries, lists, texts, numbers); `results.json` makes bytes of them. The shape is that of
the OTLP/JSON encoding (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), so that any reader of OTLP
reads the spans of a stored run. One thing is ours: `droppedAttributesCount` of a span is the sum of what its SDK
dropped, for the model keeps no more.
"""

from __future__ import annotations

import base64
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import EMPTY, Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spanspec.model.attributes import Attributes, AttributeValue

JsonObject = dict[str, Any]

KINDS = (
    SpanKind.UNSPECIFIED,
    SpanKind.INTERNAL,
    SpanKind.SERVER,
    SpanKind.CLIENT,
    SpanKind.PRODUCER,
    SpanKind.CONSUMER,
)
STATUSES = (StatusCode.UNSET, StatusCode.OK, StatusCode.ERROR)
_DEPTH = 100


class ShapeError(ValueError):
    """JSON of another shape; the text names the place and what was expected. Raised and caught inside this room."""


def encode_trace(trace: Trace) -> JsonObject:
    """The trace as an object: `traceId`, `injected`, `trigger`, `resourceSpans`, `linked` (spans of other traces)."""
    return {
        "traceId": trace.trace_id,
        "injected": trace.injected,
        "trigger": _grouped([trace.trigger]) if trace.trigger is not None else None,
        "resourceSpans": _grouped(trace.spans),
        "linked": _grouped(trace.linked),
    }


def decode_trace(data: object, where: str = "trace") -> Trace:
    """The trace that `encode_trace` wrote.

    Raises:
        ShapeError: The object has another shape.
    """
    found = expect(data, dict, where)
    trigger = _spans(found.get("trigger"), f"{where}.trigger")
    injected = found.get("injected")
    return assemble(
        _spans(found.get("resourceSpans"), f"{where}.resourceSpans"),
        trace_id=TraceId(_text(found, "traceId", where)) or None,
        injected=None if injected is None else SpanId(expect(injected, str, f"{where}.injected")),
        trigger=trigger[0] if trigger else None,
        linked=_spans(found.get("linked"), f"{where}.linked"),
    )


def encode_attributes(attributes: Mapping[str, AttributeValue]) -> list[JsonObject]:
    """Attributes as OTLP's list of `{"key", "value"}`."""
    return [{"key": key, "value": encode_value(value)} for key, value in attributes.items()]


def decode_attributes(data: object, where: str, depth: int = 0) -> Attributes:
    """Attributes from that list; the last of a repeated key counts."""
    if not data:
        return EMPTY
    found: dict[str, AttributeValue] = {}
    for index, item in enumerate(expect(data, list, where)):
        place = f"{where}[{index}]"
        pair = expect(item, dict, place)
        found[_text(pair, "key", place)] = decode_value(pair.get("value"), f"{place}.value", depth)
    return MappingProxyType(found)


def encode_value(value: AttributeValue) -> JsonObject:
    """One value as OTLP's AnyValue; integers as text of any size, the empty value as `{}`."""
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case str():
            return {"stringValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": _encode_double(value)}
        case bytes():
            return {"bytesValue": base64.b64encode(value).decode("ascii")}
        case tuple():
            return {"arrayValue": {"values": [encode_value(item) for item in value]}}
        case _:
            return {"kvlistValue": {"values": encode_attributes(value)}}


def decode_value(data: object, where: str, depth: int = 0) -> AttributeValue:
    """One value from OTLP's AnyValue."""
    if depth > _DEPTH:
        raise ShapeError(f"{where[:80]}… is nested more than {_DEPTH} deep")
    for kind, value in expect(data, dict, where).items():
        place = f"{where}.{kind}"
        match kind:
            case "stringValue":
                return str(expect(value, str, place))
            case "boolValue":
                return bool(expect(value, bool, place))
            case "intValue":
                return _integer(value, place)
            case "doubleValue":
                return _decode_double(value, place)
            case "bytesValue":
                return _bytes(value, place)
            case "arrayValue":
                return tuple(
                    decode_value(item, f"{place}[{index}]", depth + 1)
                    for index, item in enumerate(_values(value, place))
                )
            case "kvlistValue":
                return decode_attributes(_values(value, place), place, depth + 1)
            case _:
                raise ShapeError(f"{place} is no kind of attribute value")
    return None


def expect(value: object, kind: type, where: str) -> Any:
    """`value`, if it is of that type (a boolean is no integer).

    Raises:
        ShapeError: It is not.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ShapeError(f"{where} is {_NAMES.get(type(value), 'missing')}, expected {_NAMES[kind]}")
    return value


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    type(None): "missing",
}


def _grouped(spans: Iterable[Span]) -> list[JsonObject]:
    """Spans under the resource and scope objects that they share; equal but distinct objects stay apart."""
    resources: dict[int, tuple[Resource, dict[int, tuple[Scope, list[JsonObject]]]]] = {}
    for span in spans:
        _, scopes = resources.setdefault(id(span.resource), (span.resource, {}))
        _, group = scopes.setdefault(id(span.scope), (span.scope, []))
        group.append(_encode_span(span))
    return [
        _slim(
            resource=_encode_resource(resource),
            schemaUrl=resource.schema_url,
            scopeSpans=[
                _slim(scope=_encode_scope(scope), schemaUrl=scope.schema_url, spans=group)
                for scope, group in scopes.values()
            ],
        )
        for resource, scopes in resources.values()
    ]


def _encode_resource(resource: Resource) -> JsonObject:
    return _slim(
        attributes=encode_attributes(resource.attributes), droppedAttributesCount=resource.dropped_attributes_count
    )


def _encode_scope(scope: Scope) -> JsonObject:
    return _slim(
        name=scope.name,
        version=scope.version,
        attributes=encode_attributes(scope.attributes),
        droppedAttributesCount=scope.dropped_attributes_count,
    )


def _encode_span(span: Span) -> JsonObject:
    return _slim(
        traceId=span.trace_id,
        spanId=span.span_id,
        parentSpanId=span.parent_id,
        traceState=span.trace_state,
        flags=span.flags,
        name=span.name,
        kind=KINDS.index(span.kind),
        startTimeUnixNano=str(span.start_ns),
        endTimeUnixNano=str(span.end_ns),
        attributes=encode_attributes(span.attributes),
        droppedAttributesCount=span.dropped,
        events=[_encode_event(event) for event in span.events],
        links=[_encode_link(link) for link in span.links],
        status=_slim(code=STATUSES.index(span.status), message=span.status_message),
    )


def _encode_event(event: Event) -> JsonObject:
    return _slim(
        timeUnixNano=str(event.time_ns),
        name=event.name,
        attributes=encode_attributes(event.attributes),
        droppedAttributesCount=event.dropped_attributes_count,
    )


def _encode_link(link: Link) -> JsonObject:
    return _slim(
        traceId=link.trace_id,
        spanId=link.span_id,
        traceState=link.trace_state,
        attributes=encode_attributes(link.attributes),
        droppedAttributesCount=link.dropped_attributes_count,
    )


def _slim(**fields: object) -> JsonObject:
    """Without empty fields, as protobuf's JSON mapping leaves default values out."""
    return {key: value for key, value in fields.items() if value}


def _spans(data: object, where: str) -> list[Span]:
    found: list[Span] = []
    for place, group in _objects(data, where):
        resource = _decode_resource(group, place)
        for below, scoped in _objects(group.get("scopeSpans"), f"{place}.scopeSpans"):
            scope = _decode_scope(scoped, below)
            spans = _objects(scoped.get("spans"), f"{below}.spans")
            found.extend(_decode_span(span, at, resource, scope) for at, span in spans)
    return found


def _objects(data: object, where: str) -> Iterable[tuple[str, JsonObject]]:
    for index, item in enumerate(expect(data, list, where) if data is not None else ()):
        place = f"{where}[{index}]"
        yield place, expect(item, dict, place)


def _decode_resource(group: JsonObject, where: str) -> Resource:
    data = expect(group.get("resource", {}), dict, f"{where}.resource")
    return Resource(
        attributes=decode_attributes(data.get("attributes"), f"{where}.resource.attributes"),
        schema_url=_text(group, "schemaUrl", where),
        dropped_attributes_count=_count(data, "droppedAttributesCount", where),
    )


def _decode_scope(group: JsonObject, where: str) -> Scope:
    data = expect(group.get("scope", {}), dict, f"{where}.scope")
    return Scope(
        name=_text(data, "name", where),
        version=_text(data, "version", where),
        attributes=decode_attributes(data.get("attributes"), f"{where}.scope.attributes"),
        schema_url=_text(group, "schemaUrl", where),
        dropped_attributes_count=_count(data, "droppedAttributesCount", where),
    )


def _decode_span(data: JsonObject, where: str, resource: Resource, scope: Scope) -> Span:
    status = expect(data.get("status", {}), dict, f"{where}.status")
    parent = _text(data, "parentSpanId", where)
    return Span(
        trace_id=TraceId(_text(data, "traceId", where)),
        span_id=SpanId(_text(data, "spanId", where)),
        parent_id=SpanId(parent) if parent else None,
        name=_text(data, "name", where),
        kind=_member(KINDS, data.get("kind", 0), f"{where}.kind"),
        start_ns=_count(data, "startTimeUnixNano", where),
        end_ns=_count(data, "endTimeUnixNano", where),
        attributes=decode_attributes(data.get("attributes"), f"{where}.attributes"),
        events=tuple(_decode_event(event, at) for at, event in _objects(data.get("events"), f"{where}.events")),
        links=tuple(_decode_link(link, at) for at, link in _objects(data.get("links"), f"{where}.links")),
        status=_member(STATUSES, status.get("code", 0), f"{where}.status.code"),
        status_message=_text(status, "message", f"{where}.status"),
        trace_state=_text(data, "traceState", where),
        flags=_count(data, "flags", where),
        dropped=_count(data, "droppedAttributesCount", where),
        resource=resource,
        scope=scope,
    )


def _decode_event(data: JsonObject, where: str) -> Event:
    return Event(
        name=_text(data, "name", where),
        time_ns=_count(data, "timeUnixNano", where),
        attributes=decode_attributes(data.get("attributes"), f"{where}.attributes"),
        dropped_attributes_count=_count(data, "droppedAttributesCount", where),
    )


def _decode_link(data: JsonObject, where: str) -> Link:
    return Link(
        trace_id=TraceId(_text(data, "traceId", where)),
        span_id=SpanId(_text(data, "spanId", where)),
        trace_state=_text(data, "traceState", where),
        attributes=decode_attributes(data.get("attributes"), f"{where}.attributes"),
        dropped_attributes_count=_count(data, "droppedAttributesCount", where),
    )


def _text(data: JsonObject, key: str, where: str) -> str:
    return str(expect(data.get(key, ""), str, f"{where}.{key}"))


def _count(data: JsonObject, key: str, where: str) -> int:
    return _integer(data.get(key, 0), f"{where}.{key}")


def _integer(value: object, where: str) -> int:
    """An integer, written as a number or as text; text keeps what a reader with doubles would round."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) < 1000:
            return int(value)
        raise ShapeError(f"{where} is no integer: {value[:40]!r}")
    return int(expect(value, int, where))


def _member(members: tuple[Any, ...], index: object, where: str) -> Any:
    number = expect(index, int, where)
    if not 0 <= number < len(members):
        raise ShapeError(f"{where} is {number}, expected 0 to {len(members) - 1}")
    return members[number]


def _encode_double(value: float) -> float | str:
    """Infinities and NaN have names in protobuf's JSON mapping, for JSON has no numbers for them."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _decode_double(value: object, where: str) -> float:
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(str(value))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ShapeError(f"{where} is no number")
    return float(value)


def _bytes(value: object, where: str) -> bytes:
    try:
        return base64.b64decode(expect(value, str, where), validate=True)
    except ValueError as fault:  # of binascii, or for text that is not ASCII
        raise ShapeError(f"{where} is no base64: {fault}") from fault


def _values(data: object, where: str) -> list[Any]:
    found = expect(data, dict, where).get("values", [])
    return list(expect(found, list, f"{where}.values"))

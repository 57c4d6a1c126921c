"""From values to OTLP's JSON, the inverse of `decode_json`.

Spans are grouped by resource and scope in the order in which each first comes. 64-bit integers are written as text and enums
as integers, as the specification asks of senders; fields with their default are left out.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from spanspec.otlp.decoded import CODES, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.model.span import Event, Link, Resource, Scope, Span

_UINT32 = 0xFFFFFFFF
_KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_CODE_NUMBERS = {code: number for number, code in enumerate(CODES)}


def encode_json(spans: Iterable[Span]) -> bytes:
    """An export request with these spans, as JSON in UTF-8 on one line without a line end."""
    return msgspec.json.encode(to_json(spans))


def to_json(spans: Iterable[Span]) -> dict[str, Any]:
    """An export request with these spans, as what a JSON encoder takes."""
    sections: list[dict[str, Any]] = []
    known = _Known()
    groups: dict[tuple[int, int], list[dict[str, Any]]] = {}
    parts: dict[int, dict[str, Any]] = {}
    for span in spans:
        owner, maker = known.number(span.resource), known.number(span.scope)
        if owner not in parts:
            parts[owner] = _resource_spans(span.resource)
            sections.append(parts[owner])
        if (owner, maker) not in groups:
            group = _scope_spans(span.scope)
            parts[owner]["scopeSpans"].append(group)
            groups[owner, maker] = group["spans"]
        groups[owner, maker].append(_span(span))
    return {"resourceSpans": sections}


def attributes_to_json(attributes: Attributes) -> list[dict[str, Any]]:
    """Attributes as OTLP's list of `{"key", "value"}`."""
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


class _Known:
    """Numbers for resources and scopes: one for all that are equal, found at once for one and the same object."""

    def __init__(self) -> None:
        self._by_identity: dict[int, int] = {}
        self._by_content: dict[str, int] = {}
        self._alive: list[object] = []

    def number(self, item: Resource | Scope) -> int:
        found = self._by_identity.get(id(item))
        if found is None:
            content = repr((type(item).__name__, _resource_spans(item) if _is_resource(item) else _scope_spans(item)))
            found = self._by_content.setdefault(content, len(self._by_content))
            self._by_identity[id(item)] = found
            self._alive.append(item)
        return found


def _is_resource(item: Any) -> bool:
    return not hasattr(item, "version")


def _resource_spans(resource: Any) -> dict[str, Any]:
    body = _some(
        attributes=attributes_to_json(resource.attributes),
        droppedAttributesCount=resource.dropped_attributes_count,
    )
    return {"resource": body, "scopeSpans": [], **_some(schemaUrl=resource.schema_url)}


def _scope_spans(scope: Any) -> dict[str, Any]:
    body = _some(
        name=scope.name,
        version=scope.version,
        attributes=attributes_to_json(scope.attributes),
        droppedAttributesCount=scope.dropped_attributes_count,
    )
    return {"scope": body, "spans": [], **_some(schemaUrl=scope.schema_url)}


def _span(span: Span) -> dict[str, Any]:
    status = _some(code=_CODE_NUMBERS[span.status], message=span.status_message)
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **_some(parentSpanId=span.parent_id, traceState=span.trace_state),
        "name": span.name,
        "kind": _KIND_NUMBERS[span.kind],
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        **_some(
            attributes=attributes_to_json(span.attributes),
            events=[_event(each) for each in span.events],
            links=[_link(each) for each in span.links],
            status=status,
            flags=span.flags,
        ),
        **_dropped(span.dropped),
    }


def _dropped(count: int) -> dict[str, int]:
    """The counts whose sum the model keeps; more than one is needed only beyond 32 bits."""
    names = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
    out: dict[str, int] = {}
    for name in names:
        if count > 0:
            out[name] = min(count, _UINT32)
            count -= out[name]
    return out


def _event(event: Event) -> dict[str, Any]:
    return {
        "timeUnixNano": str(event.time_ns),
        "name": event.name,
        **_some(attributes=attributes_to_json(event.attributes), droppedAttributesCount=event.dropped_attributes_count),
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "traceId": link.trace_id,
        "spanId": link.span_id,
        **_some(
            traceState=link.trace_state,
            attributes=attributes_to_json(link.attributes),
            droppedAttributesCount=link.dropped_attributes_count,
        ),
    }


def _some(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _value(value: AttributeValue) -> dict[str, Any]:
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
            return {"doubleValue": _double(value)}
        case bytes():
            return {"bytesValue": base64.b64encode(value).decode()}
        case Mapping():
            return {"kvlistValue": {"values": attributes_to_json(value)}}
        case _:
            return {"arrayValue": {"values": [_value(each) for each in value]}}


def _double(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value

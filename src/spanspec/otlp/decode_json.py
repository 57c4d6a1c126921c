"""OTLP as JSON: an export request as values.

OTLP's JSON is ProtoJSON with four differences (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): trace and
span ids are hexadecimal, in either case; enums are integers; keys are lowerCamelCase only; unknown fields are ignored.

Strict reading, for requests, keeps to that; it reads an enum's name too, with a warning, as the Collector does. Lenient
reading, for files, also takes what other tools save: original field names (`trace_id`), base64 ids, the envelopes of Tempo
(`batches`, `trace`) and of Jaeger's API (`result`), and the names from before OTLP 0.19 (`instrumentationLibrarySpans`).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from spanspec.errors import OtlpError
from spanspec.model.ids import SpanId, TraceId, span_id, trace_id
from spanspec.model.span import EMPTY, NO_RESOURCE, NO_SCOPE, Event, Link, Resource, Scope, Span
from spanspec.otlp.decoded import CODES, KINDS, MAX_DEPTH, Findings, code_of, kind_of, shown
from spanspec.otlp.scalars import INT32, INT64, UINT32, UINT64, base64, double, integer

if TYPE_CHECKING:
    from collections.abc import Container

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.otlp.decoded import Decoded

BOM = b"\xef\xbb\xbf"
_MAX_REASON = 400

_T = TypeVar("_T")


class _Any(msgspec.Struct, rename="camel"):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | float | str | None = None
    double_value: int | float | str | None = None
    array_value: _Array | None = None
    kvlist_value: _KeyValues | None = None
    bytes_value: str | None = None


class _Array(msgspec.Struct):
    values: list[_Any] | None = None


class _KeyValue(msgspec.Struct):
    key: str | None = None
    value: _Any | None = None


class _KeyValues(msgspec.Struct):
    values: list[_KeyValue] | None = None


class _Resource(msgspec.Struct, rename="camel"):
    attributes: list[_KeyValue] | None = None
    dropped_attributes_count: int | float | str | None = None


class _Scope(msgspec.Struct, rename="camel"):
    name: str | None = None
    version: str | None = None
    attributes: list[_KeyValue] | None = None
    dropped_attributes_count: int | float | str | None = None


class _Event(msgspec.Struct, rename="camel"):
    name: str | None = None
    time_unix_nano: int | float | str | None = None
    attributes: list[_KeyValue] | None = None
    dropped_attributes_count: int | float | str | None = None


class _Link(msgspec.Struct, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    attributes: list[_KeyValue] | None = None
    dropped_attributes_count: int | float | str | None = None
    flags: int | float | str | None = None


class _Status(msgspec.Struct):
    code: int | float | str | None = None
    message: str | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    kind: int | float | str | None = None
    start_time_unix_nano: int | float | str | None = None
    end_time_unix_nano: int | float | str | None = None
    attributes: list[_KeyValue] | None = None
    events: list[_Event] | None = None
    links: list[_Link] | None = None
    status: _Status | None = None
    trace_state: str | None = None
    flags: int | float | str | None = None
    dropped_attributes_count: int | float | str | None = None
    dropped_events_count: int | float | str | None = None
    dropped_links_count: int | float | str | None = None


class _ScopeSpans(msgspec.Struct, rename="camel"):
    scope: _Scope | None = None
    spans: list[_Span] | None = None
    schema_url: str | None = None


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None
    schema_url: str | None = None


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


_decoder = msgspec.json.Decoder(_Request)


def decode_json(body: bytes, *, wanted: Container[TraceId] | None = None, lenient: bool = False) -> Decoded:
    """Decode an export request (the same JSON as `TracesData`).

    Args:
        body: The document in UTF-8; a byte order mark is passed over.
        wanted: The traces whose spans are wanted; None for all.
        lenient: Also take what other tools save, see above.

    Raises:
        OtlpError: The bytes are no such document.
    """
    return _read(_request(body.removeprefix(BOM), lenient=lenient), _Reader(wanted, lenient=lenient))


def decode_json_object(document: object) -> Decoded:
    """Decode an export request of which the JSON is parsed already, read strictly.

    Raises:
        OtlpError: It is no such document; of a value of another type the message ends with its JSON path.
    """
    return _read(_typed(document, _Request), _Reader(None, lenient=False))


def decode_json_attributes(items: object) -> Attributes:
    """Decode a list of `{"key", "value"}` of which the JSON is parsed already; null is none.

    Raises:
        OtlpError: It is no such list.
    """
    try:
        return _attributes(_typed([] if items is None else items, list[_KeyValue]))
    except RecursionError as fault:
        raise OtlpError("values nest too deep") from fault


def _read(request: _Request, reader: _Reader) -> Decoded:
    try:
        for part in request.resource_spans or ():
            reader.resource_spans(part)
    except RecursionError as fault:
        raise OtlpError("values nest too deep") from fault
    return reader.findings.decoded(reader.spans)


def _typed(data: object, shape: type[_T]) -> _T:
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as fault:
        raise OtlpError(f"no OTLP/JSON: {shown(str(fault), _MAX_REASON)}") from fault
    except RecursionError as fault:
        raise OtlpError("the JSON nests too deep") from fault


def _request(body: bytes, *, lenient: bool) -> _Request:
    try:
        if lenient and any(mark in body for mark in _FOREIGN):
            return _typed(_canonical(msgspec.json.decode(body), 0), _Request)
        return _decoder.decode(body)
    except msgspec.ValidationError as fault:
        raise OtlpError(f"no OTLP/JSON: {shown(str(fault), _MAX_REASON)}") from fault
    except msgspec.DecodeError as fault:
        raise OtlpError(f"no JSON: {shown(str(fault), _MAX_REASON)}", offset=_offset(str(fault))) from fault
    except UnicodeDecodeError as fault:
        raise OtlpError("no JSON: a text is not UTF-8") from fault
    except RecursionError as fault:
        raise OtlpError("the JSON nests too deep") from fault


def _offset(text: str) -> int | None:
    found = re.search(r"byte (\d+)", text)
    return int(found[1]) if found else None


_FOREIGN = (b"_spans", b"_id", b"_value", b'"batches"', b'"trace"', b'"result"', b"instrumentationLibrary")
_RENAMED = {
    "batches": "resourceSpans",
    "instrumentationLibrarySpans": "scopeSpans",
    "instrumentationLibrary": "scope",
}
_ENVELOPES = ("trace", "result")
_SNAKE = re.compile(r"_([a-z])")


def _canonical(value: Any, depth: int) -> Any:
    """A foreign document with OTLP's keys."""
    if depth > 8 * MAX_DEPTH:
        raise OtlpError("the JSON nests too deep")
    if isinstance(value, list):
        return [_canonical(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    if depth == 0 and len(value) == 1 and next(iter(value)) in _ENVELOPES:
        return _canonical(next(iter(value.values())), 0)
    return {_canonical_key(key): _canonical(each, depth + 1) for key, each in value.items()}


def _canonical_key(key: str) -> str:
    camel = _SNAKE.sub(lambda found: found[1].upper(), key)
    return _RENAMED.get(camel, camel)


class _Reader:
    """Turns the parts of one request into spans."""

    def __init__(self, wanted: Container[TraceId] | None, *, lenient: bool) -> None:
        self.spans: list[Span] = []
        self.findings = Findings()
        self._wanted = wanted
        self._lenient = lenient

    def resource_spans(self, part: _ResourceSpans) -> None:
        resource = _resource(part)
        for group in part.scope_spans or ():
            scope = _scope(group)
            for each in group.spans or ():
                span = self._span(each, resource, scope)
                if span is not None:
                    self.spans.append(span)

    def _span(self, raw: _Span, resource: Resource, scope: Scope) -> Span | None:
        trace = trace_id(self._hex(raw.trace_id, 16))
        if trace is None:
            self._reject(raw, "trace", raw.trace_id, 32)
            return None
        if self._wanted is not None and trace not in self._wanted:
            return None
        own = span_id(self._hex(raw.span_id, 8))
        if own is None:
            self._reject(raw, "span", raw.span_id, 16)
            return None
        above = self._hex(raw.parent_span_id, 8)
        parent = span_id(above)
        if parent is None and above.strip("0"):
            self._reject(raw, "parent span", raw.parent_span_id, 16)
            return None
        return self._valid(raw, resource, scope, (trace, own, parent))

    def _reject(self, raw: _Span, what: str, value: str | None, digits: int) -> None:
        self.findings.reject(raw.name or "", _bad_id(what, value or "", digits))

    def _valid(self, raw: _Span, resource: Resource, scope: Scope, ids: tuple[TraceId, SpanId, SpanId | None]) -> Span:
        status = raw.status or _Status()
        counts = (raw.dropped_attributes_count, raw.dropped_events_count, raw.dropped_links_count)
        return Span(
            trace_id=ids[0],
            span_id=ids[1],
            parent_id=ids[2],
            name=raw.name or "",
            kind=kind_of(self._enum(raw.kind, _KIND_NAMES, "kind")),
            start_ns=integer(raw.start_time_unix_nano, UINT64, "startTimeUnixNano"),
            end_ns=integer(raw.end_time_unix_nano, UINT64, "endTimeUnixNano"),
            attributes=_attributes(raw.attributes),
            events=tuple(_event(each) for each in raw.events or ()),
            links=tuple(self._link(each) for each in raw.links or ()),
            status=code_of(self._enum(status.code, _CODE_NAMES, "status.code")),
            status_message=status.message or "",
            trace_state=raw.trace_state or "",
            flags=integer(raw.flags, UINT32, "flags"),
            dropped=sum(_count(each) for each in counts),
            resource=resource,
            scope=scope,
        )

    def _enum(self, value: int | float | str | None, names: dict[str, int], field: str) -> int:
        if not isinstance(value, str):
            return integer(value, INT32, field)
        if value not in names:
            raise OtlpError(f'{field}: "{shown(value)}" is neither an integer nor a known name')
        if not self._lenient:
            self.findings.note(f'{field} "{value}" was read as {names[value]}; OTLP/JSON writes enums as integers')
        return names[value]

    def _link(self, raw: _Link) -> Link:
        """A link, with empty or zero ids kept, for SDKs may record such.

        Raises:
            OtlpError: An id is no hexadecimal text.
        """
        ids = [self._hex(raw.trace_id, 16), self._hex(raw.span_id, 8)]
        if not all(_HEX.fullmatch(each) for each in ids):
            raise OtlpError(
                f'links: "{shown(raw.trace_id or "")}" and "{shown(raw.span_id or "")}" are not hexadecimal'
            )
        return Link(
            trace_id=TraceId(ids[0].lower()),
            span_id=SpanId(ids[1].lower()),
            trace_state=raw.trace_state or "",
            attributes=_attributes(raw.attributes),
            dropped_attributes_count=_count(raw.dropped_attributes_count),
        )

    def _hex(self, text: str | None, size: int) -> str:
        """An id's text; when reading leniently also from base64, which has another length for the same bytes."""
        if not text or not self._lenient or len(text) == 2 * size:
            return text or ""
        try:
            data = base64(text, "id")
        except OtlpError:
            return text
        return data.hex() if len(data) == size else text


_KIND_NAMES = {f"SPAN_KIND_{kind.name}": number for number, kind in enumerate(KINDS)}
_CODE_NAMES = {f"STATUS_CODE_{code.name}": number for number, code in enumerate(CODES)}
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")


def _bad_id(what: str, value: str, digits: int) -> str:
    if not value:
        return f"it has no {what} id"
    if value.strip("0") == "" and len(value) == digits:
        return f"its {what} id is all zeros"
    return f'its {what} id "{shown(value)}" is not {digits} hexadecimal digits'


def _count(value: int | float | str | None) -> int:
    return integer(value, UINT32, "dropped…Count")


def _resource(part: _ResourceSpans) -> Resource:
    raw, url = part.resource, part.schema_url or ""
    if raw is None:
        return Resource(schema_url=url) if url else NO_RESOURCE
    return Resource(
        attributes=_attributes(raw.attributes),
        schema_url=url,
        dropped_attributes_count=_count(raw.dropped_attributes_count),
    )


def _scope(group: _ScopeSpans) -> Scope:
    raw, url = group.scope, group.schema_url or ""
    if raw is None:
        return Scope(schema_url=url) if url else NO_SCOPE
    return Scope(
        name=raw.name or "",
        version=raw.version or "",
        attributes=_attributes(raw.attributes),
        schema_url=url,
        dropped_attributes_count=_count(raw.dropped_attributes_count),
    )


def _event(raw: _Event) -> Event:
    return Event(
        name=raw.name or "",
        time_ns=integer(raw.time_unix_nano, UINT64, "events.timeUnixNano"),
        attributes=_attributes(raw.attributes),
        dropped_attributes_count=_count(raw.dropped_attributes_count),
    )


def _attributes(items: list[_KeyValue] | None, depth: int = 0) -> Attributes:
    if not items:
        return EMPTY
    return MappingProxyType({item.key or "": _value(item.value, depth) for item in items})


def _value(raw: _Any | None, depth: int) -> AttributeValue:
    """An AnyValue: exactly one alternative, or none for the empty value."""
    if raw is None:
        return None
    if depth > MAX_DEPTH:
        raise OtlpError(f"attribute values nest deeper than {MAX_DEPTH}")
    present = [name for name in raw.__struct_fields__ if getattr(raw, name) is not None]
    if len(present) > 1:
        raise OtlpError(f"an attribute value has both {present[0]} and {present[1]}")
    if not present:
        return None
    return _alternative(raw, depth)


def _alternative(raw: _Any, depth: int) -> AttributeValue:
    if raw.string_value is not None:
        return raw.string_value
    if raw.int_value is not None:
        return integer(raw.int_value, INT64, "intValue")
    if raw.bool_value is not None:
        return raw.bool_value
    if raw.double_value is not None:
        return double(raw.double_value, "doubleValue")
    if raw.bytes_value is not None:
        return base64(raw.bytes_value, "bytesValue")
    if raw.array_value is not None:
        return tuple(_value(each, depth + 1) for each in raw.array_value.values or ())
    assert raw.kvlist_value is not None
    return MappingProxyType({k.key or "": _value(k.value, depth + 1) for k in raw.kvlist_value.values or ()})

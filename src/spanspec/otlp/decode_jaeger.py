"""Jaeger's JSON as values: what its query API and page give, and what it writes to Elasticsearch and Cassandra.

Four documents are read: an answer of the query API (`{"data": [trace, …]}`, which the page downloads as well), one trace of it,
one span as it stands in Elasticsearch, and one as it stands in Cassandra (capitalised keys, ids as base64 and signed integers).

A span becomes what it was before OTLP was translated to Jaeger's model
(https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/): the tags that stand for a kind, status, scope or trace
state go back there, the log field `event` names its event, and times, which Jaeger keeps in microseconds, become nanoseconds.
A status is never derived from `http.status_code`: a verdict must not rest on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from spanspec.errors import OtlpError
from spanspec.model.ids import SpanId, TraceId, span_id, trace_id
from spanspec.model.span import EMPTY, NO_RESOURCE, NO_SCOPE, Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.otlp.decoded import Findings, shown
from spanspec.otlp.foreign import frozen, natural
from spanspec.otlp.jaeger import SPAN_DIGITS, TRACE_DIGITS, JaegerTrace, Reference, of_cassandra, of_query
from spanspec.otlp.scalars import INT64, UINT32, UINT64, base64, double, integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.jaeger import JaegerSpan, Log, Process, Tag

_MAX_REASON = 400
_MICROS: Final = (0, UINT64[1] // 1000)
_HEX = re.compile(r"[0-9a-fA-F]+")
_NO_SERVICE = "OTLPResourceNoServiceName"
"""What Jaeger writes for a resource without `service.name`."""

_REF_TYPE = "opentracing.ref_type"


class _Ids(NamedTuple):
    trace: TraceId
    own: SpanId
    parent: SpanId | None


def is_jaeger(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is one of Jaeger's documents."""
    return _is_answer(document) or _is_trace(document) or _is_span(document) or _is_cassandra(document)


def decode_jaeger(document: Mapping[str, Any]) -> Decoded:
    """Decode one of Jaeger's documents; a span that is invalid is left out with a reason.

    Raises:
        OtlpError: The object is none, or an answer that holds an error instead of traces.
    """
    reader = _Reader()
    if _is_answer(document):
        for each in _traces(document):
            reader.trace(each)
    elif _is_trace(document):
        reader.trace(document)
    elif _is_cassandra(document):
        reader.span(document, convert=of_cassandra, read_binary=_from_base64)
    elif _is_span(document):
        reader.span(document, convert=of_query, read_binary=_from_hex)
    else:
        raise OtlpError("no Jaeger JSON: neither an answer, a trace nor a span")
    return reader.findings.decoded(reader.spans)


def _is_answer(document: Mapping[str, Any]) -> bool:
    if "data" not in document:
        return False
    return _is_list_of(document["data"], _is_trace) or _is_list_of(document.get("errors"), lambda item: "msg" in item)


def _is_list_of(value: Any, fits: Callable[[Mapping[str, Any]], bool]) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and fits(value[0])


def _is_trace(document: Mapping[str, Any]) -> bool:
    return "spans" in document and ("traceID" in document or "processes" in document)


def _is_span(document: Mapping[str, Any]) -> bool:
    return {"traceID", "spanID"} <= document.keys() and ("operationName" in document or "process" in document)


def _is_cassandra(document: Mapping[str, Any]) -> bool:
    return {"TraceID", "SpanID"} <= document.keys() and ("OperationName" in document or "Process" in document)


def _traces(document: Mapping[str, Any]) -> list[Any]:
    """The traces of an answer.

    Raises:
        OtlpError: It has none but says why.
    """
    found = document["data"]
    if isinstance(found, list) and found:
        return found
    reason = shown(str(document["errors"][0]["msg"]), _MAX_REASON)
    raise OtlpError(f"Jaeger's answer has no trace: {reason}", help="Save the trace again from Jaeger.")


class _Reader:
    """Turns the parts of one document into spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.findings = Findings()
        self._scopes: dict[tuple[str, str], Scope] = {}

    def trace(self, raw: Any) -> None:
        """Read a trace of the query API.

        Raises:
            OtlpError: It is none.
        """
        try:
            trace = msgspec.convert(raw, JaegerTrace)
        except msgspec.ValidationError as fault:
            raise OtlpError(f"no Jaeger JSON: {shown(str(fault), _MAX_REASON)}") from fault
        known = {key: self._resource(each, _from_base64) for key, each in (trace.processes or {}).items()}
        for each in trace.spans or ():
            self.span(each, convert=of_query, read_binary=_from_base64, known=known, trace=trace.trace_id)

    def span(
        self,
        raw: Any,
        *,
        convert: Callable[[Any], JaegerSpan],
        read_binary: Callable[[str], bytes],
        known: Mapping[str, Resource] = MappingProxyType({}),
        trace: str | None = None,
    ) -> None:
        """Read a span, or say why it is left out.

        Args:
            raw: The span's object.
            convert: Gives its fields.
            read_binary: Reads binary tags.
            known: The resources of the trace's processes.
            trace: The id of the trace in which it stands.
        """
        name = _name(raw)
        try:
            span = convert(raw)
            span.trace_id = span.trace_id or trace
            self.spans.append(self._valid(span, known, read_binary))
        except msgspec.ValidationError as fault:
            self.findings.reject(name, shown(str(fault), _MAX_REASON))
        except OtlpError as fault:
            self.findings.reject(name, fault.message)

    def _valid(self, raw: JaegerSpan, known: Mapping[str, Resource], read_binary: Callable[[str], bytes]) -> Span:
        ids = _ids(raw)
        start = integer(raw.start, _MICROS, "startTime") * 1000
        took = integer(raw.duration, _MICROS, "duration") * 1000
        attributes = self._attributes(raw.tags, raw.tag, read_binary)
        status, message = _status(attributes)
        return Span(
            trace_id=ids.trace,
            span_id=ids.own,
            parent_id=ids.parent,
            name=raw.name or "",
            kind=_kind(attributes),
            start_ns=start,
            end_ns=integer(start + took, UINT64, "startTime and duration"),
            status=status,
            status_message=message,
            trace_state=_take(attributes, "w3c.tracestate"),
            scope=self._scope(attributes),
            attributes=frozen(attributes),
            events=tuple(self._event(each, read_binary) for each in raw.logs or ()),
            links=_links(raw, ids),
            flags=integer(raw.flags, UINT32, "flags"),
            resource=self._owner(raw, known, read_binary),
        )

    def _owner(self, raw: JaegerSpan, known: Mapping[str, Resource], read_binary: Callable[[str], bytes]) -> Resource:
        if raw.process_id in known:
            return known[raw.process_id or ""]
        if raw.process is not None:
            return self._resource(raw.process, read_binary)
        if raw.process_id:
            self.findings.note(f'process "{shown(raw.process_id)}" is named by spans but not described')
        return NO_RESOURCE

    def _resource(self, raw: Process, read_binary: Callable[[str], bytes]) -> Resource:
        named: dict[str, AttributeValue] = {}
        if raw.service and raw.service != _NO_SERVICE:
            named["service.name"] = raw.service
        attributes = named | self._attributes(raw.tags, raw.tag, read_binary) | named
        return Resource(attributes=frozen(attributes)) if attributes else NO_RESOURCE

    def _scope(self, attributes: dict[str, AttributeValue]) -> Scope:
        """The scope that tags name, under the name of today or the one before it; equal ones are one object."""
        old = _take(attributes, "otel.library.name"), _take(attributes, "otel.library.version")
        new = _take(attributes, "otel.scope.name"), _take(attributes, "otel.scope.version")
        name, version = new[0] or old[0], new[1] or old[1]
        if not name and not version:
            return NO_SCOPE
        return self._scopes.setdefault((name, version), Scope(name=name, version=version))

    def _event(self, raw: Log, read_binary: Callable[[str], bytes]) -> Event:
        attributes = self._attributes(raw.fields, None, read_binary)
        return Event(
            name=_take(attributes, "event"),
            time_ns=integer(raw.timestamp, _MICROS, "timestamp") * 1000,
            attributes=frozen(attributes),
        )

    def _attributes(
        self, tags: list[Tag] | None, flat: Mapping[str, Any] | None, read_binary: Callable[[str], bytes]
    ) -> dict[str, AttributeValue]:
        """The values of tags, listed and as fields of an object, in whose names Elasticsearch has `@` for a dot."""
        listed = {tag.key or "": self._value(tag, read_binary) for tag in tags or ()}
        return {key.replace("@", "."): natural(value, "tag") for key, value in (flat or {}).items()} | listed

    def _value(self, tag: Tag, read_binary: Callable[[str], bytes]) -> AttributeValue:
        """A tag's value in its type; one that does not fit is kept as it is written, with a note."""
        try:
            return _typed(tag, read_binary)
        except OtlpError as fault:
            self.findings.note(f"{fault.message}; kept as it is")
            return natural(tag.value, "tag")


def _name(raw: Any) -> str:
    """What to call a span that may be malformed."""
    fields = raw if isinstance(raw, Mapping) else {}
    return str(fields.get("operationName") or fields.get("OperationName") or "")


def _ids(raw: JaegerSpan) -> _Ids:
    """A span's ids.

    Raises:
        OtlpError: One is missing or none.
    """
    trace = trace_id(_padded(raw.trace_id, TRACE_DIGITS))
    if trace is None:
        raise _bad_id("trace", raw.trace_id, TRACE_DIGITS)
    own = span_id(_padded(raw.span_id, SPAN_DIGITS))
    if own is None:
        raise _bad_id("span", raw.span_id, SPAN_DIGITS)
    above = raw.parent_id or ""
    if not above.strip("0"):
        above = _parent_reference(raw, trace)
    parent = span_id(_padded(above, SPAN_DIGITS))
    if parent is None and above.strip("0"):
        raise _bad_id("parent span", above, SPAN_DIGITS)
    return _Ids(trace, own, parent)


def _padded(text: str | None, digits: int) -> str:
    """An id in full length; Jaeger leaves out leading zeros, and the first half of ids that have 64 bits."""
    if not text or not _HEX.fullmatch(text):
        return ""
    return text.lower().rjust(digits, "0")


def _bad_id(what: str, value: str | None, digits: int) -> OtlpError:
    if not value:
        return OtlpError(f"it has no {what} id")
    if not value.strip("0"):
        return OtlpError(f"its {what} id is all zeros")
    return OtlpError(f'its {what} id "{shown(value)}" is not 1 to {digits} hexadecimal digits')


def _parent_reference(raw: JaegerSpan, trace: TraceId) -> str:
    """The span that this one is a child of; where none is named, the one of its trace that it follows from.

    Jaeger writes a link to the parent in place of the parent, so that only this is left of it. A span without a parent has
    a trace id of its own, so a link within the trace is the parent's.
    """
    near = [each for each in raw.references or () if _padded(each.trace_id, TRACE_DIGITS) == trace and each.span_id]
    own = _padded(raw.span_id, SPAN_DIGITS)
    others = [each for each in near if _padded(each.span_id, SPAN_DIGITS) not in ("", own)]
    found = next((each for each in near if _is_child_of(each)), others[0] if others else Reference())
    return found.span_id or ""


def _is_child_of(reference: Reference) -> bool:
    return _ref_type(reference) == "child_of"


def _ref_type(reference: Reference) -> str:
    """The type as OpenTelemetry's semantic conventions spell it."""
    return (reference.kind or "").lower().replace("-", "_")


def _links(raw: JaegerSpan, ids: _Ids) -> tuple[Link, ...]:
    """All references but those that say what the parent is."""
    links = []
    for each in raw.references or ():
        link = _link(each)
        if not _is_child_of(each) or (link.trace_id, link.span_id) != (ids.trace, ids.parent):
            links.append(link)
    return tuple(links)


def _link(raw: Reference) -> Link:
    ids = _padded(raw.trace_id, TRACE_DIGITS), _padded(raw.span_id, SPAN_DIGITS)
    if len(ids[0]) != TRACE_DIGITS or len(ids[1]) != SPAN_DIGITS:
        raise OtlpError(
            f'references: "{shown(raw.trace_id or "")}" and "{shown(raw.span_id or "")}" are no trace and span id'
        )
    kind = _ref_type(raw)
    attributes: Attributes = MappingProxyType({_REF_TYPE: kind}) if kind else EMPTY
    return Link(trace_id=TraceId(ids[0]), span_id=SpanId(ids[1]), attributes=attributes)


_KINDS = {kind.value: kind for kind in SpanKind if kind is not SpanKind.UNSPECIFIED}
_CODES = {code.name: code for code in StatusCode}


def _kind(attributes: dict[str, AttributeValue]) -> SpanKind:
    """The kind that a tag names; a tag with another word stays an attribute."""
    found = attributes.get("span.kind")
    kind = _KINDS.get(found.lower()) if isinstance(found, str) else None
    if kind is None:
        return SpanKind.UNSPECIFIED
    del attributes["span.kind"]
    return kind


def _status(attributes: dict[str, AttributeValue]) -> tuple[StatusCode, str]:
    """The status; a true `error`, which older clients write as text, outweighs `otel.status_code`."""
    message = _take(attributes, "otel.status_description")
    code = StatusCode.UNSET
    written = attributes.get("otel.status_code")
    if isinstance(written, str) and written.upper() in _CODES:
        code = _CODES[written.upper()]
        del attributes["otel.status_code"]
    error = attributes.get("error")
    if error is True or error == "true":
        code = StatusCode.ERROR
        del attributes["error"]
    return code, message


def _take(attributes: dict[str, AttributeValue], key: str) -> str:
    """Remove a text; a value of another type stays."""
    found = attributes.get(key)
    if not isinstance(found, str):
        return ""
    del attributes[key]
    return found


def _typed(tag: Tag, read_binary: Callable[[str], bytes]) -> AttributeValue:
    """A tag's value in the type that it names, which Elasticsearch may hold as text.

    Raises:
        OtlpError: The value is none of the type.
    """
    value, key = tag.value, f'tag "{shown(tag.key or "")}"'
    match (tag.type or "").lower():
        case _ if value is None:
            return None
        case "bool":
            return _bool(value, key)
        case "int64" if isinstance(value, int | float | str) and not isinstance(value, bool):
            return integer(value, INT64, key)
        case "float64" if isinstance(value, int | float | str) and not isinstance(value, bool):
            return double(_GO_DOUBLES.get(value, value) if isinstance(value, str) else value, key)
        case "binary" if isinstance(value, str):
            return _binary(value, key, read_binary)
        case "int64" | "float64" | "binary" as kind:
            raise OtlpError(f"{key}: {shown(str(value))} is no {kind}")
    return natural(value, "tag")


_GO_DOUBLES = {"+Inf": "Infinity", "-Inf": "-Infinity"}
_BOOLS = {"true": True, "false": False}


def _bool(value: Any, key: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLS:
        return _BOOLS[value.lower()]
    raise OtlpError(f'{key}: "{shown(str(value))}" is no bool')


def _binary(value: str, key: str, read_binary: Callable[[str], bytes]) -> bytes:
    try:
        return read_binary(value)
    except ValueError as fault:
        raise OtlpError(f'{key}: "{shown(value)}" is not binary') from fault
    except OtlpError as fault:
        raise OtlpError(f"{key}: {fault.message}") from fault


def _from_hex(value: str) -> bytes:
    """Binary as Elasticsearch has it."""
    return bytes.fromhex(value)


def _from_base64(value: str) -> bytes:
    """Binary as all others have it."""
    return base64(value, "binary")

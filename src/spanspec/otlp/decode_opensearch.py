"""Spans as OpenSearch keeps them: the documents of Data Prepper, old and new, and of the Collector in Simple Schema for Observability.

Data Prepper's raw documents (`otel-v1-apm-span`) have attributes as members of their own, `span.attributes.http@method` and
`resource.attributes.service@name`, in which `@` stands for a dot; its newer ones and those of the Collector's exporter (`ss4o_traces`)
have `attributes`, `resource` and `instrumentationScope` as objects. They differ in how a kind (`SPAN_KIND_SERVER`, `SERVER`, `Server`) and a
status are written; all are read, whichever index they come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.model.span import NO_RESOURCE, NO_SCOPE, Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.otlp.decoded import Findings, shown
from spanspec.otlp.foreign import (
    attributes_of,
    code_named,
    frozen,
    instant,
    kind_named,
    mapping,
    natural,
    parent_of,
    span_of,
    text_of,
    trace_of,
)
from spanspec.otlp.hits import is_answer, is_bulk_action, sources
from spanspec.otlp.scalars import UINT32, UINT64, integer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.otlp.decoded import Decoded

LOSSES: Final = (
    "the documents keep no schema URLs of Data Prepper's old form and write a resource's values as text in SS4O"
)
"""What is no longer there, for a note."""

_SCOPES: Final = ("instrumentationScope", "instrumentationLibrary")
_NOT_A_RESOURCE: Final = ("attributes", "droppedAttributesCount", "schemaUrl")
_DATA_STREAM: Final = {"dataset", "namespace", "type"}
_HIGHEST_CODE: Final = 2


def is_opensearch(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a document, a hit or a search's answer with such documents."""
    if is_answer(document):
        found = document["hits"]["hits"]
        return not found or (isinstance(found[0], Mapping) and is_opensearch(found[0]))
    source = document.get("_source")
    if isinstance(source, Mapping):
        return _is_span(source)
    return is_bulk_action(document) or _is_span(document)


def _is_span(document: Mapping[str, Any]) -> bool:
    return {"traceId", "spanId"} <= document.keys() and bool({"startTime", "durationInNanos"} & document.keys())


def decode_opensearch(document: Any) -> Decoded:
    """Decode a document, a hit, an answer or a list of them; a span that is invalid is left out with a reason.

    Raises:
        OtlpError: The document is none of these.
    """
    reader = _Reader()
    for each in sources(document):
        reader.read(each)
    return reader.findings.decoded(reader.spans)


class _Reader:
    """Turns documents into spans; equal resources and scopes are one object."""

    def __init__(self) -> None:
        self.findings = Findings()
        self.spans: list[Span] = []
        self._resources: dict[str, Resource] = {}
        self._scopes: dict[str, Scope] = {}

    def read(self, raw: Any) -> None:
        """Keep a span, or say why it is left out."""
        try:
            self.spans.append(self._valid(mapping(raw)))
        except OtlpError as fault:
            self.findings.reject(text_of(mapping(raw).get("name")), fault.message)

    def _valid(self, raw: Mapping[str, Any]) -> Span:
        start = instant(raw.get("startTime"), "startTime")
        code, message = self._status(raw)
        return Span(
            trace_id=trace_of(raw.get("traceId")),
            span_id=span_of(raw.get("spanId")),
            parent_id=parent_of(raw.get("parentSpanId")),
            name=text_of(raw.get("name")),
            kind=self._kind(raw.get("kind")),
            start_ns=start,
            end_ns=_end(raw, start),
            status=code,
            status_message=message,
            trace_state=text_of(raw.get("traceState")),
            flags=integer(raw.get("flags"), UINT32, "flags"),
            attributes=_attributes(raw),
            events=tuple(_event(each) for each in _objects(raw, "events")),
            links=tuple(_link(each) for each in _objects(raw, "links")),
            dropped=sum(_dropped(raw, f"dropped{each}Count") for each in ("Attributes", "Events", "Links")),
            resource=self._resource(raw),
            scope=self._scope(raw),
        )

    def _kind(self, value: object) -> SpanKind:
        kind = kind_named(value)
        if kind is None:
            self.findings.note(f'"{shown(str(value))}" is no kind of span; taken as unspecified')
        return kind or SpanKind.UNSPECIFIED

    def _status(self, raw: Mapping[str, Any]) -> tuple[StatusCode, str]:
        status = mapping(raw.get("status"))
        written = status.get("code", raw.get("status.code"))
        message = text_of(status.get("message", raw.get("status.message")))
        if isinstance(written, int) and not isinstance(written, bool) and written > _HIGHEST_CODE:
            # Before OTLP 0.6 there were gRPC's codes, all but 0 an error (`deprecated_code` in trace.proto).
            return StatusCode.ERROR, message
        code = code_named(written)
        if code is None:
            self.findings.note(f'"{shown(str(written))}" is no status code; taken as unset')
        return code or StatusCode.UNSET, message

    def _resource(self, raw: Mapping[str, Any]) -> Resource:
        own = mapping(raw.get("resource"))
        found = _prefixed(raw, "resource.attributes")
        found.update(_plain(own) if "attributes" not in own else _listed(own.get("attributes"), "resource"))
        if name := text_of(raw.get("serviceName")):
            found.setdefault("service.name", name)
        if not found:
            return NO_RESOURCE
        url = text_of(own.get("schemaUrl"))
        resource = Resource(
            attributes=frozen(found), schema_url=url, dropped_attributes_count=_dropped(own, "droppedAttributesCount")
        )
        return self._resources.setdefault(f"{url}\0{_text(found)}", resource)

    def _scope(self, raw: Mapping[str, Any]) -> Scope:
        own: Mapping[str, Any] = next((mapping(raw[key]) for key in _SCOPES if raw.get(key)), mapping(None))
        flat = {key: _first(raw, [f"{scope}.{key}" for scope in _SCOPES]) for key in ("name", "version", "schemaUrl")}
        found = _listed(own.get("attributes"), "scope")
        for each in _SCOPES:
            found.update(_prefixed(raw, f"{each}.attributes"))
        scope = Scope(
            name=text_of(own.get("name", flat["name"])),
            version=text_of(own.get("version", flat["version"])),
            schema_url=text_of(own.get("schemaUrl", flat["schemaUrl"])),
            attributes=frozen(found),
            dropped_attributes_count=_dropped(own, "droppedAttributesCount"),
        )
        return (
            NO_SCOPE if scope == NO_SCOPE else self._scopes.setdefault(_text([scope.name, scope.version, found]), scope)
        )


def _text(value: object) -> str:
    return json.dumps(value, default=repr, sort_keys=True)


def _first(raw: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((raw[key] for key in keys if raw.get(key) is not None), None)


def _end(raw: Mapping[str, Any], start: int) -> int:
    if raw.get("endTime") is not None:
        return instant(raw["endTime"], "endTime")
    took = integer(raw.get("durationInNanos"), UINT64, "durationInNanos")
    return (
        integer(start + took, UINT64, "startTime and durationInNanos") if raw.get("durationInNanos") is not None else 0
    )


def _dropped(raw: Mapping[str, Any], key: str) -> int:
    return integer(raw.get(key), UINT32, key)


def _attributes(raw: Mapping[str, Any]) -> Attributes:
    found = _prefixed(raw, "span.attributes")
    found.update(_listed(raw.get("attributes"), "attributes"))
    stream = found.get("data_stream")
    if isinstance(stream, Mapping) and set(stream) == _DATA_STREAM:
        del found["data_stream"]  # the exporter's own, where the document belongs
    return frozen(found)


def _prefixed(raw: Mapping[str, Any], prefix: str) -> dict[str, AttributeValue]:
    """The attributes that are members of the document, `prefix.http@method`, or below objects of the prefix's parts."""
    found: dict[str, AttributeValue] = {}
    for key, value in raw.items():
        if key.startswith(prefix) and key[len(prefix) : len(prefix) + 1] in (".", "@"):
            found[_dotted(key[len(prefix) + 1 :])] = natural(value, key)
    first, second = prefix.split(".")
    if first == "span":
        below = mapping(mapping(raw.get(first)).get(second))
        found.update({_dotted(str(key)): natural(value, key) for key, value in below.items()})
    return found


def _dotted(key: str) -> str:
    return key.replace("@", ".")


def _listed(value: Any, name: str) -> dict[str, AttributeValue]:
    """Attributes that are an object, or a list of objects."""
    found: dict[str, AttributeValue] = {}
    for each in value if isinstance(value, list) else [value]:
        found.update({_dotted(key): item for key, item in attributes_of(mapping(each), name).items()})
    return found


def _plain(resource: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """A resource that is its attributes."""
    return {key: natural(value, key) for key, value in resource.items() if key not in _NOT_A_RESOURCE}


def _objects(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = raw.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise OtlpError(f"{key}: a list of objects is expected")
    return found


def _event(raw: Mapping[str, Any]) -> Event:
    return Event(
        name=text_of(raw.get("name")),
        time_ns=instant(_first(raw, ("time", "@timestamp", "timestamp", "timeUnixNano")), "events.time"),
        attributes=frozen(_listed(raw.get("attributes"), "events.attributes")),
        dropped_attributes_count=_dropped(raw, "droppedAttributesCount"),
    )


def _link(raw: Mapping[str, Any]) -> Link:
    return Link(
        trace_id=trace_of(raw.get("traceId")),
        span_id=span_of(raw.get("spanId")),
        trace_state=text_of(raw.get("traceState")),
        attributes=frozen(_listed(raw.get("attributes"), "links.attributes")),
        dropped_attributes_count=_dropped(raw, "droppedAttributesCount"),
    )

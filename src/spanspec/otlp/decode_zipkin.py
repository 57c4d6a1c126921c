"""Zipkin's JSON as values: what its query API gives, and what people save from it.

A span becomes what it was before OpenTelemetry was translated to Zipkin's model
(https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/): a span without a kind is internal, the tags that stand for a
status, scope, trace state or link go back there, tags that belong to a resource by their names go to the resource, and annotations
become events. What Zipkin does not keep cannot come back: all tags are texts, times are in microseconds, and attributes of a
resource with names of its own stay on the span.

In B3 propagation the two sides of a call share one span id. They stay two spans here: the server's side gets an id worked out
from the shared one, below the client's, and spans of the server's service that name the shared id as their parent hang on it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.model.ids import SpanId
from spanspec.model.span import NO_RESOURCE, NO_SCOPE, Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.otlp.decoded import Findings, shown
from spanspec.otlp.foreign import attributes_of, code_named, frozen, parent_of, span_of, trace_of
from spanspec.otlp.scalars import UINT32, UINT64, integer
from spanspec.otlp.zipkin import ZipkinSpan, of_json, raw_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.model.ids import TraceId
    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.zipkin import Annotation

LOSSES: Final = (
    "Zipkin writes names of spans and services in lower case, keeps attributes as text, times in microseconds, "
    "and a resource's own attributes on the span, and does not tell an internal span from one without a kind"
)
"""What is no longer there, for a note."""

_OF_RESOURCE: Final = ("service.", "telemetry.", "host.", "os.", "process.", "container.", "k8s.", "cloud.", "deployment.",
                       "device.", "webengine.", "aws.ecs.", "aws.eks.", "aws.log.", "faas.name", "faas.version",
                       "faas.instance", "faas.max_memory")  # fmt: skip
_LINK: Final = "otlp.link."
_KINDS: Final = {kind.value: kind for kind in SpanKind}
_NO_ERROR: Final = ("false",)


def decode_zipkin(document: Any) -> Decoded:
    """Decode a span, a list of spans or a list of traces; a span that is invalid is left out with a reason.

    Raises:
        OtlpError: The document is none of these.
    """
    reader = _Reader()
    for raw in raw_spans(document):
        reader.read(raw)
    spans = [reader.span(each) for each in _whole(reader.found)]
    return reader.findings.decoded(_unshared([each for each in spans if each is not None]))


class _Reader:
    """Turns the spans of one document into ours; equal resources and scopes are one object."""

    def __init__(self) -> None:
        self.findings = Findings()
        self.found: list[ZipkinSpan] = []
        self._resources: dict[str, Resource] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}

    def read(self, raw: Any) -> None:
        """Keep a span, or say why it is left out."""
        try:
            self.found.extend(of_json(raw))
        except OtlpError as fault:
            name = str(raw.get("name", "")) if isinstance(raw, Mapping) else ""
            self.findings.reject(name, fault.message)

    def span(self, raw: ZipkinSpan) -> tuple[Span, bool] | None:
        """A span and whether it shares its id, or None with a reason."""
        try:
            return self._valid(raw), raw.shared
        except OtlpError as fault:
            self.findings.reject(raw.name, fault.message)
            return None

    def _valid(self, raw: ZipkinSpan) -> Span:
        tags = dict(raw.tags)
        own = span_of(raw.id)
        parent = parent_of(raw.parent_id)
        start = raw.start_us or min((each.time_us for each in raw.annotations if each.time_us), default=0)
        if not start:
            self.findings.note("spans have no timestamp; they are taken to start at 0")
        status, message = _status(tags)
        links = _links(tags)
        kind = _kind(raw.kind, tags)
        state = tags.pop("w3c.tracestate", "")
        scope = self._scope(tags)
        resource = self._resource(raw, tags)
        _add_peer(raw, tags)
        return Span(
            trace_id=trace_of(raw.trace_id),
            span_id=own,
            parent_id=None if parent == own else parent,
            name=raw.name,
            kind=kind,
            start_ns=start * 1000,
            end_ns=integer((start + raw.duration_us) * 1000, UINT64, "timestamp and duration") if start else 0,
            status=status,
            status_message=message,
            trace_state=state,
            attributes=frozen(dict(tags)),
            events=tuple(_event(each) for each in raw.annotations),
            links=links,
            resource=resource,
            scope=scope,
        )

    def _scope(self, tags: dict[str, str]) -> Scope:
        old = tags.pop("otel.library.name", ""), tags.pop("otel.library.version", "")
        new = tags.pop("otel.scope.name", ""), tags.pop("otel.scope.version", "")
        key = new[0] or old[0], new[1] or old[1]
        return self._scopes.setdefault(key, Scope(name=key[0], version=key[1])) if any(key) else NO_SCOPE

    def _resource(self, raw: ZipkinSpan, tags: dict[str, str]) -> Resource:
        found: dict[str, AttributeValue] = {}
        for key in [key for key in tags if key.startswith(_OF_RESOURCE)]:
            found[key] = tags.pop(key)
        if raw.local.service:
            found["service.name"] = raw.local.service
        if not found:
            return NO_RESOURCE
        return self._resources.setdefault(json.dumps(found, sort_keys=True), Resource(attributes=frozen(found)))


def _kind(named: str, tags: dict[str, str]) -> SpanKind:
    if not named:
        return _KINDS.get(tags.pop("span.kind", "").lower(), SpanKind.INTERNAL)
    kind = _KINDS.get(named.lower())
    if kind is None:
        raise OtlpError(f'kind: "{shown(named)}" is none')
    return kind


def _status(tags: dict[str, str]) -> tuple[StatusCode, str]:
    """The status; the tag `error` says it where `otel.status_code` does not, and holds the description of an error."""
    written = tags.get("otel.status_code")
    code = code_named(written) if written is not None else None
    if code is not None:
        del tags["otel.status_code"]
    message = tags.pop("otel.status_description", "")
    error = tags.get("error")
    if error is None or error in _NO_ERROR:
        return code or StatusCode.UNSET, message
    if code in (None, StatusCode.ERROR):
        del tags["error"]
        return StatusCode.ERROR, message or ("" if error == "true" else error)
    return code or StatusCode.UNSET, message


def _links(tags: dict[str, str]) -> tuple[Link, ...]:
    """The links that the Collector writes into tags: `trace|span|state|attributes|dropped`."""
    names = sorted((key for key in tags if key.startswith(_LINK)), key=lambda key: (len(key), key))
    links = []
    for key in names:
        parts = tags[key].split("|")
        if len(parts) < 4:
            continue
        # A trace state may not hold the sign, attributes may.
        attributes, dropped = _tail(parts[3:])
        link = Link(
            trace_id=trace_of(parts[0]),
            span_id=span_of(parts[1]),
            trace_state=parts[2],
            attributes=attributes,
            dropped_attributes_count=dropped,
        )
        links.append(link)
        del tags[key]
    return tuple(links)


def _tail(parts: Sequence[str]) -> tuple[Attributes, int]:
    """Attributes as JSON and a count of dropped ones, which follow the last sign.

    Raises:
        OtlpError: They are not that.
    """
    if not parts[-1].isdecimal():
        raise OtlpError(f'"{shown(parts[-1])}" is no count')
    try:
        found = json.loads("|".join(parts[:-1]) or "{}")
    except (ValueError, RecursionError) as fault:
        raise OtlpError("attributes are no JSON") from fault
    if not isinstance(found, Mapping):
        raise OtlpError("attributes are no object")
    return attributes_of(found, "attributes"), integer(parts[-1], UINT32, "dropped")


def _event(raw: Annotation) -> Event:
    """An event; the Collector writes `name|attributes|dropped`, others the name alone, or JSON with the attributes below it."""
    parts = raw.value.split("|")
    if len(parts) > 2:
        try:
            attributes, dropped = _tail(parts[1:])
        except OtlpError:
            return Event(name=raw.value, time_ns=raw.time_us * 1000)
        return Event(name=parts[0], time_ns=raw.time_us * 1000, attributes=attributes, dropped_attributes_count=dropped)
    if raw.value.startswith("{"):
        return _event_in_json(raw)
    return Event(name=raw.value, time_ns=raw.time_us * 1000)


def _event_in_json(raw: Annotation) -> Event:
    """An event in the form of OpenTelemetry's exporters: `{"name": {attributes}}`."""
    try:
        found = json.loads(raw.value)
        name, inside = next(iter(found.items())) if len(found) == 1 else ("", None)
    except (ValueError, RecursionError, AttributeError):
        name, inside = "", None
    if not isinstance(inside, Mapping):
        return Event(name=raw.value, time_ns=raw.time_us * 1000)
    return Event(name=str(name), time_ns=raw.time_us * 1000, attributes=attributes_of(inside, "attributes"))


def _add_peer(raw: ZipkinSpan, tags: dict[str, str]) -> None:
    """What the endpoints say of the two sides, under the names that the Collector gives them."""
    found = {
        "net.host.ip": raw.local.address,
        "net.host.port": str(raw.local.port) if raw.local.port else "",
        "peer.service": raw.remote.service,
        "net.peer.ip": raw.remote.address,
        "net.peer.port": str(raw.remote.port) if raw.remote.port else "",
    }
    for key, value in found.items():
        if value:
            tags.setdefault(key, value)


def _whole(found: list[ZipkinSpan]) -> list[ZipkinSpan]:
    """Spans with what was reported apart put together: a report without a time or a duration adds to the span it belongs to."""
    groups: dict[tuple[str, str], list[ZipkinSpan]] = defaultdict(list)
    for each in found:
        groups[_key(each.trace_id), _key(each.id)].append(each)
    return [span for group in groups.values() for span in (_merged(group) if len(group) > 1 else group)]


def _key(value: object) -> str:
    """An id as written, without the zeros and the case in which one spelling differs from another."""
    return str(value).lower().lstrip("0")


def _merged(group: list[ZipkinSpan]) -> list[ZipkinSpan]:
    whole = [each for each in group if each.start_us and each.duration_us]
    if not whole:
        return _folded(group[1:], [group[0]])
    return _folded([each for each in group if not (each.start_us and each.duration_us)], whole)


def _folded(parts: list[ZipkinSpan], into: list[ZipkinSpan]) -> list[ZipkinSpan]:
    for part in parts:
        at = next((index for index, each in enumerate(into) if _belongs(part, each)), None)
        if at is None:
            into.append(part)
        else:
            into[at] = _joined(into[at], part)
    return into


def _belongs(part: ZipkinSpan, whole: ZipkinSpan) -> bool:
    same_kind = not part.kind or not whole.kind or part.kind == whole.kind
    same_service = not part.local.service or not whole.local.service or part.local.service == whole.local.service
    return same_kind and same_service


def _joined(whole: ZipkinSpan, part: ZipkinSpan) -> ZipkinSpan:
    return replace(
        whole,
        parent_id=whole.parent_id or part.parent_id,
        name=whole.name if whole.name not in ("", "unknown") else part.name,
        kind=whole.kind or part.kind,
        start_us=whole.start_us or part.start_us,
        duration_us=whole.duration_us or part.duration_us,
        shared=whole.shared or part.shared,
        local=whole.local if whole.local.service else part.local,
        remote=whole.remote if whole.remote.service or whole.remote.address else part.remote,
        annotations=tuple(dict.fromkeys((*whole.annotations, *part.annotations))),
        tags={**part.tags, **whole.tags},
    )


def _unshared(spans: list[tuple[Span, bool]]) -> list[Span]:
    """Every span with an id of its own, see above."""
    clients = {(each.trace_id, each.span_id) for each, _ in spans if each.kind is SpanKind.CLIENT}
    moved: dict[tuple[TraceId, SpanId, str], SpanId] = {}
    out: list[Span] = []
    for span, shared in spans:
        key = (span.trace_id, span.span_id)
        if key in clients and (span.kind is SpanKind.SERVER or (shared and span.kind is not SpanKind.CLIENT)):
            own = _own_id(*key)
            moved[(*key, span.service)] = own
            out.append(replace(span, span_id=own, parent_id=span.span_id))
        else:
            out.append(span)
    return [_hung(each, moved) for each in out] if moved else out


def _hung(span: Span, moved: Mapping[tuple[TraceId, SpanId, str], SpanId]) -> Span:
    if span.parent_id is None:
        return span
    found = moved.get((span.trace_id, span.parent_id, span.service))
    return replace(span, parent_id=found) if found is not None and found != span.span_id else span


def _own_id(trace: TraceId, shared: SpanId) -> SpanId:
    return SpanId(hashlib.sha256(f"{trace}{shared}".encode()).hexdigest()[:16])

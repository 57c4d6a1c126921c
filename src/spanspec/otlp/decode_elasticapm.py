"""Spans as Elastic APM keeps them in Elasticsearch: documents of transactions, spans and errors.

A transaction is a span that a service was entered by, a span one within or out of it; an error, and a log entry that names its span, become an
event of it. Fields of the Elastic Common Schema go back to the attribute that OpenTelemetry has for them (the reverse of what the server's
OTLP intake does); labels are attributes by their own names, in which the server has written `_` for each dot, and what else says something
for a check (`transaction.type`, `span.subtype`) is an attribute by its field's name. An outcome of `failure` is the status error; whether a
status was ok or unset is no longer there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.model.span import NO_RESOURCE, NO_SCOPE, Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.otlp.decoded import Findings, shown
from spanspec.otlp.elasticapm import documents_of, is_intake
from spanspec.otlp.foreign import frozen, instant, kind_named, mapping, natural, parent_of, span_of, text_of, trace_of
from spanspec.otlp.hits import is_answer, is_bulk_action, nested, sources
from spanspec.otlp.scalars import UINT32, UINT64, integer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.model.attributes import AttributeValue
    from spanspec.model.ids import SpanId, TraceId
    from spanspec.otlp.decoded import Decoded

LOSSES: Final = (
    "Elastic APM writes `_` for the dots in names of labels, keeps times in microseconds, makes a kind from a type where none is stored, "
    "and does not tell a status of ok from one that is unset"
)
"""What is no longer there, for a note."""

_RESOURCE: Final = {
    "service.name": "service.name",
    "service.version": "service.version",
    "service.environment": "deployment.environment",
    "service.node.name": "service.instance.id",
    "service.language.name": "telemetry.sdk.language",
    "service.runtime.name": "process.runtime.name",
    "service.runtime.version": "process.runtime.version",
    "agent.version": "telemetry.sdk.version",
    "host.hostname": "host.name",
    "host.name": "host.name",
    "host.architecture": "host.arch",
    "host.os.platform": "os.type",
    "container.id": "container.id",
    "kubernetes.namespace": "k8s.namespace.name",
    "kubernetes.node.name": "k8s.node.name",
    "kubernetes.pod.name": "k8s.pod.name",
    "kubernetes.pod.uid": "k8s.pod.uid",
    "process.pid": "process.pid",
    "process.title": "process.executable.name",
    "cloud.provider": "cloud.provider",
    "cloud.region": "cloud.region",
    "cloud.availability_zone": "cloud.availability_zone",
    "cloud.account.id": "cloud.account.id",
}
_ATTRIBUTES: Final = {
    "http.request.method": "http.request.method",
    "http.response.status_code": "http.response.status_code",
    "http.version": "network.protocol.version",
    "url.full": "url.full",
    "url.scheme": "url.scheme",
    "url.path": "url.path",
    "url.query": "url.query",
    "url.domain": "server.address",
    "url.port": "server.port",
    "user_agent.original": "user_agent.original",
    "client.ip": "client.address",
    "destination.address": "server.address",
    "destination.port": "server.port",
    "span.db.statement": "db.statement",
    "span.db.instance": "db.name",
    "span.db.type": "db.system",
    "span.db.user.name": "db.user",
    "span.message.queue.name": "messaging.destination.name",
    "transaction.message.queue.name": "messaging.destination.name",
    "span.destination.service.resource": "span.destination.service.resource",
    "service.target.name": "service.target.name",
    "service.target.type": "service.target.type",
    "transaction.type": "transaction.type",
    "transaction.result": "transaction.result",
    "span.type": "span.type",
    "span.subtype": "span.subtype",
    "span.action": "span.action",
}
_ENTERED: Final = {"request": SpanKind.SERVER, "http_request": SpanKind.SERVER, "messaging": SpanKind.CONSUMER}
_CALLED: Final = {"external": SpanKind.CLIENT, "db": SpanKind.CLIENT, "storage": SpanKind.CLIENT}
_TAKING: Final = ("receive", "process", "poll", "consume")
_MICROS: Final = (0, UINT64[1] // 1000)
_OF_SPANS: Final = ("error", "log")
_MAX_LINES: Final = 200


def is_elasticapm(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a document, a hit or an answer with them, or a line that an agent sends."""
    if is_answer(document):
        found = document["hits"]["hits"]
        return bool(found) and isinstance(found[0], Mapping) and is_elasticapm(found[0])
    source = document.get("_source")
    if isinstance(source, Mapping):
        return _is_event(source)
    events = document.get("events")
    if isinstance(events, list) and events and "traceId" not in document:
        return isinstance(events[0], Mapping) and _is_event(events[0])
    return is_intake(document) or _is_event(document)


def _is_event(document: Mapping[str, Any]) -> bool:
    if (
        "traceId" in document
        or not {"@timestamp", "timestamp", "timestamp.us", "processor", "processor.event"} & document.keys()
    ):
        return False
    names = {key.split(".")[0] for key in document}
    return "trace" in names or bool({"transaction", "span"} & names)


def decode_elasticapm(document: Any) -> Decoded:
    """Decode documents, hits, an answer, or an agent's lines in order; one that is invalid is left out with a reason.

    Args:
        document: One of them or a list; errors and log entries go to the spans of the same call.

    Raises:
        OtlpError: The document is none of these.
    """
    reader = _Reader()
    for each in documents_of(list(_events(document))):
        reader.read(each)
    return reader.findings.decoded(reader.with_events())


def _events(document: Any) -> Iterable[Any]:
    if isinstance(document, list):
        for each in document:
            yield from _events(each)
    elif isinstance(document, Mapping) and is_intake(document) and not is_bulk_action(document):
        yield document
    elif isinstance(document, Mapping) and isinstance(document.get("events"), list):
        yield from document["events"]
    else:
        yield from sources(document)


class _Reader:
    """Turns documents into spans and their events; equal resources and scopes are one object."""

    def __init__(self) -> None:
        self.findings = Findings()
        self._spans: list[Span] = []
        self._events: dict[tuple[TraceId, SpanId], list[Event]] = defaultdict(list)
        self._resources: dict[str, Resource] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}

    def read(self, raw: Any) -> None:
        """Keep a span or an event, or say why it is left out."""
        name, kind = "", ""
        try:
            document = nested(mapping(raw))
            kind = _event_kind(document)
            name = text_of(mapping(document.get(kind)).get("name"))
            if kind in ("transaction", "span"):
                self._spans.append(self._span(document, kind))
            elif kind in _OF_SPANS:
                owner = trace_of(_at(document, "trace.id")), _owner(document)
                self._events[owner].append(_event(document, kind))
        except OtlpError as fault:
            if kind in _OF_SPANS:
                self.findings.note(f"an entry of kind {kind} left out: {fault.message}")
            else:
                self.findings.reject(name, fault.message)

    def with_events(self) -> list[Span]:
        """All spans; a note counts the events whose span is not among them."""
        spans = [
            replace(each, events=tuple(self._events.get((each.trace_id, each.span_id), ()))) for each in self._spans
        ]
        known = {(each.trace_id, each.span_id) for each in spans}
        lost = sum(len(events) for owner, events in self._events.items() if owner not in known)
        if lost:
            self.findings.note(f"{lost} errors or log entries name a span that is not here")
        return spans

    def _span(self, raw: dict[str, Any], kind: str) -> Span:
        own = mapping(raw[kind])
        start = _time(raw)
        return Span(
            trace_id=trace_of(_at(raw, "trace.id")),
            span_id=span_of(own.get("id")),
            parent_id=parent_of(_at(raw, "parent.id")),
            name=text_of(own.get("name")),
            kind=_kind(raw, kind),
            start_ns=start,
            end_ns=integer(start + _duration(raw, kind), UINT64, "timestamp and duration"),
            status=StatusCode.ERROR if _at(raw, "event.outcome") == "failure" else StatusCode.UNSET,
            attributes=frozen(_attributes(raw)),
            links=tuple(_link(mapping(each)) for each in _at(raw, "span.links") or ()),
            dropped=integer(_at(raw, "transaction.span_count.dropped"), UINT32, "span_count.dropped"),
            resource=self._resource(raw),
            scope=self._scope(raw),
        )

    def _resource(self, raw: dict[str, Any]) -> Resource:
        found = _renamed(raw, _RESOURCE)
        agent = text_of(_at(raw, "agent.name"))
        if agent:
            found["telemetry.sdk.name"] = agent.partition("/")[0]
        if not found:
            return NO_RESOURCE
        return self._resources.setdefault(json.dumps(found, default=repr), Resource(attributes=frozen(found)))

    def _scope(self, raw: dict[str, Any]) -> Scope:
        name, version = (text_of(_at(raw, f"service.framework.{key}")) for key in ("name", "version"))
        return self._scopes.setdefault((name, version), Scope(name=name, version=version)) if name else NO_SCOPE


def _at(raw: Mapping[str, Any], path: str) -> Any:
    """What stands at a path, or None."""
    found: Any = raw
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _first(raw: Mapping[str, Any], *paths: str) -> Any:
    return next((found for path in paths if (found := _at(raw, path)) is not None), None)


def _time(raw: Mapping[str, Any]) -> int:
    """Unix nanoseconds; a time in microseconds is more exact than `@timestamp`, which has milliseconds."""
    micros = _at(raw, "timestamp.us")
    if micros is None:
        return instant(_at(raw, "@timestamp"), "@timestamp")
    if not isinstance(micros, int | float | str):
        raise OtlpError("timestamp.us: a number is expected")
    return integer(micros, _MICROS, "timestamp.us") * 1000


def _event_kind(raw: Mapping[str, Any]) -> str:
    """What a document is; those of the server say so, others show it by what they have."""
    said = text_of(_at(raw, "processor.event"))
    if said:
        return said
    if "error" in raw:
        return "error"
    if "metricset" in raw:
        return "metric"
    if any(key in mapping(raw.get("span")) for key in ("name", "type", "duration")):
        return "span"
    # An entry of a log names its transaction, but has nothing of one.
    if any(key in mapping(raw.get("transaction")) for key in ("name", "result", "representative_count", "duration")):
        return "transaction"
    return (
        "log" if "message" in raw or _at(raw, "event.kind") == "event" else "span" if "span" in raw else "transaction"
    )


def _owner(raw: Mapping[str, Any]) -> SpanId:
    return span_of(_first(raw, "parent.id", "span.id", "transaction.id"))


def _duration(raw: Mapping[str, Any], kind: str) -> int:
    micros = _at(raw, f"{kind}.duration.us")
    if micros is not None:
        return integer(micros, UINT64, f"{kind}.duration.us") * 1000
    return integer(_at(raw, "event.duration"), UINT64, "event.duration")


def _kind(raw: Mapping[str, Any], kind: str) -> SpanKind:
    said = kind_named(_first(raw, "span.kind", "transaction.kind"))
    if said not in (None, SpanKind.UNSPECIFIED):
        return said or SpanKind.INTERNAL
    if kind == "transaction":
        return _ENTERED.get(text_of(_at(raw, "transaction.type")), SpanKind.INTERNAL)
    main = text_of(_at(raw, "span.type")).partition(".")[0]
    if main == "messaging":
        action = f"{text_of(_at(raw, 'span.action'))} {text_of(_at(raw, 'span.name'))}".lower()
        return SpanKind.CONSUMER if any(word in action for word in _TAKING) else SpanKind.PRODUCER
    return _CALLED.get(main, SpanKind.INTERNAL)


def _attributes(raw: Mapping[str, Any]) -> dict[str, AttributeValue]:
    found = _renamed(raw, _ATTRIBUTES)
    if text_of(_at(raw, "span.type")).partition(".")[0] == "db" and _at(raw, "span.subtype"):
        found["db.system"] = text_of(_at(raw, "span.subtype"))
    for labels in ("labels", "numeric_labels"):
        found.update(_flat(mapping(raw.get(labels)), labels))
    return found


def _flat(labels: Mapping[str, Any], prefix: str) -> dict[str, AttributeValue]:
    out: dict[str, AttributeValue] = {}
    for key, value in labels.items():
        if isinstance(value, Mapping):
            out.update({f"{key}.{inner}": each for inner, each in _flat(value, f"{prefix}.{key}").items()})
        else:
            out[key] = natural(value, f"{prefix}.{shown(key)}")
    return out


def _renamed(raw: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, AttributeValue]:
    out: dict[str, AttributeValue] = {}
    for path, name in names.items():
        value = _at(raw, path)
        if value is not None and not isinstance(value, Mapping):
            out[name] = natural(value, path)
    return out


def _event(raw: Mapping[str, Any], kind: str) -> Event:
    time = _time(raw)
    exceptions = _at(raw, "error.exception")
    first = mapping(exceptions[0]) if isinstance(exceptions, list) and exceptions else mapping(exceptions)
    text = text_of(_first(raw, "error.log.message", "message"))
    if kind == "log":
        return Event(
            name=text_of(_at(raw, "event.action")) or text,
            time_ns=time,
            attributes=frozen(_flat(mapping(raw.get("labels")), "labels")),
        )
    if not first:
        return Event(name="error", time_ns=time, attributes=frozen({"message": text}))
    found: dict[str, AttributeValue] = {}
    for key, value in (
        ("type", first.get("type")),
        ("message", first.get("message")),
        ("stacktrace", _stack(raw, first)),
    ):
        if isinstance(value, str) and value:
            found[f"exception.{key}"] = value
    if text:
        found["message"] = text
    return Event(name="exception", time_ns=time, attributes=frozen(found))


def _stack(raw: Mapping[str, Any], exception: Mapping[str, Any]) -> str:
    """The stack as one text; the server keeps what OTLP sent in `error.stack_trace`, and agents send frames."""
    whole = text_of(_at(raw, "error.stack_trace"))
    frames = exception.get("stacktrace")
    if whole or not isinstance(frames, list):
        return whole
    return "\n".join(_frame(mapping(each)) for each in frames[:_MAX_LINES])


def _frame(raw: Mapping[str, Any]) -> str:
    line = _first(raw, "line.number", "lineno")
    where = text_of(_first(raw, "filename", "abs_path", "classname"))
    return f"  at {text_of(raw.get('function')) or '?'} ({where}{f':{line}' if line is not None else ''})"


def _link(raw: Mapping[str, Any]) -> Link:
    return Link(
        trace_id=trace_of(_first(raw, "trace.id", "trace_id")), span_id=span_of(_first(raw, "span.id", "span_id"))
    )

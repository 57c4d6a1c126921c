"""A span's fields by name: `span:…`, and the attributes that the reference writes onto every span."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from spanspec.language.comparing.forms import json_text
from spanspec.language.dialect import Dialect
from spanspec.language.fields.response import response_attribute
from spanspec.language.reference.values import otlp_text
from spanspec.language.verdict import EvaluationError
from spanspec.model.assemble import TRIGGER_NAME
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.verdict import Given, Value
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_ABSENT: tuple[bool, Value] = (False, None)


def span_field(key: str, span: Span, trace: Trace) -> tuple[bool, Value]:
    """A field after `span:`; whether it is there, and its value. Only `parent_id` and `status_message` can be absent."""
    field = _FIELDS.get(key)
    if field is None:
        raise EvaluationError(f'span: has no "{key}"; it has {", ".join(_FIELDS)}')
    value = field(span, trace)
    return value is not None, value


def self_time(span: Span, trace: Trace) -> Duration:
    """The span's duration less what its children cover."""
    end_ns = span.start_ns + span.duration_ns
    covered, reached = 0, span.start_ns
    for child in trace.children_of(span):
        start = max(child.start_ns, reached)
        end = min(child.start_ns + child.duration_ns, end_ns)
        if end > start:
            covered += end - start
            reached = end
    return Duration(span.duration_ns - covered)


_FIELDS: dict[str, Callable[[Span, Trace], Value]] = {
    "name": lambda span, trace: span.name,
    "kind": lambda span, trace: span.kind.value,
    "status": lambda span, trace: span.status.value,
    "status_message": lambda span, trace: span.status_message or None,
    "duration": lambda span, trace: Duration(span.duration_ns),
    "start": lambda span, trace: span.start_ns,
    "end": lambda span, trace: span.end_ns,
    "id": lambda span, trace: span.span_id,
    "parent_id": lambda span, trace: span.parent_id,
    "depth": lambda span, trace: trace.depth(span),
    "self_time": self_time,
    "child_count": lambda span, trace: len(trace.children_of(span)),
}


# --- the reference's own attributes --------------------------------------------------------------------------------

_TYPES: Final = (
    ("db.", "database"),
    ("messaging.", "messaging"),
    ("rpc.", "rpc"),
    ("faas.", "faas"),
    ("http.", "http"),
    ("exception.", "exception"),
)
"""Prefixes of attribute keys and the type each makes, in a fixed order, where the reference takes one at random."""

_STABLE_TYPES: Final = (("url.", "http"), ("user_agent.", "http"))
"""What the stable conventions use for HTTP without any `http.` key."""


def span_type(span: Span, dialect: Dialect = Dialect.SPECS) -> str:
    """The type that the reference infers from a span's name and attribute keys, those of its resource included."""
    if span.attributes.get("event_type") or span.name == "documentLoad":
        return "general"
    prefixes = _TYPES if dialect is Dialect.COMPAT else (*_TYPES, *_STABLE_TYPES)
    for keys in (span.attributes, span.resource.attributes):
        for prefix, name in prefixes:
            if any(key.startswith(prefix) for key in keys):
                return name
    return "general"


def tracetest_attribute(key: str, span: Span, given: Given) -> tuple[bool, Value]:
    """`tracetest.span.*`, `tracetest.response.*` and `span.events`; whether it is there, and its value."""
    if key.startswith("tracetest.span."):
        return _span_attribute(key.removeprefix("tracetest.span."), span, given)
    if key == "span.events":
        return _ABSENT if _is_inserted(span, given) else (True, _events(span))
    if key.startswith("tracetest.response.") and given.response is not None:
        return _response_attribute(key, span, given)
    if key == "service.name" and is_trigger(span, given):
        return True, "tracetest"
    return _ABSENT


def is_trigger(span: Span, given: Given) -> bool:
    """Whether the span is the one that stands for the trigger."""
    trace = given.trace
    if trace.trigger is not None:
        return span.span_id == trace.trigger.span_id
    return span.name == TRIGGER_NAME and (span.parent_id is None or span.span_id == trace.injected)


def _is_inserted(span: Span, given: Given) -> bool:
    """Whether the span is the trigger's own, and none of that name that the system exported."""
    own = given.trace.trigger.span_id if given.trace.trigger is not None else given.trace.injected
    return is_trigger(span, given) and span.span_id == own


def _response_attribute(key: str, span: Span, given: Given) -> tuple[bool, Value]:
    """Under `specs:` the trigger span alone has them; under `expect:`, where it is kept apart, every span answers."""
    assert given.response is not None
    if given.dialect is not Dialect.EXPECT and not is_trigger(span, given):
        return _ABSENT
    if given.dialect is Dialect.COMPAT and (given.response.kind not in ("http", "grpc") or ".header." in key):
        return _ABSENT
    return response_attribute(key, given.response)


def _span_attribute(field: str, span: Span, given: Given) -> tuple[bool, Value]:
    value: Value = None
    if field == "name":
        value = span.name
    elif field == "type":
        value = span_type(span, given.dialect)
    elif field == "kind":
        return (False, None) if given.dialect is Dialect.COMPAT else (True, span.kind.value)
    elif field == "duration":
        value = Duration(span.duration_ns) if given.dialect is Dialect.EXPECT else span.duration_ns
    elif field == "start_time":
        value = span.start_ns
    elif field == "end_time":
        value = span.end_ns
    elif field == "status_code":
        return (False, None) if is_trigger(span, given) else (True, f"STATUS_CODE_{span.status.name}")
    elif field == "status_description":
        value = span.status_message or None
    elif field == "parent_id" and not is_trigger(span, given):
        value = span.parent_id or "0" * 16
    return value is not None, value


def _events(span: Span) -> str:
    listed = (
        f'{{"name": {json_text(event.name)}, "timestamp": {event.time_ns}, "attributes": {json_text(event.attributes)}}}'
        for event in span.events
    )
    return json.dumps(json.loads(f"[{', '.join(listed)}]"), separators=(",", ":"), ensure_ascii=False)


# --- the reference's merge -----------------------------------------------------------------------------------------


def compat_attribute(key: str, span: Span, given: Given) -> tuple[bool, str]:
    """An attribute's text as the reference merges them: the resource over the scope over the span.

    The scope's name is its `service.name` unless the resource has one.
    """
    for attributes in (span.resource.attributes, span.scope.attributes):
        if key in attributes:
            return True, otlp_text(attributes[key])
    if key == "service.name" and span.scope.name:
        return True, span.scope.name
    if key in span.attributes:
        return True, otlp_text(span.attributes[key])
    present, value = tracetest_attribute(key, span, given)
    return present, otlp_text(value) if present else ""

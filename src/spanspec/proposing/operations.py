"""What the spans of several traces have in common: one operation of a service, and the selector that picks it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.model.span import SpanKind
from spanspec.proposing.noise import lasting_name, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

ENTRIES = (SpanKind.SERVER, SpanKind.CONSUMER)
DESTINATIONS = ("messaging.destination.name", "messaging.destination")
DATABASES = ("db.system.name", "db.system")
DB_OPERATIONS = ("db.operation.name", "db.operation")
HTTP_METHODS = ("http.request.method", "http.method")
STATUSES = ("http.response.status_code", "http.status_code")


@dataclass(frozen=True, slots=True)
class Operation:
    """Spans that one selector picks.

    Attributes:
        selector: Its text.
        spans: What it picks in each trace, in the order of the traces.
        service: Their service.
        label: The operation, for people.
    """

    selector: str
    spans: tuple[tuple[Span, ...], ...]
    service: str
    label: str

    @property
    def counts(self) -> tuple[int, ...]:
        """How many in each trace."""
        return tuple(len(each) for each in self.spans)

    @property
    def everywhere(self) -> bool:
        """Whether every trace has one."""
        return all(self.spans)


def quoted(text: str) -> str:
    """A text of the language."""
    return json.dumps(text, ensure_ascii=False)


def selector(*predicates: str) -> str:
    """`span[a = "1" b exists]`."""
    return f"span[{' '.join(predicates)}]"


def said(span: Span, keys: Iterable[str]) -> tuple[str, str] | None:
    """The first of some attributes that a span has as a text, with the text."""
    for key in keys:
        value = span.attributes.get(key)
        if isinstance(value, str) and value:
            return key, value
    return None


def of_service(service: str) -> str:
    """The predicate."""
    return f"service.name = {quoted(service)}"


def grouped(
    traces: Sequence[Trace], predicates: Callable[[Span], tuple[tuple[str, ...], str] | None]
) -> list[Operation]:
    """Spans by what `predicates` says picks them (with a label), in the order in which they first come."""
    found: dict[tuple[str, ...], list[list[Span]]] = {}
    labels: dict[tuple[str, ...], tuple[str, str]] = {}
    for index, trace in enumerate(traces):
        for span in trace:
            chosen = predicates(span)
            if chosen is None:
                continue
            key, label = chosen
            labels.setdefault(key, (span.service, label))
            found.setdefault(key, [[] for _ in traces])[index].append(span)
    return [Operation(selector(*key), tuple(map(tuple, spans)), *labels[key]) for key, spans in found.items()]


def entries(traces: Sequence[Trace]) -> list[Operation]:
    """Where services are entered: by service and kind, and by name where a service has several that can be told apart."""
    names: dict[tuple[str, SpanKind], set[str]] = {}
    for trace in traces:
        for span in trace:
            if span.kind in ENTRIES:
                names.setdefault((span.service, span.kind), set()).add(span.name)

    def predicates(span: Span) -> tuple[tuple[str, ...], str] | None:
        if span.kind not in ENTRIES or not span.service:
            return None
        several = names[span.service, span.kind]
        base = (of_service(span.service), f'kind = "{span.kind.value}"')
        if len(several) > 1 and all(map(lasting_name, several)):
            return (*base, f"name = {quoted(span.name)}"), f"{span.service} {span.name}"
        return base, span.service

    return grouped(traces, predicates)


def publications(traces: Sequence[Trace]) -> list[Operation]:
    """Messages sent, by destination."""

    def predicates(span: Span) -> tuple[tuple[str, ...], str] | None:
        place = said(span, DESTINATIONS)
        if span.kind is not SpanKind.PRODUCER or place is None or not telling(place[1]):
            return None
        return (f"{place[0]} = {quoted(place[1])}", 'kind = "producer"'), place[1]

    return grouped(traces, predicates)


def queries(traces: Sequence[Trace], *, by_operation: bool) -> list[Operation]:
    """Calls of databases: by service and system, and by operation if asked."""

    def predicates(span: Span) -> tuple[tuple[str, ...], str] | None:
        system, operation = said(span, DATABASES), said(span, DB_OPERATIONS)
        if system is None or not span.service or not telling(system[1]):
            return None
        base = (of_service(span.service), f"{system[0]} = {quoted(system[1])}")
        if not by_operation:
            return base, f"{span.service}'s calls of {system[1]}"
        if operation is None or not telling(operation[1]):
            return None
        return (*base, f"{operation[0]} = {quoted(operation[1])}"), f"{span.service} {operation[1]}"

    return grouped(traces, predicates)


def outward(traces: Sequence[Trace]) -> list[Operation]:
    """HTTP and RPC calls of what sends no spans of its own into the trace."""
    called = {span.parent_id for trace in traces for span in trace if span.kind in ENTRIES}

    def predicates(span: Span) -> tuple[tuple[str, ...], str] | None:
        method = said(span, (*HTTP_METHODS, "rpc.system"))
        if (
            span.kind is not SpanKind.CLIENT
            or method is None
            or span.span_id in called
            or said(span, DATABASES)
            or not span.service
        ):
            return None
        more = (f"name = {quoted(span.name)}",) if lasting_name(span.name) and span.name != method[1] else ()
        return (
            of_service(span.service),
            'kind = "client"',
            f"{method[0]} = {quoted(method[1])}",
            *more,
        ), f"{span.service} {span.name}"

    return grouped(traces, predicates)


def steps(traces: Sequence[Trace]) -> list[Operation]:
    """Spans inside a service, by name; of names that several services have none."""
    services: dict[str, Counter[str]] = {}
    for trace in traces:
        for span in trace:
            services.setdefault(span.name, Counter())[span.service] += 1

    def predicates(span: Span) -> tuple[tuple[str, ...], str] | None:
        if span.kind not in (SpanKind.INTERNAL, SpanKind.UNSPECIFIED) or not lasting_name(span.name):
            return None
        owner = (of_service(span.service),) if len(services[span.name]) > 1 else ()
        return (*owner, f"name = {quoted(span.name)}"), span.name

    return grouped(traces, predicates)

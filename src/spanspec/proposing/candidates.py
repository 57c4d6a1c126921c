"""Statements that may hold on all traces, each with what speaks for it. Whether they hold is tried in `propose`."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spanspec.model.span import SpanKind, StatusCode
from spanspec.model.time import short_duration
from spanspec.proposing import operations
from spanspec.proposing.noise import noisy_key, telling
from spanspec.proposing.operations import STATUSES, Operation, quoted, selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.model.attributes import AttributeValue
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

HEAD_ROOM: Final = 3
"""A time bound is at least this many times the longest time seen."""
_LEAST_NS: Final = 100_000_000
_MOST_EDGES: Final = 12
_MOST_ORDERED: Final = 4
_WRITES: Final = (
    "insert",
    "update",
    "delete",
    "create",
    "upsert",
    "replace",
    "merge",
    "put",
    "set",
    "setx",
    "save",
    "findandmodify",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A statement.

    Attributes:
        text: The statement.
        support: What was seen, for people.
        worth: The greater, the more useful.
        about: Candidates about the same thing; the one of greatest worth is kept. Empty for none.
    """

    text: str
    support: str
    worth: int
    about: str = ""


def candidates(traces: Sequence[Trace]) -> Iterator[Candidate]:
    """All of them, in no order that matters."""
    yield from _whole(traces)
    yield from _structure(traces)
    entered = operations.entries(traces)
    yield from _entered(traces, entered)
    yield from _published(traces)
    yield from _ordered(traces, entered)
    yield from _queried(traces)
    yield from _called_outside(traces)
    yield from _stepped(traces)
    yield from _timed(traces)


def range_of(values: Sequence[int], noun: str) -> str:
    """`always 1 call`, `2 to 5 calls`."""
    low, high = min(values), max(values)
    return f"always {low} {noun}{'' if low == 1 else 's'}" if low == high else f"{low} to {high} {noun}s"


# --- the whole trace -----------------------------------------------------------------------------------------------


def _whole(traces: Sequence[Trace]) -> Iterator[Candidate]:
    wrong = [span for trace in traces for span in trace if span.status is StatusCode.ERROR]
    if not wrong:
        yield Candidate(text="no_errors()", support="no span has an error", worth=95, about="errors")
    else:
        yield from _expected_errors(traces)
    yield from _answers(traces)
    yield Candidate(text="no_n_plus_one()", support="no query or call is repeated under one parent", worth=91)
    yield Candidate(text="no_orphans()", support="each span's parent is there", worth=44)
    spans = [len(trace) for trace in traces]
    services = max(len({span.service for span in trace}) for trace in traces)
    if services > 1 and max(spans) > 1:
        longest = _times(traces)
        yield Candidate(
            text=f"trace:duration < {_bound(longest)}",
            support=f"{_between(longest)}",
            worth=47,
            about="time of the whole",
        )


def _answers(traces: Sequence[Trace]) -> Iterator[Candidate]:
    """No HTTP call on the way is answered with an error; who answers the test itself is looked at apart."""
    for key in STATUSES:
        values = [value for trace in traces for span in trace if isinstance(value := span.attributes.get(key), int)]
        if len(values) > len(traces):
            codes = ", ".join(str(each) for each in sorted(set(values))[:5])
            yield Candidate(
                text=f"every span[{key} exists] where {key} < 400",
                support=f"{codes} on {_many(len(values))}",
                worth=71,
                about="answers",
            )


def _expected_errors(traces: Sequence[Trace]) -> Iterator[Candidate]:
    """Errors that every trace has on the same operations belong to what is tested."""
    found = operations.grouped(
        traces,
        lambda span: (
            ((operations.of_service(span.service), f"name = {quoted(span.name)}"), span.name)
            if span.status is StatusCode.ERROR
            else None
        ),
    )
    if 0 < len(found) <= 2 and all(each.everywhere for each in found):
        but = found[0].selector if len(found) == 1 else f"({', '.join(each.selector for each in found)})"
        yield Candidate(
            text=f"no_errors(except={but})",
            support="each trace has errors there, and nowhere else",
            worth=93,
            about="errors",
        )
        for each in found:
            yield Candidate(
                text=f'every {each.selector} where status = "error"', support=range_of(each.counts, "span"), worth=78
            )


def _structure(traces: Sequence[Trace]) -> Iterator[Candidate]:
    """Who calls whom, as one statement where it is always the same, else each edge that is always there."""
    edges = [_edges(trace) for trace in traces]
    services = [frozenset(span.service for span in trace if span.service) for trace in traces]
    common = frozenset.intersection(*edges)
    same = len(set(edges)) == 1
    if same and 0 < len(common) <= _MOST_EDGES and {each for pair in common for each in pair} == set(services[0]):
        names = ", ".join(quoted(f"{a} -> {b}") for a, b in sorted(common))
        yield Candidate(
            text=f"edges() = [{names}]",
            support=f"always these {len(common)}" if len(common) > 1 else "always this one",
            worth=85,
            about="structure",
        )
    elif len(set(services)) == 1 and 1 < len(services[0]) <= _MOST_EDGES:
        names = ", ".join(map(quoted, sorted(services[0])))
        yield Candidate(
            text=f"services(span) = [{names}]", support=f"always these {len(services[0])}", worth=84, about="structure"
        )
    if not same:
        for a, b in sorted(common):
            left, right = selector(operations.of_service(a)), selector(operations.of_service(b))
            yield Candidate(
                text=f"some {left} leads to {right}", support="in each trace", worth=82, about=f"edge {a} {b}"
            )


def _edges(trace: Trace) -> frozenset[tuple[str, str]]:
    found = set()
    for span in trace:
        parent = trace.parent(span)
        if parent is not None and parent.service != span.service and parent.service and span.service:
            found.add((parent.service, span.service))
    return frozenset(found)


# --- operations ----------------------------------------------------------------------------------------------------


def _counted(each: Operation, worth: int, noun: str, about: str = "") -> Iterator[Candidate]:
    low, high = min(each.counts), max(each.counts)
    if low == 0:
        return
    how = f"exactly {low}" if low == high else f"between {low} and {high}"
    yield Candidate(
        text=f"{how} {each.selector}",
        support=range_of(each.counts, noun),
        worth=worth - (0 if low == high else 12),
        about=about,
    )


def _entered(traces: Sequence[Trace], entered: Sequence[Operation]) -> Iterator[Candidate]:
    roots = {trace.roots[0].span_id for trace in traces if trace.roots}
    for each in entered:
        first = any(span.span_id in roots for group in each.spans for span in group)
        yield from _counted(each, 92 if first else 90, "call" if 'kind = "server"' in each.selector else "message")
        if first:
            yield from _status(each, 88)
        yield from _valued(each, 76)
        yield from _busy(each, 77 if first else 46)


def _status(each: Operation, worth: int) -> Iterator[Candidate]:
    spans = [span for group in each.spans for span in group]
    for key in (*STATUSES, "rpc.grpc.status_code", "rpc.response.status_code"):
        values = {span.attributes.get(key) for span in spans}
        if len(values) == 1 and each.everywhere and isinstance(value := values.pop(), (int, str)):
            yield Candidate(
                text=f"every {each.selector} where {key} = {_literal(value)}",
                support=f"always, on {_many(len(spans))}",
                worth=worth,
            )
            return


def _valued(each: Operation, worth: int) -> Iterator[Candidate]:
    """Attributes that every span of an operation has with one value, of the trade and not of the machine."""
    spans = [span for group in each.spans for span in group]
    if not each.everywhere:
        return
    shared = set.intersection(*({*span.attributes} for span in spans))
    for key in sorted(shared):
        values = {_typed(span.attributes[key]) for span in spans}
        if key in STATUSES or noisy_key(key) or len(values) != 1 or not telling(spans[0].attributes[key]):
            continue
        value = spans[0].attributes[key]
        assert isinstance(value, (str, int, float))
        plain = value == "" or (isinstance(value, bool) and not value)
        yield Candidate(
            text=f"every {each.selector} where {_name(key)} = {_literal(value)}",
            support=f"always, on {_many(len(spans))}",
            worth=worth - (6 if plain else 0),
        )


def _typed(value: AttributeValue) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _many(count: int) -> str:
    return "1 span" if count == 1 else f"{count} spans"


def _name(key: str) -> str:
    plain = key.replace(".", "").replace("_", "").replace("-", "")
    words = key.split(".")
    if plain.isalnum() and plain.isascii() and all(word[:1].isalpha() for word in words):
        return key if key not in ("name", "kind", "status", "duration", "service", "not") else f"attr:{key}"
    return f"attr:{quoted(key)}"


def _literal(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else repr(value)


def _published(traces: Sequence[Trace]) -> Iterator[Candidate]:
    for sent in operations.publications(traces):
        yield from _counted(sent, 89, "message")
        takers = Counter(
            taker.service
            for trace, group in zip(traces, sent.spans, strict=True)
            for span in group
            for taker in _takers(trace, span)
        )
        for service in sorted(takers):
            taken = selector(operations.of_service(service), 'kind = "consumer"')
            for how in ("exactly 1 ", ""):
                yield Candidate(
                    text=f"every {sent.selector} leads to {how}{taken}",
                    support=f"{range_of(sent.counts, 'message')}, each taken by {service}",
                    worth=87 if how else 86,
                    about=f"message {sent.selector} {service}",
                )


def _takers(trace: Trace, sent: Span) -> list[Span]:
    below = [span for span in trace.descendants(sent) if span.kind is SpanKind.CONSUMER]
    linked = [
        span
        for span in trace
        if span.kind is SpanKind.CONSUMER and any(link.span_id == sent.span_id for link in span.links)
    ]
    return [*below, *linked]


def _ordered(traces: Sequence[Trace], entered: Sequence[Operation]) -> Iterator[Candidate]:
    """Services that one operation calls one after another, always in the same order."""
    orders = [_orders(trace, entered, index) for index, trace in enumerate(traces)]
    pairs = set.intersection(*(set(itertools.combinations(order, 2)) for order in orders)) if all(orders) else set()
    first = orders[0] if orders else []
    chain = [(a, b) for a, b in itertools.pairwise(first) if (a, b) in pairs]
    for a, b in chain[:_MOST_ORDERED]:
        yield Candidate(
            text=f"every {entered[a].selector} then {entered[b].selector}",
            support="in this order in each trace",
            worth=81,
            about=f"order {a} {b}",
        )
        yield Candidate(
            text=f"every {entered[a].selector} followed by {entered[b].selector}",
            support="in this order in each trace",
            worth=80,
            about=f"order {a} {b}",
        )


def _orders(trace: Trace, entered: Sequence[Operation], index: int) -> list[int]:
    """Entries called by one other service that has called several, by start; indices into `entered`."""
    callers: dict[str, list[tuple[int, int]]] = {}
    for number, each in enumerate(entered):
        for span in each.spans[index]:
            parent = trace.parent(span)
            if parent is not None and parent.service != span.service and span.kind is SpanKind.SERVER:
                callers.setdefault(parent.service, []).append((span.start_ns, number))
    best = max(callers.values(), key=len, default=[])
    order = list(dict.fromkeys(number for _, number in sorted(best)))
    return order if len(order) > 1 else []


def _queried(traces: Sequence[Trace]) -> Iterator[Candidate]:
    totals = operations.queries(traces, by_operation=False)
    for total in totals:
        yield from _counted(total, 66, "call", about=f"queries {total.selector}")
    for each in operations.queries(traces, by_operation=True):
        if not each.everywhere:
            continue
        word = each.label.rpartition(" ")[2].lower()
        worth = 72 if word in _WRITES else 58
        alone = any(total.counts == each.counts and total.selector[:-1] in each.selector for total in totals)
        about = next(f"queries {t.selector}" for t in totals if t.selector[:-1] in each.selector) if alone else ""
        yield from _counted(each, worth, "call", about=about)
        yield from _valued(each, 64)


def _called_outside(traces: Sequence[Trace]) -> Iterator[Candidate]:
    for each in operations.outward(traces):
        yield from _counted(each, 74, "call")
        yield from _status(each, 56)
        yield from _valued(each, 62)


def _stepped(traces: Sequence[Trace]) -> Iterator[Candidate]:
    for each in operations.steps(traces):
        yield from _valued(each, 79)
        yield from _counted(each, 50, "span")


# --- times ---------------------------------------------------------------------------------------------------------


def _timed(traces: Sequence[Trace]) -> Iterator[Candidate]:
    """How long each service was busy, where several take part."""
    services = sorted({span.service for trace in traces for span in trace if span.service})
    if len(services) < 2:
        return
    for service in services:
        groups = [[span for span in trace if span.service == service] for trace in traces]
        if all(groups):
            times = [_busy_ns(group) for group in groups]
            chosen = selector(operations.of_service(service))
            yield Candidate(
                text=f"busy_time({chosen}) < {_bound(times)}",
                support=_between(times),
                worth=45,
                about=f"time of {service}",
            )


def _busy(each: Operation, worth: int) -> Iterator[Candidate]:
    if each.everywhere:
        times = [_busy_ns(group) for group in each.spans]
        yield Candidate(
            text=f"busy_time({each.selector}) < {_bound(times)}",
            support=_between(times),
            worth=worth,
            about=f"time of {each.service}",
        )


def _busy_ns(spans: Sequence[Span]) -> int:
    """Length of the union of the intervals."""
    total, until = 0, -1
    for span in sorted(spans, key=lambda each: each.start_ns):
        end = span.start_ns + span.duration_ns
        total += max(0, end - max(until, span.start_ns))
        until = max(until, end)
    return total


def _times(traces: Sequence[Trace]) -> list[int]:
    """From the first start to the last end."""
    return [
        max(span.start_ns + span.duration_ns for span in trace) - min(span.start_ns for span in trace)
        for trace in traces
    ]


def _between(times: Sequence[int]) -> str:
    low, high = short_duration(min(times)), short_duration(max(times))
    return f"took {low}" if low == high else f"took {low} to {high}"


def _bound(times: Sequence[int]) -> str:
    """A round duration with head room: 1, 2 or 5 times a power of ten, in milliseconds or seconds."""
    wanted = max(HEAD_ROOM * max(times), _LEAST_NS) / 1e6
    power = 10 ** math.floor(math.log10(wanted))
    milliseconds = next(int(step * power) for step in (1, 2, 5, 10) if step * power >= wanted)
    return f"{milliseconds}ms" if milliseconds < 1000 else f"{milliseconds // 1000}s"

"""When is a trace whole? The settle rule, as values: it reads no clock and never sleeps.

OTLP marks no end of a trace, and the order in which exporters deliver proves nothing; only time against a bound does.
So the rule asks four things of what has arrived:

1. **Started.** The trigger has its answer, and at least one span is there. No window begins earlier.
2. **No debt.** Nothing that has arrived announces more: a parent id without its span, a message sent that nobody has
   taken, a call to another service that has left no span there. A debt expires when its patience has passed since the
   later of start and its arising; then it is a note.
3. **Quiet.** Nothing new for as long as the slowest participant may hold spans back: the export-lag bound of every
   exporter, and at least `quiet`.
4. **Patience for lack.** A check that would fail only because spans are missing is not reported before `patience` has
   passed: asynchronous work takes its time whatever the exporters do.

All is worked out anew from the evidence at each call, so a batch more or less, or another order, cannot leave anything
behind. The cost of a call grows linearly with the spans.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from spanspec.model.span import SpanKind, StatusCode
from spanspec.model.time import short_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

SECOND = 1_000_000_000

DEFAULT_LAG_NS = round(5.5 * SECOND)
"""The bound for an exporter of which nothing is known: the SDKs' default batch delay of 5 s plus a tenth."""

DEBT_PATIENCE_NS = round(10.5 * SECOND)
"""How long a debt other than a producer's delays: the default lag plus one retry."""


RUN_ATTRIBUTE = "spanspec.run"
"""The resource attribute that processes of the system under test get which this run started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule's parameters, in nanoseconds.

    Attributes:
        timeout_ns: The deadline, from start.
        quiet_ns: The least quiet.
        export_delay_ns: The batch delay of the exporters, declared or set by us; None when unknown.
        patience_ns: How long a failure for lack of spans is held back, from start.
        async_patience_ns: How long a producer's debt delays.
        own_run: The run that started the system under test: spans whose resource names it are from processes with the
            delay `own_delay_ns`, whatever is declared. Empty where it started none.
        own_delay_ns: The batch delay that these processes have.
    """

    timeout_ns: int = 30 * SECOND
    quiet_ns: int = SECOND // 4
    export_delay_ns: int | None = None
    patience_ns: int = round(5.5 * SECOND)
    async_patience_ns: int = 15 * SECOND
    own_run: str = ""
    own_delay_ns: int = 0

    def lag_of(self, trace: Trace) -> tuple[int, str]:
        """The export-lag bound of the slowest participant, and where it is known from."""
        others = DEFAULT_LAG_NS if self.export_delay_ns is None else self.export_delay_ns * 11 // 10
        origin = "default" if self.export_delay_ns is None else "declared"
        if not self.own_run or not trace.spans:
            return others, origin
        own = self.own_delay_ns * 11 // 10
        resources = {id(span.resource): span.resource for span in trace.spans}.values()
        if all(resource.attributes.get(RUN_ATTRIBUTE) == self.own_run for resource in resources):
            return own, "set by the environment"
        return (others, origin) if others >= own else (own, "set by the environment")

    def whole_quiet_of(self, trace: Trace) -> int:
        """How long nothing new may have come, in nanoseconds."""
        return max(self.quiet_ns, self.lag_of(trace)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known at one moment; times are of one monotonic clock.

    Attributes:
        trace: What has arrived, assembled.
        start_ns: When the trigger had its answer; None while it has not.
        arrived_ns: Span id → when it first came.
        last_ns: When something new last came; None when nothing has.
        partial_since_ns: Since when the store says that it has not given everything; None when it does not.
        until_holds: Whether the `until` statement holds; None when there is none.
        lacking: Whether a check would fail now only for lack of spans.
    """

    trace: Trace
    start_ns: int | None
    arrived_ns: Mapping[SpanId, int] = field(default_factory=lambda: MappingProxyType({}))
    last_ns: int | None = None
    partial_since_ns: int | None = None
    until_holds: bool | None = None
    lacking: bool = False


class DebtKind(StrEnum):
    """What announces that something is still to come."""

    PARENT = "parent"
    CONSUMER = "consumer"
    REMOTE = "remote"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One announcement, in words, with the time at which it stops delaying."""

    kind: DebtKind
    text: str
    expires_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Look again at `until_ns`, or as soon as something comes."""

    until_ns: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The trace may be judged whole; `notes` name the debts that expired unpaid."""

    reason: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The deadline passed first; `missing` says what was still awaited."""

    missing: str
    notes: tuple[str, ...] = ()


Decision: TypeAlias = Wait | Settled | Expired


def observe(rule: Rule, now_ns: int, evidence: Evidence) -> Decision:
    """Say whether the trace has settled, and if not, when to look again and why."""
    if evidence.start_ns is None:
        return Wait(until_ns=now_ns + SECOND, because="the trigger has no answer yet")
    deadline = evidence.start_ns + rule.timeout_ns
    pending, expired = _partition(debts(rule, evidence), now_ns)
    notes = tuple(_noted(expired))
    because, until = _obstacle(rule, now_ns, evidence, pending)
    if because is None:
        return Settled(reason=_settled_reason(rule, evidence.trace), notes=notes)
    if now_ns >= deadline:
        return Expired(missing=f"after {short_duration(rule.timeout_ns)}: {because}", notes=notes)
    return Wait(until_ns=min(max(until, now_ns), deadline), because=because)


def debts(rule: Rule, evidence: Evidence) -> list[Debt]:
    """All announcements that nothing has answered, in trace order, expired ones included."""
    trace, start = evidence.trace, evidence.start_ns or 0
    linked_to = {link.span_id for span in (*trace.spans, *trace.linked) for link in span.links}
    found: list[Debt] = []
    for span in trace.spans:
        arose = max(start, evidence.arrived_ns.get(span.span_id, start))
        found.extend(_debts_of(rule, trace, span, arose, linked_to))
    if evidence.partial_since_ns is not None:
        since = max(start, evidence.partial_since_ns)
        text = "the store says that its answer is partial"
        found.append(Debt(kind=DebtKind.PARTIAL, text=text, expires_ns=since + DEBT_PATIENCE_NS))
    return found


def _debts_of(rule: Rule, trace: Trace, span: Span, arose: int, linked_to: set[SpanId]) -> Iterator[Debt]:
    parent = span.parent_id
    if parent is not None and parent not in trace.by_id and parent != trace.injected:
        text = f"the parent {parent} of {_named(span)} has not arrived"
        yield Debt(kind=DebtKind.PARENT, text=text, expires_ns=arose + DEBT_PATIENCE_NS)
    if span.kind is SpanKind.PRODUCER and not _taken(trace, span, linked_to):
        text = f"nothing has taken the message of {_named(span)}"
        yield Debt(kind=DebtKind.CONSUMER, text=text, expires_ns=arose + rule.async_patience_ns)
    if span.kind is SpanKind.CLIENT and _calls_out(span) and not _answered(trace, span, linked_to):
        text = f"the service called by {_named(span)} has sent no span"
        yield Debt(kind=DebtKind.REMOTE, text=text, expires_ns=arose + DEBT_PATIENCE_NS)


def _taken(trace: Trace, span: Span, linked_to: set[SpanId]) -> bool:
    """Whether a consumer is there: linked to the producer, or below it as a consumer or in another service."""
    if span.span_id in linked_to:
        return True
    return any(child.kind is SpanKind.CONSUMER or child.service != span.service for child in trace.descendants(span))


def _answered(trace: Trace, span: Span, linked_to: set[SpanId]) -> bool:
    if span.span_id in linked_to:
        return True
    return any(child.kind is SpanKind.SERVER or child.service != span.service for child in trace.children_of(span))


def _calls_out(span: Span) -> bool:
    """Whether a client span is expected to have a span on the other side.

    Databases and caches send none, a call that failed without an answer has reached nobody, and taking or settling
    messages is the broker's business.
    """
    keys = span.attributes
    if any(key.startswith("db.") for key in keys) or "messaging.system" in keys:
        return False
    answered = any(key in keys for key in ("http.response.status_code", "http.status_code", "rpc.grpc.status_code"))
    return span.status is not StatusCode.ERROR or answered


def _partition(found: Iterable[Debt], now_ns: int) -> tuple[list[Debt], list[Debt]]:
    pending: list[Debt] = []
    expired: list[Debt] = []
    for debt in found:
        (expired if debt.expires_ns <= now_ns else pending).append(debt)
    return pending, expired


def _obstacle(rule: Rule, now_ns: int, evidence: Evidence, pending: list[Debt]) -> tuple[str | None, int]:
    """What stands in the way of settling, and when that may change by time alone."""
    start, quiet = evidence.start_ns or 0, rule.whole_quiet_of(evidence.trace)
    if evidence.last_ns is None:
        return "no span has arrived", start + rule.timeout_ns
    if pending:
        more = f" (and {len(pending) - 1} more)" if len(pending) > 1 else ""
        return f"{pending[0].text}{more}", max(debt.expires_ns for debt in pending)
    if evidence.until_holds is False:
        return "the `until` statement does not hold yet", start + rule.timeout_ns
    quiet_at = max(start, evidence.last_ns) + quiet
    if now_ns < quiet_at:
        return f"spans may still come: quiet for less than {short_duration(quiet)}", quiet_at
    if evidence.lacking and now_ns < start + rule.patience_ns:
        text = f"a check lacks spans, which asynchronous work may still bring within {short_duration(rule.patience_ns)}"
        return text, start + rule.patience_ns
    return None, now_ns


def _settled_reason(rule: Rule, trace: Trace) -> str:
    bound, origin = rule.lag_of(trace)
    quiet, lag = short_duration(rule.whole_quiet_of(trace)), short_duration(bound)
    return f"settled: quiet for {quiet}; export lag bound {lag} ({origin})"


def _noted(expired: Iterable[Debt]) -> Iterator[str]:
    for text, count in Counter(debt.text for debt in expired).items():
        times = f" ({count} times)" if count > 1 else ""
        yield f"waited in vain: {text}{times}"


def _named(span: Span) -> str:
    return f'"{span.name}" of {span.service}' if span.service else f'"{span.name}"'

"""A trace awaited for Python: until statements are decided, or until it has settled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.api.judging import parsed
from spanspec.definition.plan import ExpectPlan, Plan, SettleSettings, Wait
from spanspec.errors import TraceError, UsageError
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.ids import TraceId, trace_id
from spanspec.model.time import Duration, parse_duration
from spanspec.results import explain
from spanspec.results.model import SourcePlace
from spanspec.runner.collect import Collector
from spanspec.runner.firing import rule_of
from spanspec.runner.polling import least_quiet_ns
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from spanspec.model.context import Clock
    from spanspec.model.trace import Trace
    from spanspec.runner.collect import Collected, Store

    Time: TypeAlias = float | str | Duration

_NO_FILE = SourceText("<python>", "")


def seconds_of(time: Time, what: str = "timeout") -> float:
    """Seconds of a number of seconds, a text such as `250ms`, or a duration.

    Raises:
        UsageError: The text is no duration, or it is negative.
    """
    duration = parse_duration(time) if isinstance(time, str) else time
    found = duration.seconds if isinstance(duration, Duration) else duration
    if found is None or found < 0:
        raise UsageError(f"{what}: {time!r} is no length of time", help="Write seconds, or a text such as '250ms'.")
    return float(found)


def id_of(trace: str | int) -> TraceId:
    """The id that a text of 32 hex digits or a number, as the OpenTelemetry SDK has it, stands for.

    Raises:
        UsageError: It is none.
    """
    text = f"{trace:032x}" if isinstance(trace, int) else trace.strip().replace("-", "")
    found = trace_id(text)
    if found is None:
        raise UsageError(f"{trace!r} is no trace id", help="Give 32 hex digits that are not all zero.")
    return found


def settling(
    base: SettleSettings,
    *,
    until: str = "",
    timeout: Time | None = None,
    export_delay: Time | None = None,
    wait: str = "",
) -> SettleSettings:
    """How to settle, with what a caller says in place of what is configured.

    Raises:
        DiagnosticsError: `until` is no statement.
        UsageError: A time is none, or `wait` is neither `settled` nor `decided`.
    """
    if wait and wait not in tuple(Wait):
        raise UsageError(f'wait: "{wait}" is neither "settled" nor "decided"', help='Write wait="settled".')
    if until:
        base = replace(base, until=parsed(until), until_text=until)
    if timeout is not None:
        base = replace(base, timeout_s=seconds_of(timeout))
    if export_delay is not None:
        base = replace(base, export_delay_s=seconds_of(export_delay, "export_delay"))
    return replace(base, wait=Wait(wait)) if wait else base


def plan_of(statements: Sequence[str], settle: SettleSettings, *, name: str = "expect") -> Plan:
    """A plan that checks statements, without a trigger.

    Raises:
        DiagnosticsError: One does not parse, or names what does not exist.
    """
    place = SourcePlace(path="", line=1, column=1)
    checks = tuple(ExpectPlan(statement=parsed(text), text=text, place=place) for text in statements)
    return Plan(name=name, path="", source=_NO_FILE, checks=checks, settle=settle, timeout_s=float("inf"))


async def collected(plan: Plan, given: Given, store: Store, clock: Clock, *, start_ns: int) -> Collected:
    """The trace that `given.trace` names, collected until the plan is judged.

    Args:
        plan: What is to be judged, and how to settle.
        given: What its checks may look at; its trace has no spans, and the trigger's where there was one.
        store: Where the spans come in; the trace is expected there.
        clock: Time.
        start_ns: Monotonic time at which whatever set the trace going had its answer.

    Raises:
        StoreError: The store cannot be read.
    """
    limit = round(plan.settle.timeout_s * 1e9)
    collector = Collector(
        store=store,
        clock=clock,
        plan=plan,
        rule=rule_of(plan.settle, limit, least_quiet_ns(store)),
        given=given,
        trigger=given.trace.trigger,
        start_ns=start_ns,
        report=lambda spans, undecided, because: None,
    )
    return await collector.collect()


async def awaited(trace: TraceId, settle: SettleSettings, store: Store, clock: Clock, *, receiver: str = "") -> Trace:
    """A trace that somebody else sets going, collected from now on until it has settled.

    With `until` and `wait` "decided" it is returned as soon as `until` holds.

    Args:
        trace: Its id.
        settle: How to settle.
        store: Where the spans come in.
        clock: Time.
        receiver: Where it listens, for the message of a trace that does not come.

    Raises:
        TraceError: It has not settled in time; says what had come.
        StoreError: The store cannot be read.
    """
    began = clock.monotonic_ns()
    store.expect(trace)
    statements: tuple[str, ...] = ()
    if settle.wait is Wait.DECIDED and settle.until_text:
        statements, settle = (settle.until_text,), replace(settle, until=None, until_text="")
    given = Given(trace=assemble((), trace_id=trace))
    found = await collected(plan_of(statements, settle), given, store, clock, start_ns=began)
    if found.settlement.how == "expired" or found.evaluated.failed:
        raise not_whole(found, store, clock, began, receiver=receiver)
    return found.trace


def not_whole(
    found: Collected, store: Store, clock: Clock, start_ns: int, *, what: str = "", receiver: str = ""
) -> TraceError:
    """That a trace has not settled in time.

    Args:
        found: What was collected.
        store: Where its spans come in.
        clock: Time.
        start_ns: Since when it was awaited.
        what: What set it going: `POST http://127.0.0.1:8080/checkout`; empty where nobody knows.
        receiver: Where spans are awaited.
    """
    trace = found.trace
    if not trace.spans:
        meanwhile = getattr(store, "meanwhile", None)
        others = tuple(meanwhile(start_ns)) if meanwhile is not None else ()
        waited = (clock.monotonic_ns() - start_ns) / 1e9
        return TraceError(explain.no_spans(what or "the caller", trace.trace_id, receiver, others, waited))
    told = found.settlement.reason
    if found.evaluated.checks:
        told = "; ".join([told, *(check.judgement.reason for check in found.evaluated.checks)])
    line = f"the trace {trace.trace_id} ({explain.trace_line(trace)}) is not whole: {told}"
    return TraceError(line, help="Raise the timeout, or await less with `until`.")

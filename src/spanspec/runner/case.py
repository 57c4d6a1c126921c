"""One case: bind, fire, collect, result."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.bind import bind
from spanspec.errors import SpanspecError
from spanspec.language.verdict import Generators, Given
from spanspec.model.assemble import TRIGGER_NAME, assemble
from spanspec.model.context import TimeWindow, TraceContext
from spanspec.model.span import Resource, Span
from spanspec.results.explain import no_spans
from spanspec.results.mask import is_secret, masked
from spanspec.results.model import CaseError, CaseResult, Outcome, Settlement, Timings, worst
from spanspec.results.progress import CaseFired, CaseWaiting
from spanspec.runner.collect import Collected, Collector
from spanspec.runner.evaluate import Evaluated, evaluate, to_result
from spanspec.runner.settle import Rule
from spanspec.source.render import render_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.definition.bind import Bound
    from spanspec.definition.plan import Plan, SettleSettings
    from spanspec.model.attributes import AttributeValue
    from spanspec.model.context import Clock, TriggerResult
    from spanspec.model.ids import IdSource, SpanId
    from spanspec.model.trace import Trace
    from spanspec.results.model import CheckResult
    from spanspec.results.progress import Listener
    from spanspec.runner.collect import Store
    from spanspec.source.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What all cases of a run share; every source of time, chance and I/O is in here.

    Attributes:
        store: Where spans come in; None when every case runs on a stored trace or without one.
        clock: Time.
        ids: New trace and span ids.
        seed: Of the generators; with file, case and try it gives each case a generator of its own.
        environment: The process's environment.
        listener: Takes progress.
        run_id: Told to the system under test in the baggage.
        receiver: Where spans are awaited, for messages.
        trace_url: Template with `{trace_id}`, or empty.
        notes: Remarks about the run as a whole, such as a port that was taken.
        secrets: Patterns of the names of variables that are secrets, besides the usual ones.
    """

    clock: Clock
    ids: IdSource
    listener: Listener
    store: Store | None = None
    seed: int = 0
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    run_id: str = ""
    receiver: str = ""
    trace_url: str = ""
    notes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A case's result, with what is needed to judge it again when late spans come, and what no report may show."""

    result: CaseResult
    plan: Plan
    given: Given | None = None
    collected: Collected | None = None
    secrets: frozenset[str] = frozenset()


async def run_case(plan: Plan, index: int, session: Session) -> Ended:
    """Carry out one plan against a live system. Never raises for what the world or the user did wrong."""
    began = session.clock.monotonic_ns()
    if plan.skip:
        return Ended(plan=plan, result=_blank(plan, Outcome.SKIPPED, warnings=(f"skipped: {plan.skip}",)))
    generators = Generators(rng=random.Random(_seed(plan, index, session)), now_ns=session.clock.now_ns())  # noqa: S311 - test data, no secrets
    bound = bind(plan, {}, environment=session.environment, generators=generators)
    fault = _binding_fault(plan, bound)
    if fault is not None:
        return Ended(plan=plan, result=_blank(plan, Outcome.ERRORED, error=fault))
    assert bound.trigger is not None
    secrets = _secrets(bound, session)
    context = _context(plan, session)
    session.listener.on(CaseFired(index=index, name=plan.name, trigger=masked(bound.trigger.describe(), secrets)))
    if session.store is not None and not plan.skip_trace:
        session.store.expect(context.trace_id)
    blank = _blank(plan, Outcome.ERRORED, trace_id=context.trace_id, trigger=bound.trigger.describe())
    try:
        async with asyncio.timeout(plan.timeout_s):
            response = await bound.trigger.fire(context, session.clock)
    except SpanspecError as error:
        failed = await _failed_trigger(blank, plan, context, session, CaseError(message=error.message, help=error.help))
        return replace(failed, secrets=secrets)
    except TimeoutError:
        message = f"{bound.trigger.describe()} gave no answer within the test's timeout of {plan.timeout_s:g} s"
        error_ = CaseError(message=message, help="Raise `timeout`, or look at what the service is waiting for.")
        return replace(await _failed_trigger(blank, plan, context, session, error_), secrets=secrets)
    started = session.clock.monotonic_ns()
    context = _judged(context, response, plan, session)
    given = _given(plan, bound, _nothing(context, response), session, generators, response)
    try:
        collected = await _collect(plan, index, session, given, started, started - began)
    except SpanspecError as error:
        unread = CaseError(message=error.message, help=error.help, kind="store")
        return Ended(plan=plan, result=replace(blank, error=unread, response=response), secrets=secrets)
    result = _result(plan, given, collected, session, began=began, started=started)
    return Ended(plan=plan, result=result, given=given, collected=collected, secrets=secrets)


def _given(
    plan: Plan,
    bound: Bound,
    trace: Trace,
    session: Session,
    generators: Generators,
    response: TriggerResult | None = None,
) -> Given:
    """What the plan's checks may look at."""
    return Given(
        trace=trace,
        dialect=plan.dialect,
        response=response,
        variables=bound.variables,
        environment=session.environment,
        clock_skew_ns=round(plan.settle.clock_skew_s * 1e9),
        aliases=plan.aliases,
        generators=generators,
    )


def run_stored(plan: Plan, trace: Trace, session: Session) -> CaseResult:
    """Judge a plan on a stored trace, without a trigger."""
    generators = Generators(rng=random.Random(_seed(plan, 0, session)), now_ns=session.clock.now_ns())  # noqa: S311 - test data, no secrets
    bound = bind(replace(plan, trigger=None), {}, environment=session.environment, generators=generators)
    fault = _diagnosed(bound.diagnostics)
    if fault is not None:
        return _blank(plan, Outcome.ERRORED, error=fault)
    given = _given(plan, bound, trace, session, generators)
    evaluated = evaluate(plan, given)
    checks = _checks(plan, evaluated, (False,) * len(evaluated.checks), (0,) * len(evaluated.checks))
    result = replace(
        _blank(plan, worst(check.outcome for check in checks), trace_id=trace.trace_id),
        checks=checks,
        outputs=evaluated.outputs,
        trace=trace,
        settlement=Settlement(how="stored", reason="a stored trace, judged whole"),
        link=_link(trace.trace_id, session),
    )
    return masked(result, _secrets(bound, session))


async def judge_again(ended: Ended, session: Session) -> CaseResult:
    """The result once more, with the spans that came after the verdict.

    A verdict that they would change is inconclusive, and says which span contradicts it.
    """
    result, given, collected = ended.result, ended.given, ended.collected
    if given is None or collected is None or session.store is None or ended.plan.skip_trace:
        return result
    fetched = await session.store.fetch(collected.trace.trace_id, _whole_window(result, session))
    spans = [arrived.span for arrived in fetched.spans if arrived.span.trace_id == collected.trace.trace_id]
    late = tuple(dict.fromkeys(s.span_id for s in spans if s.span_id not in collected.trace.by_id))
    if not late:
        return result
    trace = assemble(spans, injected=collected.trace.injected, trigger=collected.trace.trigger)
    evaluated = evaluate(ended.plan, replace(given, trace=trace, closed=True, whole=True))
    checks = tuple(
        _contradicted(old, new, late, collected.settlement)
        for old, new in zip(
            result.checks, _checks(ended.plan, evaluated, collected.early, collected.decided_ns), strict=True
        )
    )
    return replace(result, checks=checks, trace=trace, late=late, outcome=worst(check.outcome for check in checks))


def _contradicted(old: CheckResult, new: CheckResult, late: tuple[SpanId, ...], settlement: Settlement) -> CheckResult:
    if old.outcome is new.outcome or Outcome.INCONCLUSIVE in (old.outcome, new.outcome):
        return old
    culprits = [span for span in (*new.spans, *new.looked_at) if span in late] or list(late)
    reason = (
        f"it had {old.outcome}, but span {culprits[0]} came after the verdict and would make it {new.outcome}"
        f" ({settlement.reason})"
    )
    return replace(new, outcome=Outcome.INCONCLUSIVE, reason=reason, notes=(*new.notes, *filter(None, [new.reason])))


async def _collect(plan: Plan, index: int, session: Session, given: Given, started: int, spent_ns: int) -> Collected:
    trigger = given.trace.trigger
    assert trigger is not None
    if plan.skip_trace or session.store is None:
        evaluated = evaluate(plan, replace(given, closed=True, whole=True))
        count = len(evaluated.checks)
        return Collected(
            trace=given.trace,
            evaluated=evaluated,
            settlement=Settlement(how="skipped", reason="no trace was collected, as the test asks"),
            early=(True,) * count,
            decided_ns=(0,) * count,
            last_span_ns=None,
            verdict_ns=0,
        )
    collector = Collector(
        store=session.store,
        clock=session.clock,
        plan=plan,
        rule=_rule(plan.settle, round(plan.timeout_s * 1e9) - spent_ns),
        given=given,
        trigger=trigger,
        start_ns=started,
        report=lambda spans, undecided, because: session.listener.on(
            CaseWaiting(index=index, spans=spans, undecided=undecided, because=because)
        ),
    )
    return await collector.collect()


def _rule(settings: SettleSettings, left_ns: int) -> Rule:
    delay = settings.export_delay_s
    return Rule(
        timeout_ns=max(1, min(round(settings.timeout_s * 1e9), left_ns)),
        quiet_ns=round(settings.quiet_s * 1e9),
        export_delay_ns=None if delay is None else round(delay * 1e9),
        patience_ns=round(settings.patience_s * 1e9),
        async_patience_ns=round(settings.async_patience_s * 1e9),
    )


def _result(
    plan: Plan, given: Given, collected: Collected, session: Session, *, began: int, started: int
) -> CaseResult:
    now = session.clock.monotonic_ns()
    response, trace = given.response, collected.trace
    assert response is not None
    checks = _checks(plan, collected.evaluated, collected.early, collected.decided_ns)
    outcome = worst(check.outcome for check in checks)
    error = None
    if collected.settlement.how == "expired" and not trace.spans:
        outcome = Outcome.INCONCLUSIVE if outcome is Outcome.PASSED else outcome
        error = _no_span(response, trace, session, started)
    return replace(
        _blank(plan, outcome, trace_id=trace.trace_id, trigger=response.request),
        checks=checks,
        outputs=collected.evaluated.outputs,
        trace=trace,
        response=response,
        settlement=collected.settlement,
        timings=Timings(
            total=now - began,
            trigger=response.duration_ns,
            collect=now - started,
            last_span=collected.last_span_ns,
            verdict=collected.verdict_ns,
        ),
        link=_link(trace.trace_id, session),
        error=error,
    )


def _checks(
    plan: Plan, evaluated: Evaluated, early: Sequence[bool], decided_ns: Sequence[int]
) -> tuple[CheckResult, ...]:
    return tuple(
        to_result(check, default_inconclusive=plan.on_inconclusive, early=early[index], decided_ns=decided_ns[index])
        for index, check in enumerate(evaluated.checks)
    )


def _no_span(response: TriggerResult, trace: Trace, session: Session, started: int) -> CaseError:
    waited = (session.clock.monotonic_ns() - started) / 1e9
    meanwhile = getattr(session.store, "meanwhile", None)
    others = tuple(meanwhile(started - response.duration_ns)) if meanwhile is not None else ()
    text = no_spans(response.request, trace.trace_id, session.receiver, others, waited)
    return CaseError(message=text, kind="no-spans")


async def _failed_trigger(
    blank: CaseResult, plan: Plan, context: TraceContext, session: Session, error: CaseError
) -> Ended:
    """An errored case; the spans that came all the same are kept in it."""
    result = replace(blank, error=error)
    if session.store is not None and not plan.skip_trace:
        fetched = await session.store.fetch(context.trace_id, _whole_window(result, session))
        spans = [arrived.span for arrived in fetched.spans if arrived.span.trace_id == context.trace_id]
        if spans:
            result = replace(result, trace=assemble(spans, trace_id=context.trace_id, injected=context.span_id))
    return Ended(plan=plan, result=result)


def _binding_fault(plan: Plan, bound: Bound) -> CaseError | None:
    fault = _diagnosed(bound.diagnostics)
    if fault is None and bound.trigger is None:
        message = f"{plan.path}: the test has no trigger"
        fault = CaseError(
            message=message, help="Add a `trigger`, or run it on a stored trace with --trace FILE.", kind="definition"
        )
    return fault


def _diagnosed(diagnostics: Sequence[Diagnostic]) -> CaseError | None:
    errors = [fault for fault in diagnostics if fault.severity == "error"]
    return CaseError(message=render_all(errors), kind="definition") if errors else None


def _blank(plan: Plan, outcome: Outcome, **more: object) -> CaseResult:
    warnings = tuple(_in_a_line(warning) for warning in plan.warnings)
    fields: dict[str, object] = {"warnings": warnings, **more}
    return replace(
        CaseResult(name=plan.name, path=plan.path, outcome=outcome, description=plan.description, tags=plan.tags),
        **fields,  # type: ignore[arg-type]  # `replace` checks the names; their types are CaseResult's own
    )


def _secrets(bound: Bound, session: Session) -> frozenset[str]:
    """The values that no report may show: of secret variables, of secret names in the environment, of the trigger."""
    values = {str(value) for name, value in bound.variables.items() if is_secret(name, session.secrets)}
    values |= {value for name, value in session.environment.items() if is_secret(name, session.secrets)}
    return frozenset({*values, *(bound.trigger.secrets() if bound.trigger is not None else ())})


def _in_a_line(warning: Diagnostic) -> str:
    """A warning for a report; the loader has shown it in full."""
    place = ""
    if warning.source is not None and warning.range is not None:
        at = warning.source.position(warning.range.start)
        place = f" ({warning.source.name}:{at.line}:{at.column})"
    return f"{warning.message}{place} [{warning.code}]"


def _context(plan: Plan, session: Session) -> TraceContext:
    baggage = MappingProxyType({"spanspec.run": session.run_id, "spanspec.test": plan.name[:200]})
    endpoint = f"http://{session.receiver.replace('0.0.0.0', '127.0.0.1')}" if session.receiver else ""  # noqa: S104 - told, not bound
    return TraceContext(
        trace_id=session.ids.trace_id(), span_id=session.ids.span_id(), baggage=baggage, otlp_endpoint=endpoint
    )


def _judged(context: TraceContext, response: TriggerResult, plan: Plan, session: Session) -> TraceContext:
    """The context of the trace to be judged: another one than was injected, where the trigger says so."""
    if response.trace_id is None or response.trace_id == context.trace_id:
        return context
    if session.store is not None and not plan.skip_trace:
        session.store.expect(response.trace_id)
    return replace(context, trace_id=response.trace_id)


def _nothing(context: TraceContext, response: TriggerResult) -> Trace:
    return assemble((), trace_id=context.trace_id, injected=context.span_id, trigger=trigger_span(context, response))


def trigger_span(context: TraceContext, response: TriggerResult) -> Span:
    """The trigger's own span, with the reference's attributes of the answer (headers sorted by name)."""
    attributes: dict[str, AttributeValue] = dict(response.attributes)
    if response.status is not None:
        headers = sorted(response.headers, key=lambda pair: pair[0].lower())
        attributes["tracetest.response.status"] = response.status
        attributes["tracetest.response.body"] = response.body
        attributes["tracetest.response.headers"] = json.dumps([{"key": key, "value": value} for key, value in headers])
        for key, _ in headers:
            attributes[f"tracetest.response.header.{key.lower()}"] = response.header(key) or ""
    return Span(
        trace_id=context.trace_id,
        span_id=context.span_id,
        name=TRIGGER_NAME,
        start_ns=response.start_ns,
        end_ns=response.end_ns,
        attributes=MappingProxyType(attributes),
        resource=Resource(attributes=MappingProxyType({"service.name": "tracetest"})),
    )


def _whole_window(result: CaseResult, session: Session) -> TimeWindow:
    start = result.response.start_ns if result.response is not None else 0
    return TimeWindow(start_ns=start, end_ns=session.clock.now_ns())


def _link(trace_id: str, session: Session) -> str:
    if session.trace_url:
        return session.trace_url.replace("{trace_id}", trace_id)
    link = session.store.link(trace_id) if session.store is not None else None  # type: ignore[arg-type]
    return link or ""


def _seed(plan: Plan, index: int, session: Session) -> str:
    return f"{session.seed}\0{plan.path}\0{plan.name}\0{index}"

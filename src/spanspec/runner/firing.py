"""What a test and an item of set-up have in common: a trace context, the trigger's span, and the trace collected for it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.errors import StoreError, TriggerError
from spanspec.model.assemble import TRIGGER_NAME
from spanspec.model.context import TraceContext
from spanspec.model.span import Resource, Span
from spanspec.results.model import Settlement
from spanspec.runner.collect import Collected, Collector
from spanspec.runner.evaluate import evaluate
from spanspec.runner.polling import least_quiet_ns, rest, with_note
from spanspec.runner.settle import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.definition.plan import Plan, SettleSettings
    from spanspec.language.verdict import Given
    from spanspec.model.attributes import AttributeValue
    from spanspec.model.context import TriggerResult
    from spanspec.runner.session import Session
    from spanspec.triggers.base import Trigger


def context_of(plan: Plan, session: Session) -> TraceContext:
    """A new trace context that says in its baggage which test it belongs to."""
    baggage = MappingProxyType({"spanspec.run": session.run_id, "spanspec.test": plan.name[:200]})
    endpoint = f"http://{session.receiver.replace('0.0.0.0', '127.0.0.1')}" if session.receiver else ""  # noqa: S104 - told, not bound
    return TraceContext(
        trace_id=session.ids.trace_id(), span_id=session.ids.span_id(), baggage=baggage, otlp_endpoint=endpoint
    )


async def fire(trigger: Trigger, context: TraceContext, session: Session, case: str) -> TriggerResult:
    """Fire a trigger, unless its address is known to be dead.

    Args:
        trigger: What is fired.
        context: Its trace context.
        session: The run's.
        case: Who fires it, for messages of others.

    Raises:
        TriggerError: No answer.
    """
    clock, reach = session.clock, session.reach
    reach.hold(trigger, clock.monotonic_ns())
    try:
        response = await trigger.fire(context, clock)
    except TriggerError as error:
        reach.failed(trigger, error, case, clock.monotonic_ns())
        raise
    reach.reached(trigger)
    return response


def judged(context: TraceContext, response: TriggerResult, session: Session, *, awaited: bool) -> TraceContext:
    """The context of the trace to be judged: another one than was injected, where the trigger says so."""
    if response.trace_id is None or response.trace_id == context.trace_id:
        return context
    if session.store is not None and awaited:
        session.store.expect(response.trace_id)
    return replace(context, trace_id=response.trace_id)


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


async def settled(
    plan: Plan,
    given: Given,
    session: Session,
    *,
    spent_ns: int = 0,
    report: Callable[[int, int, str], None] = lambda spans, undecided, because: None,
) -> Collected:
    """The trace of a trigger that has just had its answer, collected until the plan is judged.

    Args:
        plan: What is to be judged, and how to settle.
        given: What its checks may look at; its trace holds the trigger's span alone.
        session: The run's.
        spent_ns: How much of the plan's time is over.
        report: Called with the number of spans, of undecided checks, and the reason for each wait.

    Raises:
        StoreError: The store cannot be read.
    """
    trigger = given.trace.trigger
    assert trigger is not None
    if plan.skip_trace or session.store is None:
        return _without_trace(plan, given)
    collector = Collector(
        store=session.store,
        clock=session.clock,
        plan=plan,
        rule=_rule(plan, session, round(plan.timeout_s * 1e9) - spent_ns),
        given=given,
        trigger=trigger,
        start_ns=session.clock.monotonic_ns(),
        report=report,
    )
    reach = session.reach
    try:
        collected = with_note(await collector.collect(), session.store)
    except StoreError as error:
        reach.store_failed(plan.store.name, error, plan.name, session.clock.monotonic_ns())
        raise
    finally:
        rest(session.store, trigger.trace_id)
    if not plan.store.embedded:
        reach.store_reached(plan.store.name)
    return collected


def _without_trace(plan: Plan, given: Given) -> Collected:
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


def _rule(plan: Plan, session: Session, left_ns: int) -> Rule:
    """The plan's rule, with the delay of the processes that this run started."""
    rule = rule_of(plan.settle, left_ns, least_quiet_ns(session.store))
    around = session.surroundings
    if around is None or around.export_delay_s is None:
        return rule
    return replace(rule, own_run=session.run_id, own_delay_ns=round(around.export_delay_s * 1e9))


def rule_of(settings: SettleSettings, left_ns: int, least_quiet_ns: int = 0) -> Rule:
    """The settle rule's parameters, within the time that is left; a store that is asked may need a longer quiet."""
    delay = settings.export_delay_s
    return Rule(
        timeout_ns=max(1, min(round(settings.timeout_s * 1e9), left_ns)),
        quiet_ns=max(round(settings.quiet_s * 1e9), least_quiet_ns),
        export_delay_ns=None if delay is None else round(delay * 1e9),
        patience_ns=round(settings.patience_s * 1e9),
        async_patience_ns=round(settings.async_patience_s * 1e9),
    )

"""One try of a case: variables, set-up, trigger, collecting, judging, tear-down."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.definition.bind import bind, bind_trigger, bind_variables
from spanspec.errors import SpanspecError, StoreError
from spanspec.language.verdict import Generators, Given
from spanspec.model.assemble import assemble
from spanspec.results.explain import no_spans
from spanspec.results.mask import masked
from spanspec.results.model import CaseError, CaseResult, Outcome, Settlement, Timings, worst
from spanspec.results.progress import CaseFired, CaseWaiting
from spanspec.runner.evaluate import evaluate
from spanspec.runner.firing import context_of, fire, judged, settled, trigger_span
from spanspec.runner.gates import with_gates
from spanspec.runner.hooks import Scope, set_up, tear_down
from spanspec.runner.outcome import blank, checks_of, diagnosed, link_of, secrets_of, whole_window
from spanspec.runner.session import INTERRUPTED, Ended
from spanspec.runner.stores import session_of
from spanspec.runner.system import fallen, hidden_of, noticed, system_fault, unless_fallen, with_system

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.plan import Plan
    from spanspec.language.verdict import Value
    from spanspec.model.context import TraceContext, TriggerResult
    from spanspec.model.trace import Trace
    from spanspec.runner.collect import Collected
    from spanspec.runner.hooks import RunTest
    from spanspec.runner.session import Session
    from spanspec.triggers.base import Trigger


async def run_try(
    plan: Plan, index: int, session: Session, *, given: Mapping[str, Value], seed: str, run_test: RunTest
) -> Ended:
    """Carry out one plan once against a live system. Never raises for what the world or the user did wrong.

    Cut off (its task cancelled), it still runs its tear-down, and says so in `Ended.cut`.

    Args:
        plan: The plan.
        index: The case's number, for progress.
        session: What all cases share.
        given: Variables from outside the file: outputs of earlier steps.
        seed: What its generators hang on.
        run_test: Carries out a test that set-up or tear-down names.
    """
    began = session.clock.monotonic_ns()
    session = session_of(plan, session)
    down = system_fault(plan, session)
    if down is not None:
        return Ended(plan=plan, result=blank(plan, Outcome.ERRORED, error=down), secrets=hidden_of(session))
    given = with_system(plan, given, session)
    generators = generators_of(seed, session)
    bound = bind_variables(plan, given, environment=session.environment, generators=generators)
    fault = diagnosed(bound.diagnostics) or _without_trigger(plan)
    if fault is not None:
        return Ended(plan=plan, result=blank(plan, Outcome.ERRORED, error=fault), secrets=secrets_of(bound, session))
    scope = Scope(
        plan=plan,
        index=index,
        session=session,
        variables=dict(bound.variables),
        generators=generators,
        run_test=run_test,
        secrets=set(secrets_of(bound, session)),
    )
    cut = False
    try:
        ended = await unless_fallen(_Try(scope, began).carry_out(), session) or Ended(
            plan=plan, result=blank(plan, Outcome.ERRORED)
        )
        await noticed(ended.result, session)
    except asyncio.CancelledError:
        cut = True
        ended = Ended(plan=plan, result=blank(plan, Outcome.ERRORED, error=INTERRUPTED))
    scope.variables.update(ended.values)
    cut |= await _torn_down(scope)
    return _finished(ended, scope, began, cut=cut)


def generators_of(seed: str, session: Session) -> Generators:
    """Generators that hang on the run's seed and `seed` alone, and on the time."""
    whole = f"{session.seed}\0{seed}"
    return Generators(rng=random.Random(whole), now_ns=session.clock.now_ns(), seed=whole)  # noqa: S311 - test data, no secrets


async def _torn_down(scope: Scope) -> bool:
    """Run the tear-down to its end; whether the case was cut off meanwhile. Cut off once more, it ends at once."""
    if not scope.plan.teardown:
        return False
    work = asyncio.ensure_future(tear_down(scope))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.gather(work, return_exceptions=True)
        return True
    return False


def _finished(ended: Ended, scope: Scope, began: int, *, cut: bool) -> Ended:
    """The result with what its hooks did, its gates and logs."""
    session = scope.session
    spent = session.clock.monotonic_ns() - began
    result = replace(ended.result, hooks=tuple(scope.results), timings=replace(ended.result.timings, total=spent))
    bad = scope.failed("teardown")
    if bad is not None:
        message = f"tear-down ({bad.name}) failed: {bad.reason}"
        if result.outcome is Outcome.PASSED:
            error = CaseError(message=message, kind="teardown")
            result = replace(result, outcome=Outcome.ERRORED, error=error)
        else:
            result = replace(result, warnings=(*result.warnings, message))
    result = with_gates(result, ended.plan.gates)
    if (down := system_fault(scope.plan, session)) is not None:
        ended, result = replace(ended, given=None), fallen(result, down)
    if session.surroundings is not None and result.outcome not in (Outcome.PASSED, Outcome.SKIPPED):
        now = session.clock.now_ns()
        result = replace(result, logs=session.surroundings.logs(now - spent, now))
    return replace(ended, result=result, secrets=ended.secrets | scope.secrets, cut=cut or ended.cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A trigger that is about to be fired."""

    trigger: Trigger
    context: TraceContext
    variables: Mapping[str, Value]
    blank: CaseResult


class _Try:
    """Set-up, trigger and collecting of one try."""

    def __init__(self, scope: Scope, began: int) -> None:
        self._scope, self._began = scope, began
        self._plan, self._session = scope.plan, scope.session
        self._sent: _Sent | None = None

    async def carry_out(self) -> Ended:
        """All but the tear-down."""
        plan, session = self._plan, self._session
        try:
            if not plan.skip_trace and not plan.store.embedded:
                session.reach.hold_store(plan.store.name, session.clock.monotonic_ns())
        except StoreError as error:
            return self._errored(CaseError(message=error.message, help=error.help, kind="store"))
        try:
            async with asyncio.timeout(self._plan.timeout_s):
                if not await set_up(self._scope):
                    return self._not_set_up()
                sent = self._ready()
                if isinstance(sent, CaseError):
                    return self._errored(sent)
                self._sent = sent
                response = await fire(sent.trigger, sent.context, self._session, self._plan.name)
        except SpanspecError as error:
            return await self._unanswered(CaseError(message=error.message, help=error.help))
        except TimeoutError:
            return await self._too_late()
        return await self._answered(sent, response)

    def _errored(self, error: CaseError) -> Ended:
        return Ended(plan=self._plan, result=blank(self._plan, Outcome.ERRORED, error=error))

    def _not_set_up(self) -> Ended:
        bad = self._scope.failed("setup")
        assert bad is not None
        return self._errored(CaseError(message=f"set-up ({bad.name}) failed: {bad.reason}", kind="setup"))

    def _ready(self) -> _Sent | CaseError:
        """The trigger filled in with all that is known by now, and its trace awaited; or why it cannot be fired."""
        plan, session, scope = self._plan, self._session, self._scope
        assert plan.trigger is not None
        bound = bind_trigger(
            plan, plan.trigger, scope.variables, environment=session.environment, generators=scope.generators
        )
        fault = diagnosed(bound.diagnostics)
        if fault is not None:
            return fault
        assert bound.trigger is not None
        scope.secrets.update(bound.trigger.secrets())
        context = context_of(plan, session)
        what = bound.trigger.describe()
        session.listener.on(CaseFired(index=scope.index, name=plan.name, trigger=masked(what, scope.secrets)))
        if session.store is not None and not plan.skip_trace:
            session.store.expect(context.trace_id)
        empty = blank(plan, Outcome.ERRORED, trace_id=context.trace_id, trigger=what)
        return _Sent(trigger=bound.trigger, context=context, variables=bound.variables, blank=empty)

    async def _too_late(self) -> Ended:
        limit = f"the test's timeout of {self._plan.timeout_s:g} s"
        if self._sent is None:
            message = f"{self._scope.doing or 'the test'} did not end within {limit}"
            return self._errored(
                CaseError(message=message, help="Raise `timeout`, which bounds set-up too.", kind="setup")
            )
        message = f"{self._sent.trigger.describe()} gave no answer within {limit}"
        return await self._unanswered(
            CaseError(message=message, help="Raise `timeout`, or look at what the service is waiting for.")
        )

    async def _unanswered(self, error: CaseError) -> Ended:
        """An errored case; the spans that came all the same are kept in it."""
        sent, session = self._sent, self._session
        assert sent is not None
        result = replace(sent.blank, error=error)
        if session.store is not None and not self._plan.skip_trace:
            try:
                fetched = await session.store.fetch(sent.context.trace_id, whole_window(result, session))
            except StoreError as fault:  # that the trigger had no answer is the error; without spans to go with it
                warning = f"its spans cannot be read either: {fault.message}"
                return Ended(plan=self._plan, result=replace(result, warnings=(*result.warnings, warning)))
            spans = [a.span for a in fetched.spans if a.span.trace_id == sent.context.trace_id]
            if spans:
                trace = assemble(spans, trace_id=sent.context.trace_id, injected=sent.context.span_id)
                result = replace(result, trace=trace)
        return Ended(plan=self._plan, result=result)

    async def _answered(self, sent: _Sent, response: TriggerResult) -> Ended:
        session, scope = self._session, self._scope
        started = session.clock.monotonic_ns()
        context = judged(sent.context, response, session, awaited=not self._plan.skip_trace)
        given = given_of(self._plan, sent.variables, _nothing(context, response), session, scope.generators, response)
        try:
            collected = await settled(
                self._plan,
                given,
                session,
                spent_ns=started - self._began,
                report=lambda spans, undecided, because: session.listener.on(
                    CaseWaiting(index=scope.index, spans=spans, undecided=undecided, because=because)
                ),
            )
        except SpanspecError as error:
            unread = CaseError(message=error.message, help=error.help, kind="store")
            return Ended(plan=self._plan, result=replace(sent.blank, error=unread, response=response))
        result = _result(self._plan, given, collected, session, started=started)
        return Ended(
            plan=self._plan, result=result, given=given, collected=collected, values=collected.evaluated.values
        )


def given_of(
    plan: Plan,
    variables: Mapping[str, Value],
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
        variables=variables,
        environment=session.environment,
        clock_skew_ns=round(plan.settle.clock_skew_s * 1e9),
        aliases=plan.aliases,
        generators=generators,
    )


def run_stored(plan: Plan, trace: Trace, session: Session, seed: str = "") -> CaseResult:
    """Judge a plan on a stored trace, without a trigger; its set-up and tear-down are not run."""
    generators = generators_of(seed, session)
    bound = bind(replace(plan, trigger=None), {}, environment=session.environment, generators=generators)
    fault = diagnosed(bound.diagnostics)
    if fault is not None:
        return blank(plan, Outcome.ERRORED, error=fault)
    given = given_of(plan, bound.variables, trace, session, generators)
    evaluated = evaluate(plan, given)
    checks = checks_of(plan, evaluated, (False,) * len(evaluated.checks), (0,) * len(evaluated.checks))
    result = replace(
        blank(plan, worst(check.outcome for check in checks), trace_id=trace.trace_id),
        checks=checks,
        outputs=evaluated.outputs,
        trace=trace,
        settlement=Settlement(how="stored", reason="a stored trace, judged whole"),
        link=link_of(trace.trace_id, session),
    )
    return masked(with_gates(result, plan.gates), secrets_of(bound, session))


def _result(plan: Plan, given: Given, collected: Collected, session: Session, *, started: int) -> CaseResult:
    now = session.clock.monotonic_ns()
    response, trace = given.response, collected.trace
    assert response is not None
    checks = checks_of(plan, collected.evaluated, collected.early, collected.decided_ns)
    outcome = worst(check.outcome for check in checks)
    error = None
    if collected.settlement.how == "expired" and not trace.spans:
        outcome = Outcome.INCONCLUSIVE if outcome is Outcome.PASSED else outcome
        error = _no_span(response, trace, session, started)
    empty = blank(plan, outcome, trace_id=trace.trace_id, trigger=response.request)
    return replace(
        empty,
        warnings=(*empty.warnings, *response.notes),
        checks=checks,
        outputs=collected.evaluated.outputs,
        trace=trace,
        response=response,
        settlement=collected.settlement,
        timings=Timings(
            trigger=response.duration_ns,
            collect=now - started,
            last_span=collected.last_span_ns,
            verdict=collected.verdict_ns,
        ),
        link=link_of(trace.trace_id, session),
        error=error,
    )


def _no_span(response: TriggerResult, trace: Trace, session: Session, started: int) -> CaseError:
    waited = (session.clock.monotonic_ns() - started) / 1e9
    meanwhile = getattr(session.store, "meanwhile", None)
    others = tuple(meanwhile(started - response.duration_ns)) if meanwhile is not None else ()
    text = no_spans(response.request, trace.trace_id, session.receiver, others, waited)
    return CaseError(message=text, kind="no-spans")


def _without_trigger(plan: Plan) -> CaseError | None:
    if plan.trigger is not None:
        return None
    help_ = "Add a `trigger`, or run it on a stored trace with --trace FILE."
    return CaseError(message=f"{plan.path}: the test has no trigger", help=help_, kind="definition")


def _nothing(context: TraceContext, response: TriggerResult) -> Trace:
    return assemble((), trace_id=context.trace_id, injected=context.span_id, trigger=trigger_span(context, response))

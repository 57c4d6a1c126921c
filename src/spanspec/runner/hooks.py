"""Set-up and tear-down of one try: each item bound when its turn comes, fired under a trace context of its own.

No trace is awaited for an item unless one of its outputs selects spans. An answer that says no (status 400 and above, a
gRPC status, an exit code) fails the item. After a failed item of set-up the others are skipped; those of tear-down are
all tried.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.bind import bind_trigger, outputs_of_hooks
from spanspec.errors import SpanspecError
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.results.explain import why
from spanspec.results.model import HookResult, Outcome
from spanspec.results.progress import HookRunning
from spanspec.runner.evaluate import outputs_of
from spanspec.runner.firing import context_of, fire, judged, settled, trigger_span
from spanspec.source.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from spanspec.definition.bind import Bound
    from spanspec.definition.plan import HookPlan, Plan, TriggerPlan
    from spanspec.language.verdict import Generators, Value
    from spanspec.model.context import TriggerResult
    from spanspec.results.model import OutputResult
    from spanspec.runner.session import Ended, Session

    RunTest = Callable[[Plan, Mapping[str, Value], str], Awaitable[Ended]]


@dataclass(slots=True, kw_only=True)
class Scope:
    """What one try knows and has done.

    Attributes:
        plan: What is carried out.
        index: The case's number, for progress.
        session: The run's.
        variables: All that is known; outputs of set-up and of the test are added.
        generators: Of the try.
        run_test: Carries out a test that a path names, with variables; the text tells its generators apart.
        results: What the items did, in order.
        secrets: Values that no report may show.
        doing: What is under way, for the message of a time-out.
    """

    plan: Plan
    index: int
    session: Session
    variables: dict[str, Value]
    generators: Generators
    run_test: RunTest
    results: list[HookResult] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    doing: str = ""

    def failed(self, phase: str) -> HookResult | None:
        """The first item of a phase that did not pass."""
        return next((each for each in self.results if each.phase == phase and _is_bad(each.outcome)), None)


async def set_up(scope: Scope) -> bool:
    """Run the items of set-up in order; whether all passed."""
    for position, hook in enumerate(scope.plan.setup):
        if scope.failed("setup") is None:
            await _run(scope, hook, "setup", position)
        else:
            _note(scope, hook, "setup", Outcome.SKIPPED, "an item before it failed")
    return scope.failed("setup") is None


async def tear_down(scope: Scope) -> None:
    """Run the items of tear-down in order, whatever became of those before; the test's `timeout` bounds them all."""
    hooks = scope.plan.teardown
    try:
        async with asyncio.timeout(scope.plan.timeout_s):
            for position, hook in enumerate(hooks):
                await _run(scope, hook, "teardown", position)
    except TimeoutError:
        done = sum(1 for each in scope.results if each.phase == "teardown")
        last = scope.results.pop()
        reason = f"tear-down was cut off by the test's timeout of {scope.plan.timeout_s:g} s"
        scope.results.append(replace(last, reason=reason))
        for hook in hooks[done:]:
            _note(scope, hook, "teardown", Outcome.SKIPPED, reason)


async def _run(scope: Scope, hook: HookPlan, phase: str, position: int) -> None:
    """One item; its result and outputs are kept in the scope."""
    began = scope.session.clock.monotonic_ns()
    name = _title(hook)
    scope.doing = f"{'set-up' if phase == 'setup' else 'tear-down'} ({name})"
    scope.session.listener.on(HookRunning(index=scope.index, name=scope.plan.name, phase=phase, hook=name))
    item = _Item(scope, hook, phase, position)
    try:
        await item.carry_out()
    except SpanspecError as error:
        item.reason, item.outcome = error.message, Outcome.ERRORED
    except asyncio.CancelledError:
        item.reason, item.outcome = "cut off before it had ended", Outcome.ERRORED
        raise
    finally:
        result = HookResult(
            phase=phase,
            name=hook.name or item.title or name,
            outcome=item.outcome,
            reason=item.reason,
            outputs=item.outputs,
            duration_ns=scope.session.clock.monotonic_ns() - began,
        )
        scope.results.append(result)


def _note(scope: Scope, hook: HookPlan, phase: str, outcome: Outcome, reason: str) -> None:
    scope.results.append(HookResult(phase=phase, name=_title(hook), outcome=outcome, reason=reason))


def _title(hook: HookPlan) -> str:
    if hook.name:
        return hook.name
    if hook.test is not None:
        return hook.test.name
    return hook.trigger.kind if hook.trigger is not None else ""


class _Item:
    """One item while it runs."""

    def __init__(self, scope: Scope, hook: HookPlan, phase: str, position: int) -> None:
        self._scope, self._hook, self._phase = scope, hook, phase
        self._where = f"{phase}[{position}]"
        self.title = ""
        self.outcome = Outcome.PASSED
        self.reason = ""
        self.outputs: tuple[OutputResult, ...] = ()

    async def carry_out(self) -> None:
        """Fire it, or run the test that it names."""
        if self._hook.test is not None:
            await self._test(self._hook.test)
        elif self._hook.trigger is not None:
            await self._trigger(self._hook.trigger)

    async def _test(self, plan: Plan) -> None:
        ended = await self._scope.run_test(plan, self._scope.variables, self._where)
        self.outputs = ended.result.outputs
        self._scope.variables.update(ended.values)
        self._scope.secrets |= ended.secrets
        if ended.result.outcome not in (Outcome.PASSED, Outcome.FLAKY):
            self.outcome = Outcome.ERRORED if ended.result.outcome is Outcome.ERRORED else Outcome.FAILED
            self.reason = f"{ended.result.outcome}: {why(ended.result)}"

    async def _trigger(self, plan: TriggerPlan) -> None:
        scope = self._scope
        bound = bind_trigger(
            scope.plan,
            plan,
            scope.variables,
            environment=scope.session.environment,
            generators=scope.generators,
            where=self._where,
        )
        if bound.trigger is None:
            self._unbound(bound)
            return
        self.title = bound.trigger.describe()
        scope.secrets.update(bound.trigger.secrets())
        context = context_of(scope.plan, scope.session)
        awaited = any(output.has_selector for output in self._hook.outputs) and scope.session.store is not None
        if awaited and scope.session.store is not None:
            scope.session.store.expect(context.trace_id)
        response = await fire(bound.trigger, context, scope.session, scope.plan.name)
        self.reason = refusal(response)
        if self.reason:
            self.outcome = Outcome.FAILED
        elif self._hook.outputs:
            context = judged(context, response, scope.session, awaited=awaited)
            given = self._given(response, assemble((), trigger=trigger_span(context, response)))
            await self._keep(given, awaited=awaited)

    def _unbound(self, bound: Bound) -> None:
        """Why it cannot be fired; tear-down that needs what set-up never gave has nothing to do."""
        never = [name for name in outputs_of_hooks(self._scope.plan) if name not in self._scope.variables]
        faults = "; ".join(fault.message for fault in bound.diagnostics if fault.severity is Severity.ERROR)
        if self._phase == "teardown" and never and self._scope.failed("setup") is not None:
            self.outcome, self.reason = Outcome.SKIPPED, f"set-up gave no {', '.join(never)} ({faults})"
        else:
            self.outcome, self.reason = Outcome.ERRORED, faults

    async def _keep(self, given: Given, *, awaited: bool) -> None:
        plan = replace(self._scope.plan, checks=(), outputs=self._hook.outputs)
        if awaited:
            found = (await settled(plan, given, self._scope.session)).evaluated
            self.outputs, values = found.outputs, found.values
        else:
            self.outputs, kept = outputs_of(plan, given)
            values = MappingProxyType(kept)
        self._scope.variables.update(values)
        errors = [output.error for output in self.outputs if output.error]
        if errors:
            self.outcome, self.reason = Outcome.FAILED, "; ".join(errors)

    def _given(self, response: TriggerResult, trace: object) -> Given:
        scope = self._scope
        return Given(
            trace=trace,  # type: ignore[arg-type]
            dialect=scope.plan.dialect,
            response=response,
            variables=dict(scope.variables),
            environment=scope.session.environment,
            clock_skew_ns=round(scope.plan.settle.clock_skew_s * 1e9),
            aliases=scope.plan.aliases,
            generators=replace(scope.generators, seed=f"{scope.generators.seed}\0{self._where}"),
        )


def refusal(response: TriggerResult) -> str:
    """Why an answer says that the thing was not done, or empty: a status of HTTP, a status of gRPC, an exit code."""
    status = response.status
    if status is None:
        return ""
    if response.kind in _EXIT_CODES:
        said = str(response.attributes.get("stderr", "")) or response.body
        return f"its exit code is {status}{_excerpt(said)}" if status else ""
    if response.kind == "grpc":
        return f"its status is {status}{_excerpt(response.body)}" if status else ""
    return f"it answered {status}{_excerpt(response.body)}" if status >= 400 else ""


_EXIT_CODES = frozenset({"command", "k6", "artillery", "cypress", "playwright"})


def _excerpt(body: str) -> str:
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    return f": {first[:200]}" if first else ""


def _is_bad(outcome: Outcome) -> bool:
    return outcome in (Outcome.FAILED, Outcome.ERRORED)

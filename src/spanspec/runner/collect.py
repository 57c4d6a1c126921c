"""The loop: fetch what has come, assemble, evaluate, ask the settle rule, wait. The only place that goes round.

It owns the clock and the store; the rule and the evaluator are pure. It evaluates as often as something comes, but
spends at most about a fifth of its time on it: after an evaluation it pauses four times as long as that took, at
most 50 ms, so that a large trace cannot starve the receiver and a small one is judged within milliseconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spanspec.definition.plan import Wait as WaitFor
from spanspec.language.verdict import Truth
from spanspec.model.assemble import assemble
from spanspec.model.context import TimeWindow
from spanspec.results.model import Settlement
from spanspec.runner.evaluation import Evaluation
from spanspec.runner.settle import Decision, Evidence, Expired, Rule, Settled, Wait, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from spanspec.definition.plan import Plan
    from spanspec.language.verdict import Given
    from spanspec.model.context import Clock
    from spanspec.model.ids import SpanId, TraceId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace
    from spanspec.runner.evaluate import Evaluated
    from spanspec.stores.base import Arrived, AwaitableStore, Fetched, TraceStore

    class Store(TraceStore, AwaitableStore, Protocol):
        """A store that can be awaited."""


_LONGEST_PAUSE_NS = 50_000_000
_MOST_COPIES = 64
"""Differing copies of one span that are looked at while it is collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What collecting ended with.

    Attributes:
        trace: All that had arrived.
        evaluated: The final judgements.
        settlement: How it ended, in words.
        early: Per check, whether it was decided while spans could still come.
        decided_ns: Per check, from start to its decision.
        last_span_ns: From start to the first coming of the last span; None when none came.
        verdict_ns: From start until all checks were decided; None when they never were.
    """

    trace: Trace
    evaluated: Evaluated
    settlement: Settlement
    early: tuple[bool, ...]
    decided_ns: tuple[int, ...]
    last_span_ns: int | None
    verdict_ns: int | None


@dataclass(slots=True)
class _State:
    """What the loop remembers between rounds."""

    evaluation: Evaluation
    seen: dict[tuple[TraceId, SpanId], list[Span]] = field(default_factory=dict)
    arrived_ns: dict[SpanId, int] = field(default_factory=dict)
    decided: dict[int, int] = field(default_factory=dict)
    last_ns: int | None = None
    known: int = -1
    failed_ns: int | None = None
    partial_since_ns: int | None = None


class Collector:
    """Collects one awaited trace.

    Args:
        store: Where spans come in; the trace is already expected there.
        clock: The only source of time.
        plan: What is to be judged.
        rule: The settle rule's parameters.
        given: The response, variables and so on; its trace is replaced by what arrives.
        trigger: The trigger's span; None where somebody else set the trace going, whose id `given.trace` then tells.
        start_ns: Monotonic time of the trigger's answer.
        report: Called with the number of spans, of undecided checks, and the reason for each wait.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        plan: Plan,
        rule: Rule,
        given: Given,
        trigger: Span | None,
        start_ns: int,
        report: Callable[[int, int, str], None],
    ) -> None:
        self._store, self._clock, self._plan, self._rule = store, clock, plan, rule
        self._start_ns, self._report = start_ns, report
        self._trace_id: TraceId = given.trace.trace_id if trigger is None else trigger.trace_id
        self._first_ns = 0 if trigger is None else trigger.start_ns
        self._first_ns = given.response.first_ns if given.response is not None else self._first_ns
        injected = given.trace.injected if trigger is None else trigger.span_id
        awaited = assemble((), trace_id=self._trace_id, injected=injected, trigger=trigger)
        self._state = _State(evaluation=Evaluation.begin(plan, replace(given, trace=awaited)))

    async def collect(self) -> Collected:
        """Go round until the case may end."""
        paused_until = 0
        while True:
            before = self._clock.monotonic_ns()
            fetched = await self._store.fetch(self._trace_id, self._window())
            if self._take(fetched):
                spent = self._clock.monotonic_ns() - before
                paused_until = before + spent + min(4 * spent, _LONGEST_PAUSE_NS)
            elif self._state.known < 0:
                self._state.known = 0
                self._remember(range(len(self._state.evaluation.truths)))
            ended, wait = self._decide()
            if ended is not None:
                return ended
            assert wait is not None
            self._report(len(self._state.evaluation.assembly), self._state.evaluation.undecided, wait.because)
            await self._wait(wait.until_ns, paused_until)

    def _decide(self) -> tuple[Collected | None, Wait | None]:
        now = self._clock.monotonic_ns()
        decision = self._observe(now, lacking=False)
        if isinstance(decision, Settled):
            closed = self._closed()
            if closed.lacking:
                decision = self._observe(now, lacking=True)
            if isinstance(decision, Settled):
                return self._end("settled", decision.reason, decision.notes, closed), None
        if isinstance(decision, Expired):
            return self._end("expired", decision.missing, decision.notes, self._state.evaluation.evaluated()), None
        assert isinstance(decision, Wait)
        return self._end_early(now, decision)

    def _end_early(self, now: int, wait: Wait) -> tuple[Collected | None, Wait | None]:
        """End before the trace has settled when all checks are decided and nothing else needs the whole trace."""
        state, settings = self._state, self._plan.settle
        whole_wanted = settings.wait is WaitFor.SETTLED or bool(self._plan.outputs) or not self._plan.checks
        evaluation = state.evaluation
        if evaluation.undecided or whole_wanted or self._until_holds() is False:
            return None, wait
        reason = "all checks were decided before the trace had settled"
        if not evaluation.failed:
            return self._end("decided", reason, (), evaluation.evaluated()), None
        state.failed_ns = now if state.failed_ns is None else state.failed_ns
        report_at = state.failed_ns + self._rule.whole_quiet_of(state.evaluation.trace)
        if now >= report_at:
            return self._end("decided", reason, (), evaluation.evaluated()), None
        because = "decided; the rest of the trace is collected for the report"
        return None, Wait(until_ns=min(report_at, wait.until_ns), because=because)

    def _observe(self, now: int, *, lacking: bool) -> Decision:
        state = self._state
        evidence = Evidence(
            trace=state.evaluation.trace,
            start_ns=self._start_ns,
            arrived_ns=state.arrived_ns,
            last_ns=state.last_ns,
            partial_since_ns=state.partial_since_ns,
            until_holds=self._until_holds(),
            lacking=lacking,
        )
        return observe(self._rule, now, evidence)

    def _until_holds(self) -> bool | None:
        until = self._state.evaluation.until
        return None if until is None else until is Truth.HOLDS

    def _take(self, fetched: Fetched) -> bool:
        """Take in what the store has; whether anything is new."""
        state = self._state
        if fetched.partial and state.partial_since_ns is None:
            state.partial_since_ns = self._clock.monotonic_ns()
        elif not fetched.partial:
            state.partial_since_ns = None
        more = len(fetched.spans) > max(state.known, 0)
        batch = [arrived.span for arrived in fetched.spans if self._is_new(arrived)]
        if not more and not batch:
            return False
        state.known = max(state.known, len(fetched.spans))
        latest = max(arrived.arrived_ns for arrived in fetched.spans)
        # Another copy of a span that is known has no time of arrival of its own in a store that is asked.
        state.last_ns = latest if more else max(latest, self._clock.monotonic_ns())
        state.evaluation, _ = state.evaluation.advance(batch)
        self._remember(range(len(state.evaluation.truths)))
        return True

    def _is_new(self, arrived: Arrived) -> bool:
        """Whether a span, or this copy of it, has not been taken in yet; notes when it first came."""
        state, span = self._state, arrived.span
        first = state.arrived_ns.setdefault(span.span_id, arrived.arrived_ns)
        if arrived.arrived_ns < first:
            state.arrived_ns[span.span_id] = arrived.arrived_ns
        copies = state.seen.setdefault((span.trace_id, span.span_id), [])
        if any(known is span or known == span for known in copies) or len(copies) >= _MOST_COPIES:
            return False
        copies.append(span)
        return True

    def _closed(self) -> Evaluated:
        pending = self._observe(self._clock.monotonic_ns(), lacking=False)
        whole = isinstance(pending, Settled) and not pending.notes
        return self._state.evaluation.evaluated(closed=True, whole=whole)

    def _remember(self, indices: Iterable[int]) -> None:
        """Note when checks were decided."""
        since = self._clock.monotonic_ns() - self._start_ns
        for index in indices:
            if self._state.evaluation.truths[index] is not Truth.UNDECIDED:
                self._state.decided.setdefault(index, since)

    def _end(self, how: str, reason: str, notes: tuple[str, ...], evaluated: Evaluated) -> Collected:
        state, now = self._state, self._clock.monotonic_ns() - self._start_ns
        decided = state.decided
        count = len(evaluated.checks)
        return Collected(
            trace=state.evaluation.trace,
            evaluated=evaluated,
            settlement=Settlement(how=how, reason=reason, notes=notes),
            early=tuple(index in decided for index in range(count)),
            decided_ns=tuple(decided.get(index, now) for index in range(count)),
            last_span_ns=max(state.arrived_ns.values()) - self._start_ns if state.arrived_ns else None,
            verdict_ns=None if evaluated.undecided else max((decided.get(i, now) for i in range(count)), default=now),
        )

    def _window(self) -> TimeWindow:
        return TimeWindow(start_ns=self._first_ns, end_ns=self._clock.now_ns())

    async def _wait(self, until_ns: int, paused_until_ns: int) -> None:
        """Return when something has come (but not before the pause is over), or at `until_ns`."""
        seconds = max(0, until_ns - self._clock.monotonic_ns()) / 1e9
        changed = asyncio.ensure_future(self._store.changed(self._trace_id))
        slept = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({changed, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (changed, slept):
                task.cancel()
            await asyncio.gather(changed, slept, return_exceptions=True)
        pause = paused_until_ns - self._clock.monotonic_ns()
        if pause > 0 and changed.done() and not changed.cancelled():
            await self._clock.sleep(pause / 1e9)

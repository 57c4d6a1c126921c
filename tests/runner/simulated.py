"""A store whose spans come at set times, and a loop that moves a manual clock whenever nothing else can run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from spanspec.definition.plan import ExpectPlan, Plan, SettleSettings, SpecPlan
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.model.context import TimeWindow, TraceContext, TriggerResult
from spanspec.model.ids import TraceId
from spanspec.model.span import Span
from spanspec.results.model import SourcePlace
from spanspec.results.progress import Progress
from spanspec.source.text import SourceText
from spanspec.stores.base import Arrived, Fetched
from spanspec.testing import FixedIds, ManualClock

T = TypeVar("T")
MS = 1_000_000


@dataclass
class SimulatedStore:
    """Gives each span from its time on; a time is in milliseconds of the clock."""

    clock: ManualClock
    schedule: Sequence[tuple[float, Span]]
    fetched: int = 0
    expected: list[TraceId] = field(default_factory=list)

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """What has come by now."""
        now = self.clock.monotonic_ns()
        come = [(at, each) for at, each in self.schedule if at * MS <= now]
        self.fetched = len(come)
        return Fetched(
            spans=tuple(
                Arrived(span=replace(each, trace_id=trace_id), arrived_ns=round(at * MS), wall_ns=round(at * MS))
                for at, each in come
            )
        )

    def link(self, trace_id: TraceId) -> str | None:
        """Nowhere."""
        return None

    def expect(self, trace_id: TraceId) -> None:
        """Remember that it is awaited."""
        self.expected.append(trace_id)

    def release(self, trace_id: TraceId) -> None:
        """Forget nothing."""

    async def changed(self, trace_id: TraceId) -> None:
        """Return when the next span is there."""
        times = sorted(at for at, _ in self.schedule)
        if len(times) <= self.fetched:
            await asyncio.get_running_loop().create_future()
        await self.clock.sleep(max(0.0, times[self.fetched] / 1000 - self.clock.monotonic_ns() / 1e9))


@dataclass
class Log:
    """Keeps all progress."""

    seen: list[Progress] = field(default_factory=list)

    def on(self, progress: Progress) -> None:
        """Keep a message."""
        self.seen.append(progress)


async def _drive(work: Coroutine[Any, Any, T], clock: ManualClock) -> T:
    task = asyncio.ensure_future(work)
    while not task.done():
        for _ in range(50):
            await asyncio.sleep(0)
        wake = clock.next_wake_s()
        if not task.done() and wake is not None:
            clock.advance(wake)
    return task.result()


def drive(work: Coroutine[Any, Any, T], clock: ManualClock) -> T:
    """Run to the end, moving the clock to the next sleeper whenever all is waiting."""
    return asyncio.run(_drive(work, clock))


PLACE = SourcePlace(path="t.yaml", line=1, column=1)


def expectation(text: str, *, on_inconclusive: str = "") -> ExpectPlan:
    """One expectation."""
    parsed = parse_statement(text, Dialect.EXPECT)
    assert parsed.node is not None, parsed.diagnostics
    return ExpectPlan(statement=parsed.node, text=text, place=PLACE, on_inconclusive=on_inconclusive)


def spec(selector: str, *assertions: str) -> SpecPlan:
    """One spec."""
    from spanspec.definition.plan import AssertionPlan

    picked = parse_selector(selector, Dialect.SPECS)
    assert picked.node is not None
    plans = []
    for text in assertions:
        parsed = parse_statement(text, Dialect.SPECS)
        assert parsed.node is not None, parsed.diagnostics
        plans.append(AssertionPlan(text=text, statement=parsed.node, place=PLACE))
    return SpecPlan(selector=picked.node, selector_text=selector, assertions=tuple(plans))


def plan(*checks: ExpectPlan | SpecPlan, **settle: Any) -> Plan:
    """A plan with a declared export delay of 100 ms."""
    settings = SettleSettings(**{"export_delay_s": 0.1, **settle})
    return Plan(name="t", path="t.yaml", source=SourceText("t.yaml", ""), checks=checks, settle=settings)


@dataclass(frozen=True)
class StubTrigger:
    """Answers 200 after a while, and does what it is told meanwhile."""

    clock: ManualClock
    seconds: float = 0.0

    def describe(self) -> str:
        """A line for people."""
        return "STUB"

    def secrets(self) -> tuple[str, ...]:
        """None."""
        return ()

    async def fire(self, context: TraceContext, clock: ManualClock) -> TriggerResult:
        """Answer."""
        start = clock.now_ns()
        if self.seconds:
            await clock.sleep(self.seconds)
        return TriggerResult(kind="stub", start_ns=start, end_ns=clock.now_ns(), status=200, request="STUB")


def ids() -> FixedIds:
    """Counted ids."""
    return FixedIds()

"""A run when the world fails: nothing that was found is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from spanspec.api import SystemClock
from spanspec.definition.plan import Plan, TriggerPlan
from spanspec.errors import StoreError
from spanspec.model.context import TimeWindow
from spanspec.model.ids import TraceId
from spanspec.results.model import Outcome, RunResult
from spanspec.results.progress import CaseDone, Progress
from spanspec.runner.run import run_all
from spanspec.runner.session import Session
from spanspec.stores.base import Fetched
from spanspec.testing import FixedIds, ManualClock
from tests.runner.simulated import Log, SimulatedStore, expectation, plan
from tests.triggers.echo import echo


class BrokenStore(SimulatedStore):
    """Cannot be read."""

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """Fail."""
        raise StoreError("store at 127.0.0.1:1: connection refused", help="Start it.")


class Done(Log):
    """Says when a case has its result."""

    def __init__(self) -> None:
        super().__init__()
        self.done = asyncio.Event()

    def on(self, progress: Progress) -> None:
        """Keep a message."""
        super().on(progress)
        if isinstance(progress, CaseDone):
            self.done.set()


def firing(url: str, **more: object) -> Plan:
    """A plan with an HTTP trigger."""
    base = plan(expectation("response:status = 200"))
    return replace(base, trigger=TriggerPlan(kind="http", fields={"url": url}), **more)  # type: ignore[arg-type]


def session(store: SimulatedStore | None) -> Session:
    """A session on the machine's clock."""
    return Session(clock=SystemClock(), ids=FixedIds(), listener=Log(), store=store)


def test_a_store_that_cannot_be_read_errors_its_case_alone() -> None:
    """The answer is kept, the address and the way on are told, and the other cases go on."""
    with echo() as server:
        plans = [firing(server.url), firing(server.url, skip_trace=True)]
        run = asyncio.run(run_all(plans, session(BrokenStore(ManualClock(), [])), version="0", linger_s=0.0))
    broken, other = run.cases
    assert broken.outcome is Outcome.ERRORED
    assert broken.error is not None
    assert (broken.error.kind, broken.error.help) == ("store", "Start it.")
    assert broken.response is not None
    assert other.outcome is Outcome.PASSED
    assert run.exit_code == 3


def test_interrupting_the_wait_for_late_spans_keeps_the_verdicts() -> None:
    """Whoever will not wait any longer gets the report all the same."""

    async def interrupted(url: str) -> RunResult:
        told = Done()
        shared = replace(session(None), listener=told)
        running = asyncio.ensure_future(run_all([firing(url, skip_trace=True)], shared, version="0", linger_s=60.0))
        await told.done.wait()
        await asyncio.sleep(0)  # the run goes on to its wait
        await asyncio.sleep(0)
        running.cancel()
        return await running

    with echo() as server:
        run = asyncio.run(interrupted(server.url))
    assert [case.outcome for case in run.cases] == [Outcome.PASSED]

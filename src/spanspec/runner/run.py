"""All cases of a command: side by side in slots, then once more for late spans, then the run's result."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.results.build import build_of
from spanspec.results.mask import masked
from spanspec.results.model import CaseError, RunResult
from spanspec.results.progress import RunStarted
from spanspec.runner.arrange import Arrangement, arrange, hold
from spanspec.runner.board import Board, suite_results
from spanspec.runner.case import run_stored
from spanspec.runner.outcome import judge_again
from spanspec.runner.slots import Slots
from spanspec.runner.suite import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.definition.plan import Item
    from spanspec.model.trace import Trace
    from spanspec.runner.arrange import Unit
    from spanspec.runner.session import Ended, Session

DEFAULT_JOBS = 64
"""Cases under way at the same time: they mostly wait, and are kept apart by their trace ids."""

LINGER_S = 5.0
"""How long `linger: auto` waits where it waits at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a run goes about its cases.

    Attributes:
        jobs: How many units are under way at once.
        fail_fast: Whether nothing new starts once a case has not passed; what is under way ends.
        timeout_s: Of the whole run; what has not ended by then is cut off, its tear-down run. None for no bound.
        linger_s: Seconds to wait for late spans at the end; None for `auto`, which waits 5 s where `CI` is set and a
            verdict rests on settling.
        shard: `2/4` for a part of a run.
        planned: How many cases all shards have together; 0 for those that run.
        plan: A short text that is the same for the same cases; shards of one run have the same.
        notes: Remarks on what was chosen.
    """

    jobs: int = DEFAULT_JOBS
    fail_fast: bool = False
    timeout_s: float | None = None
    linger_s: float | None = 0.0
    shard: str = ""
    planned: int = 0
    plan: str = ""
    notes: tuple[str, ...] = ()

    def of_shard(self, count: int) -> tuple[str, ...]:
        """What to say of a part of a run with so many cases."""
        return (f"shard {self.shard} of plan {self.plan}: {count} of {self.planned} cases",) if self.shard else ()


async def run_all(
    items: Sequence[Item], session: Session, *, version: str, linger_s: float | None, jobs: int = DEFAULT_JOBS
) -> RunResult:
    """Run all items against a live system, in order.

    Args:
        items: Tests and suites.
        session: What they share.
        version: Of spanspec.
        linger_s: As `Manner` has it.
        jobs: As `Manner` has it.
    """
    return await run_arranged(arrange(items), session, Manner(jobs=jobs, linger_s=linger_s), version=version)


async def run_arranged(arrangement: Arrangement, session: Session, manner: Manner, *, version: str) -> RunResult:
    """Run units against a live system.

    Args:
        arrangement: The units, in the order in which they are started; the result has the order of the plan.
        session: What they share.
        manner: How it goes about them.
        version: Of spanspec.

    Raises:
        UsageError: A `needs` names nothing, or goes round in a circle.
    """
    started, began = session.clock.now_ns(), session.clock.monotonic_ns()
    hold(arrangement)
    notes = (*session.notes, *manner.notes)
    told = (*notes, *manner.of_shard(len(arrangement.cases)))
    session.listener.on(RunStarted(cases=len(arrangement.cases), receiver=session.receiver, notes=told))
    board = Board(session=session, fail_fast=manner.fail_fast)
    if await _carried_out(arrangement, board, manner):
        ended = [board.ended[index] for index in sorted(board.ended)]
        with suppress(asyncio.CancelledError):  # whoever will not wait for late spans still gets what was found
            await session.clock.sleep(linger_of(ended, session) if manner.linger_s is None else manner.linger_s)
    ended = [board.ended[index] for index in sorted(board.ended)]
    cases = tuple([masked(await judge_again(each, session), each.secrets) for each in ended])
    secrets = frozenset(secret for each in ended for secret in each.secrets)
    return RunResult(
        version=version,
        started_ns=started,
        duration_ns=session.clock.monotonic_ns() - began,
        cases=cases,
        seed=session.seed,
        notes=(*notes, *session.reach.notes()),
        build=build_of(session.environment),
        suites=masked(suite_results(arrangement, cases, board.suites), secrets),
        shard=manner.shard,
        planned=manner.planned or len(cases),
        plan=manner.plan,
    )


async def _carried_out(arrangement: Arrangement, board: Board, manner: Manner) -> bool:
    """Run all units; whether they came to their own end. Whatever did not is cut off and says so."""
    slots = Slots(manner.jobs)
    walk = Walk(board, slots)
    by_item: dict[int, list[Unit]] = {}
    for unit in arrangement.units:
        by_item.setdefault(unit.item, []).append(unit)
    tasks: dict[int, list[asyncio.Task[None]]] = {}

    async def one(unit: Unit) -> None:
        needed = [other for item in unit.needs for other in by_item.get(item, ())]
        await asyncio.gather(*(task for item in unit.needs for task in tasks.get(item, ())), return_exceptions=True)
        reason = board.stopper(needed)
        if reason:
            board.skip(unit.cases, reason)
            return
        async with slots:
            await walk.unit(unit)

    for unit in arrangement.units:
        tasks.setdefault(unit.item, []).append(asyncio.create_task(one(unit)))
    return await _awaited([task for group in tasks.values() for task in group], arrangement, board, manner)


async def _awaited(tasks: Sequence[asyncio.Task[None]], arrangement: Arrangement, board: Board, manner: Manner) -> bool:
    """Wait for all units; stopped by the user or by the run's timeout, let tear-downs end and keep what was found."""
    whole = True
    try:
        _, pending = await asyncio.wait(tasks, timeout=manner.timeout_s, return_when=asyncio.FIRST_EXCEPTION)
        if pending and not _faults(tasks):
            board.cut_by = _run_timed_out(manner)
            whole = False
    except asyncio.CancelledError:
        whole = False
    under_way = [task for task in tasks if not task.done()]
    for task in under_way:
        task.cancel()
    if under_way:
        await asyncio.wait(under_way)
    for fault in _faults(tasks):
        raise fault
    board.cut(arrangement.cases)
    return whole


def _faults(tasks: Iterable[asyncio.Task[None]]) -> list[BaseException]:
    """Faults of ours: units raise nothing else."""
    done = (task for task in tasks if task.done() and not task.cancelled())
    return [fault for task in done if (fault := task.exception()) is not None]


def _run_timed_out(manner: Manner) -> CaseError:
    return CaseError(
        message=f"the run's time of {manner.timeout_s:g} s was over before it had ended",
        help="Raise --run-timeout, run fewer tests, or more at once with --jobs.",
        kind="timeout",
    )


def run_all_stored(items: Sequence[Item], trace: Trace, session: Session, *, version: str) -> RunResult:
    """Judge all tests, those of suites too, on one stored trace."""
    started, began = session.clock.now_ns(), session.clock.monotonic_ns()
    arrangement = arrange(items)
    cases = tuple(
        replace(
            run_stored(node.plan, trace, session, f"{node.key}\0"), suite=node.suite, key=node.key, position=node.index
        )
        for node in arrangement.cases
    )
    return RunResult(
        version=version,
        started_ns=started,
        duration_ns=session.clock.monotonic_ns() - began,
        cases=cases,
        seed=session.seed,
        build=build_of(session.environment),
        suites=suite_results(arrangement, cases, {}),
        planned=len(cases),
    )


def linger_of(ended: Sequence[Ended], session: Session) -> float:
    """Seconds to wait for late spans where nobody said how long: none, but where `CI` is set and a verdict rests on settling."""
    if session.environment.get("CI", "").lower() in ("", "0", "false"):
        return 0.0
    rests = any(
        each.result.settlement.how == "settled" and any(not c.early for c in each.result.checks) for each in ended
    )
    return LINGER_S if rests else 0.0


def interrupted(run: RunResult) -> bool:
    """Whether a case was cut off by the user."""
    return any(case.error is not None and case.error.kind == "interrupted" for case in run.cases)

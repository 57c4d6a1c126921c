"""All cases of a command: together, then once more for late spans, then the run's result."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from spanspec.results.mask import masked
from spanspec.results.model import CaseError, CaseResult, Outcome, RunResult
from spanspec.results.progress import CaseDone, RunStarted
from spanspec.runner.case import Ended, Session, judge_again, run_case, run_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.definition.plan import Plan
    from spanspec.model.trace import Trace

MOST_AT_ONCE = 32
"""Cases under way at the same time: they mostly wait, and are kept apart by their trace ids."""

LINGER_S = 5.0
"""How long `linger: auto` waits where it waits at all."""


async def run_all(plans: Sequence[Plan], session: Session, *, version: str, linger_s: float | None) -> RunResult:
    """Run plans against a live system.

    Args:
        plans: In the order of the result.
        session: What they share.
        version: Of spanspec.
        linger_s: Seconds to wait for late spans at the end; None for `auto`, which waits 5 s where `CI` is set and
            a verdict rests on settling.
    """
    started, began = session.clock.now_ns(), session.clock.monotonic_ns()
    session.listener.on(RunStarted(cases=len(plans), receiver=session.receiver, notes=session.notes))
    gate = asyncio.Semaphore(MOST_AT_ONCE)

    async def one(index: int, plan: Plan) -> Ended:
        async with gate:
            ended = await run_case(plan, index, session)
        session.listener.on(CaseDone(index=index, result=masked(ended.result, ended.secrets)))
        return ended

    tasks = [asyncio.ensure_future(one(index, plan)) for index, plan in enumerate(plans)]
    try:
        ended = await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        ended = await _interrupted(plans, tasks)
    else:
        with suppress(asyncio.CancelledError):  # whoever will not wait for late spans still gets what was found
            await session.clock.sleep(_linger(ended, session) if linger_s is None else linger_s)
    cases = tuple([masked(await judge_again(each, session), each.secrets) for each in ended])
    return RunResult(
        version=version,
        started_ns=started,
        duration_ns=session.clock.monotonic_ns() - began,
        cases=cases,
        seed=session.seed,
        notes=session.notes,
    )


def run_all_stored(plans: Sequence[Plan], trace: Trace, session: Session, *, version: str) -> RunResult:
    """Judge plans on one stored trace."""
    started, began = session.clock.now_ns(), session.clock.monotonic_ns()
    cases = tuple(run_stored(plan, trace, session) for plan in plans)
    return RunResult(
        version=version,
        started_ns=started,
        duration_ns=session.clock.monotonic_ns() - began,
        cases=cases,
        seed=session.seed,
    )


async def _interrupted(plans: Sequence[Plan], tasks: Sequence[asyncio.Task[Ended]]) -> list[Ended]:
    """What has been found so far; a case that was under way is errored and says so."""
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    error = CaseError(message="interrupted before it had ended", kind="interrupted")
    return [
        each
        if isinstance(each, Ended)
        else Ended(plan=plan, result=CaseResult(name=plan.name, path=plan.path, outcome=Outcome.ERRORED, error=error))
        for plan, each in zip(plans, done, strict=True)
    ]


def _linger(ended: Sequence[Ended], session: Session) -> float:
    if session.environment.get("CI", "").lower() in ("", "0", "false"):
        return 0.0
    rests = any(
        each.result.settlement.how == "settled" and any(not c.early for c in each.result.checks) for each in ended
    )
    return LINGER_S if rests else 0.0


def interrupted(run: RunResult) -> bool:
    """Whether a case was cut off by the user."""
    return any(case.error is not None and case.error.kind == "interrupted" for case in run.cases)

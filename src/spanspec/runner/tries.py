"""A case with its retries: a try that did not pass is made again, whole, with its own set-up, trace and tear-down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.results.explain import why
from spanspec.results.mask import masked
from spanspec.results.model import Attempt, Outcome
from spanspec.results.progress import CaseRetried
from spanspec.runner.case import run_try
from spanspec.runner.outcome import blank
from spanspec.runner.session import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.plan import Plan
    from spanspec.language.verdict import Value
    from spanspec.results.model import CaseResult
    from spanspec.runner.session import Session

_AGAIN = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED)


async def run_case(
    plan: Plan,
    index: int,
    session: Session,
    *,
    key: str,
    given: Mapping[str, Value],
    suite: tuple[str, ...] = (),
    repeat: int = 0,
) -> Ended:
    """Carry out a case. Never raises for what the world or the user did wrong; cut off, it says so in `Ended.cut`.

    Args:
        plan: The plan.
        index: The case's number, for progress.
        session: What all cases share.
        key: Which case it is, across runs.
        given: Variables from outside the file: outputs of earlier steps.
        suite: Names of the suites around it.
        repeat: Which of `--repeat`.
    """
    ended = await _tried(plan, index, session, key=key, given=given)
    return replace(ended, result=replace(ended.result, suite=suite, repeat=repeat))


async def _tried(plan: Plan, index: int, session: Session, *, key: str, given: Mapping[str, Value]) -> Ended:
    if plan.skip:
        return Ended(plan=plan, result=blank(plan, Outcome.SKIPPED, warnings=(f"skipped: {plan.skip}",)))

    attempts: list[Attempt] = []
    while True:
        seed = f"{key}\0{len(attempts)}"

        async def run_test(other: Plan, variables: Mapping[str, Value], where: str, seed: str = seed) -> Ended:
            return await _tried(other, index, session, key=f"{seed}\0{where}", given=variables)

        ended = await run_try(plan, index, session, given=given, seed=seed, run_test=run_test)
        result = ended.result
        if ended.cut or result.outcome not in _AGAIN or len(attempts) >= plan.retries or _hopeless(result):
            return replace(ended, result=_with_attempts(result, attempts))
        attempts.append(masked(_attempt(result), ended.secrets))
        session.listener.on(CaseRetried(index=index, name=plan.name, number=len(attempts), because=attempts[-1].reason))


def _with_attempts(result: CaseResult, attempts: list[Attempt]) -> CaseResult:
    flaky = bool(attempts) and result.outcome is Outcome.PASSED
    return replace(result, attempts=tuple(attempts), outcome=Outcome.FLAKY if flaky else result.outcome)


def _attempt(result: CaseResult) -> Attempt:
    return Attempt(
        outcome=result.outcome,
        reason=why(result),
        checks=result.failed_checks,
        trace_id=result.trace_id,
        duration_ns=result.timings.total,
    )


def _hopeless(result: CaseResult) -> bool:
    """Whether another try would find the same fault in the file, or the same system down."""
    return result.error is not None and result.error.kind in ("definition", "environment")

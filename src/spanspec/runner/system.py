"""What a case has to do with the system under test that the run has started: its addresses, and its fall."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from spanspec.results.mask import is_secret
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from spanspec.definition.plan import Plan
    from spanspec.language.verdict import Value
    from spanspec.results.model import CaseError, CaseResult
    from spanspec.runner.session import Session


T = TypeVar("T")

NOTICE_S = 0.25
"""How long the news that a service has ended may take: the connection that it broke is seen before."""


async def unless_fallen(work: Coroutine[object, object, T], session: Session) -> T | None:
    """Do the work, and leave off when a part of the system ends meanwhile; None then.

    Cancelled, it cancels the work and lets it end.
    """
    if session.surroundings is None:
        return await work
    task, fall = asyncio.create_task(work), asyncio.create_task(session.surroundings.fallen())
    try:
        await asyncio.wait({task, fall}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        fall.cancel()
        await asyncio.gather(task, fall, return_exceptions=True)


async def noticed(result: CaseResult, session: Session) -> None:
    """Give the end of a service the moment that it takes to be seen, where it may be why a case did not pass."""
    if session.surroundings is not None and result.outcome not in (Outcome.PASSED, Outcome.SKIPPED):
        with suppress(TimeoutError):
            await asyncio.wait_for(session.surroundings.fallen(), NOTICE_S)


def system_fault(plan: Plan, session: Session) -> CaseError | None:
    """Why the case cannot be carried out; None while the system is whole, or not ours."""
    return session.surroundings.fault(plan.name) if session.surroundings is not None else None


def with_system(plan: Plan, given: Mapping[str, Value], session: Session) -> Mapping[str, Value]:
    """The variables from outside with those of the system, which stand below all others."""
    if session.surroundings is None:
        return given
    own = {name: value for name, value in session.surroundings.variables.items() if name not in plan.variables}
    return {**own, **given}


def hidden_of(session: Session) -> frozenset[str]:
    """The values that no report may show, of a case that came to nothing."""
    named = {value for name, value in session.environment.items() if is_secret(name, session.secrets)}
    return frozenset({*named, *session.hidden})


def fallen(result: CaseResult, down: CaseError) -> CaseResult:
    """A case during which a part of the system ended: whatever it saw, it was not the whole system.

    What it said itself is kept, as a remark.
    """
    if result.outcome is Outcome.SKIPPED:
        return result
    before = result.error.message if result.error is not None else ""
    said = [f"before that: {before.splitlines()[0]}"] if before else []
    return replace(result, outcome=Outcome.ERRORED, error=down, warnings=(*result.warnings, *said))

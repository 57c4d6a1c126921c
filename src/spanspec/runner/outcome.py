"""From what was collected to a case's result, and once more when late spans have come. No I/O but the store's answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.errors import StoreError
from spanspec.model.assemble import assemble
from spanspec.model.context import TimeWindow
from spanspec.results.mask import is_secret
from spanspec.results.model import CaseError, CaseResult, Outcome, worst
from spanspec.runner.evaluate import evaluate, to_result
from spanspec.runner.gates import with_gates
from spanspec.runner.stores import session_of
from spanspec.source.render import render_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.definition.bind import Bound
    from spanspec.definition.plan import Plan
    from spanspec.model.ids import SpanId
    from spanspec.results.model import CheckResult, Settlement
    from spanspec.runner.evaluate import Evaluated
    from spanspec.runner.session import Ended, Session
    from spanspec.source.diagnostics import Diagnostic


def blank(plan: Plan, outcome: Outcome, **more: object) -> CaseResult:
    """A result with what the plan alone says."""
    warnings = tuple(_in_a_line(warning) for warning in plan.warnings)
    fields: dict[str, object] = {"warnings": warnings, **more}
    return replace(
        CaseResult(
            name=plan.name,
            path=plan.path,
            outcome=outcome,
            description=plan.description,
            tags=plan.tags,
            id=plan.id,
            place=plan.place,
            row=plan.row_label,
        ),
        **fields,  # type: ignore[arg-type]  # `replace` checks the names; their types are CaseResult's own
    )


def checks_of(
    plan: Plan, evaluated: Evaluated, early: Sequence[bool], decided_ns: Sequence[int]
) -> tuple[CheckResult, ...]:
    """The checks' results, in order."""
    return tuple(
        to_result(check, default_inconclusive=plan.on_inconclusive, early=early[index], decided_ns=decided_ns[index])
        for index, check in enumerate(evaluated.checks)
    )


async def judge_again(ended: Ended, session: Session) -> CaseResult:
    """The result once more, with the spans that came after the verdict.

    A verdict that they would change is inconclusive, and says which span contradicts it.
    """
    result, given, collected = ended.result, ended.given, ended.collected
    session = session_of(ended.plan, session)
    if given is None or collected is None or session.store is None or ended.plan.skip_trace:
        return result
    try:
        fetched = await session.store.fetch(collected.trace.trace_id, whole_window(result, session))
    except StoreError as fault:  # the verdict stands; what came after it is not known
        return replace(result, warnings=(*result.warnings, f"late spans cannot be looked for: {fault.message}"))
    spans = [arrived.span for arrived in fetched.spans if arrived.span.trace_id == collected.trace.trace_id]
    late = tuple(dict.fromkeys(s.span_id for s in spans if s.span_id not in collected.trace.by_id))
    if not late:
        return result
    trace = assemble(spans, injected=collected.trace.injected, trigger=collected.trace.trigger)
    evaluated = evaluate(ended.plan, replace(given, trace=trace, closed=True, whole=True))
    checks = tuple(
        _contradicted(old, new, late, collected.settlement)
        for old, new in zip(
            result.checks, checks_of(ended.plan, evaluated, collected.early, collected.decided_ns), strict=True
        )
    )
    again = replace(result, checks=checks, trace=trace, late=late, outcome=_outcome_again(result, checks))
    return with_gates(again, ended.plan.gates)


def _outcome_again(result: CaseResult, checks: Sequence[CheckResult]) -> Outcome:
    """An error stays one, and a case that passed on a retry is flaky unless a verdict fell."""
    if result.outcome is Outcome.ERRORED:
        return result.outcome
    outcome = worst(check.outcome for check in checks)
    return result.outcome if outcome is Outcome.PASSED and result.outcome is Outcome.FLAKY else outcome


def _contradicted(old: CheckResult, new: CheckResult, late: tuple[SpanId, ...], settlement: Settlement) -> CheckResult:
    if old.outcome is new.outcome or Outcome.INCONCLUSIVE in (old.outcome, new.outcome):
        return old
    culprits = [span for span in (*new.spans, *new.looked_at) if span in late] or list(late)
    reason = (
        f"it had {old.outcome}, but span {culprits[0]} came after the verdict and would make it {new.outcome}"
        f" ({settlement.reason})"
    )
    return replace(new, outcome=Outcome.INCONCLUSIVE, reason=reason, notes=(*new.notes, *filter(None, [new.reason])))


def diagnosed(diagnostics: Sequence[Diagnostic]) -> CaseError | None:
    """The errors among diagnostics as a case's; None without one."""
    errors = [fault for fault in diagnostics if fault.severity == "error"]
    return CaseError(message=render_all(errors), kind="definition") if errors else None


def secrets_of(bound: Bound, session: Session) -> frozenset[str]:
    """The values that no report may show: of secret variables, of secret names in the environment, of the trigger."""
    values = {str(value) for name, value in bound.variables.items() if is_secret(name, session.secrets)}
    values |= {value for name, value in session.environment.items() if is_secret(name, session.secrets)}
    return frozenset({*values, *session.hidden, *(bound.trigger.secrets() if bound.trigger is not None else ())})


def whole_window(result: CaseResult, session: Session) -> TimeWindow:
    """From the trigger to now."""
    start = result.response.first_ns if result.response is not None else 0
    return TimeWindow(start_ns=start, end_ns=session.clock.now_ns())


def link_of(trace_id: str, session: Session) -> str:
    """Where a person sees the whole trace; empty for nowhere."""
    if session.trace_url:
        return session.trace_url.replace("{trace_id}", trace_id)
    link = session.store.link(trace_id) if session.store is not None else None  # type: ignore[arg-type]
    return link or ""


def _in_a_line(warning: Diagnostic) -> str:
    """A warning for a report; the loader has shown it in full."""
    place = ""
    if warning.source is not None and warning.range is not None:
        at = warning.source.position(warning.range.start)
        place = f" ({warning.source.name}:{at.line}:{at.column})"
    return f"{warning.message}{place} [{warning.code}]"

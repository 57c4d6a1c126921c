"""A plan on a trace: every check's judgement. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.plan import ExpectPlan, SpecPlan
from spanspec.language.assertions import evaluate_output, judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.statements import judge
from spanspec.language.syntax import Name, Place
from spanspec.language.verdict import Judgement, Truth
from spanspec.results.model import CheckResult, Outcome, OutputResult, SpanResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spanspec.definition.plan import AssertionPlan, Plan
    from spanspec.language.assertions import SpanVerdict
    from spanspec.language.syntax import Statement
    from spanspec.language.verdict import Given, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check with its judgement.

    Attributes:
        group: Index of the spec or expectation among the plan's checks.
        plan: What was checked.
        assertion: Of a spec, else None.
        judgement: What was found.
        spans: Per span, of a spec.
    """

    group: int
    plan: SpecPlan | ExpectPlan
    judgement: Judgement
    assertion: AssertionPlan | None = None
    spans: tuple[SpanVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """All checks of a plan on what has arrived, and the outputs when the trace is closed.

    Attributes:
        checks: In the order of the file.
        outputs: As texts, for reports.
        values: Those that could be told, with their types, for whatever comes after.
    """

    checks: tuple[Checked, ...]
    outputs: tuple[OutputResult, ...] = ()
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def undecided(self) -> int:
        """How many checks may still change."""
        return sum(1 for check in self.checks if check.judgement.truth is Truth.UNDECIDED)

    @property
    def lacking(self) -> bool:
        """Whether a check fails only for lack of spans."""
        return any(check.judgement.truth is Truth.FAILS and check.judgement.lack for check in self.checks)

    @property
    def failed(self) -> bool:
        """Whether a check fails for good."""
        return any(check.judgement.truth is Truth.FAILS for check in self.checks)


def evaluate(plan: Plan, given: Given) -> Evaluated:
    """Judge every check of the plan.

    Args:
        plan: The plan.
        given: The trace and the rest; its dialect is replaced by that of each check.
    """
    outputs, values = outputs_of(plan, given) if given.closed else ((), {})
    given = replace(given, variables={**given.variables, **values})
    awaited = frozenset() if given.closed else frozenset(output.name for output in plan.outputs)
    checks: list[Checked] = []
    for group, check in enumerate(plan.checks):
        if isinstance(check, ExpectPlan):
            checks.append(_expectation(group, check, given, awaited))
        else:
            checks.extend(_spec(group, check, given, awaited))
    lacking = {output.name: output.error for output in outputs if output.error}
    told = tuple(_with_outputs(check, lacking) if lacking else check for check in checks)
    return Evaluated(checks=told, outputs=outputs, values=MappingProxyType(values))


def _with_outputs(checked: Checked, lacking: Mapping[str, str]) -> Checked:
    """A check that fails over an output without a value says why there is none."""
    if checked.judgement.truth is not Truth.FAILS:
        return checked
    statement = checked.assertion.statement if checked.assertion is not None else checked.plan
    named = [name for name in dict.fromkeys(variables_of(statement)) if name in lacking]
    reason = "; ".join([checked.judgement.reason, *(lacking[name] for name in named)]) if named else ""
    return replace(checked, judgement=replace(checked.judgement, reason=reason)) if named else checked


def awaiting_outputs(plan: Plan, statement: Statement) -> bool:
    """Whether a statement reads an output of the plan, which is known when the trace has settled."""
    names = {output.name for output in plan.outputs}
    return bool(names) and not names.isdisjoint(variables_of(statement))


def _expectation(group: int, check: ExpectPlan, given: Given, awaited: frozenset[str]) -> Checked:
    if awaited and not awaited.isdisjoint(variables_of(check.statement)):
        return Checked(group=group, plan=check, judgement=_needs_outputs())
    judgement = judge(check.statement, replace(given, dialect=Dialect.EXPECT))
    return Checked(group=group, plan=check, judgement=judgement)


def _spec(group: int, check: SpecPlan, given: Given, awaited: frozenset[str]) -> Iterator[Checked]:
    statements = [assertion.statement for assertion in check.assertions]
    verdicts = judge_spec(check.selector, statements, replace(given, dialect=check.dialect))
    for assertion, verdict in zip(check.assertions, verdicts, strict=True):
        judgement = verdict.judgement
        if awaited and not awaited.isdisjoint(variables_of(assertion.statement)):
            judgement = _needs_outputs()
        yield Checked(group=group, plan=check, judgement=judgement, assertion=assertion, spans=verdict.span_results)


def _needs_outputs() -> Judgement:
    return Judgement(truth=Truth.UNDECIDED, reason="it reads an output, which is known when the trace has settled")


def outputs_of(plan: Plan, given: Given) -> tuple[tuple[OutputResult, ...], dict[str, Value]]:
    """The outputs in order, and the values of those that have one."""
    results: list[OutputResult] = []
    values: dict[str, Value] = {}
    for output in plan.outputs:
        generators = given.generators.of_field(f"outputs.{output.name}") if given.generators is not None else None
        at_hand = replace(given, dialect=plan.dialect, generators=generators)
        verdict = evaluate_output(output.selector, output.value, output.has_selector, at_hand)
        results.append(
            OutputResult(
                name=output.name,
                value=verdict.text,
                error=f'output "{output.name}": {verdict.error}' if verdict.error else "",
                span_id=verdict.span_id,
            )
        )
        if not verdict.error:
            values[output.name] = verdict.value
    return tuple(results), values


def variables_of(node: object) -> Iterator[str]:
    """The keys of all `var:` and `env:` names below a node."""
    if isinstance(node, Name) and node.place in (Place.VAR, Place.ENV):
        yield node.key
    if is_dataclass(node):
        for part in fields(node):
            yield from variables_of(getattr(node, part.name))
    elif isinstance(node, tuple):
        for item in node:
            yield from variables_of(item)


def to_result(checked: Checked, *, default_inconclusive: str, early: bool, decided_ns: int) -> CheckResult:
    """The result of a check.

    Args:
        checked: The check.
        default_inconclusive: `fail` or `pass`, where the check itself does not say.
        early: Whether it was decided before the trace settled.
        decided_ns: From the trigger's end to the decision.
    """
    judgement, plan, assertion = checked.judgement, checked.plan, checked.assertion
    rule = (plan.on_inconclusive if isinstance(plan, ExpectPlan) else "") or default_inconclusive
    if assertion is not None:
        text, place = assertion.text, assertion.place
    else:
        assert isinstance(plan, ExpectPlan)
        text, place = plan.text, plan.place
    notes = judgement.notes
    outcome = _OUTCOMES[judgement.truth]
    if outcome is Outcome.INCONCLUSIVE and rule == "pass":
        outcome = Outcome.PASSED
        notes = (*notes, "inconclusive, which `on_inconclusive: pass` lets pass")
    return CheckResult(
        kind="spec" if assertion is not None else "expect",
        text=text,
        outcome=outcome,
        name=plan.name,
        selector=plan.selector_text if isinstance(plan, SpecPlan) else "",
        group=checked.group,
        place=place,
        reason=judgement.reason,
        expected=judgement.expected,
        actual=judgement.actual,
        spans=judgement.spans,
        looked_at=judgement.looked_at,
        span_results=tuple(_span_result(span) for span in checked.spans),
        near=judgement.near,
        notes=notes,
        error=judgement.error,
        early=early,
        lack=judgement.lack,
        decided_ns=decided_ns,
    )


def _span_result(verdict: SpanVerdict) -> SpanResult:
    return SpanResult(
        span_id=verdict.span_id,
        observed=verdict.observed,
        expected=verdict.expected,
        passed=verdict.passed,
        error=verdict.error,
    )


_OUTCOMES = {
    Truth.HOLDS: Outcome.PASSED,
    Truth.FAILS: Outcome.FAILED,
    Truth.UNDECIDED: Outcome.INCONCLUSIVE,
}

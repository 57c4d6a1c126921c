"""Required gates: which of them fail, and what that makes of a case. Pure.

A gate that nothing judged does not pass: a case that requires one of the analyzer, while nothing analyzed its trace, is
errored, whichever way the gate came to be required.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.results.model import CaseError, Gate, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.results.model import CaseResult

SPECS = "test-specs"
RULES = "analyzer-rules"
SCORE = "analyzer-score"
NOT_RUN = "the analyzer did not run: this version does not have it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What an analyzer found of a trace.

    Attributes:
        passed: Whether every rule that is an error held.
        score: From 0 to 100.
        minimum_score: What the score must reach.
    """

    passed: bool
    score: int
    minimum_score: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What became of a run's gates.

    Attributes:
        required: Those that must pass, in the order given.
        failed: Every gate that fails, once, required or not.
        passed: Whether no required one is among them.
    """

    required: tuple[str, ...]
    failed: tuple[str, ...]
    passed: bool


def weigh(required: Sequence[str], failures: Iterable[str]) -> Gates:
    """Set the gates that fail against those that are required."""
    failed = tuple(dict.fromkeys(failures))
    return Gates(required=tuple(required), failed=failed, passed=not set(required) & set(failed))


def failures(*, specs_passed: bool, analysis: Analysis | None) -> tuple[str, ...]:
    """The gates that fail; without an analysis those of the analyzer are not judged, and not among them."""
    found: tuple[str, ...] = () if specs_passed else (SPECS,)
    if analysis is None:
        return found
    found += () if analysis.passed else (RULES,)
    return found if analysis.score >= analysis.minimum_score else (*found, SCORE)


def with_gates(result: CaseResult, required: Sequence[str], analysis: Analysis | None = None) -> CaseResult:
    """The result with its required gates.

    One that fails makes a case fail that had passed. One that could not be judged makes it errored, whatever its checks
    found; a case that was skipped or errored already has no gates.

    Args:
        result: With its checks.
        required: The names of the gates; none leaves the result as it is.
        analysis: What the analyzer found; None where it did not run.
    """
    if not required or result.outcome in (Outcome.SKIPPED, Outcome.ERRORED):
        return result
    found = failures(specs_passed=not result.failed_checks, analysis=analysis)
    gates = tuple(_gate(name, found, result, analysis) for name in required)
    result = replace(result, gates=gates)
    unjudged = [gate.name for gate in gates if gate.name != SPECS and analysis is None]
    if unjudged:
        return _unjudged(result, unjudged)
    failed = result.outcome in (Outcome.PASSED, Outcome.FLAKY) and not weigh(required, found).passed
    return replace(result, outcome=Outcome.FAILED) if failed else result


def _gate(name: str, failed: Sequence[str], result: CaseResult, analysis: Analysis | None) -> Gate:
    if name == SPECS:
        count = len(result.failed_checks)
        reason = f"{count} of {len(result.checks)} checks did not pass" if count else ""
        return Gate(name=name, passed=not count, reason=reason)
    if analysis is None:
        return Gate(name=name, passed=False, reason=NOT_RUN)
    if name not in failed:
        return Gate(name=name, passed=True)
    low = f"the score is {analysis.score}, below {analysis.minimum_score}"
    return Gate(name=name, passed=False, reason=low if name == SCORE else "rules of the analyzer do not hold")


def _unjudged(result: CaseResult, names: Sequence[str]) -> CaseResult:
    """The errored result; an error that it has already is kept, for it tells more."""
    shown = " and ".join(f'"{name}"' for name in names)
    message = f"the required gate{'s' if len(names) > 1 else ''} {shown} cannot be judged: {NOT_RUN}"
    if result.error is not None:
        return replace(result, outcome=Outcome.ERRORED, warnings=(*result.warnings, message))
    error = CaseError(message=message, help=f"Require `{SPECS}` alone.", kind="definition")
    return replace(result, outcome=Outcome.ERRORED, error=error)

"""Required gates, on results as they come from a run, a stored trace and shards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spanspec.results.merge import merge
from spanspec.results.model import CaseError, CaseResult, CheckResult, Outcome
from spanspec.runner.case import run_stored
from spanspec.runner.gates import Analysis, with_gates
from spanspec.testing import span, trace
from tests.results.example import run
from tests.runner.service import case, session

HELD = CheckResult(kind="expect", text="some span", outcome=Outcome.PASSED)
PASSED = CaseResult(name="t", path="t.yaml", outcome=Outcome.PASSED, checks=(HELD,))
FAILED = replace(PASSED, outcome=Outcome.FAILED, checks=(replace(HELD, outcome=Outcome.FAILED),))
UNJUDGED = (
    'the required gate "analyzer-rules" cannot be judged: the analyzer did not run: this version does not have it'
)


@pytest.mark.parametrize(
    ("analysis", "failed"),
    [
        (Analysis(passed=True, score=80, minimum_score=80), {}),
        (Analysis(passed=False, score=80, minimum_score=80), {"analyzer-rules": "rules of the analyzer do not hold"}),
        (Analysis(passed=True, score=79, minimum_score=80), {"analyzer-score": "the score is 79, below 80"}),
    ],
)
def test_an_analysis_is_held_against_the_gates(analysis: Analysis, failed: dict[str, str]) -> None:
    """A required gate that fails makes a case fail that had passed, and says why."""
    found = with_gates(PASSED, ("analyzer-rules", "analyzer-score"), analysis)
    assert {gate.name: gate.reason for gate in found.gates if not gate.passed} == failed
    assert found.outcome is (Outcome.FAILED if failed else Outcome.PASSED)


@pytest.mark.parametrize("result", [PASSED, FAILED, replace(PASSED, outcome=Outcome.FLAKY)])
def test_without_an_analysis_nothing_passes(result: CaseResult) -> None:
    """Whatever the checks found, a gate that nothing judged makes the case errored."""
    found = with_gates(result, ("analyzer-rules",))
    assert found.outcome is Outcome.ERRORED
    assert found.error == CaseError(message=UNJUDGED, help="Require `test-specs` alone.", kind="definition")


def test_an_error_that_is_there_already_is_kept() -> None:
    """That no span came tells more than that nothing analyzed it; the gate is said in a warning."""
    silent = replace(FAILED, error=CaseError(message="no span came", kind="no-spans"))
    found = with_gates(silent, ("analyzer-rules",))
    assert (found.outcome, found.error, found.warnings) == (Outcome.ERRORED, silent.error, (UNJUDGED,))


def test_a_flaky_case_fails_by_its_gates() -> None:
    """That it passed on a retry takes no gate away."""
    found = with_gates(replace(PASSED, outcome=Outcome.FLAKY), ("analyzer-rules",), Analysis(passed=False, score=0))
    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.ERRORED])
def test_what_was_not_judged_has_no_gates(outcome: Outcome) -> None:
    """A case that was skipped or could not be carried out stays as it is."""
    result = replace(PASSED, outcome=outcome)
    assert with_gates(result, ("test-specs", "analyzer-rules")) is result


def test_a_stored_trace_passes_no_gate_of_the_analyzer() -> None:
    """`--trace` judges by the same rule, and the shards of a run keep it when they are merged."""
    plan = case("t", "http://127.0.0.1:9/t", gates=("analyzer-rules",))
    stored = run_stored(replace(plan, checks=()), trace(span("root")), session())
    assert (stored.outcome, stored.error and stored.error.message) == (Outcome.ERRORED, UNJUDGED)
    halves = [replace(run(replace(stored, position=n)), shard=f"{n + 1}/2", planned=2, plan="p") for n in range(2)]
    merged = merge([("1.json", halves[0]), ("2.json", halves[1])])
    assert (merged.exit_code, [each.outcome for each in merged.cases]) == (2, [Outcome.ERRORED] * 2)

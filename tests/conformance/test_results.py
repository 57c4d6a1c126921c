"""What the reference says of a run that has ended: its times, and its text for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from spanspec.model.ids import SpanId, TraceId
from spanspec.reports import terminal
from spanspec.reports.junit import Report
from spanspec.results.json import decode, encode
from spanspec.results.model import CaseResult, CheckResult, Outcome, RunResult, SpanResult, Timings, worst
from tests.conformance.folder import cases


def nanoseconds(case: dict[str, Any]) -> int:
    """How long it took; against now where the end is missing or Unix time 0, as the reference measures what still runs."""
    start, end, now = (datetime.fromisoformat(case[key]) if case[key] else None for key in ("start", "end", "now"))
    assert start is not None
    if end is None or end == datetime.fromtimestamp(0, UTC):
        end = now
    assert end is not None
    return round((end - start).total_seconds() * 1e9)


@pytest.mark.parametrize("case", cases("run_times"), ids=lambda case: case["id"])
def test_times(case: dict[str, Any]) -> None:
    """The JUnit file in the reference's shape has whole seconds rounded up; the result itself keeps nanoseconds.

    A result of ours is one that has ended, so "still running" is what had passed when it was cut off.
    """
    took = nanoseconds(case)
    result = CaseResult(name="t", path="", outcome=Outcome.PASSED, timings=Timings(trigger=took))
    run = RunResult(version="", started_ns=0, duration_ns=took, cases=(result,))
    if case["measure"] == "execution_time_seconds":
        assert ET.fromstring(Report(reference=True).render(run)).get("time") == str(case["expected"])
    else:
        again = decode(encode(run))
        assert again.cases[0].timings.trigger // 1_000_000 == case["expected"]


def check_of(group: int, spec: dict[str, Any], name: str, assertion: dict[str, Any]) -> CheckResult:
    """One assertion of a recorded run as a check."""
    spans = tuple(
        SpanResult(span_id=SpanId(each["span_id"]), observed=each["observed_value"], passed=each["passed"])
        for each in assertion["span_results"]
    )
    outcome = Outcome.PASSED if all(each.passed for each in spans) else Outcome.FAILED
    return CheckResult(
        kind="spec", text=assertion["assertion"], name=name, selector=spec["selector"], group=group, outcome=outcome,
        span_results=spans, actual=next((each.observed for each in spans if not each.passed), ""),
    )  # fmt: skip


@pytest.mark.parametrize("case", [case for case in cases("cli_output") if case["format"] == "pretty"], ids=lambda case: case["id"])  # fmt: skip
def test_text_for_people(case: dict[str, Any]) -> None:
    """The terminal report is our own; it names all that the reference's names, and marks each with the same sign.

    Differences: no link to a server that does not exist (row 62), names by result and not by index (row 64), and a
    failed assertion says what was observed in a sentence.
    """
    specs = case["test"].get("specs", [])
    results = case["run"]["result"].get("results", [])
    checks = tuple(
        check_of(group, result, specs[group].get("name", ""), assertion)
        for group, result in enumerate(results)
        for assertion in result["results"]
    )
    outcome = worst(check.outcome for check in checks)
    traced = TraceId(case["run"]["traceId"])
    result = CaseResult(name=case["test"]["name"], path="", outcome=outcome, checks=checks, trace_id=traced)
    run = RunResult(version="", started_ns=0, duration_ns=1, cases=(result,))
    shown = terminal.Report(width=160, colour=False, verbosity=1).render(run)
    assert case["test"]["name"] in shown
    assert ("✘" in shown) is (not case["run"]["result"]["allPassed"])
    for check in checks:
        assert (check.name or check.selector) in shown
        if check.outcome is Outcome.FAILED:
            assert check.text in shown
            assert check.actual in shown
    assert run.exit_code == (0 if case["run"]["result"]["allPassed"] else 1)

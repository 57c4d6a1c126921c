"""The reference's JUnit files: the report's `reference` shape, compared as XML."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from spanspec.reports.junit import Report
from spanspec.results.model import CaseResult, CheckResult, Outcome, RunResult, SpanResult, worst
from tests.conformance.folder import cases


def run_of(case: dict[str, Any]) -> RunResult:
    """The case's finished run as one of ours."""
    created, completed = (datetime.fromisoformat(case[key]) for key in ("created_at", "completed_at"))
    checks = tuple(
        check_of(group, spec["selector"], assertion)
        for group, spec in enumerate(case["results"])
        for assertion in spec["assertions"]
    )
    result = CaseResult(
        name=case["test_name"], path="", outcome=worst(check.outcome for check in checks), checks=checks
    )
    duration_ns = round((completed - created).total_seconds() * 1e9)
    return RunResult(version="", started_ns=round(created.timestamp() * 1e9), duration_ns=duration_ns, cases=(result,))


def check_of(group: int, selector: str, assertion: dict[str, Any]) -> CheckResult:
    """One assertion's results."""
    results = tuple(
        SpanResult(
            span_id=None,
            observed=each.get("observed_value", ""),
            passed=each["outcome"] == "pass",
            error=each.get("error", ""),
        )
        for each in assertion["span_results"]
    )
    outcome = Outcome.PASSED if all(each.passed for each in results) else Outcome.FAILED
    return CheckResult(
        kind="spec", text=assertion["assertion"], selector=selector, group=group, outcome=outcome, span_results=results
    )


def shape(element: ET.Element) -> object:
    """Names, attributes in order, nesting."""
    return element.tag, list(element.attrib.items()), [shape(child) for child in element]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in cases("junit")])
def test_reference_shape(case: dict[str, Any]) -> None:
    """The document has the elements, attributes and nesting of the reference's."""
    rendered = ET.fromstring(Report(reference=True).render(run_of(case)))
    assert shape(rendered) == shape(ET.fromstring(case["expected_xml"].encode()))

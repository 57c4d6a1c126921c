from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from spanspec.reports.junit import Report
from spanspec.results.model import CaseResult, CheckResult, Outcome, RunResult
from tests.results.example import CART, CHECKOUT, EVERYTHING, FAST, HELD, NASTY, ONCE, nasty_run, run


def document(given: RunResult, *, reference: bool = False) -> ET.Element:
    """The rendered report, parsed."""
    return ET.fromstring(Report(reference=reference).render(given))


def test_counts() -> None:
    """Failed and inconclusive checks are failures, what could not be carried out is an error."""
    root = document(EVERYTHING)
    assert root.attrib == {
        "name": "spanspec",
        "tests": "10",
        "failures": "5",
        "errors": "1",
        "skipped": "1",
        "time": "3.210",
    }
    assert [suite.get("name") for suite in root] == [
        "cart is emptied",
        "checkout ships once",
        "refund",
        "search",
        "slow",
        "login",
    ]


def test_a_suite() -> None:
    """A suite is a case: its file, time and start, and in properties what leads to its trace."""
    suite = document(run(CHECKOUT))[0]
    assert suite.attrib == {
        "name": "checkout ships once",
        "tests": "5",
        "failures": "4",
        "errors": "0",
        "skipped": "0",
        "timestamp": "2023-11-14T22:13:20",
        "time": "0.523",
        "file": "tests/checkout.yaml",
    }
    found = {each.get("name"): each.get("value") for each in suite.iterfind("properties/property")}
    assert found == {
        "outcome": "failed",
        "trace_id": "1" * 32,
        "link": f"http://127.0.0.1:16686/trace/{'1' * 32}",
        "trigger": "POST http://127.0.0.1:8080/checkout",
        "settlement": "settled: quiet for 250 ms; export lag bound 110 ms (declared)",
        "tags": "checkout",
        "output.ORDER_ID": "42",
    }


def test_a_failed_check() -> None:
    """Class name, place, spans and services, what was expected and found, and the drawn trace."""
    case = document(run(replace(CHECKOUT, checks=(ONCE,))))[0].find("testcase")
    assert case is not None
    assert case.attrib == {
        "name": 'exactly 1 span[service.name = "shipping"]',
        "classname": "tests.checkout.checkout ships once",
        "file": "tests/checkout.yaml",
        "line": "14",
        "time": "0.003",
    }
    assert [each.get("value") for each in case.iterfind("properties/property")] == [
        f"{ONCE.spans[0]} POST /ship · shipping",
        f"{ONCE.spans[1]} POST /ship · shipping",
        "shipping",
    ]
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib == {
        "type": "failed",
        "message": "2 spans of shipping match, both under POST /orders of order",
    }
    assert (
        failure.text
        == """\
at        tests/checkout.yaml:14:5
check     exactly 1 span[service.name = "shipping"]
expected  exactly 1
actual    2 spans
because   2 spans of shipping match, both under POST /orders of order
note      the two are alike in all attributes: a retry
ended     settled: quiet for 250 ms; export lag bound 110 ms (declared)"""
    )
    drawn = case.findtext("system-out", "").splitlines()
    assert drawn[0] == f"trace {'1' * 32} · 21 spans · 6 services · 412ms"
    assert sum(line.startswith("✘") for line in drawn) == 2


@pytest.mark.parametrize(
    ("check", "tag", "kind"),
    [
        (HELD, None, None),
        (ONCE, "failure", "failed"),
        (replace(ONCE, outcome=Outcome.INCONCLUSIVE), "failure", "inconclusive"),
        (replace(ONCE, error="cannot compare"), "error", "error"),
        (replace(ONCE, outcome=Outcome.ERRORED), "error", "errored"),
        (replace(ONCE, outcome=Outcome.SKIPPED), "skipped", None),
    ],
)
def test_outcomes_of_checks(check: CheckResult, tag: str | None, kind: str | None) -> None:
    """Each outcome has its element."""
    case = document(run(replace(CHECKOUT, checks=(check,))))[0].find("testcase")
    assert case is not None
    found = [child for child in case if child.tag in ("failure", "error", "skipped")]
    assert [(child.tag, child.get("type")) for child in found] == ([(tag, kind)] if tag else [])


def test_cases_without_checks_are_test_cases_themselves() -> None:
    """A case that errored, was skipped or checks nothing does not vanish."""
    root = document(EVERYTHING)
    refund, slow = root[2].find("testcase"), root[4].find("testcase")
    assert refund is not None
    assert slow is not None
    error = refund.find("error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == (
        "trigger",
        "POST http://127.0.0.1:8080/refund: connection refused",
    )
    assert error.text == "POST http://127.0.0.1:8080/refund: connection refused\nStart the service."
    skipped = slow.find("skipped")
    assert skipped is not None
    assert skipped.attrib == {"message": "only in CI"}
    empty = document(run(CaseResult(name="a", path="a.yaml", outcome=Outcome.PASSED)))
    assert [(each.get("name"), len(each)) for each in empty.iter("testcase")] == [("a", 0)]


def test_equal_checks_have_names_of_their_own() -> None:
    """CI systems take two test cases of one name for one."""
    names = [each.get("name") for each in document(run(replace(CART, checks=(HELD, HELD)))).iter("testcase")]
    assert names == [HELD.text, f"{HELD.text} (2)"]


def test_the_reference_shape() -> None:
    """A suite per spec, a test case per span, and no attribute that the reference does not write."""
    root = document(run(replace(CHECKOUT, checks=(FAST, HELD))), reference=True)
    assert root.attrib == {
        "name": "checkout ships once",
        "tests": "13",
        "failures": "4",
        "errors": "0",
        "skipped": "0",
        "time": "4",
    }
    assert [suite.get("name") for suite in root] == ['span[name = "SELECT product"]', 'some span[kind = "consumer"]']
    assert [dict(case.attrib) for case in root[0]] == [{"name": "attr:tracetest.span.duration < 3ms"}] * 12
    failure = root[0][0].find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "attr:tracetest.span.duration < 3ms", "message": "4ms"}


def test_two_specs_of_one_selector_stay_apart() -> None:
    """The reference loses results when a selector is repeated; a spec has a suite by its index."""
    again = replace(FAST, group=1)
    assert len(document(run(replace(CHECKOUT, checks=(FAST, again))), reference=True)) == 2


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("text", NASTY)
def test_the_document_is_valid_whatever_the_texts_hold(text: str, reference: bool) -> None:
    """Control and invalid characters are escaped, markup is text, attributes have one bounded line."""
    data = Report(reference=reference).render(nasty_run(text))
    assert len(data) < 400_000
    root = ET.fromstring(data)
    for element in root.iter():
        for value in element.attrib.values():
            assert len(value.splitlines()) <= 1
            assert len(value) <= 1000
    assert b"\x1b" not in data
    assert "script" not in {element.tag for element in root.iter()}

"""Suites, rows, retries, hooks, gates and logs, in the terminal and as JUnit."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from spanspec.reports import junit, terminal
from spanspec.results.columns import cells
from spanspec.results.model import CaseResult, Outcome, RunResult
from spanspec.results.telling import title
from tests.reports import junit_schema
from tests.results.example import EVERYTHING, NASTY, nasty_run, run
from tests.results.parts import BUY, LATER, LOGIN, PARTS, UNCLEAN, UNPREPARED

FULL = """\
✔ night › cart  0.02s  cart.yaml

✘ night › orders › buy [country=FR] #2  0.02s  1 failed of 2 checks  night.yaml

  ✘ it is 503, not 200
    check      response:status = 200

    sent       POST http://shop.test/buy
    tear-down  ✘ RUN ./clean.sh: its exit code is 3
    gates      ✘ test-specs: 1 of 2 checks did not pass
               ✘ analyzer-score: the score is 60, below 80
    try 1      it is 503, not 200
    try 2      connection refused
    log        of payment
               … 2 earlier lines
               line 3
               line 4
               line 5
               line 6
               line 7
               line 8
               line 9
               line 10
               line 11
               line 12

○ night › mail  0.00s  skipped  night.yaml
    because    the step "orders" failed before it, and with it all that came
               after
↻ login  0.02s  flaky: passed on try 2  login.yaml
    try 1      it is 503, not 200
↻ later  0.02s  flaky: passed on try 2  later.yaml
    try 1      connection refused

! kept  0.02s  errored  kept.yaml

    error      set-up (fill) failed: it answered 500

! unclean  0.02s  errored  unclean.yaml

    error      tear-down (RUN rm x) failed: its exit code is 1

────────────────────────────────────────────────────────────────────────────────
1 passed, 2 flaky, 1 failed, 2 errored, 1 skipped in 3.21s
5 of 6 checks passed · 0 of 1 suite passed
exit code 3: a trigger, store or receiver error
"""


def test_the_terminal_shows_every_part() -> None:
    """Names say suite, row and repeat; a flaky case why it failed first; a failed one its gates, tries and logs."""
    assert terminal.Report().render(PARTS) == FULL


def test_with_v_the_hooks_are_listed() -> None:
    """Also those that went well, in order, with their times."""
    shown = terminal.Report(verbosity=1).render(run(UNPREPARED))
    assert "    set-up     ✘ fill: it answered 500\n    tear-down  ✔ RUN ./clean.sh  0.00s\n" in shown


def test_a_log_that_was_cut_says_so() -> None:
    """Of a long log the end is shown, and how much came before."""
    shown = terminal.Report().render(run(BUY))
    assert "    log        of payment\n               … 2 earlier lines\n               line 3\n" in shown
    log = replace(BUY.logs[0], text="one\ntwo", truncated=True)
    shown = terminal.Report().render(run(replace(BUY, logs=(log,))))
    assert "               … earlier lines\n               one\n               two\n" in shown


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (0, "night › orders › buy [country=FR] #2"),
        (36, "night › orders › buy [country=FR] #2"),
        (35, "… › orders › buy [country=FR] #2"),
        (25, "… › buy [country=FR] #2"),
        (22, "buy [country…] #2"),
    ],
)
def test_a_title_keeps_what_tells_cases_apart(width: int, expected: str) -> None:
    """Where there is little room the outer suites go first, and then the name is cut."""
    assert title(BUY, width) == expected


@pytest.mark.parametrize("width", [28, 40, 68])
@pytest.mark.parametrize("text", NASTY)
def test_a_title_fits(text: str, width: int) -> None:
    """Whatever names hold."""
    found = title(CaseResult(name=text, path="p", outcome=Outcome.PASSED, suite=(text,) * 3, row=text, repeat=9), width)
    assert cells(found) <= width
    assert found.isprintable()


def document(given: RunResult) -> ET.Element:
    """The report, parsed."""
    return ET.fromstring(junit.Report().render(given))


def texts(element: ET.Element) -> list[tuple[str, str, str]]:
    """Of each test case its name and its children: tag, type, message."""
    return [
        (child.tag, child.get("type", ""), child.get("message", "")) for child in element if child.tag != "properties"
    ]


def test_suites_and_rows_are_in_names() -> None:
    """CI systems group by class names, and tell cases apart by both."""
    suite = document(run(BUY))[0]
    assert suite.get("name") == "night › orders › buy [country=FR] #2"
    assert {case.get("classname") for case in suite.iter("testcase")} == {"night.night.orders.buy [country=FR]"}


def test_tries_are_written_as_surefire_writes_them() -> None:
    """`flaky…` where a later try passed, `rerun…` beside a failure; a try without checks goes where the case is told."""
    flaky = document(run(LOGIN))[0]
    assert (flaky.get("failures"), flaky.get("errors")) == ("0", "0")
    assert [texts(case) for case in flaky.iter("testcase")] == [[("flakyFailure", "failed", "it is 503, not 200")]]
    trace = flaky.findtext("testcase/flakyFailure/stackTrace", "")
    assert trace.startswith(f"trace     {'3' * 32}\ncheck    response:status = 200\n")
    failed = document(run(replace(BUY, hooks=(), gates=(), logs=())))[0]
    assert [texts(case) for case in failed.iter("testcase")] == [
        [],
        [
            ("failure", "failed", "it is 503, not 200"),
            ("rerunFailure", "failed", "it is 503, not 200"),
            ("rerunError", "errored", "connection refused"),
        ],
    ]
    later = document(run(LATER))[0]
    assert [(case.get("name"), texts(case)) for case in later.iter("testcase")] == [
        ("response:status = 200", []),
        ("later", [("flakyError", "errored", "connection refused")]),
    ]


def test_tear_downs_and_gates_that_failed_are_test_cases() -> None:
    """None of them vanishes, and none is told twice."""
    suite = document(run(BUY))[0]
    assert [(case.get("name"), texts(case)[0]) for case in suite.iter("testcase") if texts(case)] == [
        ("response:status = 200", ("failure", "failed", "it is 503, not 200")),
        ("tear-down: RUN ./clean.sh", ("error", "teardown", "its exit code is 3")),
        ("gate: analyzer-score", ("failure", "gate", "the score is 60, below 80")),
    ]
    assert [
        (case.get("name"), [tag for tag, *_ in texts(case)]) for case in document(run(UNCLEAN)).iter("testcase")
    ] == [
        ('some span[kind = "consumer"]', []),
        ("tear-down: RUN rm x", ["error"]),
    ]
    assert [texts(case) for case in document(run(UNPREPARED)).iter("testcase")] == [
        [("error", "setup", "set-up (fill) failed: it answered 500")]
    ]


def test_a_failure_that_no_check_tells_of_is_not_lost() -> None:
    """A document never counts a case as good that was not."""
    odd = replace(LOGIN, outcome=Outcome.FAILED, attempts=())
    assert document(run(odd)).get("failures") == "1"


def test_logs_are_in_the_output() -> None:
    """Beside the first thing that failed; of a flaky case, whose test cases all passed, in the suite's."""
    failed = document(run(BUY))[0]
    assert failed.findall("testcase")[1].findtext("system-out", "").startswith("[payment]\nline 1\nline 2\n")
    flaky = document(run(replace(LOGIN, logs=BUY.logs)))[0]
    assert flaky.findtext("system-out", "").startswith("[payment]\nline 1\n")


@pytest.mark.parametrize("given", [PARTS, EVERYTHING, run()], ids=["parts", "everything", "nothing"])
def test_the_common_schema_is_kept_to(given: RunResult) -> None:
    """Elements, attributes, their order and the form of times."""
    assert junit_schema.faults(junit.Report().render(given)) == []
    assert junit_schema.faults(junit.Report(reference=True).render(given)) == []


@pytest.mark.parametrize("text", NASTY)
def test_the_common_schema_is_kept_to_whatever_texts_hold(text: str) -> None:
    """Also with the oddest names."""
    assert junit_schema.faults(junit.Report().render(nasty_run(text))) == []


def test_the_schema_finds_faults() -> None:
    """The tables do refuse what is wrong."""
    bad = b'<testsuites><testsuite name="a" time="x" tests="1" failures="0"><testcase odd="1"><failure/></testcase></testsuite></testsuites>'
    assert junit_schema.faults(bad) == [
        "testsuite lacks errors",
        "the time of a testsuite is x",
        "testcase has no odd",
        "testcase lacks name",
    ]
    assert junit_schema.faults(b"<testsuite name='a' tests='' failures='' errors=''><failure/></testsuite>")

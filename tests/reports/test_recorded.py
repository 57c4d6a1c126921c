"""Every report of the same ten runs: under snapshot, true to its schema, and telling what a red build must tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import jsonschema
import pytest

from spanspec.reports import github, markdown, sarif, terminal
from spanspec.reports.base import REPORTS
from spanspec.results import json as documents
from spanspec.results.build import Build
from spanspec.results.model import Outcome, RunResult
from tests.reports.recorded import FAULTS, NAMES, RUNS, hold, recorded
from tests.results.example import EVERYTHING, NASTY, nasty_run
from tests.servers.published import sarif_schema

REPORTS_HELD = [name for name in REPORTS.built_in() if name != "json"]
LINK = "https://traces.example/trace/42"
TOLD = {
    "duplicate-shipping": ("shipping-service", "2 spans", "exactly 1"),
    "slow-payment": ("payment-service", r"35\dms|35\d\.\d+ms", "200ms"),
    "lost-event": ("notification-service", "no span", 'messaging.destination = "shipping-queue"'),
    "inventory-not-updated": ("inventory-service", "skipped", '"success"'),
    "query-per-row": ("order-service", "10 of the same call", "fewer than 5"),
    "payment-error-swallowed": ("payment-service", "3 errors", "no error"),
}
"""Of each fault of the shop: the service, a pattern of the value, the limit."""


@pytest.mark.parametrize("report", REPORTS_HELD)
@pytest.mark.parametrize("name", NAMES)
def test_a_report_reads_as_its_snapshot(name: str, report: str) -> None:
    """What a user sees of a recorded run changes only on purpose."""
    rendered = REPORTS.load(report)().render(recorded(name))
    hold(f"{name}.{report}.txt", rendered.decode() if isinstance(rendered, bytes) else rendered)


@pytest.mark.parametrize("name", NAMES)
def test_the_json_report_gives_the_recorded_run_again(name: str) -> None:
    """Nothing is lost between a file and its report."""
    render = REPORTS.load("json")().render
    rendered = render(recorded(name))
    assert render(documents.decode(rendered if isinstance(rendered, bytes) else rendered.encode())) == rendered


def test_recorded_runs_name_no_machine() -> None:
    """What is committed tells nothing of the machine it was recorded on."""
    for name in NAMES:
        assert not re.search(r"/(?:work|tmp|root|home|opt)/", (RUNS / f"{name}.json").read_text(encoding="utf-8")), name


# --- a red build of the shop ---------------------------------------------------------------------------------------


def _linked(run: RunResult, link: str) -> RunResult:
    return replace(run, cases=tuple(replace(case, link=link) for case in run.cases))


def _outside_details(text: str) -> str:
    return re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)


def _shown(text: str) -> str:
    """Markdown as it is read: without the backslashes and entities of its escapes."""
    return re.sub(r"\\(?=[^\w\s])", "", text).replace("&lt;", "<").replace("&amp;", "&")


@pytest.mark.parametrize("name", FAULTS)
def test_a_red_build_says_which_service_what_and_why(name: str) -> None:
    """Summary, annotation and terminal name the service, the value and the limit, and lead to the whole trace."""
    run = _linked(recorded(name), LINK)
    texts = {
        "summary": _shown(_outside_details(markdown.Report().render(run))),
        "annotation": github.Report().render(run).replace("%2C", ",").replace("%3A", ":"),
        "terminal": re.sub(r"\s+", " ", terminal.Report().render(run)),
    }
    service, value, limit = TOLD[name]
    for face, text in texts.items():
        assert service in text, f"{face} does not name the service"
        assert re.search(value, text), f"{face} does not name the value"
        assert limit in text, f"{face} does not name the limit"
        assert LINK in text, f"{face} does not lead to the trace"


@pytest.mark.parametrize("name", FAULTS)
def test_an_annotation_stands_on_the_line_of_its_check(name: str) -> None:
    """Each error's line of the definition holds the very text that is marked."""
    run = recorded(name)
    definition = (RUNS.parents[2] / "examples/shop/tests/checkout.yaml").read_text(encoding="utf-8").splitlines()
    found = re.findall(r"^::error file=(\S+?),line=(\d+),col=(\d+)", github.Report().render(run), re.MULTILINE)
    failed = [check for case in run.cases for check in case.failed_checks]
    assert len(found) == len(failed) > 0
    for (file, line, column), check in zip(found, failed, strict=True):
        assert file == "examples/shop/tests/checkout.yaml"
        marked = " ".join(definition[int(line) - 1 :])[int(column) - 1 :]
        assert check.text.split()[0] in marked[: len(check.text) + 20]


@pytest.mark.parametrize("name", FAULTS)
def test_a_summary_fits_a_screen(name: str) -> None:
    """With the drawn trace folded, it has no more lines than a screen; the trace lies below its case."""
    text = markdown.Report().render(recorded(name))
    assert len(_outside_details(text).splitlines()) <= 40
    assert "<details><summary>trace " in text
    assert f"\n\n{len(recorded(name).cases)} failed · in " in text


def test_without_a_link_an_annotation_leads_to_the_summary_of_the_build() -> None:
    """Where no store has a page for the trace, the run's summary has it drawn, and the annotation says where."""
    build = Build(provider="GitHub Actions", number="12", url="https://ci.example/runs/12")
    text = github.Report().render(replace(recorded("slow-payment"), build=build))
    trace_id = recorded("slow-payment").cases[0].trace_id
    assert f"trace: {trace_id}, drawn in the summary at https://ci.example/runs/12" in text


def test_a_check_without_a_verdict_says_what_was_awaited() -> None:
    """An inconclusive check alone does not tell why: the statement that did not hold does."""
    for report in (markdown, github):
        assert re.search(
            r"after 2s: the \\?`until\\?` statement does not hold yet", report.Report().render(recorded("inconclusive"))
        )


def test_what_could_not_be_carried_out_is_named() -> None:
    """An error is the trigger's, and not told under the test's name twice."""
    assert "title=checkout%3A the trigger::POST http://" in github.Report().render(recorded("errored"))


# --- schemas -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "everything", *(f"hostile {n}" for n in range(len(NASTY)))])
def test_sarif_is_valid(name: str) -> None:
    """The document keeps to the published schema of SARIF 2.1.0, whatever texts a run holds."""
    kind, _, number = name.partition(" ")
    run = EVERYTHING if kind == "everything" else nasty_run(NASTY[int(number)]) if number else recorded(name)
    jsonschema.Draft4Validator(sarif_schema()).validate(json.loads(sarif.Report().render(run)))


_JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "file", "id", "package"},
        {"properties", "testcase", "system-out", "system-err", "testsuite"},
    ),
    "testcase": (
        {"name", "classname", "time", "file", "line", "assertions", "status"},
        {"properties", "failure", "error", "skipped", "system-out", "system-err", "rerunFailure", "flakyFailure", "flakyError", "rerunError"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    **{tag: ({"message", "type"}, set()) for tag in ("failure", "error", "skipped")},
    **{tag: ({"message", "type"}, {"stackTrace", "system-out", "system-err"}) for tag in ("rerunFailure", "flakyFailure", "flakyError", "rerunError")},
    "stackTrace": (set(), set()),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}  # fmt: skip
"""What CI systems read of JUnit's XML: of each element its attributes and its children."""


@pytest.mark.parametrize("name", [*NAMES, *(f"hostile {n}" for n in range(len(NASTY)))])
def test_junit_keeps_to_the_common_form(name: str) -> None:
    """Elements, attributes, types and counts are those that CI systems read."""
    kind, _, number = name.partition(" ")
    rendered = REPORTS.load("junit")().render(nasty_run(NASTY[int(number)]) if number else recorded(kind))
    root = ElementTree.fromstring(rendered)
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = _JUNIT[element.tag]
        assert set(element.attrib) <= attributes, f"{element.tag} has {set(element.attrib) - attributes}"
        assert {child.tag for child in element} <= children
        assert all(
            re.fullmatch(r"\d+", element.attrib[key])
            for key in ("tests", "failures", "errors")
            if key in element.attrib
        )
        assert re.fullmatch(r"\d+(\.\d+)?", element.get("time", "0"))
    for suite in root.iter("testsuite"):
        found = Counter(child.tag for case in suite.iter("testcase") for child in case)
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        assert int(suite.attrib["failures"]) == found["failure"]
        assert int(suite.attrib["errors"]) == found["error"]


def test_the_ten_runs_are_what_their_names_say() -> None:
    """Each outcome occurs, so that no report is held to half of what there is."""
    outcomes = {name: recorded(name).cases[0].outcome for name in NAMES}
    assert {outcomes[name] for name in FAULTS} == {Outcome.FAILED}
    assert [outcomes[name] for name in ("pass", "inconclusive", "errored", "flaky")] == [
        Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.ERRORED, Outcome.FLAKY,
    ]  # fmt: skip

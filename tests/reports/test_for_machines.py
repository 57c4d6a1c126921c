"""Markdown, annotations, SARIF, TAP and lines of JSON: what each says of the same run, and that nothing breaks its form."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from spanspec.reports import github, markdown, ndjson, sarif, tap
from spanspec.results.build import Build
from spanspec.results.model import Attempt, CaseResult, Outcome
from spanspec.results.progress import CaseDone, CaseFired, RunStarted
from tests.results.example import CART, CHECKOUT, EVERYTHING, LOGIN, NASTY, REFUND, nasty_run, run

BUILD = Build(provider="GitHub Actions", number="12", url="https://ci.example/12", branch="main", commit="ab" * 20)
FLAKY = replace(LOGIN, attempts=(Attempt(outcome=Outcome.FAILED, reason="0 spans match"),))


# --- Markdown ------------------------------------------------------------------------------------------------------


def test_a_summary_answers_which_service_what_and_why() -> None:
    """One table row a failed test, then each fault with its place, service and hints, the trace, and a link to it."""
    text = markdown.Report().render(run(CART, CHECKOUT, build=BUILD))
    assert text.startswith("## ✘ 1 of 2 tests did not pass\n")
    assert "| checkout ships once | order | queries are fast" in text
    assert "- service: **shipping**" in text
    assert "tests/checkout.yaml:14:5" in text
    assert 'did you mean "inventory"?' in text
    assert "```text\n  frontend   POST /checkout" in text
    assert "[the whole trace](http://127.0.0.1:16686/trace/11111111111111111111111111111111)" in text
    assert "[GitHub Actions 12](https://ci.example/12) · main · abababababab" in text


def test_a_green_summary_is_short() -> None:
    """Nothing but what passed."""
    text = markdown.Report().render(run(CART))
    assert text.startswith("## ✔ 1 test: 1 passed")
    assert text.count("\n") < 6


def test_a_flaky_test_keeps_its_first_reason() -> None:
    """It is listed, with why the first try did not pass."""
    assert "- login: first 0 spans match" in markdown.Report().render(run(FLAKY))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b _c_", r"a_b \_c\_"),
        ("1. x", r"1\. x"),
        ("- a", r"\- a"),
        ("a|b", r"a\|b"),
        ("<b>&amp;", "&lt;b>&amp;amp;"),
        ("[x](y) `z` #5 @me", r"\[x\](y) \`z\` \#5 \@me"),
        ("http://x www.y", r"http\://x www\.y"),
        ("a.b: c-d", "a.b: c-d"),
    ],
)
def test_only_markup_is_escaped(text: str, escaped: str) -> None:
    """What would be markup stands behind a backslash, and the rest stays readable as it is."""
    assert markdown.escape(text) == escaped


@pytest.mark.parametrize("text", NASTY)
def test_no_text_becomes_a_tag_or_a_link(text: str) -> None:
    """The only tags are ours, and no address but http's becomes a link."""
    rendered = markdown.Report().render(nasty_run(text))
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", rendered, flags=re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"</?[a-zA-Z]+", outside)) <= {"<details", "</details", "<summary", "</summary"}
    assert "](javascript" not in rendered


def test_a_link_that_is_no_page_leads_nowhere() -> None:
    """A trace's link comes from a setting and a store; only http and https are links."""
    text = markdown.Report().render(run(replace(CHECKOUT, link="javascript:alert(1)")))
    assert "[the whole trace](#)" in text


# --- annotations ---------------------------------------------------------------------------------------------------


def test_an_annotation_stands_at_the_line_of_the_check() -> None:
    """File, line, columns, title and message, each escaped as workflow commands want it."""
    lines = github.Report().render(run(CHECKOUT)).splitlines()
    assert lines[1] == (
        "::error file=tests/checkout.yaml,line=14,col=5,endColumn=46,"
        'title=checkout ships once%3A exactly 1 span[service.name = "shipping"] (shipping)'
        "::2 spans of shipping match, both under POST /orders of order; expected exactly 1%0Aservice: shipping%0A"
        "the two are alike in all attributes: a retry%0A"
        "trace: http://127.0.0.1:16686/trace/11111111111111111111111111111111"
    )
    assert lines[-1] == "::notice title=spanspec::1 of 1 test did not pass in 3.21s"


def test_a_flaky_test_is_a_warning_and_an_error_needs_no_check() -> None:
    """Both say why."""
    lines = github.Report().render(run(REFUND, FLAKY)).splitlines()
    assert lines[0].startswith("::error title=refund")
    assert lines[1] == "::warning title=flaky%3A login::it passed on a retry; the first try failed: 0 spans match"


@pytest.mark.parametrize("text", [*NASTY, "%0A::error::x", "a,b:c%"])
def test_no_text_becomes_a_command(text: str) -> None:
    """Every line is one of our commands."""
    for line in github.Report().render(nasty_run(text)).splitlines():
        assert re.fullmatch(r"::(error|warning|notice) [^:]*::.*", line)
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", line)


# --- SARIF ---------------------------------------------------------------------------------------------------------


def test_a_result_of_code_scanning() -> None:
    """Rule, place, message and a fingerprint that stays when the check moves."""
    document = json.loads(sarif.Report().render(run(CHECKOUT, REFUND, build=BUILD)))
    (found,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in found["tool"]["driver"]["rules"]] == [
        "spanspec/failed", "spanspec/inconclusive", "spanspec/errored",
    ]  # fmt: skip
    result = found["results"][1]
    assert result["ruleId"] == "spanspec/failed"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 14
    assert "Services: shipping." in result["message"]["text"]
    assert found["results"][-1]["ruleId"] == "spanspec/errored"
    assert found["properties"]["commit"] == "ab" * 20
    moved = replace(
        CHECKOUT,
        checks=tuple(replace(c, place=replace(c.place, line=99) if c.place else None) for c in CHECKOUT.checks),
    )
    again = json.loads(sarif.Report().render(run(moved)))["runs"][0]["results"][1]
    assert again["partialFingerprints"] == result["partialFingerprints"]


# --- TAP -----------------------------------------------------------------------------------------------------------


def test_tap_counts_its_tests() -> None:
    """The plan, a line a case, a subtest a check, a skip with its reason."""
    lines = tap.Report().render(EVERYTHING).splitlines()
    assert lines[:2] == ["TAP version 14", "1..6"]
    assert [line for line in lines if re.match(r"(not )?ok ", line)] == [
        "ok 1 - cart is emptied",
        "not ok 2 - checkout ships once",
        "not ok 3 - refund",
        "not ok 4 - search",
        "ok 5 - slow # SKIP only in CI",
        "ok 6 - login",
    ]
    assert '      at: "tests/checkout.yaml:14:5"' in lines


@pytest.mark.parametrize("text", [*NASTY, "# SKIP", "\\# TODO", "Bail out!", "ok 7"])
def test_no_text_becomes_a_directive(text: str) -> None:
    """Every line has one of TAP's forms, and a number sign from outside is escaped."""
    for line in tap.Report().render(nasty_run(text)).splitlines():
        body = line.strip()
        assert re.match(r"(TAP version 14|1\.\.\d|(not )?ok \d+ -|# |---|\.\.\.|[a-z_]+: )", body) or body in ("#", "")
        if re.match(r"(not )?ok \d", body):
            assert not re.search(r"(?<!\\)(?:\\\\)*#(?! SKIP)", body)


# --- lines of JSON -------------------------------------------------------------------------------------------------


def test_each_line_is_an_event() -> None:
    """The run, its cases, its end; a case has its faults in words, and no trace."""
    lines = [json.loads(line) for line in ndjson.Report().render(EVERYTHING).splitlines()]
    assert [line["event"] for line in lines] == ["run", *["case"] * 6, "end"]
    assert lines[2]["faults"][1]["services"] == ["shipping"]
    assert lines[2]["spans"] == 21
    assert "trace" not in lines[2]
    assert "body" not in lines[2]["response"]
    assert lines[-1]["exit_code"] == 3


def test_the_same_lines_come_while_a_run_goes_on() -> None:
    """A message has the line that the document has for it, or none."""
    report = ndjson.Report()
    assert json.loads(report.line_for(RunStarted(cases=2)) or "")["cases"] == 2
    assert report.line_for(CaseFired(index=0, name="x", trigger="GET /")) is None
    done = report.line_for(CaseDone(index=1, result=CHECKOUT))
    assert done == ndjson.Report().render(run(CART, CHECKOUT)).splitlines()[2]


def test_a_case_has_its_suite_row_and_repeat_in_its_title() -> None:
    """Wherever a test is named, one knows which of its runs it was."""
    case = CaseResult(
        name="checkout", path="x", outcome=Outcome.PASSED, suite=("release", "eu"), row="country=DE", repeat=1
    )
    line = json.loads(ndjson.Report().render(run(case)).splitlines()[1])
    assert line["title"] == "release › eu › checkout [country=DE] #2"

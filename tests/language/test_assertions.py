"""Specs: assertions over a selection, on closed and open traces; outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spanspec.language import parser
from spanspec.language.assertions import AssertionVerdict, OutputVerdict, evaluate_output, judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.context import TriggerResult
from spanspec.model.ids import SpanId
from spanspec.model.time import Duration
from spanspec.testing import span, trigger_span

TRIGGER = trigger_span()
TOP = span("GET /", service="web", kind="server", parent=TRIGGER, start=1, end=9, t="http", code=200)
LOW = span("SELECT", parent=TOP, start=2, end=4, t="db", rows=3, code=500)
LOW2 = span("SELECT", parent=TOP, start=5, end=6, t="db", rows=0)
RESPONSE = TriggerResult(kind="http", start_ns=0, end_ns=1, status=201, body='{"id":7}')


def given(dialect: Dialect = Dialect.SPECS, **more: Any) -> Given:
    """The trace, with its trigger kept apart."""
    whole = assemble([TOP, LOW, LOW2], trigger=TRIGGER)
    return Given(trace=whole, dialect=dialect, response=RESPONSE, variables={"MAX": "5"}, **more)


def judged(selector: str, *assertions: str, at: Given | None = None) -> tuple[AssertionVerdict, ...]:
    """The verdicts of a spec."""
    here = at or given()
    picked = parser.parse_selector(selector, here.dialect)
    assert picked.node is not None, picked.diagnostics
    nodes = []
    for text in assertions:
        parsed = parser.parse_statement(text, here.dialect)
        assert parsed.node is not None, parsed.diagnostics
        nodes.append(parsed.node)
    return judge_spec(picked.node, nodes, here)


@pytest.mark.parametrize(
    ("selector", "assertion", "holds"),
    [
        ('span[t="db"]', "attr:tracetest.selected_spans.count = 2", True),
        ('span[t="db"]', "attr:rows >= 0", True),
        ('span[t="db"]', "attr:rows > 0", False),
        ('span[t="db"]', "attr:tracetest.span.duration < 5ms", True),
        ('span[t="http"]', "attr:code = 200", True),
        ("", "attr:tracetest.selected_spans.count = 4", True),
        ('span[name="Tracetest trigger"]', "attr:tracetest.response.status = 201", True),
        ('span[name="Tracetest trigger"]', "attr:tracetest.response.body | json_path '$.id' = 7", True),
        ('span[t="db"]', "attr:rows = 3 or attr:rows = 0", True),
        ('span[t="db"]', "not attr:rows = 3", False),
        ('span[t="db"]', "attr:code exists", False),
        ('span[t="db"]', "attr:nope missing", True),
        ('span[t="http"]', "attr:code = 500 implies attr:nope = 1", True),
        ('span[t="http"]', "count() = 1", True),
        ('span[t="db"]', "busy_time() < 4ms", True),
        ('span[t="db"]', 'parent:span:name = "GET /"', True),
        ('span[t="db"]', 'count(span[t="db"]) = 2', True),
        ('span[t="none"]', "attr:tracetest.selected_spans.count = 0", True),
        ('span[t="none"]', "attr:tracetest.selected_spans.count < var:MAX", True),
        ('span[t="none"]', "1 = 1", False),
        ('span[t="none"]', "attr:x = 1", False),
    ],
)
def test_closed(selector: str, assertion: str, holds: bool) -> None:
    """On a closed trace an assertion holds when it holds on every span selected."""
    (verdict,) = judged(selector, assertion)
    assert (verdict.judgement.truth is Truth.HOLDS) is holds, verdict


def test_the_failing_spans_are_named() -> None:
    """A failure says on which spans, what was there and what was to be there."""
    (verdict,) = judged('span[t="db"]', "attr:rows > 0")
    judgement = verdict.judgement
    assert judgement.spans == (LOW2.span_id,)
    assert judgement.looked_at == (LOW.span_id, LOW2.span_id)
    assert (judgement.expected, judgement.actual) == ("> 0", "0")
    assert "1 of 2 spans" in judgement.reason
    assert "SELECT" in judgement.reason
    assert [one.passed for one in verdict.span_results] == [True, False]
    assert not judgement.error


def test_a_missing_attribute_is_a_failure_with_what_is_there() -> None:
    """A missing attribute names what the span has."""
    (verdict,) = judged('span[t="http"]', "attr:cod = 200")
    assert verdict.judgement.error == ""
    assert 'no attribute "cod" on this span; it has code' in verdict.judgement.reason
    assert verdict.span_results[0].error.startswith('no attribute "cod"')


def test_incomparable_is_an_error() -> None:
    """Types that do not compare are an error of the check that names both."""
    (verdict,) = judged('span[t="http"]', 'attr:code < "abc"')
    assert verdict.judgement.truth is Truth.FAILS
    assert 'the integer 200 and the text "abc" do not compare with <' in verdict.judgement.error


def test_no_span_has_near_misses() -> None:
    """An empty selection fails with what was nearest, and only for lack of spans."""
    (verdict,) = judged('span[t="dbb"]', "attr:rows > 0")
    judgement = verdict.judgement
    assert judgement.truth is Truth.FAILS
    assert judgement.lack
    assert judgement.near
    assert judgement.reason == "no span matched"
    assert verdict.span_results[0].span_id is None


def test_compat_evaluates_once_without_a_span() -> None:
    """The reference evaluates an assertion once when nothing is selected."""
    passed, failed = judged('span[t="none"]', "1 = 1", "attr:x = 1", at=given(Dialect.COMPAT))
    assert passed.judgement.truth is Truth.HOLDS
    assert "there are no matching spans" in failed.judgement.reason


def test_durations_are_shown_with_units() -> None:
    """A measured number beside a duration is shown as one."""
    (verdict,) = judged('span[t="http"]', "attr:tracetest.span.duration < 1ms")
    assert (verdict.judgement.actual, verdict.judgement.expected) == ("8ms", "< 1ms")


def test_what_the_reference_lets_pass_is_told() -> None:
    """A failure that is a mended fault of the reference says so."""
    (verdict,) = judged('span[t="http"]', '"25ms" = "30ms"')
    assert any("Tracetest" in note for note in verdict.judgement.notes)
    (other,) = judged('span[t="http"]', "attr:code = 1")
    assert other.judgement.notes == ()


def test_expectations_may_stand_in_specs() -> None:
    """A statement about the whole trace is judged as under `expect:`."""
    held, failed = judged('span[t="http"]', 'some span[t="db"]', 'no span[t="db"]')
    assert held.judgement.truth is Truth.HOLDS
    assert failed.judgement.truth is Truth.FAILS


# --- open traces ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "assertion", "truth", "lack"),
    [
        ('span[t="db"]', "attr:rows > 0", Truth.FAILS, False),
        ('span[t="db"]', "attr:rows >= 0", Truth.UNDECIDED, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count = 2", Truth.UNDECIDED, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count = 1", Truth.FAILS, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count <= 1", Truth.FAILS, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count < 2", Truth.FAILS, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count <= var:MAX", Truth.UNDECIDED, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count >= 2", Truth.HOLDS, False),
        ('span[t="db"]', "attr:tracetest.selected_spans.count = 3", Truth.UNDECIDED, True),
        ('span[t="db"]', "1 >= attr:tracetest.selected_spans.count", Truth.FAILS, False),
        ('span[t="none"]', "attr:x = 1", Truth.UNDECIDED, True),
        ('span[t="none"]', "attr:tracetest.selected_spans.count = 0", Truth.UNDECIDED, False),
        ('span[t="db"]:first', "attr:rows = 0", Truth.UNDECIDED, False),
        ('span[t="db"]', "busy_time() < 1ms", Truth.FAILS, False),
        ('span[name="Tracetest trigger"]', "attr:tracetest.response.status = 200", Truth.FAILS, False),
    ],
)
def test_open(selector: str, assertion: str, truth: Truth, lack: bool) -> None:
    """While spans may come only what no span can change is decided."""
    (verdict,) = judged(selector, assertion, at=given(closed=False))
    assert (verdict.judgement.truth, verdict.judgement.lack) == (truth, lack)


def test_open_parent() -> None:
    """A parent that has not arrived leaves the assertion undecided."""
    lone = span("lone", parent=SpanId("00000000000000aa"), t="x")
    here = Given(trace=assemble([TOP, lone]), dialect=Dialect.SPECS, closed=False)
    (verdict,) = judged('span[t="x"]', 'parent:span:name = "y"', at=here)
    assert verdict.judgement.truth is Truth.UNDECIDED
    (closed,) = judged('span[t="x"]', 'parent:span:name = "y"', at=replace(here, closed=True))
    assert closed.judgement.truth is Truth.FAILS


# --- outputs -------------------------------------------------------------------------------------------------------


def output(selector: str | None, value: str, dialect: Dialect = Dialect.SPECS) -> OutputVerdict:
    """The verdict of an output."""
    picked = parser.parse_selector(selector or "", dialect).node
    node = parser.parse_expression(value, dialect).node
    assert picked is not None
    assert node is not None
    return evaluate_output(picked, node, selector is not None, given(dialect))


def test_output_reads_the_first_span() -> None:
    """The first span selected gives the value, typed, and its text."""
    found = output('span[t="db"]', "attr:rows")
    assert (found.value, found.text, found.error, found.span_id) == (3, "3", "", LOW.span_id)


def test_output_without_a_selector_means_every_span() -> None:
    """Without a selector the first span of the trace is the trigger's."""
    assert output(None, "attr:tracetest.response.body | json_path '$.id'").value == 7
    assert output(None, "attr:tracetest.span.name").text == "Tracetest trigger"


def test_output_keeps_durations() -> None:
    """A duration's text is its nanoseconds."""
    found = output('span[t="http"]', "span:duration + 1ms")
    assert (found.value, found.text) == (Duration(9_000_000), "9000000")


def test_output_failures() -> None:
    """A failed output carries its error; the reference swallows it."""
    assert 'no attribute "nope"' in output('span[t="db"]', "attr:nope").error
    nothing = output('span[t="none"]', "1 + 1")
    assert (nothing.text, nothing.span_id) == ("2", None)
    assert nothing.error.startswith("no span matched")
    old = output('span[t="db"]', "attr:nope", Dialect.COMPAT)
    assert (old.text, old.error) == ("", "")

from __future__ import annotations

from dataclasses import replace

import pytest

from spanspec.language.verdict import NearMiss
from spanspec.results import explain
from spanspec.results.columns import cells
from spanspec.results.explain import Mark
from spanspec.results.model import CaseError, CheckResult, Outcome, SourcePlace, SpanResult
from spanspec.testing import span
from tests.results.example import (
    CHECKOUT,
    EVERYTHING,
    FAST,
    HELD,
    MAIL,
    NASTY,
    ONCE,
    QUERIES,
    SHIP,
    STOCK,
    TAKEN,
    TRACE,
    UNSURE,
)


@pytest.mark.parametrize(
    ("name", "service", "text"),
    [
        ("POST /ship", "shipping", "POST /ship · shipping"),
        ("POST /ship", None, "POST /ship"),
        ("", "shipping", "(span without a name) · shipping"),
        ("a\x1b[31m", "b\nc", "a\\x1b[31m · b\\nc"),
    ],
)
def test_describe_span(name: str, service: str | None, text: str) -> None:
    """A span is named by what it does and who does it, escaped."""
    assert explain.describe_span(span(name, service=service)) == text


@pytest.mark.parametrize(
    ("check", "title", "headline"),
    [
        (HELD, 'some span[kind = "consumer"]', 'some span[kind = "consumer"]'),
        (TAKEN, "stock is taken", "stock is taken: no span matches"),
        (
            replace(ONCE, reason=""),
            'exactly 1 span[service.name = "shipping"]',
            'exactly 1 span[service.name = "shipping"]: expected exactly 1, found 2 spans',
        ),
        (
            FAST,
            "queries are fast: attr:tracetest.span.duration < 3ms",
            "queries are fast: attr:tracetest.span.duration < 3ms: does not hold for 4 of 12 spans",
        ),
        (
            CheckResult(kind="spec", text="1 < 'a'", outcome=Outcome.FAILED, error="cannot compare"),
            "every span: 1 < 'a'",
            "every span: 1 < 'a': cannot be evaluated: cannot compare",
        ),
    ],
)
def test_title_and_headline(check: CheckResult, title: str, headline: str) -> None:
    """A check is called by its name or text; the headline adds why it did not pass."""
    assert explain.title(check) == title
    assert explain.headline(check) == headline


def test_expected_and_actual_come_from_the_spans_where_the_check_has_none() -> None:
    """For an assertion on several spans the values that failed are counted."""
    assert explain.expected_and_actual(FAST) == (("expected", "3ms"), ("actual", "4ms × 4"))
    assert explain.expected_and_actual(UNSURE) == ()


def test_observed_counts_values() -> None:
    """The values of all spans, most frequent first."""
    assert explain.observed(FAST) == "1ms × 8, 4ms × 4"
    assert explain.observed(HELD) == "1 span"


def test_aligned() -> None:
    """Labels and texts stand in two columns; a long text is wrapped under itself."""
    assert explain.aligned([("expected", "1"), ("actual", "two three four")], width=20) == [
        "expected  1",
        "actual    two three",
        "          four",
    ]


def test_hanging_keeps_the_number_clear() -> None:
    """An item of a list is wrapped under its text."""
    assert explain.hanging("  1. one two three", 14) == ["  1. one two", "     three"]


def test_near_miss_says_what_is_there_instead() -> None:
    """The predicate, the values seen, the closest span, the suggestion."""
    assert explain.near_miss(TAKEN.near[0], TRACE) == (
        'no span has service.name = "inventry"; seen: order × 14, shipping × 2; '
        'all else holds for process · inventory; did you mean "inventory"?'
    )
    assert explain.near_miss(NearMiss(predicate="a")) == "no span has a"


def test_marks() -> None:
    """Spans of failed checks are marked as such, those of near misses and of undecided checks otherwise."""
    marks = explain.marks([replace(UNSURE, spans=(SHIP.span_id, MAIL.span_id)), ONCE, TAKEN, FAST, HELD])
    assert marks[SHIP.span_id] is Mark.FAILED
    assert marks[MAIL.span_id] is Mark.CONCERNED
    assert marks[STOCK.span_id] is Mark.CONCERNED
    assert [each.span_id in marks for each in QUERIES[:4]] == [True, False, False, True]


def test_by_severity_keeps_the_order_of_the_file_among_equals() -> None:
    """What failed comes first."""
    assert explain.by_severity([HELD, UNSURE, ONCE, TAKEN]) == [ONCE, TAKEN, UNSURE, HELD]


@pytest.mark.parametrize(
    ("place", "shown", "pointer"),
    [
        (SourcePlace(path="a", line=1, column=3, length=2, excerpt="a bc d"), "a bc d", "  ^^"),
        (SourcePlace(path="a", line=1, column=99, excerpt="ab"), "ab", "  ^"),
        (SourcePlace(path="a", line=1, column=2, length=99, excerpt="\tab"), "  ab", "  ^^"),
        (SourcePlace(path="a", line=1, column=3, length=1, excerpt="漢\x1bx"), "漢\\x1bx", "      ^"),
        (SourcePlace(path="a", line=1, column=1, excerpt=""), "", ""),
        (
            SourcePlace(path="a", line=1, column=101, length=4, excerpt="-" * 100 + "here" + "-" * 100),
            "…" + "-" * 9 + "here" + "-" * 25 + "…",
            " " * 10 + "^^^^",
        ),
    ],
)
def test_excerpt(place: SourcePlace, shown: str, pointer: str) -> None:
    """The pointer stands under what it means, also behind tabs, wide and escaped characters, and in a long line."""
    assert explain.excerpt(place, 40) == (shown, pointer)


@pytest.mark.parametrize("text", NASTY)
def test_excerpt_is_bounded(text: str) -> None:
    """No line of a file can be too wide."""
    for column in (1, 50, 5000):
        shown, pointer = explain.excerpt(SourcePlace(path="a", line=1, column=column, length=500, excerpt=text), 60)
        assert cells(shown) <= 60
        assert cells(pointer) <= 60


def test_no_spans_when_other_traces_arrived() -> None:
    """Spans under other ids point at propagation, and at the services that sent them."""
    text = explain.no_spans(
        "POST http://h/x", "ab" * 16, "127.0.0.1:4318", [("order", 14, 3), ("payment", 1, 1)], waited_s=2.5
    )
    assert text.splitlines() == [
        "no span of trace abababababababababababababababab arrived within 2.5s of POST http://h/x",
        "spans of other traces did arrive at 127.0.0.1:4318: order (14 spans, 3 traces) and payment (1 span, 1 trace)",
        "likely causes, the likeliest first:",
        "  1. Propagation: the service that was called starts a trace of its own, for it does not read `traceparent`. "
        "Instrument its server side, and let OTEL_PROPAGATORS contain tracecontext; look at order and payment, whose "
        "spans came under other trace ids.",
        "  2. Sampling: the service drops the trace. Unset OTEL_TRACES_SAMPLER, or set it to parentbased_always_on; "
        "the trigger sends the sampled flag.",
        "  3. Batching: the exporter still holds the spans; its default delay is 5 s, and only 2.5s were waited. "
        "Set OTEL_BSP_SCHEDULE_DELAY=100 in the services, or raise `settle.timeout`.",
        "  4. Export: the services send their spans elsewhere, or nowhere. Set "
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 in them (from a container, host.docker.internal instead of "
        "127.0.0.1) and start them again.",
    ]


def test_no_spans_when_nothing_arrived() -> None:
    """Silence points at the exporter first, with the variable to set."""
    lines = explain.no_spans("POST http://h/x", "ab" * 16, "0.0.0.0:4318", [], waited_s=30).splitlines()
    assert lines[1] == "nothing else arrived at 0.0.0.0:4318 meanwhile either"
    assert lines[3].startswith("  1. Export: ")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 " in lines[3]
    assert [line.split(":")[0] for line in lines[4:]] == ["  2. Sampling", "  3. Propagation", "  4. Batching"]


def test_no_spans_from_a_store() -> None:
    """Where spans are read from a store the advice names the store's collector, not an address of ours."""
    text = explain.no_spans("POST http://h/x", "ab" * 16, "", [], waited_s=30)
    assert "collector or back end behind the store" in text


@pytest.mark.parametrize(
    ("ns", "text"), [(0, "0.00s"), (310_000_000, "0.31s"), (12_345_000_000, "12.3s"), (123_456_000_000, "2m3s")]
)
def test_seconds(ns: int, text: str) -> None:
    """Times of cases."""
    assert explain.seconds(ns) == text


def test_case_reason_is_the_first_line_of_an_error() -> None:
    """The rest of a long message is for reports that have room; without an error it is why collecting ended."""
    error = CaseError(message="no span arrived\nlikely causes:\n  1. …", kind="no-spans")
    assert explain.case_reason(replace(CHECKOUT, error=error)) == "no span arrived"
    assert explain.case_reason(CHECKOUT) == "settled: quiet for 250 ms; export lag bound 110 ms (declared)"


def test_count_line() -> None:
    """Each outcome is counted, those that did not occur are left out."""
    assert explain.count_line(EVERYTHING) == "1 passed, 1 flaky, 1 failed, 1 inconclusive, 1 errored, 1 skipped"
    assert explain.count_line(replace(EVERYTHING, cases=())) == "no cases"


def test_span_ids_that_are_not_in_the_trace_are_shown_as_they_are() -> None:
    """A span without a trace to look it up in is its id."""
    assert explain.describe_span_id(SHIP.span_id, None) == f"span {SHIP.span_id}"
    assert explain.describe_span_id(None, TRACE) == "(no span)"
    assert explain.failing((SpanResult(span_id=None),)) == ()

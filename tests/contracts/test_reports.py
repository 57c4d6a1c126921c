"""What every report keeps to: the whole family is held to it."""

from __future__ import annotations

import pytest

from spanspec.model.span import Span
from spanspec.reports.base import REPORTS
from spanspec.results.model import CaseResult, CheckResult, Outcome
from spanspec.testing import span, trace
from tests.results.example import EVERYTHING, NASTY, nasty_run, run

MEMBERS = REPORTS.built_in()


def test_the_family() -> None:
    """The built-in reports."""
    assert {"json", "junit", "terminal"} <= set(MEMBERS)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_renders_without_options(name: str) -> None:
    """A run becomes a document that ends in a line break; the same run becomes the same document."""
    report = REPORTS.load(name)
    first, second = report().render(EVERYTHING), report().render(EVERYTHING)
    assert first == second
    assert first
    assert first[-1:] in ("\n", b"\n")


@pytest.mark.parametrize("name", MEMBERS)
def test_an_empty_run_is_rendered(name: str) -> None:
    """Nothing was run, and the report says so without failing."""
    assert REPORTS.load(name)().render(run())


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("name", MEMBERS)
def test_no_text_of_a_run_gets_out_unescaped(name: str, text: str) -> None:
    """No control or bidirectional character of a span, a message or a file reaches a reader's terminal."""
    rendered = REPORTS.load(name)().render(nasty_run(text))
    shown = rendered.decode() if isinstance(rendered, bytes) else rendered
    forbidden = {chr(point) for point in (*range(32), *range(0x7F, 0xA0))} - {"\n"}
    assert not forbidden & set(shown)
    if name != "json":
        assert not {"\u202e", "\u2066", "\u200f", "\u2028"} & set(shown)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", MEMBERS)
def test_a_hundred_thousand_spans(name: str) -> None:
    """A huge trace is rendered, and bounded where people read it."""
    spans: list[Span] = [span("root", end=1000)]
    spans.extend(span(f"n{n % 900}", parent=spans[n // 3], start=n / 1000) for n in range(100_000))
    check = CheckResult(
        kind="expect", text="x", outcome=Outcome.FAILED, spans=tuple(each.span_id for each in spans[::100])
    )
    case = CaseResult(name="big", path="b", outcome=Outcome.FAILED, checks=(check,), trace=trace(*spans))
    rendered = REPORTS.load(name)().render(run(case))
    if name in ("terminal", "junit"):
        assert len(rendered) < 20_000

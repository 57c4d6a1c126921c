from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.model.trace import Trace
from spanspec.results.columns import cells
from spanspec.results.drawing import draw, plain
from spanspec.results.explain import Mark, marks
from spanspec.results.rows import rows_of
from spanspec.testing import span, trace, trigger_span
from tests.results.example import CHECKOUT, FAST, MAIL, NASTY, TRACE
from tests.results.strategies import traces


def text(drawn: Trace, **options: object) -> str:
    """A drawing as one text."""
    return "\n".join(plain(draw(drawn, **options)))  # type: ignore[arg-type]


def test_a_whole_trace() -> None:
    """Tree, service, kind, duration, bar; marks, folds, errors, orphans and late spans."""
    drawn = text(TRACE, marks=marks(CHECKOUT.checks), late=[MAIL.span_id])
    assert drawn == (
        """\
  frontend   POST /checkout (server)                      412ms ████████████████
  frontend   └ POST /orders (client)                      398ms ████████████████
  order        └ POST /orders (server)                    393ms ███████████████▌
✘ order          ├ SELECT product (client)                  4ms █
  order          ├ × 8 SELECT product (client)            Σ32ms ▐██▌
✘ order          ├ SELECT product (client)                  4ms  ▌
✘ order          ├ SELECT product (client)                  4ms  ▐
✘ order          ├ SELECT product (client)                  4ms   █
  payment        ├ pay error                              101ms    ▐███▌
  order          ├ publish (producer)                       4ms        ▐
► inventory      │ └ process (consumer)                    30ms            ▐█
✘ shipping       ├ POST /ship (server)                     52ms         ▐██
✘ shipping       └ POST /ship (server)                     48ms            ██▌
             parent ad30b4a8329f4387 was not received
  mailer     └ send mail (consumer) late                   30ms              ▐█"""
    )


def test_repeats_are_folded() -> None:
    """Alike siblings are one line with their number, the sum of their durations, and what is hidden below."""
    root = span("GET /", service="shop", end=50)
    queries = [span("SELECT", id=f"q{n}", parent=root, start=n * 10, end=n * 10 + 5) for n in range(4)]
    below = span("row", parent=queries[1], start=11, status="error")
    failed = span("SELECT", id="failed", parent=root, start=45, end=49, status="error")
    assert text(trace(root, *queries, below, failed), width=60) == (
        """\
  shop  GET /                              50ms ████████████
  shop  └ × 5 SELECT 1 error +1 below     Σ24ms ████████████"""
    )


def test_three_are_not_folded() -> None:
    """Few repeats are shown each."""
    root = span("GET /", service="shop", end=50)
    drawn = text(trace(root, *(span("SELECT", parent=root, start=n) for n in range(3))))
    assert drawn.count("SELECT") == 3


def test_many_marked_repeats_are_folded_too() -> None:
    """An N+1 of 500 does not fill the screen: the first ones, and the rest as one marked line."""
    root = span("GET /", service="shop", end=50)
    queries = [span("SELECT", parent=root, start=n) for n in range(500)]
    drawn = plain(draw(trace(root, *queries), marks={each.span_id: Mark.FAILED for each in queries}))
    assert len(drawn) == 5
    assert drawn[-1].startswith("✘ shop  └ × 497 SELECT")


def test_a_long_trace_is_cut_around_what_is_marked() -> None:
    """The first, the marked, their ancestors and neighbours stay; gaps say how much is left out."""
    root = span("root", service="shop", end=400)
    steps = [span(f"step {n}", parent=root, start=n, end=n + 1) for n in range(300)]
    inner = span("inner", parent=steps[200], start=200)
    assert text(trace(root, *steps, inner), marks={inner.span_id: Mark.FAILED}, rows=8, width=60) == (
        """\
  shop  root                              400ms ████████████
  shop  ├ step 0                            1ms ▌
  shop  ├ step 1                            1ms ▌
        ├ … 197 more spans
  shop  ├ step 199                          1ms      ▐
  shop  ├ step 200                          1ms       ▌
✘ shop  │ └ inner                           1ms       ▌
  shop  ├ step 201                          1ms       ▌
  shop  ├ step 202                          1ms       ▌
        └ … 97 more spans"""
    )


def test_without_marks_a_long_trace_is_cut_at_its_end() -> None:
    """The first rows are shown, and the number of others."""
    root = span("root", end=400)
    drawn = plain(draw(trace(root, *(span(f"step {n}", parent=root, start=n) for n in range(300))), rows=3))
    assert [line.split(" ")[-1] for line in drawn if "…" in line] == ["spans"]
    assert "… 298 more spans" in drawn[3]


def test_orphans_are_grouped_under_the_parent_that_is_missing() -> None:
    """Several children of one missing parent have one heading."""
    drawn = text(trace(span("a", parent="lost"), span("b", parent="lost", start=1), span("c", parent="gone", start=2)))
    assert drawn.count("was not received") == 2


def test_cycles_are_cut() -> None:
    """A circle of parents is said to be one and entered once."""
    first, second = span("a", id="a", parent="b"), span("b", id="b", parent="a", start=1)
    own = span("self", id="self", parent="self", start=2)
    drawn = text(trace(first, second, own, span("below", parent="b", start=3)))
    assert drawn.count("parent ids go round in a circle") == 2
    assert [drawn.count(name) for name in ("└ a ", "└ b ", "└ self ", "└ below")] == [1, 1, 1, 1]


def test_the_trigger_is_drawn_when_it_is_marked() -> None:
    """A check about the trigger's own span shows it above the roots."""
    sent = trigger_span()
    drawn = trace(span("GET /", parent=sent.span_id), trigger=sent)
    assert "Tracetest trigger" not in text(drawn)
    assert text(drawn, marks={sent.span_id: Mark.FAILED}).splitlines()[0].startswith("✘ tracetest  Tracetest trigger")


def test_linked_traces_follow() -> None:
    """Spans of linked traces have a heading with their trace's id."""
    other = span("other", trace_id="f" * 32)  # type: ignore[arg-type]
    drawn = text(assemble([span("mine")], linked=[other]))
    assert f"linked trace {'f' * 32}" in drawn
    assert "└ other" in drawn


def test_deep_rows_give_their_depth() -> None:
    """Branches never push the name out of its column."""
    chain = [span("0", id="0")]
    chain.extend(span(str(n), id=str(n), parent=chain[-1].span_id, start=n) for n in range(1, 30))
    drawn = plain(draw(trace(*chain), rows=40))
    assert "⋯29 └ 29" in drawn[-1]


def test_missing_and_backward_ends() -> None:
    """A span without an end has no duration; one that ends before it starts has none either."""
    endless = Span(trace_id="1" * 32, span_id="1" * 16, name="a", start_ns=5)  # type: ignore[arg-type]
    backward = Span(trace_id="1" * 32, span_id="2" * 16, name="b", start_ns=9, end_ns=7)  # type: ignore[arg-type]
    drawn = plain(draw(assemble([endless, backward])))
    assert " ? " in drawn[0]
    assert " 0 " in drawn[1]


def test_an_empty_trace_has_no_lines() -> None:
    """Nothing to draw is nothing."""
    assert draw(trace()) == ()


@settings(deadline=None, max_examples=100)
@given(traces, st.integers(1, 120), st.integers(1, 12), st.randoms())
def test_any_trace_can_be_drawn(drawn: Trace, width: int, rows: int, rng: object) -> None:
    """Whatever the tree and the times, every line keeps the width and every span is shown or counted once."""
    chosen = {each.span_id: Mark.FAILED for each in drawn.spans[::2]}
    for line in draw(drawn, width=width, marks=chosen, rows=rows):
        assert cells("".join(segment.text for segment in line)) <= max(36, width)
    found = rows_of(drawn, chosen.keys(), rows)
    assert sum(len(row.spans) + row.below + row.hidden for row in found) >= len(drawn)
    whole = rows_of(drawn, chosen.keys(), 1000)
    shown = [each.span_id for row in whole for each in row.spans if each.span_id in drawn.by_id]
    assert set(chosen) <= set(shown)


@pytest.mark.parametrize("nasty", NASTY)
def test_no_name_breaks_a_line(nasty: str) -> None:
    """Escape sequences, line breaks, wide and endless names stay inside their column."""
    drawn = trace(span(nasty, id="a", service=nasty), *(span(nasty, parent="a", service=nasty) for _ in range(5)))
    for line in plain(draw(drawn, marks={drawn.spans[1].span_id: Mark.FAILED})):
        assert cells(line) <= 80
        assert line.isprintable()


@pytest.mark.parametrize("shape", ["wide", "deep"])
def test_a_hundred_thousand_spans(shape: str) -> None:
    """Huge traces neither recurse nor fill the screen."""
    spans = [span("root", id="0", end=1000)]
    for n in range(1, 100_000):
        spans.append(span(f"n{n % 7000}", id=str(n), parent=str(n - 1) if shape == "deep" else "0", start=n / 1000))
    drawn = plain(draw(trace(*spans), marks={spans[50_000].span_id: Mark.FAILED}))
    assert len(drawn) <= 40
    assert sum(line.startswith("✘") for line in drawn) == 1


def test_marks_of_spans_elsewhere_are_no_harm() -> None:
    """A marked id that is not in the trace changes nothing."""
    assert text(TRACE, marks={"f" * 16: Mark.FAILED}) == text(TRACE)
    assert FAST.outcome == "failed"

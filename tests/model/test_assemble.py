"""Assembling a trace from spans in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.model.assemble import assemble, content, with_trigger_root
from spanspec.model.ids import SpanId
from spanspec.model.span import Span
from spanspec.model.trace import Trace
from spanspec.testing import EPOCH_NS, span, span_id, trace, trigger_span


def names(found: Trace) -> list[str]:
    """The names in trace order."""
    return [each.name for each in found]


def test_order_is_depth_first_with_siblings_by_start_then_id() -> None:
    """Parents come before children, and equal starts are told apart by the span id."""
    top = span("top", id="top")
    late = span("late", parent=top, start=5)
    first = replace(span("first", parent=top, start=1), span_id=SpanId("fffffffffffffff1"))
    second = replace(span("second", parent=top, start=1), span_id=SpanId("fffffffffffffff2"))
    below = span("below", parent=first, start=9)
    assert names(trace(late, second, below, first, top)) == ["top", "first", "below", "second", "late"]


def test_roots_and_orphans_are_told_apart() -> None:
    """A parent id that is not there makes an orphan, unless the trigger sent it."""
    root, sent, lost = span("root"), span("sent", parent="ours"), span("lost", parent="gone")
    found = assemble([root, sent, lost], injected=span_id("ours"))
    assert {each.name for each in found.roots} == {"root", "sent"}
    assert [each.name for each in found.orphans] == ["lost"]


def test_a_stored_trace_takes_its_one_missing_parent_for_the_injected_one() -> None:
    """Only where no span lacks a parent id and exactly one id is missing."""
    assert [each.name for each in trace(span("a", parent="ours"), span("b", parent="ours")).roots] == ["a", "b"]
    assert trace(span("a", parent="ours"), span("b", parent="other")).roots == ()
    assert [each.name for each in trace(span("a", parent="ours"), span("b")).orphans] == ["a"]


def test_of_two_copies_the_one_that_ends_later_is_kept() -> None:
    """A span exported twice counts once."""
    early = span("work", id="x", end=5)
    late = replace(early, end_ns=early.end_ns + 1, name="work, again")
    assert names(trace(early, late, early)) == ["work, again"]


def test_a_cycle_keeps_all_its_spans() -> None:
    """No span is its own ancestor, and none vanishes."""
    one, two, under = (
        span("one", id="1", parent="2"),
        span("two", id="2", parent="1"),
        span("under", parent="2", start=3),
    )
    found = trace(one, two, under)
    assert sorted(names(found)) == ["one", "two", "under"]
    assert [each.name for each in found.ancestors(one)] == ["two"]
    assert {each.name for each in found.descendants(one)} == {"two", "under"}


def test_a_span_that_is_its_own_parent_has_no_ancestor() -> None:
    """The shortest cycle."""
    found = trace(span("self", id="s", parent="s"))
    assert names(found) == ["self"]
    assert list(found.ancestors(found.spans[0])) == []


def test_an_end_before_the_start_is_a_duration_of_zero() -> None:
    """Skewed clocks never give a negative or a huge length."""
    assert span("odd", start=5, end=2).duration_ns == 0


def test_the_trigger_joins_as_root_of_everything() -> None:
    """Roots and orphans hang under it, in order of their starts."""
    trigger = trigger_span()
    root, lost = span("root", parent=trigger, start=4), span("lost", parent="gone", start=2)
    joined = with_trigger_root(trace(root, lost, trigger=trigger))
    assert names(joined) == ["Tracetest trigger", "lost", "root"]
    assert [each.name for each in joined.roots] == ["Tracetest trigger"]
    assert all(joined.root_of(each).name == "Tracetest trigger" for each in joined)


def test_a_trigger_span_that_was_exported_stays_the_root() -> None:
    """It takes over the answer's attributes; a placeholder root vanishes, and what hung under it moves up."""
    trigger = trigger_span(tracetest__response__status=200)
    exported = span("Tracetest trigger", start=1)
    temporary = span("Temporary Tracetest root span", id="temporary")
    joined = with_trigger_root(
        trace(exported, span("a", parent=exported), temporary, span("b", parent=temporary, start=9), trigger=trigger)
    )
    assert names(joined) == ["Tracetest trigger", "a", "b"]
    assert joined.spans[0].span_id == exported.span_id
    assert joined.spans[0].attributes["tracetest.response.status"] == 200
    assert joined.spans[0].service == "tracetest"


@st.composite
def heaps(draw: st.DrawFn) -> list[Span]:
    """Spans with repeats, orphans, cycles, several roots, equal times and ends before starts."""
    ids = [f"{index:016x}" for index in range(1, 9)]
    spans = []
    for _ in range(draw(st.integers(0, 14))):
        base = span(draw(st.sampled_from("ab")))
        start = EPOCH_NS + draw(st.integers(0, 3))
        spans.append(
            replace(
                base,
                span_id=SpanId(draw(st.sampled_from(ids))),
                parent_id=draw(st.one_of(st.none(), st.sampled_from([SpanId(each) for each in ids]))),
                start_ns=start,
                end_ns=start + draw(st.integers(-2, 3)),
            )
        )
    return spans


@given(heaps(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(spans: list[Span], rng: random.Random) -> None:
    """Shuffled, and with every span sent twice, the same trace comes out."""
    shuffled = [*spans, *spans]
    rng.shuffle(shuffled)
    one, other = assemble(spans), assemble(shuffled)
    assert [content(each) for each in one] == [content(each) for each in other]
    assert one.children == other.children
    assert (one.roots, one.orphans, one.injected) == (other.roots, other.orphans, other.injected)


@given(heaps())
def test_every_span_is_there_once_and_after_its_parent(spans: list[Span]) -> None:
    """Outside of cycles a parent comes first."""
    found = assemble(spans)
    assert sorted(each.span_id for each in found) == sorted({each.span_id for each in spans})
    position = {each.span_id: index for index, each in enumerate(found)}
    for each in found:
        parent = found.parent(each)
        if parent is not None and not found.is_ancestor(each, parent):
            assert position[parent.span_id] < position[each.span_id]


@pytest.mark.parametrize("value", [1, True, 1.0, "1"])
def test_content_tells_values_of_different_types_apart(value: object) -> None:
    """1, true, 1.0 and "1" are four values."""
    base = span("x", id="x")
    others = [replace(base, attributes={"k": other}) for other in (1, True, 1.0, "1") if type(other) is not type(value)]
    mine = content(replace(base, attributes={"k": value}))  # type: ignore[dict-item]
    assert all(content(other) != mine for other in others)

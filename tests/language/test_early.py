"""Early verdicts: always equal to the verdict on the whole trace, and as early as the page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.language.dialect import Dialect
from spanspec.language.picking.picker import Picker
from spanspec.language.statements import judge
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.testing import span, trigger_span
from tests.fuzzing import thorough
from tests.language.arriving import INJECTED, SELECTORS, arrivals, statements
from tests.language.reading import HOST, selector, statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.syntax import Statement
    from spanspec.model.span import Span


def open_and_closed(
    check: Statement, order: Sequence[Span], *, triggered: bool, skew_ns: int = 1_000_000
) -> tuple[list[Truth], Truth]:
    """The truths after each arrival while open, and the truth of the whole."""
    trigger = trigger_span() if triggered else None
    injected = INJECTED if triggered else None
    early = []
    for seen in range(len(order) + 1):
        part = assemble(order[:seen], injected=injected, trigger=trigger)
        early.append(judge(check, Given(trace=part, closed=False, clock_skew_ns=skew_ns)).truth)
    whole = assemble(order, injected=injected, trigger=trigger)
    return early, judge(check, Given(trace=whole, clock_skew_ns=skew_ns)).truth


@thorough(400)
@given(statements(), arrivals(), st.booleans())
def test_an_early_verdict_is_the_verdict(text: str, order: list[Span], triggered: bool) -> None:
    """Whatever arrives in whatever order, a verdict given early is the one on the whole trace, and stays."""
    early, final = open_and_closed(statement(text), order, triggered=triggered)
    for index, truth in enumerate(early):
        assert truth in (Truth.UNDECIDED, final), (text, index, early, final)
        if index and early[index - 1] is not Truth.UNDECIDED:
            assert truth is early[index - 1], (text, index, early)


@thorough(300)
@given(st.sampled_from(SELECTORS), arrivals(), st.booleans(), st.sampled_from([Dialect.EXPECT, Dialect.SPECS]))
def test_sure_members_stay_and_others_were_possible(
    text: str, order: list[Span], triggered: bool, dialect: Dialect
) -> None:
    """What is surely selected early is selected in the end, and what is selected in the end was possible early."""
    node = selector(text, dialect)
    trigger = trigger_span() if triggered else None
    injected = INJECTED if triggered else None
    whole = Picker(Given(trace=assemble(order, injected=injected, trigger=trigger), dialect=dialect))
    final = {span.span_id for span in whole.spans(whole.pick(node).now)}
    for seen in range(len(order) + 1):
        part = assemble(order[:seen], injected=injected, trigger=trigger)
        picker = Picker(Given(trace=part, dialect=dialect, closed=False))
        picked = picker.pick(node)
        assert {span.span_id for span in picker.spans(picked.sure)} <= final
        possible = {span.span_id for span in picker.spans(picker.possible(node))}
        assert {found for found in final if found in picker.forest.number} <= possible


def _order() -> list[Span]:
    """A (root) with b below it twice, then c; arriving in this order, one clock."""
    a = span("a", id="a", start=0, end=50, resource=HOST, x=1)
    b1 = span("b", id="b1", parent="a", start=10, end=20, resource=HOST, x=2)
    b2 = span("b", id="b2", parent="a", start=30, end=40, resource=HOST, x=3, status="error")
    c = span("c", id="c", parent="b2", start=60, end=70, resource=HOST, service="far")
    return [a, b1, b2, c]


TIGHT = [
    ('some span[name = "b"]', 2, Truth.HOLDS),
    ('at least 2 span[name = "b"]', 3, Truth.HOLDS),
    ('no span[name = "b"]', 2, Truth.FAILS),
    ('exactly 1 span[name = "b"]', 3, Truth.FAILS),
    ('at most 1 span[name = "b"]', 3, Truth.FAILS),
    ('between 0 and 1 span[name = "b"]', 3, Truth.FAILS),
    ('exactly 2 span[name = "b"]', None, Truth.HOLDS),
    ('every span[name = "b"] where x = 2', 3, Truth.FAILS),
    ('every span[name = "b"] where x > 1', None, Truth.HOLDS),
    ('some span[name = "b"] where x = 3', 3, Truth.HOLDS),
    ('every span[] where (no span[name = "c"])', 4, Truth.FAILS),
    ('every span[name = "a"] where (some span[name = "c"])', None, Truth.HOLDS),
    ('some span[name = "a"] followed by span[name = "b"]', 2, Truth.HOLDS),
    ('some span[name = "b"] then span[name = "b"]', 3, Truth.HOLDS),
    ('no span[name = "a"] calls span[name = "b"]', 2, Truth.FAILS),
    ('some span[name = "a"] leads to span[name = "c"]', 4, Truth.HOLDS),
    ('every span[name = "a"] calls exactly 1 span[name = "b"]', 3, Truth.FAILS),
    ('every span[name = "a"] leads to no span[name = "c"]', 4, Truth.FAILS),
    ('every span[name = "a"] calls span[name = "b"]', None, Truth.HOLDS),
    ('exactly 1 span[name = "b"] followed by at least 1 span[]', 4, Truth.FAILS),
    ('some span[name = "a"] calls no span[name = "z"]', None, Truth.HOLDS),
    ("count(span[]) > 2", 3, Truth.HOLDS),
    ("count(span[]) = 2", 3, Truth.FAILS),
    ("count(span[]) < 3", 3, Truth.FAILS),
    ('busy_time(span[name = "b"]) < 15ms', 3, Truth.FAILS),
    ('total_time(span[name = "b"]) >= 20ms', 3, Truth.HOLDS),
    ("no_errors()", 3, Truth.FAILS),
    ('no_errors(except=span[name = "b"])', None, Truth.HOLDS),
    ('no_errors(except=span[name = "c"])', 3, Truth.FAILS),
    ("trace:span_count <= 1", 2, Truth.FAILS),
    ('edges() contains "svc -> far"', 4, Truth.HOLDS),
    ('not no span[name = "b"]', 2, Truth.HOLDS),
    ('no span[name = "b"] and some span[name = "z"]', 2, Truth.FAILS),
    ('some span[name = "b"] or some span[name = "z"]', 2, Truth.HOLDS),
    ('some span[name = "b"] implies some span[name = "c"]', 4, Truth.HOLDS),
    ("some span[]:root", 1, Truth.HOLDS),
    ('every span[name = "b"]', 2, Truth.HOLDS),
    ("response:status = 200", None, Truth.FAILS),
]


@pytest.mark.parametrize(("text", "decided_by", "truth"), TIGHT)
def test_decided_at(text: str, decided_by: int | None, truth: Truth) -> None:
    """The check is decided by exactly this arrival (counted from 1), or only when the trace closes."""
    early, final = open_and_closed(statement(text), _order(), triggered=True)
    decided = next((index for index, found in enumerate(early) if found is not Truth.UNDECIDED), None)
    assert (decided, final) == (decided_by, truth)

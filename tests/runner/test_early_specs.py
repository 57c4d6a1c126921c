"""Early verdicts of specs: by which arrival each form is decided, and what stays however spans come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spanspec.language.dialect import Dialect
from spanspec.language.selectors import sure
from spanspec.language.verdict import Truth
from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.testing import span
from tests.language.arriving import INJECTED
from tests.language.reading import HOST, selector
from tests.runner.simulated import spec
from tests.runner.test_evaluation import begun, expected, plan_of, reference


def _order() -> list[Span]:
    """A (root) with b below it twice, then c below the second b, in another service; one clock."""
    a = span("a", id="a", start=0, end=50, resource=HOST, x=1)
    b1 = span("b", id="b1", parent="a", start=10, end=20, resource=HOST, x=2)
    b2 = span("b", id="b2", parent="a", start=30, end=40, resource=HOST, x=3, status="error")
    c = span("c", id="c", parent="b2", start=60, end=70, resource=HOST, service="far")
    return [a, b1, b2, c]


TIGHT = [
    ('span[name = "b"]', "attr:x = 2", 3, Truth.FAILS),
    ('span[name = "b"]', "attr:x > 1", None, Truth.HOLDS),
    ('span[name = "z"]', "attr:x = 1", None, Truth.FAILS),
    ('span[name = "b"]', "attr:y exists", 2, Truth.FAILS),
    ('span[name = "b"]', "not attr:x = 2", 2, Truth.FAILS),
    ('span[name = "b"]', "attr:x = 2 or attr:x = 3", None, Truth.HOLDS),
    ('span[name = "b"]', "attr:x = 2 and attr:x = 3", 2, Truth.FAILS),
    ('span[name = "b"]', "attr:x = 2 implies attr:y exists", 2, Truth.FAILS),
    ('span[name = "b"]', "attr:tracetest.span.duration < 5ms", 2, Truth.FAILS),
    ('span[name = "b"]', "attr:x + 1 < 4", 3, Truth.FAILS),
    ('span[name = "b"]', "attr:tracetest.selected_spans.count = 1", 3, Truth.FAILS),
    ('span[name = "b"]', "attr:tracetest.selected_spans.count >= 2", 3, Truth.HOLDS),
    ('span[name = "b"]', "attr:tracetest.selected_spans.count = 2", None, Truth.HOLDS),
    ('span[name = "b"]', "1 >= attr:tracetest.selected_spans.count", 3, Truth.FAILS),
    ("span[]", "attr:tracetest.selected_spans.count <= 3", 3, Truth.FAILS),
    ('span[name = "a"] span[name = "b"]', "attr:x = 2", 3, Truth.FAILS),
    ('span[name = "a"] > span[name = "b"]', "attr:x = 2", 3, Truth.FAILS),
    ('span[name = "c"] << span[name = "a"]', "attr:x = 2", 4, Truth.FAILS),
    ('span[name = "b"] ~ span[name = "b"]', "attr:x = 2", 3, Truth.FAILS),
    ('span[name = "a"] -> span[name = "c"]', "attr:x exists", 4, Truth.FAILS),
    ('span[name = "a"], span[name = "c"]', "attr:x = 1", 4, Truth.FAILS),
    ('span[name = "b"]:first', "attr:x = 9", None, Truth.FAILS),
    ('span[name = "b"]:last', "attr:x = 9", None, Truth.FAILS),
    ('span[name = "b"]:nth_child(2)', "attr:x = 9", None, Truth.FAILS),
    ('span[name = "b"]:slowest', "attr:x = 9", None, Truth.FAILS),
    ("span[]:leaf", "attr:x = 9", None, Truth.FAILS),
    ('span[name = "b"]:not(span[name = "a"])', "attr:x = 9", 2, Truth.FAILS),
    ('span[name = "a"]:has(> span[name = "b"])', "attr:x = 9", 2, Truth.FAILS),
    ("span[]:orphan", "attr:x = 9", None, Truth.FAILS),
    ('span[name = "Tracetest trigger"]', "attr:x = 1", 0, Truth.FAILS),
    ('span[name = "Tracetest trigger"] span[name = "a"]', "attr:x = 2", 1, Truth.FAILS),
    ('span[parent:name = "a"]', "attr:x = 9", 2, Truth.FAILS),
    ('span[name = "b"]', 'parent:span:name = "z"', 2, Truth.FAILS),
    ('span[name = "b"]', 'root:span:name = "z"', 2, Truth.FAILS),
    ('span[name = "b"]', "span:child_count < 1", None, Truth.FAILS),
    ('span[name = "b"]', "span:depth < 1", None, Truth.FAILS),
    ('span[name = "b"]', "count() < 2", 3, Truth.FAILS),
    ('span[name = "b"]', "count() >= 2", 3, Truth.HOLDS),
    ('span[name = "b"]', "total_time() <= 15ms", 3, Truth.FAILS),
    ('span[name = "b"]', "total_time() >= 20ms", 3, Truth.HOLDS),
    ('span[name = "b"]', "busy_time() < 15ms", 3, Truth.FAILS),
    ('span[name = "b"]', "sum() < 15ms", 3, Truth.FAILS),
    ('span[name = "b"]', "max() > 9ms", 2, Truth.HOLDS),
    ('span[name = "b"]', "max() < 9ms", 2, Truth.FAILS),
    ('span[name = "b"]', "min() > 10ms", 2, Truth.FAILS),
    ('span[name = "b"]', "avg() < 1ms", None, Truth.FAILS),
    ('span[name = "b"]', "p90() < 1ms", None, Truth.FAILS),
    ('span[name = "b"]', "self_time() < 1ms", None, Truth.FAILS),
    ('span[name = "b"]', "repeats() < 2", None, Truth.FAILS),
    ('span[name = "b"]', 'distinct(span[name = "b"], attr:x) < 2', 3, Truth.FAILS),
    ('span[name = "b"]', 'max(span[name = "b"], attr:x) < 3', 3, Truth.FAILS),
    ('span[name = "b"]', 'sum(span[name = "b"], attr:x) < 3', None, Truth.FAILS),
    ('span[name = "b"]', "depth() < 1", 2, Truth.FAILS),
    ('span[name = "b"]', "concurrency() < 1", 2, Truth.FAILS),
    ("span[]", 'services() not-contains "far"', 4, Truth.FAILS),
    ("span[]", 'edges() not-contains "svc -> far"', None, Truth.FAILS),
    ('span[name = "a"]', 'gap(span[name = "b"], span[name = "c"]) < 50ms', 4, Truth.HOLDS),
    ('span[name = "a"]', 'gap(span[name = "b"], span[name = "c"]) > 50ms', 4, Truth.FAILS),
    ('span[name = "b"]', 'count(span[name = "c"]) < 1', 4, Truth.FAILS),
    ('span[name = "b"]', "attr:x < count(span[])", None, Truth.HOLDS),
    ('span[name = "b"]', "attr:x > 2 and count() < 9", 2, Truth.FAILS),
    ('span[name = "a"]', "trace:span_count < 4", 4, Truth.FAILS),
    ('span[name = "a"]', "trace:error_count = 0", 3, Truth.FAILS),
    ('span[name = "a"]', "trace:depth <= 2", 4, Truth.FAILS),
    ('span[name = "a"]', "trace:duration < 35ms", 1, Truth.FAILS),
    ('span[name = "z"]', "count() < 1", None, Truth.HOLDS),
    ('span[name = "a"]', '"p" = "q"', 1, Truth.FAILS),
    ('span[name = "a"]', "var:ONE = 2", 1, Truth.FAILS),
    ('span[name = "b"]', "response:status = 500", 2, Truth.FAILS),
    ('span[name = "a"]', 'no span[name = "b"]', 2, Truth.FAILS),
    ('span[name = "a"]', 'some span[name = "c"]', 4, Truth.HOLDS),
    ('span[name = "a"]', 'every span[name = "b"] where x = 2', 3, Truth.FAILS),
    ('span[name = "a"]', 'no span[name = "a"] calls span[name = "b"]', 2, Truth.FAILS),
    ('span[name = "a"]', "no_errors()", 3, Truth.FAILS),
    ('span[name = "a"]', "no_n_plus_one(threshold=2)", None, Truth.HOLDS),
    ('span[name = "a"]', "no_orphans()", None, Truth.HOLDS),
    ('span[name = "a"]', 'exactly 1 span[name = "b"] or no span[name = "c"]', 4, Truth.FAILS),
]


@pytest.mark.parametrize(("selected", "text", "decided_by", "truth"), TIGHT)
def test_decided_at(selected: str, text: str, decided_by: int | None, truth: Truth) -> None:
    """The assertion is decided by exactly this arrival (counted from 1; 0: before any), or only when the trace closes."""
    evaluation = begun(plan_of(spec(selected, text)), triggered=True)
    seen = [evaluation.truths[0]]
    for index, each in enumerate(_order()):
        evaluation, _ = evaluation.advance([each])
        assert evaluation.truths == reference(evaluation, _order()[: index + 1])
        seen.append(evaluation.truths[0])
    decided = next((index for index, found in enumerate(seen) if found is not Truth.UNDECIDED), None)
    final = evaluation.evaluated(closed=True).checks[0].judgement.truth
    assert (decided, final) == (decided_by, truth)
    assert all(found in (Truth.UNDECIDED, final) for found in seen)


FOLLOWED = [
    # the span that violates comes before what makes it selected
    ('span[]:has(> span[name = "b"])', "attr:x = 2", Dialect.SPECS, [
        span("a", id="a", parent=INJECTED, x=1), span("b", id="b", parent="a", x=2),
    ], "uuf"),
    ('span[name = "a"] span[name = "b"]', "attr:x = 2", Dialect.SPECS, [
        span("b", id="b", parent="a", x=1), span("a", id="a", parent=INJECTED),
    ], "uuf"),
    # the trigger's span is selected through what hangs under it
    ('span[name = "b"] << span[]', "attr:x = 1", Dialect.SPECS, [span("b", id="b", parent=INJECTED)], "uf"),
    # an orphan elsewhere takes nothing back
    ('span[name = "a"] span[name = "b"]', "attr:x = 1", Dialect.COMPAT, [
        span("a", id="a", parent=INJECTED), span("b", id="b", parent="a"), span("b", id="c", parent="gone"),
    ], "uuff"),
    ('span[name = "b"]', "attr:x = 1", Dialect.COMPAT, [span("b", id="b", parent="gone")], "uf"),
    (f'span[tracetest.span.parent_id = "{INJECTED}"]', "attr:x = 1", Dialect.COMPAT, [
        span("b", id="b", parent="gone"), span("gone", id="gone", parent=INJECTED, x=1),
    ], "uuu"),
]  # fmt: skip


@pytest.mark.parametrize(("selected", "text", "dialect", "order", "truths"), FOLLOWED)
def test_followed_like_the_whole(selected: str, text: str, dialect: Dialect, order: list[Span], truths: str) -> None:
    """After each arrival: fails or undecided, by the watch and by the whole evaluation alike."""
    evaluation = begun(plan_of(replace(spec(selected, text), dialect=dialect)), triggered=True)
    seen = [evaluation.truths[0]]
    for index, each in enumerate(order):
        evaluation, _ = evaluation.advance([each])
        assert evaluation.truths == reference(evaluation, order[: index + 1])
        seen.append(evaluation.truths[0])
    assert seen == [{"u": Truth.UNDECIDED, "f": Truth.FAILS}[letter] for letter in truths]


def test_what_may_be_empty_is_not_waited_for() -> None:
    """A count of none is a count: a bound on it decides with the first span of the other side."""
    evaluation = begun(plan_of(expected('concurrency(span[]:root) < 0 - count(span[name = "b"])')), triggered=True)
    evaluation, decided = evaluation.advance([span("c", id="c", parent=INJECTED)])
    assert (decided, evaluation.truths) == ((0,), (Truth.FAILS,))


def test_orphans_of_one_parent_are_surely_siblings() -> None:
    """Two spans that name the same missing parent are siblings whether it comes or not; of two parents they may not be."""
    one, two = span("a", id="1", parent="gone"), span("b", id="2", parent="gone")
    other = span("b", id="3", parent="lost")
    evaluation = begun(plan_of(spec("span[]", "attr:x = 1")), triggered=True)
    first = evaluation.given.trace
    for dialect in (Dialect.EXPECT, Dialect.SPECS):
        node = selector('span[name = "a"] ~ span[name = "b"]', dialect)
        whole = assemble([one, two, other], injected=first.injected, trigger=first.trigger)
        given = replace(evaluation.given, trace=whole, dialect=dialect)
        assert [each.span_id for each in sure(node, given)] == [two.span_id]


ODD = [float("nan"), float("inf"), float("-inf")]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize(
    "text", ["max(span[], x) > 1", "sum(span[], x) > 1", "avg(span[], x) > 1", "min(span[], x) < 1"]
)
def test_what_is_no_number_is_said(text: str, value: float) -> None:
    """An aggregate over a value that is not finite fails with the value instead of an answer or a crash."""
    evaluation = begun(plan_of(expected(text)), triggered=True)
    evaluation, _ = evaluation.advance([span("a", id="a", x=value), span("a", id="b", x=2)])
    (check,) = evaluation.evaluated(closed=True).checks
    assert check.judgement.truth is Truth.FAILS
    assert f"needs finite numbers, and got {value}" in check.judgement.error

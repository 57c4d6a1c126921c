"""Early verdicts: always equal to the verdict on the whole trace, and as early as the page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanspec.language.dialect import Dialect
from spanspec.language.picking.picker import Picker
from spanspec.language.statements import judge
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId
from spanspec.testing import span, trigger_span
from tests.language.reading import HOST, selector, statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.syntax import Statement
    from spanspec.model.span import Span

INJECTED = SpanId("f" * 16)
SELECTORS = [
    'span[name = "a"]',
    'span[name = "b"]',
    'span[service = "s"]',
    'span[kind = "client"]',
    'span[name = "a"] span[name = "b"]',
    'span[name = "a"] > span[]',
    'span[name = "b"] << span[]',
    'span[name = "a"] ~ span[name = "b"]',
    'span[name = "a"] -> span[]',
    "span[]:root",
    "span[]:leaf",
    "span[]:orphan",
    "span[]:entry",
    "span[]:exit",
    'span[name = "a"]:first',
    'span[name = "a"] span[]:last',
    "span[]:slowest",
    'span[]:not(span[name = "a"] span[])',
    'span[]:not(span[name = "a"])',
    'span[]:has(> span[name = "b"])',
    'span[]:not(span[]:has(span[name = "c"]))',
    "span[x = 1]",
    "span[x > 0]",
    "span[span:child_count >= 1]",
    "span[span:child_count = 1]",
    "span[span:depth < 2]",
    'span[parent:name = "a"]',
    'span[not parent:name = "a"]',
    'span[root:name = "a"]',
    "span[x missing]",
    "span[span:self_time < 3ms]",
    'span[name = "a" or x = 2]',
    'span[name = "a"], span[name = "b"]',
    '(span[name = "a"] span[]):not(span[name = "c"])',
    "span[x = 1 tracetest.selected_spans.count = 1]",
]
QUANTIFIERS = ["some", "no", "every", "exactly 1", "exactly 2", "at least 2", "at most 1", "between 1 and 2"]
RELATIONS = ["followed by", "then", "calls", "leads to", "preceded by", "overlaps", "inside"]
CONDITIONS = [
    "x = 1",
    "duration < 3ms",
    "(not x = 1)",
    "x exists",
    "(some > span[])",
    '(no span[name = "b"])',
    "(at most 1 > span[])",
    '(x = 1 or name = "a")',
    "(count(> span[]) < 2)",
    "span:child_count < 2",
    'parent:name = "a"',
]
VALUES = [
    "count({})", "total_time({})", "busy_time({})", "max({})", "min({})", "max({}, x)", "sum({}, x)", "avg({})",
    "distinct({}, x)", "repeats({})", "repeats({}, name)", "concurrency({})", "depth({})", "self_time({})",
    "critical_time({})", "median({})", "count({}) * 2", "0 - count({})", "count({}) - 2", "-count({})",
]  # fmt: skip
PLAIN = [
    "no_errors()", "no_errors(except=span[name = \"a\"])", "no_errors(except=span[name = \"a\"] span[])",
    "no_errors(except=span[]:leaf)", "no_orphans()", "no_n_plus_one(threshold=2)", "complete()",
    "trace:span_count < 4", "trace:span_count >= 3", "trace:depth <= 2", "trace:error_count = 0", "trace:duration < 8ms",
    'services() = ["s", "t"]', 'services() contains "s"', 'services() not-contains "t"', 'edges() contains "s -> t"',
    'gap(span[name = "a"], span[name = "b"]) < 2ms', 'gap(span[name = "a"], span[name = "b"]) > 0ms',
]  # fmt: skip
COMPARATORS = ["<", "<=", ">", ">=", "=", "!="]


@st.composite
def leaves(draw: st.DrawFn) -> str:
    """A statement out of the templates."""
    first, second = draw(st.sampled_from(SELECTORS)), draw(st.sampled_from(SELECTORS))
    quantifier, inner = draw(st.sampled_from(QUANTIFIERS)), draw(st.sampled_from(QUANTIFIERS))
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return f"{quantifier} {first}"
    if kind == 1:
        return f"({quantifier} {first} where {draw(st.sampled_from(CONDITIONS))})"
    if kind == 2:
        within = draw(st.sampled_from(["", " within 2ms"]))
        relation = draw(st.sampled_from(RELATIONS))
        bounded = relation in ("followed by", "then", "leads to", "preceded by")
        return f"{quantifier} {first} {relation} {inner} {second}{within if bounded else ''}"
    if kind == 3:
        value = draw(st.sampled_from(VALUES)).format(first if "," not in first else 'span[name = "a"]')
        bound = draw(st.integers(0, 3))
        unit = (
            "ms"
            if any(word in value for word in ("time", "max(", "min(", "avg", "median")) and ", x" not in value
            else ""
        )
        return f"{value} {draw(st.sampled_from(COMPARATORS))} {bound}{unit}"
    return draw(st.sampled_from(PLAIN))


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One or two leaves, joined."""
    first = draw(leaves())
    joint = draw(st.sampled_from(["", "", "", "not", "and", "or", "implies"]))
    if not joint:
        return first
    return f"not ({first})" if joint == "not" else f"({first}) {joint} ({draw(leaves())})"


@st.composite
def arrivals(draw: st.DrawFn) -> list[Span]:
    """Spans of one trace in the order in which they arrive: any parents, orphans, links, errors, clocks."""
    count = draw(st.integers(1, 7))
    spans: list[Span] = []
    for index in range(count):
        parent = draw(
            st.sampled_from([None, "injected", "gone", *(f"n{other}" for other in range(count) if other != index)])
        )
        start = draw(st.integers(0, 10))
        more = {} if (x := draw(st.sampled_from([None, 1, 2, "t"]))) is None else {"x": x}
        resource = draw(st.sampled_from([HOST, HOST, {"host.name": "two"}, {}]))
        linked = [other for other in spans if draw(st.integers(0, 5)) == 0]
        spans.append(
            span(
                draw(st.sampled_from("abc")),
                service=draw(st.sampled_from("st")),
                kind=draw(st.sampled_from(["client", "server", "producer"])),
                parent=INJECTED if parent == "injected" else parent,
                id=f"n{index}",
                start=start,
                end=start + draw(st.integers(-1, 5)),
                status=draw(st.sampled_from(["unset", "unset", "error"])),
                links=linked,
                resource=resource,
                attributes={"db.system": "x"} if draw(st.booleans()) else {},
                **more,
            )
        )
    return draw(st.permutations(spans))


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


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(statements(), arrivals(), st.booleans())
def test_an_early_verdict_is_the_verdict(text: str, order: list[Span], triggered: bool) -> None:
    """Whatever arrives in whatever order, a verdict given early is the one on the whole trace, and stays."""
    early, final = open_and_closed(statement(text), order, triggered=triggered)
    for index, truth in enumerate(early):
        assert truth in (Truth.UNDECIDED, final), (text, index, early, final)
        if index and early[index - 1] is not Truth.UNDECIDED:
            assert truth is early[index - 1], (text, index, early)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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

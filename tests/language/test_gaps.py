"""The gap between two sets of spans, where clocks agree and where they do not."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.language.judging.gaps import Gaps, gap_of
from spanspec.language.relations import end_of, same_clock
from spanspec.language.statements import judge
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.testing import span
from tests.fuzzing import thorough
from tests.language.reading import HOST, statement

MS = 1_000_000
OTHER = {"host.name": "two"}
CLOCKS = [
    HOST, OTHER, {}, {"host.id": "1", "host.name": "one"}, {"host.id": "1"}, {"host.id": "2", "host.name": "one"},
    {"service.instance.id": "i"}, {"service.instance.id": "i", "host.name": "two"}, {"host.id": ("no", "text")},
]  # fmt: skip
SPANS = st.builds(
    lambda index, start, length, resource: span(f"s{index}", id=f"{index}", start=start, end=start + length, resource=resource),
    st.integers(0, 5), st.integers(0, 12), st.integers(-2, 6), st.sampled_from(CLOCKS),
)  # fmt: skip
SIDES = st.lists(SPANS, min_size=1, max_size=6, unique_by=lambda each: each.span_id)


@thorough(500)
@given(SIDES, SIDES, st.sampled_from([0, MS, 3 * MS]))
def test_a_gap_is_the_least_over_all_pairs(left: list[Span], right: list[Span], skew_ns: int) -> None:
    """What is measured is the least difference of a pair; the bounds are the least of the pairs' bounds."""
    left = [next((twin for twin in right if twin.span_id == each.span_id), each) for each in left]
    pairs = [
        (b.start_ns - end_of(a), 0 if same_clock(a, b) else skew_ns) for a, b in product(left, right)
    ]  # fmt: skip
    found = gap_of(left, right, skew_ns)
    assert found is not None
    assert found.measured_ns == min(difference for difference, _ in pairs)
    assert found.low_ns == min(difference - skew for difference, skew in pairs)
    assert found.high_ns == min(difference + skew for difference, skew in pairs)


@thorough(200)
@given(SIDES, SIDES)
def test_a_further_span_only_lowers_it(left: list[Span], right: list[Span]) -> None:
    """The greatest that a gap may be never rises, whichever side and clock the next span comes with."""
    gaps = Gaps(MS)
    gaps.left(left[0])
    gaps.right(right[0])
    before = gaps.high_ns
    for take, each in [(gaps.left, each) for each in left] + [(gaps.right, each) for each in right]:
        take(each)
        assert before is not None
        assert gaps.high_ns is not None
        assert gaps.high_ns <= before
        before = gaps.high_ns


A = span("a", id="a", start=0, end=10, resource=HOST)
C = span("c", id="c", start=0, end=16, resource=HOST)


def _b(start: float, **resource: str) -> Span:
    return span("b", id=f"b{start}{resource}", start=start, end=start + 1, resource=resource or HOST)


@pytest.mark.parametrize(
    ("text", "order", "truths"),
    [
        ('gap(span[name = "a"], span[name = "b"]) < 3ms', [A, _b(12), _b(11, **OTHER)], "uuhh"),
        ('gap(span[name = "a"], span[name = "b"]) > 3ms', [A, _b(12), _b(11, **OTHER)], "uuff"),
        ('gap(span[name = "a"], span[name = "b"]) < 3ms', [A, _b(12, **OTHER), _b(12)], "uuuh"),
        ('gap(span[name = "a"], span[name = "b"]) = 2ms', [A, _b(12, **OTHER)], "uuu"),
        ('gap(span[name = "a"], span[name = "b"]) = 3ms', [A, _b(12, **OTHER)], "uuu"),
        ('gap(span[name = "a"], span[name = "b"]) = 9ms', [A, _b(12, **OTHER)], "uuf"),
        ('gap(span[name = "a"], span[name = "b"]) != 9ms', [A, _b(12, **OTHER)], "uuh"),
        ('gap(span[name = "a"], span[name = "b"]) in [3ms, 4ms]', [A, _b(12, **OTHER)], "uuu"),
        ('-gap(span[name = "a"], span[name = "b"]) > 0ms', [A, _b(4, **OTHER)], "uuh"),
    ],
)
def test_decided_for_good(text: str, order: list[Span], truths: str) -> None:
    """After each arrival: holds, fails or undecided; and the last stays when the trace closes."""
    names = {"h": Truth.HOLDS, "f": Truth.FAILS, "u": Truth.UNDECIDED}
    skew = 5 * MS
    found = [
        judge(statement(text), Given(trace=assemble(order[:seen]), closed=False, clock_skew_ns=skew)).truth
        for seen in range(len(order) + 1)
    ]
    assert found == [names[letter] for letter in truths]
    assert judge(statement(text), Given(trace=assemble(order), clock_skew_ns=skew)).truth is found[-1]


def test_two_gaps_err_apart() -> None:
    """Each gap of a comparison may be off by itself: that one is the greater is not sure for both being off alike."""
    whole = assemble([A, C, _b(20, **OTHER)])
    text = 'gap(span[name = "a"], span[name = "b"]) > gap(span[name = "c"], span[name = "b"])'
    for skew, truth in ((2 * MS, Truth.HOLDS), (4 * MS, Truth.UNDECIDED)):
        assert judge(statement(text), Given(trace=whole, clock_skew_ns=skew)).truth is truth

"""A check is decided the moment nothing left to come can change it: by brute force over small pools of spans.

For every set of spans that may have come from a pool of five: where no further arrivals change the verdict that the trace
would get if it ended, a form that is not free must have decided early. What may arrive is what is left of the pool, and
spans beyond it, of all names, under all parents, at several times: any trace may yet get such.
"""

from __future__ import annotations

from itertools import chain, combinations, permutations

import pytest

from spanspec.language.statements import judge
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.testing import span, trigger_span
from tests.language.arriving import INJECTED
from tests.language.reading import HOST, statement


def pool() -> list[Span]:
    """A root, two children of it, one below, one apart that fails: what could make or break each form below."""
    top = span("a", id="top", parent=INJECTED, start=0, end=50, resource=HOST, x=1)
    one = span("b", id="one", parent=top, start=10, end=20, resource=HOST, x=2)
    two = span("b", id="two", parent=top, start=30, end=45, resource=HOST, x=3, service="far")
    below = span("c", id="below", parent=one, start=12, end=15, resource=HOST, x=4)
    apart = span("a", id="apart", parent=INJECTED, start=60, end=90, status="error", resource=HOST, x=9)
    return [top, one, two, below, apart]


FORMS = [
    'some span[name = "b"]', 'at least 2 span[name = "b"]', 'no span[name = "b"]', 'exactly 1 span[name = "b"]',
    'at most 1 span[name = "b"]', 'between 1 and 1 span[name = "b"]', 'no span[name = "a"] span[name = "c"]',
    'some span[name = "c"] << span[name = "a"]', 'no span[name = "a"] > span[name = "b"]', 'some span[name = "b"] ~ span[name = "b"]',
    "some span[]:root", 'no span[]:root:has(> span[name = "b"])', 'some span[parent:name = "a"]', "some span[span:depth >= 2]",
    "no span[span:child_count > 1]", 'every span[name = "b"] where x = 2', 'every span[name = "a"] where (no > span[name = "b"])',
    'every span[name = "a"] where (at most 1 > span[])', 'some span[name = "a"] where (some > span[name = "b"])',
    'some span[name = "b"] where x = 3', 'some span[name = "a"] followed by span[name = "c"]', 'no span[name = "b"] then span[name = "a"]',
    'some span[name = "a"] calls span[name = "c"]', 'no span[name = "a"] leads to span[name = "c"]',
    'every span[name = "a"] calls at most 1 span[name = "b"]', 'exactly 1 span[name = "a"] followed by at least 2 span[name = "b"]',
    'some span[name = "c"] inside span[name = "b"]', 'no span[name = "c"] overlaps span[name = "b"]',
    'some span[name = "c"] preceded by span[name = "a"]', "count(span[]) >= 3", "count(span[]) < 3", "count(span[]) = 2",
    'busy_time(span[name = "b"]) < 15ms', 'total_time(span[name = "b"]) >= 20ms', "max(span[]) > 40ms", "max(span[]) < 40ms",
    "min(span[]) < 5ms", "min(span[]) >= 5ms", 'repeats(span[name = "b"], name) < 2', "distinct(span[], name) > 2", "depth(span[]) >= 2",
    "concurrency(span[]) < 3", 'services() contains "far"', 'services() not-contains "far"', 'edges() contains "svc -> far"',
    'gap(span[name = "b"], span[name = "c"]) < 0ms', "count(span[]) + depth(span[]) > 4", "count(span[]) * 2 > 5", "10 - count(span[]) < 7",
    "-count(span[]) < -2", "trace:span_count > 2", "trace:error_count = 0", "trace:depth <= 2", "trace:duration < 80ms",
    "trace:service_count < 2", "no_errors()", 'no_errors(except=span[name = "b"])', 'no_errors(except=span[name = "b"] span[])',
    'not no span[name = "b"]', 'no span[name = "b"] and some span[name = "z"]', 'some span[name = "b"] or some span[name = "z"]',
    'some span[name = "b"] implies some span[name = "c"]', 'no span[]:not(span[name = "a"])',
]  # fmt: skip


def truth(text: str, spans: tuple[Span, ...], *, closed: bool) -> Truth:
    """The verdict on some spans."""
    whole = assemble(spans, injected=INJECTED, trigger=trigger_span())
    return judge(statement(text), Given(trace=whole, closed=closed)).truth


def beyond(text: str) -> list[Span]:
    """Spans outside the pool that any trace may yet get: more of each kind, anywhere, long and short, failing."""
    everything = pool()
    more: list[Span] = []
    for index, (name, parent) in enumerate(
        (name, parent)
        for name in "abcz"
        for parent in (None, INJECTED, everything[0], everything[1], everything[3], "new0")
    ):
        more.append(
            span(name, id=f"new{index}", parent=parent, start=index % 3 * 30, end=index % 3 * 30 + (0.1 if index % 2 else 100),
                 resource=HOST, x=index % 4, status="error" if index % 3 == 0 else "unset", service=f"s{index}" if index % 2 else "far")
        )  # fmt: skip
    return more


@pytest.mark.parametrize("text", FORMS)
def test_what_no_span_can_change_is_decided(text: str) -> None:
    """An undecided check has an arrival that changes it: one or two spans of the pool or beyond it, or more of the pool."""
    everything, others = pool(), beyond(text)
    closed: dict[frozenset[str], Truth] = {}

    def final(spans: tuple[Span, ...]) -> Truth:
        key = frozenset(each.span_id for each in spans)
        if key not in closed:
            closed[key] = truth(text, spans, closed=True)
        return closed[key]

    for size in range(len(everything) + 1):
        for come in combinations(everything, size):
            early, now = truth(text, come, closed=False), final(come)
            if early is not Truth.UNDECIDED:
                assert early is now
                continue
            left = [each for each in (*everything, *others) if each not in come]
            few = (more for count in (1, 2) for more in combinations(left, count))
            pooled = [each for each in everything if each not in come]
            arrivals = chain(few, (more for count in (3, 4, 5) for more in combinations(pooled, count)), [tuple(left)])
            assert any(final((*come, *more)) is not now for more in arrivals), [each.name for each in come]


@pytest.mark.parametrize("text", FORMS)
def test_the_order_does_not_matter(text: str) -> None:
    """Whatever the order of the last three, the same is known of the same spans."""
    everything = pool()
    for order in permutations(everything[2:]):
        found = truth(text, (*everything[:2], *order), closed=False)
        assert found is truth(text, tuple(everything), closed=False)

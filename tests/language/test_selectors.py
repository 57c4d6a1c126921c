"""Selectors on small traces: combinators, predicates, pseudo-classes, dialects, sureness, near misses."""

from __future__ import annotations

import pytest

from spanspec.language.dialect import Dialect
from spanspec.language.selectors import near_misses, select, sure
from spanspec.language.syntax import Chain, Combinator, Selector, Step
from spanspec.language.verdict import EvaluationError, Given
from spanspec.model.assemble import assemble
from spanspec.model.ids import TraceId
from spanspec.model.span import Event
from spanspec.testing import span, trace, trigger_span
from tests.language.reading import names, selector, shop, shop_trace

ALL = ["POST /order", "place order", "POST /charge", "POST /charge", "charge", "send ship", "ship"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL),
        ("span", ALL),
        ("span[]", ALL),
        ('span[name = "charge"]', ["charge"]),
        ('span[service = "order" kind = "client"]', ["POST /charge", "POST /charge"]),
        ('span[status = "error"]', ["POST /charge"]),
        ("span[http.response.status_code = 201]", ["POST /order"]),
        ("span[http.response.status_code > 200]", ["POST /order"]),
        ("span[http.status_code = 201]", ["POST /order"]),
        ("span[http.status_code exists]", []),
        ("span[amount = 99.99]", ["POST /charge"]),
        ("span[attempt in [1, 3]]", ["POST /charge"]),
        ('span[not kind = "client" not kind = "server"]', ["send ship", "ship"]),
        ('span[kind = "consumer" or kind = "producer"]', ["send ship", "ship"]),
        ('span[attempt missing kind = "client"]', []),
        ("span[duration > 80ms]", ["POST /order", "place order"]),
        ('span[parent:name = "place order"]', ["POST /charge", "POST /charge", "send ship"]),
        ('span[name = "place order"] span[kind = "server"]', ["charge"]),
        ('span[name = "place order"] >> span[kind = "server"]', ["charge"]),
        ('span[name = "place order"] > span[kind = "server"]', []),
        ('span[name = "POST /order"] > span', ["place order"]),
        ('span[name = "charge"] << span[kind = "client"]', ["POST /charge"]),
        ('span[name = "charge"] < span', ["POST /charge"]),
        ('span[name = "send ship"] ~ span', ["POST /charge", "POST /charge"]),
        ('span[name = "send ship"] -> span', ["ship"]),
        ('span[name = "ship"], span[name = "charge"], span[name = "ship"]', ["charge", "ship"]),
        ('span[kind = "client"]:first', ["POST /charge"]),
        ("span[]:nth(2)", ["place order"]),
        ("span[]:nth(99)", []),
        ("span[]:slowest", ["POST /order"]),
        ("span[]:root", ["POST /order"]),
        ("span[]:leaf", ["POST /charge", "charge", "ship"]),
        ("span[]:orphan", []),
        ("span[]:entry", ["POST /order", "place order", "charge", "ship"]),
        ("span[]:exit", ["POST /order", "POST /charge", "send ship"]),
        ('span[kind = "client"]:not(span[status = "error"]):first', ["POST /charge"]),
        ('span[]:has(> span[name = "charge"])', ["POST /charge"]),
        ('span[]:has(span[name = "charge"])', ["POST /order", "place order", "POST /charge"]),
        ('span[]:has(-> span[name = "ship"])', ["POST /order", "place order", "send ship"]),
        ('span[]:has(< span[name = "place order"])', ["POST /charge", "POST /charge", "send ship"]),
        ('span[name = "place order"] span[]:first', ["POST /charge"]),
        ('(span[kind = "server"]):last', ["charge"]),
    ],
)
def test_select(text: str, expected: list[str]) -> None:
    """A selector picks these spans of the shop, in trace order."""
    assert names(text, shop_trace()) == expected


def test_first_is_per_span_of_the_step_before() -> None:
    """After a combinator `:first` counts anew for each span of the step before."""
    a, b = span("a", id="a"), span("a", id="b", start=5)
    whole = trace(a, b, span("x", parent=a), span("y", parent=a, start=1), span("z", parent=b))
    assert names('span[name = "a"] span[]:first', whole) == ["x", "z"]
    assert names('(span[name = "a"] span):first', whole) == ["x"]


def test_one_event_satisfies_the_whole_claim() -> None:
    """Un-negated event predicates joined by `and` speak of one event."""
    one = span("one", events=[Event(name="retry", attributes={"n": 1}), Event(name="done", attributes={"n": 2})])
    whole = trace(one)
    assert names('span[event:name = "retry" event:n = 1]', whole) == ["one"]
    assert names('span[event:name = "retry" event:n = 2]', whole) == []
    assert names('span[event:name = "retry" or event:n = 3]', whole) == ["one"]
    assert names('span[not (event:name = "retry" event:n = 2)]', whole) == ["one"]


def test_links_of_other_traces() -> None:
    """Spans of linked traces are reached by `->`, and not by a first step."""
    send = span("send", kind="producer")
    far = span("receive", kind="consumer", links=[send], trace_id=TraceId("2" * 32))
    whole = assemble([send], linked=[far, span("work", parent=far, trace_id=TraceId("2" * 32))])
    assert names('span[kind = "producer"] -> span', whole) == ["receive", "work"]
    assert names("span", whole) == ["send"]


def test_a_cycle_is_never_cut() -> None:
    """In a cycle of parents every member is an ancestor of the others, and none of itself."""
    whole = assemble([span("a", id="a", parent="b"), span("b", id="b", parent="a"), span("c", parent="a")])
    assert sorted(names('span[name = "a"] span', whole)) == ["b", "c"]
    assert sorted(names('span[name = "c"] << span', whole)) == ["a", "b"]
    assert sorted(names('span[]:has(span[name = "a"])', whole)) == ["b"]


def test_count_of_the_selection() -> None:
    """A constraint on the selection's own size keeps all of it or nothing."""
    whole = trace(span("a"), span("a", start=2))
    assert names('span[name = "a" tracetest.selected_spans.count = 2]', whole) == ["a", "a"]
    assert names('span[name = "a" tracetest.selected_spans.count = 1]', whole) == []
    (miss,) = near_misses(selector('span[name = "a" tracetest.selected_spans.count = 1]'), Given(trace=whole))
    assert miss.sentence == "2 spans would be selected, and the selector asks for a count = 1"


def test_incomparable_types_are_an_error() -> None:
    """A comparison of types that do not compare is no silent false."""
    with pytest.raises(EvaluationError):
        select(selector("span[a > 5]"), Given(trace=trace(span("x", a="text"))))


@pytest.mark.parametrize(
    ("text", "specs", "compat"),
    [
        ('span[name = "a"], span[name = "a"]', ["a"], ["a", "a"]),
        ('span[name = "a"]:first span[name = "b"]', ["b", "b"], ["b"]),
        ('span[name = "b"] span[]:first', ["c", "d"], []),
        ('span[name = "a"]:last span[]', ["b", "c", "b", "d"], ["d"]),
        ('span[missing = ""]', [], ["a", "b", "c", "b", "d"]),
        ("span[flag = false]", ["c"], ["b"]),
        ("span[ratio = 1.5]", ["d"], []),
    ],
)
def test_dialects(text: str, specs: list[str], compat: list[str]) -> None:
    """The same text under `specs:` and with the reference's faults."""
    a = span("a", start=0, id="a")
    first, second = span("b", parent=a, start=1, flag=True), span("b", parent=a, start=3)
    whole = trace(
        a, first, second, span("c", parent=first, start=2, flag=False), span("d", parent=second, start=4, ratio=1.5)
    )
    assert names(text, whole, Dialect.SPECS) == specs
    assert names(text, whole, Dialect.COMPAT) == compat


def test_the_trigger_is_in_the_trace_of_specs() -> None:
    """Under `specs:` the trigger's span is the root and everything hangs under it; under `expect:` it is apart."""
    trigger = trigger_span()
    whole = trace(span("a", parent=trigger), trigger=trigger)
    assert names("", whole, Dialect.SPECS) == ["Tracetest trigger", "a"]
    assert names('span[name = "Tracetest trigger"] span[]', whole, Dialect.SPECS) == ["a"]
    assert names("span", whole) == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('span[name = "charge"]', ["charge"]),
        ('span[name = "place order"] span[name = "charge"]', ["charge"]),
        ("span[]:leaf", []),
        ("span[]:first", []),
        ('span[]:not(span[name contains "o"])', ["POST /charge", "POST /charge", "charge", "send ship", "ship"]),
        ('span[]:not(span[]:has(span[name = "charge"]))', []),
        ('span[]:has(span[name = "charge"])', ["POST /order", "place order", "POST /charge"]),
        ("span[span:child_count >= 1]", ["POST /order", "place order", "POST /charge", "send ship"]),
        ("span[span:child_count < 1]", []),
        ('span[root:name = "POST /order"]', ALL),
    ],
)
def test_sure(text: str, expected: list[str]) -> None:
    """These members no further span can revoke while the trace is open."""
    given = Given(trace=shop_trace(), closed=False)
    assert [found.name for found in sure(selector(text), given)] == expected


def test_near_misses_name_the_predicate_and_the_values_seen() -> None:
    """The predicate that fails where the others hold is named, with what is there and the likely meaning."""
    (miss,) = near_misses(selector('span[service.name = "shiping" kind = "consumer"]'), Given(trace=shop_trace()))
    assert miss.predicate == 'service.name = "shiping"'
    assert miss.seen == (("shipping", 1),)
    assert miss.suggestion == 'did you mean "shipping"?'
    assert len(miss.spans) == 1


def test_near_misses_rank_values() -> None:
    """Values seen come most frequent first."""
    (miss,) = near_misses(selector('span[service.name = "nobody"]'), Given(trace=shop_trace()))
    assert miss.seen == (("order", 4), ("api", 1), ("payment", 1), ("shipping", 1))


def test_near_misses_suggest_names() -> None:
    """A name that no span has is answered with one that some have."""
    (miss,) = near_misses(selector("span[atempt = 1]"), Given(trace=shop_trace()))
    assert miss.seen == (("(missing)", 7),)
    assert miss.suggestion == 'did you mean "attempt"?'


def test_near_misses_name_the_step_of_a_chain() -> None:
    """When the brackets match elsewhere, the relation is what emptied the selection."""
    (miss,) = near_misses(selector('span[name = "charge"] span[name = "ship"]'), Given(trace=shop_trace()))
    assert miss.predicate == 'span[name = "ship"] is a descendant of span[name = "charge"]'
    assert len(miss.spans) == 1


def test_selecting_is_linear_enough() -> None:
    """A descendant step over a long chain of spans is one walk."""
    parts = [span("0", id="0")]
    parts.extend(span(str(index % 7), id=str(index), parent=parts[-1], start=index) for index in range(1, 4000))
    assert len(names('span[name = "1"] span[name = "2"] span[name = "3"]', trace(*parts))) == 571


def test_relative_from_an_origin() -> None:
    """A relative selector is read from the span at hand, and needs one."""
    spans = shop()
    whole = trace(*spans.values())
    relative = Selector(chains=(Chain(steps=(Step(combinator=Combinator.CHILD),)),))
    assert len(select(relative, Given(trace=whole), origin=spans["order"])) == 3
    with pytest.raises(EvaluationError, match="needs a span"):
        select(relative, Given(trace=whole))

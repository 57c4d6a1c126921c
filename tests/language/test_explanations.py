"""Why a check fails: a sentence for each kind of fault, on traces small, odd and large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanspec.language.assertions import evaluate_output, judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_expression, parse_selector, parse_statement
from spanspec.language.picking.sampling import MOST
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.results.explain import near_miss
from spanspec.testing import span, trace
from tests.language.reading import selector, shop_trace, statement, verdict

if TYPE_CHECKING:
    from spanspec.language.verdict import Judgement
    from spanspec.model.trace import Trace

BIG = "x" * 1_000_000
ODD = "\x1b[31mred\x1b[0m \u202e \ud800"


def _said(judgement: Judgement, of: Trace) -> str:
    """All that a reader is told."""
    return "\n".join([judgement.reason, *(near_miss(miss, of) for miss in judgement.near), *judgement.notes])


@pytest.mark.parametrize(
    ("text", "attributes", "shown"),
    [
        ("some span[ok = true]", {"ok": "true"}, 'the value is the text "true" and no boolean: write "true" in quotes'),
        ("some span[ok = 'true']", {"ok": True}, "the value is the boolean true and no text: write true without quotes"),
        ("some span[code = 200]", {"code": "200 OK"}, 'the value is the text "200 OK": write it in quotes'),
        ("some span[city = 'Bonn']", {"city": "bonn "}, "the texts differ in white space or case"),
        ("some span[tag = 'a']", {"tag": ("a", "b")}, "the value is a list: write contains in place of ="),
        ("some span[http.target = '/x']", {"url.path": "/x"}, "instead of http.target there is url.path"),
        ("some span[http.status_code exists]", {"http.response.status_code": 200}, "is called http.response.status_code"),
        ("some span[resource:x = 1]", {"x": 1}, "it is there as attr:x"),
        ("some span[attr:service.name = 'svc' and attr:kind = 'internal']", {}, "the span's own kind is span:kind"),
        ("some span[odrer.id = 1]", {"order.id": 1}, 'did you mean "order.id"?'),
        ("some span[a = 'shiping']", {"a": "shipping"}, 'did you mean "shipping"?'),
        ("some span[a = 1]", {"b": 1}, "seen: (missing) × 1"),
    ],
)  # fmt: skip
def test_what_may_have_been_meant(text: str, attributes: dict[str, object], shown: str) -> None:
    """A condition that nothing satisfies is answered with the type, the name, the place or the value that is there."""
    whole = trace(span("a", attributes=attributes))  # type: ignore[arg-type]
    assert shown in _said(verdict(text, whole), whole)


def test_conditions_that_hold_apart_but_not_together() -> None:
    """Each condition is met by some span and no span meets both: the counts of both are told."""
    whole = trace(span("a", service="one", kind="client"), span("b", service="two", kind="server"))
    judgement = verdict('some span[service.name = "one" kind = "server"]', whole)
    assert "1 span has" in judgement.reason
    assert "no span does both" in judgement.reason
    assert judgement.near[0].alone == 1
    assert judgement.near[0].others == 1


def test_values_most_frequent_first() -> None:
    """The values that are really there are counted."""
    whole = trace(*(span("a", color=color) for color in ("red", "blue", "red")), span("b"))
    miss = verdict('some span[color = "green"]', whole).near[0]
    assert miss.seen == (("red", 2), ("(missing)", 1), ("blue", 1))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('some span[name = "place order"] > span[name = "charge"]', "also takes spans further down"),
        ('some span[name = "charge"] span[name = "place order"]', '"<<" takes ancestors'),
        ('some span[name = "send ship"] > span[name = "POST /charge"]', '"~" takes siblings'),
        ('some span[name = "charge"] span[name = "ship"]', 'ship of shipping under "send ship" of order'),
    ],
)
def test_where_steps_that_match_apart_really_are(text: str, shown: str) -> None:
    """The actual parents are named, and how to find the spans where they are."""
    assert shown in _said(verdict(text, shop_trace()), shop_trace())


def test_an_orphan_is_no_child() -> None:
    """A span whose parent did not arrive is said to be one."""
    whole = trace(span("a"), span("b", parent="0123456789abcdef"))
    assert "is not in the trace" in _said(verdict('some span[name = "a"] span[name = "b"]', whole), whole)


def test_retries_and_swallowed_errors() -> None:
    """A retry is told as one, and is no swallowed error; an error below a span without one is."""
    said = _said(verdict('exactly 1 span[name = "POST /charge"]', shop_trace()), shop_trace())
    assert 'POST /charge of order was tried twice under "place order" of order, and failed once' in said
    assert "swallowed" not in said
    top = span("top", service="a")
    whole = trace(top, span("low", service="b", parent=top, status="error", status_message="no route"))
    said = _said(verdict('some span[name = "mail"]', whole), whole)
    assert 'low of b ended in error: no route; "top" of a above it did not, so the error was swallowed there' in said


def test_what_tells_repeated_spans_apart() -> None:
    """Duplicates differ in attributes and in time, and without an error they are no retry."""
    top = span("top")
    twice = [span("x", parent=top, start=start, end=start + 2, key=start, same=1) for start in (1, 4)]
    (note,) = verdict('exactly 1 span[name = "x"]', trace(top, *twice)).notes
    assert note == (
        "they differ in key (1, 4); the second began 1ms after the first had ended, and none ended in error, so this is no retry"
    )


def test_what_the_spans_that_fail_have_in_common() -> None:
    """Attributes that only they have are told, but not the one that was asked about."""
    whole = trace(*(span("x", region=region, ok=region != "eu") for region in ("eu", "us", "us")))
    (note,) = verdict('every span[name = "x"] where ok = true', whole).notes
    assert note == "region is eu where it fails, and us where it holds"


def test_specs_and_outputs_say_the_same() -> None:
    """An assertion and an output that select nothing name the near miss, and errors on the way."""
    whole = trace(span("charge", status="error", status_message="declined", amount=1))
    given_ = Given(trace=whole, dialect=Dialect.SPECS)
    chosen = parse_selector('span[name = "chrage"]', Dialect.SPECS).node
    assertion = parse_statement("attr:amount = 1", Dialect.SPECS).node
    value = parse_expression("attr:amount", Dialect.SPECS).node
    assert chosen is not None
    assert assertion is not None
    assert value is not None
    (found,) = judge_spec(chosen, [assertion], given_)
    assert 'did you mean "charge"?' in near_miss(found.judgement.near[0], whole)
    assert found.judgement.notes == ("charge of svc ended in error: declined",)
    output = evaluate_output(chosen, value, has_selector=True, given=given_)
    assert output.error == 'no span matched: nothing satisfies name = "chrage", did you mean "charge"?'


def test_large_traces_are_sampled_and_say_so() -> None:
    """Of more spans than the bound some are looked at, a rare one among them, and the reader is told."""
    many = [span("row", start=index, color="red") for index in range(MOST * 3)]
    whole = trace(*many, span("rare", color="grean"))
    judgement = verdict('some span[color = "green"]', whole)
    miss = judgement.near[0]
    assert MOST // 2 < miss.looked_at <= MOST
    assert miss.suggestion == 'did you mean "grean"?'
    assert f"{miss.looked_at} spans were looked at" in near_miss(miss, whole)


def test_large_selections_are_weighed_in_part_and_say_so() -> None:
    """Of very many spans the longest of some are named, and how many these are of how many."""
    many = [span("row", start=index, end=index + 1) for index in range(10_001)]
    judgement = verdict('total_time(span[name = "row"]) < 1ms', trace(*many))
    assert "the longest of 5,001 spans looked at, of 10,001 in all: row of svc 1ms" in judgement.reason


@pytest.mark.parametrize("text", ['some span[a = "y"]', "exactly 1 span[a exists]", 'every span[] where a = "y"'])
def test_huge_and_odd_values_are_cut_and_escaped(text: str) -> None:
    """No text of a trace floods a terminal or is obeyed by it."""
    whole = trace(*(span(ODD, service=ODD, attributes={"a": value}) for value in (BIG, ODD)))
    said = _said(verdict(text, whole), whole)
    assert len(said) < 5_000
    assert "\x1b" not in said
    assert "\u202e" not in said
    said.encode("utf-8")


TEXTS = [
    'some span[a = "x" b = 1]', "exactly 1 span[a exists]", 'every span[name = "a"] where a = "x"', "no span[a exists]",
    'some span[name = "a"] > span[name = "b"]', 'some span[name = "a"] << span[x = 1]', "some span[]:root:has(> span[x = 1])",
    'some span[name = "a"] followed by span[name = "b"]', 'some span[name = "a"] calls span[x = 1]',
    'every span[] leads to exactly 1 span[name = "b"]', "busy_time(span[]) < 0.1ms", 'max(span[name = "a"], a) < 3',
    "no_errors() and no_n_plus_one(threshold=2) and no_orphans()", "count(span[]) = 77", 'some span[event:name = "x" event:y = 1]',
    "some span[parent:a = 'x' root:name = 'q']", "every span[] where (some > span[] and a exists)", "trace:depth = 77",
]  # fmt: skip
_IDS = [f"{number:016x}" for number in range(1, 7)]
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.binary(max_size=4), st.sampled_from(["x", "", ODD, BIG[:9000]]),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
)  # fmt: skip


@st.composite
def odd_traces(draw: st.DrawFn) -> Trace:
    """Up to six spans whose parents may be anyone: themselves, one another in circles, nobody, or somebody absent."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(-3, 6))
        made.append(
            span(
                draw(st.sampled_from(["a", "b", "", ODD])),
                id=f"s{number}",
                service=draw(st.sampled_from(["s", "t", None])),
                kind=draw(st.sampled_from(["client", "server", "internal"])),
                parent=draw(st.sampled_from([None, *_IDS, "s0", "s1", "s2"])),
                start=start,
                end=start + draw(st.integers(-2, 4)),
                status=draw(st.sampled_from(["unset", "ok", "error"])),
                attributes={key: value for key in ("a", "b", "x") if (value := draw(_VALUES)) is not None},  # type: ignore[misc]
            )
        )
    return assemble(made)


@given(odd_traces(), st.sampled_from(TEXTS), st.booleans())
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_explanations_never_raise(whole: Trace, text: str, closed: bool) -> None:
    """Whatever the trace, open or closed, a check that does not hold says why, in a few harmless lines."""
    judgement = verdict(text, whole, closed=closed)
    said = _said(judgement, whole)
    assert judgement.truth is Truth.HOLDS or judgement.reason
    assert len(said) < 20_000
    assert "\x1b" not in said


@given(
    odd_traces(), st.sampled_from(['span[a = "x" b = 1]', 'span[name = "a"] > span[x = 1]', "span[]"]), st.booleans()
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_explanations_of_specs_never_raise(whole: Trace, text: str, closed: bool) -> None:
    """The same of specs."""
    assertions = [
        parse_statement(each, Dialect.SPECS).node for each in ("attr:a = 1", "attr:tracetest.selected_spans.count = 9")
    ]
    chosen = selector(text, Dialect.SPECS)
    given_ = Given(trace=whole, dialect=Dialect.SPECS, closed=closed)
    for found in judge_spec(chosen, [each for each in assertions if each is not None], given_):
        assert found.judgement.truth is Truth.HOLDS or found.judgement.reason
        assert "\x1b" not in _said(found.judgement, whole)


def test_statements_of_this_module_parse() -> None:
    """The texts are what they are meant to be."""
    assert all(statement(text) for text in TEXTS)

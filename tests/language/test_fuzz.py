"""Whatever stands in a text or a span, the answer is a value or a diagnostic: no crash, no hang. `make fuzz` runs it for long."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.language import parser
from spanspec.language.assertions import judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.format import format as format_node
from spanspec.language.selectors import select
from spanspec.language.statements import judge
from spanspec.language.verdict import EvaluationError, Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.span import Event, Link, Resource, Span
from spanspec.testing import TRACE_ID, span, trigger_span
from tests.fuzzing import thorough
from tests.language.arriving import INJECTED, VARIABLES, arrivals
from tests.language.arriving import statements as texts_of_statements
from tests.language.trees import selector_trees, statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.parser import Parsed

PARSERS: list[Callable[[str, Dialect], Parsed]] = [
    parser.parse_selector,
    parser.parse_statement,
    parser.parse_expression,
    parser.parse_template,
]
DIALECTS = st.sampled_from(list(Dialect))
PIECES = (
    "span", "[", "]", "(", ")", "some ", "every ", "no ", "exactly 1 ", " where ", "not ", " and ", " or ", " implies ", "name", "attr:",
    "parent:", "root:", "event:", " = ", " != ", " < ", " =~ ", " in ", " not in ", '"', "'", "\\", "${", "}", "|", "json_path", "1ms",
    "99999999999999999999", "-", "1e999", "0x", ":nth(", ":not(", ":has(", ",", ">>", "<<", "->", "~", " followed by ", " leads to ",
    " within ", "count", "//", "/*", "*/", "\n", "\x00", "\ud800", "é", "✓", "null", "true", ":", ".", "var:", " ", "\t",
)  # fmt: skip


def answers(parse: Callable[[str, Dialect], Parsed], text: str, dialect: Dialect) -> None:
    """Parse; there is a node or a diagnostic, and each diagnostic points into the text."""
    parsed = parse(text, dialect)
    assert parsed.node is not None or parsed.diagnostics
    for found in parsed.diagnostics:
        assert 0 <= found.range.start <= found.range.end <= len(text)
    if parsed.node is not None and not any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        again = parse(format_node(parsed.node, dialect), dialect)
        assert again.node == parsed.node, text


@thorough(300)
@given(
    st.sampled_from(PARSERS),
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)),
    DIALECTS,
)
def test_any_text_is_answered(parse: Callable[[str, Dialect], Parsed], text: str, dialect: Dialect) -> None:
    """Any text at all parses or has a diagnostic; what parses is formatted to what parses to the same."""
    answers(parse, text, dialect)


@thorough(300)
@given(texts_of_statements(), st.data())
def test_any_slip_is_answered(text: str, data: st.DataObject) -> None:
    """A valid text with a piece cut out or put in is answered likewise."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 5)))
    answers(
        parser.parse_statement, text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:], Dialect.EXPECT
    )


HUGE = [
    "(" * 100_000, "not " * 100_000, "[" * 100_000, "-" * 100_000, "span[" * 50_000, 'span[name = "' + "x" * 1_000_000,
    'some span[name = "' + "é" * 1_000_000 + '"]', "span " * 200_000, "span[]:not(" * 50_000, "1 + " * 200_000,
    'some span[x = "a"' + ' or x = "a"' * 50_000 + "]", "a = 1 and " * 100_000, "${" * 100_000, '"${' * 50_000,
    "/*" * 500_000, "x | lower" + " | lower" * 100_000, "no_errors() implies " * 50_000, "1" * 1_000_000, "1e" + "9" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HUGE, ids=[text[:12].strip() for text in HUGE])
@pytest.mark.parametrize("parse", PARSERS)
def test_huge_and_deep_texts_are_answered(parse: Callable[[str, Dialect], Parsed], text: str) -> None:
    """Depth and size end in a diagnostic, not in a stack overflow."""
    for dialect in (Dialect.EXPECT, Dialect.SPECS):
        parsed = parse(text, dialect)
        assert parsed.node is not None or parsed.diagnostics


# --- odd spans

ODD = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7e308, 2**63 - 1, -(2**63), 2**64, 10**30, True, False, None, "", "nan"]),
    st.sampled_from([b"", b"\xff\xfe", "\udcff\udcfe", "1ms", "-5h", "99999999999999999999999", "NaN", "a\x00b", "١", "1_0", " 1 "]),
    st.text(max_size=5),
    st.integers(-(2**64), 2**64),
    st.floats(),
)  # fmt: skip
VALUES = st.recursive(
    ODD,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.dictionaries(st.text(max_size=3), inner, max_size=3).map(MappingProxyType)
    ),
    max_leaves=4,
)  # fmt: skip
KEYS = st.sampled_from(
    ["x", "name", "db.system", "db.statement", "http.url", "service.name", "host.name", "n", "tracetest.span.name", ""]
)
ATTRIBUTES = st.dictionaries(KEYS, VALUES, max_size=4).map(MappingProxyType)
TIMES = st.one_of(st.integers(0, 20), st.sampled_from([0, 1, -1, 2**63 - 1, 2**64 - 1, 10**30]))


EXPECTATIONS = st.deferred(lambda: statements(Dialect.EXPECT))
SPEC_ASSERTIONS = st.deferred(lambda: statements(Dialect.SPECS))
SPEC_SELECTORS = st.deferred(lambda: selector_trees(Dialect.SPECS))


@st.composite
def odd_spans(draw: st.DrawFn) -> list[Span]:
    """Spans with anything in them: values of all types, times at the borders, cycles of parents, links to nowhere."""
    spans: list[Span] = []
    for plain in draw(arrivals()):
        spans.append(
            replace(
                plain,
                start_ns=draw(TIMES),
                end_ns=draw(TIMES),
                attributes=draw(ATTRIBUTES),
                resource=Resource(attributes=draw(ATTRIBUTES)),
                events=tuple(
                    draw(st.lists(st.builds(Event, name=st.text(max_size=3), attributes=ATTRIBUTES), max_size=2))
                ),
                links=(*plain.links, Link(trace_id=TRACE_ID, span_id=plain.span_id)),
                name=draw(st.sampled_from([plain.name, "", "\udc80", "a\n\x1b[0m"])),
            )
        )
    return spans


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@thorough(60)
@given(texts_of_statements() | EXPECTATIONS, odd_spans(), st.booleans(), st.booleans())
def test_any_statement_on_any_spans_is_judged(check: object, spans: list[Span], closed: bool, triggered: bool) -> None:
    """A judgement comes back, with words that can be written down, and what is early is what is found when closed."""
    node = parser.parse_statement(check, Dialect.EXPECT).node if isinstance(check, str) else check
    trigger = trigger_span() if triggered else None
    whole = assemble(spans, injected=INJECTED if triggered else None, trigger=trigger)
    found = judge(node, Given(trace=whole, closed=closed, variables=VARIABLES))  # type: ignore[arg-type]
    assert isinstance(found.truth, Truth)
    assert all(isinstance(text, str) for text in (found.reason, found.expected, found.actual, *found.notes))
    if not closed and found.truth is not Truth.UNDECIDED:
        assert judge(node, Given(trace=whole, variables=VARIABLES)).truth is found.truth  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@thorough(40)
@given(SPEC_SELECTORS, SPEC_ASSERTIONS, odd_spans(), st.sampled_from(list(Dialect)), st.booleans())
def test_any_spec_on_any_spans_is_judged(
    selector: object, assertion: object, spans: list[Span], dialect: Dialect, closed: bool
) -> None:
    """The same of a spec, in each dialect; selecting gives spans, or says in words what does not compare."""
    whole = assemble(spans, injected=INJECTED, trigger=trigger_span())
    at = Given(trace=whole, closed=closed, dialect=dialect, variables=VARIABLES)
    (found,) = judge_spec(selector, [assertion], at)  # type: ignore[list-item, arg-type]
    assert isinstance(found.judgement.truth, Truth)
    with suppress(EvaluationError):
        select(selector, at)  # type: ignore[arg-type]


def test_a_long_cycle_and_a_deep_chain_are_judged() -> None:
    """Ten thousand parents in a ring, and as many in a row, cost no stack."""
    ring = [span("a", id=f"r{i}", parent=f"r{(i + 1) % 10_000}") for i in range(10_000)]
    row = [span("b", id=f"d{i}", parent=f"d{i + 1}") for i in range(10_000)]
    whole = Given(trace=assemble([*ring, *row]))
    for text in (
        'some span[name = "a"] span[name = "a"]', 'no span[name = "b"] calls span[name = "a"]', "trace:depth >= 9999",
        "depth(span[]) >= 9998", 'some span[name = "b"] followed by span[name = "b"]', "busy_time(span[]) < 1h", "critical_time(span[]) < 1h",
    ):  # fmt: skip
        node = parser.parse_statement(text, Dialect.EXPECT).node
        assert node is not None
        assert judge(node, whole).truth is Truth.HOLDS, text

"""Evaluating expressions and templates."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from spanspec.language import parser
from spanspec.language.comparing.arithmetic import calculate
from spanspec.language.comparing.forms import MAX_SHOWN
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import evaluate, references, render, resolve
from spanspec.language.syntax import Comparator, Expression, Operator, Template
from spanspec.language.values import compare, show
from spanspec.language.verdict import EvaluationError, Generators, Given, Value
from spanspec.model.time import Duration
from spanspec.testing import span, trace

HERE = span(
    "s", end=25.187564, num=5, text="hello", amount=99.99, dur="25ms", numeric="7", http__status_code=200,
    body='{"items":[{"id":1},{"id":2}]}',
)  # fmt: skip
E, S, C = Dialect.EXPECT, Dialect.SPECS, Dialect.COMPAT
MS = 1_000_000


def given(dialect: Dialect = E) -> Given:
    """One span, some variables, fixed generators."""
    generators = Generators(rng=random.Random(1), now_ns=0)
    variables = {"A": "5", "D": "25ms", "TEXT": "it's 50% x", "LIST": (1, 2), "N": 3}
    return Given(trace=trace(HERE), dialect=dialect, variables=variables, environment={"E": "e"}, generators=generators)


def parsed(text: str, dialect: Dialect) -> Expression:
    """The expression that a text means."""
    found = parser.parse_expression(text, dialect)
    assert found.node is not None, found.diagnostics
    return found.node


def template(text: str, dialect: Dialect = S) -> Template:
    """The template that a text means."""
    found = parser.parse_template(text, dialect)
    assert found.node is not None, found.diagnostics
    return found.node


def value(text: str, dialect: Dialect) -> Value:
    """The value of a text on the span."""
    return evaluate(parsed(text, dialect), given(dialect), span=HERE)


@pytest.mark.parametrize(
    ("text", "dialect", "result"),
    [
        ("1 + 2 * 3", E, Decimal(7)),
        ("(1 + 2) * 3", E, Decimal(9)),
        ("7 / 2", E, Decimal("3.5")),
        ("0.1 + 0.2", E, Decimal("0.3")),
        ("-(1 + 1)", E, Decimal(-2)),
        ("1.5s + 500ms", E, Duration(2000 * MS)),
        ("3 * 10ms", E, Duration(30 * MS)),
        ("10ms / 4", E, Duration(2_500_000)),
        ("1s / 250ms", E, Decimal(4)),
        ("10ms * 0.1", E, Duration(MS)),
        ("-30ms + 10ms", E, Duration(-20 * MS)),
        ("'a' + 'b'", E, "ab"),
        ("'1' + '2'", E, "12"),
        ("'n' + 1", E, "n1"),
        ("var:A + 1", E, Decimal(6)),
        ("var:D + 5ms", E, Duration(30 * MS)),
        ("[1, 'a', [2]]", E, (Decimal(1), "a", (Decimal(2),))),
        ("[1, 2, 3] | length", E, 3),
        ("null", E, None),
        ("true", E, True),
        ('"a ${1 + 1} ${25ms} ${[1, 2]}"', E, "a 2 25000000 [1, 2]"),
        ("attr:num + 1", S, 6),
        ("7 / 2", S, 3),
        ("7.0 / 2", S, Decimal("3.50")),
        ("-7 / 2", S, -3),
        ("1 + 2 * 3", S, 7),
        ("'1' + '2'", S, 3),
        ("2 * 1s", S, Duration(1000 * MS * 2)),
        ("attr:amount + 0.01", S, Decimal(100)),
        ("attr:tracetest.span.duration + 1ms", S, Duration(26_187_564)),
        ("attr:tracetest.span.duration + 1", S, 25_187_565),
        ("attr:dur + 5ms", S, Duration(30 * MS)),
        ("9007199254740993 + 0", S, 9007199254740993),
        ("[1, 2] | get_index 1", S, Decimal(2)),
        ("attr:body | json_path '$.items' | length", S, 2),
        ("attr:nope | default 'x' | upper", S, "X"),
        ("7 / 2", C, "3"),
        ("1 + 2 * 3", C, "9"),
        ("7.0 / 2", C, "3.50"),
        ('"100%% ${1}"', C, "100% 1"),
        ("attr:amount", C, "100"),
        ("25ms", C, Duration(25 * MS)),
        ("attr:body | json_path '$.items'", C, "[map[id:1] map[id:2]]"),
    ],
)
def test_value(text: str, dialect: Dialect, result: Value) -> None:
    """Every kind of expression has its value."""
    found = value(text, dialect)
    assert found == result
    assert isinstance(found, bool) == isinstance(result, bool)


@pytest.mark.parametrize(
    ("text", "dialect", "message"),
    [
        ("1 / 0", E, "1 / 0 is a division by zero"),
        ("1.0 / 0", S, "division by zero"),
        ("1s * 1s", E, "types mismatch"),
        ("2s + 3", S, "types mismatch: the duration 2s + the number 3"),
        ("1 - 'x'", E, "types mismatch"),
        ("true + 1", E, "types mismatch"),
        ("-'x'", E, "has no sign to turn"),
        ("var:NOPE", E, 'no variable "NOPE"'),
        ("[1, var:NOPE]", S, 'at index 1 of array: no variable "NOPE"'),
        ("attr:nope", S, 'no attribute "nope" on this span; it has num,'),
        ("attr:tracetest.selected_spans.sum", S, "unknown meta attribute sum"),
        ("count(span[])", E, "count() cannot be called here"),
        ("nope()", C, 'could not find function "nope"'),
        ("1s + 1", C, "types mismatch"),
        ('"${var:NOPE}"', C, 'could not execute expression: resolution error: variable "NOPE" not found'),
        ("[1, var:NOPE]", C, 'resolution error: at index 1 of array: variable "NOPE" not found'),
        ("randomInt(var:NOPE, 1)", C, "on argument 0 of function randomInt"),
    ],
)
def test_faults(text: str, dialect: Dialect, message: str) -> None:
    """What has no value says why."""
    node = parser.parse_expression(text, dialect).node
    if node is None:
        pytest.skip(f"{text} does not parse under {dialect}")
    with pytest.raises(EvaluationError) as caught:
        evaluate(node, given(dialect), span=HERE)
    assert message in str(caught.value)


def test_huge_numbers_are_refused() -> None:
    """Arithmetic has bounds in time and memory."""
    with pytest.raises(EvaluationError, match="too large"):
        calculate(Operator.MULTIPLY, 1 << 4000, 1 << 4000, E)
    with pytest.raises(EvaluationError):
        calculate(Operator.MULTIPLY, Decimal("1e9000"), Decimal("1e9000"), E)


def test_selected_count_needs_a_selection() -> None:
    """The count is the selection's; without one there is none, but for the reference's empty text."""
    node = parsed("attr:tracetest.selected_spans.count", S)
    assert evaluate(node, given(S), span=HERE, selection=(HERE, HERE)) == 2
    with pytest.raises(EvaluationError):
        evaluate(node, given(S))
    assert evaluate(node, given(C)) == ""


def test_no_span_matched() -> None:
    """A selection without a span means that nothing matched."""
    for dialect, text in ((S, "no span matched"), (C, "there are no matching spans to retrieve the attribute")):
        with pytest.raises(EvaluationError, match=text):
            evaluate(parsed("attr:x", dialect), given(dialect), selection=())


def test_calls_go_to_the_handler() -> None:
    """Calls over sets of spans are the caller's to evaluate."""
    node = parsed("count(span[]) + 1", E)
    assert evaluate(node, given(E), calls=lambda call: 41) == 42


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("plain", "plain"),
        ("http://${env:E}/${var:A}?x=100%", "http://e/5?x=100%"),
        ('{"text": "${var:TEXT}"}', '{"text": "it\'s 50% x"}'),
        ("$${var:A}", "${var:A}"),
        ("${SHELL} ${var:A}", "${SHELL} 5"),
        ('${var:A | default "x"}', "5"),
        ("${randomInt(3, 3)}", "3"),
    ],
)
def test_template(text: str, rendered: str) -> None:
    """Templates concatenate: no escape leaks, no percent sign is damaged."""
    assert render(template(text), given(S)) == rendered


def test_a_lone_placeholder_keeps_its_type() -> None:
    """A template that is one `${…}` has the expression's own value."""
    assert resolve(template("${var:LIST}"), given(S)) == (1, 2)
    assert resolve(template("${var:N}"), given(S)) == 3
    assert resolve(template("n${var:N}"), given(S)) == "n3"
    assert resolve(template(""), given(S)) == ""


def test_references() -> None:
    """All variables of a tree, once each, in order of first use."""
    node = template("${var:B}${env:A | default var:C}${var:B}")
    assert [(name.place, name.key) for name in references(node)] == [("var", "B"), ("env", "A"), ("var", "C")]


_TERMS = st.sampled_from(
    ["1", "-1", "1.50", "1e3", "25ms", '"a"', "'25ms'", '"[1, 2]"', "'{\"a\":1}'", "true", "null", "[1, [2]]", "attr:num", "attr:amount",
     "attr:nan", "attr:inf", "attr:nope", "var:A", "var:LIST", '"${var:A}%d"', "uuid()", "0", "1e400", "99999999999999999999999"]
)  # fmt: skip
_FILTERS = st.sampled_from(
    ["length", "type", "json_path '$.a'", "regex '[0-9]+'", "get_index 0", "lower", "split ','", "join", "default 1",
     "round 1", "round 1ms", "regex_group '(a)?'"]
)  # fmt: skip


@st.composite
def _expressions(draw: st.DrawFn) -> str:
    text = draw(_TERMS)
    for _ in range(draw(st.integers(0, 2))):
        text += f" {draw(st.sampled_from('+-*/'))} {draw(_TERMS)}"
    return " | ".join([text, *draw(st.lists(_FILTERS, max_size=2))])


@settings(max_examples=400, deadline=None)
@examples(_expressions(), _expressions(), st.sampled_from(list(Comparator)), st.sampled_from(list(Dialect)))
def test_nothing_but_an_evaluation_error_comes_out(
    left: str, right: str, comparator: Comparator, dialect: Dialect
) -> None:
    """Whatever parses evaluates and compares, or says in bounded text why not."""
    here = span("s", num=5, amount=99.99, nan=float("nan"), inf=float("inf"))
    nodes = [parser.parse_expression(text, dialect).node for text in (left, right)]
    try:
        sides = [evaluate(node, given(dialect), span=here) for node in nodes if node is not None]
        if len(sides) == 2:
            assert len(show(sides[0])) <= MAX_SHOWN
            assert compare(sides[0], comparator, sides[1], dialect) in (True, False)
    except EvaluationError as error:
        text = str(error)
    else:
        text = ""
    assert len(text) < 3000


@examples(st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63))
def test_integer_arithmetic_is_exact(left: int, right: int) -> None:
    """Whole numbers never lose a digit."""
    assert calculate(Operator.ADD, left, right, E) == left + right
    assert calculate(Operator.MULTIPLY, left, right, E) == left * right
    assert calculate(Operator.SUBTRACT, Duration(left), Duration(right), E) == Duration(left - right)

"""Texts made to cost much: each ends in a value or an error, in both of the reference's dialects."""

from __future__ import annotations

import pytest

from spanspec.language import filters
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_expression, parse_statement, parse_template
from spanspec.language.reference import filters as reference_filters
from spanspec.language.reference.printf import printf
from spanspec.language.reference.values import calculate, display, infer, single, to_ns
from spanspec.language.syntax import Operator
from spanspec.language.verdict import EvaluationError, Value

NESTED = "[" * 60 + "1" + "]" * 60
WIDE = "[" + ",".join(f'{{"a":{{"b":[{n}]}}}}' for n in range(20_000)) + "]"
BOTH = (Dialect.SPECS, Dialect.COMPAT)


def applied(name: str, text: str, arguments: list[str], dialect: Dialect) -> Value:
    """What a filter gives, as text."""
    if dialect is Dialect.COMPAT:
        return reference_filters.apply(name, single(text), arguments).text
    return filters.apply(name, text, arguments, dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    ("name", "text", "argument"),
    [
        ("json_path", NESTED, "$" + "..[*]" * 40),
        ("json_path", WIDE, "$" + "..*" * 40),
        ("json_path", WIDE, "$..[?(@..b == 1)]..*"),
        ("json_path", WIDE, "$[*][" + ",".join(["'a'"] * 500) + "]"),
        ("json_path", WIDE, "$[?(" + "(" * 500),
        ("json_path", WIDE, "$[0:20000:1]..b..*"),
        ("json_path", "[" * 100_000, "$"),
        ("json_path", WIDE, "$[99999999999999999999999999]"),
        ("regex", "a" * 100_000 + "!", "(a+)+$"),
        ("regex", "a" * 100_000, "((a*)*)*b"),
        ("regex", "a", "a{1000}{1000}{1000}"),
        ("regex_group", "a" * 200_000, "(a)"),
        ("regex", "\ud800a", "a"),
        ("json_path", '{"a":"\\ud800"}', "$.a"),
        ("length", "\ud800", ""),
    ],
)
def test_a_costly_filter_ends(name: str, text: str, argument: str, dialect: Dialect) -> None:
    """A filter has a value or an error, whatever it is asked for."""
    try:
        message, value = f"{name}: ", applied(name, text, [argument] if argument else [], dialect)
    except EvaluationError as error:
        message, value = str(error), None
    assert message.startswith(f"{name}: ")
    assert value is None or len(str(value)) <= 10 * len(text)


@pytest.mark.parametrize(
    "template", ["%999999s" * 100, "%9999999999s", "%.9999999999s", "%s" * 100_000, "%[1]999999s" * 20]
)
def test_a_wide_verb_is_bounded(template: str) -> None:
    """A width or precision of many digits gives a text within bounds, or an error."""
    try:
        text = printf(template, ["x"])
    except EvaluationError as error:
        text = str(error)
    assert 0 < len(text) <= 8 * 1024 * 1024


def test_numbers_beyond_bounds_have_stated_values() -> None:
    """What no double or 64-bit integer holds is as in Go: infinite, the least integer, or 0."""
    huge = single("9" * 400, "number")
    assert calculate(Operator.MULTIPLY, huge, huge).text == str(-(2**63))
    assert calculate(Operator.DIVIDE, single("1.0", "number"), single("0", "number")).text == "+Inf"
    assert to_ns("9" * 30) == 0
    assert display(10**30).endswith("h")
    assert infer("9" * 100_000) == "number"


@pytest.mark.parametrize("dialect", BOTH)
def test_deep_texts_are_faults(dialect: Dialect) -> None:
    """Nesting beyond the bound is a diagnostic, not a crash."""
    for text in ("[" * 20_000, "f(" * 20_000, "'${" * 5_000):
        assert parse_expression(text, dialect).node is None
        assert parse_statement(f"{text} = 1", dialect).node is None
    assert parse_template("${var:\ud800}", dialect).diagnostics

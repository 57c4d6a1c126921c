"""The tree as text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from spanspec.language.dialect import Dialect
from spanspec.language.format import format, format_predicate, format_step  # noqa: A004
from spanspec.language.grammar.walk import walk
from spanspec.language.parser import parse_expression, parse_selector, parse_statement, parse_template
from spanspec.language.syntax import Expression, Name, Place, Selector, Statement, Template, Text
from tests.fuzzing import FACTOR
from tests.language.trees import expressions, names, selector_trees, statements, templates

_PARSERS = {"selector": parse_selector, "statement": parse_statement, "expression": parse_expression}
_thorough = settings(max_examples=300 * FACTOR, deadline=None, suppress_health_check=list(HealthCheck))

# Hypothesis writes the strategies out when it reports; for a grammar that is long, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


@given(expressions(Dialect.EXPECT))
@_thorough
def test_every_value_reads_back(node: Expression) -> None:
    """A formatted value parses to the same tree."""
    text = format(node)
    parsed = parse_expression(text, Dialect.EXPECT)
    assert parsed.node == node, text


@given(expressions(Dialect.SPECS))
@_thorough
def test_every_value_of_specs_reads_back(node: Expression) -> None:
    """A formatted value parses to the same tree in `specs:`, in a call so that bare names may stand."""
    # A backslash before the closing quote has no spelling there, in a key as in a text.
    assume(not any(isinstance(each, Name) and each.key.endswith("\\") for each in walk(node)))
    text = f"f({format(node, Dialect.SPECS)})"
    parsed = parse_expression(text, Dialect.SPECS)
    assert parsed.node is not None, (text, parsed.diagnostics)
    assert parsed.node.arguments[0].value == node, text


@given(selector_trees(Dialect.EXPECT))
@_thorough
def test_every_selector_reads_back(node: Selector) -> None:
    """A formatted selector parses to the same tree."""
    text = format(node)
    assert parse_selector(text, Dialect.EXPECT).node == node, text


@given(selector_trees(Dialect.SPECS))
@_thorough
def test_every_selector_of_specs_reads_back(node: Selector) -> None:
    """A formatted selector parses to the same tree in `specs:`."""
    text = format(node, Dialect.SPECS)
    assert parse_selector(text, Dialect.SPECS).node == node, text


@given(statements(Dialect.EXPECT))
@_thorough
def test_every_statement_reads_back(node: Statement) -> None:
    """A formatted statement parses to the same tree."""
    text = format(node)
    parsed = parse_statement(text, Dialect.EXPECT)
    assert parsed.node == node, (text, parsed.diagnostics)


@given(statements(Dialect.SPECS, relative=True))
@_thorough
def test_every_statement_of_specs_reads_back(node: Statement) -> None:
    """A formatted statement parses to the same tree in `specs:`, after `where` so that bare names may stand."""
    text = f"every span where ({format(node, Dialect.SPECS)})"
    parsed = parse_statement(text, Dialect.SPECS)
    assert parsed.node is not None, (text, parsed.diagnostics)
    assert parsed.node.where == node, text


@given(
    templates(Dialect.EXPECT, names | st.builds(Text, value=st.just("x")), quote=""), st.sampled_from([Dialect.EXPECT])
)
@_thorough
def test_every_field_reads_back(node: Template, dialect: Dialect) -> None:
    """A trigger's field with placeholders parses to the same parts."""
    text = format(node, dialect)
    assert parse_template(text, dialect).node == node, text


@pytest.mark.parametrize(
    ("kind", "text", "canonical"),
    [
        ("selector", "span[ a='x' , b==1 ] > span", 'span[a = "x" b = 1] > span'),
        ("selector", "span[a=1 && (b=2||c=3)]:nth_child(2)", "span[a = 1 (b = 2 or c = 3)]:nth(2)"),
        ("selector", "span[]:has(span[a exists], > span)", "span[]:has(>> span[a exists], > span)"),
        ("selector", 'span[attr:"a/b" = 1, "or" = 2, ! c missing]', 'span[attr:"a/b" = 1 "or" = 2 not c missing]'),
        ("selector", "span[a not in [1, 'x']]", 'span[a not-in [1, "x"]]'),
        ("statement", "not (a = 1 or b = 2) and c !~ '\\d'", 'not (a = 1 or b = 2) and c not-matches "\\d"'),
        ("statement", "(every span[a = 1] where b = 2) and c = 3", "(every span[a = 1] where b = 2) and c = 3"),
        ("statement", "span[a = 1]", "some span[a = 1]"),
        ("statement", "some span then some span within 2000ms", "some span then span within 2s"),
        ("expression", "(1 + 2) * 3 - (4 - 5)", "(1 + 2) * 3 - (4 - 5)"),
        ("expression", "a | get_index -1 | default (b)", "a | get_index -1 | default (b)"),
        ("expression", "'say \"hi\"'", "'say \"hi\"'"),
        ("expression", '"${var:a | json_path "$.x"}"', '"${var:a | json_path "$.x"}"'),
        ("expression", "-(1) + --a", "-(1) + --a"),
    ],
)
def test_canonical_text(kind: str, text: str, canonical: str) -> None:
    """One tree has one spelling."""
    parsed = _PARSERS[kind](text, Dialect.EXPECT)
    assert parsed.node is not None, parsed.diagnostics
    assert format(parsed.node) == canonical


@pytest.mark.parametrize("text", ["1 + 2 * 3 = 9", "attr:x | length = 1", "90s = 1 m", "'a' = [1, 2ms]"])
def test_compat_reads_back(text: str) -> None:
    """The reference's trees are written without parentheses, as only it reads them."""
    node = parse_statement(text, Dialect.COMPAT).node
    assert node is not None
    assert parse_statement(format(node, Dialect.COMPAT), Dialect.COMPAT).node == node


def test_parts_of_a_selector() -> None:
    """A predicate and a step are written alone, for near misses."""
    node = parse_selector('span[a = 1 b = "x"] > span[c exists]:leaf', Dialect.EXPECT).node
    assert node is not None
    first, second = node.chains[0].steps
    assert first.predicate is not None
    assert format_predicate(first.predicate) == 'a = 1 b = "x"'
    assert format_step(second) == "span[c exists]:leaf"


def test_an_odd_key_is_quoted() -> None:
    """A key with other characters stands in quotes."""
    assert format(Name(place=Place.ATTR, key="a b")) == 'attr:"a b"'

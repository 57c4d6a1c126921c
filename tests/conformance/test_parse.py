"""What the reference parses and how, replayed against the parser."""

from __future__ import annotations

from typing import Any

import pytest

from spanspec.language.dialect import Dialect
from spanspec.language.parser import Parsed, parse_expression, parse_selector, parse_statement
from spanspec.language.syntax import (
    Arithmetic,
    Boolean,
    Call,
    Chain,
    Compare,
    Compares,
    DurationLiteral,
    Expression,
    Filtered,
    ListLiteral,
    Name,
    Number,
    Place,
    Predicate,
    PredicateAnd,
    Selector,
    Step,
    Template,
    Text,
)
from spanspec.model.time import parse_duration
from tests.conformance.folder import cases

CORPUS = cases("corpus_parse")
TREES = cases("expressions_ast")
TOKENS = cases("expressions_tokens")
SELECTORS = cases("selectors")
OLD = (Dialect.SPECS, Dialect.COMPAT)
_PARSERS = {"selector": parse_selector, "assertion": parse_statement, "output": parse_expression}
_PLACES = {Place.ATTR: "Attribute", Place.ENV: "Environment", Place.VAR: "Variable"}


# --- our trees in the shape of the records -----------------------------------------------------------------------


def _term(node: Expression) -> dict[str, Any]:
    match node:
        case Number(text=text):
            return {"type": "Number", "value": text}
        case DurationLiteral(value=value):
            return {"type": "Duration", "ns": value.ns}
        case Text(raw=raw):
            return {"type": "Str", "text": raw, "args": []}
        case Template(parts=parts):
            text = "".join(part if isinstance(part, str) else "%s" for part in parts)
            return {"type": "Str", "text": text, "args": [_tree(part) for part in parts if not isinstance(part, str)]}
        case Name(place=place, key=key):
            # The records give the name of a selection's attribute without its prefix.
            return {"type": _PLACES[place], "name": key.removeprefix("tracetest.selected_spans.")}
        case Call(name=name, arguments=arguments):
            return {"type": "FunctionCall", "name": name, "args": [_term(each.value) for each in arguments]}
        case ListLiteral(items=items):
            return {"type": "Array", "items": [_term(item) for item in items]}
    raise AssertionError(node)


def _tree(node: Expression) -> dict[str, Any]:
    filters: list[dict[str, Any]] = []
    if isinstance(node, Filtered):
        filters = [
            {"name": each.name, "args": [_term(argument) for argument in each.arguments]} for each in node.filters
        ]
        node = node.operand
    ops: list[dict[str, Any]] = []
    while isinstance(node, Arithmetic):
        ops.insert(0, {"operator": node.operator.value, "term": _term(node.right)})
        node = node.left
    return {"left": _term(node), "ops": ops, "filters": filters}


def _compared(node: Compare) -> dict[str, Any]:
    return {"left": _tree(node.left), "comparator": node.comparator.value, "right": _tree(node.right)}


def _with_nanoseconds(recorded: Any) -> Any:
    """The record with its durations as numbers."""
    if isinstance(recorded, list):
        return [_with_nanoseconds(item) for item in recorded]
    if not isinstance(recorded, dict):
        return recorded
    if recorded.get("type") == "Duration":
        value = parse_duration(recorded["value"].replace(" ", ""))
        assert value is not None
        return {"type": "Duration", "ns": value.ns}
    return {key: _with_nanoseconds(value) for key, value in recorded.items()}


def _value(node: Expression) -> Any:
    match node:
        case Text(value=value):
            return value
        case Number(text=text):
            return text
        case Boolean(value=value):
            return value
    raise AssertionError(node)


def _filters(predicate: Predicate | None) -> list[dict[str, Any]]:
    found = predicate.operands if isinstance(predicate, PredicateAnd) else () if predicate is None else (predicate,)
    assert all(isinstance(each, Compares) for each in found)
    return [
        {"property": each.name.key, "operator": each.comparator.value, "value": _value(each.value)}
        for each in found
        if isinstance(each, Compares)
    ]


def _steps(steps: tuple[Step, ...]) -> dict[str, Any]:
    first, *rest = steps
    shape: dict[str, Any] = {"filters": _filters(first.predicate)}
    if first.pseudos:
        pseudo = first.pseudos[-1]
        shape["pseudo"] = {"name": "nth_child" if pseudo.name == "nth" else pseudo.name}
        if pseudo.number is not None:
            shape["pseudo"]["argument"] = pseudo.number
    if rest:
        shape["child"] = _steps(tuple(rest))
    return shape


def _shape(selector: Selector) -> list[dict[str, Any]]:
    return [_steps(chain.steps) for chain in selector.chains if isinstance(chain, Chain)]


def _recorded_shape(recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_recorded_step(step) for step in recorded]


def _recorded_step(recorded: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "filters": [
            {"property": each["property"], "operator": each["operator"], "value": _recorded_value(each)}
            for each in recorded.get("filters", [])
        ]
    }
    pseudo = recorded.get("pseudo") or recorded.get("pseudo_class")
    if pseudo:
        shape["pseudo"] = {key: value for key, value in pseudo.items() if value is not None}
    child = recorded.get("child")
    if child:
        shape["child"] = _recorded_step(child)
    return shape


def _recorded_value(recorded: dict[str, Any]) -> Any:
    value = recorded["value"]
    if recorded["value_type"] in ("int", "float"):
        return str(value)
    return value


# --- the tests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", OLD)
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["id"])
def test_corpus(case: dict[str, Any], dialect: Dialect) -> None:
    """Texts of real files parse, or do not, as in the reference."""
    parsed: Parsed[Any] = _PARSERS[case["kind"]](case["text"], dialect)
    assert (parsed.node is not None) == case["parses"], parsed.diagnostics
    if parsed.node is None:
        assert parsed.diagnostics
        return
    shapes = {"selector": _shape, "assertion": _compared, "output": _tree}
    expected = _recorded_shape(case["parsed"]) if case["kind"] == "selector" else _with_nanoseconds(case["parsed"])
    assert shapes[case["kind"]](parsed.node) == expected


@pytest.mark.parametrize("dialect", OLD)
@pytest.mark.parametrize("case", TREES, ids=lambda case: case["id"])
def test_trees(case: dict[str, Any], dialect: Dialect) -> None:
    """Statements have the reference's trees."""
    parsed = parse_statement(case["statement"], dialect)
    assert isinstance(parsed.node, Compare), parsed.diagnostics
    assert _compared(parsed.node) == _with_nanoseconds(case["expected_ast"])


def _tokens(node: Expression) -> list[tuple[str, str]]:
    if isinstance(node, Filtered):
        found = _tokens(node.operand)
        for each in node.filters:
            found += [
                ("FunctionCall", each.name),
                *(token for argument in each.arguments for token in _tokens(argument)),
            ]
        return found
    if isinstance(node, Arithmetic):
        return [*_tokens(node.left), *_tokens(node.right)]
    if isinstance(node, Template):
        inner = [token for part in node.parts if not isinstance(part, str) for token in _tokens(part)]
        return [("Str", ""), *inner]
    shape = _term(node)
    return [(shape["type"], shape.get("name", ""))]


@pytest.mark.parametrize("dialect", OLD)
@pytest.mark.parametrize("case", TOKENS, ids=lambda case: case["id"])
def test_tokens(case: dict[str, Any], dialect: Dialect) -> None:
    """What a statement names, in the order of evaluation."""
    node = parse_statement(case["statement"], dialect).node
    assert isinstance(node, Compare)
    expected = [(token["type"], token["identifier"]) for token in case["expected_tokens"]]
    assert [*_tokens(node.left), *_tokens(node.right)] == expected


@pytest.mark.parametrize("dialect", OLD)
@pytest.mark.parametrize("case", SELECTORS, ids=lambda case: case["id"])
def test_selectors(case: dict[str, Any], dialect: Dialect) -> None:
    """Selectors parse, or do not, as in the reference, with its structure."""
    parsed = parse_selector(case["selector"], dialect)
    assert (parsed.node is not None) == case.get("should_parse", True), parsed.diagnostics
    if "expected_structure" in case:
        assert parsed.node is not None
        assert _shape(parsed.node) == _recorded_shape(case["expected_structure"])


@pytest.mark.parametrize("case", [*cases("recorded/selectors")], ids=lambda case: case["id"])
def test_recorded_selectors(case: dict[str, Any]) -> None:
    """The reference's own grammar is kept under `compat: tracetest`; what it reads, `specs:` reads."""
    parses = case["expected"]["outcome"] == "ok"
    strict = parse_selector(case["selector"], Dialect.COMPAT)
    assert (strict.node is not None) == parses, strict.diagnostics
    if parses:
        assert parse_selector(case["selector"], Dialect.SPECS).node is not None
    if parses and "selectors" in case["expected"]:
        assert strict.node is not None
        assert _shape(strict.node) == _recorded_shape(case["expected"]["selectors"])


@pytest.mark.parametrize("case", [*cases("recorded/statements")], ids=lambda case: case["id"])
def test_recorded_statements(case: dict[str, Any]) -> None:
    """The same for statements and expressions."""
    parse = parse_statement if case["mode"] == "statement" else parse_expression
    parses = case["expected"]["outcome"] != "syntax"
    strict = parse(case["query"], Dialect.COMPAT)
    assert (strict.node is not None) == parses, strict.diagnostics
    if parses:
        assert parse(case["query"], Dialect.SPECS).node is not None

"""Parse trees in the shape of the records: of statements, outputs and selectors, and what a statement names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from spanspec.language.dialect import Dialect
from spanspec.language.format import format as written
from spanspec.language.parser import parse_expression, parse_selector, parse_statement
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
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, tags_of

_PARSERS = {"selector": parse_selector, "assertion": parse_statement, "output": parse_expression}
_PLACES = {Place.ATTR: "Attribute", Place.ENV: "Environment", Place.VAR: "Variable"}


def corpus(file: str, document: Document) -> Iterator[Replay]:
    """Texts of real files: they parse, or do not, with their trees."""
    for case in cases_of(document):
        shown = None
        if case["parses"]:
            selects = case["kind"] == "selector"
            shown = recorded_shape(case["parsed"]) if selects else _with_nanoseconds(case["parsed"])
        recorded = Answer("ok", shown) if case["parses"] else Answer("syntax")
        yield Replay(
            file=file, id=case["id"], recorded=(recorded,), look=partial(_parsed, case), tags=tags_of(case), shows=True
        )


def _parsed(case: Case, dialect: Dialect) -> Answer:
    node = _PARSERS[case["kind"]](case["text"], dialect).node
    if node is None:
        return Answer("syntax")
    shapes: dict[str, Any] = {"selector": shape, "assertion": _compared, "output": _tree}
    return Answer("ok", shapes[case["kind"]](node))


def trees(file: str, document: Document) -> Iterator[Replay]:
    """Trees of statements."""
    for case in cases_of(document):
        recorded = Answer("ok", _with_nanoseconds(case["expected_ast"]))
        yield Replay(file=file, id=case["id"], recorded=(recorded,), look=partial(_statement, case), shows=True)


def _statement(case: Case, dialect: Dialect) -> Answer:
    node = parse_statement(case["statement"], dialect).node
    return Answer("ok", _compared(node)) if isinstance(node, Compare) else Answer("syntax")


def tokens(file: str, document: Document) -> Iterator[Replay]:
    """What a statement names, in the order of evaluation."""
    for case in cases_of(document):
        named = [[token["type"], token["identifier"]] for token in case["expected_tokens"]]
        yield Replay(file=file, id=case["id"], recorded=(Answer("ok", named),), look=partial(_named, case), shows=True)


def _named(case: Case, dialect: Dialect) -> Answer:
    node = parse_statement(case["statement"], dialect).node
    if not isinstance(node, Compare):
        return Answer("syntax")
    return Answer("ok", [list(token) for side in (node.left, node.right) for token in _tokens(side)])


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
    return {"written": written(node)}


def _filters(predicate: Predicate | None) -> list[dict[str, Any]]:
    """What the reference has a structure for, and the text of what it has none for."""
    found = predicate.operands if isinstance(predicate, PredicateAnd) else () if predicate is None else (predicate,)
    return [
        {"property": each.name.key, "operator": each.comparator.value, "value": _value(each.value)}
        if isinstance(each, Compares)
        else {"written": written(each)}
        for each in found
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


def shape(selector: Selector) -> list[dict[str, Any]]:
    """A selector in the shape of the records."""
    return [_steps(chain.steps) for chain in selector.chains if isinstance(chain, Chain)]


def recorded_shape(recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A record of either file in one shape."""
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

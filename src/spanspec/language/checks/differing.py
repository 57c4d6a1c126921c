"""What a comparison or value of `specs:` and `outputs:` is worth here and not in the reference, as far as its text says."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from spanspec.language.checks.static_types import Static, static_type
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import evaluate
from spanspec.language.format import format as written
from spanspec.language.grammar.walk import children, walk
from spanspec.language.parser import parse_statement
from spanspec.language.reference.evaluate import Evaluator
from spanspec.language.reference.values import display, infer, to_ns
from spanspec.language.syntax import (
    Arithmetic,
    Call,
    Comparator,
    Compare,
    DurationLiteral,
    Filter,
    Filtered,
    Name,
    Number,
    Operator,
    Place,
    Template,
    Text,
)
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError, Given
from spanspec.model.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Expression, Node

_ORDER = (Comparator.LT, Comparator.LE, Comparator.GT, Comparator.GE)
_EQUAL = (Comparator.EQ, Comparator.NE)
_UNIT = re.compile(r"(ns|us|ms|s|m|h)")
_MANY = re.compile(r"\*|\.\.|\?|:|,")
_SEVERAL = ("regex", "regex_group")


def check_comparison(node: Compare, report: Report) -> None:
    """Rows 2, 3, 4, 13, 14, 15, 21, 26 and 43, each where the difference is real."""
    names = [part for part in walk(node) if isinstance(part, Name)]
    if not any(isinstance(part, (Name, Call)) for part in walk(node)):
        _constant(node, report)
        return
    _by_rule(node, report)
    if not any(name.place not in (Place.VAR, Place.ENV) for name in names) and not report.ordered():
        report.warn(
            "differs-constant",
            "this reads nothing of a span: in Tracetest it may pass although no span is selected, here it then fails",
            node.range,
            help="assert attr:tracetest.selected_spans.count besides",
        )


def check_value(node: Node, text: str, report: Report) -> None:
    r"""Row 34: `\"` and `\'` in the texts of an output, whose source is `text`."""
    for part in _own_texts(node):
        if re.search(r"\\[\"']", text[part.range.start : part.range.end]):
            report.warn(
                "differs-escape",
                "the backslash before this quote stays in the output's value in Tracetest; here it is undone",
                part.range,
                help="leave it if the value is to have the quote alone",
            )


def check_parts(node: Node, report: Report) -> None:
    """Rows 22 and 42, wherever they stand."""
    for part in walk(node):
        if isinstance(part, Template):
            _percent(part, report)
        elif isinstance(part, Filtered):
            _length(part, report)


# --- what no span is needed for


def _constant(node: Compare, report: Report) -> None:
    new, old = _holds(node), _holds_there(node)
    if new is old:
        if old:
            report.warn(
                "differs-constant",
                "this is always true: in Tracetest it passes although no span is selected, here it then fails",
                node.range,
                help="assert attr:tracetest.selected_spans.count, or something of the spans",
            )
        return
    _by_rule(node, report)
    if not report.ordered():
        verdict = ("passes", "fails") if old else ("fails", "passes")
        durational = _is_duration(node.left) or _is_duration(node.right)
        report.warn(
            "differs-duration" if durational else "differs-constant",
            f"this {verdict[0]} in Tracetest and {verdict[1]} here, whatever the trace",
            node.range,
        )


def _holds(node: Compare) -> bool:
    given = Given(trace=assemble(()), dialect=Dialect.SPECS, closed=True)
    try:
        return compare(evaluate(node.left, given), node.comparator, evaluate(node.right, given), Dialect.SPECS)
    except EvaluationError:
        return False


def _holds_there(node: Compare) -> bool:
    given = Given(trace=assemble(()), dialect=Dialect.COMPAT, closed=True)
    old = parse_statement(written(node, Dialect.SPECS), Dialect.COMPAT).node
    if not isinstance(old, Compare):
        return _holds(node)
    try:
        Evaluator(given).check(old)
    except EvaluationError:
        return False
    return True


# --- by rows


def _by_rule(node: Compare, report: Report) -> None:
    sides = ((node.left, node.right), (node.right, node.left))
    for one, other in sides:
        if _durations(node, one, other, report):
            return
    for one, _ in sides:
        _numbers(node, one, report)
    _json(node, report)
    _no_match(node, report)


def _is_duration(node: Expression) -> bool:
    return static_type(node, Dialect.SPECS) is Static.DURATION


def _is_text_duration(node: Expression) -> bool:
    """A quoted duration, or a text that ends in a unit behind a `${…}`."""
    if isinstance(node, Text):
        return infer(node.raw or node.value) == "duration"
    if isinstance(node, Template) and len(node.parts) == 2:
        return isinstance(node.parts[1], str) and _UNIT.fullmatch(node.parts[1]) is not None
    return False


def _durations(node: Compare, one: Expression, other: Expression, report: Report) -> bool:
    variable = isinstance(one, Name) and one.place in (Place.VAR, Place.ENV) and _is_duration(other)
    if _is_text_duration(one) or variable:
        text = written(one, Dialect.SPECS)
        report.warn(
            "differs-duration",
            f"{text}{', unless it is a whole number,' if variable else ''} counts as 0 beside a duration in Tracetest; here it is the duration that it says",
            one.range,
            help="look at whether the verdict is the one meant",
        )
        return True
    if node.comparator in _ORDER and isinstance(one, DurationLiteral) and to_ns(display(one.value.ns)) != one.value.ns:
        shown = written(one, Dialect.SPECS)
        report.warn(
            "differs-duration",
            f"Tracetest rounds {shown} and what it is compared with to {display(one.value.ns)} and its like; here nanoseconds are compared",
            one.range,
        )
        return True
    if _may_be_negative(one):
        report.warn(
            "differs-duration",
            "a difference of durations below zero counts as 0 in Tracetest; here it keeps its sign",
            one.range,
        )
        return True
    return False


def _may_be_negative(node: Expression) -> bool:
    """Whether durations are subtracted, as far as the text says."""
    return isinstance(node, Arithmetic) and any(
        isinstance(part, Arithmetic)
        and part.operator is Operator.SUBTRACT
        and any(isinstance(each, DurationLiteral) or _is_text_duration(each) for each in (part.left, part.right))
        for part in walk(node)
    )


def _numbers(node: Compare, side: Expression, report: Report) -> None:
    number = next((part for part in _sums(side) if isinstance(part, Number)), None)
    if number is None or _is_duration(node.left) or _is_duration(node.right):
        return
    decimal = next((part for part in _sums(side) if isinstance(part, Number) and "." in part.text), None)
    if node.comparator in _ORDER and decimal is not None:
        report.warn(
            "differs-number",
            f"Tracetest orders whole numbers alone, so that this fails there; here {decimal.text} is compared",
            decimal.range,
        )
    elif node.comparator in _EQUAL and number is side and _plain(number.text) != number.text:
        report.warn(
            "differs-number",
            f"Tracetest compares {number.text} as a text; here it is the number {_plain(number.text)}",
            number.range,
            help="put it in quotes beside a text to compare texts",
        )


def _sums(node: Expression) -> Iterator[Expression]:
    """The terms that a side is added or multiplied of."""
    if isinstance(node, Arithmetic):
        yield from _sums(node.left)
        yield from _sums(node.right)
    else:
        yield node


def _plain(text: str) -> str:
    """A number without zeros that say nothing."""
    try:
        plain = f"{Decimal(text):f}"
    except InvalidOperation:
        return text
    return plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("0") or "0"


def _json(node: Compare, report: Report) -> None:
    if (
        node.comparator is Comparator.NOT_CONTAINS
        and isinstance(node.right, Text)
        and infer(node.right.value) == "json"
    ):
        report.warn(
            "differs-json",
            "not-contains looks for the very text in Tracetest; here it is the opposite of contains on JSON",
            node.right.range,
        )
    elif isinstance(node.left, Filtered) and node.left.filters[-1].name == "json_path":
        text = node.right.value if isinstance(node.right, Text) else ""
        if _is_composite(text) and _is_definite(node.left.filters[-1]):
            report.warn(
                "differs-json",
                "json_path gives an object or array as map[…] and [a b] in Tracetest; here as JSON",
                node.right.range,
                help="write the JSON that is expected",
            )


def _is_composite(text: str) -> bool:
    return text.startswith(("{", "[", "map[")) and text != "[]"


def _is_definite(step: Filter) -> bool:
    """Whether a path selects one value at most."""
    path = step.arguments[0] if step.arguments else None
    return isinstance(path, Text) and _MANY.search(path.value) is None


def _no_match(node: Compare, report: Report) -> None:
    left, right = node.left, node.right
    if not isinstance(left, Filtered) or left.filters[-1].name not in _SEVERAL or not isinstance(right, Text):
        return
    if right.value in ("", "[]", "[", "]") and node.comparator not in _ORDER:
        report.warn(
            "differs-regex",
            f'{left.filters[-1].name} without a match gives "[]" in Tracetest; here nothing, which equals ""',
            right.range,
        )


def _length(node: Filtered, report: Report) -> None:
    for before, step in zip(node.filters, node.filters[1:], strict=False):
        if step.name == "length" and before.name == "json_path" and _is_definite(before):
            report.warn(
                "differs-length",
                "length of an array or number that json_path finds is an error in Tracetest; here its items or digits are counted",
                step.range,
            )


def _percent(node: Template, report: Report) -> None:
    inserted = any(not isinstance(part, str) for part in node.parts)
    if inserted and any(isinstance(part, str) and "%" in part for part in node.parts):
        report.warn("differs-percent", "Tracetest damages a % beside a ${…}; here it is a %", node.range)


def _own_texts(node: Node) -> Iterator[Text | Template]:
    """The texts of a value but for arguments of filters, in which both undo the backslash."""
    if isinstance(node, (Text, Template)):
        yield node
        return
    for child in children(node):
        if not isinstance(child, Filter):
            yield from _own_texts(child)

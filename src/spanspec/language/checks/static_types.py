"""What kind of value an expression has, as far as its text alone says."""

from __future__ import annotations

import re
from enum import StrEnum

from spanspec.language.dialect import Dialect
from spanspec.language.syntax import (
    Arithmetic,
    Boolean,
    Call,
    DurationLiteral,
    Expression,
    Filtered,
    ListLiteral,
    Name,
    Negate,
    Number,
    Operator,
    Place,
    Selector,
    Text,
)
from spanspec.model.time import parse_duration


class Static(StrEnum):
    """A kind that is sure before anything is evaluated."""

    NUMBER = "a number"
    DURATION = "a duration"
    TEXT = "a text"
    BOOLEAN = "a boolean"
    LIST = "a list"
    SET = "a set of names"
    UNKNOWN = "unknown"


_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
_SPAN_FIELDS = {
    "duration": Static.DURATION,
    "self_time": Static.DURATION,
    "start": Static.NUMBER,
    "end": Static.NUMBER,
    "depth": Static.NUMBER,
    "child_count": Static.NUMBER,
}
_TRACE_FIELDS = {
    "duration": Static.DURATION,
    "span_count": Static.NUMBER,
    "service_count": Static.NUMBER,
    "error_count": Static.NUMBER,
    "depth": Static.NUMBER,
}
_RESPONSE_FIELDS = {"duration": Static.DURATION}
_CALLS = {
    **dict.fromkeys(("total_time", "busy_time", "self_time", "critical_time", "gap"), Static.DURATION),
    **dict.fromkeys(("count", "distinct", "repeats", "depth", "concurrency", "randomInt"), Static.NUMBER),
    **dict.fromkeys(("services", "edges"), Static.SET),
    "values": Static.LIST,
}
_SUMS = (Operator.ADD, Operator.SUBTRACT)


def static_type(node: Expression, dialect: Dialect) -> Static:
    """The kind of value, or `UNKNOWN`."""
    match node:
        case Number():
            return Static.NUMBER
        case DurationLiteral():
            return Static.DURATION
        case Text(value=value):
            return Static.UNKNOWN if _reads_as_another(value) else Static.TEXT
        case Boolean():
            return Static.BOOLEAN
        case ListLiteral():
            return Static.LIST
        case Negate(operand=operand):
            return static_type(operand, dialect)
        case Name():
            return _of_name(node, dialect)
        case Call():
            return _of_call(node)
        case Arithmetic():
            return _of_arithmetic(node, dialect)
        case Filtered(filters=filters) if filters[-1].name == "length":
            return Static.NUMBER
        case _:
            return Static.UNKNOWN


def _reads_as_another(text: str) -> bool:
    """Whether a text compares with numbers or durations."""
    return _NUMBER.fullmatch(text) is not None or parse_duration(text) is not None


def _of_name(node: Name, dialect: Dialect) -> Static:
    if node.place is Place.SPAN:
        return _SPAN_FIELDS.get(node.key, Static.UNKNOWN)
    if node.place is Place.TRACE:
        return _TRACE_FIELDS.get(node.key, Static.UNKNOWN)
    if node.place is Place.RESPONSE:
        return _RESPONSE_FIELDS.get(node.key, Static.UNKNOWN)
    if node.place is Place.BARE and not node.quoted and dialect is Dialect.EXPECT and node.key == "duration":
        return Static.DURATION
    if (
        node.place in (Place.BARE, Place.ATTR)
        and node.key == "tracetest.span.duration"
        and dialect is not Dialect.COMPAT
    ):
        return Static.DURATION
    return Static.UNKNOWN


def _of_call(node: Call) -> Static:
    folds = node.name in ("sum", "min", "max", "avg", "median") or re.fullmatch(r"p[5-9]\d", node.name)
    if folds and len(node.arguments) == 1:
        return Static.DURATION if isinstance(node.arguments[0].value, Selector) else Static.UNKNOWN
    return _CALLS.get(node.name, Static.UNKNOWN)


def _of_arithmetic(node: Arithmetic, dialect: Dialect) -> Static:
    left, right = node.left, node.right
    links = [(node.operator, static_type(right, dialect))]
    while isinstance(left, Arithmetic):
        links.append((left.operator, static_type(left.right, dialect)))
        left = left.left
    found = static_type(left, dialect)
    for operator, kind in reversed(links):
        found = _joined(operator, found, kind)
    return found


def _joined(operator: Operator, left: Static, right: Static) -> Static:
    if operator in _SUMS:
        return left if left is right and left in (Static.NUMBER, Static.DURATION) else Static.UNKNOWN
    if left is Static.NUMBER and right is Static.NUMBER:
        return Static.NUMBER
    if left is Static.DURATION and right is Static.NUMBER:
        return Static.DURATION
    return Static.UNKNOWN

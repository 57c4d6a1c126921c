"""The reference's value system, to the letter: every value is text with a type guessed from it.

Only `compat: tracetest` computes with it. Sections 1.4, 1.5 and 1.8 to 1.11 of the behavioural specification decide;
what they call a quirk is kept here on purpose.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from spanspec.language.comparing.forms import NoJsonError, number_text, read_json, text_form
from spanspec.language.comparing.patterns import found_in
from spanspec.language.syntax import Comparator, Operator
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.verdict import Value

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h)")
_ARRAY_LIKE = r"\[[^,]*(,[^\],]+)*\]"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_QUOTES = re.compile(r"\\([\"'])")
_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_INT64 = range(-(1 << 63), 1 << 63)

NO_MATCH: Final = "no match"


class FaultError(EvaluationError):
    """An evaluation that fails as the reference's does.

    Attributes:
        kind: `no_match`, `resolution`, `syntax` or `other`.
    """

    def __init__(self, message: str, kind: str = "other") -> None:
        super().__init__(message)
        self.kind = kind


def unresolved(message: str) -> FaultError:
    """A resolution error."""
    return FaultError(f"resolution error: {message}", "resolution")


@dataclass(frozen=True, slots=True)
class Item:
    """One text with its type: `string json number attribute duration variable array`."""

    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Old:
    """A value: nil (no items), single, or an array."""

    items: tuple[Item, ...] = ()
    is_array: bool = False

    @property
    def type(self) -> str:
        """`array` for an array, `nil` for none, else the item's type."""
        if self.is_array:
            return "array"
        return self.items[0].type if self.items else "nil"

    @property
    def text(self) -> str:
        """The String form; texts in an array are wrapped in quotes without escaping."""
        if not self.is_array:
            return self.items[0].text if self.items else ""
        parts = (f'"{item.text}"' if item.type == "string" else item.text for item in self.items)
        return f"[{', '.join(parts)}]"

    @property
    def unescaped(self) -> str:
        """The form that comparators and filter arguments see."""
        return _QUOTES.sub(r"\1", self.text)

    @property
    def first(self) -> Item:
        """The first item; an empty one of type `nil` when there is none."""
        return self.items[0] if self.items else Item("", "nil")


NIL: Final = Old()


def single(text: str, type_name: str = "") -> Old:
    """A single value; its type is inferred unless given."""
    return Old((Item(text, type_name or infer(text)),))


def many(texts: list[str]) -> Old:
    """Nothing, one or several results of a filter: an empty array, a single value, an array."""
    if len(texts) == 1:
        return single(texts[0])
    return Old(tuple(Item(text, infer(text)) for text in texts), is_array=True)


def infer(text: str) -> str:
    """The type that the reference guesses for a text."""
    if _NUMBER.fullmatch(text):
        return "number"
    if _DURATION.fullmatch(text):
        return "duration"
    if text.strip()[:1] in ("{", "n") and isinstance(_json(text), (dict, type(None))):
        return "json"
    if "[" in text and found_in(_ARRAY_LIKE, text):
        parsed = _json(text)
        objects = isinstance(parsed, tuple) and all(part is None or isinstance(part, dict) for part in parsed)
        return "json" if objects else "array"
    return "string"


def _json(text: str) -> object:
    try:
        return read_json(text, double=_finite)
    except NoJsonError:
        return NO_MATCH  # a text: neither an object nor an array


def _finite(text: str) -> float:
    """A number as Go's decoder takes it: one that no double can hold is an error."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large")
    return value


# --- to and from typed values --------------------------------------------------------------------------------------


def from_value(value: Value) -> Old:
    """A typed value as the reference would hold it."""
    if value is None:
        return NIL
    if isinstance(value, Duration):
        return single(str(value.ns), "duration")
    if isinstance(value, str):
        return single(value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return single(number_text(value), "number")
    if isinstance(value, (tuple, frozenset)):
        parts = sorted(value) if isinstance(value, frozenset) else value
        return Old(tuple(from_value(part).first for part in parts), is_array=True)
    return single(otlp_text(value))


def to_value(old: Old) -> Value:
    """The typed value nearest to it; texts stay texts."""
    if old.is_array:
        return tuple(_item_value(item) for item in old.items)
    return _item_value(old.items[0]) if old.items else None


def _item_value(item: Item) -> Value:
    if item.type == "duration" and _INTEGER.fullmatch(item.text):
        return Duration(int(item.text))
    return item.text


def otlp_text(value: Value) -> str:
    """An attribute's text: doubles above 0 rounded, below 0 with six decimals, what is composite lost."""
    if isinstance(value, float):
        if value > 0 and value < 1e300:
            return str(round(value))
        return f"{value:.6f}" if value < 0 else "unsupported value type"
    if value is None or not isinstance(value, (str, bool, int, Decimal, Duration)):
        return "unsupported value type"
    return text_form(value)


# --- durations -----------------------------------------------------------------------------------------------------


def display(ns: int) -> str:
    """The display form: rounded to an integer below a second, else to one decimal in seconds, minutes or hours."""
    if ns <= 0:
        return "0ns"
    for unit, size in (("ns", 1), ("us", 10**3), ("ms", 10**6)):
        if ns < size * 1000:
            return f"{round(Decimal(ns) / size)}{unit}"
    unit = "s" if ns < 60 * _NS["s"] else "m" if ns < 3600 * _NS["s"] else "h"
    amount = ns / _NS[unit]
    return f"{int(amount)}{unit}" if amount == int(amount) else f"{amount:.1f}{unit}"


def to_ns(text: str) -> int:
    """The nanoseconds of a duration's text, or of a plain integer; 0 for anything else."""
    match = _DURATION.fullmatch(text)
    if match is not None:
        return int(Decimal(match[1]) * _NS[match[2]])
    return plain_int(text)


def plain_int(text: str) -> int:
    """A text as a signed 64-bit integer; 0 when it is none."""
    if len(text) > 20 or not _INTEGER.fullmatch(text):
        return 0
    return int(text) if int(text) in _INT64 else 0


# --- arithmetic ----------------------------------------------------------------------------------------------------


def calculate(operator: Operator, left: Old, right: Old) -> Old:
    """`left operator right` on the first items: two numbers, or two durations."""
    one, other = left.first, right.first
    if one.type != other.type:
        raise FaultError("types mismatch")
    if one.type == "number":
        return single(_calculate_numbers(operator, one.text, other.text), "number")
    if one.type == "duration":
        return single(str(_calculate_ns(operator, to_ns(one.text), to_ns(other.text))), "duration")
    raise FaultError("operation is only allowed on numbers and duration fields")


def _calculate_numbers(operator: Operator, left: str, right: str) -> str:
    result = _floats(operator, float(left), float(right))
    if "." in left or "." in right:
        return f"{result:.2f}".replace("inf", "+Inf").replace("-+Inf", "-Inf").replace("nan", "NaN")
    return str(_go_int(result))


def _calculate_ns(operator: Operator, left: int, right: int) -> int:
    return _go_int(_floats(operator, float(left), float(right)))


def _floats(operator: Operator, left: float, right: float) -> float:
    if operator is Operator.ADD:
        return left + right
    if operator is Operator.SUBTRACT:
        return left - right
    if operator is Operator.MULTIPLY:
        return left * right
    if right == 0:
        return float("nan") if left == 0 else float("inf") if left > 0 else float("-inf")
    return left / right


def _go_int(value: float) -> int:
    """Go's conversion on amd64: truncated; what does not fit is the least integer."""
    return int(value) if -(2.0**63) <= value < 2.0**63 else -(1 << 63)


# --- comparing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sides of a comparison.

    Attributes:
        left: As it is shown.
        right: As it is shown.
        compared: Both as they are compared: a duration is the nanoseconds of what is shown.
    """

    left: Old
    right: Old
    compared: tuple[Old, Old]


def displayed(left: Old, right: Old) -> Pair:
    """Both sides, rounded to their display form when either is a duration."""
    if "duration" not in (left.type, right.type):
        return Pair(left, right, (left, right))
    shown = [single(display(plain_int(side.text)), "duration") for side in (left, right)]
    one, other = (single(str(to_ns(side.text)), "duration") for side in shown)
    return Pair(shown[0], shown[1], (one, other))


def check_pair(pair: Pair, comparator: Comparator) -> None:
    """Compare two sides.

    Raises:
        FaultError: Of kind `no_match` when it does not hold, else of what went wrong.
    """
    check(pair.compared[0], comparator, pair.compared[1])


def check(left: Old, comparator: Comparator, right: Old) -> None:
    """Compare two sides; durations are whole nanoseconds.

    Raises:
        FaultError: Of kind `no_match` when it does not hold, else of what went wrong.
    """
    if comparator is Comparator.CONTAINS:
        if right.first.type == "json" and left.first.type in ("json", "array"):
            return json_contains(left.unescaped, right.unescaped)
        if left.is_array:
            return _hold(any(item.text == right.unescaped for item in left.items))
    return check_texts(left.unescaped, comparator, right.unescaped)


def check_texts(left: str, comparator: Comparator, right: str) -> None:
    """Compare two texts."""
    if comparator in _ORDER:
        theirs = _integer(right)
        return _hold(_ORDER[comparator](_integer(left), theirs))
    if comparator in _TEXT:
        return _hold(_TEXT[comparator](left, right))
    raise FaultError(f'comparator "{comparator}" is not one of the reference')


_ORDER: dict[Comparator, Callable[[int, int], bool]] = {
    Comparator.LT: int.__lt__,
    Comparator.LE: int.__le__,
    Comparator.GT: int.__gt__,
    Comparator.GE: int.__ge__,
}
_TEXT: dict[Comparator, Callable[[str, str], bool]] = {
    Comparator.EQ: str.__eq__,
    Comparator.NE: str.__ne__,
    Comparator.CONTAINS: str.__contains__,
    Comparator.NOT_CONTAINS: lambda left, right: right not in left,
    Comparator.STARTS_WITH: str.startswith,
    Comparator.ENDS_WITH: str.endswith,
}


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) and len(text) < 400 and int(text) in _INT64:
        return int(text)
    raise FaultError(f'cannot parse "{text}" as integer')


def _hold(condition: bool) -> None:
    if not condition:
        raise FaultError(NO_MATCH, "no_match")


def json_contains(left: str, right: str) -> None:
    """Whether each object of the right matches at least one of the left.

    The reference stops at random after the first nested object; every key is checked here, the one outcome of its
    several that is right.
    """
    try:
        ours, theirs = _objects(left), _objects(right)
    except NoJsonError as error:
        raise FaultError("left side is not a JSON object") from error
    for index, wanted in enumerate(theirs):
        if not any(_matches(there, wanted) for there in ours):
            raise FaultError(f"left side array doesn't match item {index} of right side: {NO_MATCH}", "no_match")


def _objects(text: str) -> list[dict[str, object]]:
    parsed: object = read_json(text, double=_finite)
    listed = parsed if text.startswith("[") and text.endswith("]") else (parsed,)
    found: list[dict[str, object]] = []
    for part in listed if isinstance(listed, tuple) else ():
        if part is not None and not isinstance(part, dict):
            raise NoJsonError("not an object")
        found.append(part or {})
    return found


def _matches(left: dict[str, object], right: dict[str, object]) -> bool:
    for key, wanted in right.items():
        if key not in left:
            return False
        there = left[key]
        if isinstance(there, dict):
            if not isinstance(wanted, dict) or not _matches(there, wanted):
                return False
        elif _canonical(there) != _canonical(wanted):
            return False
    return True


def _canonical(value: object) -> str:
    return json.dumps(_floated(value), sort_keys=True)


def _floated(value: object) -> object:
    """The value with every number a double, as the reference decodes JSON."""
    if isinstance(value, dict):
        return {key: _floated(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_floated(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < 10**300 else float("inf")
    return value


__all__ = [
    "NIL",
    "FaultError",
    "Item",
    "Old",
    "Pair",
    "calculate",
    "check",
    "check_pair",
    "check_texts",
    "display",
    "displayed",
    "from_value",
    "infer",
    "json_contains",
    "many",
    "otlp_text",
    "single",
    "to_ns",
    "to_value",
    "unresolved",
]

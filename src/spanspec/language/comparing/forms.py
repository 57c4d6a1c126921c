"""What kind a value is, how it is written, and how texts are read as numbers, durations and JSON.

Everything here is bounded: texts, digits, exponents and nesting come from outside.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn

from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spanspec.language.verdict import Value

MAX_TEXT: Final = 8 * 1024 * 1024
"""Characters of a text that filters and JSON reading accept."""

MAX_ITEMS: Final = 100_000
"""Items that one filter may give."""

MAX_DEPTH: Final = 100
"""Arrays and objects inside one another that JSON reading accepts; whoever walks a value may recurse."""

MAX_SHOWN: Final = 160
"""Characters of a value shown to people."""

_MAX_DIGITS = 400
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DURATION = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|μs|ms|s|m|h|d))+")

Numeric = int | float | Decimal


def kind_of(value: Value) -> str:
    """The name of a value's kind for messages, such as `text`, `integer` or `double`."""
    if value is None:
        return "null"
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return "map"


_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (str, "text"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "double"),
    (Decimal, "number"),
    (Duration, "duration"),
    (bytes, "bytes"),
    (tuple, "array"),
    (frozenset, "set"),
)


def is_number(value: Value) -> bool:
    """Whether it is an integer, a double or a decimal; a boolean is none."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def numeric(text: str) -> Decimal | None:
    """The number that a text wholly is, or None."""
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text)


def duration_of(text: str) -> Duration | None:
    """The duration that a text wholly is, or None; white space around it is not allowed."""
    if len(text) > _MAX_DIGITS or not _DURATION.fullmatch(text):
        return None
    return parse_duration(text)


def as_number(value: Value) -> Numeric | None:
    """The value if it is a number, or the number that a text wholly is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        return value
    return numeric(value) if isinstance(value, str) else None


def compare_numbers(left: Numeric, right: Numeric) -> int | None:
    """-1, 0 or 1, exactly; a decimal takes a double's precision beside one. None when one is not a number (NaN)."""
    if isinstance(left, float) and isinstance(right, Decimal):
        right = float(right)
    elif isinstance(right, float) and isinstance(left, Decimal):
        left = float(left)
    if left == right:
        return 0
    if left < right:
        return -1
    return 1 if left > right else None


# --- text ----------------------------------------------------------------------------------------------------------


def number_text(value: Numeric) -> str:
    """A number as its shortest decimal; a literal keeps its digits."""
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= _MAX_DIGITS:
        return f"{value:f}"
    return str(value)


def _float_text(value: float) -> str:
    text = repr(value)
    if "e" in text and "n" not in text:  # as JavaScript has it: plain digits from 1e-6 up to 1e21
        return f"{Decimal(text):f}" if 1e-6 <= abs(value) < 1e21 else text
    return text.removesuffix(".0")


def text_form(value: Value, item: Callable[[str], str] | None = None) -> str:
    """The String form: texts as they are, durations as nanoseconds, arrays and maps as JSON.

    Args:
        value: The value.
        item: How a text inside an array is written; JSON by default.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, tuple):
        written = item or _quoted
        return f"[{', '.join(written(part) if isinstance(part, str) else json_text(part) for part in value)}]"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return json_text(value)


def json_text(value: Value) -> str:
    """A value as JSON; a duration is its nanoseconds, bytes are base64, a set is a sorted array."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Duration):
        return str(value.ns)
    if isinstance(value, (int, float, Decimal)):
        return number_text(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bytes):
        return _quoted(base64.b64encode(value).decode("ascii"))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(key))}: {json_text(part)}" for key, part in value.items()) + "}"
    parts: Iterable[Value] = sorted(value) if isinstance(value, frozenset) else value
    return "[" + ", ".join(json_text(part) for part in parts) + "]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def show(value: Value) -> str:
    """A value for people, at most `MAX_SHOWN` characters: durations with a unit, the rest as its String form."""
    if value is None:
        return "null"
    if isinstance(value, Duration):
        return str(value)
    return shortened(text_form(value))


def shortened(text: str, limit: int = MAX_SHOWN) -> str:
    """A text cut in its middle when it is longer than `limit`."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]}…{text[-(limit - head - 1) :]}"


def described(value: Value) -> str:
    """The kind and the value, for messages: `the text "abc"`."""
    if value is None:
        return "null"
    shown = show(value)
    return f'the text "{shown}"' if isinstance(value, str) else f"the {kind_of(value)} {shown}"


# --- JSON ----------------------------------------------------------------------------------------------------------


class NoJsonError(ValueError):
    """A text that is no JSON; its text says why."""


def read_json(text: str, double: Callable[[str], float] = float) -> Value:
    """The value that a JSON text holds: arrays as tuples, numbers with a fraction or an exponent as doubles.

    Args:
        text: The text.
        double: Computes a number with a fraction or an exponent.

    Raises:
        NoJsonError: It is none, or it is too long or too deep.
    """
    if len(text) > MAX_TEXT:
        raise NoJsonError(f"it has more than {MAX_TEXT} characters")
    try:
        return _value(json.loads(text, parse_constant=_no_constant, parse_float=double))
    except RecursionError as error:
        raise NoJsonError("it is nested too deeply") from error
    except ValueError as error:
        raise NoJsonError(str(error)) from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _value(parsed: object, depth: int = 0) -> Value:
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if isinstance(parsed, dict):
        return {whole_text(key): _value(part, depth + 1) for key, part in parsed.items()}
    if isinstance(parsed, list):
        return tuple(_value(part, depth + 1) for part in parsed)
    assert parsed is None or isinstance(parsed, (str, bool, int, float))
    return whole_text(parsed) if isinstance(parsed, str) else parsed


def whole_text(text: str) -> str:
    """The text with halves of surrogate pairs, which no encoding can carry, replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def json_or_none(text: str, *opening: str) -> Value:
    """The value of a text that begins with one of `opening` and is JSON, else None."""
    stripped = text.strip()
    if not stripped.startswith(opening):
        return None
    try:
        return read_json(stripped)
    except NoJsonError:
        return None


def incomparable(left: Value, comparator: str, right: Value) -> EvaluationError:
    """The error for two values that do not compare: it names both kinds and both values."""
    return EvaluationError(f"{described(left)} and {described(right)} do not compare with {comparator}")

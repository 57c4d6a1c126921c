"""The reference's six filters and its text forms of JSON, to the letter; for `compat: tracetest` alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from spanspec.language.comparing.forms import NoJsonError, read_json
from spanspec.language.comparing.patterns import matches
from spanspec.language.reference.paths import BadPathError, select
from spanspec.language.reference.values import NIL, FaultError, Item, Old, many, single, unresolved
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.verdict import Value

_PAIR = re.compile(r"((?:^|[^\\])(?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_STRING_OR_BARE = re.compile(r'"(?:\\.|[^"\\])*"|(?<=[0-9])\.(?![0-9])', re.DOTALL)
_DOUBLE = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
_FRACTION_DIGITS = 18
_INT64 = range(-(1 << 63), 1 << 63)


def apply(name: str, value: Old, arguments: Sequence[str]) -> Old:
    """Apply a filter.

    Args:
        name: Its name.
        value: What it is applied to.
        arguments: In their unescaped String form.

    Raises:
        FaultError: It does not exist, or it fails.
    """
    if name not in FILTERS:
        raise unresolved(f'filter "{name}" not found')
    count, function = FILTERS[name]
    if len(arguments) != count:
        raise FaultError(f"{name}: wrong number of args. Expected {count}, got {len(arguments)}")
    try:
        return function(value, *arguments)
    except FaultError as fault:
        raise FaultError(f"{name}: {fault}", fault.kind) from fault
    except EvaluationError as error:
        raise FaultError(f"{name}: {error}") from error


def _json_path(value: Old, path: str) -> Old:
    if value.is_array:
        raise FaultError("cannot process array of json objects")
    if not value.text.strip():
        _check_path(path)
        return NIL
    try:
        found = select(path, read_loosely(value.text), to_the_letter=True)
    except BadPathError as error:
        raise FaultError(f"invalid json_path: {error}") from error
    return many([go_text(one) for one in found]) if found else NIL


def _check_path(path: str) -> None:
    try:
        select(path, None, to_the_letter=True)
    except BadPathError as error:
        raise FaultError(f"invalid json_path: {error}") from error


def read_loosely(text: str) -> Value:
    """JSON as the reference's parser takes it: a leading byte-order mark and `1.` are let through."""
    text = text.removeprefix("\ufeff")
    text = _PAIR.sub(r"\1\\ufffd\\ufffd", text)
    text = _STRING_OR_BARE.sub(lambda match: match[0] if match[0] != "." else ".0", text)
    try:
        return read_json(text, double=_double)
    except NoJsonError as error:
        raise FaultError(f"invalid JSON input: {error}") from error


def _double(text: str) -> float:
    """A number with a fraction or an exponent as the reference's parser computes it: not always the nearest double."""
    match = _DOUBLE.fullmatch(text)
    if match is None or len(match[3] or "") > _FRACTION_DIGITS or int(match[2]) not in _INT64:
        return float(text)
    value = float(int(match[2]))
    if match[3]:
        value += float(int(match[3])) / float(10 ** len(match[3]))
    value = -value if match[1] else value
    exponent = int(match[4][:6]) if match[4] else 0
    return value * _power_of_ten(exponent) if exponent else value


def _power_of_ten(exponent: int) -> float:
    if exponent > 308:
        return math.inf
    return float(f"1e{exponent}") if exponent >= -323 else 0.0


def go_text(value: Value) -> str:
    """A JSON value in Go's default formatting: `map[a:1 b:2]`, `[1 2 3]`, `<nil>`, `1e+06`."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(value)
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, tuple):
        return f"[{' '.join(map(go_text, value))}]"
    return str(value)


def go_float(value: float) -> str:
    """A double as Go's `%v` writes it: the shortest digits, an exponent below -4 or from 6 on, which has two digits."""
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    if value == 0:
        return "0"
    exact = Decimal(repr(value)).normalize()
    exponent = exact.adjusted()
    if -4 <= exponent < 6:
        return f"{exact:f}"
    digits = "".join(map(str, exact.as_tuple().digits))
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{'-' if value < 0 else ''}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _regex(value: Old, pattern: str) -> Old:
    return many([whole for whole, _ in matches(pattern, _single_text(value))])


def _regex_group(value: Old, pattern: str) -> Old:
    return many([group for _, groups in matches(pattern, _single_text(value)) for group in groups])


def _single_text(value: Old) -> str:
    if value.is_array:
        raise FaultError("cannot process array")
    return value.text


def _get_index(value: Old, index: str) -> Old:
    if index != "last" and not re.fullmatch(r"[+-]?[0-9]{1,18}", index):
        raise FaultError("index must be an integer")
    at = len(value.items) - 1 if index == "last" else int(index)
    if not 0 <= at < len(value.items):
        raise FaultError(f"index out of boundaries: {at} out of {len(value.items)}")
    return Old((value.items[at],))


def _length(value: Old) -> Old:
    if value.is_array or not value.items:
        return single(str(len(value.items)), "number")
    if value.type == "string":
        return single(str(len(value.text.encode("utf-8", "surrogatepass"))), "number")
    raise FaultError(f"unsupported type: expected array or string, got {value.type}")


def _type(value: Old) -> Old:
    return Old((Item(value.type, "string"),))


FILTERS: Final[dict[str, tuple[int, Callable[..., Old]]]] = {
    "json_path": (1, _json_path),
    "regex": (1, _regex),
    "regex_group": (1, _regex_group),
    "get_index": (1, _get_index),
    "length": (0, _length),
    "type": (0, _type),
}
"""Every filter of the reference: how many arguments it takes, and what it does."""

"""`| name arg …`: what is done to a value after it is read. The reference's own versions are in `reference.filters`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from spanspec.language.comparing.forms import (
    MAX_ITEMS,
    MAX_TEXT,
    NoJsonError,
    as_number,
    described,
    duration_of,
    is_number,
    json_or_none,
    read_json,
    shortened,
)
from spanspec.language.comparing.patterns import matches
from spanspec.language.dialect import Dialect
from spanspec.language.reference import paths
from spanspec.language.values import infer, text_of, type_name
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.verdict import Value

_MAX_DIGITS = 30


def apply(name: str, value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    """Apply a filter.

    Args:
        name: Its name.
        value: What it is applied to; None is what an earlier filter did not find.
        arguments: Its arguments' values.
        dialect: `EXPECT` or `SPECS`.

    Raises:
        EvaluationError: No such filter, wrong arguments, or a value that it cannot take; the text begins with its name.
    """
    entry = _FILTERS.get(name)
    if entry is None:
        hint = did_you_mean(name, _FILTERS)
        raise EvaluationError(f'filter "{name}" not found{f"; {hint}" if hint else ""}')
    least, most, function = entry
    if not least <= len(arguments) <= most:
        expected = str(least) if least == most else f"{least} to {most}"
        raise EvaluationError(f"{name}: wrong number of args. Expected {expected}, got {len(arguments)}")
    try:
        return function(value, arguments, dialect)
    except EvaluationError as error:
        raise EvaluationError(f"{name}: {error}") from error


def _text(value: Value, dialect: Dialect) -> str:
    """The text that a filter on texts works on."""
    if isinstance(value, (tuple, frozenset)):
        raise EvaluationError(f"cannot process {described(value)}; take one item with get_index")
    text = text_of(value, dialect)
    if len(text) > MAX_TEXT:
        raise EvaluationError(f"the text has more than {MAX_TEXT} characters")
    return text


def _found(values: Sequence[Value]) -> Value:
    """Nothing, one or several results."""
    if len(values) > MAX_ITEMS:
        raise EvaluationError(f"there are more than {MAX_ITEMS} results")
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)


# --- looking into texts --------------------------------------------------------------------------------------------


def _json_path(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    path = text_of(arguments[0], dialect)
    document = value
    if isinstance(value, str):
        if not value.strip():
            return None
        document = _document(value)
    elif isinstance(value, frozenset):
        document = tuple(sorted(value))
    if dialect is Dialect.EXPECT:
        return _found(_standard_select(path, document))
    try:
        found = paths.select(path, document)
    except paths.BadPathError as error:
        help_text = "; write ==" if "'=' is not" in str(error) else ""
        raise EvaluationError(f"invalid json_path: {error}{help_text}") from error
    return "null" if found == [None] else _found(found)


def _document(text: str) -> Value:
    try:
        return read_json(text.removeprefix("\ufeff"))
    except NoJsonError as error:
        raise EvaluationError(f'invalid JSON input: "{shortened(text, 80)}": {error}') from error


def _standard_select(path: str, document: Value) -> list[Value]:
    """RFC 9535."""
    import jsonpath  # here, for it is needed by few runs and costs 60 ms of start-up

    found: list[Value] = []
    try:
        for match in jsonpath.JSONPathEnvironment(strict=True).finditer(path, document):  # type: ignore[arg-type]  # a JSON value, arrays as tuples
            found.append(match.obj)  # type: ignore[arg-type]  # a part of the document
            if len(found) > MAX_ITEMS:
                raise EvaluationError(f"the path selects more than {MAX_ITEMS} values")
    except (jsonpath.JSONPathError, RecursionError) as error:
        raise EvaluationError(f'invalid json_path "{shortened(path, 80)}": {error}') from error
    return found


def _regex(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    return _found([whole for whole, _ in matches(text_of(arguments[0], dialect), _text(value, dialect))])


def _regex_group(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    found = matches(text_of(arguments[0], dialect), _text(value, dialect))
    return _found([group for _, groups in found for group in groups])


# --- arrays --------------------------------------------------------------------------------------------------------


def _listed(value: Value) -> tuple[Value, ...] | None:
    """The items of an array, a set or a text that holds a JSON array; None for all else."""
    if isinstance(value, str):
        value = json_or_none(value, "[")
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    return value if isinstance(value, tuple) else None


def _get_index(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    items = _listed(value)
    if items is None:
        if dialect is Dialect.EXPECT and value is not None:
            raise EvaluationError(f"{described(value)} has no items")
        items = () if value is None else (value,)
    index = text_of(arguments[0], dialect)
    number = as_number(index)
    if index != "last" and (number is None or number != int(number)):
        raise EvaluationError(f'index must be an integer or "last", got {described(arguments[0])}')
    at = len(items) - 1 if number is None else int(number)
    if not 0 <= at < len(items):
        raise EvaluationError(f"index out of boundaries: {at} out of {len(items)}")
    return items[at]


def _length(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    if value is None:
        return 0
    items = _listed(value)
    if items is not None:
        return len(items)
    if isinstance(value, Mapping) and dialect is Dialect.EXPECT:
        return len(value)
    if isinstance(value, bytes):
        return len(value)
    guessed = infer(value) if isinstance(value, str) and dialect is not Dialect.EXPECT else ""
    if isinstance(value, (Duration, Mapping)) or guessed in ("json", "duration"):
        raise EvaluationError(f"unsupported type: expected array or string, got {type_name(value, dialect)}")
    return len(text_of(value, dialect))


def _split(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    separator = text_of(arguments[0], dialect) if arguments else ","
    text = _text(value, dialect)
    if text.count(separator) >= MAX_ITEMS:
        raise EvaluationError(f"there are more than {MAX_ITEMS} results")
    return tuple(text.split(separator)) if separator else tuple(text)


def _join(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    items = _listed(value)
    if items is None:
        raise EvaluationError(f"{described(value)} is not an array")
    separator = text_of(arguments[0], dialect) if arguments else ","
    return separator.join(text_of(item, dialect) for item in items)


# --- texts and numbers ---------------------------------------------------------------------------------------------


def _trim(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    text = _text(value, dialect)
    return text.strip(text_of(arguments[0], dialect)) if arguments else text.strip()


def _replace(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    text, old, new = _text(value, dialect), *(text_of(argument, dialect) for argument in arguments)
    if not old:
        raise EvaluationError("the text to replace is empty")
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise EvaluationError(f"the result has more than {MAX_TEXT} characters")
    return text.replace(old, new)


def _default(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    """The argument for what is missing; where the reference cannot tell them apart, also for an empty text."""
    if value is None or (value == "" and dialect is not Dialect.EXPECT):
        return arguments[0]
    return value


def _round(value: Value, arguments: Sequence[Value], dialect: Dialect) -> Value:
    """To a number of decimals, or a duration to a multiple of another; halves away from zero."""
    argument = arguments[0] if arguments else 0
    step = duration_of(argument) if isinstance(argument, str) else argument
    if isinstance(value, Duration):
        if not isinstance(step, Duration) or step.ns <= 0:
            raise EvaluationError("a duration is rounded to a duration, such as round 1ms")
        steps = (2 * abs(value.ns) + step.ns) // (2 * step.ns)
        return Duration((steps if value.ns >= 0 else -steps) * step.ns)
    number, places = as_number(value), as_number(argument)
    if number is None:
        raise EvaluationError(f"{described(value)} is not a number")
    if places is None or places != int(places) or not 0 <= places <= _MAX_DIGITS:
        raise EvaluationError(f"the number of decimals is a whole number from 0 to {_MAX_DIGITS}")
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite() or exact.adjusted() > 300:
        raise EvaluationError(f"{described(value)} cannot be rounded")
    with_places = f"{exact:f}" if -exact.as_tuple().exponent <= places else _quantized(exact, int(places))  # type: ignore[operator]
    return Decimal(with_places) if is_number(value) or isinstance(value, str) else value


def _quantized(exact: Decimal, places: int) -> str:
    scaled = (exact.scaleb(places)).to_integral_value(ROUND_HALF_UP)
    return f"{scaled.scaleb(-places):f}"


_Filter = Callable[["Value", "Sequence[Value]", Dialect], "Value"]

_FILTERS: Final[dict[str, tuple[int, int, _Filter]]] = {
    "json_path": (1, 1, _json_path),
    "regex": (1, 1, _regex),
    "regex_group": (1, 1, _regex_group),
    "get_index": (1, 1, _get_index),
    "length": (0, 0, _length),
    "type": (0, 0, lambda value, arguments, dialect: type_name(value, dialect)),
    "lower": (0, 0, lambda value, arguments, dialect: _text(value, dialect).lower()),
    "upper": (0, 0, lambda value, arguments, dialect: _text(value, dialect).upper()),
    "trim": (0, 1, _trim),
    "split": (0, 1, _split),
    "join": (0, 1, _join),
    "replace": (2, 2, _replace),
    "default": (1, 1, _default),
    "round": (0, 1, _round),
}

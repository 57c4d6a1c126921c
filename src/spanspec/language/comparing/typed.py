"""Comparing values under `expect:`: by their types; two values that do not compare are an error, never a silent false."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spanspec.language.comparing.forms import (
    as_number,
    compare_numbers,
    duration_of,
    incomparable,
    is_number,
    kind_of,
    number_text,
    text_form,
)
from spanspec.language.comparing.patterns import found_in
from spanspec.language.syntax import Comparator
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spanspec.language.comparing.forms import Numeric
    from spanspec.language.verdict import Value

ORDER = {
    Comparator.LT: lambda sign: sign < 0,
    Comparator.LE: lambda sign: sign <= 0,
    Comparator.GT: lambda sign: sign > 0,
    Comparator.GE: lambda sign: sign >= 0,
}
"""What each ordering comparator asks of the sign of left less right."""

NEGATED = {
    Comparator.NE: Comparator.EQ,
    Comparator.NOT_CONTAINS: Comparator.CONTAINS,
    Comparator.NOT_MATCHES: Comparator.MATCHES,
    Comparator.NOT_IN: Comparator.IN,
}
"""Comparators that are another one's negation."""


def compare(left: Value, comparator: Comparator, right: Value) -> bool:
    """Whether `left comparator right` holds.

    Raises:
        EvaluationError: The two do not compare; the text names both.
    """
    if comparator in NEGATED:
        positive = NEGATED[comparator]
        return not _POSITIVE[positive](left, right, comparator)
    if comparator in ORDER:
        sign = _sign(left, right, comparator)
        return sign is not None and ORDER[comparator](sign)
    return _POSITIVE[comparator](left, right, comparator)


def _equal(left: Value, right: Value, comparator: Comparator) -> bool:
    answer = same(left, right)
    if answer is None:
        raise incomparable(left, comparator, right)
    return answer


def same(left: Value, right: Value) -> bool | None:
    """Whether two values are equal; None when they do not compare."""
    if left is None or right is None:
        return left is right
    if isinstance(left, frozenset) or isinstance(right, frozenset):
        return _same_set(left, right)
    if isinstance(left, Duration) or isinstance(right, Duration):
        pair = _durations(left, right)
        return None if pair is None else pair[0] == pair[1]
    if is_number(left) or is_number(right):
        one, other = as_number(left), as_number(right)
        return None if one is None or other is None else compare_numbers(one, other) == 0
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(same(a, b) is True for a, b in zip(left, right, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) is True for key in left)
    return left == right if type(left) is type(right) else None


def _same_set(left: Value, right: Value) -> bool | None:
    if isinstance(left, (frozenset, tuple)) and isinstance(right, (frozenset, tuple)):
        return _hashable(left) == _hashable(right)
    return None


def _hashable(values: Iterable[Value]) -> set[str]:
    return {text_form(value) for value in values}


def _durations(left: Value, right: Value) -> tuple[Numeric, Numeric] | None:
    pair = (nanoseconds(left), nanoseconds(right))
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])


def nanoseconds(value: Value) -> Numeric | None:
    """A duration, a number as nanoseconds, or a text that is either; None for all else. Exact."""
    if isinstance(value, Duration):
        return value.ns
    if isinstance(value, str) and (duration := duration_of(value)) is not None:
        return duration.ns
    return as_number(value)


def _sign(left: Value, right: Value, comparator: Comparator) -> int | None:
    """-1, 0, 1 as left is less, equal, greater; None where NaN is involved."""
    if isinstance(left, Duration) or isinstance(right, Duration):
        pair = _durations(left, right)
        if pair is not None:
            return compare_numbers(*pair)
    elif is_number(left) or is_number(right):
        one, other = as_number(left), as_number(right)
        if one is not None and other is not None:
            return compare_numbers(one, other)
    elif (isinstance(left, str) and isinstance(right, str)) or (isinstance(left, bytes) and isinstance(right, bytes)):
        return (left > right) - (left < right)  # type: ignore[operator]  # both of one type, which mypy cannot pair
    raise incomparable(left, comparator, right)


# --- contains, in --------------------------------------------------------------------------------------------------


def _contains(left: Value, right: Value, comparator: Comparator) -> bool:
    if isinstance(left, str) and (isinstance(right, str) or is_number(right)):
        return text_form(right) in left
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return covers(left, right)
    if isinstance(left, (tuple, frozenset)):
        if isinstance(right, (tuple, frozenset)):
            return all(_is_member(item, left, comparator) for item in right)
        return _is_member(right, left, comparator)
    raise incomparable(left, comparator, right)


def covers(left: Value, right: Value) -> bool:
    """Whether every key of the map `right` is in `left` with a value that covers or equals it."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return all(key in left and covers(left[key], part) for key, part in right.items())
    return _same_json(left, right)


def _same_json(left: Value, right: Value) -> bool:
    """Whether two JSON values are equal: 1 equals 1.0, but not "1"."""
    if is_number(left) and is_number(right):
        return same(left, right) is True
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same_json, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same_json(left[key], right[key]) for key in left)
    return kind_of(left) == kind_of(right) and same(left, right) is True


def _is_member(item: Value, values: Iterable[Value], comparator: Comparator) -> bool:
    """Whether some value equals (or, of maps, covers) the item; an error when none even compares."""
    compared, last = True, item
    for value in values:
        answer = covers(value, item) if isinstance(item, Mapping) else same(value, item)
        if answer:
            return True
        compared, last = compared and answer is None, value
    if compared and last is not item:
        raise incomparable(item, comparator, last)
    return False


def _in(left: Value, right: Value, comparator: Comparator) -> bool:
    if isinstance(right, (tuple, frozenset)):
        return _is_member(left, right, comparator)
    raise incomparable(left, comparator, right)


# --- texts ---------------------------------------------------------------------------------------------------------


def textual(value: Value) -> str | None:
    """The text of a text, number or boolean; None for all else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, (int, float)) or is_number(value) else None  # type: ignore[arg-type]


def _on_texts(holds: Callable[[str, str], bool]) -> Callable[[Value, Value, Comparator], bool]:
    def compare_texts(left: Value, right: Value, comparator: Comparator) -> bool:
        text = textual(left)
        if text is None or not isinstance(right, str):
            raise incomparable(left, comparator, right)
        return holds(text, right)

    return compare_texts


_POSITIVE: dict[Comparator, Callable[[Value, Value, Comparator], bool]] = {
    Comparator.EQ: _equal,
    Comparator.CONTAINS: _contains,
    Comparator.IN: _in,
    Comparator.STARTS_WITH: _on_texts(str.startswith),
    Comparator.ENDS_WITH: _on_texts(str.endswith),
    Comparator.MATCHES: _on_texts(lambda text, pattern: found_in(pattern, text)),
}

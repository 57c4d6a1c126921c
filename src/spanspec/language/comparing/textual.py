"""Comparing values under `specs:`: the reference's verdicts with the faults of its section 9 mended.

Different types are unequal rather than an error for `=` and `!=`, as existing files rely on it; ordering asks for
numbers or durations. Wherever one side is a duration or a text that has the form of one, the other is read as one
(rows 2 to 4); a measured number of nanoseconds *equals* a duration when both read alike in its display unit, the
tolerance that row 3 leaves open, and orders exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from spanspec.language.comparing import typed as comparing_typed
from spanspec.language.comparing.forms import (
    as_number,
    compare_numbers,
    duration_of,
    incomparable,
    is_number,
    json_or_none,
    text_form,
)
from spanspec.language.comparing.patterns import found_in
from spanspec.language.comparing.typed import NEGATED, ORDER, nanoseconds
from spanspec.language.reference.values import display, from_value, infer
from spanspec.language.syntax import Comparator
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.verdict import Value

_QUOTES = re.compile(r"\\([\"'])")
_LONGEST_NS = 2**63
_MISSPELT = {"unespecified": "unspecified"}
"""The reference misspells one span kind, and its files do."""


def specs_text(value: Value) -> str:
    """The String form: in an array only what is plain text stands in quotes."""
    return text_form(value, _array_item)


def _array_item(text: str) -> str:
    return text_form((text,))[1:-1] if infer(text) == "string" else text


def compare(left: Value, comparator: Comparator, right: Value) -> bool:
    """Whether `left comparator right` holds.

    Raises:
        EvaluationError: The two do not compare; the text names both.
    """
    if comparator in NEGATED:
        return not compare(left, NEGATED[comparator], right)
    if comparator in ORDER:
        sign = _sign(left, comparator, right)
        return sign is not None and ORDER[comparator](sign)
    return _POSITIVE[comparator](left, right)


def _unescaped(value: Value) -> str:
    text = _QUOTES.sub(r"\1", specs_text(value))
    return _MISSPELT.get(text, text)


def _durational(value: Value) -> bool:
    return isinstance(value, Duration) or (isinstance(value, str) and duration_of(value) is not None)


def equal(left: Value, right: Value) -> bool:
    """Whether two values are equal; of types that do not compare, they are not."""
    if left is None or right is None:
        return all(side is None or side in ("", "null") for side in (left, right))
    if _durational(left) or _durational(right):
        answer = _equal_durations(left, right)
        if answer is not None:
            return answer
    elif is_number(left) or is_number(right):
        one, other = as_number(left), as_number(right)
        if one is not None and other is not None:
            return compare_numbers(one, other) == 0
    if isinstance(left, (tuple, Mapping, frozenset)) or isinstance(right, (tuple, Mapping, frozenset)):
        return _equal_composite(left, right)
    return _unescaped(left) == _unescaped(right)


def _equal_durations(left: Value, right: Value) -> bool | None:
    one, other = nanoseconds(left), nanoseconds(right)
    if one is None or other is None:
        return None
    if compare_numbers(one, other) == 0:
        return True
    measured = _durational(left) != _durational(right)
    return measured and 0 < one < _LONGEST_NS and 0 < other < _LONGEST_NS and display(int(one)) == display(int(other))


def _equal_composite(left: Value, right: Value) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        text, other = (left, right) if isinstance(left, str) else (right, left)
        assert isinstance(text, str)
        parsed = json_or_none(text, "[", "{")
        if parsed is not None:
            return _equal_composite(parsed, other)
        return text in (from_value(other).text, specs_text(other))
    if isinstance(left, frozenset) or isinstance(right, frozenset):
        return comparing_typed.same(left, right) is True
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return comparing_typed.same(left, right) is True


def _sign(left: Value, comparator: Comparator, right: Value) -> int | None:
    if _durational(left) or _durational(right):
        one, other = nanoseconds(left), nanoseconds(right)
    else:
        one, other = as_number(left), as_number(right)
    if one is None or other is None:
        raise incomparable(left, comparator, right)
    return compare_numbers(one, other)


# --- contains, in, texts -------------------------------------------------------------------------------------------


def _contains(left: Value, right: Value) -> bool:
    wanted = _json(right, "{", "[") if _is_json(right) else None
    if wanted is not None and (isinstance(left, Mapping) or _holds_json(left)):
        return _json_contains(left, wanted)
    if isinstance(left, (tuple, frozenset)):
        return any(equal(item, right) for item in left)
    return _unescaped(right) in _unescaped(left)


def _is_json(value: Value) -> bool:
    if isinstance(value, Mapping):
        return True
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(item, Mapping) for item in value)
    return isinstance(value, str) and infer(_QUOTES.sub(r"\1", value)) == "json"


def _holds_json(value: Value) -> bool:
    if isinstance(value, tuple):
        return any(_is_json(item) for item in value)
    return isinstance(value, str) and infer(_QUOTES.sub(r"\1", value)) in ("json", "array")


def _json(value: Value, *opening: str) -> Value:
    """The value, or what its text holds as JSON; None when it holds none."""
    if not isinstance(value, str):
        return value
    parsed = json_or_none(value, *opening)
    return json_or_none(_QUOTES.sub(r"\1", value), *opening) if parsed is None else parsed


def _json_contains(left: Value, wanted: Value) -> bool:
    """Whether each object of the right is covered by at least one of the left."""
    ours = _objects(_json(left, "{", "["))
    theirs = _objects(wanted)
    if ours is None or theirs is None:
        raise EvaluationError("the left side is not a JSON object or an array of them")
    return all(any(comparing_typed.covers(there, part) for there in ours) for part in theirs)


def _objects(value: Value) -> list[Value] | None:
    listed = value if isinstance(value, tuple) else (value,)
    found = [_json(item, "{") if isinstance(item, str) else item for item in listed]
    return found if all(isinstance(item, Mapping) for item in found) else None


def _in(left: Value, right: Value) -> bool:
    listed = json_or_none(right, "[") if isinstance(right, str) else right
    if not isinstance(listed, (tuple, frozenset)):
        raise incomparable(left, Comparator.IN, right)
    return any(equal(left, item) for item in listed)


def _on_texts(holds: Callable[[str, str], bool]) -> Callable[[Value, Value], bool]:
    return lambda left, right: holds(_unescaped(left), _unescaped(right))


_POSITIVE: dict[Comparator, Callable[[Value, Value], bool]] = {
    Comparator.EQ: equal,
    Comparator.CONTAINS: _contains,
    Comparator.IN: _in,
    Comparator.STARTS_WITH: _on_texts(str.startswith),
    Comparator.ENDS_WITH: _on_texts(str.endswith),
    Comparator.MATCHES: _on_texts(lambda text, pattern: found_in(pattern, text)),
}

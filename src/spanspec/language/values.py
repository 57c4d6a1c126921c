"""The value system: kinds, comparing, type names, text forms. Each dialect compares in a module of its own.

============  ==========================================================================================
`EXPECT`      by OTLP types; two values that do not compare are an error
`SPECS`       the reference's verdicts with its faults mended
`COMPAT`      the reference to the letter: texts with guessed types
============  ==========================================================================================

Arithmetic is exact: integers and `Decimal`, durations in whole nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spanspec.language.comparing import textual as comparing_textual
from spanspec.language.comparing import typed as comparing_typed
from spanspec.language.comparing.forms import described, is_number, kind_of, show, text_form
from spanspec.language.dialect import Dialect
from spanspec.language.reference.values import FaultError, check_pair, displayed, from_value, infer
from spanspec.language.syntax import Comparator
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from spanspec.language.verdict import Value

_OLD_COMPARATORS = frozenset(
    {
        Comparator.EQ, Comparator.NE, Comparator.LT, Comparator.LE, Comparator.GT, Comparator.GE,
        Comparator.CONTAINS, Comparator.NOT_CONTAINS, Comparator.STARTS_WITH, Comparator.ENDS_WITH,
    }
)  # fmt: skip


def compare(left: Value, comparator: Comparator, right: Value, dialect: Dialect) -> bool:
    """Whether `left comparator right` holds.

    Args:
        left: The value observed.
        comparator: How it is compared.
        right: The value expected.
        dialect: The meaning of the text.

    Raises:
        EvaluationError: The two do not compare; the text names both kinds and both values.
    """
    if dialect is Dialect.EXPECT:
        return comparing_typed.compare(left, comparator, right)
    if dialect is Dialect.SPECS or comparator not in _OLD_COMPARATORS:
        return comparing_textual.compare(left, comparator, right)
    pair = displayed(from_value(left), from_value(right))
    try:
        check_pair(pair, comparator)
    except FaultError as fault:
        if fault.kind == "no_match":
            return False
        raise
    return True


def text_of(value: Value, dialect: Dialect = Dialect.EXPECT) -> str:
    """The String form that templates and outputs have.

    Texts as they are, numbers as their shortest decimal, durations as whole nanoseconds, bytes in base64, arrays and
    maps as JSON, nothing for null.
    """
    if dialect is Dialect.COMPAT:
        return from_value(value).text
    return comparing_textual.specs_text(value) if dialect is Dialect.SPECS else text_form(value)


def type_name(value: Value, dialect: Dialect = Dialect.EXPECT) -> str:
    """What the filter `type` gives: `nil string number boolean duration bytes json array`.

    Outside `expect:` the type of a text is guessed from it, as the reference does.
    """
    if value is None:
        return "nil"
    if isinstance(value, str):
        return "string" if dialect is Dialect.EXPECT else infer(value)
    if isinstance(value, bool):
        return "boolean" if dialect is Dialect.EXPECT else "string"
    if is_number(value):
        return "number"
    if isinstance(value, Mapping):
        return "json"
    if isinstance(value, Duration):
        return "duration"
    return "bytes" if isinstance(value, bytes) else "array"


__all__ = ["compare", "described", "infer", "kind_of", "show", "text_of", "type_name"]

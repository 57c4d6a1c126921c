"""`+ - * /` on numbers, durations and texts. Exact; what has no value is an error.

Under `specs:` two numbers of which neither is a double keep the reference's results: whole ones are divided without a
remainder, and where a decimal point is written the result has two decimals.
"""

from __future__ import annotations

from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from typing import TYPE_CHECKING

from spanspec.language.comparing.forms import as_number, described, duration_of, is_number, number_text
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import Operator
from spanspec.language.values import text_of
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from spanspec.language.comparing.forms import Numeric
    from spanspec.language.verdict import Value

_EXACT = Context(prec=60, Emax=9999, Emin=-9999, traps=[DivisionByZero, InvalidOperation, Overflow])
_MAX_TEXT = 8 * 1024 * 1024
_MAX_INT_BITS = 4096


def calculate(operator: Operator, left: Value, right: Value, dialect: Dialect) -> Value:
    """`left operator right`.

    Raises:
        EvaluationError: The kinds do not go together, or there is no result.
    """
    if dialect is Dialect.SPECS:
        left, right = _first(left), _first(right)
    joins = operator is Operator.ADD and isinstance(left, str) and isinstance(right, str)
    if joins and dialect is Dialect.EXPECT:
        return _joined(left, right, dialect)
    one, other = _duration(left, right), _duration(right, left)
    if one is not None or other is not None:
        return _with_durations(operator, one or left, other or right, dialect)
    numbers = as_number(left), as_number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return _numbers(operator, numbers[0], numbers[1], dialect)
    if operator is Operator.ADD and (isinstance(left, str) or isinstance(right, str)):
        return _joined(left, right, dialect)
    raise _mismatch(operator, left, right)


def negated(value: Value) -> Value:
    """The value with its sign turned."""
    if isinstance(value, Duration):
        return Duration(-value.ns)
    if isinstance(value, str) and (duration := duration_of(value)) is not None:
        return Duration(-duration.ns)
    number = as_number(value)
    if number is None:
        raise EvaluationError(f"{described(value)} has no sign to turn")
    return -number


def _first(value: Value) -> Value:
    """The first item of an array, as the reference reduces its operands."""
    return value[0] if isinstance(value, tuple) and value else value


def _duration(value: Value, beside: Value) -> Duration | None:
    """The duration that a value is, or that a text says beside a duration or another such text."""
    if isinstance(value, Duration):
        return value
    if isinstance(value, str) and (isinstance(beside, (str, Duration)) or is_number(beside)):
        return duration_of(value)
    return None


def _joined(left: Value, right: Value, dialect: Dialect) -> str:
    text = text_of(left, dialect) + text_of(right, dialect)
    if len(text) > _MAX_TEXT:
        raise EvaluationError(f"the text has more than {_MAX_TEXT} characters")
    return text


def _mismatch(operator: Operator, left: Value, right: Value) -> EvaluationError:
    return EvaluationError(f"types mismatch: {described(left)} {operator} {described(right)} has no value")


# --- durations -----------------------------------------------------------------------------------------------------


def _with_durations(operator: Operator, left: Value, right: Value, dialect: Dialect) -> Value:
    if isinstance(left, Duration) and isinstance(right, Duration):
        return _two_durations(operator, left, right, dialect)
    if operator is Operator.ADD and str in (type(left), type(right)) and as_number(left) is as_number(right) is None:
        return _joined(left, right, dialect)
    scale = as_number(right if isinstance(left, Duration) else left)
    if scale is not None and (
        operator is Operator.MULTIPLY or (operator is Operator.DIVIDE and isinstance(left, Duration))
    ):
        duration = left if isinstance(left, Duration) else right
        assert isinstance(duration, Duration)
        return Duration(_whole(_exact(operator, duration.ns, scale)))
    raise _mismatch(operator, left, right)


def _two_durations(operator: Operator, left: Duration, right: Duration, dialect: Dialect) -> Value:
    if operator is Operator.ADD:
        return Duration(left.ns + right.ns)
    if operator is Operator.SUBTRACT:
        return Duration(left.ns - right.ns)
    if operator is Operator.DIVIDE:
        return _exact(operator, left.ns, right.ns)
    if dialect is Dialect.SPECS:
        return Duration(left.ns * right.ns)
    raise _mismatch(operator, left, right)


def _whole(value: Numeric) -> int:
    return int(Decimal(value).to_integral_value()) if not isinstance(value, int) else value


# --- numbers -------------------------------------------------------------------------------------------------------


def _numbers(operator: Operator, left: Numeric, right: Numeric, dialect: Dialect) -> Value:
    if dialect is not Dialect.SPECS or isinstance(left, float) or isinstance(right, float):
        return _exact(operator, left, right)
    if "." in number_text(left) or "." in number_text(right):
        return _two_decimals(operator, left, right)
    result = _exact(operator, left, right)
    return int(result)


def _two_decimals(operator: Operator, left: Numeric, right: Numeric) -> Decimal:
    try:
        one, other = float(left), float(right)
        if operator is Operator.DIVIDE:
            return Decimal(f"{one / other:.2f}")
        result = {Operator.ADD: one + other, Operator.SUBTRACT: one - other, Operator.MULTIPLY: one * other}[operator]
        return Decimal(f"{result:.2f}")
    except ZeroDivisionError as error:
        raise _no_result(operator, left, right) from error
    except (OverflowError, InvalidOperation) as error:
        raise EvaluationError(f"{left} {operator} {right} is too large") from error


def _exact(operator: Operator, left: Numeric, right: Numeric) -> int | Decimal:
    if isinstance(left, int) and isinstance(right, int) and operator is not Operator.DIVIDE:
        return _integers(operator, left, right)
    one, other = _decimal(left), _decimal(right)
    try:
        if operator is Operator.ADD:
            result = _EXACT.add(one, other)
        elif operator is Operator.SUBTRACT:
            result = _EXACT.subtract(one, other)
        elif operator is Operator.MULTIPLY:
            result = _EXACT.multiply(one, other)
        else:
            result = _EXACT.divide(one, other)
    except DecimalException as error:
        raise _no_result(operator, left, right) from error
    if not result.is_finite():
        raise _no_result(operator, left, right)
    if isinstance(left, int) and isinstance(right, int) and result == result.to_integral_value():
        return int(result)
    return result


def _integers(operator: Operator, left: int, right: int) -> int:
    if left.bit_length() + right.bit_length() > _MAX_INT_BITS:
        raise EvaluationError("the numbers are too large")
    if operator is Operator.ADD:
        return left + right
    return left - right if operator is Operator.SUBTRACT else left * right


def _decimal(value: Numeric) -> Decimal:
    """Exactly; a double as its shortest decimal."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _no_result(operator: Operator, left: Numeric, right: Numeric) -> EvaluationError:
    if operator is Operator.DIVIDE and right == 0:
        return EvaluationError(f"{number_text(left)} / 0 is a division by zero")
    return EvaluationError(f"{number_text(left)} {operator} {number_text(right)} has no value")

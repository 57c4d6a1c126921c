"""Scalar values as JSON writes them: 64-bit integers, doubles and bytes.

The rules are those of ProtoJSON (https://protobuf.dev/programming-guides/json/#field-representation), to which OTLP's JSON
encoding refers: integers may be numbers or text, with a fraction only if it is zero; doubles may be the texts `NaN`,
`Infinity` and `-Infinity`; bytes are base64 in either alphabet, padded or not.
"""

from __future__ import annotations

import binascii
import math
import re
from decimal import Decimal
from typing import Final

from spanspec.errors import OtlpError
from spanspec.otlp.decoded import shown

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_MAX_DIGITS = 400
_URL_SAFE = str.maketrans("-_", "+/")
_NAMED: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

INT64: Final = (-(1 << 63), (1 << 63) - 1)
INT32: Final = (-(1 << 31), (1 << 31) - 1)
UINT64: Final = (0, (1 << 64) - 1)
UINT32: Final = (0, (1 << 32) - 1)


def integer(value: int | float | str | None, bounds: tuple[int, int], name: str) -> int:
    """An integer field; null is 0.

    Raises:
        OtlpError: It is no integer or out of bounds.
    """
    if value is None:
        return 0
    number = value if isinstance(value, int) else _whole(value, name)
    if not bounds[0] <= number <= bounds[1]:
        raise OtlpError(f"{name}: {shown(str(value))} is out of range")
    return number


def double(value: float | str | None, name: str) -> float:
    """A double field; null is 0.

    Raises:
        OtlpError: It is no number.
    """
    if value is None:
        return 0.0
    if isinstance(value, str):
        return _double_text(value, name)
    try:
        return float(value)
    except OverflowError as fault:
        raise OtlpError(f"{name}: {shown(str(value))} is out of range") from fault


def base64(value: str, name: str) -> bytes:
    """A bytes field.

    Raises:
        OtlpError: It is no base64.
    """
    text = value.translate(_URL_SAFE).rstrip("=")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (binascii.Error, ValueError) as fault:
        raise OtlpError(f'{name}: "{shown(value)}" is no base64') from fault


def _whole(value: float | str, name: str) -> int:
    if isinstance(value, str):
        if len(value) <= _MAX_DIGITS and _INTEGER.fullmatch(value):
            return int(value)
        if len(value) > _MAX_DIGITS or not _NUMBER.fullmatch(value):
            raise OtlpError(f'{name}: "{shown(value)}" is no integer')
        exact = Decimal(value)
        if exact and exact.adjusted() > 30:  # before it is expanded: 1e999999999 has few characters and many digits
            raise OtlpError(f"{name}: {shown(value)} is out of range")
        if (exact and exact.adjusted() < 0) or exact != exact.to_integral_value():
            raise OtlpError(f"{name}: {shown(value)} is no integer")
        return int(exact)
    if not value.is_integer():
        raise OtlpError(f"{name}: {value} is no integer")
    return int(value)


def _double_text(value: str, name: str) -> float:
    if value in _NAMED:
        return _NAMED[value]
    if len(value) > _MAX_DIGITS or not _NUMBER.fullmatch(value):
        raise OtlpError(f'{name}: "{shown(value)}" is no number')
    number = float(value)
    if math.isinf(number):
        raise OtlpError(f"{name}: {shown(value)} is out of range")
    return number

"""What the decoders of other tools' JSON share: ids, times, enums and attribute values in every spelling that is met.

Ids are hexadecimal or base64, enums text or number, 64-bit integers text or number, and instants ISO 8601 with up to nine
digits of a second, or a number of milliseconds, microseconds or nanoseconds since 1970, told apart by its size: a number
that means one of them in this century cannot mean another.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.model.ids import SpanId, TraceId, span_id, trace_id
from spanspec.model.span import EMPTY, SpanKind, StatusCode
from spanspec.otlp.decoded import MAX_DEPTH, code_of, kind_of, shown
from spanspec.otlp.scalars import INT64, UINT64, integer

if TYPE_CHECKING:
    from spanspec.model.attributes import Attributes, AttributeValue

TRACE_DIGITS: Final = 32
SPAN_DIGITS: Final = 16
MAX_REASON: Final = 400
"""Characters of a parser's own message that are passed on."""

_HEX = re.compile(r"[0-9a-fA-F]+")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,18}))?(Z|z|[+-]\d\d:?\d\d)?")
_EPOCH = datetime(1970, 1, 1)
_KINDS: Final = {kind.value: kind for kind in SpanKind}
_CODES: Final = {code.value: code for code in StatusCode}
_NO_ID: Final = ("", "null", "None")


def trace_of(value: object) -> TraceId:
    """A trace id; one of 64 bits is filled up with zeros on its left.

    Raises:
        OtlpError: It is missing, all zeros, or neither hexadecimal nor base64.
    """
    found = trace_id(_hex(value, TRACE_DIGITS))
    if found is None:
        raise _no_id("trace", value, TRACE_DIGITS)
    return found


def span_of(value: object, what: str = "span") -> SpanId:
    """A span id, read like `trace_of`.

    Raises:
        OtlpError: As there; `what` says whose it is.
    """
    found = span_id(_hex(value, SPAN_DIGITS))
    if found is None:
        raise _no_id(what, value, SPAN_DIGITS)
    return found


def parent_of(value: object) -> SpanId | None:
    """A parent's id, or None for all that stands for no parent: null, an empty text, zeros.

    Raises:
        OtlpError: It is something else.
    """
    if value is None or value in _NO_ID or (isinstance(value, str) and not value.strip("0")) or value == 0:
        return None
    return span_of(value, "parent span")


def _hex(value: object, digits: int) -> str:
    """The hexadecimal digits of an id; a number is one that was stored as a signed integer."""
    if isinstance(value, int) and not isinstance(value, bool) and INT64[0] <= value <= UINT64[1]:
        return f"{value & UINT64[1]:0{digits}x}"
    if not isinstance(value, str):
        return ""
    if _HEX.fullmatch(value) and len(value) <= digits:
        return value.rjust(digits, "0")
    return _of_base64(value, digits)


def _of_base64(text: str, digits: int) -> str:
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if len(data) == digits // 2:
        return data.hex()
    return data.hex().rjust(digits, "0") if digits == TRACE_DIGITS and len(data) == SPAN_DIGITS // 2 else ""


def _no_id(what: str, value: object, digits: int) -> OtlpError:
    if value is None or value == "":
        return OtlpError(f"it has no {what} id")
    text = str(value)
    if not text.strip("0"):
        return OtlpError(f"its {what} id is all zeros")
    return OtlpError(f'its {what} id "{shown(text)}" is neither 1 to {digits} hexadecimal digits nor base64 of them')


def instant(value: object, name: str) -> int:
    """Unix nanoseconds of a time in any of the spellings above; null is 0.

    Raises:
        OtlpError: It is no time, or before 1970.
    """
    if value is None:
        return 0
    if isinstance(value, str) and (found := _INSTANT.fullmatch(value.strip())):
        return integer(_nanoseconds(found, value, name), UINT64, name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise OtlpError(f"{name}: {shown(str(value))} is no time")
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d+)?", value):
        raise OtlpError(f'{name}: "{shown(value)}" is no time')
    return _scaled(value, name)


def _nanoseconds(found: re.Match[str], text: str, name: str) -> int:
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}")
        if zone and zone not in "Zz":
            ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment = moment - ahead if zone[0] == "+" else moment + ahead
    except (ValueError, OverflowError) as fault:
        raise OtlpError(f'{name}: "{shown(text)}" is no time') from fault
    since = moment - _EPOCH
    whole = (since.days * 86_400 + since.seconds) * 1_000_000_000
    return max(0, whole + int((fraction or "")[:9].ljust(9, "0")))  # Go writes year 1 where there is no time


_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
"""Below the first, a number is in a unit of that many nanoseconds."""


def _scaled(value: float | str, name: str) -> int:
    number = float(value) if isinstance(value, str) and "." in value else value
    if isinstance(number, float) and not number.is_integer():
        factor = next((unit for bound, unit in _UNITS if number < bound), 1)
        return integer(round(number * factor), UINT64, name)
    whole = integer(number, UINT64, name)
    return integer(whole * next((unit for bound, unit in _UNITS if whole < bound), 1), UINT64, name)


def kind_named(value: object, missing: SpanKind = SpanKind.UNSPECIFIED) -> SpanKind | None:
    """A kind as text in any case, with or without `SPAN_KIND_`, or as OTLP's number; None for a word that is none."""
    if value is None or value == "":
        return missing
    if isinstance(value, int) and not isinstance(value, bool):
        return kind_of(value)
    text = str(value)
    return kind_of(int(text)) if text.isdecimal() and len(text) < 4 else _KINDS.get(_bare(text, "span_kind_"))


def code_named(value: object) -> StatusCode | None:
    """A status code as text in any case, with or without `STATUS_CODE_`, or as OTLP's number; None for another word."""
    if value is None or value == "":
        return StatusCode.UNSET
    if isinstance(value, int) and not isinstance(value, bool):
        return code_of(value)
    text = str(value)
    return code_of(int(text)) if text.isdecimal() and len(text) < 4 else _CODES.get(_bare(text, "status_code_"))


def _bare(text: str, prefix: str) -> str:
    return text.lower().removeprefix(prefix)


def natural(value: Any, name: str, depth: int = 0) -> AttributeValue:
    """A value in the type that its JSON has.

    Raises:
        OtlpError: It nests too deep, or an integer has more than 64 bits.
    """
    if depth > MAX_DEPTH:
        raise OtlpError(f"{name} values nest deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return tuple(natural(each, name, depth + 1) for each in value)
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): natural(each, name, depth + 1) for key, each in value.items()})
    if isinstance(value, int) and not isinstance(value, bool):
        return integer(value, INT64, name)
    return value  # type: ignore[no-any-return]  # JSON has text, bool, double and null besides


def attributes_of(value: Mapping[str, Any], name: str) -> Attributes:
    """All members of an object as attributes.

    Raises:
        OtlpError: As `natural`.
    """
    return frozen({str(key): natural(each, f"{name}.{shown(str(key))}") for key, each in value.items()})


def frozen(attributes: dict[str, AttributeValue]) -> Attributes:
    """A mapping that nobody changes; the one empty mapping where there is nothing in it."""
    return MappingProxyType(attributes) if attributes else EMPTY


def mapping(value: object) -> Mapping[str, Any]:
    """The object itself, or an empty one where something else or nothing stands."""
    return value if isinstance(value, Mapping) else EMPTY


def text_of(value: object) -> str:
    """The text itself, or an empty one where something else or nothing stands."""
    return value if isinstance(value, str) else ""

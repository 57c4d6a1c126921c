"""Scalars of a definition: their values under YAML 1.2's core schema, and where each of their characters stands in the file.

The core schema is chapter 10.3 of the YAML 1.2.2 specification. A number where a text is wanted becomes text as the
reference's library writes it (`1.50` is `1.5`), so that its files send what they always sent.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from spanspec.source.text import Range

Constant: TypeAlias = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OLD_NUMBER = re.compile(
    r"[-+]?(?:0[0-7_]*[0-7]|0b[01_]*[01]|0x[0-9a-fA-F_]*[0-9a-fA-F]|[0-9][0-9_]*_[0-9_]*(?:\.[0-9]+)?|[0-9]+_[0-9_]*\.?[0-9]*)"
)
_OLD_OCTAL = re.compile(r"[-+]?0[0-7]+")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_MAX_DIGITS = 400

_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_WIDE = {"x": 2, "u": 4, "U": 8}
SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""A character beyond the basic plane as JSON escapes it (RFC 8259, section 7)."""

_BLANK = " \t\r\n"


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """A scalar with its place.

    Attributes:
        text: As YAML decodes it, before any type is given to it.
        value: Its value: a plain scalar's under the core schema, else the text.
        range: The whole token in the file, quotes and block header included, anchor and tag left out.
        style: `""` for a plain one, else `'`, `"`, `|` or `>`.
        raw: The token as it stands in the file.
        offsets: For a text whose parts were replaced: the place of each character; None while YAML's own rules tell it.
        literal: Whether a number or boolean came from a replacement, so that a text field takes `text` as it is.
        broken: Whether a fault about it has been told already.
    """

    text: str
    value: Constant
    range: Range
    style: str = ""
    raw: str = field(default="", repr=False)
    offsets: tuple[int, ...] | None = field(default=None, repr=False)
    literal: bool = False
    broken: bool = False

    @cached_property
    def _places(self) -> tuple[int, ...]:
        if self.offsets is not None:
            return self.offsets
        return tuple(offset + self.range.start for offset in aligned(self.raw, self.text, self.style))

    def offset(self, index: int) -> int:
        """Where the character `index` of `text` stands in the file; the end of the text is one past its last character."""
        places = self._places
        if not places:
            return self.range.start
        if index >= len(places):
            return min(places[-1] + 1, self.range.end)
        return places[max(0, index)]

    def place(self, part: Range) -> Range:
        """The range in the file of a range of characters of `text`."""
        start = self.offset(part.start)
        end = self.offset(part.end - 1) + 1 if part.end > part.start else start
        return Range(start, max(start, end))

    @property
    def whole(self) -> Range:
        """The range of the text itself, without quotes and header; the token where the text is empty."""
        return self.place(Range(0, len(self.text))) if self.text else self.range

    def replaced(self, text: str, offsets: tuple[int, ...]) -> Scalar:
        """The same scalar with another text, whose characters stand at `offsets`."""
        value = resolve(text) if self.style == "" else text
        return replace(self, text=text, value=value, offsets=offsets, literal=True)

    def cut(self, start: int, end: int) -> tuple[int, ...]:
        """The places of some characters of the text."""
        return self._places[start:end]


def resolve(text: str) -> Constant:
    """The value of a plain scalar under the core schema."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _MAX_DIGITS or text[0] not in "-+.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Constant:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    infinite = _INFINITY.fullmatch(text)
    if infinite is not None:
        return -math.inf if infinite[1] == "-" else math.inf
    return math.nan if text in _NAN else text


def as_text(scalar: Scalar) -> str:
    """What a field that wants text takes from a scalar: numbers, booleans and null as the reference's library writes them."""
    if scalar.literal or isinstance(scalar.value, str):
        return scalar.text
    return constant_text(scalar.value)


def as_reference_reads(scalar: Scalar) -> Scalar:
    """The scalar with the value that the reference's library gives it.

    Beyond the core schema it knows octal numbers with a leading zero, binary ones, and `_` between digits.
    """
    if scalar.style != "" or scalar.literal or _OLD_NUMBER.fullmatch(scalar.text) is None:
        return scalar
    digits = scalar.text.replace("_", "")
    if _OLD_OCTAL.fullmatch(digits):
        return replace(scalar, value=int(digits, 8))
    if digits.lstrip("+-").startswith("0b"):
        return replace(scalar, value=int(digits, 2))
    if digits.lstrip("+-").startswith("0x"):
        return replace(scalar, value=int(digits, 16))
    return replace(scalar, value=resolve(digits))


def constant_text(value: Constant) -> str:
    """A constant as text: `true`, `1.5`, `1000`, `1e+21`; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    """Shortest form that reads back, with an exponent below 1e-4 and from 1e21 on."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    if value != 0 and not 1e-4 <= abs(value) < 1e21:
        mantissa, _, exponent = f"{value:e}".partition("e")
        mantissa = repr(value).partition("e")[0] if "e" in repr(value) else mantissa
        power = int(repr(value).partition("e")[2] or exponent)
        return f"{mantissa.removesuffix('.0')}e{'-' if power < 0 else '+'}{abs(power):02d}"
    text = repr(value)
    if "e" in text:
        text = f"{Decimal(text):f}"
    return text.removesuffix(".0")


# --- where each character stands --------------------------------------------------------------------------------


def aligned(raw: str, text: str, style: str) -> tuple[int, ...]:
    """For each character of `text` its offset in `raw`, the token that YAML decoded it from.

    Folding, indentation and line ends change only white space, so everything else is found again in order.
    """
    tokens = _tokens(raw, style)
    out: list[int] = []
    at = 0
    for char in text:
        if char in _BLANK:
            if at < len(tokens) and tokens[at][1] == char:
                out.append(tokens[at][0])
                at += 1
            else:
                out.append(tokens[at][0] if at < len(tokens) else len(raw))
            continue
        while at < len(tokens) and tokens[at][1] != char:
            at += 1
        out.append(tokens[at][0] if at < len(tokens) else len(raw))
        at += 1
    return tuple(out)


def _tokens(raw: str, style: str) -> list[tuple[int, str]]:
    """Offset and decoded character of each unit of the content, folding left undone."""
    if style == "'":
        return _single(raw)
    if style == '"':
        return _double(raw)
    start = raw.find("\n") + 1 if style in ("|", ">") and style else 0
    return [(index, raw[index]) for index in range(start, len(raw))]


def _single(raw: str) -> list[tuple[int, str]]:
    out, at = [], 1
    while at < len(raw) - 1:
        out.append((at, raw[at]))
        at += 2 if raw[at] == "'" else 1
    return out


def _double(raw: str) -> list[tuple[int, str]]:
    out, at = [], 1
    while at < len(raw) - 1:
        char = raw[at]
        if char != "\\":
            out.append((at, char))
            at += 1
            continue
        decoded, width = _escape(raw, at)
        if decoded:
            out.append((at, decoded))
        at += width
    return out


def _escape(raw: str, at: int) -> tuple[str, int]:
    """The character that the escape at `at` stands for, and the escape's width; an escaped line end stands for none."""
    code = raw[at + 1]
    pair = SURROGATES.match(raw, at)
    if pair is not None:
        return chr(0x10000 + ((int(pair[1], 16) & 0x3FF) << 10) + (int(pair[2], 16) & 0x3FF)), len(pair[0])
    if code in _WIDE:
        digits = raw[at + 2 : at + 2 + _WIDE[code]]
        return chr(int(digits, 16)), 2 + len(digits)
    if code in "\r\n":
        end = at + 1
        while end < len(raw) and raw[end] in _BLANK:
            end += 1
        return "", end - at
    return _SIMPLE.get(code, code), 2

"""Go's printf on texts: what the reference makes of a text with `%` in it as soon as it has one `${…}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERB = re.compile(r"%([+\-# 0]*)(\[\d+\])?(\d+|\*)?(?:\.(\d+|\*)?)?(\[\d+\])?(.)?", re.DOTALL)
_MAX_WIDTH = 1_000_000


@dataclass(frozen=True, slots=True)
class _Shape:
    flags: str
    width: int
    precision: int | None

    def padded(self, text: str) -> str:
        if "-" in self.flags:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if "0" in self.flags else " ")

    def cut(self, text: str) -> str:
        return text if self.precision is None else text[: self.precision]


def printf(template: str, arguments: Sequence[str]) -> str:
    """Write `template` with `arguments`, all of them texts, as Go's `fmt.Sprintf` does."""
    out: list[str] = []
    at = used = 0
    reordered = False
    for match in _VERB.finditer(template):
        out.append(template[at : match.start()])
        at = match.end()
        flags, index, width, precision, late_index, verb = match.groups()
        if verb is None:
            out.append("%!(NOVERB)")
            continue
        chosen = late_index or index
        if chosen:
            reordered = True
            used = int(chosen[1:-1]) - 1
        piece, took = _piece(verb, _shape(match[0], flags, width, precision), arguments, used)
        out.append(piece)
        used += took
    out.append(template[at:])
    if not reordered and used < len(arguments):
        out.append(f"%!(EXTRA {', '.join(f'string={argument}' for argument in arguments[used:])})")
    return "".join(out)


def _shape(whole: str, flags: str, width: str | None, precision: str | None) -> _Shape:
    digits = int(width) if width and width.isdigit() else 0
    has_point = "." in whole[:-1]
    places = int(precision) if precision and precision.isdigit() else 0
    return _Shape(flags, min(digits, _MAX_WIDTH), places if has_point else None)


def _piece(verb: str, shape: _Shape, arguments: Sequence[str], at: int) -> tuple[str, int]:
    """What a verb writes, and how many arguments it takes."""
    if verb == "%":
        return "%", 0
    if not 0 <= at < len(arguments):
        return f"%!{verb}({'BADINDEX' if at < 0 else 'MISSING'})", 0
    return _written(verb, shape, arguments[at]), 1


def _written(verb: str, shape: _Shape, text: str) -> str:
    if verb in "sv" and not (verb == "v" and "#" in shape.flags):
        return shape.padded(shape.cut(text))
    if verb == "T":
        return shape.padded("string")
    if verb in "qv":
        return shape.padded(_quoted(shape.cut(text)))
    if verb in "xX":
        return shape.padded(_hexadecimal(verb, shape, text))
    return f"%!{verb}(string={shape.padded(shape.cut(text))})"


def _quoted(text: str) -> str:
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(named.get(c, c if c.isprintable() else f"\\u{ord(c):04x}") for c in text) + '"'


def _hexadecimal(verb: str, shape: _Shape, text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    raw = raw if shape.precision is None else raw[: shape.precision]
    digits = raw.hex(" ") if " " in shape.flags else raw.hex()
    digits = f"0x{digits}" if "#" in shape.flags and digits else digits
    return digits.upper() if verb == "X" else digits

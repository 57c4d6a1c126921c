"""Text in columns: how many cells a text takes in a terminal, cutting, padding and wrapping. Pure; also used by reports.

Texts come from outside: `one_line` and `lines_of` are the two ways by which they get into a report for people.
"""

from __future__ import annotations

import unicodedata

from spanspec.source.render import visible

_UNSEEN = {
    point: f"\\u{point:04x}"
    for point in (0x00AD, 0x180E, 0x200B, 0x2028, 0x2029, 0x2060, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB, 0xFFFE, 0xFFFF)
} | {0x09: "\\t"}


def cells(text: str) -> int:
    """How many cells a terminal gives the text: 2 for a wide character, 0 for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def one_line(text: str, limit: int = 200) -> str:
    """A text from outside on one line of at most `limit` cells, with all that a terminal would obey shown as escapes."""
    return clip(visible(text[: limit + 1]).translate(_UNSEEN), limit)


def lines_of(text: str, limit: int = 200, count: int = 20) -> list[str]:
    """The same for a text whose line breaks count: at most `count` lines, the last one says how many are left out."""
    parts = text[: (limit + 1) * (count + 1) * 4].rstrip().replace("\r\n", "\n").split("\n")
    shown = [one_line(part, limit) for part in parts[:count]]
    if len(parts) > count:
        shown.append(f"… {plural(text.count(chr(10)) + 1 - count, 'more line')}")
    return shown


def clip(text: str, width: int) -> str:
    """The text cut to `width` cells; a cut one ends in `…`."""
    if width <= 0:
        return ""
    if cells(text) <= width:
        return text
    used, kept = 0, []
    for char in text:
        used += _cells_of(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text cut or filled to exactly `width` cells; `right` puts it at the right edge."""
    cut = clip(text, width)
    fill = " " * (width - cells(cut))
    return fill + cut if right else cut + fill


def wrap(text: str, width: int) -> list[str]:
    """One line broken at spaces into lines of at most `width` cells; a longer word is broken inside."""
    width = max(8, width)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, width)
        lines.extend(whole)
    return [*lines, line] if line or not lines else lines


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 span`, `2 spans`, `1,200 spans`."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def _pieces(word: str, width: int) -> list[str]:
    pieces: list[str] = []
    piece: list[str] = []
    used = 0
    for char in word:
        size = _cells_of(char)
        if used + size > width:
            pieces.append("".join(piece))
            piece, used = [], 0
        piece.append(char)
        used += size
    return [*pieces, "".join(piece)]


def _cells_of(char: str) -> int:
    if char < "\u0300":
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

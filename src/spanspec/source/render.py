"""Diagnostics as text for people, in the shape that compilers use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.source.diagnostics import Diagnostic

_MAX_LINE = 160


def visible(text: str) -> str:
    """`text` with control and bidirectional characters shown as escapes, so that no terminal obeys them."""
    return "".join(char if _harmless(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def _harmless(char: str) -> bool:
    if char == "\t":
        return True
    point = ord(char)
    bidi = 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069 or point in (0x200E, 0x200F, 0x061C)
    return point >= 0x20 and not 0x7F <= point <= 0x9F and not bidi and not 0xD800 <= point <= 0xDFFF


def render(diagnostic: Diagnostic) -> str:
    """One diagnostic: headline, place, the line with a pointer, help. No final newline."""
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {_indented(diagnostic.message)}"]
    if diagnostic.source is not None and diagnostic.range is not None:
        lines.extend(_excerpt(diagnostic))
    elif diagnostic.source is not None:
        lines.append(f"  --> {visible(diagnostic.source.name)}")
    if diagnostic.label and diagnostic.range is None:
        lines.append(f"  = {visible(diagnostic.label)}")
    if diagnostic.help:
        lines.append(f"  = help: {_indented(diagnostic.help)}")
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic]) -> str:
    """Several, with an empty line between."""
    return "\n\n".join(render(diagnostic) for diagnostic in diagnostics)


def _indented(text: str) -> str:
    return "\n          ".join(visible(line) for line in text.split("\n"))


def _excerpt(diagnostic: Diagnostic) -> list[str]:
    source, span = diagnostic.source, diagnostic.range
    assert source is not None
    assert span is not None
    place = source.position(span.start)
    raw = source.line(place.line)
    shown, start = _window(raw, place.column - 1)
    width = max(1, min(span.end - span.start, len(raw) - place.column + 1))
    number = str(place.line)
    gutter = " " * len(number)
    lead = "".join("\t" if char == "\t" else " " * len(visible(char)) for char in shown[: place.column - 1 - start])
    marked = shown[place.column - 1 - start : place.column - 1 - start + width]
    pointer = "^" * max(1, len(visible(marked)))
    label = f" {visible(diagnostic.label)}" if diagnostic.label else ""
    return [
        f"{gutter}--> {visible(source.name)}:{place.line}:{place.column}",
        f"{gutter} |",
        f"{number} | {visible(shown)}",
        f"{gutter} | {lead}{pointer}{label}",
    ]


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around `column`, and where that part starts."""
    if len(line) <= _MAX_LINE:
        return line, 0
    start = max(0, min(column - _MAX_LINE // 3, len(line) - _MAX_LINE))
    return line[start : start + _MAX_LINE], start

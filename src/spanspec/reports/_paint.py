"""Styled lines as text: with colours for a terminal, without for a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.results.drawing import Segment
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.results.drawing import Line

_CODES = {
    "bold": "1",
    "dim": "2",
    "passed": "32",
    "failed": "1;31",
    "inconclusive": "1;33",
    "errored": "1;35",
    "skipped": "2",
    "flaky": "33",
    "concerned": "33",
    "error": "31",
    "late": "35",
    "service0": "36",
    "service1": "94",
    "service2": "95",
    "service3": "32",
    "service4": "96",
    "service5": "35",
}
"""SGR parameters of the sixteen colours that every terminal's own theme defines; red and yellow are for verdicts."""

_ASCII = str.maketrans(
    {
        "✔": "+",
        "✘": "x",
        "○": "-",
        "↻": "~",
        "►": ">",
        "·": "-",
        "…": "~",
        "×": "x",
        "→": ">",
        "Σ": "=",
        "│": "|",
        "├": "|",
        "└": "`",
        "─": "-",
        "█": "#",
        "▌": "#",
        "▐": "#",
        "⋯": "~",
        "µ": "u",
        "–": "-",
    }
)


def paint(lines: Iterable[Line], *, colour: bool, unicode: bool = True) -> str:
    """The lines with a line break after each; blanks at line ends are cut."""
    text = "".join(f"{_line(line, colour)}\n" for line in lines)
    return text if unicode else text.translate(_ASCII)


def line(*parts: str | Segment) -> Line:
    """A line of plain texts and styled pieces."""
    return tuple(Segment(part) if isinstance(part, str) else part for part in parts)


def style_of(outcome: Outcome) -> str:
    """The style that goes with an outcome: its own word."""
    return outcome.value


def _line(pieces: Line, colour: bool) -> str:
    if not colour:
        return "".join(piece.text for piece in pieces).rstrip()
    last = max((index for index, piece in enumerate(pieces) if piece.text.strip()), default=-1)
    kept = [*pieces[:last], Segment(pieces[last].text.rstrip(), pieces[last].style)] if last >= 0 else []
    return "".join(_piece(piece) for piece in kept)


def _piece(piece: Segment) -> str:
    code = _CODES.get(piece.style)
    return f"\x1b[{code}m{piece.text}\x1b[0m" if code and piece.text.strip() else piece.text

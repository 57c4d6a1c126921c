"""The codes of diagnostics: stable names, each with what it means and how to mend it.

A code is added here first; a test fails for a diagnostic whose code is not here. `spanspec explain CODE` prints the entry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a diagnostic code means.

    Attributes:
        title: One line.
        why: Why it is a fault, in a sentence or two.
        wrong: A text that has it.
        right: The same text mended.
    """

    title: str
    why: str
    wrong: str = ""
    right: str = ""


CODES: dict[str, Code] = {
    "syntax": Code(
        title="the text does not parse",
        why="The parser met something else than what the grammar allows at this place; the message says what it expected.",
        wrong='exactly span[name = "ship"]',
        right='exactly 1 span[name = "ship"]',
    ),
}

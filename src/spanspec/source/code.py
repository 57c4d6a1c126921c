"""What the entry of a diagnostic code says."""

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

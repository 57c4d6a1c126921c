"""Untagged cases whose result differs by default: both results, and why. The one table of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A case whose default result is another than the reference's.

    Attributes:
        recorded: The reference's verdict.
        found: The default's verdict.
        why: One sentence.
        shown: What the default shows, where the verdicts are equal.
    """

    recorded: str
    found: str
    why: str
    shown: Any = None


_DOC = "doc_examples"

DIFFERENCES: dict[tuple[str, str], Difference] = {
    ("assertions", "assert.durationcomparison/0.0"): Difference(
        "ok", "no_match", "Row 3: a bound is compared in nanoseconds, not after rounding to the shown unit."
    ),
    (_DOC, "d.doc.21"): Difference("no_match", "ok", "Row 41: an item that is a number equals a number, 1 and 1.0."),
    (_DOC, "d.doc.32"): Difference("no_match", "ok", "Row 41: an array that a path selects has items."),
    (_DOC, "d.doc.35"): Difference(
        "no_match", "ok", "Row 26: what a path selects is JSON, and arrays compare as such."
    ),
    (_DOC, "d.doc.36"): Difference(
        "no_match", "ok", "Row 26: what a path selects is JSON, and arrays compare as such."
    ),
    (_DOC, "d.doc.41"): Difference(
        "other", "ok", "Row 26: an object that a path selects is JSON, and so has its keys."
    ),
    (_DOC, "d.doc.45"): Difference("other", "ok", "Row 26: what a path selects is JSON, so a second path can read it."),
}
"""By file and case."""

"""Did you mean …?"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The candidate most like `word`, or None when none is like it; case counts little."""
    best, best_score = None, cutoff
    lowered = word.casefold()
    for candidate in sorted(set(candidates)):
        if abs(len(candidate) - len(word)) > max(len(candidate), len(word)) * (1 - cutoff) + 2:
            continue
        score = SequenceMatcher(None, lowered, candidate.casefold()).ratio()
        if score > best_score:
            best, best_score = candidate, score
    return best


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`did you mean "x"?`, or an empty text."""
    found = nearest(word, candidates)
    return f'did you mean "{found}"?' if found is not None else ""

"""Quantifiers as ranges: what a number of sure and of undecided members makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from spanspec.language.expressions import evaluate
from spanspec.language.syntax import QuantifierWord
from spanspec.language.truth import OPEN, Outcome
from spanspec.language.values import show
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from spanspec.language.syntax import Name, Number, Quantifier
    from spanspec.language.verdict import Given


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `low` to `high`, both included; `high` is None without an upper bound. `every` is told by its flag."""

    low: int
    high: int | None = None
    every: bool = False

    def decide(self, sure: int, undecided: int = 0, *, void: bool = False) -> Outcome:
        """The outcome for so many sure members and so many undecided for clocks.

        Args:
            sure: At least so many.
            undecided: Up to so many more.
            void: Whether there are members of which it could not be said.
        """
        if self.high is not None and sure > self.high:
            return Outcome.FAILS
        upper_fits = self.high is None or (sure + undecided <= self.high and not void)
        if sure >= self.low and upper_fits:
            return Outcome.HOLDS
        if sure + undecided < self.low and not void:
            return Outcome.FAILS
        return Outcome.VOID if void else Outcome.CLOCK

    def decide_early(self, sure: int) -> Outcome:
        """What it may become when so many are sure and any number may come."""
        if self.high is not None:
            return Outcome.FAILS if sure > self.high else OPEN
        return Outcome.HOLDS if sure >= self.low else OPEN

    @property
    def enough(self) -> int:
        """Counting further than this many changes nothing."""
        return self.high if self.high is not None else max(0, self.low - 1)


def bounds_of(quantifier: Quantifier, given: Given) -> Bounds:
    """The range that a quantifier means.

    Raises:
        EvaluationError: A bound is no whole number.
    """
    word = quantifier.word
    if word is QuantifierWord.SOME:
        return Bounds(1)
    if word is QuantifierWord.EVERY:
        return Bounds(1, every=True)
    if word is QuantifierWord.NO:
        return Bounds(0, 0)
    if word is QuantifierWord.AT_MOST:
        return Bounds(0, _whole(quantifier.low if quantifier.high is None else quantifier.high, given))
    low = _whole(quantifier.low, given)
    if word is QuantifierWord.AT_LEAST:
        return Bounds(low)
    return Bounds(low, low if word is QuantifierWord.EXACTLY else _whole(quantifier.high, given))


def words_of(quantifier: Quantifier, given: Given) -> str:
    """`exactly 1`, `between 1 and 3`, with the bounds as numbers."""
    bounds = bounds_of(quantifier, given)
    word = quantifier.word
    if word is QuantifierWord.BETWEEN:
        return f"between {bounds.low} and {bounds.high}"
    if word is QuantifierWord.AT_MOST:
        return f"at most {bounds.high}"
    if word in (QuantifierWord.EXACTLY, QuantifierWord.AT_LEAST):
        return f"{word.value} {bounds.low}"
    return word.value


def _whole(bound: Number | Name | None, given: Given) -> int:
    if bound is None:
        raise EvaluationError("a quantifier lacks its number")
    value = evaluate(bound, given)
    number = _number(value)
    if number is None or number != number.to_integral_value() or number < 0:
        raise EvaluationError(f"a quantifier needs a whole number, and got {show(value)}")
    return int(number)


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return Decimal(value.strip())
    return None

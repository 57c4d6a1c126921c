"""Kleene's logic over sets of outcomes."""

from __future__ import annotations

import pytest

from spanspec.language.truth import OPEN, Outcome, conjunction, disjunction, negate, truth_of
from spanspec.language.verdict import Truth

H, F, V, C = Outcome.HOLDS, Outcome.FAILS, Outcome.VOID, Outcome.CLOCK


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (H, H, H, H), (H, F, F, H), (F, F, F, F), (H, V, V, H), (F, V, F, V), (H, C, C, H), (F, C, F, C), (V, C, V, C),
        (H | F, H, H | F, H), (H | F, F, F, H | F), (OPEN, F, F, OPEN), (OPEN, H, OPEN, H), (H | V, F, F, H | V),
    ],
)  # fmt: skip
def test_tables(left: Outcome, right: Outcome, both: Outcome, either: Outcome) -> None:
    """Sets are combined member by member, in either order."""
    assert conjunction((left, right)) == conjunction((right, left)) == both
    assert disjunction((left, right)) == disjunction((right, left)) == either


def test_of_nothing() -> None:
    """A conjunction of nothing holds, a disjunction of nothing fails."""
    assert conjunction(()) == H
    assert disjunction(()) == F


@pytest.mark.parametrize(
    ("mask", "negated", "truth"),
    [
        (H, F, Truth.HOLDS),
        (F, H, Truth.FAILS),
        (V, V, Truth.FAILS),
        (F | V, H | V, Truth.FAILS),
        (H | V, F | V, Truth.UNDECIDED),
        (C, C, Truth.UNDECIDED),
        (OPEN, OPEN, Truth.UNDECIDED),
    ],
)
def test_negation_and_truth(mask: Outcome, negated: Outcome, truth: Truth) -> None:
    """A void check fails, and so does its negation."""
    assert negate(mask) == negated
    assert truth_of(mask) is truth

"""How a value may still move while spans arrive, and what a comparison with it is already worth."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

from spanspec.language.dialect import Dialect
from spanspec.language.syntax import Comparator, Place
from spanspec.language.truth import OPEN, Outcome, outcome
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from spanspec.language.syntax import Name
    from spanspec.language.verdict import Given, Value


class Motion(IntFlag):
    """Fixed, growing, shrinking, or free; of two values combined, the union."""

    FIXED = 0
    GROW = 1
    SHRINK = 2
    FREE = 3


SELECTED_SPANS = "tracetest.selected_spans."
_BY_TREE = {"depth": Motion.GROW, "child_count": Motion.GROW, "self_time": Motion.SHRINK}
ORDER = frozenset({Comparator.LT, Comparator.LE, Comparator.GT, Comparator.GE})
"""The comparators that ask which is the greater."""


_FLIPPED = {
    Motion.FIXED: Motion.FIXED,
    Motion.GROW: Motion.SHRINK,
    Motion.SHRINK: Motion.GROW,
    Motion.FREE: Motion.FREE,
}


def flipped(motion: Motion) -> Motion:
    """The motion of the negated value."""
    return _FLIPPED[motion]


def motion_of_name(name: Name, given: Given) -> Motion:
    """How what a name stands for may move; whether it is there at all is the look-up's to say.

    Args:
        name: The name.
        given: What is looked at, as if it were open.
    """
    if name.key.startswith(SELECTED_SPANS):
        return Motion.FREE
    if name.place is Place.TRACE:
        return Motion.GROW
    if name.place is Place.RESPONSE and given.response is None:
        return Motion.FREE
    if given.dialect is not Dialect.EXPECT and name.key.removeprefix("tracetest.span.") == "parent_id":
        return Motion.FREE
    if name.place is not Place.SPAN or name.key not in _BY_TREE:
        return Motion.FIXED
    if given.dialect is not Dialect.EXPECT:
        return Motion.FREE  # what hangs under the trigger for want of its parent may yet hang elsewhere
    return _BY_TREE[name.key]


def decide(left: Value, comparator: Comparator, right: Value, motion: Motion, dialect: Dialect) -> Outcome:
    """What a comparison may become.

    Args:
        left: The left value now, or a bound of it.
        comparator: The comparator.
        right: The right value now, or a bound of it.
        motion: How left less right may move.
        dialect: The meaning of the text.

    Raises:
        EvaluationError: The two do not compare and neither moves.
    """
    if motion is Motion.FIXED:
        return outcome(compare(left, comparator, right, dialect))
    if motion is Motion.FREE:
        return OPEN
    try:
        return _decide_moving(left, comparator, right, motion, dialect)
    except EvaluationError:
        return OPEN


def _decide_moving(left: Value, comparator: Comparator, right: Value, motion: Motion, dialect: Dialect) -> Outcome:
    if isinstance(left, frozenset) or isinstance(right, frozenset):
        return _decide_sets(left, comparator, right, motion)
    grows = motion is Motion.GROW
    beyond = Comparator.GT if grows else Comparator.LT
    if comparator in (Comparator.EQ, Comparator.NE):
        if compare(left, beyond, right, dialect):
            return outcome(comparator is Comparator.NE)
        return OPEN
    if comparator not in ORDER:
        return OPEN
    holds = compare(left, comparator, right, dialect)
    toward = {Comparator.GT, Comparator.GE} if grows else {Comparator.LT, Comparator.LE}
    if holds == (comparator in toward):
        return outcome(holds)
    return OPEN


def _decide_sets(left: Value, comparator: Comparator, right: Value, motion: Motion) -> Outcome:
    """A growing set on the left against a fixed right side."""
    if motion is not Motion.GROW or not isinstance(left, frozenset):
        return OPEN
    if comparator in (Comparator.EQ, Comparator.NE) and isinstance(right, (frozenset, tuple)):
        if not left <= set(right):
            return outcome(comparator is Comparator.NE)
        return OPEN
    if isinstance(right, str) and right in left and comparator in (Comparator.CONTAINS, Comparator.NOT_CONTAINS):
        return outcome(comparator is Comparator.CONTAINS)
    return OPEN

"""Kleene's logic over what a check may still become.

A check ends as one of four outcomes. While spans are still to come, what is known of it is the set of outcomes that it
may end with, a mask of bits; it is decided when that set allows one answer only. Combining sets member by member keeps
every early verdict equal to the one on the whole trace.
"""

from __future__ import annotations

from enum import IntFlag
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from spanspec.language.verdict import Truth

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(IntFlag):
    """How a check may end; an `Outcome` with several bits is a set of them.

    `VOID` is a check that cannot be evaluated (types that do not compare, a missing attribute, a bound on no span):
    it fails, and its negation fails too. `CLOCK` is undecided for clocks, which no span mends.
    """

    HOLDS = 1
    FAILS = 2
    VOID = 4
    CLOCK = 8


OPEN = Outcome.HOLDS | Outcome.FAILS | Outcome.VOID | Outcome.CLOCK
"""Nothing is known yet."""

_SETS = tuple(Outcome(bits) for bits in range(16))


def _table(strongest_first: tuple[Outcome, ...]) -> tuple[tuple[Outcome, ...], ...]:
    """For two sets of outcomes the set of what their pairs come to: of two, the one that is named first."""

    def pair(left: Outcome, right: Outcome) -> Outcome:
        found = {min(a, b, key=strongest_first.index) for a in left for b in right}
        return reduce(or_, found, Outcome(0))

    return tuple(tuple(pair(left, right) for right in _SETS) for left in _SETS)


_BOTH = _table((Outcome.FAILS, Outcome.VOID, Outcome.CLOCK, Outcome.HOLDS))
_EITHER = _table((Outcome.HOLDS, Outcome.CLOCK, Outcome.VOID, Outcome.FAILS))
_NOT = tuple(
    reduce(or_, ({Outcome.HOLDS: Outcome.FAILS, Outcome.FAILS: Outcome.HOLDS}.get(a, a) for a in bits), Outcome(0))
    for bits in _SETS
)


def outcome(value: bool) -> Outcome:
    """`HOLDS` or `FAILS`."""
    return Outcome.HOLDS if value else Outcome.FAILS


def negate(mask: Outcome) -> Outcome:
    """What the negation may become; a void check stays void."""
    return _NOT[mask]


def conjunction(masks: Iterable[Outcome]) -> Outcome:
    """What `a and b and …` may become; of no operands it holds."""
    return reduce(lambda left, right: _BOTH[left][right], masks, Outcome.HOLDS)


def disjunction(masks: Iterable[Outcome]) -> Outcome:
    """What `a or b or …` may become; of no operands it fails."""
    return reduce(lambda left, right: _EITHER[left][right], masks, Outcome.FAILS)


def truth_of(mask: Outcome) -> Truth:
    """The verdict that a set of outcomes allows."""
    if mask & (Outcome.HOLDS | Outcome.CLOCK) == 0:
        return Truth.FAILS
    return Truth.HOLDS if mask == Outcome.HOLDS else Truth.UNDECIDED

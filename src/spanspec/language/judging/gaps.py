"""The gap between two sets of spans, and what it may be where clocks differ.

A gap is the least difference over all pairs of a span a of the left side and a span b of the right: b's start less a's
end. A pair of one clock is exact; between different or unknown clocks the difference may be off by the skew either way.
So the gap lies between the least of the pairs' lower and the least of their upper bounds. Both bounds are minima over
pairs, so a further span can only lower them: what the upper bound decides below a border stays decided, whichever clock
the next span comes with.

Each side is kept as the least time for each clock, so a gap costs time linear in the spans, and a further span a few steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.relations import clock_of, end_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from spanspec.model.span import Span

Clock: TypeAlias = "tuple[Hashable | None, ...]"
"""A clock by its resource's keys, and last the span itself where none of them names it: it has a clock of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A gap in nanoseconds: as measured, and the bounds of what it may be; all three are equal where clocks agree."""

    measured_ns: int
    low_ns: int
    high_ns: int


@dataclass(slots=True)
class _Least:
    """The least time, and the least of those that have another value than it."""

    value: Hashable
    time: int
    other: int | None = None

    def take(self, value: Hashable, time: int) -> None:
        """Take a time in."""
        if value == self.value:
            self.time = min(self.time, time)
        elif time < self.time:
            self.value, self.time, self.other = value, time, self.time
        elif self.other is None or time < self.other:
            self.other = time

    def beside(self, value: Hashable) -> int | None:
        """The least time with another value."""
        return self.other if value == self.value else self.time


@dataclass(slots=True)
class _Kind:
    """Clocks that are named by the same keys: the least time of each value of each of these keys."""

    times: dict[int, dict[Hashable, int]]
    least: dict[int, _Least] = field(default_factory=dict)
    all: int | None = None

    def take(self, clock: Clock, time: int) -> None:
        """Take a time in."""
        self.all = time if self.all is None else min(self.all, time)
        for key, times in self.times.items():
            value = clock[key]
            times[value] = min(time, times.get(value, time))
            known = self.least.get(key)
            if known is None:
                self.least[key] = _Least(value, time)
            else:
                known.take(value, time)


class Side:
    """One side of a gap: times, of which the least counts, by the clocks that they were read from."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[int, ...], _Kind] = {}
        self.clocks: dict[Clock, int] = {}
        self.least: int | None = None

    def take(self, clock: Clock, time: int) -> None:
        """Take a time in."""
        known = self.clocks.get(clock)
        if known is not None and known <= time:
            return
        self.clocks[clock] = time
        self.least = time if self.least is None else min(self.least, time)
        keys = _keys_of(clock)
        kind = self._kinds.get(keys)
        if kind is None:
            kind = self._kinds[keys] = _Kind({key: {} for key in keys})
        kind.take(clock, time)

    def same(self, clock: Clock) -> int | None:
        """The least time of the same clock; None without one."""
        found = (kind.times[key].get(clock[key]) for kind, key in self._compared(clock) if key is not None)
        return min((time for time in found if time is not None), default=None)

    def other(self, clock: Clock) -> int | None:
        """The least time of other clocks; None without one."""
        found = (kind.all if key is None else kind.least[key].beside(clock[key]) for kind, key in self._compared(clock))
        return min((time for time in found if time is not None), default=None)

    def _compared(self, clock: Clock) -> Iterable[tuple[_Kind, int | None]]:
        """Each kind with the key by which its clocks are compared with this one: the first that both have."""
        mine = _keys_of(clock)
        for keys, kind in self._kinds.items():
            yield kind, next((key for key in mine if key in keys), None)


def _keys_of(clock: Clock) -> tuple[int, ...]:
    """By which keys a clock is named."""
    return tuple(key for key, value in enumerate(clock) if value is not None)


def _named(span: Span) -> Clock:
    clock = clock_of(span.resource)
    alone = span.span_id if all(value is None for value in clock) else None
    return (*clock, alone)


class Gaps:
    """A gap that is kept while spans come to either side.

    Args:
        skew_ns: How far two clocks may differ.
    """

    def __init__(self, skew_ns: int) -> None:
        self._skew_ns = skew_ns
        self._ends, self._starts = Side(), Side()
        self._exact: int | None = None

    def left(self, span: Span) -> None:
        """Take a span in whose end counts."""
        self._pair(span, -end_of(span), self._ends, self._starts)

    def right(self, span: Span) -> None:
        """Take a span in whose start counts."""
        self._pair(span, span.start_ns, self._starts, self._ends)

    def _pair(self, span: Span, time: int, mine: Side, across: Side) -> None:
        clock = _named(span)
        mine.take(clock, time)
        facing = across.same(clock)
        if facing is not None and (self._exact is None or facing + time < self._exact):
            self._exact = facing + time

    @property
    def high_ns(self) -> int | None:
        """The greatest that the gap may be; None while a side is empty."""
        if self._ends.least is None or self._starts.least is None:
            return None
        across = self._ends.least + self._starts.least + self._skew_ns
        return across if self._exact is None else min(across, self._exact)

    def gap(self) -> Gap | None:
        """The gap; None while a side is empty."""
        high = self.high_ns
        if high is None:
            return None
        assert self._ends.least is not None
        assert self._starts.least is not None
        lows = [] if self._exact is None else [self._exact]
        for clock, time in self._ends.clocks.items():
            facing = self._starts.other(clock)
            if facing is not None:
                lows.append(time + facing - self._skew_ns)
        return Gap(measured_ns=self._ends.least + self._starts.least, low_ns=min(lows), high_ns=high)


def gap_of(left: Iterable[Span], right: Iterable[Span], skew_ns: int) -> Gap | None:
    """The gap from one set of spans to another; None when either is empty."""
    gaps = Gaps(skew_ns)
    for span in left:
        gaps.left(span)
    for span in right:
        gaps.right(span)
    return gaps.gap()

"""Times and durations: integer nanoseconds, Unix time for points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NewType

Nanoseconds = NewType("Nanoseconds", int)

UNITS: dict[str, int] = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
"""Nanoseconds of each unit that a duration may be written in."""

_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h|d)")
_WHOLE = re.compile(rf"(-?)((?:{_PART.pattern})+)")


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Duration:
    """A signed length of time, exact to the nanosecond."""

    ns: int

    def __str__(self) -> str:
        return format_duration(self.ns)

    __repr__ = __str__  # what a test shows that compares durations

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.ns + other.ns) if isinstance(other, Duration) else NotImplemented

    def __radd__(self, other: int) -> Duration:
        return self if other == 0 else NotImplemented  # what `sum` begins with

    def __sub__(self, other: Duration) -> Duration:
        return Duration(self.ns - other.ns) if isinstance(other, Duration) else NotImplemented

    def __mul__(self, factor: float) -> Duration:
        return Duration(round(self.ns * factor)) if isinstance(factor, int | float) else NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> Duration:
        return Duration(-self.ns)

    def __abs__(self) -> Duration:
        return Duration(abs(self.ns))

    @property
    def ms(self) -> float:
        """In milliseconds."""
        return self.ns / 1e6

    @property
    def seconds(self) -> float:
        """In seconds."""
        return self.ns / 1e9


def parse_duration(text: str) -> Duration | None:
    """Read `250ms`, `1.5s`, `1m30s`, `-2h`; None when `text` has another form. A part of a nanosecond is cut off."""
    match = _WHOLE.fullmatch(text.strip())
    if match is None:
        return None
    total = sum((Decimal(number) * UNITS[unit] for number, unit in _PART.findall(match[2])), Decimal(0))
    return Duration(-int(total) if match[1] else int(total))


def format_duration(ns: int) -> str:
    """Write a duration in its largest unit below a day that keeps it exact and readable: `99.9ms`, `1m30s`, `0s`.

    `parse_duration` reads the same value back.
    """
    if ns < 0:
        return f"-{format_duration(-ns)}"
    if ns == 0:
        return "0s"
    if ns < 60 * UNITS["s"]:
        unit = next(name for name in ("s", "ms", "µs", "ns") if ns >= UNITS[name])
        return f"{_plain(Decimal(ns) / UNITS[unit])}{unit}"
    parts = []
    for unit in ("h", "m"):
        count, ns = divmod(ns, UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    if ns:
        parts.append(f"{_plain(Decimal(ns) / UNITS['s'])}s")
    return "".join(parts)


def short_duration(ns: int) -> str:
    """Write a duration for a reader, with three significant digits: `99.9ms`, `1.23s`. Not exact."""
    if ns < 0:
        return f"-{short_duration(-ns)}"
    if ns >= 60 * UNITS["s"]:
        return format_duration(round(ns / UNITS["s"]) * UNITS["s"])
    unit = next((name for name in ("s", "ms", "µs", "ns") if ns >= UNITS[name]), "ns")
    value = ns / UNITS[unit]
    digits = 2 if value < 10 else 1 if value < 100 else 0
    text = f"{value:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{unit}"


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

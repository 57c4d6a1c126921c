"""Writing a date: tokens such as `YYYY-MM-DD`, or Go's reference layout, in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_TOKENS: Final = (
    ("hh", "15"), ("h", "3"), ("mm", "04"), ("ss", "05"),
    ("MMMM", "January"), ("MMM", "Jan"), ("MM", "01"), ("M", "1"),
    ("pm", "PM"), ("ZZZZ", "-0700"), ("ZZZ", "MST"), ("ZZ", "Z07:00"),
    ("YYYY", "2006"), ("YY", "06"), ("DDDD", "Monday"), ("DDD", "Mon"), ("DD", "02"), ("D", "2"),
)  # fmt: skip
"""Each token and its piece of Go's layout, replaced once each, in this order."""

_LONE_M = re.compile(r"(?<!P)M")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

_LAYOUT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|Z07:00|Z0700|-07:00|-0700|-07|[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|15|PM|pm|_2|1|2|3|4|5"
)


def write_date(moment: datetime, layout: str) -> str:
    """Write a moment, which has a time zone, in a layout of at most 1000 characters."""
    for letters, piece in _TOKENS:
        # the M of Go's own PM is no month
        layout = _LONE_M.sub(piece, layout, count=1) if letters == "M" else layout.replace(letters, piece, 1)
    return _LAYOUT.sub(lambda match: _piece(match[0], moment), layout[:1000])


def _piece(piece: str, moment: datetime) -> str:
    if piece[0] in ".,":
        digits = f"{moment.microsecond:06d}000"[: len(piece) - 1]
        return piece[0] + digits if piece[1] == "0" else (piece[0] + digits).rstrip("0").rstrip(".,")
    if piece[0] in "Z-":
        return _zone(piece, moment)
    return _FIELDS[piece](moment)


def _zone(piece: str, moment: datetime) -> str:
    offset = moment.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    if piece[0] == "Z" and minutes == 0:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    if piece == "-07":
        return f"{sign}{hours:02d}"
    return f"{sign}{hours:02d}{':' if ':' in piece else ''}{rest:02d}"


_FIELDS: Final[dict[str, Callable[[datetime], str]]] = {
    "January": lambda m: _MONTHS[m.month - 1],
    "Jan": lambda m: _MONTHS[m.month - 1][:3],
    "Monday": lambda m: _DAYS[m.weekday()],
    "Mon": lambda m: _DAYS[m.weekday()][:3],
    "MST": lambda m: m.tzname() or "UTC",
    "2006": lambda m: f"{m.year:04d}",
    "06": lambda m: f"{m.year % 100:02d}",
    "01": lambda m: f"{m.month:02d}",
    "1": lambda m: str(m.month),
    "02": lambda m: f"{m.day:02d}",
    "_2": lambda m: f"{m.day:2d}",
    "2": lambda m: str(m.day),
    "15": lambda m: f"{m.hour:02d}",
    "03": lambda m: f"{m.hour % 12 or 12:02d}",
    "3": lambda m: str(m.hour % 12 or 12),
    "04": lambda m: f"{m.minute:02d}",
    "4": lambda m: str(m.minute),
    "05": lambda m: f"{m.second:02d}",
    "5": lambda m: str(m.second),
    "PM": lambda m: "AM" if m.hour < 12 else "PM",
    "pm": lambda m: "am" if m.hour < 12 else "pm",
}

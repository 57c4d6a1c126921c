"""Source texts and ranges in them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """A half-open range of characters: `start` inclusive, `end` exclusive, both counted from 0."""

    start: int
    end: int

    def shifted(self, by: int) -> Range:
        """The same range, `by` characters further on."""
        return Range(self.start + by, self.end + by)

    def to(self, other: Range) -> Range:
        """The range from the start of this one to the end of the other."""
        return Range(self.start, max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Position:
    """A place as people count: line and column from 1; a column is one character."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceText:
    """A text with a name to show: a file's path as the user gave it, or `<expression>`."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(index + 1 for index, char in enumerate(self.text) if char == "\n")
        return starts

    def position(self, offset: int) -> Position:
        """Line and column of a character offset; an offset past the end is the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The character offset of a line and column, both from 1."""
        line = max(1, min(line, len(self._line_starts)))
        return min(self._line_starts[line - 1] + column - 1, len(self.text))

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        if not 1 <= number <= len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

"""A fault in what the user wrote, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.source.text import Range, SourceText


class Severity(StrEnum):
    """An error stops what it is in from running; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One fault: a stable code, a place, one headline that suffices alone, and how to go on.

    Attributes:
        code: A name of `codes.CODES`, such as `unknown-function`; `spanspec explain CODE` tells more.
        message: The headline, without a full stop.
        range: Where, in characters of the source; None when no place can be named.
        label: What to say at the pointer (`did you mean "busy_time"?`), may be empty.
        help: One sentence on how to go on, may be empty.
        source: The text that the range counts in. A parser leaves it out; whoever knows the file fills it in.
        severity: Error or warning.
    """

    code: str
    message: str
    range: Range | None = None
    label: str = ""
    help: str = ""
    source: SourceText | None = field(default=None, repr=False)
    severity: Severity = Severity.ERROR

    def within(self, source: SourceText, offset: int = 0) -> Diagnostic:
        """The same fault placed in `source`, its range moved by `offset` characters."""
        moved = self.range.shifted(offset) if self.range is not None else None
        return replace(self, source=source, range=moved)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is an error."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)

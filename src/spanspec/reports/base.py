"""The seam of all reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spanspec.plugins import Family

if TYPE_CHECKING:
    from spanspec.results.model import RunResult
    from spanspec.results.progress import Progress

REPORTS = Family("report", "spanspec.reports", "spanspec.reports", "Report")


class Report(Protocol):
    """One format. Pure: a run in, a document out. Every text in a run comes from outside and is escaped here."""

    def render(self, run: RunResult) -> str | bytes:
        """The whole document."""
        ...


@runtime_checkable
class StreamedReport(Report, Protocol):
    """A report that is also written line by line while the run goes on. Its lines are those of `render`, in the order of time."""

    def line_for(self, progress: Progress) -> str | None:
        """The line of a message, without its line break; None where it has none."""
        ...

    def last_line(self, run: RunResult) -> str:
        """The line that ends the report, without its line break."""
        ...

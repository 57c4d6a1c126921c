"""The seam of all reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from spanspec.plugins import Family

if TYPE_CHECKING:
    from spanspec.results.model import RunResult

REPORTS = Family("report", "spanspec.reports", "spanspec.reports", "Report")


class Report(Protocol):
    """One format. Pure: a run in, a document out. Every text in a run comes from outside and is escaped here."""

    def render(self, run: RunResult) -> str | bytes:
        """The whole document."""
        ...

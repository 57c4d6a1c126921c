"""Where reports go: to stdout, to files, and line by line while a run goes on."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from spanspec.errors import UsageError
from spanspec.reports.base import REPORTS, StreamedReport
from spanspec.results.progress import CaseDone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.results.model import RunResult
    from spanspec.results.progress import Progress


def write(run: RunResult, name: str, path: str) -> None:
    """Render one report to a file, or to stdout without a path.

    The file that GitHub Actions names in GITHUB_STEP_SUMMARY is shared by the commands of a step, so it is added to.

    Raises:
        UsageError: The file cannot be written.
    """
    document = REPORTS.load(name)().render(run)
    if not path:
        click.echo(document)
        return
    data = document if isinstance(document, bytes) else document.encode("utf-8", "replace")
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab" if _is_shared(path) else "wb") as file:
            file.write(data)
    except OSError as fault:
        raise _unwritable(name, path, fault) from fault


def is_streamed(name: str) -> bool:
    """Whether a report is written while the run goes on."""
    return isinstance(REPORTS.load(name)(), StreamedReport)


def streamed(wanted: Iterable[tuple[str, str]]) -> tuple[Stream, ...]:
    """The reports among these that are written while the run goes on, each opened.

    Raises:
        UsageError: A file cannot be written.
    """
    found = []
    for name, path in wanted:
        report = REPORTS.load(name)()
        if isinstance(report, StreamedReport):
            found.append(Stream(report, path, _opened(name, path)))
    return tuple(found)


@dataclass(slots=True)
class Stream:
    """A report that is written line by line; a listener.

    Args:
        report: What gives the lines.
        path: Of the file; empty for stdout.
        target: Where they go.
    """

    report: StreamedReport
    path: str
    target: TextIO
    _told: dict[int, str] = field(default_factory=dict)
    _broken: bool = False

    def on(self, progress: Progress) -> None:
        """Write the line of a message."""
        line = self.report.line_for(progress)
        if line is None:
            return
        if isinstance(progress, CaseDone):
            self._told[progress.index] = line
        self._write(line)

    def end(self, run: RunResult) -> None:
        """Write again what spans that came late have changed, then the last line, and close."""
        if len(self._told) == len(run.cases):
            for (index, told), case in zip(sorted(self._told.items()), run.cases, strict=True):
                line = self.report.line_for(CaseDone(index=index, result=case))
                if line is not None and line != told:
                    self._write(line)
        self._write(self.report.last_line(run))
        self.close()

    def close(self) -> None:
        """Close the file; a run that was broken off has no last line."""
        if self.path:
            self.target.close()

    def _write(self, line: str) -> None:
        """Write and flush: whoever reads the other end reads it now. A reader that has gone ends the stream, not the run."""
        if self._broken:
            return
        try:
            self.target.write(f"{line}\n")
            self.target.flush()
        except OSError:
            self._broken = True


def _opened(name: str, path: str) -> TextIO:
    if not path:
        return sys.stdout
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return Path(path).open("a" if _is_shared(path) else "w", encoding="utf-8")
    except OSError as fault:
        raise _unwritable(name, path, fault) from fault


def _is_shared(path: str) -> bool:
    shared = os.environ.get("GITHUB_STEP_SUMMARY", "")
    return bool(shared) and Path(shared).absolute() == Path(path).absolute()


def _unwritable(name: str, path: str, fault: OSError) -> UsageError:
    return UsageError(f"the {name} report cannot be written to {path}: {fault.strerror}", help="Name another path.")

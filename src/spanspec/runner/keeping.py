"""What is kept of a run while it goes on and after it: the journal of its cases, their outcomes and durations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.archive.journal import Journal, left
from spanspec.archive.outcomes import Remembered, recall, remember
from spanspec.errors import UsageError
from spanspec.results import journal as lines
from spanspec.results.json import encode
from spanspec.results.model import RunResult
from spanspec.results.progress import CaseDone, RunStarted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.archive.folder import Folder
    from spanspec.model.context import Clock
    from spanspec.results.progress import Listener, Progress


@dataclass(frozen=True, slots=True)
class Several:
    """Passes progress on to several listeners."""

    listeners: Sequence[Listener]

    def on(self, progress: Progress) -> None:
        """Take a message."""
        for each in self.listeners:
            each.on(progress)


@dataclass(slots=True)
class Keeper:
    """Keeps a run in the archive; a listener.

    Args:
        folder: Where.
        clock: For the time of the run.
        blank: The run without cases: version, seed, shard.
    """

    folder: Folder
    clock: Clock
    blank: RunResult
    _journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self._journal = Journal(self.folder)

    def on(self, progress: Progress) -> None:
        """Write a case down as soon as it has ended."""
        if isinstance(progress, RunStarted):
            self._journal.begin(lines.head(self.blank))
        elif isinstance(progress, CaseDone):
            self._journal.add(lines.line(progress.result))

    def end(self, run: RunResult) -> None:
        """Keep the whole run, and what to remember of its cases."""
        self._journal.end(encode(run))
        keep_outcomes(self.folder, run, self.clock.now_ns() // 1_000_000_000)


def recalled(folder: Folder) -> Mapping[str, Remembered]:
    """What is remembered of each case, by its key; cases of a run that was killed count, and are remembered from now on."""
    known = recall(folder)
    data = left(folder, lines.MARK)
    try:
        run = lines.read(data) if data else None
    except UsageError:
        return known
    if run is None:
        return known
    began_s = run.started_ns // 1_000_000_000
    newer = {
        case.key: Remembered(outcome=case.outcome.value, at_s=began_s)
        for case in run.cases
        if case.key and (case.key not in known or known[case.key].at_s <= began_s)
    }
    if newer:
        remember(folder, newer, durations=False)
    fresh = {key: each for key, each in newer.items() if each.outcome != "skipped"}
    kept = {key: replace(each, duration_ns=known[key].duration_ns) for key, each in fresh.items() if key in known}
    return MappingProxyType({**known, **fresh, **kept})


def keep_outcomes(folder: Folder, run: RunResult, now_s: int) -> None:
    """Remember how the cases of a run ended, and, of a whole run, how long they took."""
    cases = {
        case.key: Remembered(outcome=case.outcome.value, duration_ns=case.timings.total, at_s=now_s)
        for case in run.cases
        if case.key
    }
    remember(folder, cases, durations=not run.shard)

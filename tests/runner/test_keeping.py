"""What is remembered of a run that was killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spanspec.archive.folder import Folder
from spanspec.archive.journal import NAME
from spanspec.archive.outcomes import Remembered, recall, remember
from spanspec.results import journal
from spanspec.results.model import CaseResult, Outcome
from spanspec.runner.keeping import recalled
from spanspec.testing import EPOCH_NS
from tests.results.example import run

BEGAN = EPOCH_NS // 1_000_000_000
ENDED = [CaseResult(name=key, path="t", outcome=Outcome(word), key=key) for key, word in
         (("fresh", "failed"), ("known", "errored"), ("left out", "skipped"), ("newer", "failed"))]  # fmt: skip


def killed(folder: Path, tail: bytes = b'{"name":"cut o') -> Folder:
    """A folder as a runner leaves it that was killed while it wrote a line."""
    (folder / NAME).write_bytes(b"\n".join([journal.head(run()), *map(journal.line, ENDED), tail]))
    found = Folder(folder)
    earlier = Remembered(outcome="passed", duration_ns=7, at_s=BEGAN - 60)
    remember(found, {"known": earlier, "left out": earlier, "newer": replace(earlier, at_s=BEGAN + 60)})
    return found


def test_the_outcomes_of_a_killed_run_count(tmp_path: Path) -> None:
    """Newer ones stay, durations too; and the next run, which takes the journal away, does not lose them."""
    folder = killed(tmp_path)
    expected = {"fresh": ("failed", 0), "known": ("errored", 7), "left out": ("passed", 7), "newer": ("passed", 7)}
    assert {key: (each.outcome, each.duration_ns) for key, each in recalled(folder).items()} == expected
    (tmp_path / NAME).unlink()
    assert {key: (each.outcome, each.duration_ns) for key, each in recall(folder).items()} == expected
    assert dict(recalled(folder)) == dict(recall(folder))


@pytest.mark.parametrize("data", [b"", journal.MARK, journal.MARK + b"x\n", b'{"version":1}'])
def test_a_damaged_journal_counts_as_nothing(tmp_path: Path, data: bytes) -> None:
    """What was remembered stays."""
    folder = killed(tmp_path)
    (tmp_path / NAME).write_bytes(data)
    assert dict(recalled(folder)) == dict(recall(folder))
    assert len(recall(folder)) == 3

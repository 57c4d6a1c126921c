"""The archive: what is deleted, damaged, shared or read-only does no harm."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from spanspec.archive.folder import Folder
from spanspec.archive.journal import Journal
from spanspec.archive.outcomes import MOST_CASES, Remembered, recall, remember

ONE = {"a": Remembered(outcome="failed", duration_ns=5, at_s=1)}


def test_outcomes_come_back(tmp_path: Path) -> None:
    """A skipped case keeps what it had; others are replaced."""
    folder = Folder(tmp_path / ".spanspec")
    assert remember(folder, ONE)
    again = {"a": Remembered(outcome="skipped", at_s=2), "b": Remembered(outcome="passed", duration_ns=7, at_s=2)}
    assert remember(folder, again)
    assert dict(recall(folder)) == {**ONE, "b": again["b"]}
    assert (tmp_path / ".spanspec" / ".gitignore").read_text().endswith("*\n")


def test_shards_do_not_change_durations(tmp_path: Path) -> None:
    """The second shard of a run must be split as the first was."""
    folder = Folder(tmp_path)
    remember(folder, ONE)
    later = Remembered(outcome="passed", duration_ns=99, at_s=2)
    remember(folder, {"a": later, "b": later}, durations=False)
    assert {key: (each.outcome, each.duration_ns) for key, each in recall(folder).items()} == {
        "a": ("passed", 5),
        "b": ("passed", 0),
    }


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version":99,"cases":{}}', b'{"version":1}', b'{"version":1,"cases":[1]}',
        b"[" * 100_000, b'{"version":1,"cases":{"a":1,"b":["x"],"c":["x","y",3],"d":["x",-1,3]}}',
    ],
)  # fmt: skip
def test_damage_counts_as_nothing(tmp_path: Path, damage: bytes) -> None:
    """And is mended by the next run."""
    folder = Folder(tmp_path)
    (tmp_path / "outcomes.json").write_bytes(damage)
    assert dict(recall(folder)) == {}
    remember(folder, ONE)
    assert dict(recall(folder)) == ONE


def test_a_folder_that_cannot_be_made_is_no_fault(tmp_path: Path) -> None:
    """A file lies in its place."""
    (tmp_path / "file").write_text("")
    folder = Folder(tmp_path / "file" / ".spanspec")
    assert not remember(folder, ONE)
    journal = Journal(folder)
    journal.begin(b"{}")
    journal.add(b"{}")
    journal.end(b"{}")
    assert dict(recall(folder)) == {}


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    """The oldest go first."""
    folder = Folder(tmp_path)
    remember(folder, {f"k{n}": Remembered(outcome="passed", at_s=n) for n in range(MOST_CASES + 10)})
    found = recall(folder)
    assert len(found) == MOST_CASES
    assert "k0" not in found


def test_runs_that_share_the_folder_never_see_half_a_document(tmp_path: Path) -> None:
    """Many writers and a reader at once."""
    folder = Folder(tmp_path)
    stop = threading.Event()
    seen: list[object] = []

    def write(number: int) -> None:
        for at in range(50):
            remember(folder, {f"{number}-{n}": Remembered(outcome="passed", at_s=at) for n in range(200)})

    def read() -> None:
        while not stop.is_set():
            if (tmp_path / "outcomes.json").exists():
                seen.append(json.loads((tmp_path / "outcomes.json").read_bytes())["version"])

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for each in (reader, *writers):
        each.start()
    for each in writers:
        each.join()
    stop.set()
    reader.join()
    assert set(seen) == {1}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "outcomes.json"]


def test_a_journal_stands_under_its_name_at_once(tmp_path: Path) -> None:
    """Line by line; the whole document takes its place in the end."""
    folder = Folder(tmp_path)
    journal = Journal(folder)
    journal.begin(b"head")
    assert (tmp_path / "last.json").read_bytes() == b"head\n"
    journal.add(b"one")
    assert (tmp_path / "last.json").read_bytes() == b"head\none\n"
    other = Journal(folder)
    other.begin(b"other")
    journal.add(b"two")
    assert (tmp_path / "last.json").read_bytes() == b"other\n"
    journal.end(b"whole")
    other.add(b"lost, for another run has ended since")
    assert (tmp_path / "last.json").read_bytes() == b"whole"
    other.close()


def test_what_killed_runs_left_is_swept_away(tmp_path: Path) -> None:
    """After a day."""
    old, new = tmp_path / ".last.json.old", tmp_path / ".last.json.new"
    old.write_text("")
    new.write_text("")
    os.utime(old, (1, 1))
    remember(Folder(tmp_path), ONE)
    assert not old.exists()
    assert new.exists()

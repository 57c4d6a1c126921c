"""Every recorded case of the language, in both modes.

To the letter (`compat: tracetest`) the recorded result must come out; of an unstable case, one of those seen. By default
the same verdict must come out, unless the difference is a row of the migration page: that of the case's tag, that of a
rule in `rows`, or that of an entry in `differences`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spanspec.language.dialect import Dialect
from tests.conformance import folder, rows
from tests.conformance.differences import DIFFERENCES
from tests.conformance.model import Replay, agrees, matches
from tests.conformance.registry import ELSEWHERE, REPLAYERS

FILES = folder.files()


def replays() -> list[Replay]:
    """The replays of all files that are there."""
    return [replay for file in FILES if file in REPLAYERS for replay in REPLAYERS[file](file, folder.load(file))]


REPLAYS = replays()
NAMES = [f"{replay.file}::{replay.id}" for replay in REPLAYS]

if not FILES:
    pytest.skip(f"no {folder.folder()}: {folder.ADVICE}", allow_module_level=True)


def _unless_without(replay: Replay) -> None:
    if replay.without:
        pytest.skip(f"{replay.id}: {replay.without}")


@pytest.mark.parametrize("replay", REPLAYS, ids=NAMES)
def test_to_the_letter(replay: Replay, record_property: Callable[[str, object], None]) -> None:
    """Under `compat: tracetest` the case's result is one that the reference gave."""
    record_property(folder.PROPERTY, f"{replay.file} compat")
    _unless_without(replay)
    found = replay.look(Dialect.COMPAT)
    assert any(matches(found, recorded) for recorded in replay.recorded), f"{found}\nrecorded: {replay.recorded}"


@pytest.mark.parametrize("replay", REPLAYS, ids=NAMES)
def test_by_default(replay: Replay, record_property: Callable[[str, object], None]) -> None:
    """By default the verdict is the reference's, or the difference has a name."""
    record_property(folder.PROPERTY, f"{replay.file} default")
    _unless_without(replay)
    for tag in rows.unknown_tags(replay):
        record_property(folder.UNKNOWN_TAG, f"{replay.file}::{replay.id} {tag}")
    found = replay.look(Dialect.SPECS)
    if agrees(replay, found) or replay.unstable:
        return
    stated = DIFFERENCES.get((replay.file, replay.id))
    if stated is not None:
        assert (replay.recorded[0].verdict, found.verdict) == (stated.recorded, stated.found), found
        assert stated.shown is None or found.shown == stated.shown
        return
    assert rows.reason(replay, found), f"{found}\nrecorded: {replay.recorded}"


def test_every_file_has_a_replayer() -> None:
    """A file of an unknown kind is told, not passed over."""
    unknown = [file for file in FILES if file not in REPLAYERS and file not in ELSEWHERE]
    assert not unknown, f"no module of tests/conformance/kinds replays {', '.join(unknown)}"


def test_every_stated_difference_differs() -> None:
    """An entry whose case agrees by now, or is named twice, is out of date."""
    by_name = {(replay.file, replay.id): replay for replay in REPLAYS}
    for name in DIFFERENCES:
        if name in by_name:
            replay = by_name[name]
            found = replay.look(Dialect.SPECS)
            assert not agrees(replay, found), name
            assert not rows.reason(replay, found), name

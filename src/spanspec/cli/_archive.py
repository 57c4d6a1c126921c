"""Where the archive of a run lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec import __version__
from spanspec.api import SystemClock
from spanspec.archive.folder import NAME, Folder
from spanspec.definition.collect import config_files
from spanspec.results.model import RunResult
from spanspec.runner.keeping import Keeper

if TYPE_CHECKING:
    from pathlib import Path

    from spanspec.api import Prepared


def folder_of(cwd: Path) -> Folder:
    """The archive beside the outermost `spanspec.yaml` above the working folder, else in the working folder."""
    configs = config_files(cwd)
    return Folder((configs[0].parent if configs else cwd) / NAME)


def kept(folder: Folder, prepared: Prepared, seed: int) -> Keeper:
    """A listener that keeps the run there."""
    clock, manner = SystemClock(), prepared.manner
    blank = RunResult(
        version=__version__,
        started_ns=clock.now_ns(),
        duration_ns=0,
        seed=seed,
        shard=manner.shard,
        planned=manner.planned,
        plan=manner.plan,
    )
    return Keeper(folder, clock, blank)

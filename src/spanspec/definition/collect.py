"""Which files are read: those named, and those found below folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spanspec.definition.gitignore import Ignores
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONFIG_NAMES = ("spanspec.yaml", "spanspec.yml")
MAX_FILE = 8 << 20
"""Bytes of a definition."""
_SUFFIXES = (".yaml", ".yml", ".json")
_MARKED_SUFFIXES = (".spanspec.yaml", ".spanspec.yml", ".spanspec.json")
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read.

    Attributes:
        path: Absolute.
        shown: As the user gave it, or relative to what they gave.
        must: Whether it must be ours: named by the user, or of a name that is ours.
        named: Whether the user named it.
    """

    path: Path
    shown: str
    must: bool
    named: bool = False


def collect(paths: Sequence[str], cwd: Path) -> tuple[list[Found], list[Diagnostic]]:
    """The files of the paths, in their order, each once; and a fault for every path that is not there."""
    found: dict[Path, Found] = {}
    faults, ignores = [], Ignores()
    for given in paths:
        path = Path(os.path.normpath(cwd / given))
        if path.is_dir():
            for each in _below(path, given, ignores, 0):
                found.setdefault(each.path, each)
        elif path.is_file():
            shown = found[path].shown if path in found else given
            found[path] = Found(path, shown, must=True, named=True)
        else:
            faults.append(_absent(path, given))
    return list(found.values()), faults


def _absent(path: Path, given: str) -> Diagnostic:
    try:
        close = did_you_mean(path.name, (each.name for each in path.parent.iterdir()))
    except OSError:
        close = ""
    return Diagnostic(
        code="no-file", message=f'there is no file or folder "{given}"', source=SourceText(given, ""), label=close,
        help="" if close else "Check the path; it is relative to the working folder.",
    )  # fmt: skip


def _below(folder: Path, shown: str, ignores: Ignores, depth: int) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        name = entry.name if shown in ("", ".", "./") else f"{shown.rstrip('/')}/{entry.name}"
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            if depth < _MAX_DEPTH and not _skipped_folder(path, ignores):
                yield from _below(path, name, ignores, depth + 1)
        elif _wanted(entry.name) and entry.is_file() and not ignores.ignored(path, folder=False):
            yield Found(path, name, must=entry.name.endswith(_MARKED_SUFFIXES))


def _wanted(name: str) -> bool:
    return name.endswith(_SUFFIXES) and name not in CONFIG_NAMES


def _skipped_folder(path: Path, ignores: Ignores) -> bool:
    """Folders of other people's files: `node_modules`, virtual environments, and what git ignores."""
    return path.name == "node_modules" or (path / "pyvenv.cfg").exists() or ignores.ignored(path, folder=True)


def config_files(folder: Path) -> list[Path]:
    """The `spanspec.yaml` files that hold for a folder, outermost first: from it up to the top of the repository."""
    found = []
    for base in (folder, *folder.parents):
        config = next((base / name for name in CONFIG_NAMES if (base / name).is_file()), None)
        if config is not None:
            found.append(config)
        if (base / ".git").exists():
            break
    return found[::-1]


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte-order mark. The mark is left out.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is no text.
        ValueError: It is too big.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise ValueError(f"the file is bigger than {MAX_FILE >> 20} MiB")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding)

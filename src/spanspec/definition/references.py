"""What a text of a file names: tests and suites by path, id or name; resources by path or id."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spanspec.definition.files import absent
from spanspec.definition.library import ITEMS, SUITE, TESTS
from spanspec.definition.scalars import Scalar, as_text
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.definition.document import Kind
    from spanspec.definition.faults import Faults
    from spanspec.definition.library import Entry, File, Library
    from spanspec.definition.resources import Resource

_WANTED = {"": ITEMS, "test": TESTS, "suite": SUITE}
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class _Index:
    """The entries of some files by id and by name; the files are held, so that their address stays theirs."""

    files: tuple[File, ...]
    ids: dict[str, list[Entry]] = field(default_factory=dict)
    names: dict[str, list[Entry]] = field(default_factory=dict)


class References:
    """Finds what a file names.

    Args:
        library: Reads files.
        files: Those of the run; set before anything is looked up.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.files: tuple[File, ...] = ()
        self._indices: dict[tuple[int, frozenset[Kind]], _Index] = {}

    def items(self, named: Scalar, folder: Path, faults: Faults, wanted: str = "") -> tuple[Entry, ...]:
        """The tests and suites that a text names; a fault where there are none.

        Args:
            named: A path relative to `folder` (a file, or a folder for all that is below it), an id, or a name.
            folder: Of the file that names it.
            faults: Of that file.
            wanted: `test`, `suite`, or empty for both.
        """
        text = as_text(named).strip()
        path = Path(os.path.normpath(folder / text))
        kinds = _WANTED[wanted]
        if is_there(path):
            files = (self.library.at(path),) if path.is_file() else self.library.folder(path)
            found = tuple(entry for file in files for entry in file.entries(kinds))
            if not found and not any(file.faults.stop for file in files):
                what = wanted or "test or suite"
                faults.error(
                    "unknown-test", f'there is no {what} in "{text}"', named.range, help="Name a file with a test."
                )
            return found
        if _looks_like_a_path(text):
            absent(named, path, faults)
            return ()
        return self._by_id(named, text, folder, faults, kinds, wanted)

    def _by_id(
        self, named: Scalar, text: str, folder: Path, faults: Faults, kinds: frozenset[Kind], wanted: str
    ) -> tuple[Entry, ...]:
        known: list[str] = []
        for files in self.library.scopes(self.files, folder):
            index = self._index(files, kinds)
            for said, names in (("id", index.ids), ("name", index.names)):
                matches = {entry.key: entry for entry in names.get(text, ())}
                if len(matches) > 1:
                    places = ", ".join(entry.file.found.shown for entry in matches.values())
                    faults.error(
                        "ambiguous-name", f'{len(matches)} definitions have the {said} "{text}": {places}', named.range,
                        help="Name the file's path, or give each an id of its own.",
                    )  # fmt: skip
                    return ()
                if matches:
                    return tuple(matches.values())
            known.extend((*index.ids, *index.names))
        what = wanted or "test or suite"
        close = did_you_mean(text, known)
        advice = (
            "" if close else "Name a path relative to this file, or the `id` or `name` of a definition in this folder."
        )
        faults.error(
            "unknown-test", f'no {what} has the id or name "{text}", and no file is called so', named.range,
            label=close, help=advice,
        )  # fmt: skip
        return ()

    def _index(self, files: tuple[File, ...], kinds: frozenset[Kind]) -> _Index:
        """The entries of a scope by id and by name; a scope is one tuple, which the library keeps."""
        key = (id(files), kinds)
        if key not in self._indices:
            index = _Index(files)
            for entry in (entry for file in files for entry in file.entries(kinds)):
                index.names.setdefault(entry.name, []).append(entry)
                if entry.id:
                    index.ids.setdefault(entry.id, []).append(entry)
            self._indices[key] = index
        return self._indices[key]

    def resource(self, kind: str, text: str, folder: Path) -> Resource | None:
        """The resource of a kind that a path or an id names, or None. A file's faults stay with the file."""
        path = Path(os.path.normpath(folder / text))
        if is_there(path) and path.is_file():
            found = [each for each in self.library.at(path).resources if each.kind == kind]
            return found[0] if found else None
        for files in self.library.scopes(self.files, folder):
            for each in _resources(files, kind):
                if text in (each.id, each.name):
                    return each
        return None

    def resource_ids(self, kind: str, folder: Path) -> tuple[str, ...]:
        """The ids of all resources of a kind that can be named."""
        scopes = self.library.scopes(self.files, folder)
        return tuple(dict.fromkeys(each.id for files in scopes for each in _resources(files, kind) if each.id))


def _resources(files: Sequence[File], kind: str) -> Iterator[Resource]:
    return (each for file in files for each in file.resources if each.kind == kind)


def is_there(path: Path) -> bool:
    """Whether a file or folder is there; a name that no file can have is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _looks_like_a_path(text: str) -> bool:
    return text.startswith(("./", "../", "/")) or text.endswith(_SUFFIXES) or text.endswith("/")

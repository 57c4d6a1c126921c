"""`spanspec.yaml` files and `.env`: which hold for a folder, each read once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.blocks import Folder
from spanspec.definition.collect import config_files
from spanspec.definition.faults import Faults
from spanspec.definition.texts import Reader
from spanspec.definition.variables import of_dotenv
from spanspec.definition.yaml import read
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spanspec.definition.blocks import Layer
    from spanspec.definition.library import Library
    from spanspec.definition.planning import Written
    from spanspec.source.diagnostics import Diagnostic


@dataclass(frozen=True, kw_only=True)
class Config:
    """One `spanspec.yaml`: what it sets, and its `vars`."""

    layer: Layer
    variables: Written | None


class Configs:
    """The `spanspec.yaml` files.

    Args:
        library: Reads texts.
        diagnostics: Where to put faults.
    """

    def __init__(self, library: Library, diagnostics: list[Diagnostic]) -> None:
        self._library = library
        self._diagnostics = diagnostics
        self._read: dict[Path, Config] = {}

    def of(self, folder: Path) -> tuple[Config, ...]:
        """Those that hold for a folder, outermost first."""
        return tuple(self._config(path) for path in config_files(folder))

    def told(self) -> None:
        """Take over what plans found wrong in the `vars` of the files."""
        for config in self._read.values():
            if config.variables is not None:
                self._diagnostics.extend(config.variables[1].faults.found)

    def paths(self, folder: Path) -> list[str] | None:
        """`paths` of the innermost file that has it, relative to the working folder; None where none has."""
        for path in reversed(config_files(folder)):
            names = self._config(path).layer.get("paths")
            if names is not None and isinstance(names.value, tuple):
                return [os.path.relpath(path.parent / str(name), self._library.cwd) for name in names.value]
        return None

    def _config(self, path: Path) -> Config:
        if path not in self._read:
            self._read[path] = self._of_file(path)
        return self._read[path]

    def _of_file(self, path: Path) -> Config:
        shown = self._library.shown(path)
        text = self._library.text(path, shown, self._diagnostics)
        faults = Faults(SourceText(shown, text or ""))
        layer: Layer = {}
        variables = None
        if text is not None:
            documents = read(faults.source)
            faults.extend(documents.diagnostics)
            for node in documents.documents[:1]:
                layer, variables = settings.of_config(node, faults, Folder(str(path.parent), str(self._library.cwd)))
        self._diagnostics.extend(faults.by_place())
        reader = Reader(faults=Faults(faults.source), path=shown)
        return Config(layer=layer, variables=(variables, reader) if variables is not None else None)

    def dotenv(self, folder: Path) -> Mapping[str, str]:
        """The variables of the nearest `.env`: of the working folder, else beside a `spanspec.yaml`."""
        places = [self._library.cwd, *(path.parent for path in reversed(config_files(folder)))]
        path = next((place / ".env" for place in places if (place / ".env").is_file()), None)
        if path is None:
            return {}
        return of_dotenv(self._library.text(path, self._library.shown(path), self._diagnostics) or "")

"""The folder `.spanspec`: small JSON documents, each replaced whole, each with the number of its format.

Nothing in it is needed: what is absent, damaged, too large or of another format counts as not there, and what cannot be
written is not kept. Runs that share the folder never see half a document; the last to write wins.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import IO, Any

NAME = ".spanspec"
MOST_BYTES = 64 << 20
"""A document that is larger is not read."""

_STALE_S = 24 * 3600
_IGNORE = "# Made by spanspec. What is in this folder may be deleted at any time.\n*\n"


class Folder:
    """One such folder; it is made when the first document is written.

    Args:
        path: Where it lies or will lie.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str, version: int) -> dict[str, Any] | None:
        """A document of that format, or None."""
        try:
            with (self.path / name).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            found = json.loads(data) if len(data) <= MOST_BYTES else None
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) and found.get("version") == version else None

    def write(self, name: str, version: int, content: dict[str, Any]) -> bool:
        """Replace a document; whether that could be done."""
        return self.replace(name, json.dumps({"version": version, **content}, separators=(",", ":")).encode())

    def replace(self, name: str, data: bytes) -> bool:
        """Replace a file by these bytes; whether that could be done."""
        file = self.begin(name)
        if file is None:
            return False
        try:
            with file:
                file.write(data)
            Path(file.name).replace(self.path / name)
        except OSError:
            with contextlib.suppress(OSError):
                Path(file.name).unlink()
            return False
        return True

    def begin(self, name: str) -> IO[bytes] | None:
        """A new file beside the one of that name, open for unbuffered writing; None where that cannot be done."""
        if not self.made():
            return None
        try:
            self._sweep()
            handle, path = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
            os.close(handle)
            return Path(path).open("wb", buffering=0)
        except OSError:
            return None

    def made(self, below: str = "") -> bool:
        """Make the folder, or one below it; whether it is there now."""
        try:
            (self.path / below).mkdir(parents=True, exist_ok=True)
            ignore = self.path / ".gitignore"
            if not ignore.exists():
                ignore.write_text(_IGNORE, encoding="utf-8")
        except OSError:
            return False
        return True

    def _sweep(self) -> None:
        """Take away what killed runs left half written."""
        for path in self.path.glob(".*.json.*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()

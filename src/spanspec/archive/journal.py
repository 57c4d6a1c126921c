"""The last run, `last.json`: while it goes on a head and a line for each case that has ended; in the end the whole run.

The journal takes the name at once and is written on under it, so that a runner that is killed leaves what it had found.
A run that starts meanwhile takes the name over; neither sees the other's lines.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from spanspec.archive.folder import Folder

NAME = "last.json"
MOST_BYTES = 256 << 20
"""A journal grows no further."""


class Journal:
    """The journal of one run. What cannot be written is not kept; nothing is raised.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._size = 0

    def begin(self, head: bytes) -> None:
        """Start with a line."""
        file = self._folder.begin(NAME)
        if file is None:
            return
        self._file = file
        self.add(head)
        with contextlib.suppress(OSError):
            Path(file.name).replace(self._folder.path / NAME)

    def add(self, line: bytes) -> None:
        """One more line, in the file when this returns."""
        if self._file is None or self._size + len(line) > MOST_BYTES:
            return
        try:
            self._file.write(line + b"\n")
            self._size += len(line) + 1
        except OSError:
            self.close()

    def end(self, document: bytes) -> None:
        """Put the whole run in its place."""
        self.close()
        if len(document) <= MOST_BYTES:
            self._folder.replace(NAME, document)

    def close(self) -> None:
        """Write no further."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def left(folder: Folder, mark: bytes) -> bytes:
    """The journal of a run that began and has not come to its end: killed, or going on. Empty where there is none.

    Args:
        folder: Where.
        mark: What such a journal begins with.
    """
    try:
        with (folder.path / NAME).open("rb") as file:
            head = file.read(len(mark))
            return head + file.read(MOST_BYTES) if head == mark else b""
    except OSError:
        return b""

"""What a service writes: every line with its time, in a bounded file and, the newest, in memory."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NamedTuple

from spanspec.results.model import LogExcerpt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE_BYTES = 8 << 20
"""A file that is larger is set aside as `.1`, in place of the one before: two such files at most."""

LINE_BYTES = 4096
"""What is longer is cut."""

LINES = 5000
EXCERPT_LINES = 60
TAIL_LINES = 15


class Line(NamedTuple):
    """A line and when it came, Unix time."""

    at_ns: int
    text: str


class Log:
    """The output of one service.

    Args:
        name: The service.
        path: The file; None for none.
        mask: Takes secrets out of a line.
    """

    def __init__(self, name: str, path: Path | None, mask: Callable[[str], str]) -> None:
        self.name = name
        self.path = path
        self._mask = mask
        self._lines: deque[Line] = deque(maxlen=LINES)
        self._rest = b""
        self._size = 0
        self._listeners: list[Callable[[str], None]] = []
        self._file = _opened(path)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Hand every line over, those that are there already first."""
        for line in self._lines:
            listener(line.text)
        self._listeners.append(listener)

    def add(self, data: bytes, now_ns: int) -> None:
        """Take what the service wrote."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for each in lines:
            self._line(each, now_ns)

    def close(self, now_ns: int) -> None:
        """No more comes."""
        if self._rest:
            self._line(self._rest, now_ns)
            self._rest = b""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _line(self, data: bytes, now_ns: int) -> None:
        cut = data[:LINE_BYTES].rstrip(b"\r")
        text = self._mask(cut.decode("utf-8", "replace")) + (" …" if len(data) > LINE_BYTES else "")
        self._lines.append(Line(now_ns, text))
        self._write(text.encode("utf-8", "replace") + b"\n")
        for listener in self._listeners:
            listener(text)

    def _write(self, data: bytes) -> None:
        """Keep it in the file; what cannot be written is not kept."""
        if self._file is None or self.path is None:
            return
        try:
            self._file.write(data)
            self._size += len(data)
            if self._size > FILE_BYTES:
                self._file.close()
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                self._file, self._size = _opened(self.path), 0
        except OSError:
            self._file = None

    def tail(self, count: int = TAIL_LINES) -> tuple[str, ...]:
        """The last lines that say something."""
        said = [line.text for line in self._lines if line.text.strip()]
        return tuple(said[-count:])

    def between(self, start_ns: int, end_ns: int) -> LogExcerpt | None:
        """The lines of a time, bounded; None where there is none."""
        found = [line.text for line in self._lines if start_ns <= line.at_ns <= end_ns]
        if not found:
            return None
        kept = found[-EXCERPT_LINES:]
        return LogExcerpt(source=self.name, text="\n".join(kept), truncated=len(kept) < len(found))


def _opened(path: Path | None) -> IO[bytes] | None:
    if path is None:
        return None
    try:
        return path.open("wb", buffering=0)
    except OSError:
        return None

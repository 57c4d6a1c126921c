"""Command lines for people, quoted as a POSIX shell takes them."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable


def command_line(words: Iterable[str]) -> str:
    """Words as one line."""
    return " ".join(shlex.quote(word) for word in words)


def piped(content: bytes, line: str) -> str:
    """A line that reads bytes which are no text from its standard input."""
    return f"printf %s {base64.b64encode(content).decode()} | base64 -d | {line}"

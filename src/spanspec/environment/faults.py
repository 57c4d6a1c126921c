"""What goes wrong with the system under test, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAID_CELLS = 200


def quoted(text: str) -> str:
    """A text from the user, in quotes and bounded."""
    return f'"{text if len(text) <= _SAID_CELLS else text[: _SAID_CELLS - 1] + "…"}"'


def with_words(message: str, lines: Sequence[str], where: str = "") -> str:
    """The message with the last lines that a service wrote.

    Args:
        message: What happened.
        lines: The lines.
        where: The file with all of them.
    """
    if not lines:
        return f"{message}; it wrote nothing"
    shown = [f"  | {line if len(line) <= _SAID_CELLS else line[: _SAID_CELLS - 1] + '…'}" for line in lines]
    file = f" (all of it: {where})" if where else ""
    return "\n".join([f"{message}; it wrote last{file}:", *shown])

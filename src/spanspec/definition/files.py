"""Files that a trigger's fields name: read when the definition is loaded, relative to its folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.yaml import Mapping, Node
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from spanspec.definition.faults import Faults

MAX_DATA = 64 << 20
"""Bytes of a body."""
_MAX_NAME = 1024


@dataclass(frozen=True, slots=True)
class Data:
    """The content of a file, and which file; `text` is None where it is no UTF-8."""

    path: Path
    content: bytes
    text: str | None


def named_file(node: Node, folder: Path, faults: Faults) -> tuple[bool, Data | None]:
    """Whether a field is `{file: NAME}`, and its content; a fault where it cannot be read."""
    if not isinstance(node, Mapping) or node.names() != ("file",):
        return False, None
    name = node.get("file")
    if not isinstance(name, Scalar):
        return False, None
    path = folder / as_text(name)
    if not path.is_file():
        absent(name, path, faults)
        return True, None
    return True, _read(path, name, faults)


def guessed_file(scalar: Scalar, folder: Path, faults: Faults) -> tuple[bool, Data | None]:
    """Whether a text of the reference names a file: `./x` and `../x` must, any other does if such a file is there."""
    text = scalar.text
    if not text or "\n" in text or len(text) > _MAX_NAME or "\0" in text:
        return False, None
    path = folder / text
    must = text.startswith(("./", "../"))
    try:
        there = path.is_file()
    except OSError:
        there = False
    if there:
        return True, _read(path, scalar, faults)
    if must:
        absent(scalar, path, faults)
    return must, None


def path_of(node: Scalar, text: str, folder: Path, faults: Faults, *, exists: bool) -> str:
    """A path relative to the definition's folder, made absolute; a fault where something must be there and is not."""
    path = (folder / text).absolute()
    if exists and not path.exists():
        absent(node, path, faults)
    return str(path)


def absent(name: Scalar, path: Path, faults: Faults) -> None:
    """Add that a file is not there, with the nearest name that is."""
    try:
        close = did_you_mean(path.name, (each.name for each in path.parent.iterdir()))
    except OSError:
        close = ""
    faults.error(
        "no-file", f'there is no file "{as_text(name)}" beside the definition', name.range, label=close,
        help="" if close else "Name it relative to the definition's own folder.",
    )  # fmt: skip


def _read(path: Path, name: Scalar, faults: Faults) -> Data | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_DATA + 1)
    except OSError as fault:
        faults.error("unreadable", f'the file "{as_text(name)}" cannot be read: {fault.strerror}', name.range)
        return None
    if len(content) > MAX_DATA:
        faults.error("unreadable", f'the file "{as_text(name)}" is bigger than {MAX_DATA >> 20} MiB', name.range)
        return None
    try:
        return Data(path, content, content.decode("utf-8"))
    except UnicodeDecodeError:
        return Data(path, content, None)

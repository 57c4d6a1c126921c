"""What `.gitignore` files leave out, as gitignore(5) says; read from the folders up to the top of the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it matches, relative to the folder of its file."""

    regex: re.Pattern[str]
    negated: bool
    folders_only: bool


def parse(text: str) -> tuple[Pattern, ...]:
    """The patterns of a `.gitignore`, in order; the last that matches decides."""
    return tuple(pattern for line in text.splitlines() if (pattern := _pattern(line)) is not None)


class Ignores:
    """Answers for one walk; each `.gitignore` is read once."""

    def __init__(self) -> None:
        self._found_bases: dict[Path, tuple[Path, ...]] = {}
        self._found_patterns: dict[Path, tuple[Pattern, ...]] = {}

    def ignored(self, path: Path, *, folder: bool) -> bool:
        """Whether a path below its repository's top is ignored; the folders above it are not looked at themselves.

        Args:
            path: Absolute.
            folder: Whether it is one.
        """
        verdict = False
        for base in reversed(self._bases(path.parent)):
            relative = path.relative_to(base).as_posix()
            for pattern in self._patterns(base):
                if (folder or not pattern.folders_only) and pattern.regex.fullmatch(relative):
                    verdict = not pattern.negated
        return verdict

    def _bases(self, folder: Path) -> tuple[Path, ...]:
        """The folders whose `.gitignore` counts, from `folder` up to the top of its repository; none outside of one."""
        if folder not in self._found_bases:
            self._found_bases[folder] = _up_to_top(folder)
        return self._found_bases[folder]

    def _patterns(self, base: Path) -> tuple[Pattern, ...]:
        if base not in self._found_patterns:
            self._found_patterns[base] = _read(base / ".gitignore")
        return self._found_patterns[base]


def _up_to_top(folder: Path) -> tuple[Path, ...]:
    found = []
    for base in (folder, *folder.parents):
        found.append(base)
        if (base / ".git").exists():
            return tuple(found)
    return ()


def _read(path: Path) -> tuple[Pattern, ...]:
    try:
        with path.open("rb") as file:
            return parse(file.read(_MAX_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ()


def _pattern(line: str) -> Pattern | None:
    line = line.rstrip("\r\n")
    line = re.sub(r"(?<!\\)[ \t]+$", "", line)
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    line = line[1:] if negated else line
    folders_only = line.endswith("/")
    line = line.rstrip("/")
    anchored = "/" in line
    line = line.lstrip("/")
    if not line:
        return None
    prefix = "" if anchored else "(?:.*/)?"
    try:
        return Pattern(re.compile(prefix + _translated(line)), negated, folders_only)
    except re.error:
        return None


def _translated(glob: str) -> str:
    out, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            out, at = out + "(?:.*/)?", at + 3
        elif glob.startswith("**", at) and at + 2 == len(glob) and at and glob[at - 1] == "/":
            out, at = out + ".+", at + 2
        elif glob[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif glob[at] == "?":
            out, at = out + "[^/]", at + 1
        elif glob[at] == "[" and "]" in glob[at + 2 :]:
            end = glob.index("]", at + 2)
            inside = glob[at + 1 : end].replace("\\", "\\\\")
            out, at = out + "[" + ("^" + inside[1:] if inside[0] in "!^" else inside) + "]", end + 1
        elif glob[at] == "\\" and at + 1 < len(glob):
            out, at = out + re.escape(glob[at + 1]), at + 2
        else:
            out, at = out + re.escape(glob[at]), at + 1
    return out

"""`run --watch`: run again whenever a file changes."""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.archive.folder import NAME
from spanspec.definition.collect import config_files
from spanspec.errors import SpanspecError
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

POLL_S = 0.3
MOST_FILES = 50_000
_PASSED_OVER = frozenset({NAME, "node_modules", "__pycache__", "venv"})


def watching(paths: Sequence[str], once: Callable[[], int]) -> int:
    """Run, wait for a change, run again, until Ctrl-C; the exit code of the last run."""
    roots = roots_of(paths, Path.cwd())
    code = 0
    with contextlib.suppress(KeyboardInterrupt):
        while code != 130:
            before = snapshot(roots)
            code = _guarded(once)
            if code != 130:
                click.echo(visible(f"{_shown(_changed(roots, before))} changed"), err=True)
    return code


def roots_of(paths: Sequence[str], cwd: Path) -> list[Path]:
    """What is watched: the paths (of a file its folder, where what it names lies too) and the settings above them."""
    found: dict[Path, None] = {}
    for text in paths or (".",):
        path = (cwd / text).resolve()
        found[path if path.is_dir() else path.parent] = None
    for config in config_files(cwd):
        found[config.parent if config.parent == cwd else config] = None
    return [path for path in found if path.exists() and not any(other in path.parents for other in found)]


def _guarded(once: Callable[[], int]) -> int:
    """One run; a fault of usage or of the world is told and does not end the watch, Ctrl-C does."""
    try:
        return once()
    except KeyboardInterrupt:
        return 130
    except SpanspecError as fault:
        click.echo(visible(f"error: {fault.message}"), err=True)
        if fault.help:
            click.echo(visible(f"  = help: {fault.help}"), err=True)
        return fault.exit_code


def _changed(roots: Sequence[Path], before: dict[str, tuple[int, int]]) -> list[str]:
    """What is no more as it was, as soon as something is not: also what changed while the tests ran."""
    for _ in _wakes(roots):
        now = snapshot(roots)
        if now != before:
            return sorted({path for path, _ in now.items() ^ before.items()})
    raise KeyboardInterrupt  # the watch was ended


def _wakes(roots: Sequence[Path]) -> Iterator[None]:
    """At once, then when there may be something new, and every few seconds."""
    yield
    try:
        library = importlib.import_module("watchfiles")
    except ImportError:
        while True:
            time.sleep(POLL_S)
            yield
    options = {"yield_on_timeout": True, "rust_timeout": 2000, "raise_interrupt": True}
    for _ in library.watch(*roots, watch_filter=lambda _, path: wanted(path, roots), **options):
        yield


def snapshot(roots: Iterable[Path]) -> dict[str, tuple[int, int]]:
    """Every watched file with its time and size; at most `MOST_FILES`."""
    found: dict[str, tuple[int, int]] = {}
    for root in roots:
        for path in _files(root):
            with contextlib.suppress(OSError):
                said = path.stat()
                found[str(path)] = (said.st_mtime_ns, said.st_size)
            if len(found) >= MOST_FILES:
                return found
    return found


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not _is_passed_over(name)]
        yield from (Path(folder) / name for name in files if not _is_passed_over(name))


def wanted(path: str, roots: Sequence[Path]) -> bool:
    """Whether a changed path is one that matters: not hidden (but for `.env`), not made by tools."""
    for root in roots:
        with contextlib.suppress(ValueError):
            return not any(_is_passed_over(part) for part in Path(path).relative_to(root).parts)
    return False


def _is_passed_over(name: str) -> bool:
    return name in _PASSED_OVER or (name.startswith(".") and name != ".env") or name.endswith(("~", ".swp"))


def _shown(changed: Sequence[str]) -> str:
    first = os.path.relpath(changed[0]) if changed else "something"
    return first if len(changed) < 2 else f"{first} and {len(changed) - 1} more"

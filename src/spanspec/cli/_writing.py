"""Definitions that commands write: to stdout, a file, or a folder; never over a file that is there unless asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.errors import UsageError
from spanspec.importing.drafts import file_names
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.importing.drafts import Draft


def put(drafts: Sequence[Draft], output: str | None, *, force: bool) -> tuple[Path, ...]:
    """Write drafts, and say on stderr where.

    Args:
        drafts: At least one.
        output: A file (`.yaml`, `.yml`) for all of them, a folder for one file each, or None or `-` for stdout.
        force: Whether files may be replaced.

    Returns:
        The files written; empty for stdout.

    Raises:
        UsageError: A file is there already, or cannot be written. Nothing is written then.
    """
    whole = "---\n".join(draft.text() for draft in drafts)
    if output in (None, "-"):
        click.echo(whole, nl=False)
        return ()
    assert output is not None
    target = Path(output)
    if target.suffix in (".yaml", ".yml") and not target.is_dir():
        files = {target: whole}
    else:
        files = {target / name: draft.text() for name, draft in zip(file_names(tuple(drafts)), drafts, strict=True)}
    return write_files(files, force=force)


def write_files(files: Mapping[Path, str], *, force: bool) -> tuple[Path, ...]:
    """Write files, all or none as far as what is there can tell.

    Raises:
        UsageError: One is there already and `force` is not given, or it cannot be written.
    """
    there = [path for path in files if path.exists()]
    if there and not force:
        names = ", ".join(visible(str(path)) for path in there[:5]) + (
            f" and {len(there) - 5} more" if len(there) > 5 else ""
        )
        raise UsageError(
            f"{names}: there already, and nothing was written", help="Give another place, or --force to replace."
        )
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as fault:
            raise UsageError(
                f"{visible(str(path))} cannot be written: {fault.strerror}", help="Name a folder that can be written."
            ) from fault
        click.echo(f"wrote {visible(str(path))}", err=True)
    return tuple(files)


def tell_notes(notes: Sequence[str], needed: Mapping[str, str]) -> None:
    """Say on stderr what was left out, and which variables a run needs."""
    for note in notes:
        click.echo(f"note: {visible(note)}", err=True)
    if needed:
        click.echo("set before a run, in the environment or in .env:", err=True)
        width = max(map(len, needed))
        for name, what in needed.items():
            click.echo(f"  {visible(name):{width}}  {visible(what)}", err=True)

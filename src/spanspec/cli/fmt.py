"""`spanspec fmt`."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from pathlib import Path

import click

from spanspec.cli.options import counted, tell
from spanspec.definition.collect import CONFIG_NAMES, Found, collect, read_text
from spanspec.definition.document import may_be_ours
from spanspec.definition.rewrite import Rewritten, rewritten
from spanspec.definition.yaml import read
from spanspec.errors import UsageError
from spanspec.source.diagnostics import has_errors
from spanspec.source.render import visible
from spanspec.source.text import SourceText

_EPILOG = """\b
Examples:
  spanspec fmt                       every definition of this folder
  spanspec fmt tests --check         for CI: exit 1 when a file would change, and change none
  spanspec fmt --diff tests/a.yaml   show what would change
  spanspec fmt - < tests/a.yaml      from stdin to stdout"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print the differences.")
@click.option("--compat", is_flag=True, help="Read specs and outputs as under `compat: tracetest`.")
def command(paths: tuple[str, ...], check: bool, diff: bool, compat: bool) -> int:
    """Spell selectors, statements and values canonically, and leave every other character as it is.

    A text with a fault or a comment in it is left alone; `spanspec lint` tells of faults.
    """
    if paths == ("-",):
        click.echo(rewritten(SourceText("<stdin>", sys.stdin.read()), compat=compat).text, nl=False)
        return 0
    found, absent = collect(paths or (".",), Path.cwd())
    if tell(absent):
        return 2
    changed = 0
    for each in found:
        done = _file(each, compat)
        if done is None or not done.changes:
            continue
        changed += 1
        if diff:
            click.echo(_difference(each, done), nl=False)
        elif not check:
            _write(each.path, done.text)
        click.echo(f"{visible(each.shown)}: {counted(len(done.changes), 'text')}", err=True)
    dry = check or diff
    click.echo(f"{counted(changed, 'file')} {'would be ' if dry else ''}changed, {len(found) - changed} left", err=True)
    return 1 if check and changed else 0


def _file(found: Found, compat: bool) -> Rewritten | None:
    """A file's new text; None for one that is not ours or cannot be read."""
    if found.path.name in CONFIG_NAMES:
        return None
    try:
        text = read_text(found.path)
    except (OSError, ValueError) as fault:
        if found.must:
            raise UsageError(f"{found.shown} cannot be read: {fault}", help="Name a UTF-8 file.") from fault
        return None
    if not found.must and not may_be_ours(text):
        return None
    done = rewritten(SourceText(found.shown, text), compat=compat)
    if found.must and not done.seen and has_errors(read(SourceText(found.shown, text)).diagnostics):
        click.echo(f"{visible(found.shown)}: left as it is, for it is no sound YAML; see `spanspec lint`", err=True)
    return done


def _difference(found: Found, done: Rewritten) -> str:
    old = read_text(found.path).splitlines(keepends=True)
    lines = difflib.unified_diff(old, done.text.splitlines(keepends=True), found.shown, found.shown)
    return "".join(visible(line.rstrip("\r\n")) + "\n" for line in lines)


def _write(path: Path, text: str) -> None:
    """Replace a file whole, so that none is ever half written; its mode, encoding and byte-order mark stay."""
    with path.open("rb") as old:
        mark = old.read(3)
    encoding = (
        "utf-16" if mark[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig" if mark == b"\xef\xbb\xbf" else "utf-8"
    )
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="") as file:
            file.write(text)
        Path(temporary).chmod(path.stat().st_mode & 0o7777)
        Path(temporary).replace(path)
    except OSError as fault:
        Path(temporary).unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {fault.strerror}", help="Look at its permissions.") from fault

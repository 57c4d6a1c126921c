"""`spanspec import`: requests that others wrote, as tests."""

from __future__ import annotations

import fnmatch
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.cli._writing import put, tell_notes
from spanspec.cli.options import counted
from spanspec.errors import UsageError
from spanspec.importing.curl import import_curl
from spanspec.importing.drafts import MAX_INPUT
from spanspec.importing.har import import_har
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from spanspec.importing.drafts import Draft, Imported

    F = TypeVar("F", bound=Callable[..., int])

_EPILOG = """\b
Examples:
  spanspec import curl 'curl -X POST http://127.0.0.1:8080/checkout -d @order.json'
  spanspec import har shop.har --filter 'POST *' -o tests/"""


@click.group("import", epilog=_EPILOG)
def command() -> None:
    """Make tests of requests: curl commands, and recordings of browsers (HAR).

    Secrets in them become variables and are written nowhere. What cannot be carried over is told on stderr.
    """


def _options(function: F) -> F:
    """The options of every importer."""
    for option in (
        click.option("--force", is_flag=True, help="Replace files that are there."),
        click.option("-o", "--output", metavar="FILE|DIR", help="A .yaml file for all tests, or a folder for one file each; else stdout."),
        click.option("--filter", "patterns", multiple=True, metavar="PATTERN", help="Only tests whose name, or METHOD URL, has this in it or matches it (`POST */orders*`); repeatable."),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command(
    "curl",
    epilog="\b\nExamples:\n  spanspec import curl 'curl -H \"accept: */*\" http://127.0.0.1:8080/stock'\n  pbpaste | spanspec import curl -o tests/",
)
@click.argument("commands", nargs=-1, metavar="[COMMAND|FILE]...")
@_options
def curl(commands: tuple[str, ...], patterns: tuple[str, ...], output: str | None, force: bool) -> int:
    """Commands of curl, as texts or files, else from stdin; also as browsers copy them, for bash and for Windows."""
    found = [import_curl(text, name) for text, name in map(_command_or_file, commands or ("-",))]
    return _finish(found, patterns, output, force=force)


@command.command("har", epilog="\b\nExample:\n  spanspec import har shop.har --filter '*/api/*' -o tests/")
@click.argument("file", metavar="FILE.har")
@_options
def har(file: str, patterns: tuple[str, ...], output: str | None, force: bool) -> int:
    """Recordings of a browser or proxy; `-` reads stdin. Files of pages (images, styles, scripts) are left out."""
    return _finish([import_har(text_of(file), file)], patterns, output, force=force)


def _command_or_file(given: str) -> tuple[str, str]:
    if given == "-":
        return _stdin(), "<stdin>"
    if "curl" in given and (" " in given.strip() or "\n" in given):
        return given, "<curl>"
    return text_of(given), given


def _stdin() -> str:
    text = sys.stdin.read(MAX_INPUT + 1)
    if len(text) > MAX_INPUT:
        raise UsageError(f"<stdin>: more than {MAX_INPUT >> 20} MiB", help="Give less at once.")
    return text


def text_of(path: str) -> str:
    """The text of a file, or of stdin for `-`.

    Raises:
        UsageError: It cannot be read, is no UTF-8 text, or is too large.
    """
    if path == "-":
        return _stdin()
    try:
        with Path(path).open("rb") as file:
            data = file.read(4 * MAX_INPUT + 1)
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise UsageError(f"{visible(path)} cannot be read: {reason}", help="Name a file that is there.") from fault
    if len(data) > MAX_INPUT:
        raise UsageError(f"{visible(path)}: more than {MAX_INPUT >> 20} MiB", help="Split the file.")
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UsageError(f"{visible(path)}: byte {fault.start} is no UTF-8", help="Save the file as UTF-8.") from fault


def _finish(found: list[Imported], patterns: tuple[str, ...], output: str | None, *, force: bool) -> int:
    drafts = [draft for each in found for draft in each.drafts]
    chosen = [draft for draft in drafts if not patterns or any(_matches(draft, pattern) for pattern in patterns)]
    if not chosen:
        names = "\n".join(f"  {visible(draft.name)}" for draft in drafts[:10])
        raise UsageError(
            f"none of {counted(len(drafts), 'request')} matches --filter:\n{names}"
            if drafts
            else "there is no request in it",
            help="Leave --filter out, or loosen it." if drafts else "Name a file that has one.",
        )
    put(_apart(chosen), output, force=force)
    text = "".join(draft.text() for draft in chosen)
    needed = {name: what for each in found for name, what in each.needed.items() if f"{name}}}" in text}
    tell_notes(tuple(dict.fromkeys(note for each in found for note in each.notes)), needed)
    click.echo(counted(len(chosen), "test"), err=True)
    return 0


def _apart(drafts: list[Draft]) -> list[Draft]:
    """No two tests of one name, for a run would not tell them apart."""
    seen: dict[str, int] = {}
    out = []
    for draft in drafts:
        seen[draft.name] = seen.get(draft.name, 0) + 1
        count = seen[draft.name]
        out.append(draft if count == 1 else replace(draft, name=f"{draft.name} ({count})"))
    return out


def _matches(draft: Draft, pattern: str) -> bool:
    http = draft.trigger.get("http")
    line = f"{http.get('method', 'GET')} {http.get('url', '')}" if isinstance(http, dict) else ""
    texts = [text.lower() for text in (draft.name, line, *draft.tags)]
    wanted = pattern.lower()
    return any(wanted in text or fnmatch.fnmatchcase(text, wanted) for text in texts)

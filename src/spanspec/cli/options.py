"""Options that several commands share, and what they make of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from spanspec.errors import UsageError
from spanspec.model.time import parse_duration
from spanspec.source.diagnostics import Diagnostic, Severity
from spanspec.source.render import render_all, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def duration_s(text: str | None, option: str) -> float | None:
    """Seconds of an option's value (`5s`, `250ms`, or a plain number of seconds)."""
    if text is None:
        return None
    found = parse_duration(text)
    if found is not None and found.ns >= 0:
        return found.ns / 1e9
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise UsageError(f'{option}: "{text}" is no duration', help="Write it like 5s, 250ms or 1m30s.")
    return seconds


def variables(pairs: Sequence[str]) -> dict[str, str]:
    """`--var K=V`, as a mapping."""
    out: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f'--var: "{pair}" is not of the form NAME=VALUE', help="Write it like --var ORDER=42.")
        out[key.strip()] = value
    return out


def colour(stream_is_tty: bool) -> bool:
    """Whether to colour: a terminal without NO_COLOR, or FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream_is_tty and os.environ.get("TERM") != "dumb")


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    try:
        return max(60, min(os.get_terminal_size(sys.stdout.fileno()).columns, 160))
    except (OSError, ValueError):
        return 80


def tell(diagnostics: Iterable[Diagnostic], *, warnings: bool = True) -> int:
    """Print diagnostics to stderr; how many are errors."""
    shown = [fault for fault in diagnostics if warnings or fault.severity is Severity.ERROR]
    if shown:
        click.echo(render_all(shown), err=True)
        click.echo("", err=True)
    return sum(1 for fault in shown if fault.severity is Severity.ERROR)


def tell_passed_over(notes: Sequence[str], *, listed: bool, silent: bool = False) -> None:
    """Say on stderr how many documents are not ours, or name each."""
    if silent or not notes:
        return
    if not listed:
        click.echo(f"{counted(len(notes), 'document')} passed over; -v lists them", err=True)
    for note in notes if listed else ():
        click.echo(f"passed over: {visible(note)}", err=True)


def counted(count: int, noun: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

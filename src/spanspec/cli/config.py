"""`spanspec config`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from spanspec.cli.options import tell
from spanspec.definition.effective import effective
from spanspec.source.render import visible

_EPILOG = """\b
Examples:
  spanspec config                       what holds in this folder
  spanspec config tests/checkout.yaml   what holds for this file, its own settings counted in
  spanspec config -o json
\b
Lowest first: built in, spanspec.yaml (outer, then inner), the file, SPANSPEC_* variables, the command line."""


@click.command(epilog=_EPILOG)
@click.argument("path", default=".", metavar="[PATH]")
@click.option("-o", "--output", type=click.Choice(["pretty", "json"]), default="pretty", help="What goes to stdout.")
def command(path: str, output: str) -> int:
    """Print every setting that holds for a PATH, with where it comes from."""
    lines, diagnostics = effective(path, cwd=Path.cwd(), environment=os.environ)
    errors = tell(diagnostics)
    if output == "json":
        found = {line.key: {"value": line.value, "origin": line.origin} for line in lines}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return 2 if errors else 0
    texts = [(line.key, _text(line.value), line.origin) for line in lines]
    widths = [max((len(text[column]) for text in texts), default=0) for column in (0, 1)]
    for key, value, origin in texts:
        click.echo(f"{visible(key):{widths[0]}}  {visible(value):{min(widths[1], 40)}}  {visible(origin)}".rstrip())
    return 2 if errors else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

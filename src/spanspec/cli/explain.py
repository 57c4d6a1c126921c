"""`spanspec explain CODE`."""

from __future__ import annotations

import click

from spanspec.errors import UsageError
from spanspec.source.codes import CODES
from spanspec.source.suggest import did_you_mean


@click.command(epilog="\b\nExample:\n  spanspec explain unknown-function")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain a diagnostic's CODE, or list all codes."""
    if code is None:
        width = max(map(len, CODES))
        for name, entry in sorted(CODES.items()):
            click.echo(f"{name:{width}}  {entry.title}")
        return
    entry_ = CODES.get(code)
    if entry_ is None:
        raise UsageError(f'no code "{code}"', help=did_you_mean(code, CODES) or "Run `spanspec explain` for a list.")
    click.echo(f"{code}: {entry_.title}\n\n{entry_.why}")
    for title, text in (("Wrong", entry_.wrong), ("Right", entry_.right)):
        if text:
            click.echo(f"\n{title}:\n" + "\n".join(f"    {line}" for line in text.split("\n")))

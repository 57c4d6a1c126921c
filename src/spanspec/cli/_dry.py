"""`run --dry-run`: what each case would fire, as command lines for a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spanspec.api import new_session
from spanspec.cli.options import counted
from spanspec.runner.dry import dry_lines
from spanspec.source.render import visible

if TYPE_CHECKING:
    from spanspec.api import Prepared
    from spanspec.definition.plan import Loaded
    from spanspec.language.verdict import Value

option = click.option(
    "--dry-run", is_flag=True, help="Show each trigger as a command line (curl and the like); fire nothing."
)


def show_dry_run(loaded: Loaded, prepared: Prepared, seed: int) -> None:
    """Print a script of comments and command lines to stdout; nothing is fired and nothing listens."""
    session = new_session(loaded, seed)
    cases = prepared.arrangement.cases
    outputs: dict[str, Value] = {each.name: f"<{each.name}>" for case in cases for each in case.plan.outputs}
    count = 0
    for case in cases:
        line = f":{case.plan.place.line}" if case.plan.place is not None else ""
        row = f" [{case.plan.row_label}]" if case.plan.row_label else ""
        click.echo(
            f"# {visible(' › '.join((*case.suite, case.plan.name)))}{visible(row)} ({visible(case.plan.path)}{line})"
        )
        for each in dry_lines(case.plan, session, case.key, outputs):
            label = "" if each.what == "trigger" else f"  # {each.what}"
            if each.fault:
                click.echo("\n".join(f"# {visible(text)}" for text in each.fault.split("\n")))
            else:
                count += 1
                click.echo(f"{each.line}{label}")
        click.echo("")
    click.echo(f"{counted(count, 'command line')}; nothing was fired", err=True)

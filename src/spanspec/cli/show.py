"""`spanspec show`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from spanspec.cli._reports import write
from spanspec.cli.options import colour, width
from spanspec.errors import UsageError
from spanspec.reports import terminal
from spanspec.results.journal import read


@click.command(epilog="\b\nExamples:\n  spanspec show run.json -v\n  spanspec show run.json --report junit=junit.xml")
@click.argument("run_file", metavar="RUN.json")
@click.option("--report", "reports", multiple=True, metavar="FORMAT[=PATH]", help="A report to render; repeatable.")
@click.option("-v", "--verbose", count=True, help="Show every check with what was observed.")
@click.option("-q", "--quiet", is_flag=True, help="Show the summary alone.")
def command(run_file: str, reports: tuple[str, ...], verbose: int, quiet: bool) -> int:
    """Render a past run again, from the JSON that `run --report json=RUN.json` wrote."""
    try:
        data = sys.stdin.buffer.read() if run_file == "-" else Path(run_file).read_bytes()
    except OSError as fault:
        raise UsageError(
            f"{run_file}: {fault.strerror}", help="Write one with `spanspec run --report json=RUN.json`."
        ) from fault
    run = read(data)
    for text in reports:
        name, _, path = text.partition("=")
        write(run, name, path)
    if not reports:
        verbosity = -1 if quiet else verbose
        click.echo(
            terminal.Report(width=width(), colour=colour(sys.stdout.isatty()), verbosity=verbosity).render(run),
            nl=False,
        )
    return run.exit_code

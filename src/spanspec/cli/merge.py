"""`spanspec merge`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from spanspec.cli._archive import folder_of
from spanspec.cli._reports import write
from spanspec.cli.options import colour, width
from spanspec.errors import UsageError
from spanspec.reports import terminal
from spanspec.results.journal import read
from spanspec.results.merge import merge
from spanspec.results.model import RunResult
from spanspec.runner.keeping import keep_outcomes

_EPILOG = """\b
Examples:
  spanspec merge shards/*.json                                      the whole run, as if it had not been split
  spanspec merge 1.json 2.json --report json=run.json --report junit=junit.xml"""


@click.command(epilog=_EPILOG)
@click.argument("run_files", nargs=-1, required=True, metavar="RUN.json...")
@click.option("--report", "reports", multiple=True, metavar="FORMAT[=PATH]", help="A report to render; repeatable.")
@click.option("--partial", is_flag=True, help="Merge what is there where shards or cases are missing.")
@click.option("-v", "--verbose", count=True, help="Show every check with what was observed.")
@click.option("-q", "--quiet", is_flag=True, help="Show the summary alone.")
def command(run_files: tuple[str, ...], reports: tuple[str, ...], partial: bool, verbose: int, quiet: bool) -> int:
    """Bring the shards of a run together, each written by `run --shard I/N --report json=I.json`.

    The exit code is that of the whole run; 2 when these are no shards of one run, or one is missing.
    """
    run = merge([(name, _read(name)) for name in run_files], partial=partial)
    keep_outcomes(folder_of(Path.cwd()), run, run.started_ns // 1_000_000_000)
    for text in reports:
        name, _, path = text.partition("=")
        write(run, name, path)
    if not any(not text.partition("=")[2] for text in reports):
        verbosity = -1 if quiet else verbose
        pretty = terminal.Report(width=width(), colour=colour(sys.stdout.isatty()), verbosity=verbosity)
        click.echo(pretty.render(run), nl=False)
    return run.exit_code


def _read(name: str) -> RunResult:
    try:
        return read(Path(name).read_bytes())
    except OSError as fault:
        raise UsageError(f"{name}: {fault.strerror}", help="Name files that `run --report json=FILE` wrote.") from fault
    except UsageError as fault:
        raise UsageError(f"{name}: {fault.message}", help=fault.help) from fault

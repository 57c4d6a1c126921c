"""`spanspec run`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.api import execute, execute_stored
from spanspec.cli.options import colour, duration_s, tell, tell_passed_over, variables, width
from spanspec.definition.load import load
from spanspec.definition.plan import Options, Wait
from spanspec.errors import SpanspecError, UsageError
from spanspec.reports import terminal
from spanspec.reports._live import Live
from spanspec.reports.base import REPORTS
from spanspec.results.model import RunResult
from spanspec.results.progress import Progress, RunStarted
from spanspec.runner.run import interrupted
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence


REFERENCE_WORDS = ("test", "testsuite", "transaction")

_EPILOG = """\b
Examples:
  spanspec run                                   everything that spanspec.yaml names, or this folder
  spanspec run tests/checkout.yaml -v            one file, with every check and what was observed
  spanspec run test -f checkout-flow.yaml --endpoint http://127.0.0.1:8080
  spanspec run tests --report junit=junit.xml    also for CI
  spanspec run tests --trace trace.json          judge a stored trace; nothing is fired
\b
Services on this machine export to http://127.0.0.1:4318 (HTTP) or 127.0.0.1:4317 (gRPC) by default, and that is where
the receiver listens. With OTEL_BSP_SCHEDULE_DELAY=100 on the services and `settle: { export_delay: 100ms }` in
spanspec.yaml a verdict takes a fraction of a second."""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "-f", "--file", "files", multiple=True, metavar="FILE", help="A definition; `run test -f FILE` is `run FILE`."
)
@click.option(
    "--endpoint", metavar="URL", default="", help="Base of relative trigger URLs, and in place of their origin."
)
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="A value for ${var:NAME}; repeatable.")
@click.option(
    "--receiver", multiple=True, metavar="HOST[:PORT]", help="Where to take telemetry in; also http=…, grpc=…."
)
@click.option("--trace", "stored", metavar="FILE[#ID]", help="Judge a stored trace instead of firing a trigger.")
@click.option(
    "--wait", type=click.Choice(["decided", "settled"]), help="End a case when all is decided, or when settled."
)
@click.option("--timeout", metavar="DURATION", help="Most time for one test, set-up to verdict.")
@click.option("--linger", metavar="DURATION|auto", default=None, help="Wait for late spans once, before the summary.")
@click.option("--on-inconclusive", type=click.Choice(["fail", "pass"]), help="What an undecided check does to the run.")
@click.option("--compat", is_flag=True, help="Keep the reference's faults for specs and outputs.")
@click.option("--seed", type=int, help="Of generated values; random by default, and printed.")
@click.option(
    "--report", "reports", multiple=True, metavar="FORMAT[=PATH]", help="A report (json, junit, terminal); repeatable."
)
@click.option("--junit", metavar="PATH", help="The same as --report junit=PATH.")
@click.option("-o", "--output", type=click.Choice(["pretty", "json"]), default="pretty", help="What goes to stdout.")
@click.option("-v", "--verbose", count=True, help="Show every check with what was observed.")
@click.option("-q", "--quiet", is_flag=True, help="Show the summary alone.")
def command(
    paths: tuple[str, ...],
    files: tuple[str, ...],
    endpoint: str,
    pairs: tuple[str, ...],
    receiver: tuple[str, ...],
    stored: str | None,
    wait: str | None,
    timeout: str | None,
    linger: str | None,
    on_inconclusive: str | None,
    compat: bool,
    seed: int | None,
    reports: tuple[str, ...],
    junit: str | None,
    output: str,
    verbose: int,
    quiet: bool,
) -> int:
    """Run the tests in files and folders: fire each trigger, collect its trace, judge it."""
    wanted = _reports(reports, junit)
    options = Options(
        endpoint=endpoint or "",
        variables=variables(pairs),
        receiver=receiver,
        compat=compat,
        wait=Wait(wait) if wait else None,
        timeout_s=duration_s(timeout, "--timeout"),
        linger_s=None if linger in (None, "auto") else duration_s(linger, "--linger"),
        on_inconclusive=on_inconclusive or "",
        stored=stored is not None,
    )
    run = _run(_paths(paths, files), options, stored, seed, verbose, quiet or output == "json")
    if run is None:
        return 2
    return _deliver(run, wanted, output, -1 if quiet else verbose)


def _paths(paths: tuple[str, ...], files: tuple[str, ...]) -> list[str]:
    if files and paths and paths[0] in REFERENCE_WORDS:
        paths = paths[1:]
    return [*paths, *files]


def _reports(reports: Sequence[str], junit: str | None) -> list[tuple[str, str]]:

    out: list[tuple[str, str]] = []
    for text in (*reports, *([f"junit={junit}"] if junit else [])):
        name, _, path = text.partition("=")
        REPORTS.load(name)  # an unknown name is told before anything runs
        out.append((name, path))
    return out


def _run(
    paths: list[str], options: Options, stored: str | None, seed: int | None, verbose: int, quiet: bool
) -> RunResult | None:
    """The run's result; None when a definition has a fault, which has been told."""
    loaded = load(paths, options, cwd=Path.cwd(), environment=os.environ)
    if tell(loaded.diagnostics, warnings=not quiet):
        return None
    tell_passed_over(loaded.passed_over, listed=bool(verbose), silent=quiet)
    if stored is not None:
        return execute_stored(loaded, stored, seed=seed or 0)
    watcher = _Watcher(quiet=quiet)
    try:
        return asyncio.run(execute(loaded, listener=watcher, seed=seed))
    finally:
        watcher.close()


class _Watcher:
    """Tells at once what must be known while spans are awaited, and shows live progress where a person looks on."""

    def __init__(self, *, quiet: bool) -> None:
        self._live = None if quiet else Live(sys.stderr, width=width(), colour=colour(sys.stderr.isatty()))

    def on(self, progress: Progress) -> None:
        """Take a message."""
        if isinstance(progress, RunStarted):
            for note in progress.notes:
                click.echo(visible(note), err=True)
        if self._live is not None:
            self._live.on(progress)

    def close(self) -> None:
        """Erase the live block."""
        if self._live is not None:
            self._live.close()


def _deliver(run: RunResult, wanted: list[tuple[str, str]], output: str, verbosity: int) -> int:
    """Write every report; one that cannot be written does not lose the others."""
    code = run.exit_code
    pretty = terminal.Report(width=width(), colour=colour(sys.stdout.isatty()), verbosity=verbosity)
    if output == "json":
        click.echo(REPORTS.load("json")().render(run))
    else:
        click.echo(pretty.render(run), nl=False)
    for name, path in wanted:
        try:
            write(run, name, path)
        except SpanspecError as fault:
            click.echo(f"error: {fault.message}\n  = help: {fault.help}", err=True)
            code = max(code, fault.exit_code)
    return 130 if interrupted(run) else code


def write(run: RunResult, name: str, path: str) -> None:
    """Render one report to a file, or to stdout without a path.

    Raises:
        UsageError: The file cannot be written.
    """
    document = REPORTS.load(name)().render(run)
    if not path:
        click.echo(document)
        return
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(document, bytes):
            target.write_bytes(document)
        else:
            target.write_text(document, encoding="utf-8")
    except OSError as fault:
        raise UsageError(
            f"the {name} report cannot be written to {path}: {fault.strerror}", help="Name another path."
        ) from fault

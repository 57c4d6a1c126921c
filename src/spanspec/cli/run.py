"""`spanspec run`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.api import execute, execute_stored, prepare, seed_of
from spanspec.cli._archive import folder_of, kept
from spanspec.cli._dry import show_dry_run
from spanspec.cli._plan import show_plan
from spanspec.cli._prompt import load_asking
from spanspec.cli._reports import is_streamed, streamed, write
from spanspec.cli._run_options import choosing, loading, showing
from spanspec.cli._watch import watching
from spanspec.cli.options import colour, tell, tell_passed_over, width
from spanspec.errors import SpanspecError
from spanspec.reports import terminal
from spanspec.reports._live import Live
from spanspec.reports.base import REPORTS
from spanspec.results.progress import RunStarted, SystemChanged
from spanspec.runner.keeping import Several, recalled
from spanspec.runner.run import interrupted
from spanspec.source.render import visible

if TYPE_CHECKING:
    from spanspec.cli._run_options import Choosing, Loading, Showing
    from spanspec.definition.plan import Loaded
    from spanspec.results.model import RunResult
    from spanspec.results.progress import Progress


_EPILOG = """\b
Examples:
  spanspec run                                   everything that spanspec.yaml names, or this folder
  spanspec run tests/checkout.yaml -v            one file, with every check and what was observed
  spanspec run -k 'checkout and not slow'        by words in names, suites, files and tags
  spanspec run --last-failed                     what did not pass when it ran last
  spanspec run --shard 2/4 --report json=2.json  a quarter of it; `spanspec merge` brings the quarters together
  spanspec run --dry-run                         each trigger as a command line (curl …); nothing is fired
  spanspec run --plan                            what would run; nothing is fired
  spanspec run test -f checkout-flow.yaml --endpoint http://127.0.0.1:8080
  spanspec run tests --report junit=junit.xml    also for CI
  spanspec run tests --trace trace.json          judge a stored trace; nothing is fired
\b
Services on this machine export to http://127.0.0.1:4318 (HTTP) or 127.0.0.1:4317 (gRPC) by default, and that is where
the receiver listens. With OTEL_BSP_SCHEDULE_DELAY=100 on the services and `settle: { export_delay: 100ms }` in
spanspec.yaml a verdict takes a fraction of a second."""


@click.command(epilog=_EPILOG)
@loading
@choosing
@showing
def command(loading: Loading, choosing: Choosing, showing: Showing) -> int:
    """Run the tests in files and folders: fire each trigger, collect its trace, judge it."""
    if choosing.watch:
        return watching(loading.paths, lambda: _once(loading, choosing, showing))
    return _once(loading, choosing, showing)


def _once(loading: Loading, choosing: Choosing, showing: Showing) -> int:
    """Load, run and report; the exit code."""
    loaded = load_asking(list(loading.paths), loading.options, cwd=Path.cwd(), environment=os.environ)
    if tell(loaded.diagnostics, warnings=not showing.silent):
        return 2
    tell_passed_over(loaded.passed_over, listed=showing.verbose > 0, silent=showing.silent)
    if loading.stored is not None:
        return _deliver(execute_stored(loaded, loading.stored, seed=choosing.seed or 0), showing, loaded)
    run = _run(loaded, loading, choosing, showing)
    return 0 if run is None else _deliver(run, showing, loaded, live=True)


def _run(loaded: Loaded, loading: Loading, choosing: Choosing, showing: Showing) -> RunResult | None:
    """The run's result; None where only the plan was asked for."""
    seed = seed_of(choosing.seed)
    folder = folder_of(Path.cwd())
    prepared = prepare(
        loaded,
        choosing.selection,
        seed=seed,
        ids=loading.ids,
        repeat=choosing.repeat,
        fail_fast=choosing.fail_fast,
        timeout_s=choosing.run_timeout_s,
        remembered=recalled(folder),
    )
    if choosing.only_plan:
        show_plan(prepared, as_json=showing.output == "json")
        return None
    if choosing.dry_run:
        show_dry_run(loaded, prepared, seed)
        return None
    streams = streamed(_reports(showing, loaded))
    # A block that is drawn again and again would break lines that go to the same screen.
    watcher = _Watcher(quiet=showing.silent or any(not stream.path for stream in streams))
    keeper = kept(folder, prepared, seed)
    try:
        run = asyncio.run(execute(loaded, listener=Several((watcher, keeper, *streams)), seed=seed, prepared=prepared))
    except BaseException:
        for stream in streams:
            stream.close()
        raise
    finally:
        watcher.close()
    for stream in streams:
        stream.end(run)
    keeper.end(run)
    return run


def _reports(showing: Showing, loaded: Loaded) -> tuple[tuple[str, str], ...]:
    """Formats and paths: those of the command line, and of `spanspec.yaml` what they do not name."""
    asked = {name for name, _ in showing.reports}
    return (*showing.reports, *((name, path) for name, path in loaded.settings.reports if name not in asked))


class _Watcher:
    """Tells at once what must be known while spans are awaited, and shows live progress where a person looks on."""

    def __init__(self, *, quiet: bool) -> None:
        self._live = None if quiet else Live(sys.stderr, width=width(), colour=colour(sys.stderr.isatty()))

    def on(self, progress: Progress) -> None:
        """Take a message."""
        if isinstance(progress, RunStarted):
            for note in progress.notes:
                click.echo(visible(note), err=True)
        if isinstance(progress, SystemChanged) and self._live is not None:
            click.echo(visible(progress.text), err=True)
        if self._live is not None:
            self._live.on(progress)

    def close(self) -> None:
        """Erase the live block."""
        if self._live is not None:
            self._live.close()


def _deliver(run: RunResult, showing: Showing, loaded: Loaded, *, live: bool = False) -> int:
    """Write every report; one that cannot be written does not lose the others. What was written `live` is there already."""
    code = run.exit_code
    wanted = _reports(showing, loaded)
    written = {name for name, _ in wanted if live and is_streamed(name)}
    if showing.output == "json":
        click.echo(REPORTS.load("json")().render(run))
    else:
        # Lines for a program on stdout leave no room there for what a person reads.
        aside = any(name in written and not path for name, path in wanted)
        stream = sys.stderr if aside else sys.stdout
        pretty = terminal.Report(width=width(), colour=colour(stream.isatty()), verbosity=showing.verbose)
        click.echo(pretty.render(run), nl=False, err=aside)
    for name, path in wanted:
        if name in written:
            continue
        try:
            write(run, name, path)
        except SpanspecError as fault:
            click.echo(f"error: {fault.message}\n  = help: {fault.help}", err=True)
            code = max(code, fault.exit_code)
    return 130 if interrupted(run) else code

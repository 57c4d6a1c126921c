"""`spanspec demo`: the shop, its tests, and what they catch.

It knows no result: a fault is caught when the same tests that pass on the healthy shop fail under it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

import spanspec
from spanspec.api import listening, new_session
from spanspec.cli.options import colour, tell, width
from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options, RunSettings
from spanspec.errors import SpanspecError, UsageError
from spanspec.reports import terminal
from spanspec.results.explain import aligned, expected_and_actual, reason
from spanspec.results.model import Outcome, RunResult
from spanspec.runner.run import run_all
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from spanspec.runner.session import Session

START_S = 60.0
STOP_S = 10.0


class ShopError(SpanspecError):
    """The shop did not start, or ended on its own."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The shop's tests under one fault; `fault` is empty for the healthy shop."""

    fault: str
    title: str
    loaded: Loaded


@click.command(epilog="\b\nExamples:\n  spanspec demo\n  spanspec demo -v      every failure in full")
@click.option("-v", "--verbose", is_flag=True, help="Show every failure in full, each with its trace.")
def command(verbose: bool) -> int:
    """Start a shop of six services, run its tests, break it in six ways, and show what is caught."""
    began = time.monotonic()
    folder = shop_folder()
    faults = _faults(folder)
    # A signal that ends us must end the shop too, so it is turned into the exception that unwinds everything.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    return asyncio.run(_demo(folder, faults, began, verbose=verbose))


def shop_folder() -> Path:
    """Where the shop lies: beside the sources in a checkout, inside the package when installed.

    Raises:
        UsageError: It is in neither place.
    """
    package = Path(spanspec.__file__).parent
    for folder in (package / "_examples" / "shop", package.parent.parent / "examples" / "shop"):
        if (folder / "__main__.py").exists():
            return folder
    raise UsageError(
        "the shop that the demo runs is not there", help="Install spanspec from a release, or run from a checkout."
    )


def _faults(folder: Path) -> dict[str, str]:
    """Each fault that the shop knows, with its title."""
    found = json.loads((folder / "faults.json").read_text(encoding="utf-8"))
    return {name: str(entry["title"]) for name, entry in found.items()}


async def _demo(folder: Path, faults: Mapping[str, str], began: float, *, verbose: bool) -> int:
    settings = RunSettings(receiver_http="127.0.0.1:0", receiver_grpc="127.0.0.1:0", receiver_explicit=True)
    async with listening(new_session(Loaded(environment=os.environ), seed=0), settings) as session:
        click.echo(
            "Starting a shop of six services: gateway, order, payment, inventory, shipping, notification …", err=True
        )
        started = time.monotonic()
        async with _shop(folder, session.receiver) as gateway:
            click.echo(f"ready after {time.monotonic() - started:.1f} s at {gateway}\n", err=True)
            scenes = _scenes(folder, faults, gateway)
            runs = await asyncio.gather(*(_play(scene, session) for scene in scenes))
    return _tell(
        list(zip(scenes, runs, strict=True)), time.monotonic() - began, _shown(folder / "tests"), verbose=verbose
    )


def _scenes(folder: Path, faults: Mapping[str, str], gateway: str) -> list[Scene]:
    scenes = []
    for fault, title in (("", "the healthy shop"), *faults.items()):
        options = Options(endpoint=gateway, variables={"FAULT": fault} if fault else {})
        loaded = load([_shown(folder / "tests")], options, cwd=Path.cwd(), environment=os.environ)
        if tell(loaded.diagnostics, warnings=False):
            raise UsageError("the shop's tests have faults", help="Restore examples/shop/tests.")
        scenes.append(Scene(fault, title, loaded))
    return scenes


def _shown(path: Path) -> str:
    """The path as a person in the working folder would write it."""
    with suppress(ValueError):
        return os.fspath(path.relative_to(Path.cwd()))
    return os.fspath(path)


async def _play(scene: Scene, session: Session) -> RunResult:
    return await run_all(scene.loaded.plans, session, version=spanspec.__version__, linger_s=0.0)


@asynccontextmanager
async def _shop(folder: Path, receiver: str) -> AsyncIterator[str]:
    """The running shop; yields the gateway's address, and ends every process whatever happens."""
    with tempfile.TemporaryDirectory(prefix="spanspec-demo-") as temporary:
        ready, log = Path(temporary) / "ready.json", Path(temporary) / "shop.log"
        arguments = ["--port", "0", "--otlp", f"http://{receiver}", "--ready-file", os.fspath(ready)]
        with log.open("wb") as output:
            # A session of its own, so that Ctrl-C reaches us alone and the shop is ended in order.
            process = await asyncio.create_subprocess_exec(
                sys.executable, os.fspath(folder / "__main__.py"), *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            yield await _until_ready(process, ready, log)
        finally:
            await _end(process)


async def _until_ready(process: asyncio.subprocess.Process, ready: Path, log: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.returncode is None:
        if gateway := _gateway(ready):
            return gateway
        await asyncio.sleep(0.05)
    raise _not_ready(process.returncode, log)


def _gateway(ready: Path) -> str:
    """The gateway's address from the ready file; empty while that is not there."""
    return str(json.loads(ready.read_text(encoding="utf-8"))["gateway"]) if ready.exists() else ""


def _not_ready(returncode: int | None, log: Path) -> ShopError:
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
    how = f"was not ready in {START_S:.0f} s" if returncode is None else f"ended with exit code {returncode}"
    return ShopError(f"the shop {how}:\n{said}", help="Run `python examples/shop` to see it start.")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the shop to stop, and end its whole process group when it does not."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            click.echo("the shop did not stop when asked to; it is ended", err=True)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


# --- what is told -------------------------------------------------------------------------------------------------


def _tell(played: list[tuple[Scene, RunResult]], seconds: float, tests: str, *, verbose: bool) -> int:
    (_, healthy), *broken = played
    paint = _Paint(on=colour(sys.stdout.isatty()))
    passed = healthy.exit_code == 0
    checks = sum(len(case.checks) for case in healthy.cases)
    mark = paint.green("✔") if passed else paint.red("✘")
    click.echo(f"{mark} {paint.bold('healthy')}: {checks} checks on {_spans(healthy)} spans, {_seconds(healthy)}")
    if not passed:
        click.echo(_full(healthy))
    click.echo("\nNow the same tests while the shop misbehaves, and the gateway answers 200 OK all the same:\n")
    caught = [(scene, run) for scene, run in broken if _is_caught(run)]
    for scene, run in broken:
        _tell_scene(scene, run, paint, full=verbose)
    if caught and not verbose:
        click.echo(f"The first of them in full, as `spanspec run` prints it:\n\n{_full(caught[0][1])}")
    _summary(len(broken), len(caught), seconds, tests, paint)
    return 0 if passed and len(caught) == len(broken) else 1


def _is_caught(run: RunResult) -> bool:
    """Whether a check failed; a test that could not be carried out catches nothing."""
    return any(case.outcome is Outcome.FAILED for case in run.cases)


def _tell_scene(scene: Scene, run: RunResult, paint: _Paint, *, full: bool) -> None:
    statuses = {case.response.status for case in run.cases if case.response is not None}
    answered = ", ".join(str(status) for status in sorted(filter(None, statuses))) or "nothing"
    mark = paint.green("caught    ") if _is_caught(run) else paint.red("not caught")
    click.echo(
        f"{mark} {paint.bold(scene.fault)}: {scene.title}  {paint.dim(f'(answered {answered}, {_seconds(run)})')}"
    )
    if full:
        click.echo(_full(run))
        return
    for case in run.cases:
        if case.error is not None:
            click.echo(f"    {visible(case.error.message.splitlines()[0])}")
        for check in case.failed_checks:
            click.echo(f"  {paint.red('✘')} {visible(check.name or check.text)}")
            pairs = [(label, visible(text)) for label, text in expected_and_actual(check)]
            for line in aligned([*pairs, ("because", visible(reason(check)))], width=width() - 4):
                click.echo(f"    {line}")
    click.echo("")


def _full(run: RunResult) -> str:
    return terminal.Report(width=width(), colour=colour(sys.stdout.isatty())).render(_failed_only(run))


def _failed_only(run: RunResult) -> RunResult:
    return replace(run, cases=tuple(case for case in run.cases if case.outcome is not Outcome.PASSED))


def _summary(total: int, caught: int, seconds: float, tests: str, paint: _Paint) -> None:
    line = f"{_word(total).capitalize()} silent failures, {_word(caught)} caught, in {seconds:.1f} s."
    click.echo(paint.bold(line))
    if caught < total:
        click.echo(paint.red(f"{_word(total - caught).capitalize()} not caught."))
    click.echo(
        f"\nNext: read {tests}, the files that caught them; then test a service of your own:\n"
        '  README.md, "Your first test", takes five minutes\n'
        "  spanspec run --help"
    )


def _word(count: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)


def _seconds(run: RunResult) -> str:
    return f"{run.duration_ns / 1e9:.1f} s"


def _spans(run: RunResult) -> int:
    return sum(len(case.trace) for case in run.cases if case.trace is not None)


class _Paint:
    def __init__(self, *, on: bool) -> None:
        self._on = on

    def green(self, text: str) -> str:
        return click.style(text, fg="green") if self._on else text

    def red(self, text: str) -> str:
        return click.style(text, fg="red") if self._on else text

    def bold(self, text: str) -> str:
        return click.style(text, bold=True) if self._on else text

    def dim(self, text: str) -> str:
        return click.style(text, dim=True) if self._on else text

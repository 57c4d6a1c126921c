"""`spanspec propose`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.api import stored_traces
from spanspec.cli._writing import put, tell_notes
from spanspec.cli.options import counted
from spanspec.errors import OtlpError, SpanspecError, StoreError, UsageError
from spanspec.importing.drafts import Check, Draft
from spanspec.importing.request import Request, trigger_of
from spanspec.importing.secrets import Secrets
from spanspec.proposing.propose import DEFAULT_MOST, Proposal, Sample, propose
from spanspec.proposing.starting import first_span, started
from spanspec.results.json import decode
from spanspec.results.model import Outcome
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.results.model import CaseResult

_MOST_TRACES = 10_000
_RUN_HEAD = 4096
_EPILOG = """\b
Examples:
  spanspec propose traces/                        what all traces of a folder have in common
  spanspec propose good-1.json good-2.json --max 10
  spanspec propose run.json --test checkout -o tests/checkout.yaml"""


@click.command(epilog=_EPILOG)
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@click.option(
    "--max", "most", type=click.IntRange(1, 200), default=DEFAULT_MOST, show_default=True, help="Statements at most."
)
@click.option("--test", "wanted", metavar="NAME", help="Of a run's JSON, only the cases of this test.")
@click.option("--name", metavar="NAME", help="The name of the test that is written.")
@click.option("-o", "--output", metavar="FILE", help="Where the definition is written; else stdout.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(
    traces: tuple[str, ...], most: int, wanted: str | None, name: str | None, output: str | None, force: bool
) -> int:
    """Propose statements that hold on ALL the traces given, the most useful first, as a definition to edit.

    TRACE is a file or folder of traces, or the JSON of a run. Give several good runs of the same operation: what differs
    between them is not proposed.
    """
    samples = [sample for path in traces for sample in samples_of(path, wanted)]
    if not samples:
        raise UsageError(
            "there is no trace to propose from", help="Name files with traces that were as they should be."
        )
    if len(samples) > _MOST_TRACES:
        raise UsageError(f"more than {_MOST_TRACES} traces", help="Give fewer; a few dozen tell as much.")
    for note in mixed(samples):
        click.echo(f"note: {note}", err=True)
    found = propose(samples, most)
    secrets = Secrets()
    draft = definition(samples, found, secrets, name=name or "")
    put([draft], output, force=force)
    tell_notes((), secrets.needed)
    click.echo(f"{counted(len(found), 'statement')} from {counted(len(samples), 'trace')}", err=True)
    return 0


def definition(samples: Sequence[Sample], found: Sequence[Proposal], secrets: Secrets, *, name: str) -> Draft:
    """A test that expects what was found; its trigger is what the first span answered."""
    request = started(samples[0].trace)
    comments = [
        f"Proposed from {counted(len(samples), 'trace')}: each statement holds on all of them. Keep what must stay true."
    ]
    trigger: dict[str, object] = {}
    if request is None:
        comments.append(
            "What started the traces is not told by them: write the trigger, or judge stored traces with --trace."
        )
    else:
        trigger = trigger_of(Request(method=request.method, url=request.url), secrets)
        if request.has_body:
            comments.append("A trace does not tell the body and headers of the request: add them to the trigger.")
    first = first_span(samples[0].trace)
    checks = tuple(Check(that=each.text, comments=(each.support,)) for each in found)
    return Draft(
        name=name or (first.name if first is not None else "") or "proposed",
        trigger=trigger,
        checks=checks,
        comments=tuple(comments),
    )


def mixed(samples: Sequence[Sample]) -> list[str]:
    """A remark where the traces begin with different operations: little holds on all of them then."""
    firsts = {(span.service, span.name) for sample in samples if (span := first_span(sample.trace)) is not None}
    if len(firsts) < 2:
        return []
    names = ", ".join(sorted(visible(f"{service} {name}") for service, name in firsts)[:5])
    return [f"the traces begin with {len(firsts)} operations ({names}); propose from those of one operation for more"]


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _NoRunError(Exception):
    path: Path


def samples_of(path: str, wanted: str | None = None) -> list[Sample]:
    """The traces of a file, a folder, or a run.

    Raises:
        UsageError: It does not exist, or a run has several tests and none is chosen.
        OtlpError: A file holds no trace.
        StoreError: It cannot be read.
    """
    place = Path(path)
    if place.is_dir():
        return _of_folder(place, wanted)
    try:
        return _of_run(place, wanted)
    except _NoRunError:
        return [Sample(trace=trace) for trace in stored_traces(path)]


def _of_folder(folder: Path, wanted: str | None) -> list[Sample]:
    """Files that hold neither traces nor a run are passed over as long as another does."""
    out: list[Sample] = []
    faults: list[SpanspecError] = []
    for file in sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")):
        try:
            out.extend(samples_of(str(file), wanted))
        except (OtlpError, StoreError) as fault:
            faults.append(fault)
            click.echo(f"note: passed over {visible(str(file))}: it holds no trace", err=True)
    if not out and faults:
        raise faults[0]
    return out


def _of_run(path: Path, wanted: str | None) -> list[Sample]:
    try:
        with path.open("rb") as file:
            if b'"cases"' not in file.read(_RUN_HEAD) or path.suffix != ".json":
                raise _NoRunError(path)
            file.seek(0)
            data = file.read()
    except OSError as fault:
        raise _NoRunError(path) from fault
    try:
        run = decode(data)
    except SpanspecError as fault:
        if b'"resourceSpans"' in data[:_RUN_HEAD]:
            raise _NoRunError(path) from fault
        raise
    return _of_cases(path, run.cases, wanted)


def _of_cases(path: Path, cases: Sequence[CaseResult], wanted: str | None) -> list[Sample]:
    chosen = [case for case in cases if wanted is None or wanted in (case.name, case.id)]
    names = list(dict.fromkeys(case.name for case in chosen if case.trace is not None))
    if len(names) > 1:
        listed = "\n".join(f"  {name}" for name in names[:20])
        raise UsageError(f"{path}: {len(names)} tests in this run:\n{listed}", help=f'Choose one: --test "{names[0]}"')
    if not names:
        raise UsageError(
            f"{path}: no case with a trace in this run",
            help="Name a test of it that collected one, or files with traces.",
        )
    failed = [case for case in chosen if case.outcome is not Outcome.PASSED]
    if failed:
        click.echo(
            f"note: {path}: {counted(len(failed), 'case')} did not pass and was left out"
            if len(failed) == 1
            else f"note: {path}: {len(failed)} cases did not pass and were left out",
            err=True,
        )
    return [
        Sample(trace=case.trace, response=case.response)
        for case in chosen
        if case.trace is not None and case.outcome is Outcome.PASSED
    ]

"""`spanspec receive`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.api import SystemClock
from spanspec.cli.options import duration_s
from spanspec.definition.receivers import addresses
from spanspec.errors import UsageError
from spanspec.model.time import short_duration
from spanspec.otlp.encode import encode_json
from spanspec.receiver.serve import Receiver
from spanspec.source.render import visible
from spanspec.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.model.span import Span

_EPILOG = """\b
Examples:
  spanspec receive                              print each span on ports 4318 and 4317
  spanspec receive --save traces/               one file of OTLP JSON for each trace
  spanspec receive --receiver 127.0.0.1:0 --for 30s"""


@click.command(epilog=_EPILOG)
@click.option(
    "--receiver", multiple=True, metavar="HOST[:PORT]", help="Where to take telemetry in; also http=…, grpc=…."
)
@click.option("--save", metavar="DIR", help="Write every trace to DIR/TRACE_ID.jsonl, one export a line.")
@click.option("--for", "period", metavar="DURATION", help="Stop after this long; else at Ctrl-C.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print spans.")
def command(receiver: tuple[str, ...], save: str | None, period: str | None, quiet: bool) -> int:
    """Take telemetry in, and print or save what arrives."""
    folder = _folder(save) if save else None
    return asyncio.run(_receive(receiver, folder, duration_s(period, "--for"), quiet=quiet))


def _folder(save: str) -> Path:
    folder = Path(save)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"--save: {save}: {fault.strerror}", help="Name a folder that can be written.") from fault
    return folder


async def _receive(receiver: Sequence[str], folder: Path | None, seconds: float | None, *, quiet: bool) -> int:
    where = addresses(receiver, os.environ)
    sink = _Sink(folder, quiet=quiet)
    store = MemoryStore(SystemClock(), on_spans=sink.take)
    async with Receiver(store, http=where.http, grpc=where.grpc, explicit=where.explicit) as running:
        for note in running.notes:
            click.echo(note, err=True)
        click.echo(f"receiving on http://{running.http_address} (HTTP) and {running.grpc_address} (gRPC)", err=True)
        await _until_stopped(seconds)
    click.echo(sink.summary(), err=True)
    return 0


async def _until_stopped(seconds: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no handlers of the loop's own
            loop.add_signal_handler(name, stop.set)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


class _Sink:
    """Prints and saves; counts what it saw."""

    def __init__(self, folder: Path | None, *, quiet: bool) -> None:
        self._folder, self._quiet = folder, quiet
        self._spans = 0
        self._traces: set[str] = set()
        self._failed = ""

    def take(self, spans: Sequence[Span]) -> None:
        """Take in the spans of one export."""
        self._spans += len(spans)
        by_trace: dict[str, list[Span]] = {}
        for span in spans:
            by_trace.setdefault(span.trace_id, []).append(span)
            if not self._quiet:
                click.echo(_line(span))
        if len(self._traces) < 1_000_000:
            self._traces.update(by_trace)
        if self._folder is not None:
            for trace_id, group in by_trace.items():
                self._append(self._folder / f"{trace_id}.jsonl", group)

    def summary(self) -> str:
        """What was seen."""
        failed = f"; {self._failed}" if self._failed else ""
        return f"{self._spans} spans of {len(self._traces)} traces{failed}"

    def _append(self, path: Path, group: list[Span]) -> None:
        try:
            with path.open("ab") as file:
                file.write(encode_json(group).replace(b"\n", b" ") + b"\n")
        except OSError as fault:
            self._failed = f"not all saved: {path}: {fault.strerror}"


def _line(span: Span) -> str:
    status = " error" if span.status == "error" else ""
    service = span.service or "?"
    text = f"{span.trace_id[:8]}… {span.span_id}  {service}  {span.kind}  {span.name}  {short_duration(span.duration_ns)}{status}"
    return re.sub(r"\s*\n\s*", " ", visible(text))

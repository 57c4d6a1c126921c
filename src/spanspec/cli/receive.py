"""`spanspec receive`."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.api import address, shown
from spanspec.cli.options import counted, duration_s
from spanspec.definition.plan import RunSettings
from spanspec.definition.settings import receiver_of
from spanspec.definition.values import BadValueError
from spanspec.errors import UsageError
from spanspec.model.time import short_duration
from spanspec.otlp.decode import Decoded, decode_json, decode_protobuf
from spanspec.otlp.encode import encode_json
from spanspec.otlp.exchange import Encoding, Payload
from spanspec.receiver.serve import Receiver
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.model.span import Span

_MOST_TRACES = 1_000_000
"""Trace ids that are counted apart; past that the count stands still."""

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
    where = _addresses(receiver)
    sink = _Sink(folder, quiet=quiet)
    listening = Receiver(
        sink, http=address(where.receiver_http), grpc=address(where.receiver_grpc), explicit=where.receiver_explicit
    )
    async with listening as running:
        for note in running.notes:
            click.echo(note, err=True)
        click.echo(
            f"receiving on http://{shown(running.http_address)} (HTTP) and {shown(running.grpc_address)} (gRPC)",
            err=True,
        )
        await _until_stopped(seconds)
    click.echo(sink.summary(), err=True)
    return 3 if sink.failed else 0


def _addresses(receiver: Sequence[str]) -> RunSettings:
    try:
        found = receiver_of(receiver)
    except BadValueError as fault:
        raise UsageError(f"--receiver: {fault}", help=fault.help) from fault
    return replace(RunSettings(), **{key.replace(".", "_"): value for key, value in found.items()})  # type: ignore[arg-type]  # keys and types are RunSettings' own


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
        self.failed = ""
        self._folder, self._quiet = folder, quiet
        self._spans = 0
        self._traces: set[str] = set()
        self._others: dict[str, int] = {}

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take in one export; metrics and logs are counted.

        Raises:
            OtlpError: It is broken; nothing of it was taken.
        """
        if payload.signal != "traces":
            self._others[payload.signal] = self._others.get(payload.signal, 0) + 1
            return Decoded()
        decode = decode_json if payload.encoding is Encoding.JSON else decode_protobuf
        decoded = decode(payload.body)
        self._take(decoded.spans)
        return decoded

    def _take(self, spans: Sequence[Span]) -> None:
        self._spans += len(spans)
        by_trace: dict[str, list[Span]] = {}
        for span in spans:
            by_trace.setdefault(span.trace_id, []).append(span)
            if not self._quiet:
                click.echo(_line(span))
        if len(self._traces) < _MOST_TRACES:
            self._traces.update(by_trace)
        if self._folder is not None:
            for trace_id, group in by_trace.items():
                self._append(self._folder / f"{trace_id}.jsonl", group)

    def summary(self) -> str:
        """What was seen."""
        others = "".join(f", {counted(count, 'export')} of {signal}" for signal, count in sorted(self._others.items()))
        failed = f"; {self.failed}" if self.failed else ""
        return f"{counted(self._spans, 'span')} of {counted(len(self._traces), 'trace')}{others}{failed}"

    def _append(self, path: Path, group: list[Span]) -> None:
        try:
            with path.open("ab") as file:
                file.write(encode_json(group).replace(b"\n", b" ") + b"\n")
        except OSError as fault:
            self.failed = f"not all saved: {path}: {fault.strerror}"


def _line(span: Span) -> str:
    status = " error" if span.status == "error" else ""
    service = span.service or "?"
    text = f"{span.trace_id[:8]}… {span.span_id}  {service}  {span.kind}  {span.name}  {short_duration(span.duration_ns)}{status}"
    return re.sub(r"\s*\n\s*", " ", visible(text))

"""`spanspec receive`."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.api import SystemClock, address, shown
from spanspec.cli._sink import Both, Printer
from spanspec.cli.options import counted, duration_s
from spanspec.definition.plan import RunSettings
from spanspec.definition.settings import receiver_of
from spanspec.definition.values import BadValueError, headers, split_address
from spanspec.errors import UsageError
from spanspec.otlp.target import Target
from spanspec.receiver.access import Access
from spanspec.receiver.forward import Forwarder
from spanspec.receiver.runners import Runners
from spanspec.receiver.serve import Receiver
from spanspec.receiver.serving import Serving
from spanspec.stores.memory import KEEP_BYTES, KEEP_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.receiver.http import Sink

SERVE_PORT = 4319
"""Where runners are served unless another port is named."""

_EPILOG = """\b
Examples:
  spanspec receive                              print each span on ports 4318 and 4317
  spanspec receive --save traces/               one file of OTLP JSON for each trace
  spanspec receive --receiver 127.0.0.1:0 --for 30s
  spanspec receive --forward https://otlp.example --forward-header 'api-key=…'
\b
In a cluster or beside a collector, for runners elsewhere, with the token in SPANSPEC_RECEIVER_TOKEN:
  spanspec receive --receiver 0.0.0.0 --serve 0.0.0.0:4319
and where the tests run, in spanspec.yaml:
  stores: { cluster: { type: spanspec, url: "http://HOST:4319", token: "${env:RECEIVER_TOKEN}" } }
  store: cluster"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line asks for."""

    where: RunSettings
    access: Access
    targets: tuple[Target, ...]
    serve: tuple[str, int] | None
    serve_access: Access
    printer: Printer
    prints: bool
    keep_s: float
    keep_bytes: int
    seconds: float | None


@click.command(epilog=_EPILOG)
@click.option(
    "--receiver", multiple=True, metavar="HOST[:PORT]", help="Where to take telemetry in; also http=…, grpc=…."
)
@click.option("--serve", metavar="HOST[:PORT]", help="Keep what arrives by trace id, and serve runners elsewhere here.")
@click.option(
    "--token",
    envvar="SPANSPEC_RECEIVER_TOKEN",
    default="",
    metavar="TOKEN",
    help="Bearer token that senders and runners must bring; better in SPANSPEC_RECEIVER_TOKEN.",
)
@click.option(
    "--serve-token",
    envvar="SPANSPEC_SERVE_TOKEN",
    default="",
    metavar="TOKEN",
    help="Another one for runners; alone, senders need none.",
)
@click.option("--tls-cert", default="", metavar="FILE", help="PEM certificate; telemetry and runners then come by TLS.")
@click.option("--tls-key", default="", metavar="FILE", help="Its private key, where it is in a file of its own.")
@click.option("--cors", "origins", multiple=True, metavar="ORIGIN", help="A page that may send from a browser, or *.")
@click.option("--forward", multiple=True, metavar="URL", help="Pass everything on to this OTLP endpoint; repeatable.")
@click.option(
    "--forward-header", "forward_headers", multiple=True, metavar="NAME=VALUE", help="Sent with all that is passed on."
)
@click.option(
    "--keep",
    default=f"{KEEP_S:g}s",
    metavar="DURATION",
    show_default=True,
    help="With --serve: how long spans are kept that no runner has asked for.",
)
@click.option(
    "--keep-mib",
    type=click.IntRange(1, 65536),
    default=KEEP_BYTES >> 20,
    metavar="MIB",
    show_default=True,
    help="With --serve: how much of them.",
)
@click.option("--save", metavar="DIR", help="Write every trace to DIR/TRACE_ID.jsonl, one export a line.")
@click.option("--for", "period", metavar="DURATION", help="Stop after this long; else at Ctrl-C.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print spans; --serve prints none.")
def command(
    receiver: tuple[str, ...],
    serve: str | None,
    token: str,
    serve_token: str,
    tls_cert: str,
    tls_key: str,
    origins: tuple[str, ...],
    forward: tuple[str, ...],
    forward_headers: tuple[str, ...],
    keep: str,
    keep_mib: int,
    save: str | None,
    period: str | None,
    quiet: bool,
) -> int:
    """Take telemetry in: print it, save it, pass it on, or keep it for runners elsewhere."""
    access = Access(token=token, certificate=tls_cert, key=tls_key, origins=origins)
    printer = Printer(_folder(save) if save else None, quiet=quiet or serve is not None)
    asked = _Asked(
        where=_addresses(receiver),
        access=access,
        targets=_targets(forward, forward_headers),
        serve=_serve_address(serve) if serve is not None else None,
        serve_access=replace(access, token=serve_token or token, origins=()),
        printer=printer,
        prints=serve is None or save is not None,
        keep_s=duration_s(keep, "--keep") or KEEP_S,
        keep_bytes=keep_mib << 20,
        seconds=duration_s(period, "--for"),
    )
    return asyncio.run(_receive(asked))


def _folder(save: str) -> Path:
    folder = Path(save)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"--save: {save}: {fault.strerror}", help="Name a folder that can be written.") from fault
    return folder


def _targets(urls: Sequence[str], texts: Sequence[str]) -> tuple[Target, ...]:
    try:
        found = dict(pair for text in texts for pair in headers(text).items())
    except BadValueError as fault:
        raise UsageError(f"--forward-header: {fault}", help=fault.help) from fault
    if found and not urls:
        raise UsageError("--forward-header without --forward", help="Say where to: --forward URL.")
    return tuple(Target(url=url, headers=found) for url in urls)


def _serve_address(text: str) -> tuple[str, int]:
    try:
        host, port = split_address(text)
    except BadValueError as fault:
        raise UsageError(f"--serve: {fault}", help=fault.help) from fault
    return host.strip("[]") or "127.0.0.1", SERVE_PORT if port is None else port


async def _receive(asked: _Asked) -> int:
    runners = Runners(SystemClock(), lambda: secrets.token_hex(16), keep_s=asked.keep_s, keep_bytes=asked.keep_bytes)
    forwarder = Forwarder(_sink(asked, runners), asked.targets)
    listening = Receiver(
        forwarder,
        http=address(asked.where.receiver_http),
        grpc=address(asked.where.receiver_grpc),
        explicit=asked.where.receiver_explicit,
        access=asked.access,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(forwarder)
        running = await stack.enter_async_context(listening)
        _say_where(running)
        if asked.serve is not None:
            serving = await stack.enter_async_context(Serving(runners, asked.serve, asked.serve_access))
            for note in serving.notes:
                click.echo(note, err=True)
            click.echo(f"serving runners on {serving.url}", err=True)
        await _until_stopped(asked.seconds)
    for note in forwarder.notes:
        click.echo(note, err=True)
    click.echo(asked.printer.summary() if asked.prints else _served(runners), err=True)
    return 3 if asked.printer.failed else 0


def _sink(asked: _Asked, runners: Runners) -> Sink:
    if asked.serve is None:
        return asked.printer
    return Both(runners, asked.printer) if asked.prints else runners


def _say_where(running: Receiver) -> None:
    for note in running.notes:
        click.echo(note, err=True)
    scheme = (running.endpoint or "http").partition(":")[0]
    click.echo(
        f"receiving on {scheme}://{shown(running.http_address)} (HTTP) and {shown(running.grpc_address)} (gRPC)",
        err=True,
    )


def _served(runners: Runners) -> str:
    counts = runners.counts()
    evicted = (
        f"; {counted(counts['evicted_spans'], 'span')} that no runner asked for went" if counts["evicted_spans"] else ""
    )
    lost = f"; {counted(counts['lost_spans'], 'span')} of asked traces beyond the bound" if counts["lost_spans"] else ""
    return (
        f"{counted(counts['received_spans'], 'span')} received, {counts['told_spans']} told to runners{evicted}{lost}"
    )


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

"""Starts the broker and the six services, says when they are ready, and ends them all."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterable
from pathlib import Path

from shop import processes
from shop.broker import Broker
from shop.faults import Fault
from shop.processes import Listeners, Service, ShopError
from shop.services import NAMES

DEFAULT_PORT = 8080
DEFAULT_OTLP = "http://127.0.0.1:4318"
START_S = 60
END_S = 8
WARM_UP_S = 20

NOT_SAMPLED = "00-0000000000000000000000000000face-000000000000face-00"
"""A trace context whose sampled flag is off: the SDKs obey it and record nothing."""


def main(arguments: list[str] | None = None) -> int:
    """Run the shop until it is told to stop, and end the process with 0, or 1 when the shop could not go on."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.ready_file is not None and not options.ready_file.absolute().parent.is_dir():
        parser.error(f"--ready-file: there is no folder {options.ready_file.absolute().parent}")
    try:
        code = asyncio.run(_run(options))
    except ShopError as error:
        print(f"shop: {error}", file=sys.stderr)
        code = 1
    # Everything is closed; the Kafka library's own clean-up at exit may wait for its threads, and has nothing to save.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shop",
        description="A shop of six instrumented services. POST /checkout places an order; the trace shows how.",
        epilog=f"A request asks for a fault with the header `baggage: shop.fault=NAME`; NAME is one of {', '.join(Fault)}.",
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="the gateway's port; 0: any free one (default %(default)s)"
    )
    parser.add_argument(
        "--otlp", metavar="URL", help=f"where to send spans (default $OTEL_EXPORTER_OTLP_ENDPOINT, else {DEFAULT_OTLP})"
    )
    parser.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="write the gateway's address there, as JSON, when all is ready"
    )
    return parser


async def _run(options: argparse.Namespace) -> int:
    stop = asyncio.Event()

    def told_to_stop() -> None:
        stop.set()
        _end_in_any_case()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop)
    with tempfile.TemporaryDirectory(prefix="shop-", ignore_cleanup_errors=True) as folder:
        shop = Shop(options.port, options.otlp, Path(folder))
        try:
            if await _unless(stop, shop.start()):
                _announce(shop, options.ready_file)
                await _unless(stop, shop.watch())
        finally:
            await shop.stop()
            if options.ready_file is not None:
                options.ready_file.unlink(missing_ok=True)
    return 0


def _end_in_any_case() -> None:
    """End this process soon, whatever hangs, a library's clean-up at exit included.

    The services end by themselves when this process is gone, and remove the folder.
    """

    def end() -> None:
        print(f"shop: not closed in order within {END_S} s; ended", file=sys.stderr, flush=True)
        os._exit(0)

    timer = threading.Timer(END_S, end)
    timer.daemon = True
    timer.start()


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, None]) -> bool:
    """Do the work; say whether it ended before one was told to stop. What it raises is raised."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    done = working.done()
    working.cancel()
    stopping.cancel()
    results = await asyncio.gather(working, stopping, return_exceptions=True)
    if done and isinstance(results[0], BaseException):
        raise results[0]
    return done


class Shop:
    """The broker and the services."""

    def __init__(self, port: int, otlp: str | None, folder: Path) -> None:
        self._folder = folder
        self._listeners = Listeners(port)
        self._broker = Broker()
        self._environment = _environment(otlp) | self._listeners.environment()
        self._environment |= {"SHOP_KAFKA": self._broker.address, "SHOP_FOLDER": str(folder)}
        self._services: list[Service] = []
        self._spawning: asyncio.Task[None] | None = None
        self.addresses = {name: self._listeners.address(module) for module, name in NAMES.items()}
        self.gateway = self._listeners.address("gateway")
        self.otlp = self._environment["OTEL_EXPORTER_OTLP_ENDPOINT"]

    async def start(self) -> None:
        """Start all at once; return when every one is ready and one checkout has gone through."""
        self._spawning = asyncio.create_task(self._spawn())
        await asyncio.shield(self._spawning)
        try:
            async with asyncio.timeout(START_S):
                await _all_of(service.wait_until_ready() for service in self._services)
        except TimeoutError:
            raise ShopError(f"not ready after {START_S} s\n{self._logs()}") from None
        await self._warm_up()

    async def _spawn(self) -> None:
        """Start the processes; never cancelled half-way, for then nobody would know of the last one."""
        for module, listener in self._listeners.sockets.items():
            self._services.append(await processes.start(module, listener, self._environment, self._folder))
        self._listeners.close()

    async def _warm_up(self) -> None:
        """Send a checkout that leaves no spans, so that the first real one finds every connection open."""
        request = urllib.request.Request(f"{self.gateway}/checkout", b"{}", {"traceparent": NOT_SAMPLED}, method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            await asyncio.to_thread(opener.open, request, timeout=WARM_UP_S)
        except (urllib.error.URLError, TimeoutError) as error:
            raise ShopError(f"the first checkout failed: {error}\n{self._logs()}") from error

    async def watch(self) -> None:
        """Wait until a service ends, which raises."""
        await _all_of(service.wait_for_end() for service in self._services)

    async def stop(self) -> None:
        """End all services and wait for them."""
        if self._spawning is not None:
            await asyncio.wait({self._spawning})
        self._listeners.close()
        await asyncio.gather(*(service.stop() for service in self._services))

    def _logs(self) -> str:
        return "\n".join(f"{service.name}:\n{service.log_tail()}" for service in self._services)


async def _all_of(work: Iterable[Coroutine[object, object, None]]) -> None:
    """Do all at once; the first failure ends the others and is raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _environment(otlp: str | None) -> dict[str, str]:
    """Give what all services get; what the caller has set stays, but for an address that an option overrides."""
    environment = dict(os.environ)
    if otlp is not None:
        environment.pop("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", None)
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp
    environment.setdefault("OTEL_EXPORTER_OTLP_ENDPOINT", DEFAULT_OTLP)
    environment.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    environment.setdefault("OTEL_BSP_SCHEDULE_DELAY", "100")
    resource = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if "host.name=" not in resource:
        resource = f"{resource},host.name={socket.gethostname()}".lstrip(",")
    root = str(Path(__file__).resolve().parent.parent)
    return environment | {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_RESOURCE_ATTRIBUTES": resource,
        "NO_PROXY": ",".join(filter(None, (environment.get("NO_PROXY"), "127.0.0.1", "localhost"))),
        "PYTHONPATH": os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
    }


def _announce(shop: Shop, ready_file: Path | None) -> None:
    """Tell people, and whoever waits for the file; it appears whole or not at all."""
    if ready_file is not None:
        content = {"gateway": shop.gateway, "pid": os.getpid(), "services": shop.addresses, "otlp": shop.otlp}
        draft = ready_file.with_name(f"{ready_file.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps(content) + "\n")
        draft.replace(ready_file)
    seconds = time.monotonic() - STARTED
    print(
        f"the shop is open at {shop.gateway} after {seconds:.1f} s; spans go to {shop.otlp}; Ctrl-C closes it",
        flush=True,
    )


STARTED = time.monotonic()

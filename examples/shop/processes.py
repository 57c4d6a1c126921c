"""The services' processes: started with everything they need, watched, and ended for certain."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from shop.services import NAMES, address_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"
STOP_S = 3
LOG_TAIL = 25


class ShopError(Exception):
    """The shop cannot go on; the text says why."""


class Listeners:
    """A bound socket for every service, so that all know all addresses before the first is started."""

    def __init__(self, gateway_port: int) -> None:
        self.sockets = {module: _bind(gateway_port if module == "gateway" else 0) for module in NAMES}

    def address(self, module: str) -> str:
        """Give a service's URL."""
        return f"http://{HOST}:{self.sockets[module].getsockname()[1]}"

    def environment(self) -> dict[str, str]:
        """Give the variables that tell a service where the others are."""
        return {address_variable(name): self.address(module) for module, name in NAMES.items()}

    def close(self) -> None:
        """Let go of this process's copies: a service that ends then refuses connections at once."""
        for listener in self.sockets.values():
            listener.close()


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise ShopError(
            f"cannot listen on {HOST}:{port}: {error.args[-1]}\ngive a free port with --port, or --port 0 to have one chosen"
        ) from error
    return listener


class Service:
    """One running service.

    Attributes:
        name: Its `service.name`.
        process: Its process, the leader of a process group.
        ready: Done when it takes requests.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, ready: asyncio.StreamReader, log: Path) -> None:
        self.name = name
        self.process = process
        self._ready = ready
        self._log = log

    async def wait_until_ready(self) -> None:
        """Return when it takes requests; the pipe closes without a word when it ends before."""
        if not await self._ready.read():
            await self.wait_for_end()

    async def wait_for_end(self) -> None:
        """Wait until it ends, which is a fault as long as nobody asked for it."""
        code = await self.process.wait()
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        raise ShopError(f"{self.name} (process {self.process.pid}) ended {how}; the end of its log:\n{self.log_tail()}")

    def log_tail(self) -> str:
        """Give the last lines that it wrote."""
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
        return "\n".join(f"  | {line}" for line in lines) or "  | (nothing)"

    async def stop(self) -> None:
        """Ask it to end, and end it with its whole group when it does not."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


async def start(module: str, listener: socket.socket, environment: Mapping[str, str], folder: Path) -> Service:
    """Start one service in the folder; it inherits its socket and a pipe to report on."""
    reading, writing = os.pipe()
    log = folder / f"{module}.log"
    handed = {
        "SHOP_SOCKET_FD": str(listener.fileno()),
        "SHOP_READY_FD": str(writing),
        "OTEL_SERVICE_NAME": NAMES[module],
    }
    try:
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "shop.service",
                module,
                cwd=folder,
                env={**environment, **handed},
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(listener.fileno(), writing),
                process_group=0,
            )
    finally:
        os.close(writing)
    return Service(NAMES[module], process, await _reader(reading), log)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader

"""One service as a process of its own: `python -m shop.service order`, started by the runner.

The runner hands over a bound socket and two pipes. Through one the service says that it is ready; the other, its
standard input, closes when the runner is gone, however that came about, and then the service ends too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING

import uvicorn

from shop import telemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

GRACE_S = 2


class _Server(uvicorn.Server):
    """Says that it is ready when it is, and hands over its last spans before it ends."""

    def __init__(self, config: uvicorn.Config, provider: TracerProvider) -> None:
        super().__init__(config)
        self._provider = provider

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            with os.fdopen(int(os.environ["SHOP_READY_FD"]), "wb") as ready:
                ready.write(b"ready")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        # uvicorn ends the process by the signal that it got: nothing behind `run` would still be executed.
        await asyncio.to_thread(self._provider.shutdown)


def _end_with_runner() -> None:
    """Wait for the end of standard input; then clean up what the runner can no longer clean up."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    shutil.rmtree(os.environ["SHOP_FOLDER"], ignore_errors=True)
    os._exit(1)


def main(module: str) -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("httpx", "aiokafka"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    provider = telemetry.start()
    app = import_module(f"shop.services.{module}").application()
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S, timeout_keep_alive=60
    )
    listener = socket.socket(fileno=int(os.environ["SHOP_SOCKET_FD"]))
    _Server(config, provider).run(sockets=[listener])


if __name__ == "__main__":
    threading.Thread(target=_end_with_runner, daemon=True).start()
    main(sys.argv[1])

"""The runner's side of the watchdog: tells it which process groups run."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from spanspec.environment import _watchdog

if TYPE_CHECKING:
    from collections.abc import Sequence

_END_S = 2.0


class Watchdog:
    """A process that ends what the runner started, should the runner go without doing so.

    Args:
        process: The running watchdog.
        mark: What stands in the environment of all processes of the run.
    """

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        self._process = process
        self.mark = mark

    @classmethod
    async def start(cls, mark: str) -> Watchdog:
        """Start one, in a session of its own, so that no Ctrl-C reaches it."""
        # `-I -S`: nothing of the user's is imported, and it is there within some 15 ms.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", _watchdog.__file__,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True, env={"PATH": os.environ.get("PATH", os.defpath)} | _docker(),
        )  # fmt: skip
        found = cls(process, mark)
        await found._tell({"mark": mark})
        return found

    async def started(self, group: int, grace_s: float) -> None:
        """A group is about to run."""
        await self._tell({"group": group, "grace_s": grace_s})

    async def ended(self, group: int) -> None:
        """A group has ended, with all of its processes."""
        await self._tell({"ended": group})

    async def to_run(self, name: str, command: Sequence[str], cwd: str) -> None:
        """A command that takes away what the runner could not."""
        await self._tell({"name": name, "command": list(command), "cwd": cwd})

    async def done(self, name: str) -> None:
        """That command is no longer needed."""
        await self._tell({"done": name})

    async def close(self) -> None:
        """Let it go; it ends what is left."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _END_S)

    async def _tell(self, message: dict[str, object]) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError):  # someone has ended it; the runner still ends everything by itself
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()


def _docker() -> dict[str, str]:
    """What `docker compose down` needs of the environment to find the same engine."""
    names = ("HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}

"""One service as a process group: started behind a gate, listened to, and ended for certain."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from spanspec.environment import _watchdog
from spanspec.environment.faults import quoted
from spanspec.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.environment.logs import Log
    from spanspec.environment.watchdog import Watchdog
    from spanspec.model.context import Clock

_GATE = 'read -r go || exit 125; exec "$@" </dev/null'
"""Holds a service back until the watchdog knows of its group: else a runner killed in between would leave it behind."""

DRAIN_S = 1.0
"""How long output that is on its way when a service has ended may take."""

LAST_WORDS_S = 0.1
POLL_S = 0.02
_CHUNK = 1 << 16


class Process:
    """A running service.

    Args:
        name: Of the service.
        log: Takes its output.
        clock: Time.
        watchdog: Is told of its group.
        stop_s: Seconds between the request to end and the end.

    Attributes:
        stop_s: As given.
        exited: Set when the service itself has ended.
        code: Its exit code then; minus the signal's number for one that a signal ended.
        exited_ns: When that was, Unix time.
        stopping: Whether we have asked it to end.
    """

    def __init__(self, name: str, log: Log, clock: Clock, watchdog: Watchdog, stop_s: float) -> None:
        self.name, self.log = name, log
        self.exited = asyncio.Event()
        self.code: int | None = None
        self.exited_ns = 0
        self.stopping = False
        self._clock, self._watchdog, self.stop_s = clock, watchdog, stop_s
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, words: Sequence[str], env: Mapping[str, str], cwd: str) -> None:
        """Start it.

        Args:
            words: The program with its arguments.
            env: All of its environment.
            cwd: Its folder, absolute.

        Raises:
            StartError: It cannot be started.
        """
        self._hold(words, env, cwd)
        try:
            self._process = await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", _GATE, "sh", *words,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                env=env, cwd=cwd, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as fault:
            raise StartError(
                f'the service "{self.name}" cannot be started: {fault}', help="Look at its `run`, `env` and `cwd`."
            ) from fault
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._wait())]
        await self._watchdog.started(self._process.pid, self.stop_s)
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(b"go\n")
            await self._process.stdin.drain()
        self._process.stdin.close()

    def _hold(self, words: Sequence[str], env: Mapping[str, str], cwd: str) -> None:
        if not os.path.isdir(cwd):  # noqa: PTH112 - a text from the user
            raise StartError(
                f'the service "{self.name}" cannot be started: there is no folder {quoted(cwd)}',
                help="Write `cwd` relative to the folder of spanspec.yaml.",
            )
        program = words[0]
        there = cwd if os.path.dirname(program) else None  # noqa: PTH120
        path = os.path.join(cwd, program) if there else program  # noqa: PTH118
        if shutil.which(path, path=env.get("PATH", os.defpath)) is None:
            raise StartError(
                f'the service "{self.name}" cannot be started: there is no program {quoted(program)}',
                help="Install it, write its path, or put its folder into PATH.",
            )

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while data := await self._process.stdout.read(_CHUNK):
            self.log.add(data, self._clock.now_ns())

    async def _wait(self) -> None:
        assert self._process is not None
        self.code = await self._process.wait()
        self.exited_ns = self._clock.now_ns()
        with suppress(TimeoutError):  # its last words come before the news of its end
            await asyncio.wait_for(asyncio.shield(self._tasks[0]), LAST_WORDS_S)
        self.exited.set()

    async def stop(self) -> bool:
        """End it and all that it has started; whether it had to be killed. Safe to call again, and before `start`."""
        if self._process is None:
            return False
        self.stopping = True
        group, killed = self._process.pid, False
        _watchdog.signal_group(group, signal.SIGTERM)
        deadline = self._clock.monotonic_ns() + self.stop_s * 1e9
        try:
            while await asyncio.to_thread(_watchdog.members, [group]):
                if self._clock.monotonic_ns() >= deadline:
                    killed = True
                    break
                await self._clock.sleep(POLL_S)
        finally:  # also when we are told to hurry
            _watchdog.signal_group(group, signal.SIGKILL)
        await self._finish()
        await self._watchdog.ended(group)
        return killed

    async def _finish(self) -> None:
        """Wait for the leader, and for output that is on its way; a process that left the group may hold it open."""
        await asyncio.wait(self._tasks, timeout=DRAIN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._process is not None
        await self._process.wait()
        self.log.close(self._clock.now_ns())

    @property
    def end(self) -> str:
        """How it ended, in words."""
        return ended(self.code)


def ended(code: int | None) -> str:
    """`with exit code 1`, `by signal SIGKILL`."""
    if code is None:
        return "in an unknown way"
    if code >= 0:
        return f"with exit code {code}"
    try:
        return f"by signal {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"

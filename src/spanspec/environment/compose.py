"""Services of a compose file: `docker compose` starts them, tells their ports and logs, and takes them away.

They are a project of their own, so that nothing else of the user's is touched, and go with their volumes. What they
need to send telemetry to the run is added by an override file, unless the compose file says it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanspec.archive.folder import NAME, Folder
from spanspec.definition.environment_plan import ProbeKind
from spanspec.environment.bound import probes_of
from spanspec.environment.faults import quoted, with_words
from spanspec.environment.process import Process
from spanspec.environment.telemetry import delay_ms
from spanspec.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spanspec.definition.environment_plan import ComposePlan, EnvironmentPlan, Ready
    from spanspec.environment.logs import Log
    from spanspec.environment.telemetry import Telemetry
    from spanspec.environment.watchdog import Watchdog
    from spanspec.model.context import Clock

_ASK_S = 30.0
_GRACE_S = 30.0
"""Beyond what docker itself was told to wait."""

_MOST_OUTPUT = 4 << 20
LOOK_S = 1.0
_INSIDE = "host.docker.internal"


class Containers:
    """The containers of one run.

    Args:
        plan: What to start.
        around: The environment that it is part of.
        telemetry: Where services send to.
        watchdog: Takes them away if the runner cannot.

    Attributes:
        names: Of the services that are started.
        ports: Where each service's port is published.
        delays_ms: The batch delay of each.
        notes: What to say of them.
    """

    log_name = "compose"

    def __init__(self, plan: ComposePlan, around: EnvironmentPlan, telemetry: Telemetry, watchdog: Watchdog) -> None:
        self.names: tuple[str, ...] = ()
        self.ports: dict[tuple[str, str], int] = {}
        self.delays_ms: list[float | None] = []
        self.notes: list[str] = []
        self._plan, self._folder, self._telemetry, self._watchdog = plan, around.folder, telemetry, watchdog
        self._project = f"spanspec-{telemetry.run_id}"
        self._files = [os.path.join(around.folder, each) for each in plan.files]  # noqa: PTH118
        self._environment: Mapping[str, str] = {}
        self._override: Path | None = None
        self._following: Process | None = None
        self._started = False

    async def start(self, log: Log, clock: Clock, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        """Start them and wait until docker says that they are up.

        Raises:
            StartError: There is no docker, it refuses, or they are not up in time.
        """
        self.log, self._environment = log, environment
        if shutil.which("docker", path=environment.get("PATH", os.defpath)) is None:
            raise StartError(
                'the compose file cannot be started: there is no program "docker"',
                help="Install Docker with its compose plugin, or start the system yourself and pass --no-environment.",
            )
        services = await self._services()
        self._add_telemetry(services)
        say(f"starting {', '.join(self.names)} by docker compose …")
        down = ["down", "--volumes", "--remove-orphans", "--timeout", f"{self._plan.stop_timeout_s:.0f}"]
        await self._watchdog.to_run(self._project, self._words(*down), self._folder)
        self._started, self._down = True, down
        await self._up(log, clock)
        await self._find_ports()
        self._following = Process("docker compose logs", log, clock, self._watchdog, 1.0)
        words = self._words("logs", "--follow", "--no-color")
        await self._following.start(words, dict(environment), self._folder)

    def awaited(self) -> list[tuple[str, Ready]]:
        """What is waited for beyond that, by service."""
        found = []
        for each in self._plan.services:
            if each.ready.probes:
                probes = probes_of(list(each.ready.probes), self.ports.get((each.name, "")))
                found.append((each.name, replace(each.ready, probes=probes)))
        return found

    async def gone(self, clock: Clock) -> str:
        """Wait until a container has ended that ran before; what happened, in words."""
        before = {name for name, state, _ in await self._states() if state == "running"}
        while True:
            await clock.sleep(LOOK_S)
            for name, state, code in await self._states():
                if name in before and state in ("exited", "dead"):
                    return f'the container of "{name}" ended with exit code {code}'

    async def stop(self) -> None:
        """Take them away, volumes included; safe to call again."""
        if self._following is not None:
            following, self._following = self._following, None
            await following.stop()
        if self._started:
            self._started = False
            code, output = await self._run(*self._down, limit_s=self._plan.stop_timeout_s + _GRACE_S)
            if code:
                self.notes.append(f"docker compose down ended with exit code {code}: {output[-200:].strip()}")
            await self._watchdog.done(self._project)
        if self._override is not None:
            with suppress(OSError):
                self._override.unlink()
            self._override = None

    # --- steps --------------------------------------------------------------------------------------------------------

    async def _services(self) -> Mapping[str, Any]:
        """The services of the file as docker reads it, those that are started."""
        code, output = await self._run("config", "--format", "json", limit_s=_ASK_S)
        try:
            found = json.loads(output) if code == 0 else None
        except ValueError:
            found = None
        services = found.get("services") if isinstance(found, dict) else None
        if not isinstance(services, dict):
            files = ", ".join(map(quoted, self._plan.files))
            raise StartError(
                with_words(f"docker compose cannot read {files} (exit code {code})", _lines(output)),
                help="Run `docker compose config` beside the file to see what is wrong.",
            )
        named = [*self._plan.only, *(each.name for each in self._plan.services)]
        for name in named:
            if name not in services:
                raise StartError(
                    f'the compose file has no service "{name}"; it has: {", ".join(sorted(services))}',
                    help="Write one of these under `compose`.",
                )
        self.names = tuple(self._plan.only or services)
        return services

    def _add_telemetry(self, services: Mapping[str, Any]) -> None:
        """An override file with the variables that a service does not set itself."""
        made: dict[str, object] = {}
        for name in services:
            own = _environment_of(services[name])
            given = self._telemetry.of(name, own, {})
            inside = {key: value.replace("http://127.0.0.1:", f"http://{_INSIDE}:") for key, value in given.items()}
            self.delays_ms.append(delay_ms(given))
            added = {key: value for key, value in inside.items() if own.get(key) != given[key]}
            made[name] = {"environment": added, "extra_hosts": [f"{_INSIDE}:host-gateway"]}
        folder = Folder(Path(self._folder) / NAME)
        if not folder.made():
            return
        self._override = folder.path / f"compose-{self._telemetry.run_id}.json"
        self._override.write_text(json.dumps({"services": made}, indent=1), encoding="utf-8")
        if self._telemetry.http and not self._telemetry.open:
            self.notes.append(
                f"containers send spans to {_INSIDE}; on Linux they arrive only where the receiver listens for them: pass --receiver 0.0.0.0"
            )

    async def _up(self, log: Log, clock: Clock) -> None:
        limit = self._plan.timeout_s
        words = ["up", "--detach", "--wait", "--wait-timeout", f"{max(1, round(limit))}"]
        words += [*(["--build"] if self._plan.build else []), *self._plan.only]
        code, output = await self._run(*words, limit_s=limit + _GRACE_S)
        log.add(output.encode(), clock.now_ns())
        if code:
            more = await self._run("logs", "--no-color", "--tail", "20", limit_s=_ASK_S)
            log.add(more[1].encode(), clock.now_ns())
            how = f"was not done within {limit:g} s" if code == _LATE else f"ended with exit code {code}"
            raise StartError(
                with_words(f"docker compose up {how}", log.tail()),
                help="Look at what it wrote; raise `timeout` under `compose` if it only needs longer.",
            )

    async def _find_ports(self) -> None:
        for each in self._plan.services:
            if each.port is None:
                if any(probe.kind is ProbeKind.HTTP and probe.target.startswith("/") for probe in each.ready.probes):
                    raise StartError(
                        f'the container of "{each.name}" has no port for the path under its `ready`',
                        help="Write its `port` under `compose.services`, or a whole URL.",
                    )
                continue
            code, output = await self._run("port", each.name, str(each.port), limit_s=_ASK_S)
            port = output.strip().splitlines()[-1].rpartition(":")[2] if output.strip() else ""
            if code or not port.isdecimal() or port == "0":
                raise StartError(
                    f'port {each.port} of the container of "{each.name}" is not published',
                    help=f'Write `ports: ["127.0.0.1::{each.port}"]` at the service in the compose file: it gets a free port.',
                )
            self.ports[each.name, ""] = int(port)

    async def _states(self) -> list[tuple[str, str, int]]:
        """Service, state and exit code of each container; none where docker does not tell."""
        code, output = await self._run("ps", "--all", "--format", "json", limit_s=_ASK_S)
        found = []
        for each in _documents(output) if code == 0 else ():
            found.append((str(each.get("Service", "")), str(each.get("State", "")), int(each.get("ExitCode", 0) or 0)))
        return found

    def _words(self, *words: str) -> list[str]:
        files = [*self._files, *([os.fspath(self._override)] if self._override is not None else [])]
        named = [word for file in files for word in ("-f", file)]
        return ["docker", "compose", "-p", self._project, *named, *words]

    async def _run(self, *words: str, limit_s: float) -> tuple[int, str]:
        """Run docker to its end; its exit code and all that it wrote."""
        process = await asyncio.create_subprocess_exec(
            *self._words(*words), cwd=self._folder, env=dict(self._environment), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(), limit_s)
        except TimeoutError:
            return _LATE, ""
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return process.returncode or 0, output[-_MOST_OUTPUT:].decode("utf-8", "replace")


_LATE = 124


def _lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.strip()][-20:]


def _environment_of(service: object) -> dict[str, str]:
    found = service.get("environment") if isinstance(service, dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(name): str(value) for name, value in found.items() if value is not None}


def _documents(output: str) -> list[dict[str, Any]]:
    """One list, as older versions of compose write it, or an object a line."""
    found: list[Any] = []
    for text in [output] if output.lstrip().startswith("[") else output.splitlines():
        with suppress(ValueError):
            found.append(json.loads(text))
    flat = [each for item in found for each in (item if isinstance(item, list) else [item])]
    return [each for each in flat if isinstance(each, dict)]

"""The system under test for the length of a run: started in the order of its needs, watched, stopped the other way round."""

from __future__ import annotations

import asyncio
import os
import secrets as chance
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spanspec.archive.folder import NAME, Folder
from spanspec.definition.environment_plan import Probe, ProbeKind, variable
from spanspec.environment import _watchdog
from spanspec.environment.bound import Bound, bound
from spanspec.environment.compose import Containers
from spanspec.environment.faults import with_words
from spanspec.environment.logs import Log
from spanspec.environment.ports import HOST, answers, free_ports
from spanspec.environment.probes import Waiting, own_addresses
from spanspec.environment.process import Process, ended
from spanspec.environment.telemetry import delay_ms
from spanspec.environment.watchdog import Watchdog
from spanspec.errors import StartError
from spanspec.model.time import short_duration
from spanspec.results.mask import is_secret, masked
from spanspec.results.model import CaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from spanspec.definition.environment_plan import EnvironmentPlan, Ready
    from spanspec.environment.probes import Seen
    from spanspec.environment.telemetry import Telemetry
    from spanspec.model.context import Clock
    from spanspec.results.model import LogExcerpt

_NOT_FOUND, _NOT_RUN = 127, 126


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the run gives to the system under test.

    Attributes:
        clock: Time.
        environment: The runner's own variables.
        telemetry: Where services send to.
        secrets: Patterns of names whose values are masked.
        seen: What the receiver sees; None without one.
        say: Takes a line about what is going on.
    """

    clock: Clock
    environment: Mapping[str, str]
    telemetry: Telemetry
    secrets: tuple[str, ...] = ()
    seen: Seen | None = None
    say: Callable[[str], None] = field(default=lambda line: None)


@asynccontextmanager
async def running(plan: EnvironmentPlan, around: Around) -> AsyncIterator[Environment]:
    """The system, up; one that cannot be started is down again and says why (`Environment.fault`)."""
    environment = Environment(plan, around)
    try:
        try:
            await environment.start()
        except StartError as fault:
            environment.failed(fault)
            await environment.stop()
        yield environment
    finally:
        await environment.stop()


class Environment:
    """The services of one run.

    Args:
        plan: What to start.
        around: What the run gives.

    Attributes:
        variables: What tests can name: `order.port`, `order.url`.
        hidden: Values that no report may show.
        export_delay_s: The batch delay that all services have; None where that cannot be told.
        notes: What to say of it at the end of the run.
    """

    def __init__(self, plan: EnvironmentPlan, around: Around) -> None:
        self.variables: dict[str, str | int] = {}
        self.hidden: frozenset[str] = frozenset()
        self.export_delay_s: float | None = None
        self.notes: list[str] = []
        self._plan, self._around = plan, around
        self._mark = f"{around.telemetry.run_id}-{chance.token_hex(8)}"
        self._watchdog: Watchdog | None = None
        self._containers: Containers | None = None
        self._processes: dict[str, Process] = {}
        self._logs: list[Log] = []
        self._watches: list[asyncio.Task[None]] = []
        self._stops: dict[str, asyncio.Event] = {}
        self._up = {each.name: asyncio.Event() for each in plan.services}
        self._down = asyncio.Event()
        self._fault: CaseError | None = None
        self._told = ""

    # --- what the run asks --------------------------------------------------------------------------------------------

    def fault(self, case: str) -> CaseError | None:
        """Why nothing can be tested; None while all is well. In full for the first case that asks, then in short.

        Args:
            case: The name of the case.
        """
        if self._fault is None:
            return None
        self._told = self._told or case
        if self._told == case:
            return self._fault
        first = self._fault.message.split("\n", 1)[0].partition("; it wrote")[0]
        return CaseError(message=f'{first}; see "{self._told}"', help=self._fault.help, kind=self._fault.kind)

    async def fallen(self) -> None:
        """Return when a service has ended by itself."""
        await self._down.wait()

    def logs(self, start_ns: int, end_ns: int) -> tuple[LogExcerpt, ...]:
        """What each service wrote between two points of Unix time; bounded."""
        found = [log.between(start_ns, end_ns) for log in self._logs]
        return tuple(each for each in found if each is not None)

    # --- up -----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start everything.

        Raises:
            StartError: It cannot be started, or does not become ready in its time.
        """
        if os.name != "posix":
            raise StartError(
                "services can be started on Linux and macOS only",
                help="Start the system yourself, and pass --no-environment.",
            )
        began = self._around.clock.monotonic_ns()
        self._watchdog = await Watchdog.start(self._mark)
        ports = self._ports()
        if self._plan.compose is not None:
            self._containers = Containers(self._plan.compose, self._plan, self._around.telemetry, self._watchdog)
            log = self._log(self._containers.log_name)
            await self._containers.start(log, self._around.clock, self._around.environment, self._around.say)
            ports.update(self._containers.ports)
        bindings = [
            bound(each, self._plan, self._around.environment, self._around.telemetry, ports)
            for each in self._plan.services
        ]
        self._learn(bindings, ports)
        await self._all([self._bring_up(each) for each in bindings])
        if self._containers is not None:
            await self._all([self._wait_for_container(each, ready) for each, ready in self._containers.awaited()])
            self._watches.append(asyncio.create_task(self._watch_containers(self._containers)))
        spent = short_duration(self._around.clock.monotonic_ns() - began)
        self._around.say(f"the environment is up after {spent}: {', '.join(self._names())}")

    def _names(self) -> list[str]:
        return [*(self._containers.names if self._containers is not None else ()), *self._up]

    def _ports(self) -> dict[tuple[str, str], int]:
        """Each port of each service: as it says, else a free one."""
        wanted = {(each.name, name): port for each in self._plan.services for name, port in each.ports.items()}
        fixed = frozenset(port for port in wanted.values() if port)
        free = iter(free_ports(sum(1 for port in wanted.values() if not port), but=fixed))
        return {key: port or next(free) for key, port in wanted.items()}

    def _learn(self, bindings: list[Bound], ports: Mapping[tuple[str, str], int]) -> None:
        for (service, name), port in ports.items():
            self.variables[variable(service, "port", *([name] if name else []))] = port
            if not name:
                self.variables[variable(service, "url")] = f"http://{HOST}:{port}"
        given = [each.env for each in bindings]
        patterns = self._around.secrets
        secrets = {value for env in given for name, value in env.items() if is_secret(name, patterns)}
        secrets |= {str(value) for name, value in self._plan.variables.items() if is_secret(name, patterns)}
        self.hidden = frozenset(secrets)
        delays = [delay_ms(env) for env in given]
        if self._containers is not None:
            delays += self._containers.delays_ms
        known = [each for each in delays if each is not None]
        self.export_delay_s = max(known) / 1000 if known and len(known) == len(delays) else None

    def _log(self, name: str) -> Log:
        folder = Folder(Path(self._plan.folder) / NAME)
        path = folder.path / "logs" / f"{name}.log" if folder.made("logs") else None
        log = Log(name, path, lambda line: masked(line, self.hidden))
        self._logs.append(log)
        return log

    async def _all(self, work: list[Coroutine[object, object, None]]) -> None:
        """Do all at once; the first fault, or the fall of a service that was up, ends the others and is raised."""
        tasks = [asyncio.create_task(each) for each in work]
        fall = asyncio.create_task(self._fall())
        try:
            pending = {*tasks}
            while pending:
                done, pending = await asyncio.wait({*pending, fall}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                pending -= {fall}
        finally:
            for task in (*tasks, fall):
                task.cancel()
            await asyncio.gather(*tasks, fall, return_exceptions=True)

    async def _fall(self) -> None:
        await self._down.wait()
        assert self._fault is not None
        raise StartError(self._fault.message, help=self._fault.help)

    async def _bring_up(self, service: Bound) -> None:
        """Start one service once all that it needs is up, and wait until it is ready."""
        plan = service.plan
        for name in plan.needs:
            if name in self._up:
                await self._up[name].wait()
        probes = service.probes
        await self._hold_ports(service)
        self._around.say(f"starting {plan.name} …")
        log = self._log(plan.name)
        assert self._watchdog is not None
        process = Process(plan.name, log, self._around.clock, self._watchdog, plan.stop_timeout_s)
        waiting = Waiting(service.telemetry_name, log, self._around.seen, self._around.clock)
        self._processes[plan.name], self._stops[plan.name] = process, asyncio.Event()
        await process.start(service.words, {**service.env, _watchdog.VARIABLE: self._mark}, service.cwd)
        await self._until_ready(process, probes, plan.ready.timeout_s, waiting)
        if not any(probe.kind is ProbeKind.EXIT for probe in probes):
            self._watches.append(asyncio.create_task(self._watch(process)))
        self._up[plan.name].set()

    async def _hold_ports(self, service: Bound) -> None:
        """Make sure that nobody else answers where the service will: else it would count as ready, and be tested."""
        fixed = [(HOST, port) for port in service.fixed_ports]
        for host, port in dict.fromkeys([*fixed, *own_addresses(service.probes)]):
            if await answers(host, port):
                raise StartError(
                    f'the service "{service.plan.name}" cannot be started: {host}:{port} is in use by another process',
                    help="End that process, let the service have a free port with {port}, or pass --no-environment to test what runs there.",
                )

    async def _until_ready(
        self, process: Process, probes: tuple[Probe, ...], timeout_s: float, waiting: Waiting
    ) -> None:
        exits = [probe for probe in probes if probe.kind is ProbeKind.EXIT]
        began = self._around.clock.monotonic_ns()
        end = asyncio.create_task(process.exited.wait())
        ready = asyncio.create_task(asyncio.Event().wait() if exits else waiting.until(probes))
        try:
            done, _ = await asyncio.wait({end, ready}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ready in done:
                ready.result()
            if end in done:
                if exits and process.code == exits[0].code:
                    return
                raise self._ended_early(process, self._around.clock.monotonic_ns() - began, exits)
            if not done:
                raise self._not_ready(process, timeout_s, waiting, exits)
        finally:
            for task in (end, ready):
                task.cancel()
            await asyncio.gather(end, ready, return_exceptions=True)

    def _ended_early(self, process: Process, spent_ns: int, exits: list[Probe]) -> StartError:
        what = f'the service "{process.name}" ended {process.end}'
        what += (
            f", and not with exit code {exits[0].code}"
            if exits
            else f" after {short_duration(spent_ns)}, before it was ready"
        )
        advice = "Look at what it wrote; `spanspec run --plan` shows how it is started."
        if process.code in (_NOT_FOUND, _NOT_RUN):
            advice = "The shell could not run the command: check `run`, and that the program is installed and in PATH."
        return StartError(self._with_words(what, process), help=advice)

    def _not_ready(self, process: Process, timeout_s: float, waiting: Waiting, exits: list[Probe]) -> StartError:
        awaited = ", ".join(waiting.awaited) or (f"its end with exit code {exits[0].code}" if exits else "")
        seen = f" ({'; '.join(waiting.last.values())})" if waiting.last else ""
        what = f'the service "{process.name}" was not ready within {timeout_s:g} s: waited for {awaited}{seen}'
        return StartError(
            self._with_words(what, process), help="Look at what it wrote, or raise `timeout` under its `ready`."
        )

    def _with_words(self, message: str, process: Process) -> str:
        return with_words(message, process.log.tail(), shown(process.log.path))

    async def _wait_for_container(self, name: str, ready: Ready) -> None:
        assert self._containers is not None
        log = self._containers.log
        waiting = Waiting(name, log, self._around.seen, self._around.clock)
        try:
            await asyncio.wait_for(waiting.until(ready.probes), ready.timeout_s)
        except TimeoutError as fault:
            seen = f" ({'; '.join(waiting.last.values())})" if waiting.last else ""
            what = f'the container "{name}" was not ready within {ready.timeout_s:g} s: waited for {", ".join(waiting.awaited)}{seen}'
            raise StartError(
                with_words(what, log.tail(), shown(log.path)), help="Look at what it wrote, or raise its `timeout`."
            ) from fault

    # --- watched, and down --------------------------------------------------------------------------------------------

    async def _watch(self, process: Process) -> None:
        """Say that a service has ended, unless we ended it."""
        await process.exited.wait()
        if process.stopping:
            return
        self._fell(f'the service "{process.name}" ended {ended(process.code)}', process.log)

    async def _watch_containers(self, containers: Containers) -> None:
        self._fell(await containers.gone(self._around.clock), containers.log)

    def _fell(self, what: str, log: Log) -> None:
        """Note that a part of the system has ended by itself; the first one is the cause of all."""
        if self._fault is not None:
            return
        self._fault = CaseError(
            message=with_words(f"{what} while the tests ran", log.tail(), shown(log.path)),
            help="Look at what it wrote: what was tested after that was no longer the whole system.",
            kind="environment",
        )
        self.notes.append(f"{what} while the tests ran; the tests of that time, and later ones, are errored")
        self._down.set()

    def failed(self, fault: StartError) -> None:
        """It could not be started."""
        self._fault = self._fault or CaseError(message=fault.message, help=fault.help, kind="environment")
        self.notes = ["the environment did not start; nothing was tested"]

    async def stop(self) -> None:
        """End all services, those that need others first; what is done already is not done again."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        try:
            await asyncio.gather(*(self._stop(name) for name in self._processes))
            if self._containers is not None:
                await self._containers.stop()
                self.notes += self._containers.notes
                self._containers = None
        finally:
            processes, self._processes = self._processes, {}
            left = await asyncio.to_thread(_watchdog.kill_marked, self._mark) if processes else 0
            if left:
                self.notes.append(f"{left} processes that had left the groups of their services were killed")
            if self._watchdog is not None:
                await self._watchdog.close()
                self._watchdog = None
            for log in self._logs:
                log.close(self._around.clock.now_ns())

    async def _stop(self, name: str) -> None:
        """End one service, once those that need it have ended."""
        process = self._processes[name]
        try:
            for each in self._plan.services:
                if name in each.needs and each.name in self._stops:
                    await self._stops[each.name].wait()
            if await process.stop():
                limit = f"{process.stop_s:g} s"
                self.notes.append(f'the service "{name}" did not end within {limit} of SIGTERM, and was killed')
        finally:
            self._stops[name].set()


def shown(path: Path | None) -> str:
    """The path as a person in the working folder would write it."""
    if path is None:
        return ""
    with suppress(ValueError, OSError):
        return os.fspath(path.relative_to(Path.cwd()))
    return os.fspath(path)

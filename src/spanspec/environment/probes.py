"""Whether a service is ready: an answer by HTTP, a port that is open, a line that it wrote, a span that it sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from spanspec.definition.environment_plan import Probe, ProbeKind
from spanspec.environment.faults import quoted
from spanspec.environment.ports import HOST, answers
from spanspec.errors import StartError
from spanspec.language.comparing.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    import httpx2

    from spanspec.environment.logs import Log
    from spanspec.model.context import Clock

FIRST_S, LONGEST_S = 0.02, 0.5
ANSWER_S = 5.0
"""How long one question by HTTP may take."""


class Seen(Protocol):
    """What the receiver has seen of traces that nobody awaits."""

    def meanwhile(self, since_ns: int) -> Iterable[tuple[str, int, int]]:
        """Services with their numbers of spans and traces, since a monotonic time."""
        ...


class Waiting:
    """What one service is waited for; `last` says what was seen last, for the message when the time is over.

    Args:
        service: Its name.
        log: Its output.
        seen: What the receiver sees; None without one.
        clock: Time; its monotonic time now is that of the start.
    """

    def __init__(self, service: str, log: Log, seen: Seen | None, clock: Clock) -> None:
        self._service, self._log, self._seen, self._clock = service, log, seen, clock
        self._since_ns = clock.monotonic_ns()
        self.last: dict[ProbeKind, str] = {}
        self.awaited: list[str] = []

    async def until(self, probes: Iterable[Probe]) -> None:
        """Return when all hold, one after the other.

        Raises:
            StartError: A span is awaited, and nothing is received by this run.
        """
        for probe in probes:
            self.awaited = [describe(probe)]
            await self._until(probe)
        self.awaited = []

    async def _until(self, probe: Probe) -> None:
        match probe.kind:
            case ProbeKind.HTTP:
                await self._http(probe)
            case ProbeKind.TCP:
                host, port = address(probe.target)
                await self._polled(lambda: self._tcp(host, port))
            case ProbeKind.LOG:
                await self._line(probe.target)
            case ProbeKind.SPAN:
                await self._span(probe.target)
            case ProbeKind.EXIT:
                raise AssertionError("whoever starts the service waits for its end")

    async def _polled(self, holds: Callable[[], Awaitable[bool]]) -> None:
        pause = FIRST_S
        while not await holds():
            await self._clock.sleep(pause)
            pause = min(pause * 1.5, LONGEST_S)

    async def _http(self, probe: Probe) -> None:
        import httpx2  # here, for it is needed by few runs and costs start-up time

        # No proxy of the environment: the system under test is here.
        async with httpx2.AsyncClient(timeout=ANSWER_S, trust_env=False, verify=False) as client:
            await self._polled(lambda: self._answer(client, probe))

    async def _answer(self, client: httpx2.AsyncClient, probe: Probe) -> bool:
        import httpx2

        try:
            response = await client.get(probe.target)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as fault:
            self.last[probe.kind] = str(fault) or type(fault).__name__
            return False
        self.last[probe.kind] = f"it answered {response.status_code}"
        return response.status_code in probe.statuses if probe.statuses else response.status_code < 400

    async def _tcp(self, host: str, port: int) -> bool:
        if await answers(host, port):
            return True
        self.last[ProbeKind.TCP] = "the connection was refused"
        return False

    async def _line(self, pattern: str) -> None:
        found, expression = asyncio.Event(), compiled(pattern)

        def look(line: str) -> None:
            if expression.search(line) is not None:
                found.set()

        self._log.listen(look)
        await found.wait()

    async def _span(self, service: str) -> None:
        if self._seen is None:
            raise StartError(
                f'a span of "{self._service}" is awaited, and this run receives none',
                help="Write another key under `ready`, or read traces from the receiver of the run.",
            )
        seen = self._seen

        async def came() -> bool:
            names = [name for name, *_ in seen.meanwhile(self._since_ns)]
            self.last[ProbeKind.SPAN] = f"spans came of {', '.join(names)}" if names else "no span came of any service"
            return (service or self._service) in names

        await self._polled(came)


def describe(probe: Probe) -> str:
    """What is awaited, for people."""
    match probe.kind:
        case ProbeKind.HTTP:
            wanted = f" with {' or '.join(map(str, probe.statuses))}" if probe.statuses else ""
            return f"{probe.target} to answer{wanted}"
        case ProbeKind.TCP:
            return f"{probe.target} to take connections"
        case ProbeKind.LOG:
            return f"a line that matches {quoted(probe.target)}"
        case ProbeKind.SPAN:
            return f"a span of {quoted(probe.target)}" if probe.target else "a span of it"
        case ProbeKind.EXIT:
            return f"its end with exit code {probe.code}"


def address(text: str) -> tuple[str, int]:
    """Host and port of `8080` or `HOST:PORT`.

    Raises:
        StartError: It is neither.
    """
    host, _, port = text.strip().rpartition(":")
    if not port.isdecimal() or not 0 < int(port[:6]) <= 65535:
        raise StartError(f"{quoted(text)} is no address", help="Write a port, or HOST:PORT, under `ready.tcp`.")
    return host.strip("[]") or HOST, int(port)


def own_addresses(probes: Iterable[Probe]) -> list[tuple[str, int]]:
    """The addresses on this machine that a service will answer at."""
    found = []
    for probe in probes:
        if probe.kind is ProbeKind.TCP:
            found.append(address(probe.target))
        elif probe.kind is ProbeKind.HTTP:
            try:
                parts = urlsplit(probe.target)
                port = parts.port or (443 if parts.scheme == "https" else 80)
            except ValueError as fault:
                raise StartError(
                    f"{quoted(probe.target)} is no URL", help="Write a path or a URL under `ready.http`."
                ) from fault
            found.append((parts.hostname or "", port))
    return [each for each in found if each[0] in ("127.0.0.1", "localhost", "::1", "0.0.0.0")]  # noqa: S104 - compared with

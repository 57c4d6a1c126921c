"""Runners elsewhere, and what came for each of them: the buffer of a receiver that serves.

A runner is registered, asks for traces, and is told every span of them once it says up to where it has them; what it has not
confirmed is told again, so a cut connection loses nothing. What a runner has asked for is kept for it however long it takes,
until it goes, or until nothing was heard of it for the length of its lease. Everything else is the buffer's matter
(`stores.memory`): bounded in bytes and in age, and counted when it goes.

Everything runs in one event loop, and no method but `told` gives way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from spanspec.stores._frames import Answer, Other, frames_of
from spanspec.stores.memory import KEEP_BYTES, KEEP_S, MAX_SPANS, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spanspec.model.context import Clock
    from spanspec.model.ids import TraceId
    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.exchange import Payload
    from spanspec.stores._frames import Told
    from spanspec.stores.base import Arrived

LEASE_S: Final = 120.0
"""How long a runner may be silent: many times the length of a poll, and longer than a laptop's hiccup."""

MOST_RUNNERS: Final = 256
MOST_TRACES: Final = 100_000
"""Traces that one runner may ask for."""

MOST_AT_ONCE: Final = 5_000
"""Spans in one answer."""

_SWEEP_NS: Final = 1_000_000_000


class UnknownRunnerError(LookupError):
    """No such runner: it has gone, was silent for too long, or was another life's."""


class TooManyError(Exception):
    """More runners, or traces of one, than are served."""


@dataclass(slots=True, eq=False)
class _Runner:
    """One runner: what it asked for, and what it has not confirmed yet."""

    seen_ns: int
    told_ns: int
    active: dict[TraceId, bool] = field(default_factory=dict)
    log: deque[Told] = field(default_factory=deque)
    first: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    polls: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def confirm(self, since: int) -> None:
        while self.log and self.first < since:
            self.log.popleft()
            self.first += 1

    def put(self, trace: TraceId, spans: Iterable[Arrived]) -> None:
        self.log.extend((trace, each) for each in spans)
        self.news.set()


class Runners:
    """The buffer and the runners that are told of it; a sink for exports.

    Args:
        clock: Time.
        ids: Makes a new name, which cannot be guessed.
        lease_s: How long a runner may be silent before it is forgotten.
        keep_s: How long spans that nobody has asked for are kept.
        keep_bytes: How many bytes of them.
        max_spans: How many spans of one trace.

    Attributes:
        server: The name of this life of the receiver.
        expired: Runners that were forgotten because nothing was heard of them.
        told_spans: Spans that runners have been told, each time counted.
    """

    def __init__(
        self,
        clock: Clock,
        ids: Callable[[], str],
        *,
        lease_s: float = LEASE_S,
        keep_s: float = KEEP_S,
        keep_bytes: int = KEEP_BYTES,
        max_spans: int = MAX_SPANS,
    ) -> None:
        self.server = ids()
        self.expired = 0
        self.told_spans = 0
        self.lease_s = lease_s
        self._clock, self._ids = clock, ids
        self._store = Store(clock, keep_s=keep_s, keep_bytes=keep_bytes, max_spans=max_spans, told=self._came)
        self._runners: dict[str, _Runner] = {}
        self._askers: dict[TraceId, set[str]] = {}
        self._stopping = False
        self._swept_ns = clock.monotonic_ns()

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take an export in.

        Raises:
            OtlpError: It is broken; nothing of it was taken.
        """
        self._sweep()
        return self._store.add(payload, peer)

    def register(self) -> str:
        """A new runner's name.

        Raises:
            TooManyError: There are enough.
        """
        self._sweep(at_once=True)
        if len(self._runners) >= MOST_RUNNERS:
            raise TooManyError(f"there are {MOST_RUNNERS} runners already")
        name, now = self._ids(), self._clock.monotonic_ns()
        self._runners[name] = _Runner(seen_ns=now, told_ns=now)
        return name

    def expect(self, name: str, traces: Iterable[TraceId]) -> None:
        """Keep these traces for a runner from now on, with what has come of them already.

        Raises:
            UnknownRunnerError: There is no such runner.
            TooManyError: It asks for more traces than are kept for one.
        """
        runner = self._heard(name)
        for trace in traces:
            if trace in runner.active:
                runner.active[trace] = True
                continue
            if len(runner.active) >= MOST_TRACES:
                raise TooManyError(f"a runner may ask for {MOST_TRACES} traces")
            runner.active[trace] = True
            others = self._askers.setdefault(trace, set())
            spans, lost = self._store.known(trace)
            others.add(name)
            if len(others) > 1:
                runner.put(trace, spans)
            if lost:
                runner.lost[trace] = lost
            self._store.expect(trace)

    def release(self, name: str, traces: Iterable[TraceId]) -> None:
        """The cases of these traces are over; the runner is still told what comes late.

        Raises:
            UnknownRunnerError: There is no such runner.
        """
        runner = self._heard(name)
        for trace in traces:
            if trace in runner.active:
                runner.active[trace] = False
                if not any(self._runners[each].active[trace] for each in self._askers[trace]):
                    self._store.thin(trace)

    def leave(self, name: str) -> None:
        """The runner goes; what was kept for it alone is given up.

        Raises:
            UnknownRunnerError: There is no such runner.
        """
        if name not in self._runners:
            raise UnknownRunnerError(name)
        runner = self._runners.pop(name)
        runner.news.set()
        for trace in runner.active:
            askers = self._askers[trace]
            askers.discard(name)
            if not askers:
                del self._askers[trace]
                self._store.forget(trace)

    async def told(self, name: str, since: int, wait_s: float) -> Answer:
        """What came for a runner after its cursor; where nothing did, wait for it.

        Args:
            name: The runner.
            since: Its cursor: `next` of the last answer that it has, 0 at first. What lies before it is given up.
            wait_s: How long to wait.

        Raises:
            UnknownRunnerError: There is no such runner, or it left meanwhile.
        """
        runner = self._heard(name)
        runner.confirm(since)
        if not runner.log and not self._stopping:
            runner.news.clear()
            await self._news(runner, wait_s)
            if self._runners.get(name) is not runner:
                raise UnknownRunnerError(name)
        return self._answer(runner)

    def stop(self) -> None:
        """Answer every runner that waits, at once."""
        self._stopping = True
        for runner in self._runners.values():
            runner.news.set()

    def counts(self) -> dict[str, int]:
        """What a person who looks after it wants to know."""
        return {
            "runners": len(self._runners),
            "traces": len(self._askers),
            "waiting_spans": sum(len(runner.log) for runner in self._runners.values()),
            "received_spans": self._store.received,
            "told_spans": self.told_spans,
            "evicted_spans": self._store.evicted,
            "lost_spans": sum(sum(runner.lost.values()) for runner in self._runners.values()),
            "expired_runners": self.expired,
        }

    async def _news(self, runner: _Runner, wait_s: float) -> None:
        came = asyncio.ensure_future(runner.news.wait())
        slept = asyncio.ensure_future(self._clock.sleep(wait_s))
        runner.polls += 1
        try:
            await asyncio.wait({came, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            runner.polls -= 1
            runner.seen_ns = self._clock.monotonic_ns()
            for task in (came, slept):
                task.cancel()

    def _answer(self, runner: _Runner) -> Answer:
        now = self._clock.monotonic_ns()
        part = [each for each, _ in zip(runner.log, range(MOST_AT_ONCE), strict=False)]
        others = tuple(
            Other(service=each.service, spans=each.spans, traces=each.traces)
            for each in self._store.meanwhile(runner.told_ns)
        )
        runner.told_ns = now
        self.told_spans += len(part)
        return Answer(
            server=self.server,
            now_ns=now,
            next=runner.first + len(part),
            more=len(runner.log) > len(part),
            lost=dict(runner.lost),
            others=others,
            frames=tuple(frames_of(part)),
        )

    def _came(self, trace: TraceId, arrived: Arrived | None) -> None:
        """A span of an awaited trace came, or one too many."""
        for name in self._askers.get(trace, ()):
            runner = self._runners[name]
            if arrived is not None:
                runner.put(trace, (arrived,))
            else:
                runner.lost[trace] = runner.lost.get(trace, 0) + 1
                runner.news.set()

    def _heard(self, name: str) -> _Runner:
        self._sweep()
        runner = self._runners.get(name)
        if runner is None:
            raise UnknownRunnerError(name)
        runner.seen_ns = self._clock.monotonic_ns()
        return runner

    def _sweep(self, *, at_once: bool = False) -> None:
        """Forget runners whose lease is over."""
        now = self._clock.monotonic_ns()
        if not at_once and now - self._swept_ns < _SWEEP_NS:
            return
        self._swept_ns = now
        lease_ns = round(self.lease_s * 1e9)
        for name, runner in list(self._runners.items()):
            if not runner.polls and now - runner.seen_ns > lease_ns:
                self.leave(name)
                self.expired += 1

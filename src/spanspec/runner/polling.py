"""A store that can only be asked, made into one that can be awaited.

The trace is asked for by its id, at once and then at growing intervals: 50 ms, each 1.6 times the one before, up to a second
(`retryDelay` sets one pace instead). Nothing there yet is no error. What the store may be asked again after, it is, no sooner than it
wishes (`Retry-After`), but not for ever; every other fault ends the wait. A span has arrived when an answer first had it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from spanspec.errors import StoreError
from spanspec.stores.base import Fetched, PassingError

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import SpanId, TraceId
    from spanspec.runner.collect import Collected
    from spanspec.stores.base import OpenStore, TraceStore

FIRST_S: Final = 0.05
GROWTH: Final = 1.6
LONGEST_S: Final = 1.0

MOST_IN_A_ROW: Final = 8
"""So many passing faults one after another are no longer passing."""

LONGEST_WISH_S: Final = 60.0
"""A store that asks to wait longer is not waited for."""


@dataclass(slots=True)
class _Watch:
    """One awaited trace."""

    found: Fetched = field(default_factory=Fetched)
    arrived: dict[tuple[SpanId, int], tuple[int, int]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    window: TimeWindow | None = None
    task: asyncio.Task[None] | None = None
    fault: StoreError | None = None
    failures: int = 0
    wish_s: float = 0.0


class Polled:
    """Asks a store for the awaited traces, each at its own pace.

    Args:
        store: What is asked.
        clock: Time.
        name: What the store is called, for messages.
        lag_s: How long the store may take to show a span after it has it.
        poll_s: One pace instead of the growing one; None for that.
    """

    def __init__(
        self, store: TraceStore, clock: Clock, *, name: str = "store", lag_s: float = 1.0, poll_s: float | None = None
    ) -> None:
        self._store, self._clock, self._lag_s, self._poll_s = store, clock, lag_s, poll_s
        self.name = name
        self._watches: dict[TraceId, _Watch] = {}

    @property
    def least_quiet_ns(self) -> int:
        """How long nothing new must have come before a trace is whole: two intervals, and the store's own lag."""
        return round(max(2 * (self._poll_s or LONGEST_S), self._lag_s) * 1e9)

    def paced(self, poll_s: float | None) -> Polled:
        """The same store asked at another pace; the connections are shared."""
        if poll_s == self._poll_s:
            return self
        other = Polled(self._store, self._clock, name=self.name, lag_s=self._lag_s, poll_s=poll_s)
        other._watches = self._watches
        return other

    def expect(self, trace_id: TraceId) -> None:
        """Keep what comes of this trace; it is asked for from the first `fetch` on."""
        self._watches.setdefault(trace_id, _Watch())

    def release(self, trace_id: TraceId) -> None:
        """Ask for it no longer; what is known stays, to be compared with what comes late."""
        watch = self._watches.get(trace_id)
        if watch is not None and watch.task is not None:
            watch.task.cancel()
            watch.task = None

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """What the last answer had; the first call, and one for a trace that nobody awaits, asks now.

        Raises:
            StoreError: The store cannot be read, or has failed too often.
        """
        watch = self._watches.setdefault(trace_id, _Watch())
        watch.window = window
        watch.changed.clear()
        if watch.task is None:
            await self._ask(trace_id, watch)
        if watch.fault is not None:
            raise watch.fault
        return watch.found

    async def changed(self, trace_id: TraceId) -> None:
        """Return when an answer differs from what the last `fetch` gave, or when there is a fault to be told."""
        watch = self._watches.setdefault(trace_id, _Watch())
        if watch.task is None:
            watch.task = asyncio.create_task(self._watched(trace_id, watch))
        await watch.changed.wait()

    def note(self, trace_id: TraceId) -> str:
        """What the store lost of a trace, or why it last gave no answer; empty for nothing."""
        watch = self._watches.get(trace_id)
        return watch.found.note if watch is not None else ""

    def link(self, trace_id: TraceId) -> str | None:
        """Where a person sees the trace."""
        return self._store.link(trace_id)

    async def close(self) -> None:
        """End all asking."""
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watched(self, trace_id: TraceId, watch: _Watch) -> None:
        interval = FIRST_S
        while watch.fault is None:
            await self._clock.sleep(max(self._poll_s or interval, watch.wish_s))
            interval = min(interval * GROWTH, LONGEST_S)
            before = watch.found
            await self._ask(trace_id, watch)
            if watch.found != before or watch.fault is not None:
                watch.changed.set()

    async def _ask(self, trace_id: TraceId, watch: _Watch) -> None:
        """Ask once, and keep the answer or the fault."""
        assert watch.window is not None
        try:
            found = await self._store.fetch(trace_id, watch.window)
        except PassingError as fault:
            self._passing(watch, fault)
        except StoreError as fault:
            watch.fault = fault
        else:
            watch.failures, watch.wish_s = 0, 0.0
            watch.found = self._stamped(watch, found)

    def _passing(self, watch: _Watch, fault: PassingError) -> None:
        watch.failures += 1
        watch.wish_s = fault.wait_s or 0.0
        if watch.wish_s > LONGEST_WISH_S:
            message = f"{fault.message}; it asks to wait {watch.wish_s:.0f} s"
            watch.fault = StoreError(message, help=fault.help)
        elif watch.failures >= MOST_IN_A_ROW:
            message = f"{fault.message} (asked {watch.failures} times in a row)"
            watch.fault = StoreError(message, help=fault.help)
        else:
            watch.found = replace(watch.found, note=fault.message)

    def _stamped(self, watch: _Watch, found: Fetched) -> Fetched:
        """The answer with the time at which each span was first in one."""
        now = self._clock.monotonic_ns(), self._clock.now_ns()
        seen: Counter[SpanId] = Counter()
        spans = []
        for each in found.spans:
            key = each.span.span_id, seen[each.span.span_id]
            seen[each.span.span_id] += 1
            arrived_ns, wall_ns = watch.arrived.setdefault(key, now)
            spans.append(replace(each, arrived_ns=arrived_ns, wall_ns=wall_ns))
        return replace(found, spans=tuple(spans))


@runtime_checkable
class AwaitedStore(Protocol):
    """A store elsewhere that can be awaited: one that is asked (`Polled`), or one that tells by itself.

    Attributes:
        least_quiet_ns: How long nothing new must have come before a trace is whole.
    """

    @property
    def least_quiet_ns(self) -> int:
        """How long nothing new must have come before a trace is whole."""
        ...

    def expect(self, trace_id: TraceId) -> None:
        """As `AwaitableStore`."""
        ...

    def release(self, trace_id: TraceId) -> None:
        """As `AwaitableStore`."""
        ...

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """As `TraceStore`."""
        ...

    async def changed(self, trace_id: TraceId) -> None:
        """As `AwaitableStore`."""
        ...

    def note(self, trace_id: TraceId) -> str:
        """What the store lost of a trace, or why it last gave no answer; empty for nothing."""
        ...

    def link(self, trace_id: TraceId) -> str | None:
        """As `TraceStore`."""
        ...


def awaited(store: OpenStore, clock: Clock, *, name: str, lag_s: float) -> AwaitedStore:
    """The store as it is where it tells by itself, else one that asks it."""
    return store if isinstance(store, AwaitedStore) else Polled(store, clock, name=name, lag_s=lag_s)


def paced(store: AwaitedStore, poll_s: float | None) -> AwaitedStore:
    """The store asked at another pace, where it is asked."""
    return store.paced(poll_s) if isinstance(store, Polled) else store


def least_quiet_ns(store: object) -> int:
    """The quiet that a store needs; none where spans arrive by themselves."""
    return store.least_quiet_ns if isinstance(store, AwaitedStore) else 0


def with_note(collected: Collected, store: object) -> Collected:
    """What was collected, with what the store says that it lost of it."""
    note = store.note(collected.trace.trace_id) if isinstance(store, AwaitedStore) else ""
    if not note:
        return collected
    settlement = collected.settlement
    return replace(collected, settlement=replace(settlement, notes=(*settlement.notes, note)))


def rest(store: object, trace_id: TraceId) -> None:
    """Ask for a trace no more, once its case is over."""
    if isinstance(store, AwaitedStore):
        store.release(trace_id)

"""A receiver elsewhere: `spanspec receive --serve`, in a cluster or beside a collector, told to this runner over HTTP.

One long poll brings what came for all awaited traces at once, with the time of its arrival there; it also says that this runner
is alive. A lost connection loses no span: the receiver keeps what was not confirmed, and meanwhile the answer counts as partial,
so that no trace settles on silence. A receiver that was restarted has lost what it had: cases that wait for a trace are told so.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from pydantic import Field

from spanspec.errors import OtlpError, StoreError
from spanspec.model.ids import TraceId
from spanspec.otlp.decoded import shown
from spanspec.stores._fields import HttpFields
from spanspec.stores._frames import decode_answer
from spanspec.stores._http import HttpReader
from spanspec.stores._opened import Opened
from spanspec.stores.base import DeniedError, Fetched, PassingError, Step, UnreachableError
from spanspec.triggers.base import Seconds, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from spanspec.model.context import Clock, TimeWindow
    from spanspec.stores._frames import Other, Read
    from spanspec.stores._http import Answer
    from spanspec.stores.base import Arrived

PREFIX: Final = "/spanspec/v1"
LONGEST_POLL_S: Final = 20.0
"""No longer than what proxies on the way let a connection be idle."""

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0

_MOST_NOTED: Final = 256


class Store(HttpFields):
    """Reads traces from a receiver elsewhere, `spanspec receive --serve`."""

    type: Literal["spanspec"] = Field(default="spanspec", description="`spanspec`.")
    url: Text = Field(description="Where it serves runners: `https://spanspec.example:4319`.")
    store_lag: Seconds = Field(default=0.25, ge=0, description="The trace settles no sooner than after this quiet.")
    reconnect: Seconds = Field(
        default=15.0,
        ge=0,
        description="How long a lost connection is tried to be had again; then cases that wait fail.",
    )

    def open(self, clock: Clock) -> OpenSpanspec:
        """The store with a pool of connections."""
        return OpenSpanspec(self, clock)


@dataclass(slots=True, eq=False)
class _Watch:
    """One awaited trace."""

    spans: list[Arrived] = field(default_factory=list)
    lost: int = 0
    told: bool = False
    over: bool = False
    told_over: bool = False
    fault: StoreError | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, fault: StoreError) -> None:
        self.fault = fault
        self.ready.set()
        self.news.set()


@dataclass(slots=True)
class _Life:
    """What is known of the receiver that we are registered with."""

    server: str
    runner: str
    cursor: int = 0


class OpenSpanspec(Opened):
    """A receiver elsewhere, with a pool of connections; awaitable.

    Attributes:
        least_quiet_ns: How long nothing new must have come before a trace is whole.
    """

    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("the receiver", clock)
        self.least_quiet_ns = round(fields.store_lag * 1e9)
        self._fields = fields
        self._http = HttpReader(fields.url, fields, clock, product="the receiver")
        self._watches: dict[TraceId, _Watch] = {}
        self._others: list[tuple[int, Other]] = []
        self._life: _Life | None = None
        self._since_ns: int | None = None
        self._polling: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._to_ask = asyncio.Event()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._http.address

    @property
    def where(self) -> str:
        """The URL."""
        return self._http.shown_url

    # What the runner calls

    def expect(self, trace_id: TraceId) -> None:
        """Have this trace kept from now on, with what has come of it already; told to the receiver at once."""
        watch = self._watches.get(trace_id)
        if watch is not None and watch.fault is None:
            return
        self._watches[trace_id] = _Watch()
        self._to_ask.set()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())

    def release(self, trace_id: TraceId) -> None:
        """The case is over; spans that come late are still taken."""
        watch = self._watches.get(trace_id)
        if watch is not None and not watch.over:
            watch.over = True
            self._to_ask.set()

    async def fetch(self, trace_id: TraceId, window: TimeWindow | None = None) -> Fetched:
        """What has come of a trace, and of traces that link into it; the first call waits until the receiver keeps it.

        Raises:
            StoreError: The receiver cannot be reached, or was restarted while the trace was awaited.
        """
        watch = self._watch(trace_id)
        await watch.ready.wait()
        if watch.fault is not None:
            raise watch.fault
        watch.news.clear()
        note = self.note(trace_id)
        return Fetched(spans=tuple(watch.spans), partial=bool(note), dropped=watch.lost, note=note)

    async def changed(self, trace_id: TraceId) -> None:
        """Return when spans of the trace have come since the last `fetch`, or when there is a fault to be told."""
        await self._watch(trace_id).news.wait()

    def note(self, trace_id: TraceId) -> str:
        """What the receiver lost of a trace, or that it cannot be asked now; empty for nothing."""
        watch = self._watches.get(trace_id)
        parts = [f"the connection to the receiver at {self.where} is lost"] if self._since_ns is not None else []
        if watch is not None and watch.lost:
            parts.append(f"{watch.lost} spans were not kept by the receiver")
        return "; ".join(parts)

    def meanwhile(self, since_ns: int) -> tuple[tuple[str, int, int], ...]:
        """Spans that came for nobody since a monotonic time, by service, most first: service, spans, traces."""
        found: dict[str, tuple[int, int]] = {}
        for at_ns, each in self._others:
            if at_ns >= since_ns:
                spans, traces = found.get(each.service, (0, 0))
                found[each.service] = spans + each.spans, traces + each.traces
        return tuple(sorted(((name, *counts) for name, counts in found.items()), key=lambda each: (-each[1], each[0])))

    def link(self, trace_id: TraceId) -> str | None:
        """None: the receiver has no page."""
        return None

    async def close(self) -> None:
        """Tell the receiver that this runner goes, and give the connections back."""
        tasks = [each for each in (self._polling, self._asking) if each is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._life is not None:
            # Where it cannot be told, it forgets us by itself when our lease is over.
            with contextlib.suppress(StoreError):
                await self._http.delete(f"{PREFIX}/runners/{self._life.runner}", b"{}")
        await self._http.close()

    def _watch(self, trace_id: TraceId) -> _Watch:
        if trace_id not in self._watches:
            self.expect(trace_id)
        return self._watches[trace_id]

    # Asking for traces

    async def _ask(self) -> None:
        """Tell the receiver what to keep and what is over, as often as there is something to tell."""
        pause_s = FIRST_PAUSE_S
        while True:
            await self._to_ask.wait()
            self._to_ask.clear()
            try:
                await self._told_all()
            except StoreError as fault:
                if not self._may_retry(fault):
                    self._fail(fault)
                    return
                self._lose()
                await self.clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                self._to_ask.set()
            else:
                pause_s = FIRST_PAUSE_S

    async def _told_all(self) -> None:
        wanted = {trace: each for trace, each in self._watches.items() if not each.told and each.fault is None}
        over = [trace for trace, each in self._watches.items() if each.told and each.over and not each.told_over]
        life = self._life or await self._register()
        if over and self._known(life, await self._say(life, "release", over)):
            for trace in over:
                self._watches[trace].told_over = True
        if wanted and self._life is life:
            answer = await self._say(life, "expect", list(wanted))
            if not self._known(life, answer) or self._life is not life:
                return
            for watch in wanted.values():
                watch.told = True
                watch.ready.set()
        self._polling = self._polling or asyncio.ensure_future(self._poll())

    async def _register(self) -> _Life:
        answer = await self._http.post(f"{PREFIX}/runners", b"{}")
        document = _document(answer)
        server, runner = document.get("server"), document.get("runner")
        if answer.status != 200 or not isinstance(server, str) or not isinstance(runner, str):
            raise StoreError(
                f"what answers at {self.where} serves no runners",
                help="Give the address after --serve of `spanspec receive --serve HOST:PORT`.",
            )
        self._life = _Life(server=server, runner=runner)
        return self._life

    async def _say(self, life: _Life, what: str, traces: list[TraceId]) -> Answer:
        body = msgspec.json.encode({"traces": traces})
        return await self._http.post(f"{PREFIX}/runners/{life.runner}/{what}", body)

    # Being told

    async def _poll(self) -> None:
        """Take what comes, for ever; a lost connection is tried again."""
        pause_s = FIRST_PAUSE_S
        while True:
            life = self._life
            if life is None:
                self._polling = None  # the next trace that is asked for begins anew
                return
            try:
                answer = await self._http.get(
                    f"{PREFIX}/runners/{life.runner}/spans",
                    query={"since": str(life.cursor), "wait": f"{self._wait_s:g}"},
                )
                if not self._known(life, answer):
                    continue
                self._take(life, decode_answer(answer.body, self.clock.monotonic_ns()))
            except (StoreError, OtlpError) as fault:
                found = fault if isinstance(fault, StoreError) else StoreError(fault.message, help=fault.help)
                if not self._may_retry(found):
                    self._fail(found)
                    self._polling = None
                    return
                self._lose()
                await self.clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S

    @property
    def _wait_s(self) -> float:
        """How long one poll may wait, so that its answer is there within `timeout`; not at all to find a lost connection again."""
        if self._since_ns is not None:
            return 0.0
        return max(0.1, min(LONGEST_POLL_S, 0.6 * self._fields.timeout))

    def _take(self, life: _Life, read: Read) -> None:
        life.cursor = read.answer.next
        now = self.clock.monotonic_ns()
        self._others.extend((now, each) for each in read.answer.others)
        del self._others[:-_MOST_NOTED]
        changed: list[_Watch] = []
        for trace, arrived in read.spans:
            watch = self._watches.get(trace)
            if watch is not None:
                watch.spans.append(arrived)
                changed.append(watch)
        for name, lost in read.answer.lost.items():
            watch = self._watches.get(TraceId(name))
            if watch is not None and watch.lost != lost:
                watch.lost = lost
                changed.append(watch)
        if self._since_ns is not None:
            self._since_ns = None
            changed.extend(self._watches.values())
        for watch in changed:
            watch.news.set()

    # When something is wrong

    def _known(self, life: _Life, answer: Answer) -> bool:
        """Whether the receiver still knows us; if not, cases that wait are told what that means.

        Raises:
            PassingError: Something else answers in its place.
        """
        if answer.status == 200:
            return True
        server = _document(answer).get("server")
        if answer.status != 404 or not isinstance(server, str):
            reason = shown(" ".join(answer.body[:800].decode("utf-8", "replace").split()), 200)
            raise PassingError(
                f"the receiver at {self.where} answers {answer.status}: {reason}",
                help="Look at what stands between: a proxy may answer in its place.",
            )
        if self._life is life:
            self._life = None
            again = server == life.server
            why = "forgot this runner, of which it heard nothing for too long" if again else "was restarted"
            self._forget(
                StoreError(
                    f"the receiver at {self.where} {why} while the trace was awaited: what had come of it may be lost",
                    help="Run the test again; look at the receiver's own output where it happens often.",
                )
            )
        return False

    def _forget(self, fault: StoreError) -> None:
        """Fail the cases that wait on what the receiver had; those that it was not told of are asked for anew."""
        for watch in self._watches.values():
            if watch.told and watch.fault is None:
                watch.fail(fault)
        if any(not watch.told and watch.fault is None for watch in self._watches.values()):
            self._to_ask.set()

    def _may_retry(self, fault: StoreError) -> bool:
        """Whether a fault may pass: of a connection that once was there, and not for longer than `reconnect`."""
        if isinstance(fault, DeniedError):
            return False
        if isinstance(fault, UnreachableError) and self._life is None:
            return False
        if not isinstance(fault, UnreachableError | PassingError):
            return False
        since = self._since_ns
        return since is None or self.clock.monotonic_ns() - since < self._fields.reconnect * 1e9

    def _lose(self) -> None:
        """The connection is lost: whoever waits is told, so that no trace settles meanwhile."""
        if self._since_ns is None:
            self._since_ns = self.clock.monotonic_ns()
            for watch in self._watches.values():
                watch.news.set()

    def _fail(self, fault: StoreError) -> None:
        since = self._since_ns
        if since is not None:
            lost_s = (self.clock.monotonic_ns() - since) / 1e9
            fault = StoreError(f"{fault.message}; it was tried for {lost_s:.0f} s", help=fault.help)
        self._since_ns = self._life = None
        for watch in self._watches.values():
            if watch.fault is None:
                watch.fail(fault)

    async def check(self) -> AsyncIterator[Step]:
        """Try the way step by step; ends after the first that fails."""
        async for step in super().check():
            yield step
        if self._life is not None:
            yield Step(name="receiver", passed=True, text=f"it is {shown(self._life.server)}, and serves runners")


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}

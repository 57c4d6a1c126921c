"""A store that is asked becomes one that can be awaited: its pace, its patience, and what it does not wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from spanspec.errors import StoreError
from spanspec.model.context import TimeWindow
from spanspec.model.ids import TraceId
from spanspec.runner.polling import MOST_IN_A_ROW, Polled
from spanspec.stores.base import Arrived, DeniedError, Fetched, PassingError
from spanspec.testing import ManualClock, span

MINE = TraceId("1" * 32)
WINDOW = TimeWindow(start_ns=0, end_ns=1)
ONE = Fetched(spans=(Arrived(span=span("a", trace_id=MINE)),))
TWO = Fetched(spans=(*ONE.spans, Arrived(span=span("b", trace_id=MINE))))


class Scripted:
    """A store that gives one answer after the other, the last for ever, and keeps when it was asked."""

    def __init__(self, clock: ManualClock, *answers: Fetched | Exception) -> None:
        self.clock, self.answers = clock, list(answers)
        self.asked_s: list[float] = []

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """The next answer."""
        self.asked_s.append(self.clock.monotonic_ns() / 1e9)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def link(self, trace_id: TraceId) -> str | None:
        """Where it is seen."""
        return f"http://ui/{trace_id}"


def carried_out(
    work: Callable[[Polled, ManualClock], Awaitable[Any]], *answers: Fetched | Exception, **keys: Any
) -> tuple[Any, Scripted]:
    """What comes of some work with a store of given answers, while time moves as soon as nothing else does."""

    async def all_of_it() -> tuple[Any, Scripted]:
        clock = ManualClock()
        store = Scripted(clock, *answers)
        polled = Polled(store, clock, **keys)
        task = asyncio.ensure_future(work(polled, clock))
        while not task.done():
            for _ in range(20):
                await asyncio.sleep(0)
            wake = clock.next_wake_s()
            if wake is not None and not task.done():
                clock.advance(wake)
        await polled.close()
        return await task, store

    return asyncio.run(all_of_it())


async def until_two(polled: Polled, clock: ManualClock) -> list[Fetched]:
    """Fetch and await until two spans are there."""
    polled.expect(MINE)
    seen = [await polled.fetch(MINE, WINDOW)]
    while len(seen[-1].spans) < 2:
        await polled.changed(MINE)
        seen.append(await polled.fetch(MINE, WINDOW))
    polled.release(MINE)
    return seen


def test_it_asks_at_once_and_then_at_growing_intervals() -> None:
    """50 ms, each 1.6 times the one before, up to a second."""
    _, store = carried_out(until_two, *[Fetched()] * 12, TWO)
    gaps = [round(b - a, 4) for a, b in zip(store.asked_s, store.asked_s[1:], strict=False)]
    assert store.asked_s[0] == 0
    assert gaps[:8] == [0.05, 0.08, 0.128, 0.2048, 0.3277, 0.5243, 0.8389, 1.0]
    assert set(gaps[8:]) == {1.0}


def test_one_pace_may_be_set() -> None:
    """`settle.poll` and `retryDelay` take the place of the growing intervals."""
    _, store = carried_out(until_two, *[Fetched()] * 4, TWO, poll_s=0.25)
    assert store.asked_s == [0, 0.25, 0.5, 0.75, 1.0]


def test_a_span_has_arrived_when_an_answer_first_had_it() -> None:
    """Answers repeat what they had; the time of a span stays the first."""
    seen, _ = carried_out(until_two, Fetched(), ONE, ONE, TWO)
    assert [len(each.spans) for each in seen] == [0, 1, 2]
    times = {each.span.name: each.arrived_ns / 1e9 for each in seen[-1].spans}
    assert times == {"a": 0.05, "b": pytest.approx(0.05 + 0.08 + 0.128)}


def test_the_least_quiet_is_two_intervals_and_the_lag() -> None:
    """Whichever is longer."""
    assert Polled(Scripted(ManualClock(), ONE), ManualClock()).least_quiet_ns == 2_000_000_000
    assert Polled(Scripted(ManualClock(), ONE), ManualClock(), poll_s=0.1, lag_s=1.5).least_quiet_ns == 1_500_000_000


def test_a_busy_store_is_asked_no_sooner_than_it_wishes() -> None:
    """`Retry-After` is obeyed; what it said is a note until it answers again."""
    seen, store = carried_out(until_two, ONE, PassingError("busy", wait_s=7.0), TWO)
    assert store.asked_s[2] - store.asked_s[1] == 7.0
    assert "busy" in [each.note for each in seen]
    assert seen[-1].note == ""


ENDS = [
    (DeniedError("401"), 1, "401"),
    (StoreError("no such thing"), 1, "no such thing"),
    (PassingError("500"), MOST_IN_A_ROW, f"500 .asked {MOST_IN_A_ROW} times in a row"),
    (PassingError("503", wait_s=3600.0), 1, "503; it asks to wait 3600 s"),
]


@pytest.mark.parametrize(("fault", "asked", "words"), ENDS)
def test_what_is_not_waited_for(fault: Exception, asked: int, words: str) -> None:
    """A fault that asking again cannot mend ends the wait at once, and a passing one after so many in a row."""

    async def work(polled: Polled, clock: ManualClock) -> StoreError:
        with pytest.raises(StoreError, match=words) as caught:
            await until_two(polled, clock)
        return caught.value

    _, store = carried_out(work, fault)
    assert len(store.asked_s) == asked


def test_a_released_trace_is_asked_for_only_by_name() -> None:
    """After its case nothing polls; a later look asks once."""

    async def work(polled: Polled, clock: ManualClock) -> int:
        await until_two(polled, clock)
        await clock.sleep(60)
        return len((await polled.fetch(MINE, WINDOW)).spans)

    found, store = carried_out(work, ONE, TWO)
    assert found == 2
    assert store.asked_s == [0, 0.05, 60.05]

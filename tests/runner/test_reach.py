"""A dead back end is said once, and not waited for by every case."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from bench.suite import free_port

from spanspec.definition.plan import StorePlan
from spanspec.errors import StoreError, TriggerError
from spanspec.results.model import Outcome, RunResult
from spanspec.runner.reach import PAUSE_NS, TRIES, Reach, origin_of
from spanspec.runner.run import run_all
from spanspec.runner.stores import opened
from spanspec.stores.base import UnreachableError
from tests.runner.service import case, service, session


@dataclass(frozen=True)
class Sent:
    """A trigger with an address."""

    url: str = "http://user:secret@127.0.0.1:9/a?b"

    def describe(self) -> str:
        """A line."""
        return "GET /a"


DEAD = TriggerError("refused", help="Start it.", unreachable="127.0.0.1:9")
TRIGGER: object = Sent()


def held(reach: Reach, now_ns: int) -> str:
    """What is said instead of sending; empty where it is sent."""
    try:
        reach.hold(TRIGGER, now_ns)  # type: ignore[arg-type]
    except TriggerError as error:
        return f"{error.message} | {error.help}"
    return ""


def test_after_some_tries_others_fail_at_once_and_one_is_let_through_later() -> None:
    """With the reason of the first, and whose it was."""
    reach = Reach()
    for number in range(TRIES):
        assert held(reach, 0) == ""
        reach.failed(TRIGGER, DEAD, f"case {number}", 0)  # type: ignore[arg-type]
    said = 'GET /a was not sent: http://127.0.0.1:9 could not be reached, as "case 0" tells | Start it.'
    assert held(reach, 1) == said
    assert held(reach, PAUSE_NS) == ""
    assert reach.notes() == ("http://127.0.0.1:9 could not be reached; 4 tries failed for it",)
    reach.reached(TRIGGER)  # type: ignore[arg-type]
    assert held(reach, 1) == ""
    assert reach.notes() == ()


def test_what_has_answered_or_fails_otherwise_is_always_tried() -> None:
    """A service that is restarted, or is only slow, is no dead one."""
    reach = Reach()
    for _ in range(5):
        reach.failed(TRIGGER, TriggerError("slow"), "a", 0)  # type: ignore[arg-type]
    assert held(reach, 1) == ""
    reach.reached(TRIGGER)  # type: ignore[arg-type]
    for _ in range(5):
        reach.failed(TRIGGER, DEAD, "a", 0)  # type: ignore[arg-type]
    assert held(reach, 1) == ""


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://h:1/x", "http://h:1"),
        ("h:1/x", "h:1"),
        ("https://u:p@h/x", "https://h"),
        ("h:50051", "h:50051"),
        ("", ""),
    ],
)
def test_an_origin_has_no_path_and_no_password(url: str, origin: str) -> None:
    """It stands in messages."""
    assert origin_of(Sent(url)) == origin  # type: ignore[arg-type]


def test_a_run_against_a_dead_service_says_so_once() -> None:
    """The first ones tell why; the others point at them; what goes elsewhere is not harmed."""
    url = f"http://127.0.0.1:{free_port()}"
    with service() as shop:
        items = [*(case(f"t{n}", f"{url}/{n}") for n in range(10)), case("alive", f"{shop.url}/x")]
        found = asyncio.run(run_all(items, session(), version="0", linger_s=0.0, jobs=1))
    messages = [each.error.message for each in found.cases if each.error is not None]
    assert len(messages) == 10
    assert sum("connection refused" in text for text in messages) == TRIES
    assert sum("was not sent" in text for text in messages) == 10 - TRIES
    assert found.notes == (f"{url} could not be reached; 10 tries failed for it",)
    assert found.cases[-1].outcome is Outcome.PASSED


def test_a_dead_store_is_said_once_too() -> None:
    """A test whose trace nobody can read is not sent after some tries; another fault of a store counts for nothing."""
    reach = Reach()
    for number in range(TRIES):
        reach.hold_store("tempo", 0)
        reach.store_failed("tempo", UnreachableError("refused", help="Start it."), f"case {number}", 0)
        reach.store_failed("jaeger", StoreError("not allowed"), "a", 0)
    reach.hold_store("jaeger", 1)
    with pytest.raises(StoreError) as told:
        reach.hold_store("tempo", 1)
    assert told.value.message == 'nothing was sent: the store "tempo" could not be reached, as "case 0" tells'
    assert told.value.help == "Start it."
    assert reach.notes() == ('store "tempo" could not be reached; 4 tries failed for it',)
    reach.hold_store("tempo", PAUSE_NS)
    reach.store_reached("tempo")
    reach.hold_store("tempo", 1)
    assert reach.notes() == ()


def test_a_run_that_reads_from_a_dead_store_ends_soon() -> None:
    """Only the first tests are sent; the others are errored at once, and none is passed."""
    store = StorePlan(name="zip", kind="zipkin", fields={"url": f"http://127.0.0.1:{free_port()}"})
    with service() as shop:
        items = [case(f"t{n}", f"{shop.url}/{n}", skip_trace=False, store=store) for n in range(6)]

        async def all_of_them() -> RunResult:
            async with opened(items, session()) as ready:
                return await run_all(items, ready, version="0", linger_s=0.0, jobs=1)

        found = asyncio.run(all_of_them())
        assert shop.paths == [f"/{n}" for n in range(TRIES)]
    assert [each.outcome for each in found.cases] == [Outcome.ERRORED] * 6
    assert {each.error.kind for each in found.cases if each.error is not None} == {"store"}
    assert found.notes == ('store "zip" could not be reached; 6 tries failed for it',)

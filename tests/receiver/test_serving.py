"""A receiver elsewhere: runners are told every span of what they asked for, whatever becomes of the connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx2
import pytest
import trustme

from spanspec.api import SystemClock
from spanspec.errors import StoreError
from spanspec.model.ids import TraceId
from spanspec.receiver.runners import Runners, TooManyError, UnknownRunnerError
from spanspec.stores.base import DeniedError, UnreachableError
from spanspec.testing import ManualClock, span
from tests.receiver.served import WINDOW, Way, new_name, runners, sent, served, store, until

MINE, OTHER = TraceId("1" * 32), TraceId("2" * 32)


def of(trace_id: TraceId, *names: str) -> list:
    """Spans of a trace by their names."""
    return [span(name, trace_id=trace_id, id=name) for name in names]


def names(found) -> list[str]:
    """The names of what was fetched."""
    return [each.span.name for each in found.spans]


def test_a_runner_is_told_what_came_before_and_after_it_asked() -> None:
    """Spans kept for nobody are told too, each with its sender and a number of its export, and none of other traces."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            reader = store(serving.url)
            sent(there, *of(MINE, "early"), *of(OTHER, "foreign"))
            assert names(await until(reader, MINE, 1)) == ["early"]
            waiting = asyncio.ensure_future(reader.changed(MINE))
            sent(there, *of(MINE, "late", "later"))
            await asyncio.wait_for(waiting, 10)
            found = await reader.fetch(MINE, WINDOW)
            assert names(found) == ["early", "late", "later"]
            assert found.spans[0].batch != found.spans[1].batch == found.spans[2].batch
            assert found.spans[0].exporter.startswith("svc/")
            assert found.spans[0].exporter.endswith("@10.0.0.1:5")
            assert not found.partial
            await reader.close()
            assert there.counts()["runners"] == there.counts()["traces"] == 0

    asyncio.run(scenario())


def test_spans_come_as_they_were() -> None:
    """Every field of a span outlives the way, and traces that link into the awaited one come with it."""

    async def scenario() -> None:
        there = runners()
        original = replace(of(MINE, "mine")[0], dropped=3, trace_state="a=b", flags=257)
        linked = span("consumer", trace_id=OTHER, kind="consumer", links=[original])
        async with served(there) as serving:
            reader = store(serving.url)
            reader.expect(MINE)
            await reader.fetch(MINE)
            sent(there, original, linked)
            found = await until(reader, MINE, 2)
            assert [each.span for each in found.spans] == [original, linked]
            await reader.close()

    asyncio.run(scenario())


def test_arrival_is_put_on_the_runners_own_clock() -> None:
    """What came two seconds ago has arrived two seconds ago, whatever the two clocks show."""

    async def scenario() -> None:
        clock = ManualClock()
        there = Runners(clock, new_name)
        async with served(there) as serving:
            sent(there, *of(MINE, "early"))
            clock.advance(2.0)
            reader = store(serving.url)
            before = SystemClock().monotonic_ns()
            found = await until(reader, MINE, 1)
            after = SystemClock().monotonic_ns()
            assert before - 2_000_000_000 <= found.spans[0].arrived_ns <= after - 2_000_000_000
            await reader.close()

    asyncio.run(scenario())


def test_a_connection_cut_mid_poll_loses_nothing() -> None:
    """Each time the connection is cut while a poll waits, what comes meanwhile is told by the next one, once."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            way = Way(serving.address[1])
            await way.open()
            reader = store(way.url)
            await until(reader, MINE, 0)
            for number in range(1, 6):
                way.asked.clear()
                await asyncio.wait_for(way.asked.wait(), 10) if number == 1 else None
                way.cut()
                sent(there, *of(MINE, f"span {number}"))
                found = await asyncio.wait_for(until(reader, MINE, number), 20)
                assert names(found) == [f"span {each}" for each in range(1, number + 1)]
            await reader.close()
            await way.close()

    asyncio.run(scenario())


def test_an_answer_that_was_lost_is_given_again() -> None:
    """What a runner has not confirmed is told again; what it has is given up."""

    async def scenario() -> None:
        there = runners()
        name = there.register()
        there.expect(name, [MINE])
        sent(there, *of(MINE, "one", "two"))
        first = await there.told(name, 0, 0)
        again = await there.told(name, 0, 0)
        assert first.frames == again.frames
        assert there.counts()["waiting_spans"] == 2
        assert (await there.told(name, first.next, 0)).frames == ()
        assert there.counts()["waiting_spans"] == 0

    asyncio.run(scenario())


def test_while_the_connection_is_lost_the_answer_is_partial() -> None:
    """Silence of a lost connection is no silence of the system; once it is back, the answer is whole again."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            way = Way(serving.address[1])
            await way.open()
            reader = store(way.url)
            await until(reader, MINE, 0)
            await way.close()
            await asyncio.wait_for(reader.changed(MINE), 20)
            found = await reader.fetch(MINE, WINDOW)
            assert found.partial
            assert "connection to the receiver at" in found.note
            sent(there, *of(MINE, "meanwhile"))
            await way.open()
            found = await asyncio.wait_for(until(reader, MINE, 1), 20)
            assert (names(found), found.partial) == (["meanwhile"], False)
            await reader.close()
            await way.close()

    asyncio.run(scenario())


def test_a_connection_that_does_not_come_back_is_an_error() -> None:
    """After `reconnect` the cases that wait are told the address and for how long it was tried."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            way = Way(serving.address[1])
            await way.open()
            reader = store(way.url, reconnect=0.3)
            await until(reader, MINE, 0)
            await way.close()
            with pytest.raises(
                StoreError, match=r"the receiver at http://127\.0\.0\.1:\d+: connection refused.*tried for"
            ):
                await asyncio.wait_for(until(reader, MINE, 1), 20)
            await reader.close()

    asyncio.run(scenario())


def test_a_receiver_that_was_restarted_is_told() -> None:
    """Cases that wait learn that spans may be lost; those that come after it are served by the new one."""

    async def scenario() -> None:
        first = runners()
        async with served(first) as serving:
            where = serving.address
            reader = store(serving.url)
            await until(reader, MINE, 0)
        second = runners()
        async with served(second, where):
            with pytest.raises(StoreError, match="was restarted while the trace was awaited"):
                await asyncio.wait_for(until(reader, MINE, 1), 20)
            sent(second, *of(OTHER, "new"))
            assert names(await asyncio.wait_for(until(reader, OTHER, 1), 20)) == ["new"]
            await reader.close()

    asyncio.run(scenario())


def test_several_runners_have_each_their_own() -> None:
    """A trace that two runners ask for is told both, one that one asked for to it alone."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            one, two = store(serving.url), store(serving.url)
            await until(one, MINE, 0)
            sent(there, *of(MINE, "shared"))
            await until(one, MINE, 1)
            assert names(await until(two, MINE, 1)) == ["shared"]
            await until(two, OTHER, 0)
            sent(there, *of(OTHER, "own"))
            await until(two, OTHER, 1)
            assert (await one.fetch(MINE)).spans[0].span.name == "shared"
            assert OTHER not in one._watches
            await one.close()
            sent(there, *of(MINE, "after"))
            assert names(await until(two, MINE, 2)) == ["shared", "after"]
            await two.close()

    asyncio.run(scenario())


def test_what_a_runner_asked_for_is_never_dropped() -> None:
    """While the buffer evicts all else, each span of an asked trace is there, and the rest is counted."""

    async def scenario() -> None:
        there = runners(keep_bytes=2_000)
        name = there.register()
        there.expect(name, [MINE])
        for number in range(50):
            sent(there, *of(MINE, f"mine {number}"))
            sent(there, *of(OTHER, f"other {number}"))
        answer = await there.told(name, 0, 0)
        assert answer.next == 50
        assert there.counts()["evicted_spans"] > 30
        assert there.counts()["received_spans"] == 100

    asyncio.run(scenario())


def test_spans_beyond_the_bound_of_a_trace_are_counted_to_the_runner() -> None:
    """A trace that runs away is cut, and the answer says how much is missing."""

    async def scenario() -> None:
        there = runners(max_spans=3)
        async with served(there) as serving:
            reader = store(serving.url)
            await until(reader, MINE, 0)
            sent(there, *of(MINE, *(f"span {number}" for number in range(5))))
            found = await until(reader, MINE, 3)
            assert (len(found.spans), found.dropped, found.partial) == (3, 2, True)
            assert found.note == "2 spans were not kept by the receiver"
            await reader.close()

    asyncio.run(scenario())


def test_a_released_trace_is_still_told_what_comes_late() -> None:
    """Its spans are given up there, later ones still come; whoever asks for it anew learns that some are missing."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            reader = store(serving.url)
            await until(reader, MINE, 0)
            sent(there, *of(MINE, "in time"))
            await until(reader, MINE, 1)
            reader.release(MINE)
            await until(reader, OTHER, 0)  # said in the same breath
            sent(there, *of(MINE, "late"))
            assert names(await until(reader, MINE, 2)) == ["in time", "late"]
            another = store(serving.url)
            found = await until(another, MINE, 1)
            assert (names(found), found.dropped) == (["late"], 1)
            await another.close()
            await reader.close()

    asyncio.run(scenario())


def test_a_silent_runner_is_forgotten_when_its_lease_is_over() -> None:
    """What was kept for it is given up then and not before, and it is counted."""

    async def scenario() -> None:
        clock = ManualClock()
        there = Runners(clock, new_name, lease_s=60)
        name = there.register()
        there.expect(name, [MINE])
        clock.advance(59)
        sent(there, *of(MINE, "one"))
        assert there.counts()["waiting_spans"] == 1
        clock.advance(62)
        sent(there, *of(OTHER, "other"))
        assert (there.counts()["runners"], there.counts()["traces"]) == (0, 0)
        assert there.counts()["expired_runners"] == 1
        with pytest.raises(UnknownRunnerError):
            await there.told(name, 0, 0)

    asyncio.run(scenario())


def test_there_is_a_most_of_runners() -> None:
    """More than are served are asked to come again, and none of the others is harmed."""
    there = runners()
    for _ in range(256):
        there.register()
    with pytest.raises(TooManyError, match="there are 256 runners already"):
        there.register()


def test_a_wrong_token_is_told_at_once() -> None:
    """Runners without the token read nothing; the receiver's health is told all the same, without counts."""

    async def scenario() -> None:
        there = runners()
        async with served(there, token="s3cret") as serving:
            right, wrong = store(serving.url, token="s3cret"), store(serving.url, token="other")
            await until(right, MINE, 0)
            with pytest.raises(DeniedError, match="answers 401"):
                await until(wrong, MINE, 0)
            async with httpx2.AsyncClient() as client:
                bare = await client.get(f"{serving.url}/spanspec/v1/health")
                with_token = await client.get(
                    f"{serving.url}/spanspec/v1/health", headers={"authorization": "Bearer s3cret"}
                )
            assert bare.json() == {"status": "ok"}
            assert with_token.json()["runners"] == 1
            await right.close()
            await wrong.close()

    asyncio.run(scenario())


def test_it_is_served_over_tls(tmp_path) -> None:
    """With a certificate, runners speak TLS and look at it."""
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    async def scenario() -> None:
        there = runners()
        async with served(there, certificate=str(tmp_path / "both.pem")) as serving:
            assert serving.url.startswith("https://")
            reader = store(serving.url, tls={"caFile": str(tmp_path / "ca.pem")})
            sent(there, *of(MINE, "one"))
            assert names(await until(reader, MINE, 1)) == ["one"]
            await reader.close()
            stranger = store(serving.url)
            with pytest.raises(UnreachableError, match="no secure connection"):
                await until(stranger, MINE, 0)
            await stranger.close()

    asyncio.run(scenario())


def test_nothing_there_is_told_at_once() -> None:
    """A refused connection at the start is an error with the address, and is not waited out."""

    async def scenario() -> None:
        async with served(runners()) as serving:
            url = serving.url
        reader = store(url)
        with pytest.raises(UnreachableError, match="connection refused"):
            await asyncio.wait_for(until(reader, MINE, 0), 10)
        await reader.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/", b"", 404, "nothing is at GET /"),
        ("POST", "/runners/NAME/expect", b"[]", 400, "the body must be"),
        ("POST", "/runners/NAME/expect", b'{"traces": ["xyz"]}', 400, "32 hexadecimal digits"),
        ("GET", "/runners/NAME/spans?since=-1", b"", 400, "`since` is the number"),
        ("GET", "/runners/NAME/spans?wait=soon", b"", 400, "`wait` is a number"),
        ("GET", "/runners/nobody/spans", b"", 404, "no such runner"),
        ("DELETE", "/runners/nobody", b"", 404, "no such runner"),
        ("POST", "/runners/NAME/expect", b"[" * (5 << 20), 413, "more than 4194304 bytes"),
    ],
)
def test_wrong_requests_are_answered_in_words(method: str, path: str, body: bytes, status: int, text: str) -> None:
    """What cannot be understood is refused and harms nobody."""

    async def scenario() -> None:
        there = runners()
        name = there.register()
        async with served(there) as serving, httpx2.AsyncClient() as client:
            url = f"{serving.url}/spanspec/v1{path.replace('NAME', name)}"
            answer = await client.request(method, url, content=body)
            assert (answer.status_code, text in answer.json()["error"]) == (status, True)

    asyncio.run(scenario())


def test_what_came_for_nobody_is_told_for_the_message_of_a_test_without_spans() -> None:
    """A runner that waits in vain learns which services did send something."""

    async def scenario() -> None:
        there = runners()
        async with served(there) as serving:
            reader = store(serving.url)
            await until(reader, MINE, 0)
            sent(there, *of(OTHER, "a", "b"))
            sent(there, *of(MINE, "mine"))
            await until(reader, MINE, 1)
            assert reader.meanwhile(0) == (("svc", 2, 1),)
            await reader.close()

    asyncio.run(scenario())

"""The buffer keeps every span of an awaited trace, and little of the others."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.errors import OtlpError
from spanspec.model.ids import TraceId
from spanspec.otlp.exchange import Encoding, Payload
from spanspec.stores.base import AwaitableStore
from spanspec.stores.memory import Foreign, Store
from tests.otlp.exports import A, B, C, document, export, raw_span

ID_A, ID_B, ID_C = (TraceId(each.hex()) for each in (A, B, C))


class Time:
    """Clocks by hand."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        return 1_000_000_000_000 + self.ns

    def monotonic_ns(self) -> int:
        return self.ns


def binary(body: bytes, signal: str = "traces") -> Payload:
    """A protobuf export."""
    return Payload(signal=signal, encoding=Encoding.PROTOBUF, body=body)


def text(*spans: dict[str, Any], service: str = "svc") -> Payload:
    """A JSON export."""
    return Payload(signal="traces", encoding=Encoding.JSON, body=json.dumps(document(*spans, service=service)).encode())


def names(store: Store, trace_id: TraceId = ID_A) -> list[str]:
    """The names of a trace's spans."""
    return [each.span.name for each in asyncio.run(store.fetch(trace_id)).spans]


def both(number: int, trace_id: bytes) -> list[Payload]:
    """One span's export in both encodings."""
    return [binary(export(trace_id)), text(raw_span(number, trace_id.hex()))]


def test_it_is_awaitable() -> None:
    """The buffer has what the runner needs to wait instead of poll."""
    assert isinstance(Store(), AwaitableStore)


@pytest.mark.parametrize("payload", both(1, A))
def test_awaited_spans_come_with_their_arrival(payload: Payload) -> None:
    """A span of an awaited trace is stamped with both clocks, its exporter and its batch."""
    clock = Time()
    store = Store(clock)
    store.expect(ID_A)
    clock.ns = 7
    store.add(payload, "127.0.0.1:5")
    store.add(payload, "127.0.0.1:6")
    first, second = asyncio.run(store.fetch(ID_A)).spans
    assert (first.arrived_ns, first.wall_ns, first.batch, second.batch) == (7, 1_000_000_000_007, 1, 2)
    assert first.exporter.startswith("svc/")
    assert first.exporter.endswith("@127.0.0.1:5")
    assert first.exporter.rpartition("@")[0] == second.exporter.rpartition("@")[0]


@pytest.mark.parametrize("payload", both(1, A))
def test_spans_that_came_before_they_were_awaited(payload: Payload) -> None:
    """What came earlier is found when its trace is asked for, awaited or not."""
    store = Store()
    store.add(payload)
    assert names(store) == ["op 1"]
    store.expect(ID_A)
    assert names(store) == ["op 1"]


def test_changed_returns_at_once_for_what_was_not_fetched() -> None:
    """`changed` waits for news since the last `fetch` only."""

    async def scenario() -> None:
        store = Store()
        store.expect(ID_A)
        store.add(binary(export(A)))
        await store.changed(ID_A)
        await store.fetch(ID_A)
        waiting = asyncio.create_task(store.changed(ID_A))
        store.add(binary(export(B)))
        await asyncio.sleep(0)
        assert not waiting.done()
        store.add(binary(export(A)))
        await asyncio.wait_for(waiting, 1)

    asyncio.run(scenario())


def test_others_are_passed_over_and_counted() -> None:
    """Spans nobody waits for are counted by service, for the time asked about."""
    clock = Time()
    store = Store(clock)
    store.expect(ID_A)
    store.add(binary(export(B, B, A, service="cart")))
    clock.ns = 10
    store.add(binary(export(B, C, service="cart")))
    store.add(text(raw_span(1, "dd" * 16), service="mail"))
    assert store.meanwhile(0) == (Foreign("cart", 4, 2), Foreign("mail", 1, 1))
    assert store.meanwhile(10) == (Foreign("cart", 2, 2), Foreign("mail", 1, 1))
    assert store.meanwhile(11) == ()
    assert store.received == 6


def test_what_is_kept_of_others_is_bounded_by_size_and_age() -> None:
    """Old and large amounts of spans nobody waited for go, and are counted."""
    clock = Time()
    body = export(A)
    store = Store(clock, keep_s=1, keep_bytes=3 * len(body))
    for _ in range(5):
        store.add(binary(body))
    assert (len(names(store)), store.evicted) == (3, 2)
    clock.ns = 1_000_000_001
    store.add(binary(export(B)))
    assert (names(store), store.evicted) == ([], 5)


def test_awaited_spans_are_never_evicted() -> None:
    """Size and age bound only what nobody waits for."""
    clock = Time()
    store = Store(clock, keep_s=1, keep_bytes=1)
    store.expect(ID_A)
    for number in range(100):
        clock.ns = number * 1_000_000_000
        store.add(binary(export(A)))
    assert len(names(store)) == 100


def test_a_trace_of_too_many_spans_says_what_is_missing() -> None:
    """Beyond the bound spans are counted as dropped, and the answer is partial."""
    store = Store(max_spans=2)
    store.expect(ID_A)
    store.add(binary(export(A, A, A)))
    found = asyncio.run(store.fetch(ID_A))
    assert (len(found.spans), found.dropped, found.partial) == (2, 1, True)


def test_late_spans_are_kept_until_forgotten() -> None:
    """A span of a finished case is recorded, and does not harm the spans that it travels with."""
    store = Store()
    store.expect(ID_A)
    store.release(ID_A)
    store.expect(ID_B)
    store.add(binary(export(A, B)))
    assert (len(names(store)), len(names(store, ID_B))) == (1, 1)
    store.forget(ID_A)
    assert names(store) == []
    store.add(binary(export(A, B)))
    assert len(names(store, ID_B)) == 2


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_traces_that_link_into_an_awaited_one(early: bool, encoding: str) -> None:
    """A linked trace is collected with all its spans, before and after the link was seen, one hop far."""
    store = Store()
    link = {"links": [{"traceId": ID_A, "spanId": "01" * 8}]}
    if encoding == "json":
        exports = [text(raw_span(1, ID_B)), text(raw_span(2, ID_B, **link)), text(raw_span(3, ID_B))]
        exports.append(text(raw_span(4, ID_C, links=[{"traceId": ID_B, "spanId": "01" * 8}])))
    else:
        exports = [
            binary(export(B)),
            binary(export(B, B, links=(A,))),
            binary(export(B)),
            binary(export(C, links=(B,))),
        ]
    if not early:
        store.expect(ID_A)
    for payload in [*exports, binary(export(A))]:
        store.add(payload)
    store.expect(ID_A)
    found = asyncio.run(store.fetch(ID_A))
    linked = [each for each in found.spans if each.span.trace_id != ID_A]
    assert len(found.spans) == len(linked) + 1
    assert {each.span.trace_id for each in linked} == {ID_B}
    distinct = {(each.batch, each.span.span_id) for each in linked}
    assert len(distinct) == (3 if encoding == "json" else 4)


def test_broken_exports_leave_nothing() -> None:
    """An export that is refused has not been taken in part."""
    store = Store()
    store.expect(ID_A)
    with pytest.raises(OtlpError):
        store.add(binary(export(A)[:-3]))
    assert names(store) == []


def test_other_signals_are_counted() -> None:
    """Metrics and logs are counted by signal."""
    store = Store()
    store.add(binary(b"\xff", "metrics"))
    store.add(binary(export(A)))
    assert store.signals == {"metrics": 1, "traces": 1}


@given(
    st.lists(
        st.tuples(st.sampled_from(["expect", "release", "forget", "add"]), st.sampled_from([A, B, C])), max_size=20
    )
)
def test_no_order_of_calls_loses_an_awaited_span(steps: list[tuple[str, bytes]]) -> None:
    """Whatever the order, an awaited trace has all spans that came since it was first awaited."""
    store = Store()
    expected: dict[bytes, int] = {}
    for step, trace_id in steps:
        if step == "add":
            store.add(binary(export(trace_id)))
            expected.update({trace_id: expected[trace_id] + 1} if trace_id in expected else {})
        else:
            getattr(store, step)(TraceId(trace_id.hex()))
            if step == "expect":
                expected.setdefault(trace_id, 0)
            elif step == "forget":
                expected.pop(trace_id, None)
    for trace_id, count in expected.items():
        assert len(names(store, TraceId(trace_id.hex()))) >= count

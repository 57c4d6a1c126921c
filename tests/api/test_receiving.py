"""A receiver for Python programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps

import pytest

import spanspec
from tests.cli.service import export, otlp_span

TRACE = "0af7651916cd43dd8448eb211c80319c"


def running(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """The test in a loop."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


async def sent(receiver: spanspec.Receiver, *spans: dict[str, object], service: str = "tiny") -> None:
    """Export spans to a receiver, as a service does."""
    await asyncio.to_thread(export, receiver.endpoint, spans, service)


def a_span(number: int = 1, parent: str = "", name: str = "GET /", **more: object) -> dict[str, object]:
    """A span of the trace."""
    return otlp_span(TRACE, number, parent, name, **more)  # type: ignore[arg-type]  # times and kinds by name


@running
async def test_a_trace_is_given_once_it_is_whole() -> None:
    """What came before the call counts; the root may have a parent that nobody exports."""
    async with spanspec.Receiver(port=0, export_delay="10ms") as receiver:
        await sent(receiver, a_span(parent="00000000000000aa"), a_span(2, f"{1:016x}", "SELECT", kind=1))
        found = await receiver.wait_for_trace(TRACE.upper(), timeout=20)
        assert found.roots.one().children.names == ("SELECT",)
        assert found.trace_id == TRACE
        assert receiver.received == 2


@running
async def test_until_holds_a_trace_open() -> None:
    """A trace is not whole before the statement holds, however quiet it is."""
    async with spanspec.Receiver(port=0, export_delay=0.01) as receiver:
        await sent(receiver, a_span())
        waiting = asyncio.ensure_future(receiver.wait_for_trace(int(TRACE, 16), until='some span[kind = "consumer"]'))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.6)
        await sent(receiver, a_span(2, f"{1:016x}", "mail", kind=5))
        assert (await waiting)['span[kind = "consumer"]'].one().name == "mail"


@running
async def test_decided_returns_as_soon_as_until_holds() -> None:
    """Without waiting for the export delay that is assumed, of 5 s."""
    async with spanspec.Receiver(port=0) as receiver:
        await sent(receiver, a_span())
        found = await spanspec.wait_for_trace(TRACE, source=receiver, until="some span", wait="decided", timeout=3)
        assert found.spans().names == ("GET /",)


@running
async def test_a_trace_that_does_not_come_says_why_that_may_be() -> None:
    """What came meanwhile, and where the receiver listens, are in the message."""
    async with spanspec.Receiver(port=0) as receiver:
        waiting = asyncio.ensure_future(receiver.wait_for_trace("1" * 32, timeout="300ms"))
        await sent(receiver, a_span(), service="cart")
        with pytest.raises(spanspec.TraceError) as caught:
            await waiting
        assert f"no span of trace {'1' * 32} arrived within" in str(caught.value)
        assert "cart (1 span, 1 trace)" in str(caught.value)
        assert receiver.endpoint in str(caught.value)


@running
async def test_a_trace_that_is_not_whole_in_time_says_what_is_missing() -> None:
    """The statement awaited is named."""
    async with spanspec.Receiver(port=0, export_delay=0.01) as receiver:
        await sent(receiver, a_span())
        with pytest.raises(spanspec.TraceError, match=r"is not whole: .*until"):
            await receiver.wait_for_trace(TRACE, until='some span[name = "mail"]', timeout=0.3)
        with pytest.raises(spanspec.TraceError, match="mail"):
            await receiver.wait_for_trace(TRACE, until='some span[name = "mail"]', timeout=0.3, wait="decided")


@running
async def test_what_is_asked_wrongly_is_told() -> None:
    """Ids, times and statements."""
    async with spanspec.Receiver(port=0) as receiver:
        for wrong in ({"trace_id": "xyz"}, {"trace_id": 0}, {"timeout": "soon"}, {"timeout": -1}, {"wait": "long"}):
            with pytest.raises(spanspec.SpanspecError):
                await receiver.wait_for_trace(**{"trace_id": TRACE, **wrong})  # type: ignore[arg-type]  # as tested
        with pytest.raises(spanspec.DiagnosticsError):
            await receiver.wait_for_trace(TRACE, until="some spam")
    with pytest.raises(spanspec.SpanspecError, match="does not listen"):
        _ = spanspec.Receiver(port=0).endpoint


@running
async def test_the_environment_lets_a_service_send_here() -> None:
    """Endpoint and delay; a taken port that was asked for is an error."""
    async with spanspec.Receiver(port=0, export_delay="100ms") as receiver:
        assert receiver.environment == {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        assert receiver.grpc_endpoint != receiver.endpoint
        with pytest.raises(spanspec.SpanspecError, match="in use"):
            async with spanspec.Receiver(port=receiver.port):
                raise AssertionError("two on one port")

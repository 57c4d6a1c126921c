"""Forwarding: copies reach another receiver whole, trouble there holds nothing up, and what is lost is counted."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from spanspec.errors import UsageError
from spanspec.model.ids import TraceId
from spanspec.otlp.decoded import Decoded
from spanspec.otlp.encode import encode_json
from spanspec.otlp.exchange import Encoding, Payload
from spanspec.otlp.target import Target
from spanspec.receiver.forward import Forwarder
from spanspec.receiver.serve import Receiver
from spanspec.stores.memory import Store
from spanspec.testing import span
from tests.otlp.exports import export

FREE = ("127.0.0.1", 0)
ONE = span("GET /", kind="server")
JSON = Payload(signal="traces", encoding=Encoding.JSON, body=encode_json([ONE]))
TRACE = TraceId(ONE.trace_id)


class Refusing:
    """An HTTP endpoint that answers each request with the next of its statuses, the last one for ever."""

    def __init__(self, *statuses: int, retry_after: str = "") -> None:
        self.statuses = list(statuses)
        self.seen: list[str] = []
        self._after = f"retry-after: {retry_after}\r\n" if retry_after else ""

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        await reader.readexactly(length)
        self.seen.append(head)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(f"HTTP/1.1 {status} X\r\n{self._after}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


def test_copies_arrive_as_they_came() -> None:
    """JSON and protobuf, over HTTP and gRPC, with the headers asked for."""

    async def scenario() -> None:
        far = Store()
        near = Store()
        async with Receiver(far, http=FREE, grpc=FREE) as behind:
            assert behind.grpc_address is not None
            targets = [
                Target(url=behind.endpoint or "", headers={"x-key": "s3cret"}),
                Target(url=f"grpc://127.0.0.1:{behind.grpc_address[1]}"),
            ]
            async with (
                Forwarder(near, targets) as forwarder,
                Receiver(forwarder, http=FREE, grpc=None) as front,
                httpx2.AsyncClient() as client,
            ):
                body, kind = export(bytes.fromhex(TRACE)), "application/x-protobuf"
                answer = await client.post(f"{front.endpoint}/v1/traces", content=body, headers={"content-type": kind})
                assert answer.status_code == 200
                await forwarder.drained()
            assert not forwarder.notes
        assert far.received == 2
        assert near.received == 1
        assert [each.span.trace_id for each in (await far.fetch(TRACE)).spans] == [TRACE, TRACE]

    asyncio.run(scenario())


def test_what_our_own_store_refuses_is_not_passed_on() -> None:
    """A broken export stays where it is."""

    async def scenario() -> None:
        async with Refusing(200) as url, Forwarder(Store(), [Target(url=url)]) as forwarder:
            with pytest.raises(Exception, match="JSON"):
                forwarder.add(Payload(signal="traces", encoding=Encoding.JSON, body=b"{"))
        assert forwarder.sent == 0
        assert not forwarder.notes

    asyncio.run(scenario())


def test_a_busy_endpoint_is_asked_again() -> None:
    """429 and 503 with or without a wait are tried until the endpoint takes the export."""

    async def scenario() -> None:
        endpoint = Refusing(429, 503, 200, retry_after="0")
        async with endpoint as url, Forwarder(Store(), [Target(url=url, headers={"x-key": "k"})]) as forwarder:
            forwarder.add(JSON)
            await forwarder.drained()
        assert len(endpoint.seen) == 3
        assert all("x-key: k" in head for head in endpoint.seen)
        assert all("POST /v1/traces" in head for head in endpoint.seen)

    asyncio.run(scenario())


def test_an_endpoint_that_refuses_for_good_loses_the_export_and_says_why() -> None:
    """400 is not tried again; the loss is counted and told without the key."""

    async def scenario() -> None:
        endpoint = Refusing(400)
        async with endpoint as url, Forwarder(Store(), [Target(url=url, headers={"x-key": "s3cret"})]) as forwarder:
            forwarder.add(JSON)
            await forwarder.drained()
        assert len(endpoint.seen) == 1
        assert forwarder.notes == (f"forwarding to {url}: 1 of 1 exports were lost: HTTP 400",)

    asyncio.run(scenario())


def test_an_endpoint_that_is_not_there_holds_nothing_up() -> None:
    """Our own store has the spans at once; the end waits no longer than it may."""

    async def scenario() -> None:
        store = Store()
        async with Forwarder(store, [Target(url="http://127.0.0.1:9")], stop_s=0.05) as forwarder:
            for _ in range(3):
                forwarder.add(JSON)
            assert store.received == 3
        (note,) = forwarder.notes
        assert "3 of 3 exports were lost" in note
        assert "the run ended" in note

    asyncio.run(scenario())


def test_a_queue_is_bounded() -> None:
    """What does not fit is counted, not kept."""

    class Nothing:
        def add(self, payload: Payload, peer: str = "") -> Decoded:
            return Decoded()

    async def scenario() -> None:
        target = Target(url="http://127.0.0.1:9")
        async with Forwarder(Nothing(), [target], queue_bytes=2 * len(JSON.body), stop_s=0) as forwarder:
            for _ in range(5):
                forwarder.add(JSON)
        assert "5 of 5 exports were lost: more than 0 MiB were waiting" in forwarder.notes[0]

    asyncio.run(scenario())


@pytest.mark.parametrize("url", ["", "collector:4318", "ftp://x", "http://", "javascript:alert(1)"])
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    """Before anything runs."""
    with pytest.raises(UsageError, match="no OTLP endpoint"):
        Target(url=url)


def test_a_password_in_the_url_is_not_shown() -> None:
    """Nor are headers."""
    target = Target(url="https://me:pw@otlp.example/base", headers={"authorization": "Bearer x"})
    assert target.shown == "https://otlp.example/base"
    assert "Bearer" not in repr(target)

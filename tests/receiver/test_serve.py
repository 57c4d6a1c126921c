"""The receiver with real sockets and real exporters."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import httpx2
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from spanspec.errors import ReceiverError
from spanspec.model.ids import TraceId
from spanspec.receiver.serve import Receiver
from spanspec.stores.memory import Store
from tests.otlp.exports import A, B, export
from tests.receiver.http2 import unary

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

FREE = ("127.0.0.1", 0)
ID_A = TraceId(A.hex())
METHOD = "/opentelemetry.proto.collector.{}.v1.{}Service/Export"


def http_exporter(receiver: Receiver, packed: bool) -> SpanExporter:
    """The SDK's exporter over HTTP."""
    compression = Compression.Gzip if packed else Compression.NoCompression
    return HttpExporter(endpoint=f"{receiver.endpoint}/v1/traces", compression=compression)


def grpc_exporter(receiver: Receiver, packed: bool) -> SpanExporter:
    """The SDK's exporter over gRPC."""
    assert receiver.grpc_address is not None
    compression = grpc.Compression.Gzip if packed else grpc.Compression.NoCompression
    host, port = receiver.grpc_address
    return GrpcExporter(endpoint=f"http://{host}:{port}", insecure=True, compression=compression)


def emit(exporter: SpanExporter, service: str, count: int, barrier: threading.Barrier | None = None) -> None:
    """Send spans of trace A from an SDK of its own, flushed at the same moment as others at the barrier."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60_000))
    context = SpanContext(int.from_bytes(A), 1, is_remote=True, trace_flags=TraceFlags(1))
    parent = set_span_in_context(NonRecordingSpan(context))
    for number in range(count):
        provider.get_tracer("test").start_span(f"{service} {number}", parent, attributes={"n": number}).end()
    if barrier is not None:
        barrier.wait(timeout=20)
    provider.shutdown()


def running(scenario: Callable[[Receiver, Store], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run a scenario with a receiver on free ports."""

    async def main() -> None:
        store = Store()
        async with Receiver(store, **{"http": FREE, "grpc": FREE, **options}) as receiver:
            await scenario(receiver, store)

    asyncio.run(main())


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("exporter", [http_exporter, grpc_exporter])
def test_an_sdk_exports(exporter: Callable[[Receiver, bool], SpanExporter], packed: bool) -> None:
    """Spans of the Python SDK arrive whole, over both protocols, packed or not."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        store.expect(ID_A)
        await asyncio.to_thread(emit, exporter(receiver, packed), "cart", 10)
        arrived = (await store.fetch(ID_A)).spans
        assert sorted(each.span.attributes["n"] for each in arrived) == list(range(10))  # type: ignore[type-var]
        assert {each.span.service for each in arrived} == {"cart"}
        assert all("@127.0.0.1:" in each.exporter for each in arrived)

    running(scenario)


def test_exports_of_one_trace_at_the_same_moment_lose_nothing() -> None:
    """Eight SDKs that flush at once, over both protocols: every span is there."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        store.expect(ID_A)
        barrier = threading.Barrier(8)
        makers = [http_exporter, grpc_exporter] * 4
        with ThreadPoolExecutor(8) as pool:
            loop = asyncio.get_running_loop()
            jobs = [
                loop.run_in_executor(pool, emit, make(receiver, number % 3 == 0), f"s{number}", 200, barrier)
                for number, make in enumerate(makers)
            ]
            await asyncio.gather(*jobs)
        arrived = (await store.fetch(ID_A)).spans
        assert len({each.span.span_id for each in arrived}) == 8 * 200
        assert len({each.span.service for each in arrived}) == 8

    running(scenario)


def test_a_late_span_does_not_refuse_the_request_it_travels_in() -> None:
    """A span of a finished trace is taken with those of the next one."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        store.expect(ID_A)
        store.release(ID_A)
        store.expect(TraceId(B.hex()))
        assert await post(receiver, export(A, B)) == (200, b"")
        assert len((await store.fetch(TraceId(B.hex()))).spans) == 1
        assert len((await store.fetch(ID_A)).spans) == 1

    running(scenario)


async def post(receiver: Receiver, body: bytes, **headers: str) -> tuple[int, bytes]:
    """Send a body over HTTP."""
    fields = {"content-type": "application/x-protobuf", **{key.replace("_", "-"): v for key, v in headers.items()}}
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"{receiver.endpoint}/v1/traces", content=body, headers=fields)
        return answer.status_code, answer.content


def test_large_and_hostile_bodies() -> None:
    """The limit holds for what is sent and what is unpacked, in both protocols."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        assert (await post(receiver, bytes(2_000)))[0] == 413
        assert (await post(receiver, gzip.compress(bytes(2_000)), content_encoding="gzip"))[0] == 413
        assert (await post(receiver, bytes(10_000_000)))[0] == 413
        assert (await post(receiver, export(A)[:-1]))[0] == 400
        assert receiver.grpc_address is not None
        method = METHOD.format("trace", "Trace")
        assert await unary(receiver.grpc_address, method, bytes(2_000)) == "RESOURCE_EXHAUSTED"
        assert await unary(receiver.grpc_address, method, bytes(20_000), "gzip") == "RESOURCE_EXHAUSTED"
        assert await unary(receiver.grpc_address, method, export(A), "gzip") == "OK"
        assert await unary(receiver.grpc_address, "/x.Y/Z", b"") == "UNIMPLEMENTED"
        assert store.received == 1

    running(scenario, limit=1_000)


def test_other_signals_are_taken() -> None:
    """Metrics and logs get their success and are counted."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        assert receiver.grpc_address is not None
        assert await unary(receiver.grpc_address, METHOD.format("metrics", "Metrics"), b"") == "OK"
        assert await unary(receiver.grpc_address, METHOD.format("logs", "Logs"), b"") == "OK"
        async with httpx2.AsyncClient() as client:
            for signal in ("metrics", "logs"):
                answer = await client.post(f"{receiver.endpoint}/v1/{signal}", json={})
                assert (answer.status_code, answer.content) == (200, b"{}")
        assert store.signals == {"metrics": 2, "logs": 2}

    running(scenario)


def occupied() -> socket.socket:
    """A port that another program has."""
    taken = socket.socket()
    taken.bind(FREE)
    taken.listen()
    return taken


@pytest.mark.parametrize("which", ["http", "grpc"])
def test_a_taken_default_port_is_stepped_aside(which: str) -> None:
    """A free port is used, and a note names the variable to set."""
    with occupied() as taken:
        port = taken.getsockname()[1]

        async def scenario(receiver: Receiver, store: Store) -> None:
            address = receiver.http_address if which == "http" else receiver.grpc_address
            assert address is not None
            (note,) = receiver.notes
            assert f"port {port} is in use" in note
            assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{address[1]}" in note
            assert ("OTEL_EXPORTER_OTLP_PROTOCOL=grpc" in note) is (which == "grpc")

        running(scenario, **{which: ("127.0.0.1", port)})


@pytest.mark.parametrize("which", ["http", "grpc"])
def test_a_taken_port_that_was_asked_for_is_an_error(which: str) -> None:
    """The port, and how to go on, are in the error; nothing is left listening."""
    with occupied() as taken:
        port = taken.getsockname()[1]

        async def main() -> None:
            options: dict[str, Any] = {"http": FREE, "grpc": FREE, which: ("127.0.0.1", port)}
            receiver = Receiver(Store(), **options, explicit=True)
            with pytest.raises(ReceiverError, match=f"port {port} on 127.0.0.1 is in use") as caught:
                await receiver.__aenter__()
            assert "--receiver" in caught.value.help
            assert caught.value.exit_code == 3
            if receiver.http_address is not None:
                with pytest.raises(OSError):
                    await asyncio.open_connection(*receiver.http_address)

        asyncio.run(main())


def test_an_address_of_no_interface_is_an_error() -> None:
    """An address that cannot be bound is an error whether chosen or not."""

    async def main() -> None:
        with pytest.raises(ReceiverError, match="cannot listen on"):
            await Receiver(Store(), http=("203.0.113.1", 0), grpc=None).__aenter__()
        with pytest.raises(ReceiverError, match="cannot listen on"):
            await Receiver(Store(), http=("no.such.host.invalid", 0), grpc=None).__aenter__()

    asyncio.run(main())


def test_an_open_address_is_noted() -> None:
    """Listening beyond loopback is said."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        (note,) = receiver.notes
        assert "whoever reaches this machine" in note
        assert receiver.http_address is not None
        assert receiver.endpoint == f"http://127.0.0.1:{receiver.http_address[1]}"
        assert (await post(receiver, export(A)))[0] == 200

    running(scenario, http=("0.0.0.0", 0))


@pytest.mark.parametrize("which", ["http", "grpc"])
def test_one_protocol_alone(which: str) -> None:
    """Either can be left out."""

    async def scenario(receiver: Receiver, store: Store) -> None:
        assert (receiver.http_address is None) is (which == "grpc")
        assert (receiver.grpc_address is None) is (which == "http")
        assert (receiver.endpoint is None) is (which == "grpc")

    running(scenario, **{"grpc" if which == "http" else "http": None})


async def until_busy(receiver: Receiver) -> None:
    """Return when a request has reached the receiver."""
    async with asyncio.timeout(5):
        while not receiver.busy:  # noqa: ASYNC110 - nothing of ours says that a server's task began
            await asyncio.sleep(0.001)


def test_stopping_lets_an_export_end() -> None:
    """An export whose body is still coming when the receiver stops is answered and kept."""

    async def main() -> None:
        store = Store()
        store.expect(ID_A)
        receiver = Receiver(store, http=FREE, grpc=None)
        await receiver.__aenter__()
        assert receiver.http_address is not None
        reader, writer = await asyncio.open_connection(*receiver.http_address)
        body = export(A)
        head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body[:10])
        await writer.drain()
        await until_busy(receiver)
        stopping = asyncio.create_task(receiver.__aexit__(None, None, None))
        await asyncio.sleep(0)
        writer.write(body[10:])
        answer = await asyncio.wait_for(reader.read(), 5)
        await stopping
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200")
        assert len((await store.fetch(ID_A)).spans) == 1

    asyncio.run(main())


def test_stopping_does_not_wait_for_ever() -> None:
    """A sender that never ends its body is cut off after the grace, and idle connections at once."""

    async def main() -> None:
        receiver = Receiver(Store(), http=FREE, grpc=FREE, stop_s=0.05)
        await receiver.__aenter__()
        assert receiver.http_address is not None
        reader, writer = await asyncio.open_connection(*receiver.http_address)
        writer.write(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n")
        await until_busy(receiver)
        await asyncio.wait_for(receiver.__aexit__(None, None, None), 2)
        assert await asyncio.wait_for(reader.read(), 2) == b""
        writer.close()

    asyncio.run(main())

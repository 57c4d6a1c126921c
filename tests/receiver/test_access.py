"""Who may send: a bearer token, TLS, pages in a browser, and what happens when too much comes at once."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import grpc
import httpx2
import pytest
import trustme

from spanspec.errors import ReceiverError
from spanspec.receiver.access import Access
from spanspec.receiver.http import HttpApp
from spanspec.receiver.serve import Receiver
from spanspec.stores.memory import Store
from tests.otlp.exports import A, export

if TYPE_CHECKING:
    from pathlib import Path

FREE = ("127.0.0.1", 0)
METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PROTOBUF = {"content-type": "application/x-protobuf"}
PAGE = "https://shop.example"


async def posted(receiver: Receiver, headers: dict[str, str], **more: Any) -> httpx2.Response:
    """The answer to one export over HTTP."""
    async with httpx2.AsyncClient(**more) as client:
        return await client.post(f"{receiver.endpoint}/v1/traces", content=export(A), headers={**PROTOBUF, **headers})


async def called(receiver: Receiver, metadata: tuple[tuple[str, str], ...] = (), root: bytes | None = None) -> str:
    """The status of one export over gRPC."""
    assert receiver.grpc_address is not None
    where = f"localhost:{receiver.grpc_address[1]}"
    channel = (
        grpc.aio.secure_channel(where, grpc.ssl_channel_credentials(root)) if root else grpc.aio.insecure_channel(where)
    )
    async with channel:
        try:
            await channel.unary_unary(METHOD)(export(A), timeout=10, metadata=metadata)
        except grpc.aio.AioRpcError as fault:
            return str(fault.code().name)
    return "OK"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ("Bearer s3cret", 200, "OK"),
        ("bearer s3cret", 200, "OK"),
        ("Bearer s3cre", 401, "UNAUTHENTICATED"),
        ("Basic s3cret", 401, "UNAUTHENTICATED"),
        ("s3cret", 401, "UNAUTHENTICATED"),
        ("", 401, "UNAUTHENTICATED"),
    ],
)
def test_a_token_is_asked_of_every_export(given: str, status: int, code: str) -> None:
    """Over both protocols; nothing is taken without it."""

    async def scenario() -> None:
        store = Store()
        async with Receiver(store, http=FREE, grpc=FREE, access=Access(token="s3cret")) as receiver:
            answer = await posted(receiver, {"authorization": given} if given else {})
            metadata = (("authorization", given),) if given else ()
            assert (answer.status_code, await called(receiver, metadata)) == (status, code)
            assert "s3cret" not in answer.text
        assert store.received == (2 if status == 200 else 0)

    asyncio.run(scenario())


def test_the_token_is_in_no_repr() -> None:
    """Nor in what is logged of it."""
    assert "s3cret" not in repr(Access(token="s3cret"))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the server's certificate."""
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Access:
    """A certificate of localhost with its key."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    return Access(certificate=str(certificate), key=str(key))


def test_tls_is_spoken_over_both_protocols(authority: trustme.CA, files: Access, tmp_path: Path) -> None:
    """The endpoint says https; plain text is not understood."""
    root = authority.cert_pem.bytes()
    (tmp_path / "ca.pem").write_bytes(root)

    async def scenario() -> None:
        store = Store()
        async with Receiver(store, http=FREE, grpc=FREE, access=files) as receiver:
            assert (receiver.endpoint or "").startswith("https://")
            answer = await posted(receiver, {}, verify=ssl.create_default_context(cafile=str(tmp_path / "ca.pem")))
            assert answer.status_code == 200
            assert await called(receiver, root=root) == "OK"
        assert store.received == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_told_at_the_start(tmp_path: Path, content: str | None) -> None:
    """Which file, and why."""
    path = tmp_path / "server.pem"
    if content is not None:
        path.write_text(content)

    async def scenario() -> None:
        async with Receiver(Store(), http=FREE, grpc=None, access=Access(certificate=str(path))):
            raise AssertionError("it listens")

    with pytest.raises(ReceiverError, match=r"cannot use the certificate in .*server\.pem"):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [((PAGE,), PAGE, PAGE), (("*",), PAGE, PAGE), ((PAGE,), "https://evil.example", None), ((), PAGE, None)],
)
def test_a_page_may_send_where_its_origin_is_named(origins: tuple[str, ...], origin: str, allowed: str | None) -> None:
    """The browser asks first, then sends; what is not named is not allowed."""

    async def scenario() -> None:
        async with Receiver(Store(), http=FREE, grpc=None, access=Access(origins=origins)) as receiver:
            asked = {"origin": origin, "access-control-request-headers": "content-type, x-key, bad name"}
            async with httpx2.AsyncClient() as client:
                preflight = await client.options(f"{receiver.endpoint}/v1/traces", headers=asked)
            answer = await posted(receiver, {"origin": origin})
        assert answer.status_code == 200
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert preflight.headers.get("access-control-allow-origin") == allowed
        if allowed:
            assert preflight.status_code == 204
            assert preflight.headers["access-control-allow-headers"] == "content-type, x-key"
        else:
            assert preflight.status_code in (403, 405)

    asyncio.run(scenario())


def test_too_much_at_once_is_asked_to_come_again() -> None:
    """While one body fills the memory that bodies may take, another gets 429 with a time; then all is well again."""

    async def scenario() -> list[tuple[int, dict[bytes, bytes]]]:
        app = HttpApp(Store(), at_once=len(export(A)) + 10)
        gate, seen = asyncio.Event(), []

        async def request(slow: bool) -> None:
            parts = [export(A)] if not slow else [export(A), b""]

            async def receive() -> dict[str, Any]:
                if slow and len(parts) == 1:
                    await gate.wait()
                return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    seen.append((message["status"], dict(message["headers"])))

            headers = [(b"content-type", b"application/x-protobuf")]
            scope = {"type": "http", "method": "POST", "path": "/v1/traces", "headers": headers, "client": None}
            await app(scope, receive, send)

        first = asyncio.ensure_future(request(slow=True))
        await asyncio.sleep(0)
        await request(slow=False)
        gate.set()
        await first
        await request(slow=False)
        return seen

    seen = asyncio.run(scenario())
    assert [status for status, _ in seen] == [429, 200, 200]
    assert seen[0][1][b"retry-after"] == b"1"

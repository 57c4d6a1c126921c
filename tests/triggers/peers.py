"""Peers of the HTTP trigger that take more than an echo: HTTP/2, a proxy, digest, a token endpoint, mutual TLS."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import h2.config
import h2.connection
import h2.events
import trustme

from tests.triggers.echo import Echo, Sent, echo


@contextmanager
def in_a_loop(serve: object, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """An asyncio server in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    ports: list[int] = []
    over = asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)  # type: ignore[arg-type]
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        await over.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # let the transports close

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


@contextmanager
def http2_server(tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A server of HTTP/2 alone: its port, and the headers of each request."""
    requests: list[dict[str, str]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        try:
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        requests.append(dict(event.headers))
                    if isinstance(event, h2.events.StreamEnded):
                        connection.send_headers(event.stream_id, [(":status", "200"), ("x-two", "2")])
                        connection.send_data(event.stream_id, b"by two", end_stream=True)
                writer.write(connection.data_to_send())
        finally:
            writer.close()

    with in_a_loop(serve, tls) as port:
        yield port, requests


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A forward proxy, with tunnels: its URL, and the first line of each request."""
    lines: list[str] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.partition(b"\r\n")[0].decode()
        lines.append(line)
        method, target, _ = line.split()
        tunnel = method == "CONNECT"
        parts = urlsplit(f"//{target}" if tunnel else target)
        inner, outer = await asyncio.open_connection(parts.hostname, parts.port)
        if tunnel:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            outer.write(head)
        await asyncio.gather(pump(reader, outer), pump(inner, writer), return_exceptions=True)

    with in_a_loop(serve) as port:
        yield f"http://127.0.0.1:{port}", lines


@contextmanager
def digest_server(username: str, password: str) -> Iterator[Echo]:
    """A server that asks for a digest (RFC 7616, MD5) and checks it."""

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    def answer(sent: Sent) -> tuple[int, bytes]:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', (sent.all("authorization") or [""])[0]))
        first, second = md5(username, "shop", password), md5(sent.method, sent.path)
        wanted = md5(first, "abc", given.get("nc", ""), given.get("cnonce", ""), "auth", second)
        return (200, b"known") if given.get("response") == wanted else (401, b"who?")

    challenge = ("www-authenticate", 'Digest realm="shop", nonce="abc", qop="auth", algorithm=MD5')
    with echo(answer=answer, headers=[challenge]) as server:
        yield server


@contextmanager
def token_server(client_id: str, client_secret: str) -> Iterator[Echo]:
    """A token endpoint of OAuth 2 (RFC 6749, section 4.4)."""

    def answer(sent: Sent) -> tuple[int, bytes]:
        form = {key: values[0] for key, values in parse_qs(sent.body.decode()).items()}
        known = (form.get("client_id"), form.get("client_secret")) == (client_id, client_secret)
        if not known or form.get("grant_type") != "client_credentials":
            return 401, json.dumps({"error": "invalid_client", "error_description": "no such client"}).encode()
        return 200, json.dumps({"access_token": f"t-{form['scope']}", "token_type": "bearer"}).encode()

    with echo(answer=answer) as server:
        yield server


class Authority:
    """A certificate authority of the test's own, with what a server and a client of it need."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca))
        client = self._authority.issue_cert("client@shop.test")
        self.cert, self.key = folder / "client.pem", folder / "client.key"
        client.cert_chain_pems[0].write_to_path(str(self.cert))
        client.private_key_pem.write_to_path(str(self.key))

    def server(self, *names: str, mutual: bool = False, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        """The settings of a server with a certificate for these names."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*names).configure_cert(context)
        if mutual:
            self._authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

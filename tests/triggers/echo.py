"""An HTTP server that answers as it is told and keeps what it was sent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Sent:
    """One request as it came."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of a header in any case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Echo:
    """The server: where it is, what it was sent, what it answers."""

    url: str = ""
    status: int = 200
    body: bytes = b"OK"
    headers: list[tuple[str, str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    answer: Callable[[Sent], tuple[int, bytes]] | None = None


@contextmanager
def echo(*, tls: ssl.SSLContext | None = None, **answer: object) -> Iterator[Echo]:
    """Serve on a free port, with TLS if its settings are given."""
    state = Echo(**answer)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            state.sent.append(Sent(self.command, self.path, list(self.headers.items()), self.rfile.read(length)))
            redirected = self.path == "/moved"
            status, body = state.answer(state.sent[-1]) if state.answer is not None else (state.status, state.body)
            self.send_response(302 if redirected else status)
            for key, value in [*state.headers, *([("location", "/there")] if redirected else [])]:
                self.send_header(key, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PURGE = _any

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.url = f"http{'s' if tls is not None else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def free_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def silent() -> Iterator[str]:
    """The URL of a port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"

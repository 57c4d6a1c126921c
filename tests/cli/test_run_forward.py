"""`run --forward`: another endpoint gets a copy of all that came, and what it does not get is told in the summary."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.service import Service
from tests.cli.test_run import TEST, run, write


@contextmanager
def endpoint(status: int) -> Iterator[tuple[str, list[bytes]]]:
    """An OTLP endpoint that answers so, and the bodies that it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_a_copy_reaches_the_other_endpoint(
    port: int,
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The verdict is as without it, and the span of the test is there as well."""
    with endpoint(200) as (url, bodies):
        assert run(port, write(tmp_path, TEST), "--endpoint", service.url, "--forward", url) == 0
    sent = service.requests[0][2]["traceparent"].split("-")[1]
    assert any(sent.encode() in body for body in bodies)
    assert "forwarding" not in capsys.readouterr().out


def test_what_is_lost_is_told(
    port: int,
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An endpoint that refuses changes no verdict; the summary names it."""
    with endpoint(403) as (url, _):
        assert run(port, write(tmp_path, TEST), "--endpoint", service.url, "--forward", url) == 0
    said = capsys.readouterr().out
    assert f"forwarding to {url}: 1 of 1 exports were lost: HTTP 403" in " ".join(said.split())


def test_an_address_that_is_none_is_told_before_anything_is_sent(
    port: int,
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2."""
    assert run(port, write(tmp_path, TEST), "--endpoint", service.url, "--forward", "collector:4318") == 2
    assert not service.requests

"""How an exporter reacts to what it is told."""

from __future__ import annotations

import pytest

from spanspec.otlp.reaction import reaction, reaction_grpc
from spanspec.otlp.wire import response_json, response_protobuf, status_protobuf

JSON = ("content-type", "application/json")
BINARY = ("content-type", "application/x-protobuf")


@pytest.mark.parametrize(("header", "body"), [(JSON, response_json(2, "bad")), (BINARY, response_protobuf(2, "bad"))])
def test_partial_success_is_final(header: tuple[str, str], body: bytes) -> None:
    """A loss is reported and never sent again, in both encodings."""
    done = reaction(200, [header], body)
    assert (done.retry, done.rejected, done.report) == (False, 2, "bad")


RETRY_AFTER = [
    ("3", 3.0),
    ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ("soon", None),
    ("-1", None),
    ("999999999", 3600.0),
]


@pytest.mark.parametrize(("value", "expected"), RETRY_AFTER)
def test_retry_after(value: str, expected: float | None) -> None:
    """Seconds and dates are understood, within an hour; the rest is ignored."""
    done = reaction(503, [("Retry-After", value)], b"", now_s=100)
    assert done.retry
    assert done.retry_after_s == expected
    assert done.backoff is (expected is None)


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (400, [BINARY], status_protobuf(3, "bad ids"), "bad ids"),
        (400, [BINARY], b"\xff", "HTTP 400"),
        (502, [("content-type", "text/html")], b"<html>\x1b[31m", "\\x1b"),
        (500, [JSON], b"[" * 100_000, "HTTP 500"),
        (308, [("Location", "http://x/")], b"", "redirected to http://x/"),
    ],
)
def test_reports(status: int, headers: list[tuple[str, str]], body: bytes, words: str) -> None:
    """Whatever the body is, the report is a line that can be shown."""
    assert words in reaction(status, headers, body).report


def test_grpc_exhaustion_needs_retry_info() -> None:
    """RESOURCE_EXHAUSTED is repeated only when the server says when."""
    assert reaction_grpc("RESOURCE_EXHAUSTED", retry_delay_s=2).retry_after_s == 2
    assert not reaction_grpc("RESOURCE_EXHAUSTED").retry
    assert reaction_grpc("OK", message=response_protobuf(1, "x")).rejected == 1

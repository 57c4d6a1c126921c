"""What a receiver answers, without a socket."""

from __future__ import annotations

import gzip
import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.errors import OtlpError
from spanspec.otlp.compression import MAX_MEMBERS, TooLargeError, unpack
from spanspec.otlp.decoded import Decoded
from spanspec.otlp.exchange import Encoding, Payload, exchange, exchange_grpc, refuse
from spanspec.otlp.wire import read_response, read_status, response_protobuf
from tests.otlp.exports import A, export

PROTOBUF = ("Content-Type", "application/x-protobuf")
JSON = ("Content-Type", "application/json; charset=utf-8")


def test_success_is_an_unset_partial_success() -> None:
    """A whole success is zero bytes of protobuf and an empty JSON object."""
    assert exchange("POST", "/v1/traces", [PROTOBUF], export(A)).response.body == b""
    assert exchange("POST", "/v1/traces", [JSON], b"{}").response.body == b"{}"


def test_partial_success_names_the_loss() -> None:
    """Rejected spans are counted and explained in the request's encoding."""
    done = exchange("POST", "/v1/traces", [PROTOBUF], export(A, b"bad"))
    assert done.response.status == 200
    rejected, message = read_response(done.response.body)
    assert rejected == 1
    assert "3 bytes instead of 16" in message


@given(st.integers(0, (1 << 63) - 1), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_responses_are_what_protobuf_writes(rejected: int, message: str) -> None:
    """The hand-written messages equal those of protobuf's own library."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    read = ExportTraceServiceResponse.FromString(response_protobuf(rejected, message))
    assert (read.partial_success.rejected_spans, read.partial_success.error_message) == (rejected, message)
    assert read.HasField("partial_success") is bool(rejected or message)
    assert read_response(response_protobuf(rejected, message)) == (rejected, message)


REFUSALS = [
    ("POST", "/", [PROTOBUF], 404, "/v1/traces"),
    ("POST", "/v1/traces/", [PROTOBUF], 404, "/v1/traces"),
    ("GET", "/v1/traces", [PROTOBUF], 405, "POST"),
    ("GET", "/v1/traces", [], 405, "POST"),
    ("POST", "/v1/traces", [], 415, "none"),
    ("POST", "/v1/traces", [("content-type", "text/html")], 415, "application/json"),
    ("POST", "/v1/traces", [PROTOBUF, JSON], 415, "application/json"),
    ("POST", "/v1/traces", [PROTOBUF, ("content-encoding", "zstd")], 415, "gzip"),
    ("POST", "/v1/traces", [PROTOBUF, ("content-encoding", "gzip")], 400, "gzip"),
    ("POST", "/v1/traces", [JSON], 400, "JSON"),
]


@pytest.mark.parametrize(("method", "path", "headers", "status", "words"), REFUSALS)
def test_refusals_say_how_to_go_on(
    method: str, path: str, headers: list[tuple[str, str]], status: int, words: str
) -> None:
    """Each refusal has its status and a Status message, in the request's encoding if that is known."""
    response = exchange(method, path, headers, b"nonsense").response
    assert response.status == status
    binary = dict(response.headers)["content-type"] == Encoding.PROTOBUF.value
    assert binary is (headers[:1] == [PROTOBUF] and len([h for h in headers if h[0] == "Content-Type"]) == 1)
    assert words in (read_status(response.body) if binary else json.loads(response.body)["message"])


@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/logs"])
def test_other_signals_are_accepted(path: str) -> None:
    """Metrics and logs are taken and not decoded."""
    seen: list[str] = []

    def accept(payload: Payload) -> Decoded:
        seen.append(payload.signal)
        return Decoded()

    assert exchange("POST", path, [JSON], b"{}", accept=accept).response.status == 200
    assert seen == [path.removeprefix("/v1/")]


def test_a_busy_receiver_says_when_to_come_back() -> None:
    """A refusal that is for now has `Retry-After`."""
    assert ("retry-after", "3") in refuse(503, "busy", Encoding.JSON, retry_after_s=3).headers


PACKED = [
    ("gzip", gzip.compress(b"ab", mtime=0) + gzip.compress(b"cd", mtime=0)),
    ("x-gzip", gzip.compress(b"abcd", mtime=0) + bytes(512)),
    ("deflate", zlib.compress(b"abcd")),
]


@pytest.mark.parametrize(("encoding", "data"), PACKED)
def test_packed_bodies(encoding: str, data: bytes) -> None:
    """Several members follow each other; padding with zeros is none."""
    assert unpack(data, encoding, 100) == b"abcd"


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_members_are_joined(parts: list[bytes]) -> None:
    """The content of several members is their contents' sequence, within a limit that is exact."""
    whole = b"".join(parts)
    data = b"".join(gzip.compress(part) for part in parts)
    assert unpack(data, "gzip", len(whole)) == whole
    if whole:
        with pytest.raises(TooLargeError):
            unpack(data, "gzip", len(whole) - 1)


def test_members_larger_than_a_piece() -> None:
    """Members that span many pieces of input are read whole."""
    noise = random.Random(7).randbytes(300_000)
    assert unpack(gzip.compress(noise) * 3, "gzip", 1 << 20) == noise * 3


def test_a_bomb_is_defused() -> None:
    """A small body that unpacks to a gigabyte is refused, and so are very many members."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1024)) + packer.flush()
    assert len(bomb) < 2_000_000
    done = exchange("POST", "/v1/traces", [PROTOBUF, ("Content-Encoding", "gzip")], bomb)
    assert done.response.status == 413
    with pytest.raises(OtlpError, match="members"):
        unpack(gzip.compress(b"") * (MAX_MEMBERS + 1), "gzip", 100)


@pytest.mark.parametrize("cut", [1, 9, 12, -1])
def test_cut_gzip_is_bad_data(cut: int) -> None:
    """A body that ends within a member is 400."""
    data = gzip.compress(export(A))[:cut]
    assert exchange("POST", "/v1/traces", [PROTOBUF, ("content-encoding", "gzip")], data).response.status == 400


def test_grpc_answers() -> None:
    """Statuses of calls: fine, broken, unknown method, unknown compression."""
    method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    assert exchange_grpc(method, export(A)).status == "OK"
    assert exchange_grpc(method, b"\xff").status == "INVALID_ARGUMENT"
    assert exchange_grpc("/x/Y", b"").status == "UNIMPLEMENTED"
    assert exchange_grpc(method, b"", compression="snappy").status == "UNIMPLEMENTED"

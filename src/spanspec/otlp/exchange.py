"""What a receiver answers and how an exporter reacts, as values: OTLP's exchange without a socket.

A request is read in the order in which a sender can mend it: the path (404), the method (405), the content type (415), the
content encoding (415), the size (413), the packing (400), the content (400). Every answer has the encoding of its request, errors
too, whose body is a `google.rpc.Status`:

- success: https://opentelemetry.io/docs/specs/otlp/#full-success-1 and, for spans that were left out,
  https://opentelemetry.io/docs/specs/otlp/#partial-success-1;
- bad data, never to be sent again: https://opentelemetry.io/docs/specs/otlp/#bad-data;
- size: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request recommends a limit of 64 MiB, packed and unpacked;
- the exporter's side: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes and
  https://opentelemetry.io/docs/specs/otlp/#failures (gRPC).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from spanspec.errors import OtlpError
from spanspec.otlp.compression import ENCODINGS, TooLargeError, unpack
from spanspec.otlp.decode import decode_json, decode_protobuf
from spanspec.otlp.decoded import Decoded, shown
from spanspec.otlp.wire import (
    INVALID_ARGUMENT,
    NOT_FOUND,
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
    response_json,
    response_protobuf,
    status_json,
    status_protobuf,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_BODY: Final = 64 * 1024 * 1024
"""The size limit that the specification recommends, for a body as sent and as unpacked."""

GRPC_METHODS: Final = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
}
"""The full gRPC methods of a receiver, and the signal of each."""

GRPC_COMPRESSIONS: Final = ("identity", "gzip", "deflate")
"""What a call may be packed with."""

PATHS: Final = {"/v1/traces": "traces", "/v1/metrics": "metrics", "/v1/logs": "logs"}
"""The default paths of OTLP/HTTP, and the signal of each."""


class Encoding(Enum):
    """How messages are written; the value is the content type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One export, unpacked but not decoded.

    Attributes:
        signal: `traces`, `metrics` or `logs`.
        encoding: Of the body.
        body: The request message.
    """

    signal: str
    encoding: Encoding
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP answer; header names are in lower case."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request answered.

    Attributes:
        response: The answer.
        payload: What was sent, if it could be read.
        decoded: Its spans, if they could be.
    """

    response: Response
    payload: Payload | None = None
    decoded: Decoded | None = None


def decode(payload: Payload) -> Decoded:
    """All spans of an export; other signals have none.

    Raises:
        OtlpError: The body is not what it should be.
    """
    if payload.signal != "traces":
        return Decoded()
    return decode_json(payload.body) if payload.encoding is Encoding.JSON else decode_protobuf(payload.body)


def exchange(
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    accept: Callable[[Payload], Decoded] = decode,
    limit: int = MAX_BODY,
) -> Exchange:
    """Answer one HTTP request.

    Args:
        method: In capital letters.
        path: With or without a query.
        headers: Names in any case.
        body: As sent.
        accept: Takes the export in and says what was wrong with it; by default it is only decoded.
        limit: Bytes that a body may have, packed and unpacked.
    """
    signal, refusal = route(method, path, headers)
    if refusal is not None:
        return Exchange(response=refusal)
    assert signal is not None
    encoding = encoding_of(headers) or Encoding.JSON
    try:
        payload = Payload(signal=signal, encoding=encoding, body=_unpacked(headers, body, limit))
    except TooLargeError as fault:
        return Exchange(response=refuse(413, str(fault), encoding))
    except OtlpError as fault:
        return Exchange(response=refuse(400, str(fault), encoding))
    try:
        decoded = accept(payload)
    except OtlpError as fault:
        return Exchange(response=refuse(400, str(fault), encoding), payload=payload)
    return Exchange(response=answer(encoding, decoded), payload=payload, decoded=decoded)


def route(method: str, path: str, headers: Sequence[tuple[str, str]]) -> tuple[str | None, Response | None]:
    """What can be said before the body is read: the signal, or the refusal."""
    encoding = encoding_of(headers)
    bare = path.partition("?")[0]
    signal = PATHS.get(bare)
    if signal is None:
        paths = ", ".join(PATHS)
        return None, refuse(404, f"no {shown(bare)} here; OTLP/HTTP is served at {paths}", encoding)
    if method != "POST":
        return None, refuse(405, f"{shown(method)} is not allowed; send POST", encoding, (("allow", "POST"),))
    if encoding is None:
        known = " or ".join(each.value for each in Encoding)
        given = ", ".join(_values(headers, "content-type")) or "none"
        return None, refuse(415, f"content type {shown(given)}; send {known}", None)
    unknown = [each for each in _packings(headers) if each not in ENCODINGS]
    if unknown:
        text = f"content encoding {shown(unknown[0])}; send gzip, deflate or none"
        return None, refuse(415, text, encoding, (("accept-encoding", "gzip, deflate"),))
    return signal, None


def encoding_of(headers: Sequence[tuple[str, str]]) -> Encoding | None:
    """The encoding that the content type names, in any case and with any parameters; None when it names none of ours."""
    values = _values(headers, "content-type")
    if len(values) != 1:
        return None
    bare = values[0].partition(";")[0].strip().lower()
    return next((each for each in Encoding if each.value == bare), None)


def answer(encoding: Encoding, decoded: Decoded) -> Response:
    """Success, whole or partial; a warning with nothing rejected is a partial success as well."""
    message = "; ".join(decoded.problems)
    if encoding is Encoding.JSON:
        body = response_json(decoded.rejected, message)
    else:
        body = response_protobuf(decoded.rejected, message)
    return Response(status=200, body=body, headers=(("content-type", encoding.value),))


_RPC_CODES = {400: INVALID_ARGUMENT, 404: NOT_FOUND, 405: UNIMPLEMENTED, 413: RESOURCE_EXHAUSTED, 415: INVALID_ARGUMENT}


def refuse(
    status: int,
    message: str,
    encoding: Encoding | None,
    headers: Sequence[tuple[str, str]] = (),
    *,
    retry_after_s: int | None = None,
) -> Response:
    """An error whose body is a `google.rpc.Status`, in JSON where the request's encoding is not known."""
    code = _RPC_CODES.get(status, 14 if status in RETRYABLE_STATUSES else 13)
    binary = encoding is Encoding.PROTOBUF
    body = status_protobuf(code, message) if binary else status_json(code, message)
    kind = Encoding.PROTOBUF.value if binary else Encoding.JSON.value
    wait = () if retry_after_s is None else (("retry-after", str(retry_after_s)),)
    return Response(status=status, body=body, headers=(("content-type", kind), *headers, *wait))


RETRYABLE_STATUSES: Final = frozenset({429, 502, 503, 504})
"""https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcExchange:
    """A gRPC call answered: the status's name, its details, the response message if the status is OK."""

    status: str
    details: str = ""
    message: bytes = b""
    payload: Payload | None = None
    decoded: Decoded | None = None


def exchange_grpc(
    method: str,
    message: bytes,
    *,
    compression: str = "identity",
    accept: Callable[[Payload], Decoded] = decode,
    limit: int = MAX_BODY,
) -> GrpcExchange:
    """Answer one unary call.

    Args:
        method: The full method, `/package.Service/Name`.
        message: The request, unpacked.
        compression: What `grpc-encoding` named. One that a server has no means against is UNIMPLEMENTED
            (https://github.com/grpc/grpc/blob/master/doc/compression.md, "Specific Disabling of Compression").
        accept: As in `exchange`.
        limit: Bytes that a message may have, unpacked.
    """
    signal = GRPC_METHODS.get(method)
    if signal is None:
        return GrpcExchange(status="UNIMPLEMENTED", details=f"no {shown(method)} here")
    if compression not in GRPC_COMPRESSIONS:
        known = ", ".join(GRPC_COMPRESSIONS)
        return GrpcExchange(status="UNIMPLEMENTED", details=f"compression {shown(compression)}; send {known}")
    if len(message) > limit:
        return GrpcExchange(status="RESOURCE_EXHAUSTED", details=f"the message has more than {limit} bytes")
    payload = Payload(signal=signal, encoding=Encoding.PROTOBUF, body=message)
    try:
        decoded = accept(payload)
    except OtlpError as fault:
        return GrpcExchange(status="INVALID_ARGUMENT", details=str(fault), payload=payload)
    body = response_protobuf(decoded.rejected, "; ".join(decoded.problems))
    return GrpcExchange(status="OK", message=body, payload=payload, decoded=decoded)


def _unpacked(headers: Sequence[tuple[str, str]], body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise TooLargeError(f"the body has more than {limit} bytes")
    for packing in reversed(_packings(headers)):
        body = unpack(body, packing, limit)
    return body


def _packings(headers: Sequence[tuple[str, str]]) -> list[str]:
    """Content codings in the order applied; `identity` is none (RFC 9110, section 8.4)."""
    named = (part.strip().lower() for value in _values(headers, "content-encoding") for part in value.split(","))
    return [each for each in named if each and each != "identity"]


def _values(headers: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]

"""The few messages that a receiver answers with, in both encodings.

They are small and fixed, so they are written here by hand: no answer needs the protobuf library.

- `ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1 }` with `int64 rejected_spans = 1` and
  `string error_message = 2` (https://opentelemetry.io/docs/specs/otlp/#partial-success);
- `google.rpc.Status { int32 code = 1; string message = 2 }` (https://opentelemetry.io/docs/specs/otlp/#failures-1).
"""

from __future__ import annotations

import json
from typing import Final

from spanspec.errors import OtlpError
from spanspec.otlp.walk import records

INVALID_ARGUMENT: Final = 3
NOT_FOUND: Final = 5
RESOURCE_EXHAUSTED: Final = 8
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14


def response_protobuf(rejected: int = 0, message: str = "") -> bytes:
    """An export response; nothing rejected and nothing to say are zero bytes, for partial success must then be unset."""
    inner = _number(1, rejected) + _text(2, message)
    return _delimited(1, inner) if inner else b""


def response_json(rejected: int = 0, message: str = "") -> bytes:
    """The same as JSON."""
    inner = {**({"rejectedSpans": str(rejected)} if rejected else {}), **({"errorMessage": message} if message else {})}
    return _json({"partialSuccess": inner} if inner else {})


def status_protobuf(code: int, message: str) -> bytes:
    """A `google.rpc.Status`."""
    return _number(1, code) + _text(2, message)


def status_json(code: int, message: str) -> bytes:
    """The same as JSON."""
    return _json({"code": code, "message": message})


def request_by_text(trace_id: str, *, raw: int = 0) -> bytes:
    """A question for a trace whose first field is its id as text.

    Args:
        trace_id: The id.
        raw: The number of the field that, set to true, asks for the trace as it came; 0 for none.
    """
    return _text(1, trace_id) + (_number(raw, 1) if raw else b"")


def request_by_bytes(trace_id: str) -> bytes:
    """A question for a trace whose first field is its id as 16 bytes."""
    return _delimited(1, bytes.fromhex(trace_id))


def read_response(body: bytes) -> tuple[int, str]:
    """The rejected spans and the message of an export response in protobuf.

    Raises:
        OtlpError: The bytes are no message.
    """
    rejected, message = 0, ""
    for number, value in records(body):
        if number == 1 and isinstance(value, bytes):
            for inner, item in records(value):
                if inner == 1 and isinstance(item, int):
                    rejected = item
                elif inner == 2 and isinstance(item, bytes):
                    message = item.decode("utf-8", "replace")
    return rejected, message


def read_status(body: bytes) -> str:
    """The message of a `google.rpc.Status` in protobuf.

    Raises:
        OtlpError: The bytes are no message.
    """
    texts = [value for number, value in records(body) if number == 2 and isinstance(value, bytes)]
    try:
        return texts[-1].decode() if texts else ""
    except UnicodeDecodeError as fault:
        raise OtlpError("the status message is not UTF-8") from fault


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value) if value else b""


def _text(number: int, value: str) -> bytes:
    return _delimited(number, value.encode("utf-8", "replace")) if value else b""


def _delimited(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data

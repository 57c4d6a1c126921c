"""Tempo's answers to a request for a trace, of both its APIs and in both encodings.

Version 1 gives the trace: OTLP's `TracesData` in protobuf, the same with `batches` for `resourceSpans` in JSON. Version 2 puts it into
`TraceByIDResponse { Trace trace = 1; TraceByIDMetrics metrics = 2; PartialStatus status = 3; string message = 4 }`, in which a status
of 1 says that the trace is larger than what Tempo gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spanspec.errors import OtlpError
from spanspec.otlp.decode import Decoded, decode_json, decode_protobuf
from spanspec.otlp.decoded import shown
from spanspec.otlp.foreign import MAX_REASON, text_of
from spanspec.otlp.walk import records

_MEMBERS: Final = frozenset({"trace", "metrics", "status", "message"})
_PLAIN_TRACE: Final = frozenset({"batches", "resourceSpans"})
_PARTIAL: Final = ("PARTIAL", 1, "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoAnswer:
    """The spans, whether Tempo has more of them than it gave, and what it says to that."""

    decoded: Decoded
    partial: bool = False
    message: str = ""


def is_tempo_answer(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a `TraceByIDResponse`."""
    trace = document.get("trace")
    return isinstance(trace, Mapping) and document.keys() <= _MEMBERS and "services" not in trace


def decode_tempo_json(body: bytes) -> TempoAnswer:
    """Read an answer in JSON, of either version.

    Raises:
        OtlpError: It is none.
    """
    try:
        members: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise OtlpError(f"no JSON: {shown(str(fault), MAX_REASON)}") from fault
    if not members.keys() <= _MEMBERS | _PLAIN_TRACE:
        found = ", ".join(f'"{shown(key, 40)}"' for key in sorted(members)[:5])
        raise OtlpError(f"no answer of Tempo: an object with {found}")
    if "trace" not in members:
        return TempoAnswer(decoded=decode_json(body, lenient=True))
    status, message = (_plain(members.get(key)) for key in ("status", "message"))
    trace = bytes(members["trace"])
    decoded = decode_json(b"{}" if trace == b"null" else trace, lenient=True)
    return TempoAnswer(decoded=decoded, partial=status in _PARTIAL, message=text_of(message))


def _plain(raw: msgspec.Raw | None) -> Any:
    try:
        return msgspec.json.decode(raw) if raw is not None else None
    except (msgspec.DecodeError, RecursionError) as fault:
        raise OtlpError(f"no JSON: {shown(str(fault), MAX_REASON)}") from fault


def decode_tempo_protobuf(body: bytes) -> TempoAnswer:
    """Read an answer of version 2 in protobuf.

    Raises:
        OtlpError: It is none.
    """
    traces: list[bytes] = []
    partial, message = False, ""
    for number, value in records(body):
        if number == 1 and isinstance(value, bytes):
            traces.append(value)
        elif number == 3 and isinstance(value, int):
            partial = value in _PARTIAL
        elif number == 4 and isinstance(value, bytes):
            message = value.decode("utf-8", "replace")
    return TempoAnswer(decoded=decode_protobuf(b"".join(traces)), partial=partial, message=message)

"""A saved document of any format that is known here, told by what is in it: OTLP, or the JSON of Tempo, Jaeger, Zipkin, OpenSearch, Elastic APM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from spanspec.errors import OtlpError
from spanspec.otlp.decode import decode_json, decode_protobuf
from spanspec.otlp.decode_elasticapm import decode_elasticapm, is_elasticapm
from spanspec.otlp.decode_jaeger import decode_jaeger, is_jaeger
from spanspec.otlp.decode_opensearch import decode_opensearch, is_opensearch
from spanspec.otlp.decode_tempo import decode_tempo_json, decode_tempo_protobuf, is_tempo_answer
from spanspec.otlp.decode_zipkin import decode_zipkin
from spanspec.otlp.decoded import shown
from spanspec.otlp.zipkin import is_zipkin

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.otlp.decoded import Decoded

FORMATS: Final = (
    "Give a file with OTLP as JSON (resourceSpans), one request per line or in all, or as protobuf, "
    "or with the JSON of Jaeger, Tempo, Zipkin, OpenSearch or Elastic APM."
)
"""What a user can give, in one sentence."""

_OTHERS: Final = {"resourceMetrics", "resourceLogs", "resourceProfiles", "resource_metrics", "resource_logs"}
_TRACES: Final = {"resourceSpans", "resource_spans", "batches", "result"}
_KINDS: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Any], Decoded]], ...]] = (
    (is_jaeger, decode_jaeger),
    (is_zipkin, decode_zipkin),
    (is_opensearch, decode_opensearch),
    (is_elasticapm, decode_elasticapm),
)


def decode_document(data: bytes) -> Decoded:
    """Decode one JSON object.

    Raises:
        OtlpError: It is of no known format, or malformed; says what it looks like instead.
    """
    keys = set(_members(data, msgspec.Raw))
    if not keys or keys & (_TRACES | _OTHERS):
        return decode_json(data, lenient=True)
    document = _object(data)
    if is_tempo_answer(document):
        return decode_tempo_json(data).decoded
    for fits, decode in _KINDS:
        if fits(document):
            return decode(document)
    raise _unknown(document)


def decode_many(documents: list[Any]) -> Decoded | None:
    """Decode a list whose items belong together (spans of Zipkin, documents of a search engine); None if it is none of these.

    Raises:
        OtlpError: As `decode_document`.
    """
    first = next((each for each in documents if each), None)
    if isinstance(first, list):
        first = next((each for each in first if isinstance(each, Mapping)), None)
        return decode_zipkin(documents) if isinstance(first, Mapping) and is_zipkin(first) else None
    if not isinstance(first, Mapping):
        return None
    known = next((decode for fits, decode in _KINDS[1:] if fits(first)), None)
    return known(documents) if known is not None else None


def decode_binary(data: bytes) -> Decoded:
    """Decode one message in protobuf: OTLP's `TracesData`, or Tempo's answer with one inside.

    Raises:
        OtlpError: It is neither.
    """
    try:
        decoded = decode_protobuf(data)
    except OtlpError as fault:
        return _of_tempo(data) or _raised(fault)
    # An answer of Tempo reads as a message whose spans are resources: nothing is found in it.
    return decoded if decoded.spans or decoded.rejected or not data else _of_tempo(data) or decoded


def _of_tempo(data: bytes) -> Decoded | None:
    try:
        decoded = decode_tempo_protobuf(data).decoded
    except OtlpError:
        return None
    return decoded if decoded.spans or decoded.rejected else None


def _raised(fault: OtlpError) -> Decoded:
    raise fault


def _unknown(document: Mapping[str, Any]) -> OtlpError:
    error = document.get("error")
    if isinstance(error, Mapping) and error.get("message"):
        return OtlpError(
            f"an answer with an error instead of a trace: {shown(str(error['message']), 400)}", help=FORMATS
        )
    trace = document.get("trace")
    if isinstance(trace, Mapping) and "services" in trace:
        return OtlpError(
            "Tempo's form for language models, which is no whole trace",
            help="Ask Tempo for `Accept: application/protobuf` or `application/json`.",
        )
    found = ", ".join(f'"{shown(key, 40)}"' for key in sorted(document)[:5])
    return OtlpError(f"no OTLP: an object with {found} instead of resourceSpans", help=FORMATS)


def _object(data: bytes) -> dict[str, Any]:
    try:
        return _members(data, Any)
    except RecursionError as fault:
        raise OtlpError("the JSON nests too deep") from fault


def _members(data: bytes, kind: Any) -> dict[str, Any]:
    try:
        members: dict[str, Any] = msgspec.json.decode(data, type=dict[str, kind])
    except msgspec.ValidationError as fault:
        raise OtlpError("no OTLP: an object is expected", help=FORMATS) from fault
    except msgspec.DecodeError as fault:
        raise OtlpError(f"no JSON: {shown(str(fault), 400)}") from fault
    except UnicodeDecodeError as fault:
        raise OtlpError("no JSON: a text is not UTF-8") from fault
    return members

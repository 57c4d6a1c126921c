"""Zipkin's model of a span, and the four spellings in which its JSON is met.

Version 2 is what its query API gives; the JSON of its protobuf form has snake-case names, base64 ids and numbers for kinds; version
1 has the kind, the times and the service in annotations (`cs`, `sr`, …) with an endpoint each; the JSON of its Thrift form is
version 1 with signed integers for ids (https://zipkin.io/zipkin-api/). All become a `ZipkinSpan`.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.otlp.decoded import shown
from spanspec.otlp.foreign import mapping, text_of
from spanspec.otlp.scalars import UINT64, integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MICROS: Final = (0, UINT64[1] // 1000)
_KINDS: Final = ("", "CLIENT", "SERVER", "PRODUCER", "CONSUMER")
"""`zipkin.proto3.Span.Kind` by number."""

_CORE: Final = {"cs": "CLIENT", "cr": "CLIENT", "sr": "SERVER", "ss": "SERVER", "ms": "PRODUCER", "mr": "CONSUMER"}
_ENDS: Final = {"cr", "ss"}
_ADDRESSES: Final = {"sa", "ca", "ma"}
_SERVER: Final = {"sr", "ss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A service on the network; what is not known is empty."""

    service: str = ""
    address: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A text at a moment, in microseconds; `service` is whose, in version 1."""

    time_us: int
    value: str
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipkinSpan:
    """A span; times are in microseconds, 0 where there is none. Ids are as they were written."""

    trace_id: object = None
    id: object = None
    parent_id: object = None
    name: str = ""
    kind: str = ""
    start_us: int = 0
    duration_us: int = 0
    shared: bool = False
    local: Endpoint = field(default_factory=Endpoint)
    remote: Endpoint = field(default_factory=Endpoint)
    annotations: tuple[Annotation, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def is_zipkin(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is one of Zipkin's spans, or the list of its protobuf form."""
    return _is_span(document) or _is_listing(document)


def _is_span(document: Mapping[str, Any]) -> bool:
    return "id" in document and bool({"traceId", "trace_id"} & document.keys()) and "span" not in document


def _is_listing(document: Mapping[str, Any]) -> bool:
    spans = document.get("spans")
    return isinstance(spans, list) and bool(spans) and isinstance(spans[0], Mapping) and _is_span(spans[0])


def raw_spans(document: Any) -> Iterator[Any]:
    """The spans of a document, not yet looked at: a span, a list of spans, a list of traces, `ListOfSpans`.

    Raises:
        OtlpError: It is none of these.
    """
    if isinstance(document, Mapping):
        yield from document["spans"] if _is_listing(document) else (document,)
    elif isinstance(document, list):
        for each in document:
            yield from each if isinstance(each, list) else (each,)
    else:
        raise OtlpError("no Zipkin JSON: neither a span nor a list of spans")


def of_json(raw: Any) -> tuple[ZipkinSpan, ...]:
    """A span as it is written; two where version 1 keeps a client's and a server's side in one.

    Raises:
        OtlpError: It is none.
    """
    if not isinstance(raw, Mapping):
        raise OtlpError(f"it is no object but {shown(str(raw))}")
    span = ZipkinSpan(
        trace_id=_trace_id(raw),
        id=raw.get("id"),
        parent_id=_either(raw, "parentId", "parent_id"),
        name=text_of(raw.get("name")),
        kind=_kind(raw.get("kind")),
        start_us=integer(raw.get("timestamp"), _MICROS, "timestamp"),
        duration_us=integer(raw.get("duration"), _MICROS, "duration"),
        shared=raw.get("shared") is True,
        local=_endpoint(_either(raw, "localEndpoint", "local_endpoint")),
        remote=_endpoint(_either(raw, "remoteEndpoint", "remote_endpoint")),
        annotations=tuple(_annotation(each) for each in _list(raw.get("annotations"), "annotations")),
        tags={str(key): _tag_text(value) for key, value in mapping(raw.get("tags")).items()},
    )
    binary = _list(_either(raw, "binaryAnnotations", "binary_annotations"), "binaryAnnotations")
    return _of_version_1(span, binary) if binary or _is_version_1(span) else (span,)


def _either(raw: Mapping[str, Any], camel: str, snake: str) -> Any:
    return raw.get(camel, raw.get(snake))


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise OtlpError(f"{name}: a list is expected")
    return value


def _trace_id(raw: Mapping[str, Any]) -> object:
    """The id; the Thrift form has its upper half apart."""
    found = _either(raw, "traceId", "trace_id")
    high = raw.get("trace_id_high")
    if isinstance(found, int) and isinstance(high, int) and high:
        return f"{high & UINT64[1]:016x}{found & UINT64[1]:016x}"
    return found


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return _KINDS[value] if 0 <= value < len(_KINDS) else ""
    return text_of(value).upper().removeprefix("SPAN_KIND_").replace("UNSPECIFIED", "")


def _endpoint(raw: Any) -> Endpoint:
    found = mapping(raw)
    address = _address(found.get("ipv4")) or _address(found.get("ipv6"))
    name = text_of(_either(found, "serviceName", "service_name"))
    return Endpoint(service=name, address=address, port=integer(found.get("port") or 0, (-(1 << 15), 65535), "port"))


def _address(value: Any) -> str:
    """An address as text; the Thrift form has a signed number, the protobuf form bytes in base64."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(ip_address(value & 0xFFFF_FFFF)) if value else ""
    text = text_of(value)
    if not text or "." in text or ":" in text:
        return text
    try:
        return str(ip_address(b64decode(text, validate=True)))
    except ValueError:
        return text


def _annotation(raw: Any) -> Annotation:
    if not isinstance(raw, Mapping):
        raise OtlpError("annotations: an object is expected")
    host = _either(raw, "endpoint", "host")
    return Annotation(
        time_us=integer(raw.get("timestamp"), _MICROS, "annotations.timestamp"),
        value=text_of(raw.get("value")),
        endpoint=_endpoint(host) if host is not None else None,
    )


def _tag_text(value: Any) -> str:
    """A tag's text; other values, which Zipkin's own model has not, are written as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _is_version_1(span: ZipkinSpan) -> bool:
    return not span.kind and any(each.value in _CORE for each in span.annotations)


def _of_version_1(span: ZipkinSpan, binary: list[Any]) -> tuple[ZipkinSpan, ...]:
    """The kind, times, endpoints and tags that version 1 keeps in annotations."""
    core = [each for each in span.annotations if each.value in _CORE]
    span = _with_tags(span, [mapping(each) for each in binary])
    sides = {_CORE[each.value] for each in core}
    if {"CLIENT", "SERVER"} <= sides:
        client = _side(span, [each for each in core if each.value not in _SERVER], split=True)
        server = _side(span, [each for each in core if each.value in _SERVER], split=True)
        return client, replace(server, shared=True)
    return (_side(span, core, split=False),)


def _side(span: ZipkinSpan, core: list[Annotation], *, split: bool) -> ZipkinSpan:
    kind = _CORE[core[0].value] if core else span.kind
    times = sorted(each.time_us for each in core)
    owned = split or not span.start_us
    start = times[0] if times and owned else span.start_us
    duration = times[-1] - times[0] if len(times) > 1 and (split or not span.duration_us) else span.duration_us
    endpoints = (each.endpoint for each in (*core, *span.annotations) if each.endpoint is not None)
    local = span.local if span.local.service or span.local.address else next(endpoints, span.local)
    rest = tuple(each for each in span.annotations if each.value not in _CORE)
    mine = tuple(each for each in rest if each.endpoint in (None, local)) if split else rest
    return replace(span, kind=kind, start_us=start, duration_us=duration, local=local, annotations=mine)


def _with_tags(span: ZipkinSpan, binary: Iterable[Mapping[str, Any]]) -> ZipkinSpan:
    tags, remote, local = dict(span.tags), span.remote, span.local
    for each in binary:
        key, host = text_of(each.get("key")), _either(each, "endpoint", "host")
        if key in _ADDRESSES:
            remote = _endpoint(host)
            continue
        if host is not None and not local.service:
            local = _endpoint(host)
        if key:
            tags[key] = _binary_text(each)
    return replace(span, tags=tags, remote=remote, local=local)


def _binary_text(raw: Mapping[str, Any]) -> str:
    """A binary annotation's value; the Thrift form has its bytes in base64."""
    value = raw.get("value")
    kind = raw.get("annotation_type")
    if kind is None or not isinstance(value, str):
        return _tag_text(value)
    try:
        data = b64decode(value, validate=True)
    except ValueError:
        return value
    if kind in ("STRING", 6):
        return data.decode("utf-8", "replace")
    if kind in ("BOOL", 0):
        return "true" if any(data) else "false"
    if kind in ("I16", "I32", "I64", 2, 3, 4):
        return str(int.from_bytes(data, signed=True))
    return value

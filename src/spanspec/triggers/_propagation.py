"""A trace context as header names and values, in the formats that instrumentations read.

W3C Trace Context and W3C Baggage; B3 (openzipkin/b3-propagation); Jaeger's `uber-trace-id`; AWS X-Ray's `X-Amzn-Trace-Id`;
OpenTracing's `ot-tracer-*`. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.model.context import TraceContext

Pair = tuple[str, str]
_MERGED = ("tracestate", "baggage")


def carried(context: TraceContext, formats: Iterable[str]) -> list[Pair]:
    """The headers of a context, each once, in the order of the formats."""
    out: dict[str, str] = {}
    for name in formats:
        for key, value in _FORMATS[name](context):
            out.setdefault(key, value)
    return [(key, value) for key, value in out.items() if value]


def injected(own: Sequence[Pair], context: TraceContext, formats: Iterable[str]) -> list[Pair]:
    """Headers of the user's own with those of the context.

    A `tracestate` and a `baggage` of the user's are kept beside ours; any other header that carries a context is ours.
    """
    ours = carried(context, formats)
    names = {key.lower() for key, _ in ours}
    out = [pair for pair in own if pair[0].lower() not in {*names, "traceparent", *_MERGED}]
    for key, value in ours:
        lower = key.lower()
        given = [text for name, text in own if lower in _MERGED and name.lower() == lower and text.strip()]
        out.append((key, ",".join([value, *given] if lower == "tracestate" else [*given, value])))
    for key in _MERGED:
        out.extend(pair for pair in own if pair[0].lower() == key and key not in names and pair[1].strip())
    return out


def environment(context: TraceContext, formats: Iterable[str]) -> dict[str, str]:
    """The same as environment variables: capitals, `_` for `-` (`TRACEPARENT`, `X_B3_TRACEID`)."""
    return {key.upper().replace("-", "_"): value for key, value in carried(context, formats)}


def _tracecontext(context: TraceContext) -> list[Pair]:
    return [("traceparent", context.traceparent), ("tracestate", context.tracestate_header)]


def _baggage(context: TraceContext) -> list[Pair]:
    return [("baggage", ",".join(f"{key}={quote(value, safe='')}" for key, value in context.baggage.items()))]


def _b3(context: TraceContext) -> list[Pair]:
    return [("b3", f"{context.trace_id}-{context.span_id}-{int(context.sampled)}")]


def _b3multi(context: TraceContext) -> list[Pair]:
    return [
        ("x-b3-traceid", context.trace_id),
        ("x-b3-spanid", context.span_id),
        ("x-b3-sampled", str(int(context.sampled))),
    ]


def _jaeger(context: TraceContext) -> list[Pair]:
    return [("uber-trace-id", f"{context.trace_id}:{context.span_id}:0:{int(context.sampled)}")]


def _xray(context: TraceContext) -> list[Pair]:
    root = f"1-{context.trace_id[:8]}-{context.trace_id[8:]}"
    return [("x-amzn-trace-id", f"Root={root};Parent={context.span_id};Sampled={int(context.sampled)}")]


def _ottrace(context: TraceContext) -> list[Pair]:
    return [
        ("ot-tracer-traceid", context.trace_id[16:]),
        ("ot-tracer-spanid", context.span_id),
        ("ot-tracer-sampled", str(context.sampled).lower()),
    ]


_FORMATS = {
    "w3c": lambda context: [*_tracecontext(context), *_baggage(context)],
    "tracecontext": _tracecontext,
    "baggage": _baggage,
    "b3": _b3,
    "b3multi": _b3multi,
    "jaeger": _jaeger,
    "xray": _xray,
    "ottrace": _ottrace,
}

"""A trace as OTLP/JSON: `{"resourceSpans": […]}` with the awaited id and the trigger's span beside it, without a loss.

Only plain values here (dictionaries, lists, texts, numbers); `results.json` makes bytes of them. What a span looks like is
known to `spanspec.otlp` alone; here is what is ours about it: the three groups of a trace, and where a fault lies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spanspec.errors import OtlpError
from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId, TraceId
from spanspec.otlp.decode_json import decode_json_attributes, decode_json_object
from spanspec.otlp.encode import attributes_to_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from spanspec.model.attributes import Attributes
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

JsonObject = dict[str, Any]

_Part = tuple[str, list[JsonObject]]
"""A place, and what is there as a list of attributes or of resource spans."""

_WITH_PATH = re.compile(r"(.*) - at `\$(?:\.resourceSpans)?([^`]*)`", re.DOTALL)
"""What is told of a value of another type, with its path."""


class ShapeError(ValueError):
    """JSON of another shape; the text names the place and what was expected. Raised and caught inside this room."""


def encode_trace(trace: Trace) -> JsonObject:
    """The trace as an object: `traceId`, `injected`, `trigger`, `resourceSpans`, `linked` (spans of other traces)."""
    return {
        "traceId": trace.trace_id,
        "injected": trace.injected,
        "trigger": _groups([trace.trigger]) if trace.trigger is not None else None,
        "resourceSpans": _groups(trace.spans),
        "linked": _groups(trace.linked),
    }


def decode_trace(data: object, where: str = "trace") -> Trace:
    """The trace that `encode_trace` wrote.

    Raises:
        ShapeError: The object has another shape, or a span in it is invalid.
    """
    found = expect(data, dict, where)
    trigger = _spans(found.get("trigger"), f"{where}.trigger")
    injected = found.get("injected")
    return assemble(
        _spans(found.get("resourceSpans"), f"{where}.resourceSpans"),
        trace_id=TraceId(expect(found.get("traceId", ""), str, f"{where}.traceId")) or None,
        injected=None if injected is None else SpanId(expect(injected, str, f"{where}.injected")),
        trigger=trigger[0] if trigger else None,
        linked=_spans(found.get("linked"), f"{where}.linked"),
    )


def encode_attributes(attributes: Attributes) -> list[JsonObject]:
    """Attributes as OTLP's list of `{"key", "value"}`."""
    return attributes_to_json(attributes)


def decode_attributes(data: object, where: str) -> Attributes:
    """Attributes from that list; the last of a repeated key counts.

    Raises:
        ShapeError: It is no such list.
    """
    try:
        return decode_json_attributes(data)
    except OtlpError as fault:
        raise _misshapen(fault.message, where, lambda: _attributes_in(data, where)) from fault


def expect(value: object, kind: type, where: str) -> Any:
    """`value`, if it is of that type (a boolean is no integer).

    Raises:
        ShapeError: It is not.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ShapeError(f"{where} is {_NAMES.get(type(value), 'missing')}, expected {_NAMES[kind]}")
    return value


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    type(None): "missing",
}


def _groups(spans: Iterable[Span]) -> list[JsonObject]:
    groups: list[JsonObject] = to_json(spans)["resourceSpans"]
    return groups


def _spans(data: object, where: str) -> tuple[Span, ...]:
    try:
        return _accepted(data)
    except OtlpError as fault:
        raise _misshapen(fault.message, where, lambda: _parts(data, where)) from fault


def _accepted(groups: object) -> tuple[Span, ...]:
    """The spans of resource spans, all of them.

    Raises:
        OtlpError: They have another shape, or one would be left out.
    """
    found = decode_json_object({"resourceSpans": groups})
    if found.rejected:
        raise OtlpError("; ".join(found.problems))
    return found.spans


def _misshapen(message: str, where: str, parts: Callable[[], Iterable[_Part]]) -> ShapeError:
    """The fault with its place: the path that the message has, else the first small part that has a fault by itself."""
    typed = _WITH_PATH.fullmatch(message)
    if typed:
        return ShapeError(f"{where}{typed[2]}: {typed[1]}")
    for place, part in parts():
        try:
            _accepted(part)
        except OtlpError as fault:
            return ShapeError(f"{place}: {fault.message}")
    return ShapeError(f"{where}: {message}")


def _parts(groups: Any, where: str) -> Iterator[_Part]:
    """The parts of resource spans that may be at fault, of which all types are right; small ones before what holds them."""
    for index, group in enumerate(groups or ()):
        place = f"{where}[{index}]"
        yield from _owner(group.get("resource"), f"{place}.resource", [{**group, "scopeSpans": None}])
        for number, scoped in enumerate(group.get("scopeSpans") or ()):
            below = f"{place}.scopeSpans[{number}]"
            yield from _owner(scoped.get("scope"), f"{below}.scope", [{"scopeSpans": [{**scoped, "spans": None}]}])
            for at, span in enumerate(scoped.get("spans") or ()):
                yield from _owner(span, f"{below}.spans[{at}]", [{"scopeSpans": [{"spans": [span]}]}])


def _owner(owner: JsonObject | None, place: str, whole: list[JsonObject]) -> Iterator[_Part]:
    yield from _attributes_in((owner or {}).get("attributes"), f"{place}.attributes")
    yield place, whole


def _attributes_in(items: Any, where: str) -> Iterator[_Part]:
    for index, item in enumerate(items or ()):
        yield f"{where}[{index}]", [{"resource": {"attributes": [item]}}]

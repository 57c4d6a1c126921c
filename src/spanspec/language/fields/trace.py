"""`trace:…`: facts of the whole trace, the trigger's span left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.verdict import EvaluationError
from spanspec.model.assemble import TRIGGER_NAME
from spanspec.model.span import StatusCode
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spanspec.language.verdict import Value
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace


def trace_value(key: str, trace: Trace) -> Value:
    """`duration span_count service_count error_count depth`."""
    field = _FIELDS.get(key)
    if field is None:
        raise EvaluationError(f'trace: has no "{key}"; it has {", ".join(_FIELDS)}')
    return field([span for span in trace.spans if not _is_trigger(span, trace)], trace)


def _is_trigger(span: Span, trace: Trace) -> bool:
    if trace.trigger is not None:
        return span.span_id == trace.trigger.span_id
    return span.name == TRIGGER_NAME and trace.roots == (span,)


def _duration(spans: Sequence[Span], trace: Trace) -> Duration:
    """From the first start to the last end; a span that ends before it starts ends where it starts."""
    if not spans:
        return Duration(0)
    return Duration(max(span.start_ns + span.duration_ns for span in spans) - min(span.start_ns for span in spans))


def _depth(spans: Sequence[Span], trace: Trace) -> int:
    """How many spans stand on the longest way down; each member of a cycle of parents has all others above it."""
    depths: dict[SpanId, int] = {}
    counted = {span.span_id for span in spans}
    for span in trace.spans:
        path: dict[SpanId, int] = {}
        above: Span | None = span
        while above is not None and above.span_id not in depths and above.span_id not in path:
            path[above.span_id] = len(path)
            above = trace.parent(above)
        way = list(path)
        if above is not None and above.span_id in path:
            members = way[path[above.span_id] :]
            depths.update(dict.fromkeys(members, sum(member in counted for member in members)))
            del way[path[above.span_id] :]
        deepest = 0 if above is None else depths[above.span_id]
        for each in reversed(way):
            deepest += each in counted
            depths[each] = deepest
    return max(depths.values(), default=0)


_FIELDS: dict[str, Callable[[Sequence[Span], Trace], Value]] = {
    "duration": _duration,
    "span_count": lambda spans, trace: len(spans),
    "service_count": lambda spans, trace: len({span.service for span in spans if span.service}),
    "error_count": lambda spans, trace: sum(span.status is StatusCode.ERROR for span in spans),
    "depth": _depth,
}

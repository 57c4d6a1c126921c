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
    """How many spans stand on the longest way down."""
    depths: dict[SpanId, int] = {}
    counted = {span.span_id for span in spans}
    for span in trace.spans:  # parents come before their children, but for members of a cycle
        above = trace.parent(span)
        base = 0 if above is None else depths.get(above.span_id, 0)
        depths[span.span_id] = base + (span.span_id in counted)
    return max(depths.values(), default=0)


_FIELDS: dict[str, Callable[[Sequence[Span], Trace], Value]] = {
    "duration": _duration,
    "span_count": lambda spans, trace: len(spans),
    "service_count": lambda spans, trace: len({span.service for span in spans if span.service}),
    "error_count": lambda spans, trace: sum(span.status is StatusCode.ERROR for span in spans),
    "depth": _depth,
}

"""From a heap of spans to a trace: any order, repeats, orphans, several roots, cycles, missing ends.

The order of arrival cannot change the result. The cost grows with n · log n for sorting siblings, else linearly.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span
from spanspec.model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TRIGGER_NAME = "Tracetest trigger"
"""The name that the reference gives to the trigger's span, and that its definitions select by."""


def assemble(
    spans: Iterable[Span],
    *,
    trace_id: TraceId | None = None,
    injected: SpanId | None = None,
    trigger: Span | None = None,
    linked: Iterable[Span] = (),
) -> Trace:
    """Build a trace.

    Args:
        spans: Spans of one trace in any order. Of two with one id the one with the greater (end, content) is kept.
        trace_id: The awaited id; by default that of the spans.
        injected: The span id sent as parent. Without it and without `trigger` a stored trace in which no span lacks a
            parent id and exactly one parent id is missing takes that id.
        trigger: The trigger's own span, kept apart.
        linked: Spans of linked traces.
    """
    kept = _newest(spans)
    ordered = sorted(kept.values(), key=_sibling_order)
    if injected is None and trigger is not None:
        injected = trigger.span_id
    if injected is None:
        injected = _implied_parent(kept)
    grouped: dict[SpanId, list[Span]] = {}
    roots: list[Span] = []
    orphans: list[Span] = []
    for span in ordered:
        parent = span.parent_id
        if parent is not None and parent in kept:
            grouped.setdefault(parent, []).append(span)
        elif parent is None or parent == injected:
            roots.append(span)
        else:
            orphans.append(span)
    children = {key: tuple(group) for key, group in grouped.items()}
    in_order = _depth_first(ordered, sorted([*roots, *orphans], key=_sibling_order), children)
    return Trace(
        trace_id=trace_id or (in_order[0].trace_id if in_order else TraceId("")),
        spans=in_order,
        by_id=MappingProxyType(kept),
        children=MappingProxyType(children),
        roots=tuple(roots),
        orphans=tuple(orphans),
        injected=injected,
        trigger=trigger,
        linked=tuple(sorted(_newest(linked).values(), key=_sibling_order)),
        position=MappingProxyType({span.span_id: index for index, span in enumerate(in_order)}),
    )


def with_trigger_root(trace: Trace) -> Trace:
    """The trace as the reference sees it: the trigger's span is the root, roots and orphans hang under it.

    Without a trigger the trace is returned as it is. The spans keep their parent ids; only the tree changes.
    """
    trigger = trace.trigger
    if trigger is None:
        return trace
    tops = tuple(sorted([*trace.roots, *trace.orphans], key=_sibling_order))
    children = {**trace.children, trigger.span_id: tops} if tops else dict(trace.children)
    spans = (trigger, *(span for span in trace.spans if span.span_id != trigger.span_id))
    rerooted = {span.span_id: replace(span, parent_id=trigger.span_id) for span in tops}
    spans = tuple(rerooted.get(span.span_id, span) for span in spans)
    by_id = {span.span_id: span for span in spans}
    return Trace(
        trace_id=trace.trace_id,
        spans=spans,
        by_id=MappingProxyType(by_id),
        children=MappingProxyType({key: tuple(by_id[s.span_id] for s in group) for key, group in children.items()}),
        roots=(trigger,),
        injected=trace.injected,
        linked=trace.linked,
        position=MappingProxyType({span.span_id: index for index, span in enumerate(spans)}),
    )


def replaces(new: Span, old: Span) -> bool:
    """Whether `new` is kept of two spans with one id: the greater end, then the greater content."""
    if new.end_ns != old.end_ns:
        return new.end_ns > old.end_ns
    return new is not old and content(new) > content(old)


def content(span: Span) -> bytes:
    """All that a span says, as bytes that are equal exactly when the spans are; the order means nothing else."""
    return repr(
        (
            span.trace_id, span.span_id, span.parent_id or "", span.name, span.kind.value, span.start_ns, span.end_ns,
            _canonical(span.attributes),
            [(e.time_ns, e.name, _canonical(e.attributes), e.dropped_attributes_count) for e in span.events],
            [(x.trace_id, x.span_id, x.trace_state, _canonical(x.attributes)) for x in span.links],
            span.status.value, span.status_message, span.trace_state, span.flags, span.dropped,
            _canonical(span.resource.attributes), span.scope.name, span.scope.version, _canonical(span.scope.attributes),
        )
    ).encode("utf-8", "surrogatepass")  # fmt: skip


def _canonical(value: object) -> object:
    from_mapping = getattr(value, "items", None)
    if from_mapping is not None:
        return sorted((key, _canonical(item)) for key, item in from_mapping())
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    return (type(value).__name__, repr(value))


def _newest(spans: Iterable[Span]) -> dict[SpanId, Span]:
    kept: dict[SpanId, Span] = {}
    for span in spans:
        old = kept.get(span.span_id)
        if old is None or replaces(span, old):
            kept[span.span_id] = span
    return kept


def _sibling_order(span: Span) -> tuple[int, str]:
    return span.start_ns, span.span_id


def _implied_parent(kept: Mapping[SpanId, Span]) -> SpanId | None:
    if any(span.parent_id is None for span in kept.values()):
        return None
    missing = {span.parent_id for span in kept.values()} - kept.keys()
    return missing.pop() if len(missing) == 1 else None


def _depth_first(
    ordered: list[Span], tops: list[Span], children: Mapping[SpanId, tuple[Span, ...]]
) -> tuple[Span, ...]:
    out: list[Span] = []
    seen: set[SpanId] = set()
    for tops_now in (tops, ordered):  # the second round meets only members of cycles and what hangs under them
        for top in tops_now:
            stack = [top]
            while stack:
                span = stack.pop()
                if span.span_id in seen:
                    continue
                seen.add(span.span_id)
                out.append(span)
                stack.extend(reversed(children.get(span.span_id, ())))
    return tuple(out)

"""From a heap of spans to a trace: any order, repeats, orphans, several roots, cycles, missing ends.

The order of arrival cannot change the result. The cost grows with n · log n for sorting siblings, else linearly.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span
from spanspec.model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TRIGGER_NAME = "Tracetest trigger"
"""The name that the reference gives to the trigger's span, and that its definitions select by."""


TEMPORARY_NAME = "Temporary Tracetest root span"
"""The name of the placeholder that the reference puts where a root is missing."""


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
    kept = newest(spans)
    ordered = _in_sibling_order(kept.values())
    grouped: defaultdict[SpanId, list[Span]] = defaultdict(list)
    for span in ordered:
        parent = span.parent_id
        if parent is not None and parent in kept:
            grouped[parent].append(span)
    children = {key: tuple(group) for key, group in grouped.items()}
    return arranged(
        ordered,
        MappingProxyType(kept),
        children,
        trace_id=trace_id,
        injected=trigger.span_id if injected is None and trigger is not None else injected,
        trigger=trigger,
        linked=linked,
    )


def arranged(
    ordered: list[Span],
    by_id: Mapping[SpanId, Span],
    children: dict[SpanId, tuple[Span, ...]],
    *,
    trace_id: TraceId | None,
    injected: SpanId | None,
    trigger: Span | None,
    linked: Iterable[Span],
) -> Trace:
    """The trace of spans that are known to differ in id.

    Args:
        ordered: All of them by start, then by id.
        by_id: The same by id.
        children: The same in that order, by the parent that is there.
        trace_id: See `assemble`; so the rest.
        injected: Likewise.
        trigger: Likewise.
        linked: Likewise.
    """
    if injected is None:
        injected = _implied_parent(by_id)
    roots: list[Span] = []
    orphans: list[Span] = []
    tops: list[Span] = []
    for span in ordered:
        parent = span.parent_id
        if parent is None or parent not in by_id:
            tops.append(span)
            (roots if parent is None or parent == injected else orphans).append(span)
    in_order = _depth_first(ordered, tops, children)
    return Trace(
        trace_id=trace_id or (in_order[0].trace_id if in_order else TraceId("")),
        spans=in_order,
        by_id=by_id,
        children=MappingProxyType(children),
        roots=tuple(roots),
        orphans=tuple(orphans),
        injected=injected,
        trigger=trigger,
        linked=tuple(_in_sibling_order(newest(linked).values())),
    )


def with_trigger_root(trace: Trace) -> Trace:
    """The trace as the reference sees it: the trigger's span is the root, and roots and orphans are its children.

    A trigger span that the system exported itself is kept as the root and takes over the answer's attributes, and the
    placeholder roots that the reference writes are left out. Without a trigger the trace is returned as it is.
    """
    trigger = trace.trigger
    if trigger is None:
        return trace
    if any(span.name == TEMPORARY_NAME for span in trace.spans):
        kept = (span for span in trace.spans if span.name != TEMPORARY_NAME)
        trace = assemble(kept, trace_id=trace.trace_id, injected=trace.injected, trigger=trigger, linked=trace.linked)
    tops = _in_sibling_order([*trace.roots, *trace.orphans])
    exported = next((span for span in tops if span.name == TRIGGER_NAME), None)
    root = trigger if exported is None else _answered(exported, trigger)
    return _rooted(trace, root, [span for span in tops if span.span_id != root.span_id])


def _answered(exported: Span, trigger: Span) -> Span:
    attributes = MappingProxyType({**exported.attributes, **trigger.attributes})
    return replace(exported, attributes=attributes, resource=trigger.resource)


def _rooted(trace: Trace, root: Span, tops: list[Span]) -> Trace:
    moved = {span.span_id: replace(span, parent_id=root.span_id) for span in tops}
    rest = (span for span in trace.spans if span.span_id != root.span_id)
    spans = (root, *(moved.get(span.span_id, span) for span in rest))
    by_id = {span.span_id: span for span in spans}
    children = {key: tuple(by_id[child.span_id] for child in group) for key, group in trace.children.items()}
    below = _in_sibling_order([*children.get(root.span_id, ()), *moved.values()])
    if below:
        children[root.span_id] = tuple(below)
    order = _depth_first(list(spans), [root], children)
    return Trace(
        trace_id=trace.trace_id,
        spans=order,
        by_id=MappingProxyType(by_id),
        children=MappingProxyType(children),
        roots=(root,),
        injected=trace.injected,
        linked=trace.linked,
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


def newest(spans: Iterable[Span]) -> dict[SpanId, Span]:
    """Of several spans with one id the one that is kept, by id."""
    kept: dict[SpanId, Span] = {}
    for span in spans:
        old = kept.get(span.span_id)
        if old is None or replaces(span, old):
            kept[span.span_id] = span
    return kept


def _in_sibling_order(spans: Iterable[Span]) -> list[Span]:
    """By start, then by span id; two stable sorts, which make no tuple for each span."""
    ordered = sorted(spans, key=attrgetter("span_id"))
    ordered.sort(key=attrgetter("start_ns"))
    return ordered


def _implied_parent(kept: Mapping[SpanId, Span]) -> SpanId | None:
    if any(span.parent_id is None for span in kept.values()):
        return None
    missing = {span.parent_id for span in kept.values()} - kept.keys()
    return missing.pop() if len(missing) == 1 else None


def _depth_first(
    ordered: list[Span], tops: list[Span], children: Mapping[SpanId, tuple[Span, ...]]
) -> tuple[Span, ...]:
    out = _descend(tops, children)
    if len(out) < len(ordered):  # cycles of parents, which nothing from above leads to
        seen = {span.span_id for span in out}
        left = [span for span in ordered if span.span_id not in seen]
        out.extend(_descend_once(_cycle_members(left), children))
    return tuple(out)


def _descend(tops: list[Span], children: Mapping[SpanId, tuple[Span, ...]]) -> list[Span]:
    """From roots and orphans on every span is met once, for it has one parent."""
    out: list[Span] = []
    stack = tops[::-1]
    while stack:
        span = stack.pop()
        out.append(span)
        below = children.get(span.span_id)
        if below is not None:
            stack.extend(below[::-1])
    return out


def _descend_once(tops: list[Span], children: Mapping[SpanId, tuple[Span, ...]]) -> list[Span]:
    out: dict[SpanId, Span] = {}
    for top in tops:
        stack = [top]
        while stack:
            span = stack.pop()
            if span.span_id not in out:
                out[span.span_id] = span
                stack.extend(reversed(children.get(span.span_id, ())))
    return list(out.values())


def _cycle_members(left: list[Span]) -> list[Span]:
    """The spans of `left` that are on a cycle of parents, not those that hang under one; in the order given.

    All of them have a parent in `left`, for else they would have been reached from a root or an orphan.
    """
    by_id = {span.span_id: span for span in left}
    known: dict[SpanId, bool] = {}
    for span in left:
        path: dict[SpanId, int] = {}
        current: SpanId = span.span_id
        while current not in known and current not in path:
            path[current] = len(path)
            parent = by_id[current].parent_id
            assert parent is not None
            current = parent
        begins = path.get(current, len(path))
        known.update({each: index >= begins for each, index in path.items()})
    return [span for span in left if known[span.span_id]]

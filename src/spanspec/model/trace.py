"""A trace: spans in a fixed order, with their relations looked up in constant time."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spanspec.model.ids import SpanId, TraceId
    from spanspec.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """All spans known of one trace. Made by `assemble`, never by hand.

    Attributes:
        trace_id: The id; empty when there are no spans and none was given.
        spans: In trace order: depth first, parents before children, siblings by start, then span id; roots and
            orphans likewise. Spans of a parent cycle come last, from the member that orders first.
        by_id: Span id → span.
        children: Span id → its children in trace order; ids without children are absent.
        roots: Spans without a parent id, or whose parent is `injected`.
        orphans: Spans whose parent id is neither in the trace nor `injected`.
        injected: The span id that the trigger sent as parent, or the one taken for it on a stored trace.
        trigger: The trigger's own span, kept apart from `spans`; `with_trigger_root` joins it.
        linked: Spans of other traces that were collected with this one for their links, in any order.
    """

    trace_id: TraceId
    spans: tuple[Span, ...] = ()
    by_id: Mapping[SpanId, Span] = field(default_factory=lambda: MappingProxyType({}))
    children: Mapping[SpanId, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))
    roots: tuple[Span, ...] = ()
    orphans: tuple[Span, ...] = ()
    injected: SpanId | None = None
    trigger: Span | None = None
    linked: tuple[Span, ...] = ()

    def __len__(self) -> int:
        return len(self.spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def parent(self, span: Span) -> Span | None:
        """The parent if it has arrived; never the span itself."""
        if span.parent_id is None or span.parent_id == span.span_id:
            return None
        return self.by_id.get(span.parent_id)

    def children_of(self, span: Span) -> tuple[Span, ...]:
        """The children in trace order."""
        return self.children.get(span.span_id, ())

    def ancestors(self, span: Span) -> Iterator[Span]:
        """Parent, its parent, and so on; ends where a parent is missing or would come round again."""
        seen = {span.span_id}
        current = self.parent(span)
        while current is not None and current.span_id not in seen:
            seen.add(current.span_id)
            yield current
            current = self.parent(current)

    def descendants(self, span: Span) -> Iterator[Span]:
        """All spans below, in trace order (each once, never the span itself, also in a cycle)."""
        seen = {span.span_id}
        stack = list(reversed(self.children_of(span)))
        while stack:
            current = stack.pop()
            if current.span_id in seen:
                continue
            seen.add(current.span_id)
            yield current
            stack.extend(reversed(self.children_of(current)))

    def is_ancestor(self, upper: Span, lower: Span) -> bool:
        """Whether `upper` is a proper ancestor of `lower` by the parent ids received."""
        return any(ancestor.span_id == upper.span_id for ancestor in self.ancestors(lower))

    def root_of(self, span: Span) -> Span:
        """The topmost ancestor that has arrived, or the span itself."""
        top = span
        for top in self.ancestors(span):  # noqa: B007 - the last one is what is wanted
            pass
        return top

    def depth(self, span: Span) -> int:
        """How many ancestors of the span have arrived."""
        return sum(1 for _ in self.ancestors(span))

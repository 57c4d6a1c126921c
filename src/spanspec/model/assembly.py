"""Assembling a trace batch by batch: a value that shares with the one before it whatever a batch did not touch.

`Assembly().add(batch)…trace` equals `assemble` of all batches together, whatever their order. Spans kept by id, siblings
in order and groups of children are carried from one to the next; the depth-first order is made when the trace is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.model.assemble import arranged, newest, replaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spanspec.model.ids import SpanId, TraceId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_SORT = attrgetter("start_ns", "span_id")


class Assembly:
    """A trace in the making; never changed once made.

    Attributes:
        fresh: The spans that the last batch brought, none of whose ids had come before; in the batch's order.
        changed: The spans of the last batch that took the place of another copy of the same id.
    """

    __slots__ = ("_by_id", "_children", "_injected", "_linked", "_ordered", "_trace", "_trace_id", "_trigger", "changed", "fresh")  # fmt: skip

    def __init__(
        self, *, trace_id: TraceId | None = None, injected: SpanId | None = None, trigger: Span | None = None
    ) -> None:
        """Begin without spans; see `assemble` for the arguments."""
        self._trace_id, self._trigger = trace_id, trigger
        self._injected = trigger.span_id if injected is None and trigger is not None else injected
        self._by_id: dict[SpanId, Span] = {}
        self._ordered: list[Span] = []
        self._children: dict[SpanId, tuple[Span, ...]] = {}
        self._linked: dict[SpanId, Span] = {}
        self.fresh: tuple[Span, ...] = ()
        self.changed: tuple[Span, ...] = ()
        self._trace: Trace | None = None

    def add(self, batch: Iterable[Span], *, linked: Iterable[Span] = ()) -> Assembly:
        """What this and a batch come to together.

        Args:
            batch: Spans of the trace, in any order, some perhaps known already.
            linked: Spans of linked traces, likewise.
        """
        fresh: dict[SpanId, Span] = {}
        changed: dict[SpanId, Span] = {}
        for span in batch:
            old = self._by_id.get(span.span_id)
            target = fresh if old is None else changed
            kept = target.get(span.span_id, old)
            if kept is None or replaces(span, kept):
                target[span.span_id] = span
        return self._with(fresh, changed, list(linked))

    def _with(self, fresh: Mapping[SpanId, Span], changed: Mapping[SpanId, Span], linked: list[Span]) -> Assembly:
        made = Assembly(trace_id=self._trace_id, injected=self._injected, trigger=self._trigger)
        made.fresh, made.changed = tuple(fresh.values()), tuple(changed.values())
        made._linked = newest([*self._linked.values(), *linked]) if linked else self._linked
        if not fresh and not changed:
            made._by_id, made._ordered, made._children = self._by_id, self._ordered, self._children
            made._trace = None if linked else self._trace
            return made
        made._by_id = {**self._by_id, **fresh, **changed}
        if changed:
            made._ordered = sorted(made._by_id.values(), key=_SORT)
            made._children = _grouped(made._ordered)
        else:
            made._ordered = _merged(self._ordered, fresh.values())
            made._children = _regrouped(self._children, fresh.values())
        return made

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, span_id: object) -> bool:
        return span_id in self._by_id

    @property
    def trace(self) -> Trace:
        """The trace; made once."""
        if self._trace is None:
            by_id = self._by_id
            children = {parent: group for parent, group in self._children.items() if parent in by_id}
            self._trace = arranged(
                self._ordered,
                MappingProxyType(by_id),
                children,
                trace_id=self._trace_id,
                injected=self._injected,
                trigger=self._trigger,
                linked=self._linked.values(),
            )
        return self._trace


def _merged(ordered: list[Span], more: Iterable[Span]) -> list[Span]:
    new = sorted(more, key=_SORT)
    if len(new) * 8 < len(ordered):
        merged = list(ordered)
        for span in new:
            merged.insert(bisect_left(merged, _SORT(span), key=_SORT), span)
        return merged
    return sorted([*ordered, *new], key=_SORT)


def _grouped(ordered: list[Span]) -> dict[SpanId, tuple[Span, ...]]:
    """Children by the parent id that they name, whether it has come or not."""
    groups: dict[SpanId, list[Span]] = {}
    for span in ordered:
        if span.parent_id is not None:
            groups.setdefault(span.parent_id, []).append(span)
    return {parent: tuple(group) for parent, group in groups.items()}


def _regrouped(children: dict[SpanId, tuple[Span, ...]], more: Iterable[Span]) -> dict[SpanId, tuple[Span, ...]]:
    """The groups with more spans in them; those not touched are shared."""
    groups = dict(children)
    touched: dict[SpanId, list[Span]] = {}
    for span in more:
        if span.parent_id is not None:
            touched.setdefault(span.parent_id, []).append(span)
    for parent, group in touched.items():
        groups[parent] = tuple(sorted([*groups.get(parent, ()), *group], key=_SORT))
    return groups

"""Which lines a drawing of a trace has: the tree in order, repeats folded, long parts left out around what is marked.

Everything is iterative and linear in the number of spans but for sorting, so that 100,000 spans and chains as deep are
drawn in about a second. Parent cycles are entered at one member and cut where they would come round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from spanspec.model.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_Key = TypeVar("_Key", bound="Hashable")

_FOLD_FROM = 4
"""So many alike siblings are shown as one line."""

_MARKED_SHOWN = 3
"""So many marked siblings that are alike are shown each before the rest of them is folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a drawing.

    Attributes:
        spans: One span, or the members of a fold; empty for a heading and for a gap.
        depth: How far it is indented, from 0.
        last: Whether no sibling follows.
        parent: The row above it in the tree, None at the top.
        heading: The text of a heading.
        below: How many spans are hidden under a fold.
        hidden: How many spans a gap stands for.
        hidden_marked: How many of those are marked.
    """

    spans: tuple[Span, ...] = ()
    depth: int = 0
    last: bool = True
    parent: Row | None = field(default=None, repr=False)
    heading: str = ""
    below: int = 0
    hidden: int = 0
    hidden_marked: int = 0


def rows_of(trace: Trace, marked: Collection[SpanId], limit: int) -> list[Row]:
    """The rows of a trace, at most `limit` of them besides gaps.

    Args:
        trace: What is drawn, with its trigger's span if that is marked, and the linked traces.
        marked: Spans that are not folded away, and around which the rest is cut.
        limit: How many rows, at least 1.
    """
    rows = list(_all_rows(trace, frozenset(marked)))
    if len(rows) <= limit:
        return rows
    return list(_with_gaps(rows, _chosen(rows, marked, limit), marked))


def _all_rows(trace: Trace, marked: frozenset[SpanId]) -> Iterator[Row]:
    on_path = _on_path(trace, marked)
    grow = _Grower(trace, marked, on_path).grow
    trigger = trace.trigger
    if trigger is not None and trigger.span_id in marked and trigger.span_id not in trace.by_id:
        top = Row(spans=(trigger,))
        yield top
        yield from grow(trace.roots, top)
    else:
        yield from grow(trace.roots, None)
    for parent, orphans in _grouped(trace.orphans, lambda span: span.parent_id or "").items():
        heading = Row(heading=f"parent {parent} was not received")
        yield heading
        yield from grow(orphans, heading)
    yield from _cycles(trace, grow)
    for trace_id, spans in _grouped(trace.linked, lambda span: span.trace_id).items():
        yield from _linked(trace_id, spans, marked)


def _linked(trace_id: str, spans: list[Span], marked: frozenset[SpanId]) -> Iterator[Row]:
    linked = assemble(spans)
    heading = Row(heading=f"linked trace {trace_id}")
    yield heading
    grow = _Grower(linked, marked, _on_path(linked, marked)).grow
    yield from grow((*linked.roots, *linked.orphans), heading)
    yield from _cycles(linked, grow)


def _cycles(trace: Trace, grow: Callable[[Sequence[Span], Row | None], Iterator[Row]]) -> Iterator[Row]:
    """What no root and no orphan leads to: members of cycles, and what hangs under them."""
    seen = {span.span_id for top in (*trace.roots, *trace.orphans) for span in (top, *trace.descendants(top))}
    for span in trace.spans if len(seen) < len(trace.spans) else ():
        if span.span_id in seen:
            continue
        seen.update((span.span_id, *(below.span_id for below in trace.descendants(span))))
        heading = Row(heading="parent ids go round in a circle")
        yield heading
        yield from grow((span,), heading)


@dataclass(frozen=True, slots=True)
class _Grower:
    """Turns sibling spans and all below into rows."""

    trace: Trace
    marked: frozenset[SpanId]
    on_path: frozenset[SpanId]

    def grow(self, tops: Sequence[Span], parent: Row | None) -> Iterator[Row]:
        seen: set[SpanId] = set()
        stack: list[tuple[tuple[Span, ...], Row | None, bool]] = []
        self._push(stack, tops, parent)
        while stack:
            spans, above, last = stack.pop()
            depth = 0 if above is None else above.depth + 1
            if len(spans) > 1:
                below = sum(1 for span in spans for _ in self.trace.descendants(span))
                yield Row(spans=spans, depth=depth, last=last, parent=above, below=below)
                continue
            row = Row(spans=spans, depth=depth, last=last, parent=above)
            yield row
            seen.add(spans[0].span_id)
            children = [each for each in self.trace.children_of(spans[0]) if each.span_id not in seen]
            self._push(stack, children, row)

    def _push(
        self, stack: list[tuple[tuple[Span, ...], Row | None, bool]], siblings: Sequence[Span], parent: Row | None
    ) -> None:
        items = self._folded(siblings)
        for index in range(len(items) - 1, -1, -1):
            stack.append((items[index], parent, index == len(items) - 1))

    def _folded(self, siblings: Sequence[Span]) -> list[tuple[Span, ...]]:
        if len(siblings) < _FOLD_FROM:
            return [(span,) for span in siblings]
        items: dict[object, list[Span]] = {}
        for alike in _grouped(siblings, _likeness).values():
            for key, members in self._parts(alike):
                items[key] = members
        place = {span.span_id: index for index, span in enumerate(siblings)}
        return sorted((tuple(members) for members in items.values()), key=lambda members: place[members[0].span_id])

    def _parts(self, alike: list[Span]) -> Iterator[tuple[object, list[Span]]]:
        """Spans that look alike, as those shown singly and those folded: unmarked ones, and marked ones apart."""
        plain = [span for span in alike if span.span_id not in self.on_path]
        marked = [span for span in alike if span.span_id in self.marked]
        above = [span for span in alike if span.span_id in self.on_path and span.span_id not in self.marked]
        shown = marked[:_MARKED_SHOWN] if len(marked) > _MARKED_SHOWN + 1 else marked
        singly = [*above, *shown, *(plain if len(plain) < _FOLD_FROM else ())]
        for span in singly:
            yield span.span_id, [span]
        if len(plain) >= _FOLD_FROM:
            yield ("plain", plain[0].span_id), plain
        if len(shown) < len(marked):
            yield ("marked", marked[0].span_id), marked[len(shown) :]


def _likeness(span: Span) -> tuple[str, str, str]:
    return span.service, span.name, span.kind.value


def _on_path(trace: Trace, marked: frozenset[SpanId]) -> frozenset[SpanId]:
    """The marked spans and all their ancestors."""
    found: set[SpanId] = set()
    for span_id in marked:
        span = trace.by_id.get(span_id)
        while span is not None and span.span_id not in found:
            found.add(span.span_id)
            span = trace.parent(span)
    return frozenset(found)


def _grouped(spans: Iterable[Span], key: Callable[[Span], _Key]) -> dict[_Key, list[Span]]:
    groups: dict[_Key, list[Span]] = {}
    for span in spans:
        groups.setdefault(key(span), []).append(span)
    return groups


def _chosen(rows: list[Row], marked: Collection[SpanId], limit: int) -> set[int]:
    """Indices of the rows to be kept: the first, the marked, what is above them, then what is next to them."""
    important = [index for index, row in enumerate(rows) if any(span.span_id in marked for span in row.spans)]
    if not important:
        return set(range(limit))
    chosen = {0, *important[: max(1, limit * 2 // 3)]}
    anchors = sorted(chosen)
    index_of = {id(row): index for index, row in enumerate(rows)}
    for anchor in anchors:
        for index in _above(rows[anchor], index_of):
            if len(chosen) >= limit or index in chosen:
                break
            chosen.add(index)
    _widen(chosen, anchors, len(rows), limit)
    return chosen


def _above(row: Row, index_of: Mapping[int, int]) -> Iterator[int]:
    parent = row.parent
    while parent is not None:
        yield index_of[id(parent)]
        parent = parent.parent


def _widen(chosen: set[int], anchors: list[int], count: int, limit: int) -> None:
    for distance in range(1, count):
        for anchor in anchors:
            for index in (anchor + distance, anchor - distance):
                if len(chosen) >= limit:
                    return
                if 0 <= index < count:
                    chosen.add(index)


def _with_gaps(rows: list[Row], chosen: set[int], marked: Collection[SpanId]) -> Iterator[Row]:
    skipped: list[Row] = []
    for index, row in enumerate(rows):
        if index not in chosen:
            skipped.append(row)
            continue
        yield from _gap(skipped, marked)
        skipped = []
        yield row
    yield from _gap(skipped, marked)


def _gap(skipped: list[Row], marked: Collection[SpanId]) -> Iterator[Row]:
    """One row for those skipped; a single one that is no fold takes the same room and is shown itself."""
    if len(skipped) == 1 and not skipped[0].below:
        yield skipped[0]
    elif skipped:
        hidden = sum(len(row.spans) + row.below for row in skipped)
        found = sum(1 for row in skipped for span in row.spans if span.span_id in marked)
        first = skipped[0]
        last = any(row.last and row.parent is first.parent for row in skipped)
        yield Row(depth=first.depth, last=last, parent=first.parent, hidden=hidden, hidden_marked=found)

"""A trace drawn as a tree with a waterfall, as lines of styled pieces that a terminal, a log or a page can show.

::

      frontend          POST /checkout (server)              412ms ████████████
      order-service     └ POST /orders (server)              398ms  ███████████
      payment             ├ process payment                  101ms   ███
    ✘ shipping-service    └ POST /ship (server) error         52ms         ▐█

Columns: the mark (`✘` a failed check is about this span, `►` something else is), the service, the tree with name, kind
and what is odd about the span, the duration, and the bar, whose whole width is the time from the first start to the
last end. Styles are words; a renderer gives them colours. No span's text can break a line or a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from spanspec.model.span import SpanKind, StatusCode
from spanspec.model.time import short_duration
from spanspec.results.columns import cells, clip, one_line, pad, plural
from spanspec.results.explain import Mark
from spanspec.results.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace
    from spanspec.results.rows import Row

SERVICE_STYLES = 6
"""Services are styled `service0` to `service5`, in the order in which they first appear."""


class Segment(NamedTuple):
    """A piece of a line.

    Attributes:
        text: Escaped: no control characters, no line breaks.
        style: Empty, or one of `dim failed concerned error late service0 … service5`.
    """

    text: str
    style: str = ""


Line: TypeAlias = tuple[Segment, ...]

_SIGNS = {Mark.FAILED: "✘", Mark.CONCERNED: "►"}


def draw(
    trace: Trace,
    *,
    width: int = 80,
    marks: Mapping[SpanId, Mark] | None = None,
    late: Collection[SpanId] = (),
    rows: int = 30,
) -> tuple[Line, ...]:
    """Draw a trace.

    Args:
        trace: What is drawn; an empty one gives no lines.
        width: No line has more cells; less than 36 counts as 36.
        marks: The spans concerned; they are never folded away, and a long trace is cut around them.
        late: Spans that arrived after the verdict.
        rows: How many lines at most, besides those that say what was left out.
    """
    marks = marks or {}
    shown = rows_of(trace, marks.keys(), max(1, rows))
    layout = _Layout(trace, shown, max(36, width), marks, frozenset(late))
    return tuple(layout.line(row) for row in shown)


def plain(lines: Iterable[Line]) -> list[str]:
    """Lines without their styles, without blanks at the end."""
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


class _Layout:
    """Column widths and scale of one drawing."""

    def __init__(
        self, trace: Trace, rows: list[Row], width: int, marks: Mapping[SpanId, Mark], late: frozenset[SpanId]
    ) -> None:
        self._marks = marks
        self._late = late
        self._styles: dict[str, str] = {}
        spans = [span for row in rows for span in row.spans]
        for span in trace.spans:
            self._styles.setdefault(span.service, f"service{len(self._styles) % SERVICE_STYLES}")
        self._start, self._end = _extent(_timed(trace) or spans)
        self._bar = width // 5 if width >= 60 else 0
        named = (cells(one_line(span.service, 18)) for span in spans)
        self._service = min(18, width // 4, max(named, default=0))
        self._tree = width - 2 - (self._service + 2 if self._service else 0) - 8 - (self._bar + 1 if self._bar else 0)

    def line(self, row: Row) -> Line:
        if row.spans:
            return self._spans_line(row)
        blank = Segment(" " * (2 + (self._service + 2 if self._service else 0)))
        if row.heading:
            return (blank, Segment(clip(one_line(row.heading, 120), self._tree + 8), "concerned"))
        marked = f", {row.hidden_marked:,} of them marked" if row.hidden_marked else ""
        text = f"{self._prefix(row)}… {plural(row.hidden, 'more span')}{marked}"
        return (blank, Segment(clip(text, self._tree + 8), "dim"))

    def _spans_line(self, row: Row) -> Line:
        mark = next((self._marks[span.span_id] for span in row.spans if span.span_id in self._marks), None)
        style = self._styles.get(row.spans[0].service, "service0")
        return (
            Segment(f"{_SIGNS[mark]} " if mark else "  ", mark or ""),
            *self._service_cell(row.spans[0], style),
            *self._tree_cell(row, mark),
            Segment(pad(_duration(row.spans), 8, right=True), mark or "dim"),
            *self._bar_cell(row.spans, mark or style),
        )

    def _service_cell(self, span: Span, style: str) -> Line:
        if not self._service:
            return ()
        return (Segment(pad(one_line(span.service, 18), self._service) + "  ", style),)

    def _tree_cell(self, row: Row, mark: Mark | None) -> Line:
        """Branches, name, and what else is known, cut to the column; the name gives way only after the kind has."""
        prefix = self._prefix(row)
        room = self._tree - cells(prefix)
        name = _name(row)
        notes = self._notes(row)
        space = room - sum(cells(note.text) for note in notes)
        if cells(name) > space and notes and notes[0].style == "dim":
            space += cells(notes[0].text)
            notes = notes[1:]
        name = clip(name, max(4, space))
        line = [Segment(prefix, "dim"), Segment(name, mark or ""), *notes]
        return _fit(line, self._tree)

    def _prefix(self, row: Row) -> str:
        """The branches before a row; a deep one has its depth instead of those above."""
        if row.depth == 0:
            return ""
        own = "└ " if row.last else "├ "
        if row.depth > max(2, self._tree // 4):
            return f"⋯{row.depth} {own}"
        parts = [own]
        above = row.parent
        while above is not None and above.depth > 0:
            parts.append("  " if above.last else "│ ")
            above = above.parent
        return "".join(reversed(parts))

    def _notes(self, row: Row) -> list[Segment]:
        notes = []
        if row.spans[0].kind not in (SpanKind.INTERNAL, SpanKind.UNSPECIFIED):
            notes.append(Segment(f" ({row.spans[0].kind})", "dim"))
        errors = sum(1 for span in row.spans if span.status is StatusCode.ERROR)
        if errors:
            notes.append(Segment(" error" if len(row.spans) == 1 else f" {plural(errors, 'error')}", "error"))
        late = sum(1 for span in row.spans if span.span_id in self._late)
        if late:
            notes.append(Segment(" late" if len(row.spans) == 1 else f" {late:,} late", "late"))
        if row.below:
            notes.append(Segment(f" +{row.below:,} below", "dim"))
        return notes

    def _bar_cell(self, spans: tuple[Span, ...], style: str) -> Line:
        if not self._bar:
            return ()
        start, end = _extent(spans)
        whole = max(1, self._end - self._start)
        halves = self._bar * 2
        first = min(halves - 1, max(0, (start - self._start) * halves // whole))
        until = max(first + 1, min(halves, -((self._start - end) * halves // whole)))
        return (Segment(" "), Segment(_blocks(first, until, self._bar), style))


def _name(row: Row) -> str:
    name = one_line(row.spans[0].name, 120) or "(no name)"
    return f"× {len(row.spans):,} {name}" if len(row.spans) > 1 else name


def _fit(line: list[Segment], width: int) -> Line:
    """Segments filled, or cut from the right, to exactly `width` cells."""
    fitted, room = [], width
    for segment in line:
        text = clip(segment.text, room)
        room -= cells(text)
        fitted.append(Segment(text, segment.style))
    return (*fitted, Segment(" " * room))


def _duration(spans: tuple[Span, ...]) -> str:
    if any(not span.end_ns for span in spans):
        return "?"
    total = sum(span.duration_ns for span in spans)
    text = short_duration(total) if total else "0"
    return f"Σ{text}" if len(spans) > 1 else text


def _timed(trace: Trace) -> list[Span]:
    return [span for span in trace.spans if span.start_ns]


def _extent(spans: Iterable[Span]) -> tuple[int, int]:
    """First start and last end; a span whose end was not sent, or precedes its start, ends where it starts."""
    listed = list(spans)
    if not listed:
        return 0, 0
    return min(span.start_ns for span in listed), max(max(span.start_ns, span.end_ns) for span in listed)


def _blocks(first: int, until: int, width: int) -> str:
    """Half cells `first` to `until` filled, of `width` cells."""
    out = []
    for cell in range(width):
        left = first <= cell * 2 < until
        right = first <= cell * 2 + 1 < until
        out.append("█" if left and right else "▌" if left else "▐" if right else " ")
    return "".join(out)

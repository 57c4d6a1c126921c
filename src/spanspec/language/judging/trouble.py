"""What else a reader wants to know: errors, retries and repeats around the spans that a check is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.judging.measures import fingerprint
from spanspec.language.judging.wording import label, quoted, shortened, times
from spanspec.language.picking.forest import NONE
from spanspec.model.span import StatusCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spanspec.language.picking.picker import Picker
    from spanspec.model.span import Event, Span

_MOST_NOTES = 3
_LOOKED_AT = 20
_SUBTREE = 500


def on_the_way(picker: Picker, nodes: Sequence[int]) -> tuple[str, ...]:
    """Remarks on retries and errors beside, above and below some spans."""
    notes: dict[str, None] = {}
    for node in nodes[:_LOOKED_AT]:
        for note in (*_retries(picker, node), *_errors(picker, node)):
            notes.setdefault(note)
            if len(notes) == _MOST_NOTES:
                return tuple(notes)
    return tuple(notes)


def error_text(span: Span) -> str:
    """What a span says went wrong: its status message, else its exception, else nothing."""
    if span.status_message:
        return shortened(span.status_message)
    for event in span.events:
        text = _exception(event)
        if text:
            return text
    return ""


def _exception(event: Event) -> str:
    kind = event.attributes.get("exception.type")
    message = event.attributes.get("exception.message")
    return shortened(": ".join(str(part) for part in (kind, message) if part))


def _retries(picker: Picker, node: int) -> Iterator[str]:
    """The same operation several times under one parent, at least one of them in error."""
    forest = picker.forest
    parent = forest.parent[node]
    if parent == NONE or len(forest.children[parent]) > _SUBTREE:
        return
    span = forest.spans[node]
    mark = (span.name, fingerprint(span))
    same = [other for other in forest.children[parent] if _mark(forest.spans[other]) == mark]
    failed = [other for other in same if forest.spans[other].status is StatusCode.ERROR]
    if len(same) > 1 and failed:
        under = quoted(forest.spans[parent])
        yield f"{label(span)} was tried {times(len(same))} under {under}, and failed {times(len(failed))}"


def _mark(span: Span) -> tuple[str, str]:
    return (span.name, fingerprint(span))


def _errors(picker: Picker, node: int) -> Iterator[str]:
    forest = picker.forest
    around: Iterable[int] = (*forest.ancestors(node), *_some_below(picker, node))
    for other in around:
        span = forest.spans[other]
        if span.status is StatusCode.ERROR:
            text = error_text(span)
            yield f"{label(span)} ended in error{f': {text}' if text else ''}"


def _some_below(picker: Picker, node: int) -> Iterator[int]:
    for index, below in enumerate(picker.forest.descendants(node)):
        if index == _SUBTREE:
            return
        yield below

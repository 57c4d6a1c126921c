"""What else a reader wants to know: errors, retries and repeats around the spans that a check is about.

Bounded: a few of the spans are looked at, and around each a part of what lies above and below.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from spanspec.language.judging.measures import fingerprint
from spanspec.language.judging.wording import counted, enumeration, label, quoted, shortened, times
from spanspec.language.picking.forest import NONE
from spanspec.language.picking.sampling import sample_of
from spanspec.language.values import show
from spanspec.model.span import SpanKind, StatusCode
from spanspec.model.time import short_duration

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from spanspec.language.picking.picker import Picker
    from spanspec.model.attributes import AttributeValue
    from spanspec.model.span import Event, Span

_MOST_NOTES = 3
_LOOKED_AT = 20
_SUBTREE = 200
_ABOVE = 50
_ALIKE = 30
_KEYS = 60
_FEW = 3
_OUTGOING = (SpanKind.CLIENT, SpanKind.PRODUCER)


def on_the_way(picker: Picker, nodes: Sequence[int]) -> tuple[str, ...]:
    """Remarks on retries and errors beside, above and below some spans."""
    return _first_of(note for node in nodes[:_LOOKED_AT] for note in (*_retries(picker, node), *_errors(picker, node)))


def in_the_trace(picker: Picker) -> tuple[str, ...]:
    """Remarks on the errors of a trace, the deepest first: why something that was to come may not have come."""
    forest = picker.forest
    failed = [node for node in sample_of(forest) if forest.spans[node].status is StatusCode.ERROR]
    deepest = sorted(failed[:_SUBTREE], key=lambda node: (-_depth(picker, node), node))[:_LOOKED_AT]
    return _first_of(_error(picker, node) for node in deepest if not _tried_again(picker, node))


def _depth(picker: Picker, node: int) -> int:
    """How many spans are above, counted up to a bound."""
    return sum(1 for _ in islice(picker.forest.ancestors(node), _ABOVE))


def differences(picker: Picker, nodes: Sequence[int]) -> tuple[str, ...]:
    """What tells spans apart that look alike: the attributes in which they differ, and when they ran; nothing for one span."""
    spans = picker.spans(nodes[:_ALIKE])
    first = next(iter(spans), None)
    alike = [span for span in spans if first is not None and (span.name, span.service) == (first.name, first.service)]
    if len(alike) < 2:
        return ()
    keys = dict.fromkeys(islice((key for span in alike for key in span.attributes), _KEYS))
    differing = [key for key in keys if len({_comparable(span.attributes.get(key)) for span in alike}) > 1]
    apart = [f"{shortened(key, 60)} ({_listed([span.attributes.get(key) for span in alike])})" for key in differing]
    shown = enumeration(apart) if apart else ""
    what = f"they differ in {shown}" if shown else "they are alike in every attribute"
    tries = next(iter(_retries(picker, nodes[0])), "")
    failed = any(span.status is StatusCode.ERROR for span in alike)
    retry = "" if tries or failed else ", and none ended in error, so this is no retry"
    return (f"{what}; {_when(alike)}{retry}",)


def distinctions(
    picker: Picker, failing: Sequence[int], holding: Sequence[int], known: Container[str]
) -> tuple[str, ...]:
    """What the spans that fail a condition have and those that hold do not: the service, the name, attributes.

    Attributes in `known`, which the condition is about, are left out.
    """
    wrong, right = picker.spans(failing[:_ALIKE]), picker.spans(holding[:_ALIKE])
    keys = list(dict.fromkeys(islice((key for span in wrong for key in span.attributes if key not in known), _KEYS)))
    told: list[str] = []
    for key in ("service", "name", *keys):
        bad, good = [_read(span, key) for span in wrong], [_read(span, key) for span in right]
        apart = {_comparable(value) for value in bad}.isdisjoint({_comparable(value) for value in good})
        if apart and len({_comparable(value) for value in bad}) <= _FEW:
            told.append(f"{shortened(key, 60)} is {_listed(bad)} where it fails, and {_listed(good)} where it holds")
    return tuple(told[:_FEW])


def _read(span: Span, key: str) -> AttributeValue | None:
    """An attribute, or the service or name where the span has no attribute of that key."""
    if key in span.attributes:
        return span.attributes[key]
    return {"service": span.service, "name": span.name}.get(key)


def error_text(span: Span) -> str:
    """What a span says went wrong: its status message, else its exception, else nothing."""
    if span.status_message:
        return shortened(span.status_message)
    for event in span.events[:_KEYS]:
        text = _exception(event)
        if text:
            return text
    return ""


def _first_of(notes: Iterator[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for note in notes:
        found.setdefault(note)
        if len(found) == _MOST_NOTES:
            break
    return tuple(found)


def _exception(event: Event) -> str:
    kind = event.attributes.get("exception.type")
    message = event.attributes.get("exception.message")
    return shortened(": ".join(show(part)[:400] for part in (kind, message) if part))


# --- retries


def _retries(picker: Picker, node: int) -> Iterator[str]:
    """The same operation several times under one parent, at least one of them in error; also of the call that led here."""
    caller = picker.forest.parent[node]
    outgoing = caller != NONE and picker.forest.spans[caller].kind in _OUTGOING
    for each in (node, caller) if outgoing else (node,):
        same = _same_operation(picker, each)
        failed = [other for other in same if picker.forest.spans[other].status is StatusCode.ERROR]
        if len(same) > 1 and failed:
            span, parent = picker.forest.spans[each], picker.forest.spans[picker.forest.parent[each]]
            yield f"{label(span)} was tried {times(len(same))} under {quoted(parent)}, and failed {times(len(failed))}"
            return


def _same_operation(picker: Picker, node: int) -> list[int]:
    """The spans with the same name and operation under the same parent, itself included."""
    forest = picker.forest
    parent = forest.parent[node]
    if parent == NONE or len(forest.children[parent]) > _SUBTREE:
        return [node]
    mark = _mark(forest.spans[node])
    return [other for other in forest.children[parent] if _mark(forest.spans[other]) == mark]


def _mark(span: Span) -> tuple[str, str]:
    return (span.name, fingerprint(span))


def _tried_again(picker: Picker, node: int) -> bool:
    """Whether a later try of the same operation did better."""
    spans = picker.forest.spans
    later = (spans[other] for other in _same_operation(picker, node))
    return any(span.start_ns > spans[node].start_ns and span.status is not StatusCode.ERROR for span in later)


# --- errors


def _errors(picker: Picker, node: int) -> Iterator[str]:
    forest = picker.forest
    around = (*islice(forest.ancestors(node), _ABOVE), node, *islice(forest.descendants(node), _SUBTREE))
    for other in around:
        if forest.spans[other].status is StatusCode.ERROR and not _tried_again(picker, other):
            yield _error(picker, other)


def _error(picker: Picker, node: int) -> str:
    """An error with its text, and who went on in spite of it."""
    forest = picker.forest
    span, parent = forest.spans[node], forest.parent[node]
    text = error_text(span)
    said = f"{label(span)} ended in error{f': {text}' if text else ''}"
    if parent != NONE and forest.spans[parent].status is not StatusCode.ERROR:
        return f"{said}; {quoted(forest.spans[parent])} above it did not, so the error was swallowed there"
    return said


# --- what tells spans apart


def _comparable(value: AttributeValue | None) -> str:
    return "" if value is None else f"{type(value).__name__} {show(value)}"


def _listed(values: Sequence[AttributeValue | None]) -> str:
    texts = list(dict.fromkeys("missing" if value is None else shortened(show(value), 40) for value in values))
    more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return f"{', '.join(texts[:_FEW])}{more}"


def _when(spans: Sequence[Span]) -> str:
    """Whether the first two ran one after the other, or at once."""
    first, second = sorted(spans, key=lambda span: (span.start_ns, span.span_id))[:2]
    gap = second.start_ns - max(first.start_ns, first.end_ns)
    which = "the second" if len(spans) == 2 else f"the second of {counted(len(spans), 'span')}"
    if gap < 0:
        return f"{which} began before the first had ended"
    return f"{which} began {short_duration(gap)} after the first had ended"

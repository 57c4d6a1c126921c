"""What may have been meant by a condition that no span satisfies: another value, another type, another name, another place."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from spanspec.language.conventions import RELATED, other_key
from spanspec.language.judging.wording import label, shortened
from spanspec.language.names import look_up
from spanspec.language.picking.predicates import flat, part_value
from spanspec.language.picking.sampling import MOST
from spanspec.language.syntax import Boolean, Comparator, Compares, Has, Name, Number, Place, Text
from spanspec.language.values import show
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spanspec.language.picking.picker import Picker
    from spanspec.language.syntax import Expression, Predicate
    from spanspec.language.verdict import Given, Value
    from spanspec.model.span import Span

_VALUES = 60
"""Values and spans that a suggestion is looked for in."""

_KEYS = 400
_OWN_FIELDS = ("name", "kind", "status", "duration")


def values_of(part: Predicate, span: Span, given: Given) -> Iterator[str]:
    """The values that a span has for the names a condition is about, as texts."""
    for test in flat(part):
        if isinstance(test, (Compares, Has)):
            yield from (show(value) for value in _raw(test.name, span, given))


def suggestion(part: Predicate, spans: Sequence[Span], picker: Picker, pool: Sequence[int]) -> str:
    """What may have been meant, one clause; empty when nothing is like it.

    Args:
        part: The condition.
        spans: The spans that satisfy everything else, or as much as any.
        picker: Of the trace.
        pool: The nodes that were looked at.
    """
    tests = [test for test in flat(part) if isinstance(test, (Compares, Has))]
    if len(tests) != 1:
        return ""
    test, given = tests[0], picker.given
    if isinstance(test, Has) and not test.present:
        return ""
    raw = [value for span in islice(spans, _VALUES) for value in _raw(test.name, span, given)]
    if raw and isinstance(test, Compares):
        return _other_value(test, raw, picker, pool)
    return _other_name(test.name, spans, picker, pool)


def _raw(name: Name, span: Span, given: Given) -> list[Value]:
    if name.place in (Place.EVENT, Place.LINK):
        parts = span.events if name.place is Place.EVENT else span.links
        values = (part_value(each, name.key) for each in parts)
        return [value for value in values if isinstance(value, (str, int, float, bytes, tuple))]
    found = look_up(name, span, given)
    return [found.value] if found.present else []


# --- another value


def _other_value(test: Compares, raw: list[Value], picker: Picker, pool: Sequence[int]) -> str:
    confused = type_confusion(test.value, test.comparator, raw)
    if confused:
        return confused
    if not isinstance(test.value, Text) or test.comparator not in (Comparator.EQ, Comparator.IN, Comparator.CONTAINS):
        return ""
    texts = {shortened(show(value)) for value in raw}
    near = did_you_mean(test.value.value, texts)
    if near or test.name.place in (Place.EVENT, Place.LINK):
        return near
    spans = (picker.forest.spans[node] for node in islice(pool, MOST))
    everywhere = {shortened(show(value)) for span in spans for value in _raw(test.name, span, picker.given)}
    return did_you_mean(test.value.value, everywhere - texts)


def type_confusion(wanted: Expression, comparator: Comparator, found: Iterable[Value]) -> str:
    """Where a value reads like the one wanted and is of another type: how to write that."""
    if comparator not in (Comparator.EQ, Comparator.NE):
        return ""
    for value in found:
        said = _confused(wanted, value)
        if said:
            return said
    return ""


def _confused(wanted: Expression, value: Value) -> str:
    match wanted, value:
        case Boolean(value=flag), str() if value.strip().casefold() == str(flag).casefold():
            return f'the value is the text "{shortened(value, 40)}" and no boolean: write "{shortened(value, 40)}" in quotes'
        case Text(value=text), bool() if text.strip().casefold() == str(value).casefold():
            return (
                f"the value is the boolean {str(value).lower()} and no text: write {str(value).lower()} without quotes"
            )
        case Number(text=number), str() if value.strip().startswith(number):
            return f'the value is the text "{shortened(value, 40)}": write it in quotes'
        case Text(value=text), str() if text != value and text.strip().casefold() == value.strip().casefold():
            return f'the texts differ in white space or case: it is "{shortened(value, 60)}"'
        case ((Text() | Number() | Boolean()), tuple()) if any(show(item) == _plain(wanted) for item in value[:100]):
            return "the value is a list: write contains in place of ="
    return ""


def _plain(wanted: Expression) -> str:
    match wanted:
        case Text(value=text):
            return text
        case Number(text=text):
            return text
        case Boolean(value=flag):
            return str(flag).lower()
    return ""


# --- another name


def _other_name(name: Name, spans: Sequence[Span], picker: Picker, pool: Sequence[int]) -> str:
    """For an attribute that these spans lack."""
    if name.via or name.place in (Place.VAR, Place.ENV, Place.RESPONSE, Place.TRACE, Place.SPAN):
        return ""
    some = list(islice(spans, _VALUES))
    if name.place in (Place.BARE, Place.ATTR, Place.RESOURCE, Place.SCOPE):
        elsewhere = _renamed(name.key, some) or _other_place(name, some)
        if elsewhere:
            return elsewhere
    near = did_you_mean(name.key, _keys(name, some))
    return near or _on_others(name, some, picker, pool)


def _renamed(key: str, spans: Sequence[Span]) -> str:
    for span in spans:
        other = other_key(key, span)
        if other is not None:
            return f"{key} is called {other} there, its other name"
        for related in RELATED.get(key, ()):
            if related in span.attributes:
                return f"newer and older conventions differ: instead of {key} there is {related}"
    return ""


def _other_place(name: Name, spans: Sequence[Span]) -> str:
    for span in spans:
        places = {
            "attr": span.attributes,
            "scope": span.scope.attributes,
            "resource": span.resource.attributes,
        }
        for place, attributes in places.items():
            if name.place is not Place.BARE and place != name.place and name.key in attributes:
                return f"it is there as {place}:{name.key}"
    return (
        f"the span's own {name.key} is span:{name.key}" if name.key in _OWN_FIELDS and name.place is Place.ATTR else ""
    )


def _on_others(name: Name, spans: Sequence[Span], picker: Picker, pool: Sequence[int]) -> str:
    """The attribute on other spans than those that satisfy the rest."""
    mine = {span.span_id for span in spans}
    for node in islice(pool, MOST):
        span = picker.forest.spans[node]
        if span.span_id not in mine and _raw(name, span, picker.given):
            return f"{label(span)} has that attribute"
    return ""


def _keys(name: Name, spans: Iterable[Span]) -> set[str]:
    """The keys that a name might have meant."""
    keys: set[str] = set()
    for span in spans:
        if name.place is Place.RESOURCE:
            keys.update(span.resource.attributes)
        elif name.place is Place.SCOPE:
            keys.update(span.scope.attributes)
        elif name.place is Place.EVENT:
            keys.update(key for event in span.events for key in event.attributes)
        elif name.place in (Place.BARE, Place.ATTR):
            keys.update(span.attributes, span.scope.attributes, span.resource.attributes)
        if len(keys) > _KEYS:
            break
    return set(islice(sorted(keys), _KEYS)) - {name.key}

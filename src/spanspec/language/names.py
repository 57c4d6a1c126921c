"""Looking up a name: attributes, fields of the span, its parent, its root, the response, the trace, variables.

Which place answers is a table; a name that nothing answers is not an error here but `Found.present` false, with the
reason for a reader in `Found.missing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from spanspec.language.conventions import other_key
from spanspec.language.dialect import Dialect
from spanspec.language.fields.response import response_value
from spanspec.language.fields.span import compat_attribute, span_field, tracetest_attribute
from spanspec.language.fields.trace import trace_value
from spanspec.language.syntax import Place
from spanspec.language.verdict import EvaluationError
from spanspec.source.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.language.syntax import Name
    from spanspec.language.verdict import Given, Value
    from spanspec.model.attributes import AttributeValue
    from spanspec.model.span import Span

_MAX_LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a name stands for.

    Attributes:
        value: The value; None too when there is none.
        present: Whether there is one.
        undecided: Whether there may yet be one, or another, when further spans arrive.
        note: A fact for the result, such as the renamed key that was used.
        missing: Why there is none, one clause.
    """

    value: Value = None
    present: bool = False
    undecided: bool = False
    note: str = ""
    missing: str = ""


def look_up(name: Name, span: Span | None, given: Given) -> Found:
    """Look a name up.

    Args:
        name: The name.
        span: The span at hand, or None where there is none.
        given: The trace, the response, the variables and the dialect.

    Raises:
        EvaluationError: The name cannot stand here: `event:` and `link:`, which only a selector can read.
    """
    if name.place in (Place.EVENT, Place.LINK):
        raise EvaluationError(f"{written(name)} can stand only in a selector's brackets and after where")
    if name.place in (Place.VAR, Place.ENV):
        return _variable(name, given)
    if name.place is Place.RESPONSE:
        return _response(name, given)
    if name.place is Place.TRACE:
        return Found(value=trace_value(name.key, given.trace), present=True)
    if span is None:
        return Found(missing=f"there is no span to look {written(name)} up on")
    if name.via:
        return _via(name, span, given)
    return _on_span(name, span, given)


def written(name: Name) -> str:
    """The name as it is written."""
    via = f"{name.via}:" if name.via else ""
    prefix = f"{name.place}:" if name.place is not Place.BARE else ""
    return f"{via}{prefix}{name.key}"


def _via(name: Name, span: Span, given: Given) -> Found:
    """The name on the parent or the root."""
    trace = given.trace
    here = replace(name, via="")
    if name.via == "root":
        root = trace.root_of(span)
        found = _on_span(here, root, given)
        complete = root.parent_id is None or root.parent_id == trace.injected
        return found if complete or given.closed else replace(found, undecided=True)
    parent = trace.parent(span)
    if parent is not None:
        return _on_span(here, parent, given)
    if span.parent_id is None or span.parent_id == trace.injected:
        return Found(missing="the span is a root, it has no parent")
    return Found(undecided=not given.closed, missing=f"its parent {span.parent_id} is not in the trace")


# --- variables, response -------------------------------------------------------------------------------------------


def _variable(name: Name, given: Given) -> Found:
    if name.key in given.variables:
        return Found(value=given.variables[name.key], present=True)
    if name.place is Place.ENV and given.dialect is not Dialect.COMPAT and name.key in given.environment:
        return Found(value=given.environment[name.key], present=True)
    if given.dialect is Dialect.COMPAT:
        return Found(missing=f'variable "{name.key}" not found')
    known = given.variables if name.place is Place.VAR else {*given.variables, *given.environment}
    hint = did_you_mean(name.key, known)
    return Found(missing=f'no variable "{name.key}"{f"; {hint}" if hint else ""}')


def _response(name: Name, given: Given) -> Found:
    if given.response is None:
        return Found(missing="there is no trigger's answer to read", undecided=not given.closed)
    present, value = response_value(name.key, given.response)
    if present:
        return Found(value=value, present=True)
    return Found(missing=f"the trigger's answer has no {name.key}")


# --- on a span -----------------------------------------------------------------------------------------------------


def _on_span(name: Name, span: Span, given: Given) -> Found:
    if name.place is Place.SPAN:
        return _field(name.key, span, given)
    if name.place is Place.RESOURCE:
        return _plain(name.key, span.resource.attributes, "this span's resource")
    if name.place is Place.SCOPE:
        return _plain(name.key, span.scope.attributes, "this span's scope")
    if name.place is Place.BARE:
        fields = _BARE_FIELDS if given.dialect is Dialect.EXPECT else _OLD_BARE_FIELDS
        if name.key in fields:
            return _bare_field(name.key, span, given)
    return _attribute(name.key, span, given)


_BARE_FIELDS = frozenset({"name", "kind", "status", "duration", "service"})
_OLD_BARE_FIELDS = frozenset({"name", "kind"})


def _bare_field(key: str, span: Span, given: Given) -> Found:
    if key == "service":
        return _plain("service.name", span.resource.attributes, "this span's resource")
    return _field(key, span, given)


def _field(key: str, span: Span, given: Given) -> Found:
    present, value = span_field(key, span, given.trace)
    if present and given.dialect is Dialect.COMPAT and value == "unspecified":
        value = "unespecified"
    return Found(value=value, present=present, missing="" if present else f"this span has no {key}")


def _plain(key: str, attributes: Mapping[str, AttributeValue], where: str) -> Found:
    if key in attributes:
        return Found(value=attributes[key], present=True)
    return Found(missing=_absent(key, tuple(attributes), where))


def _attribute(key: str, span: Span, given: Given) -> Found:
    if given.dialect is Dialect.COMPAT:
        return _compat(key, span, given)
    for attributes in (span.attributes, span.scope.attributes, span.resource.attributes):
        if key in attributes:
            return Found(value=attributes[key], present=True)
    present, value = tracetest_attribute(key, span, given)
    if present:
        return Found(value=value, present=True)
    if given.dialect is Dialect.SPECS and key == "name":
        return Found(value=span.attributes.get("tracetest.span.name", span.name), present=True)
    other = other_key(key, span)
    if other is not None and given.dialect is Dialect.EXPECT and given.aliases:
        return Found(value=span.attributes[other], present=True, note=f"{key} was read from its other name, {other}")
    return Found(missing=_absent(key, _all_keys(span), "this span", other))


def _compat(key: str, span: Span, given: Given) -> Found:
    present, text = compat_attribute(key, span, given)
    if present:
        return Found(value=text, present=True)
    return Found(missing=f'attribute "{key}" not found')


def _all_keys(span: Span) -> tuple[str, ...]:
    return (*span.attributes, *span.scope.attributes, *span.resource.attributes)


@lru_cache(maxsize=2048)  # a selector asks every span of a trace, and spans of one kind have the same keys
def _absent(key: str, keys: tuple[str, ...], where: str, other: str | None = None) -> str:
    """The clause that says what is there instead."""
    listed = list(dict.fromkeys(keys))
    text = f'no attribute "{key}" on {where}'
    if other is not None:
        return f"{text}; it has {other}, the other name of the same attribute"
    if not listed:
        return f"{text}; it has none"
    close = nearest(key, listed)
    first = [close] if close is not None else []
    shown = [*first, *(name for name in listed if name != close)][:_MAX_LISTED]
    more = f" and {len(listed) - len(shown)} more" if len(listed) > len(shown) else ""
    hint = f'; did you mean "{close}"?' if close is not None else ""
    return f"{text}; it has {', '.join(shown)}{more}{hint}"

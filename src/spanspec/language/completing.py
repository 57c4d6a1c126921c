"""What may be written next: completion of a text of the language from its words and from a trace's own names. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spanspec.language.grammar.words import BARE_FIELDS, RESPONSE_FIELDS, SPAN_FIELDS, TRACE_FIELDS
from spanspec.language.lexicon import WORDS, Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_MAX_VALUES = 50
"""Values kept for one key, the most frequent ones."""
_MAX_LENGTH = 120
_VALUE = re.compile(
    r"""(?P<key>[^\W\d][\w.:-]*)\s*(?:=|!=|contains|starts-with|ends-with)\s*(?P<quote>["'])(?P<text>[^"']*)$"""
)
_WORD = re.compile(r"""(?:[^\W\d][\w.:-]*|:[a-z_]*)$""")
_PREFIXES = ("attr:", "resource:", "scope:", "parent:", "root:", "event:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completions:
    """What may stand at the end of a text.

    Attributes:
        start: Where the part that they replace begins.
        texts: What may stand there, the likeliest first.
    """

    start: int
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A trace's own names, gathered once.

    Attributes:
        spans: Keys to their values as text, the most frequent first: attributes, and `name`, `kind`, `status`, `service`.
        resources: The keys of resources.
        events: The keys of events' attributes.
    """

    spans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


def names_of(trace: Trace) -> Names:
    """The names in a trace; cost grows with its attributes."""
    values: dict[str, Counter[str]] = {}
    resources: set[str] = set()
    events: set[str] = set()
    for span in trace:
        for key, value in _own(span):
            seen = values.setdefault(key, Counter())
            if isinstance(value, str) and len(value) <= _MAX_LENGTH and (value in seen or len(seen) < 1000):
                seen[value] += 1
        resources.update(span.resource.attributes)
        events.update(key for event in span.events for key in event.attributes)
    return Names(
        spans={key: tuple(text for text, _ in seen.most_common(_MAX_VALUES)) for key, seen in values.items()},
        resources=tuple(sorted(resources)),
        events=tuple(sorted(events)),
    )


def _own(span: Span) -> Iterable[tuple[str, object]]:
    yield "name", span.name
    yield "kind", span.kind.value
    yield "status", span.status.value
    yield "service", span.service
    yield from span.attributes.items()
    yield from span.resource.attributes.items()


def complete(text: str, names: Names) -> Completions:
    """What may stand at the end of a text: a value of the key before it, else a name or a word of the language."""
    value = _VALUE.search(text)
    if value is not None:
        begun = value["text"]
        known = names.spans.get(value["key"].rpartition(":")[2], ())
        found = tuple(each for each in known if each.startswith(begun) and value["quote"] not in each)
        return Completions(start=value.start("text"), texts=found)
    if _inside_quotes(text):
        return Completions(start=len(text))
    word = _WORD.search(text)
    begun = word[0] if word is not None else ""
    start = len(text) - len(begun)
    options = _in_brackets(names) if _depth(text[:start], "[", "]") else _outside()
    return Completions(
        start=start,
        texts=tuple(each for each in options if begun and each.startswith(begun)) or _prefixed(begun, names),
    )


def _prefixed(begun: str, names: Names) -> tuple[str, ...]:
    """`prefix:KEY` for a text that begins with a prefix, which may stand before another one."""
    for prefix in _PREFIXES:
        if begun.startswith(prefix):
            keys = (
                names.resources if prefix == "resource:" else names.events if prefix == "event:" else tuple(names.spans)
            )
            return tuple(f"{prefix}{key}" for key in sorted(keys) if key.startswith(begun.removeprefix(prefix)))
    for prefix, fields in (("span:", SPAN_FIELDS), ("trace:", TRACE_FIELDS), ("response:", RESPONSE_FIELDS)):
        if begun.startswith(prefix):
            return tuple(f"{prefix}{name}" for name in fields if name.startswith(begun.removeprefix(prefix)))
    return ()


def _in_brackets(names: Names) -> tuple[str, ...]:
    words = [word.name for word in WORDS if word.part in (Part.PREFIX, Part.COMPARATOR) and word.name[0].isalpha()]
    return (*sorted(names.spans), *BARE_FIELDS, *words, "and", "or", "not")


def _outside() -> tuple[str, ...]:
    calls = [f"{word.name}(" for word in WORDS if word.part is Part.FUNCTION]
    pseudos = [f":{word.name}" for word in WORDS if word.part is Part.PSEUDO]
    plain = (Part.QUANTIFIER, Part.RELATION, Part.CONNECTIVE, Part.FILTER, Part.PREFIX)
    words = [word.name for word in WORDS if word.part in plain]
    return ("span[", *words, *calls, *pseudos)


def _inside_quotes(text: str) -> bool:
    quote = ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
    return bool(quote)


def _depth(text: str, opening: str, closing: str) -> int:
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
    return max(0, bare.count(opening) - bare.count(closing))

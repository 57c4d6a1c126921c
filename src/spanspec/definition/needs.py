"""`needs`: what must have passed before an item. What is needed and not among the items comes before whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spanspec.definition.decode import needs_of
from spanspec.definition.faults import Faults
from spanspec.definition.scalars import Scalar, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.definition.library import Entry
    from spanspec.definition.references import References

Key = tuple[str, int]


@dataclass
class Needs:
    """Who needs whom.

    Attributes:
        entries: All items, what is needed before whoever needs it, else in the order given.
        words: For each item its needs as the runner compares them: a name, an id, or the path of a file as shown.
    """

    entries: list[Entry] = field(default_factory=list)
    words: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    _edges: dict[Key, list[tuple[Scalar, Entry]]] = field(default_factory=dict)


def needs_between(entries: Sequence[Entry], references: References) -> Needs:
    """Follow the needs of every item; a circle is a fault that shows the way round."""
    needs = Needs()
    given = {entry.key for entry in entries}
    for entry in entries:
        _add(entry, needs, references, given)
    _circles(needs)
    return needs


def _add(entry: Entry, needs: Needs, references: References, given: set[Key]) -> None:
    if entry.key in needs.words:
        return
    needs.words[entry.key] = ()
    edges: list[tuple[Scalar, Entry]] = []
    words: list[str] = []
    for named in _named(entry):
        found = references.items(named, entry.file.found.path.parent, entry.file.faults)
        edges.extend((named, each) for each in found)
        by_word = {as_text(named).strip() in (each.id, each.name) for each in found} == {True}
        words.extend([as_text(named).strip()] if by_word else dict.fromkeys(each.file.found.shown for each in found))
        for each in found:
            if each.key not in given:
                _add(each, needs, references, given)
    needs.words[entry.key] = tuple(words)
    needs._edges[entry.key] = edges
    needs.entries.append(entry)


def _named(entry: Entry) -> tuple[Scalar, ...]:
    """The needs as written; their shape is told where the item is built."""
    body = entry.document.body
    return needs_of(body.entry("needs"), Faults(entry.file.faults.source)) if body is not None else ()


def _circles(needs: Needs) -> None:
    """Tell each circle once, at the need that closes it."""
    done: set[Key] = set()
    for start in needs.entries:
        if start.key not in done:
            _walk(start, [], needs, done)


def _walk(entry: Entry, way: list[Entry], needs: Needs, done: set[Key]) -> None:
    way = [*way, entry]
    keys = [each.key for each in way]
    for named, target in needs._edges.get(entry.key, []):
        if target.key in keys:
            round_ = [each.name for each in way[keys.index(target.key) :]] + [target.name]
            entry.file.faults.error(
                "circular-needs", f"the needs go in a circle: {' → '.join(round_)}", named.whole,
                help="Remove one of these needs.",
            )  # fmt: skip
        elif target.key not in done:
            _walk(target, way, needs, done)
    done.add(entry.key)

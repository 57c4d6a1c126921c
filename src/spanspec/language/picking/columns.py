"""Values by column: which spans have which value for a name, found once per trace and asked for each predicate.

A predicate about the span at hand alone is then tried once per different value and not once per span. What it says is the
same as `Predicates.evaluate`; what cannot be answered here (events, `parent:…`, the reference's own evaluator) is not.
"""

from __future__ import annotations

from heapq import merge
from itertools import chain
from typing import TYPE_CHECKING, Final

from spanspec.language.conventions import is_renamed
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import (
    Boolean,
    Compares,
    DurationLiteral,
    Has,
    ListLiteral,
    Name,
    Null,
    Number,
    Place,
    PredicateAnd,
    PredicateNot,
    Text,
)
from spanspec.language.truth import Outcome
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spanspec.language.picking.predicates import Predicates
    from spanspec.language.syntax import Expression, Predicate
    from spanspec.model.span import Span

_LITERALS = (Number, DurationLiteral, Text, Boolean, Null)
_OTHERWISE = frozenset({"span.events", "service.name", "name"})
_ABSENT: Final = object()

_FIELDS: Final[dict[str, Callable[[Sequence[Span]], list[object]]]] = {
    "name": lambda spans: [span.name for span in spans],
    "kind": lambda spans: [span.kind.value for span in spans],
    "status": lambda spans: [span.status.value for span in spans],
    "duration": lambda spans: [Duration(span.duration_ns) for span in spans],
    "service": lambda spans: _of_resources("service.name", spans),
}


class Split:
    """What a predicate says of each span: it holds on some, cannot be told on others, and fails on the rest.

    Attributes:
        holds: Node numbers, ascending.
        voids: Node numbers.
    """

    __slots__ = ("_set", "holds", "voids")

    def __init__(self, holds: list[int], voids: frozenset[int] = frozenset()) -> None:
        self.holds = holds
        self.voids = voids
        self._set: frozenset[int] | None = None

    @property
    def members(self) -> frozenset[int]:
        """The nodes on which it holds, as a set."""
        if self._set is None:
            self._set = frozenset(self.holds)
        return self._set


class Column:
    """The values of one name: for each different one the nodes that have it, ascending."""

    __slots__ = ("groups",)

    def __init__(self, values: Iterable[object]) -> None:
        groups: dict[object, tuple[object, list[int]]] = {}
        for node, value in enumerate(values):
            if value is _ABSENT:
                continue
            key = value if type(value) is str else _key(value)
            found = groups.get(key)
            if found is None:
                groups[key] = (value, [node])
            else:
                found[1].append(node)
        self.groups = list(groups.values())


def _key(value: object) -> object:
    """Something that tells values apart that may compare differently; equal values may have several."""
    kind = type(value)
    if kind in (int, bool, bytes, Duration, type(None)):
        return (kind, value)
    return (kind, repr(value)) if kind is float else (kind, id(value))


class Columns:
    """The columns of one trace's nodes, each made when it is first asked for."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._known: dict[tuple[Place, str, Dialect, bool], Column] = {}

    def split(self, predicate: Predicate, predicates: Predicates) -> Split | None:
        """What a predicate says of each node; None where it must be asked of each by itself."""
        if isinstance(predicate, Compares):
            return self._compares(predicate, predicates)
        if isinstance(predicate, Has):
            return self._has(predicate, predicates)
        if isinstance(predicate, PredicateNot):
            inner = self.split(predicate.operand, predicates)
            return None if inner is None else self._negated(inner)
        parts: list[Split] = []
        for operand in predicate.operands:
            part = self.split(operand, predicates)
            if part is None:
                return None
            parts.append(part)
        return _all_of(parts) if isinstance(predicate, PredicateAnd) else _any_of(parts)

    def _compares(self, predicate: Compares, predicates: Predicates) -> Split | None:
        if not _is_constant(predicate.value):
            return None
        column = self._column(predicate.name, predicates)
        if column is None:
            return None
        right = predicates.side(predicate.value, None)
        groups: list[list[int]] = []
        voids: list[list[int]] = []
        for value, nodes in column.groups if not right.missing else ():
            told = predicates.outcome_of(value, predicate.comparator, right)  # type: ignore[arg-type]
            if told is Outcome.HOLDS:
                groups.append(nodes)
            elif told is Outcome.VOID:
                voids.append(nodes)
        return Split(_joined(groups), frozenset(chain.from_iterable(voids)))

    def _has(self, predicate: Has, predicates: Predicates) -> Split | None:
        if is_renamed(predicate.name.key):
            return None
        column = self._column(predicate.name, predicates)
        if column is None:
            return None
        there = Split(_joined([nodes for _, nodes in column.groups]))
        return there if predicate.present else self._negated(there)

    def _negated(self, inner: Split) -> Split:
        held, voids = inner.members, inner.voids
        return Split([node for node in range(len(self._spans)) if node not in held and node not in voids], voids)

    # --- columns

    def _column(self, name: Name, predicates: Predicates) -> Column | None:
        given = predicates.given
        if name.via or given.dialect is Dialect.COMPAT:
            return None
        key = (name.place, name.key, given.dialect, given.aliases)
        found = self._known.get(key)
        if found is None:
            values = self._values(name, predicates)
            if values is None:
                return None
            found = self._known[key] = Column(values)
        return found

    def _values(self, name: Name, predicates: Predicates) -> list[object] | None:
        """The value on each node."""
        dialect = predicates.given.dialect
        bare = ("name", "kind") if dialect is Dialect.SPECS else tuple(_FIELDS)
        if (name.place is Place.BARE and name.key in bare) or (
            name.place is Place.SPAN and name.key in _FIELDS and name.key != "service"
        ):
            return _FIELDS[name.key](self._spans)
        if name.place is Place.RESOURCE:
            return _of_resources(name.key, self._spans)
        if name.place not in (Place.BARE, Place.ATTR) or name.key.startswith("tracetest."):
            return None
        return self._attributes(name, predicates)

    def _attributes(self, name: Name, predicates: Predicates) -> list[object]:
        """The span's, else its scope's, else its resource's, else what else a name may mean."""
        key, spans = name.key, self._spans
        values: list[object] = [span.attributes.get(key, _ABSENT) for span in spans]
        missing = [node for node, value in enumerate(values) if value is _ABSENT]
        resources: dict[int, object] = {}
        for node in missing:
            span = spans[node]
            value = span.scope.attributes.get(key, _ABSENT) if span.scope.attributes else _ABSENT
            if value is _ABSENT:
                owner = id(span.resource)
                value = resources.get(owner, resources)
                if value is resources:
                    value = resources[owner] = span.resource.attributes.get(key, _ABSENT)
            values[node] = value
        if key in _OTHERWISE or is_renamed(key):
            for node in missing:
                if values[node] is _ABSENT:
                    found = predicates.look(name, spans[node])
                    values[node] = found.value if found.present else _ABSENT
        return values


def _of_resources(key: str, spans: Sequence[Span]) -> list[object]:
    known: dict[int, object] = {}
    values: list[object] = []
    for span in spans:
        owner = id(span.resource)
        value = known.get(owner, known)
        if value is known:
            value = known[owner] = span.resource.attributes.get(key, _ABSENT)
        values.append(value)
    return values


def _is_constant(node: Expression) -> bool:
    if isinstance(node, ListLiteral):
        return all(isinstance(item, _LITERALS) for item in node.items)
    return isinstance(node, _LITERALS) or (isinstance(node, Name) and node.place in (Place.VAR, Place.ENV))


def _joined(groups: list[list[int]]) -> list[int]:
    if len(groups) == 1:
        return groups[0]
    return list(merge(*groups)) if len(groups) < 8 else sorted(chain.from_iterable(groups))


def _all_of(parts: list[Split]) -> Split:
    """Where all hold; void where one is and none fails."""
    parts = sorted(parts, key=lambda part: len(part.holds))
    held = parts[0].holds
    for part in parts[1:]:
        members = part.members
        held = [node for node in held if node in members]
    if not any(part.voids for part in parts):
        return Split(held)
    may = frozenset(chain.from_iterable(part.voids for part in parts))
    voids = frozenset(node for node in may if all(node in part.members or node in part.voids for part in parts))
    return Split(held, voids)


def _any_of(parts: list[Split]) -> Split:
    """Where one holds; void where one is and none holds."""
    held = sorted(frozenset(chain.from_iterable(part.holds for part in parts)))
    voids = frozenset(chain.from_iterable(part.voids for part in parts))
    return Split(held, voids.difference(held) if voids else voids)

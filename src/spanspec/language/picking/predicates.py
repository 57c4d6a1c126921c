"""Predicates in brackets, span by span: what each is worth now and what it may become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.expressions import evaluate
from spanspec.language.names import look_up
from spanspec.language.picking.motion import SELECTED_SPANS, Motion, decide, flipped, motion_of_name
from spanspec.language.syntax import (
    Compares,
    Has,
    Name,
    Place,
    PredicateAnd,
    PredicateNot,
    PredicateOr,
    Template,
)
from spanspec.language.truth import OPEN, Outcome, conjunction, disjunction, negate, outcome
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError, Given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set

    from spanspec.language.names import Found
    from spanspec.language.syntax import Comparator, Expression, Predicate
    from spanspec.language.verdict import Value
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Event, Link, Span

Worth: TypeAlias = "tuple[Outcome, Outcome]"
"""What a predicate is worth as if the trace had ended, and all that it may become."""

_HELD: Worth = (Outcome.HOLDS, Outcome.HOLDS)
_FAILED: Worth = (Outcome.FAILS, Outcome.FAILS)
_SETTLED: dict[Outcome, Worth] = {
    single: (single, single) for single in (Outcome.HOLDS, Outcome.FAILS, Outcome.VOID, Outcome.CLOCK)
}
_PARTS = (Place.EVENT, Place.LINK)
_ANYWHERE = (Place.VAR, Place.ENV, Place.RESPONSE, Place.TRACE)
_WITHOUT = object()


@dataclass(frozen=True, slots=True)
class _Side:
    """A value with its motion; `missing` when there is none, `undecided` when there may yet be another."""

    value: Value = None
    motion: Motion = Motion.FIXED
    missing: bool = False
    undecided: bool = False


_MISSING = _Side(missing=True)


class Predicates:
    """Evaluates predicates on spans; remembers results, errors and notes.

    Attributes:
        errors: The texts of comparisons that could not be made, in order, each once.
        notes: Renamed keys that were used, each once.
    """

    def __init__(self, given: Given, open_given: Given, uncertain: Set[SpanId] = frozenset()) -> None:
        self.given = given if given.closed else replace(given, closed=True)
        self._open = open_given
        self._uncertain = uncertain
        self._exact = replace(self.given, aliases=False)
        self._exact_open = replace(self._open, aliases=False)
        self.errors: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self._constants: dict[int, _Side] = {}
        self._compared: dict[tuple[int, int, Value], Worth] = {}
        self._kept: list[object] = []
        self._memo: dict[int, dict[int, Worth]] = {}

    def look(self, name: Name, span: Span | None, *, exact: bool = False) -> Found:
        """Look a name up as if the trace were open; what is not decided has the value as if it were closed.

        Args:
            name: The name.
            span: The span at hand.
            exact: Whether other names of the same attribute do not count.
        """
        found = look_up(name, span, self._exact_open if exact else self._open)
        if found.note:
            self.notes.setdefault(found.note)
        if found.undecided:
            return replace(look_up(name, span, self._exact if exact else self.given), undecided=True)
        if name.via and span is not None and self._may_move(name.via, span):
            return replace(found, undecided=True)
        return found

    def _may_move(self, via: str, span: Span) -> bool:
        """Whether the span's parent or root is the trigger only for want of what has not arrived."""
        if not self._uncertain or span.span_id in self._uncertain:
            return bool(self._uncertain)
        return via == "root" and any(above.span_id in self._uncertain for above in self.given.trace.ancestors(span))

    def worth(self, predicate: Predicate | None, node: int, span: Span) -> Worth:
        """What a predicate is worth on a span, `node` being the span's number."""
        if predicate is None:
            return _HELD
        memo = self._memo.get(id(predicate))
        if memo is None:
            self._kept.append(predicate)  # keeps the object alive, so that its id stays its own
            memo = self._memo[id(predicate)] = {}
        found = memo.get(node)
        if found is None:
            found = memo[node] = self.evaluate(predicate, span)
        return found

    def evaluate(self, predicate: Predicate, span: Span) -> Worth:
        """The same without remembering."""
        if isinstance(predicate, Compares):
            if predicate.name.place in _PARTS:
                return self._claim([predicate], span)
            return self._compares(predicate, span)
        if isinstance(predicate, Has):
            if predicate.name.place in _PARTS:
                return self._claim([predicate], span)
            return self._has(predicate, span)
        if isinstance(predicate, PredicateNot):
            now, may = self.evaluate(predicate.operand, span)
            return negate(now), negate(may)
        if isinstance(predicate, PredicateOr):
            return joined((self.evaluate(operand, span) for operand in predicate.operands), disjunction)
        return self._and(predicate, span)

    def _and(self, predicate: PredicateAnd, span: Span) -> Worth:
        claims, others = claims_of(predicate)
        worths: list[Worth] = []
        for operand in others:
            worth = self.evaluate(operand, span)
            if worth == _FAILED:
                return _FAILED
            worths.append(worth)
        worths.extend(self._claim(claim, span) for claim in claims)
        return joined(worths, conjunction)

    # --- comparisons

    def _compares(self, predicate: Compares, span: Span) -> Worth:
        left = self._name(predicate.name, span)
        right = self.side(predicate.value, span)
        if left.undecided or right.undecided:
            return self._outcome(left, predicate.comparator, right), OPEN
        if left.missing or right.missing:
            return _FAILED
        if left.motion or right.motion:
            return self._moving(left, predicate.comparator, right)
        if type(left.value) is not str and type(left.value) is not int:
            return _SETTLED[self._outcome(left, predicate.comparator, right)]
        key = (id(predicate), id(right), left.value)
        known = self._compared.get(key)
        if known is None:
            known = self._compared[key] = _SETTLED[self._outcome(left, predicate.comparator, right)]
            self._kept.append(right)
        return known

    def outcome_of(self, value: Value, comparator: Comparator, right: _Side) -> Outcome:
        """What comparing a value with a right side comes to."""
        return self._outcome(_Side(value), comparator, right)

    def _outcome(self, left: _Side, comparator: Comparator, right: _Side) -> Outcome:
        if left.missing or right.missing:
            return Outcome.FAILS
        try:
            return outcome(compare(left.value, comparator, right.value, self.given.dialect))
        except EvaluationError as error:
            self.errors.setdefault(str(error))
            return Outcome.VOID

    def _moving(self, left: _Side, comparator: Comparator, right: _Side) -> Worth:
        now = self._outcome(left, comparator, right)
        if now is Outcome.VOID:
            return now, OPEN
        motion = left.motion | flipped(right.motion)
        return now, decide(left.value, comparator, right.value, motion, self.given.dialect)

    def _has(self, predicate: Has, span: Span) -> Worth:
        found = self.look(predicate.name, span, exact=True)
        now = outcome(found.present == predicate.present)
        return now, OPEN if found.undecided else now

    def _name(self, name: Name, span: Span | None) -> _Side:
        found = self.look(name, span)
        if not found.present:
            return _Side(missing=True, undecided=found.undecided)
        return _Side(found.value, motion_of_name(name, self._open), undecided=found.undecided)

    def side(self, node: Expression, span: Span | None) -> _Side:
        """The right side of a comparison."""
        if isinstance(node, Name) and node.place not in _ANYWHERE:
            return self._name(node, span)
        known = self._constants.get(id(node))
        if known is None:
            known = self._evaluated(node, span)
            if not isinstance(node, Template) or _is_constant(node):
                self._kept.append(node)
                self._constants[id(node)] = known
        return known

    def _evaluated(self, node: Expression, span: Span | None) -> _Side:
        if isinstance(node, Name):
            return self._name(node, span)
        try:
            return _Side(evaluate(node, self.given, span=span))
        except EvaluationError as error:
            self.errors.setdefault(str(error))
            return _MISSING

    # --- events and links

    def _claim(self, claim: list[Compares | Has], span: Span) -> Worth:
        """Whether one event (or link) of the span satisfies all predicates of the claim."""
        name = claim[0].name
        owner, undecided = self._owner(name, span)
        if owner is None:
            return Outcome.FAILS, OPEN if undecided else Outcome.FAILS
        parts: Iterable[Event | Link] = owner.events if name.place is Place.EVENT else owner.links
        now = disjunction(conjunction(self._part(test, part, span) for test in claim) for part in parts)
        return now, OPEN if undecided else now

    def _owner(self, name: Name, span: Span) -> tuple[Span | None, bool]:
        """The span whose events or links are meant, and whether that may still change."""
        trace = self.given.trace
        if name.via == "parent":
            parent = trace.parent(span)
            return parent, self._may_move("parent", span) or (parent is None and span.parent_id is not None)
        if name.via == "root":
            return trace.root_of(span), True
        return span, False

    def _part(self, test: Compares | Has, part: Event | Link, span: Span) -> Outcome:
        value = part_value(part, test.name.key)
        if isinstance(test, Has):
            return outcome((value is not _WITHOUT) == test.present)
        right = self.side(test.value, span)
        if value is _WITHOUT or right.missing:
            return Outcome.FAILS
        try:
            return outcome(compare(value, test.comparator, right.value, self.given.dialect))  # type: ignore[arg-type]
        except EvaluationError as error:
            self.errors.setdefault(str(error))
            return Outcome.VOID


def joined(worths: Iterable[Worth], combine: Callable[[Iterable[Outcome]], Outcome]) -> Worth:
    """Combine both halves of several worths."""
    listed = list(worths)
    if len(listed) == 1:
        return listed[0]
    return combine(now for now, _ in listed), combine(may for _, may in listed)


def part_value(part: Event | Link, key: str) -> object:
    """The value of a key of an event or link, or a mark that there is none."""
    if key == "name" and hasattr(part, "name"):
        return part.name
    if key in ("trace_id", "span_id", "trace_state") and hasattr(part, key):
        return getattr(part, key)
    return part.attributes.get(key, _WITHOUT)


def flat(predicate: Predicate | None) -> Iterator[Predicate]:
    """The operands of nested conjunctions; of anything else, itself."""
    if predicate is None:
        return
    if isinstance(predicate, PredicateAnd):
        for operand in predicate.operands:
            yield from flat(operand)
    else:
        yield predicate


def claims_of(predicate: PredicateAnd) -> tuple[list[list[Compares | Has]], list[Predicate]]:
    """The conjuncts about events and links, grouped by whose they are, and the other conjuncts."""
    claims: dict[tuple[Place, str], list[Compares | Has]] = {}
    others: list[Predicate] = []
    for operand in flat(predicate):
        if isinstance(operand, (Compares, Has)) and operand.name.place in _PARTS:
            claims.setdefault((operand.name.place, operand.name.via), []).append(operand)
        else:
            others.append(operand)
    return list(claims.values()), others


def counts_selection(predicate: Predicate) -> bool:
    """Whether a conjunct is about `tracetest.selected_spans.count`."""
    return isinstance(predicate, Compares) and predicate.name.key == f"{SELECTED_SPANS}count"


def _is_constant(template: Template) -> bool:
    return all(isinstance(part, str) or (isinstance(part, Name) and part.place in _ANYWHERE) for part in template.parts)

"""One assertion of a spec on one span, or on none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.language.aggregates import MOTIONS, evaluate_call
from spanspec.language.comparing.forms import as_number, duration_of
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import SELECTED_SPANS, MissingError, evaluate
from spanspec.language.grammar.walk import walk
from spanspec.language.names import look_up, written
from spanspec.language.reference.evaluate import Evaluator
from spanspec.language.reference.values import NO_MATCH, FaultError
from spanspec.language.syntax import And, Call, Compare, Exists, Implies, Name, Not, Or, Place
from spanspec.language.values import compare, show
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.syntax import Node, Statement
    from spanspec.language.verdict import Given, Value
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanVerdict:
    """One assertion on one span.

    Attributes:
        span_id: The span; None when none was selected.
        observed: The left side's value as text.
        expected: The right side's value as text.
        passed: Whether it held.
        error: Why it could not be evaluated, or empty.
    """

    span_id: SpanId | None
    observed: str = ""
    expected: str = ""
    passed: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A verdict on a span with what more there is to say.

    Attributes:
        verdict: The verdict.
        missing: Whether a name was missing, which is a failure rather than an error.
        undecided: Whether a further span may change it.
        notes: Facts for the result.
    """

    verdict: SpanVerdict
    missing: bool = False
    undecided: bool = False
    notes: tuple[str, ...] = ()


def look_at(statement: Statement, given: Given, span: Span | None, selection: Sequence[Span]) -> Seen:
    """Evaluate an assertion on a span, or on none.

    Args:
        statement: A comparison, `exists`, or a combination of them.
        given: The trace with its trigger's span joined, and the rest.
        span: The span, or None when nothing was selected.
        selection: The spec's selection.
    """
    if given.dialect is Dialect.COMPAT and isinstance(statement, Compare):
        return _look_as_reference(statement, given, span, selection)
    return _Look(given, span, selection).at(statement)


def _look_as_reference(statement: Compare, given: Given, span: Span | None, selection: Sequence[Span]) -> Seen:
    span_id = None if span is None else span.span_id
    evaluator = _evaluator(given, span, selection)
    try:
        pair = evaluator.sides(statement)
    except EvaluationError as error:
        return Seen(verdict=SpanVerdict(span_id=span_id, passed=False, error=str(error)))
    problem, passed = "", True
    notes: tuple[str, ...] = ()
    try:
        evaluator.compare(statement, pair)
    except FaultError as fault:
        passed = False
        if fault.kind != "no_match":
            problem = str(fault)
        elif str(fault) != NO_MATCH:
            notes = (str(fault),)
    verdict = SpanVerdict(
        span_id=span_id, observed=pair.left.text, expected=pair.right.text, passed=passed, error=problem
    )
    return Seen(verdict=verdict, notes=notes)


def _evaluator(given: Given, span: Span | None, selection: Sequence[Span]) -> Evaluator:
    return Evaluator(given, span, selection, lambda call: evaluate_call(call, given, selection=selection, span=span))


class _Look:
    """Evaluates one statement on one span."""

    def __init__(self, given: Given, span: Span | None, selection: Sequence[Span]) -> None:
        self.given = given
        self.span = span
        self.selection = selection
        self.span_id = None if span is None else span.span_id

    def at(self, statement: Statement) -> Seen:
        match statement:
            case Compare():
                return self._compare(statement)
            case Exists():
                return self._exists(statement)
            case Not(operand=operand):
                return self._negated(self.at(operand))
            case And(operands=operands):
                return self._combined([self.at(operand) for operand in operands], wanted=False)
            case Or(operands=operands):
                return self._combined([self.at(operand) for operand in operands], wanted=True)
            case Implies(left=left, right=right):
                return self._combined([self._negated(self.at(left)), self.at(right)], wanted=True)
            case _:
                return self._failed("an expectation about the whole trace stands under expect:")

    def _failed(self, error: str, *, missing: bool = False, undecided: bool = False) -> Seen:
        verdict = SpanVerdict(span_id=self.span_id, passed=False, error=error)
        return Seen(verdict=verdict, missing=missing, undecided=undecided)

    def _compare(self, statement: Compare) -> Seen:
        undecided = any(self._may_change(name) for name in names_in(statement))
        try:
            left, right = self._value(statement, "left"), self._value(statement, "right")
        except MissingError as error:
            return self._failed(str(error), missing=True, undecided=undecided)
        except EvaluationError as error:
            return self._failed(str(error), undecided=undecided)
        observed, expected = _shown(left, right)
        try:
            passed, error_text = compare(left, statement.comparator, right, self.given.dialect), ""
        except EvaluationError as error:
            passed, error_text = False, str(error)
        verdict = SpanVerdict(
            span_id=self.span_id, observed=observed, expected=expected, passed=passed, error=error_text
        )
        notes = () if passed else self._told_by_reference(statement)
        return Seen(verdict=verdict, undecided=undecided, notes=notes)

    def _value(self, statement: Compare, side: str) -> Value:
        given, span, selection = self.given, self.span, self.selection
        node = statement.left if side == "left" else statement.right
        return evaluate(
            node,
            given,
            span=span,
            selection=selection,
            calls=lambda call: evaluate_call(call, given, selection=selection, span=span),
        )

    def _may_change(self, name: Name) -> bool:
        if self.given.closed or self.span is None or not name.via:
            return False
        try:
            return look_up(name, self.span, self.given).undecided
        except EvaluationError:  # a name that cannot stand here, which its value will say
            return False

    def _told_by_reference(self, statement: Compare) -> tuple[str, ...]:
        """A note when the reference would have let it pass: an existing file may have relied on it."""
        if self.given.dialect is not Dialect.SPECS or any(isinstance(part, Call) for part in parts_of(statement)):
            return ()
        try:
            _evaluator(self.given, self.span, self.selection).check(statement)
        except EvaluationError:
            return ()
        return ("Tracetest lets this pass; compat: tracetest keeps its verdict",)

    def _exists(self, statement: Exists) -> Seen:
        try:
            found = look_up(statement.name, self.span, self.given)
        except EvaluationError as error:
            return self._failed(str(error))
        passed = found.present == statement.present
        observed = show(found.value) if found.present else "missing"
        verdict = SpanVerdict(
            span_id=self.span_id,
            observed=observed,
            expected="present" if statement.present else "missing",
            passed=passed,
        )
        if passed or found.present:
            return Seen(verdict=verdict, undecided=found.undecided)
        return self._failed(
            found.missing or f"{written(statement.name)} is missing", missing=True, undecided=found.undecided
        )

    def _negated(self, seen: Seen) -> Seen:
        """The opposite; what cannot be evaluated stays failed."""
        verdict = seen.verdict
        if verdict.error:
            return seen
        turned = SpanVerdict(
            span_id=verdict.span_id,
            observed=verdict.observed,
            expected=f"not {verdict.expected}",
            passed=not verdict.passed,
        )
        return Seen(verdict=turned, undecided=seen.undecided)

    def _combined(self, parts: list[Seen], *, wanted: bool) -> Seen:
        """The first part that decides it, `wanted` being what one part suffices for; else the last."""
        for part in parts:
            if part.verdict.passed is wanted and not part.undecided:
                return part
        waiting = next((part for part in parts if part.undecided), None)
        return waiting or parts[-1]


def _shown(left: Value, right: Value) -> tuple[str, str]:
    """Both sides for people; a number beside a duration is one of nanoseconds."""
    if any(isinstance(side, Duration) or (isinstance(side, str) and duration_of(side)) for side in (left, right)):
        return _as_duration(left), _as_duration(right)
    return show(left), show(right)


def _as_duration(value: Value) -> str:
    number = as_number(value)
    return show(Duration(int(number))) if number is not None and number == number // 1 else show(value)


def parts_of(statement: Statement) -> list[Node]:
    """All nodes of a statement."""
    return list(walk(statement))


def names_in(statement: Statement) -> list[Name]:
    """All names in a statement."""
    return [part for part in parts_of(statement) if isinstance(part, Name)]


def counts(statement: Statement) -> bool:
    """Whether an assertion is about how many spans were selected, or about a set of spans, and not about one."""
    own = [name for name in names_in(statement) if not _is_global(name)]
    about_sets = any(isinstance(part, Call) and part.name in MOTIONS for part in parts_of(statement))
    selected = any(name.key.startswith(SELECTED_SPANS) for name in names_in(statement))
    return (selected and not own) or about_sets


def _is_global(name: Name) -> bool:
    return name.key.startswith(SELECTED_SPANS) or name.place in (Place.VAR, Place.ENV, Place.RESPONSE, Place.TRACE)


def is_fixed(statement: Statement) -> bool:
    """Whether what it says of a given span can no longer change, but for a parent that has not arrived."""
    calls = any(isinstance(part, Call) and part.name in MOTIONS for part in parts_of(statement))
    return not calls and not any(_moves(name) for name in names_in(statement))


def _moves(name: Name) -> bool:
    moving = name.place is Place.SPAN and name.key in ("depth", "child_count", "self_time")
    moving = moving or name.key.removeprefix("tracetest.span.") == "parent_id"  # who hangs under the trigger may move
    return moving or name.via == "root" or name.place is Place.TRACE or name.key.startswith(SELECTED_SPANS)

"""Comparisons of values, and `exists`: what they are worth now and what they may become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING

from spanspec.language.aggregates import MOTIONS, NoSpanError, arguments_of
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import MissingError, evaluate
from spanspec.language.grammar.walk import walk
from spanspec.language.judging.measures import self_ns
from spanspec.language.judging.trouble import on_the_way
from spanspec.language.judging.weighed import Evidence, Weighed, weighed
from spanspec.language.judging.wording import counted, enumeration, gathered, label
from spanspec.language.picking.motion import ORDER, Motion, decide, flipped, motion_of_name
from spanspec.language.syntax import (
    Arithmetic,
    Call,
    Comparator,
    Filtered,
    ListLiteral,
    Name,
    Negate,
    Operator,
    Place,
    Selector,
    Template,
)
from spanspec.language.truth import OPEN, Outcome, outcome
from spanspec.language.values import compare, show
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration, short_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.language.aggregates import Aggregates
    from spanspec.language.judging.judge import Judge
    from spanspec.language.syntax import Compare, Exists, Expression
    from spanspec.language.verdict import Value
    from spanspec.model.span import Span

_TIMES = frozenset({"total_time", "busy_time", "self_time", "critical_time", "sum"})
_MARKED = 20
_MOST_GAPS = 4
_WEIGHED = 50
_LISTED = 200
_MOST = 10_000
"""Spans of a selection that are weighed for an explanation; of more, some spread evenly."""

_VALUED = 1_000
"""Of those, the spans whose value of an expression is read."""

_duration = attrgetter("duration_ns")
_TOTAL_KEYS = frozenset({"duration", "name", "kind", "start", "end", "status", "id"})
_TOTAL_BARE = frozenset({"duration", "name", "kind", "status"})


@dataclass(frozen=True, slots=True)
class _Values:
    """Both sides, evaluated; or why they could not be."""

    left: Value = None
    right: Value = None
    error: EvaluationError | None = None
    missing: bool = False


def compare_values(judge: Judge, statement: Compare, node: int | None, *, lenient: bool) -> Weighed:
    """Weigh `left comparator right`."""
    span = None if node is None else judge.picker.forest.spans[node]
    now, values = _now(judge, statement, span, lenient)
    motion, undecided, fallible = _motion(judge, statement, span)
    if motion is Motion.FREE or undecided:
        may = OPEN
    elif motion is Motion.FIXED and not any(_calls(statement)):
        may = now
    else:
        may = _early(judge, statement, span, motion)
        if fallible and may != OPEN:
            may |= Outcome.VOID
    empty = isinstance(values.error, NoSpanError)
    loose = motion is Motion.FREE and not empty and not undecided
    return weighed(now, may, lambda: _evidence(judge, statement, span, values, now), loose=loose)


def existence(judge: Judge, statement: Exists, node: int | None) -> Weighed:
    """Weigh `name exists` and `name missing`."""
    span = None if node is None else judge.picker.forest.spans[node]
    found = judge.picker.predicates.look(statement.name, span, exact=True)
    now = outcome(found.present == statement.present)
    may = OPEN if found.undecided else now

    def explain() -> Evidence:
        actual = f"it is {show(found.value)}" if found.present else found.missing or "it is missing"
        spans = () if span is None else (span.span_id,)
        wanted = "present" if statement.present else "missing"
        reason = "" if now is Outcome.HOLDS else f"{judge.text(statement.name)} is to be {wanted}, and {actual}"
        return Evidence(reason=reason, expected=wanted, actual=actual, spans=spans, looked_at=spans)

    return weighed(now, may, explain)


# --- as if the trace had ended


def _now(judge: Judge, statement: Compare, span: Span | None, lenient: bool) -> tuple[Outcome, _Values]:
    aggregates = judge.aggregates
    aggregates.clocks = False
    values = _evaluated(judge, statement, span, aggregates)
    if values.error is not None:
        return (Outcome.FAILS if lenient and values.missing else Outcome.VOID), values
    held = _compared(judge, statement, values)
    if held is Outcome.VOID:
        return held, _error_of(judge, statement, values)
    if aggregates.clocks and not _whatever_clocks_say(judge, statement, span, values):
        return Outcome.CLOCK, values
    return held, values


def _whatever_clocks_say(judge: Judge, statement: Compare, span: Span | None, measured: _Values) -> bool:
    """Whether the comparison comes to the same for all that the gaps between clocks may be.

    Each gap lies between two bounds, and what is compared is monotone in each; so it suffices to try their corners.
    Two values are sure to differ, or to be equal, when it is the same all over which of them is the greater.
    """
    corners = _corners(statement)
    if corners is None:
        return False
    asked: tuple[Comparator, ...] = (statement.comparator,)
    if statement.comparator in (Comparator.EQ, Comparator.NE):
        asked = (Comparator.LT, Comparator.GT)
    elif statement.comparator not in ORDER:
        return False
    for comparator in asked:
        compared = replace(statement, comparator=comparator)
        wanted = _compared(judge, compared, measured)
        for corner in corners:
            values = _evaluated(judge, statement, span, replace(judge.aggregates, corner=corner))
            if _compared(judge, compared, values) is not wanted:
                return False
    return True


def _corners(statement: Compare) -> list[dict[int, int]] | None:
    """Each choice of the least or the greatest of every gap; None where trying them would prove nothing."""
    gaps = [*_added(statement.left), *_added(statement.right)]
    all_gaps = sum(isinstance(part, Call) and part.name == "gap" for part in walk(statement))
    if len(gaps) < all_gaps or len(gaps) > _MOST_GAPS:
        return None
    return [dict(zip(map(id, gaps), signs, strict=True)) for signs in product((-1, 1), repeat=len(gaps))]


def _added(node: Expression) -> Iterator[Call]:
    """The gaps in which an expression is monotone, whatever the others are."""
    if isinstance(node, Call) and node.name == "gap":
        yield node
    elif isinstance(node, Negate):
        yield from _added(node.operand)
    elif isinstance(node, Arithmetic):
        yield from _added(node.left)
        if node.operator is not Operator.DIVIDE:
            yield from _added(node.right)


def _evaluated(judge: Judge, statement: Compare, span: Span | None, aggregates: Aggregates) -> _Values:
    given = judge.given
    try:
        left = evaluate(statement.left, given, span=span, calls=aggregates.on(span))
        right = evaluate(statement.right, given, span=span, calls=aggregates.on(span))
    except EvaluationError as error:
        return _Values(error=error, missing=isinstance(error, MissingError))
    return _Values(left, right)


def _compared(judge: Judge, statement: Compare, values: _Values) -> Outcome:
    if values.error is not None:
        return Outcome.VOID
    try:
        return outcome(compare(values.left, statement.comparator, values.right, judge.given.dialect))
    except EvaluationError:
        return Outcome.VOID


def _error_of(judge: Judge, statement: Compare, values: _Values) -> _Values:
    try:
        compare(values.left, statement.comparator, values.right, judge.given.dialect)
    except EvaluationError as error:
        return replace(values, error=error)
    return values


def names_in(node: Expression | Selector) -> Iterator[Name]:
    """The names that an expression reads at the span at hand; those inside calls over spans left out."""
    if isinstance(node, Name):
        yield node
    elif isinstance(node, (Arithmetic,)):
        yield from names_in(node.left)
        yield from names_in(node.right)
    elif isinstance(node, (Negate, Filtered)):
        yield from names_in(node.operand)
    elif isinstance(node, ListLiteral):
        for item in node.items:
            yield from names_in(item)
    elif isinstance(node, Template):
        for part in node.parts:
            if not isinstance(part, str):
                yield from names_in(part)
    elif isinstance(node, Call) and node.name not in MOTIONS:
        for argument in node.arguments:
            yield from names_in(argument.value)


# --- what it may become


def _early(judge: Judge, statement: Compare, span: Span | None, motion: Motion) -> Outcome:
    """What the bounds on the sure spans say."""
    found, corners = Outcome(0), _corners(statement)
    if corners is None:
        return OPEN
    for corner in corners:
        bounding = replace(judge.bounding, corner=corner)
        values = _evaluated(judge, statement, span, bounding)
        if values.error is not None:  # what cannot be read on a sure span cannot be read in the end
            return OPEN if isinstance(values.error, NoSpanError) else Outcome.VOID
        found |= decide(values.left, statement.comparator, values.right, motion, judge.given.dialect)
    return found


def _motion(judge: Judge, statement: Compare, span: Span | None) -> tuple[Motion, bool, bool]:
    """How left less right may move, whether a name is not decided yet, and whether a further span may break it."""
    motion = motion_of(judge, statement.left) | flipped(motion_of(judge, statement.right))
    names = [*names_in(statement.left), *names_in(statement.right)]
    undecided = any(judge.picker.predicates.look(name, span).undecided for name in names)
    fallible = any(is_fallible(call, judge.given.dialect) for call in _calls(statement))
    return motion, undecided, fallible


def motion_of(judge: Judge, node: Expression) -> Motion:
    """How an expression's value may move while spans arrive."""
    if isinstance(node, Name):
        return motion_of_name(node, judge.still_open)
    if isinstance(node, Negate):
        return flipped(motion_of(judge, node.operand))
    if isinstance(node, Arithmetic):
        return _motion_of_arithmetic(judge, node)
    if isinstance(node, Call):
        return _motion_of_call(judge, node)
    if isinstance(node, Filtered):
        arguments = (argument for step in node.filters for argument in step.arguments)
        return _all_fixed(judge, [node.operand, *arguments])
    if isinstance(node, ListLiteral):
        return _all_fixed(judge, node.items)
    if isinstance(node, Template):
        return _all_fixed(judge, [part for part in node.parts if not isinstance(part, str)])
    return Motion.FIXED


def _all_fixed(judge: Judge, nodes: list[Expression] | tuple[Expression, ...]) -> Motion:
    return Motion.FREE if any(motion_of(judge, node) for node in nodes) else Motion.FIXED


def _motion_of_arithmetic(judge: Judge, node: Arithmetic) -> Motion:
    left, right = motion_of(judge, node.left), motion_of(judge, node.right)
    if left is Motion.FIXED and right is Motion.FIXED:
        return Motion.FIXED
    if node.operator is Operator.ADD:
        return left | right
    if node.operator is Operator.SUBTRACT:
        return left | flipped(right)
    if right is Motion.FIXED and _is_non_negative(judge, node.right):
        return left
    if node.operator is Operator.MULTIPLY and left is Motion.FIXED and _is_non_negative(judge, node.left):
        return right
    return Motion.FREE


def _is_non_negative(judge: Judge, node: Expression) -> bool:
    """Whether a fixed factor without names of a span is zero or more."""
    if any(name.place not in (Place.VAR, Place.ENV, Place.RESPONSE) for name in names_in(node)):
        return False
    try:
        value = evaluate(node, judge.given)
        return compare(value, Comparator.GE, 0, judge.given.dialect)
    except EvaluationError:
        return False


def _motion_of_call(judge: Judge, call: Call) -> Motion:
    motion = MOTIONS.get(call.name, Motion.FREE)
    if call.name in ("edges", "repeats") and judge.given.dialect is not Dialect.EXPECT:
        return Motion.FREE  # under the trigger hang those whose parent has not come
    expressions = arguments_of(call).expressions
    if motion in (Motion.FREE, Motion.FIXED) or not expressions:
        return motion
    if call.name == "sum" and not _is_duration(expressions[0]):
        return Motion.FREE
    return motion if _all_fixed(judge, expressions) is Motion.FIXED else Motion.FREE


def _is_duration(node: Expression) -> bool:
    return isinstance(node, Name) and node.place in (Place.SPAN, Place.BARE) and node.key == "duration" and not node.via


def is_fallible(call: Call, dialect: Dialect) -> bool:
    """Whether its expression may have no value on some further span."""
    total = {Place.SPAN: _TOTAL_KEYS, Place.BARE: _TOTAL_BARE if dialect is Dialect.EXPECT else frozenset()}
    expressions = arguments_of(call).expressions
    return any(
        not (isinstance(node, Name) and node.key in total.get(node.place, ()) and not node.via) for node in expressions
    )


def _calls(statement: Compare) -> Iterator[Call]:
    yield from calls_in(statement.left)
    yield from calls_in(statement.right)


def calls_in(node: Expression | Selector) -> Iterator[Call]:
    """The calls over sets of spans inside an expression."""
    if isinstance(node, Call):
        if node.name in MOTIONS:
            yield node
        else:
            for argument in node.arguments:
                yield from calls_in(argument.value)
    elif isinstance(node, Arithmetic):
        yield from calls_in(node.left)
        yield from calls_in(node.right)
    elif isinstance(node, (Negate, Filtered)):
        yield from calls_in(node.operand)
    elif isinstance(node, ListLiteral):
        for item in node.items:
            yield from calls_in(item)
    elif isinstance(node, Template):
        for part in node.parts:
            if not isinstance(part, str):
                yield from calls_in(part)


# --- evidence


def _evidence(judge: Judge, statement: Compare, span: Span | None, values: _Values, now: Outcome) -> Evidence:
    if values.error is not None:
        return _error_evidence(judge, statement, span, values)
    left, right = show(values.left), show(values.right)
    expected = right if statement.comparator is Comparator.EQ else f"{statement.comparator.value} {right}"
    nodes = _members(judge, statement, span)
    members = list(judge.picker.spans(_spread(nodes, _MOST)))
    longest = nlargest(_WEIGHED, members, key=_duration) if members else []
    where = f" on {label(span)}" if span is not None else ""
    text = judge.text(statement.left)
    reason = ""
    if now is Outcome.FAILS:
        subject = f"{text} is {left}" if text != left else left
        reason = f"{subject}{where}, not {expected}{_contributors(judge, statement, nodes, longest)}"
    elif now is Outcome.CLOCK:
        skew = short_duration(judge.given.clock_skew_ns)
        reason = f"{text} is {left}, within {skew} of {right}, and the spans' clocks are not known to agree"
    culprits = _culprits(statement, members, longest) if members else ([] if span is None else [span])
    return Evidence(
        reason=reason,
        expected=expected,
        actual=left,
        spans=tuple(each.span_id for each in culprits[:_MARKED]),
        looked_at=tuple(each.span_id for each in members[:_LISTED]) or (() if span is None else (span.span_id,)),
        notes=(
            *judge.notes(),
            *(_own_time(judge, statement, longest) if now is Outcome.FAILS else ()),
            *(_around(judge, culprits) if now is Outcome.FAILS else ()),
        ),
    )


def _own_time(judge: Judge, statement: Compare, members: list[Span]) -> tuple[str, ...]:
    """Of a time over several spans, whose own work most of it is."""
    if len(members) < 2 or not any(call.name in _TIMES for call in _calls(statement)):
        return ()
    forest = judge.picker.forest
    own = [
        (self_ns(span, [forest.spans[child] for child in forest.children[forest.number[span.span_id]]]), span)
        for span in members
        if span.span_id in forest.number
    ]
    longest, span = max(own, key=lambda pair: pair[0], default=(0, members[0]))
    if not longest:
        return ()
    return (f"the most time of its own, {short_duration(longest)}, has {label(span)}, its children left out",)


def _around(judge: Judge, spans: list[Span]) -> tuple[str, ...]:
    """Errors and retries around the spans that a value is made of, or that has it."""
    numbers = judge.picker.forest.number
    return on_the_way(judge.picker, [numbers[span.span_id] for span in spans[:_MARKED] if span.span_id in numbers])


def _error_evidence(judge: Judge, statement: Compare, span: Span | None, values: _Values) -> Evidence:
    error = values.error
    here = () if span is None else (span.span_id,)
    right = judge.text(statement.right)
    expected = right if statement.comparator is Comparator.EQ else f"{statement.comparator.value} {right}"
    if isinstance(error, NoSpanError):
        selector = error.selector
        node = None if span is None else judge.picker.node(span)
        near = judge.near(selector, node) if selector is not None else ()
        subject = judge.text(selector) if selector is not None else "the selection"
        reason = f"no span matched {subject}, and a bound on nothing is no proof"
        return Evidence(reason=reason, expected=expected, actual="no span", spans=here, near=near, notes=judge.notes())
    text = str(error)
    where = f" ({label(span)})" if span is not None else ""
    return Evidence(
        reason=f"{text}{where}",
        expected=expected,
        actual="missing" if values.missing else "",
        spans=here,
        looked_at=here,
        notes=judge.notes(),
        error="" if values.missing else text,
    )


def _members(judge: Judge, statement: Compare, span: Span | None) -> Sequence[int]:
    """The nodes of the spans that the calls of the comparison are about, each once."""
    selectors = [each for call in _calls(statement) for each in arguments_of(call).selectors or ()]
    if len(selectors) == 1:
        return judge.picker.picked_now(selectors[0], span)
    return list(dict.fromkeys(node for each in selectors for node in judge.picker.picked_now(each, span)))


def _spread(nodes: Sequence[int], most: int) -> Sequence[int]:
    """All of a few nodes; of many some, spread evenly."""
    return nodes[:: -(-len(nodes) // most)] if len(nodes) > most else nodes


def _culprits(statement: Compare, members: list[Span], longest: list[Span]) -> list[Span]:
    """The spans that weigh most."""
    if any(call.name == "count" for call in _calls(statement)):
        return members
    return longest[:3]


def _contributors(judge: Judge, statement: Compare, nodes: Sequence[int], longest: list[Span]) -> str:
    """Of whom the value is made: the longest spans, or the spans counted."""
    calls = list(_calls(statement))
    if not nodes or not calls:
        return ""
    if all(call.name == "count" for call in calls):
        return f": {gathered(judge.picker.spans(nodes[:_MOST]), judge.given.trace, total=len(nodes))}"
    if all(arguments_of(call).expressions for call in calls):
        return _by_value(judge, calls[0], nodes)
    shares = [f"{label(span)} {short_duration(span.duration_ns)}" for span in longest[:3]]
    which = f"the longest of {_share(nodes, _MOST)}" if len(nodes) > 3 else f"of {counted(len(nodes), 'span')}"
    return f"; {which}: {enumeration(shares)}"


def _share(nodes: Sequence[int], most: int) -> str:
    """`3 spans`; of many, how many of them were looked at."""
    if len(nodes) <= most:
        return counted(len(nodes), "span")
    return f"{len(_spread(nodes, most)):,} spans looked at, of {len(nodes):,} in all"


def _by_value(judge: Judge, call: Call, nodes: Sequence[int]) -> str:
    """The spans with the largest values of the call's expression."""
    expression = arguments_of(call).expressions[0]
    valued: list[tuple[Value, Span]] = []
    for span in judge.picker.spans(_spread(nodes, _VALUED)):
        try:
            valued.append((evaluate(expression, judge.given, span=span, calls=judge.aggregates.on(span)), span))
        except EvaluationError:
            continue
    valued.sort(key=lambda pair: _size(pair[0]), reverse=True)
    shares = [f"{label(span)} {show(value)}" for value, span in valued[:3]]
    return f"; of {_share(nodes, _VALUED)}: {enumeration(shares)}" if shares else ""


def _size(value: Value) -> float:
    if isinstance(value, Duration):
        return float(value.ns)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0

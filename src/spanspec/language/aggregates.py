"""Calls over a set of spans: how many, how long, how often, from where to where.

A call is evaluated on the spans that its selector picks as if the trace had ended, or on the sure ones only, which
bounds a growing value from below and a shrinking one from above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Final

from spanspec.language.expressions import evaluate
from spanspec.language.judging import measures
from spanspec.language.judging.gaps import gap_of
from spanspec.language.picking.forest import NONE
from spanspec.language.picking.motion import Motion
from spanspec.language.picking.picker import Picker
from spanspec.language.syntax import Selector
from spanspec.language.verdict import EvaluationError, Given
from spanspec.model.time import Duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spanspec.language.expressions import CallHandler
    from spanspec.language.syntax import Call, Expression
    from spanspec.language.verdict import Value
    from spanspec.model.span import Span

MOTIONS: Final[Mapping[str, Motion]] = {
    "count": Motion.GROW,
    "max": Motion.GROW,
    "sum": Motion.GROW,
    "total_time": Motion.GROW,
    "busy_time": Motion.GROW,
    "repeats": Motion.GROW,
    "distinct": Motion.GROW,
    "services": Motion.GROW,
    "edges": Motion.GROW,
    "concurrency": Motion.GROW,
    "depth": Motion.GROW,
    "min": Motion.SHRINK,
    "gap": Motion.SHRINK,
    "avg": Motion.FREE,
    "median": Motion.FREE,
    "self_time": Motion.FREE,
    "critical_time": Motion.FREE,
    "values": Motion.FREE,
    "first": Motion.FREE,
    "last": Motion.FREE,
    **{f"p{share}": Motion.FREE for share in range(100)},
}
"""The calls over sets of spans, and how their values move while spans arrive."""

EMPTY_ALLOWED: Final = frozenset({"count", "services", "edges", "distinct", "repeats"})
"""The calls that have a value on no span."""


class NoSpanError(EvaluationError):
    """A call has no value, since its selector picks nothing."""

    def __init__(self, message: str, selector: Selector | None = None) -> None:
        super().__init__(message)
        self.selector = selector


def evaluate_call(
    call: Call, given: Given, *, selection: Sequence[Span] | None = None, span: Span | None = None
) -> Value:
    """The value of a call over a set of spans as if the trace had ended.

    Args:
        call: One of `MOTIONS`.
        given: What to look at.
        selection: The spans that are meant when the call names no selector.
        span: The span at hand, for relative selectors.

    Raises:
        EvaluationError: No span matched where one is needed, an argument is wrong, or types do not compare.
    """
    return Aggregates(Picker(given)).value(call, selection=selection, span=span)


@dataclass(frozen=True, slots=True)
class Arguments:
    """A call's arguments by what they are."""

    selectors: tuple[Selector, ...] = ()
    expressions: tuple[Expression, ...] = ()


def arguments_of(call: Call) -> Arguments:
    """Sort a call's arguments."""
    values = [argument.value for argument in call.arguments]
    return Arguments(
        tuple(value for value in values if isinstance(value, Selector)),
        tuple(value for value in values if not isinstance(value, Selector)),
    )


@dataclass
class Aggregates:
    """Evaluates calls over one trace.

    Attributes:
        picker: Selects.
        only_sure: Whether to look only at the spans that cannot be revoked.
        corner: By the identity of a `gap` call, whether the least (-1) or the greatest (1) that it may be is meant
            instead of what was measured.
        notes: Remarks for the reader, each once.
        clocks: Whether a `gap` was measured that clocks leave uncertain.
    """

    picker: Picker
    only_sure: bool = False
    corner: Mapping[int, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    clocks: bool = False

    def value(self, call: Call, *, selection: Sequence[Span] | None = None, span: Span | None = None) -> Value:
        """The value of a call; see `evaluate_call`."""
        arguments = arguments_of(call)
        if call.name not in MOTIONS:
            raise EvaluationError(f'no function "{call.name}" over spans')
        if call.name == "gap":
            return self._gap(call, arguments, span)
        spans = self.members(call, selection=selection, span=span)
        if not spans and call.name not in EMPTY_ALLOWED:
            raise _no_span(call.name, next(iter(arguments.selectors), None))
        self._note_negative(spans)
        plain = _PLAIN.get(call.name)
        if plain is not None:
            return plain(self, spans)
        return self._over_values(call.name, spans, arguments, selection)

    def members(
        self, call: Call, *, selection: Sequence[Span] | None = None, span: Span | None = None
    ) -> tuple[Span, ...]:
        """The spans that a call is about."""
        selectors = arguments_of(call).selectors
        if selectors:
            return self.picker.spans(self.picked(selectors[0], span))
        if selection is not None:
            return tuple(selection)
        if call.name in ("services", "edges"):
            return self.picker.given.trace.spans
        raise EvaluationError(f"{call.name}() needs a selector here, as in {call.name}(span[…])")

    def picked(self, selector: Selector, span: Span | None) -> Sequence[int]:
        """The nodes that a selector picks, or the sure ones of them."""
        picked = self.picker.pick(selector, None if span is None else self.picker.node(span))
        if self.only_sure:
            return [node for node in picked.now if node in picked.sure]
        if picked.void:
            raise EvaluationError(self.picker.first_error)
        return picked.now

    # --- over values of an expression

    def _over_values(
        self, name: str, spans: Sequence[Span], arguments: Arguments, selection: Sequence[Span] | None
    ) -> Value:
        expression = next(iter(arguments.expressions), None)
        if name == "repeats":
            keys = self.values(spans, expression, selection) if expression is not None else None
            return self._repeats(spans, keys)
        if name in ("first", "last"):
            chosen = spans[:1] if name == "first" else spans[-1:]
            return self.values(chosen, expression, selection)[0]
        values = self.values(spans, expression, selection)
        if name == "values":
            return tuple(values)
        if name == "distinct":
            return len({key_of(value) for value in values})
        if name == "sum" and expression is None:
            self._note_nested(spans, "sum")
        return reduce_values(name, values)

    def values(
        self, spans: Sequence[Span], expression: Expression | None, selection: Sequence[Span] | None = None
    ) -> list[Value]:
        """The value of an expression on each span; its duration when there is no expression."""
        if expression is None:
            return [Duration(span.duration_ns) for span in spans]
        given = self.picker.given
        return [
            evaluate(expression, given, span=span, selection=selection, calls=self.on(span, selection))
            for span in spans
        ]

    def on(self, span: Span | None = None, selection: Sequence[Span] | None = None) -> CallHandler:
        """The handler of calls inside an expression that is evaluated on a span."""
        return lambda call: self.value(call, selection=selection, span=span)

    def _repeats(self, spans: Sequence[Span], keys: Sequence[Value] | None) -> int:
        marks: list[object] = (
            [measures.fingerprint(span) for span in spans] if keys is None else [key_of(key) for key in keys]
        )
        return max(measures.groups_of(spans, marks).values(), default=0)

    # --- over intervals and the tree

    def count(self, spans: Sequence[Span]) -> Value:
        """How many."""
        return len(spans)

    def total_time(self, spans: Sequence[Span]) -> Value:
        """Sum of durations."""
        self._note_nested(spans, "total_time")
        return Duration(sum(span.duration_ns for span in spans))

    def busy_time(self, spans: Sequence[Span]) -> Value:
        """Length of the union of the intervals."""
        return Duration(measures.busy_ns(spans))

    def self_time(self, spans: Sequence[Span]) -> Value:
        """Sum of the parts not covered by children."""
        trace = self.picker.given.trace
        return Duration(sum(measures.self_ns(span, trace.children_of(span)) for span in spans))

    def critical_time(self, spans: Sequence[Span]) -> Value:
        """The part of the critical path spent in the spans."""
        held = measures.critical_path(self.picker.forest)
        return Duration(sum(held.get(self.picker.node(span), 0) for span in spans))

    def services(self, spans: Sequence[Span]) -> Value:
        """Names of the services."""
        return frozenset(span.service for span in spans if span.service)

    def edges(self, spans: Sequence[Span]) -> Value:
        """Calls from one service to another, by parent or by link, as `a -> b`."""
        forest = self.picker.forest
        found = set()
        for span in spans:
            node = self.picker.node(span)
            sources = [*([] if forest.parent[node] == NONE else [forest.parent[node]]), *forest.link_targets(node)]
            for source in sources:
                caller = forest.spans[source].service
                if caller and span.service and caller != span.service:
                    found.add(f"{caller} -> {span.service}")
        return frozenset(found)

    def depth(self, spans: Sequence[Span]) -> Value:
        """How many ancestors the deepest has."""
        return max(self.picker.forest.levels[self.picker.node(span)] for span in spans)

    def concurrency(self, spans: Sequence[Span]) -> Value:
        """Most spans open at once."""
        return measures.concurrency(spans)

    def _gap(self, call: Call, arguments: Arguments, span: Span | None) -> Value:
        if len(arguments.selectors) != 2:
            raise EvaluationError("gap() takes two selectors, as in gap(span[…], span[…])")
        sides = [self.picker.spans(self.picked(selector, span)) for selector in arguments.selectors]
        for selector, spans in zip(arguments.selectors, sides, strict=True):
            if not spans:
                raise _no_span("gap", selector)
        gap = gap_of(sides[0], sides[1], self.picker.given.clock_skew_ns)
        assert gap is not None
        self.clocks = self.clocks or gap.low_ns < gap.high_ns
        return Duration({-1: gap.low_ns, 1: gap.high_ns}.get(self.corner.get(id(call), 0), gap.measured_ns))

    # --- remarks

    def _note_negative(self, spans: Sequence[Span]) -> None:
        for span in spans:
            if 0 < span.end_ns < span.start_ns:
                self.notes.setdefault(
                    f'"{span.name}" of {span.service} ends before it starts; its duration counts as 0'
                )

    def _note_nested(self, spans: Sequence[Span], name: str) -> None:
        nodes = {self.picker.node(span) for span in spans}
        if len(nodes) > 1 and self.picker.forest.below(nodes) & nodes:
            self.notes.setdefault(f"some of the spans contain one another, so {name} counts time twice; see busy_time")


_PLAIN: Final[Mapping[str, Callable[[Aggregates, Sequence[Span]], Value]]] = {
    "count": Aggregates.count,
    "total_time": Aggregates.total_time,
    "busy_time": Aggregates.busy_time,
    "self_time": Aggregates.self_time,
    "critical_time": Aggregates.critical_time,
    "services": Aggregates.services,
    "edges": Aggregates.edges,
    "depth": Aggregates.depth,
    "concurrency": Aggregates.concurrency,
}


def _no_span(name: str, selector: Selector | None) -> NoSpanError:
    return NoSpanError(f"no span matched, so {name}() has no value", selector)


def reduce_values(name: str, values: Sequence[Value]) -> Value:
    """`sum`, `min`, `max`, `avg`, `median` or a percentile of numbers or of durations.

    Raises:
        EvaluationError: The values are not all numbers, or not all durations.
    """
    numbers = [_number(value, name) for value in values]
    durations = {isinstance(number, Duration) for number in numbers}
    if len(durations) > 1:
        raise EvaluationError(f"{name}() over both durations and plain numbers")
    plain = [Decimal(number.ns) if isinstance(number, Duration) else number for number in numbers]
    result = _reduced(name, plain)
    return Duration(int(result.to_integral_value())) if True in durations else _tidy(result)


def _reduced(name: str, values: list[Decimal]) -> Decimal:
    if name == "sum":
        return sum(values, Decimal(0))
    if name == "min":
        return min(values)
    if name == "max":
        return max(values)
    if name == "avg":
        return sum(values, Decimal(0)) / len(values)
    share = Decimal("0.5") if name == "median" else Decimal(name[1:]) / 100
    return measures.percentile(sorted(values), share)


def _tidy(value: Decimal) -> Value:
    return int(value) if value == value.to_integral_value() else value


def _number(value: Value, name: str) -> Decimal | Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise EvaluationError(f"{name}() needs finite numbers, and got {value}")
        return Decimal(repr(value))
    if isinstance(value, str):
        duration = parse_duration(value)
        if duration is not None:
            return duration
        if _is_numeric(value):
            return Decimal(value)
    raise EvaluationError(f"{name}() needs numbers or durations, and got {_kind(value)}")


def _is_numeric(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def _kind(value: Value) -> str:
    if isinstance(value, str):
        return f'the text "{value[:40]}"'
    return {bool: "a boolean", bytes: "bytes", tuple: "a list", type(None): "null"}.get(type(value), "a map")


def key_of(value: Value) -> object:
    """Something hashable that is equal exactly when values are; numbers of any type compare by their value."""
    if isinstance(value, Mapping):
        return ("map", frozenset((key, key_of(item)) for key, item in value.items()))
    if isinstance(value, tuple):
        return ("list", tuple(key_of(item) for item in value))
    if isinstance(value, bool):
        return ("boolean", value)
    return value

"""A comparison of calls over sets that only grow: its sides evaluated on running bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.language.aggregates import NoSpanError, arguments_of
from spanspec.language.expressions import evaluate
from spanspec.language.judging import measures, running
from spanspec.language.judging.comparisons import calls_in, is_fallible, motion_of
from spanspec.language.picking.motion import Motion, decide, flipped
from spanspec.language.picking.own import of_span_alone
from spanspec.language.syntax import Arithmetic, Call, Compare, Name, Negate, Place, Selector
from spanspec.language.truth import OPEN, Outcome
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.judging.judge import Judge
    from spanspec.language.judging.leaves import Surroundings
    from spanspec.language.picking.growth import Grove, Members
    from spanspec.language.syntax import Expression
    from spanspec.language.verdict import Value

_OF_TRACE = "trace:"


class Bounding:
    """Both sides of a comparison, their calls followed.

    Attributes:
        free: Whether no bound decides it before the trace closes.
        followed: Whether all its calls can be followed.
    """

    def __init__(self, statement: Compare, around: Surroundings, judge: Judge) -> None:
        self._around = around
        self._given = judge.given
        self._comparator = statement.comparator
        self._motion = motion_of(judge, statement.left) | flipped(motion_of(judge, statement.right))
        self.free = self._motion is Motion.FREE
        self._left, self._right = _with_calls(statement.left), _with_calls(statement.right)
        calls = [*_all_calls(self._left), *_all_calls(self._right)]
        self._fallible = any(is_fallible(call, judge.given.dialect) for call in calls)
        self._broken = False
        self._sources: list[_Source] = []
        self._values: dict[int, Callable[[], Value]] = {}
        self.followed = not self.free and all(self._follow(call) for call in calls)

    def arrive(self, node: int) -> bool:
        """Take in the span that came last; whether a value may have changed."""
        changed = False
        for source in self._sources:
            try:
                changed = source.arrive(node) or changed
            except EvaluationError:
                self._broken = changed = True
        return changed

    def mask(self) -> Outcome:
        """What the bounds make of it."""
        if self._broken:
            return Outcome.VOID
        found = self._decided()
        return found | Outcome.VOID if self._fallible else found

    def _decided(self) -> Outcome:
        try:
            left = evaluate(self._left, self._given, calls=self._value)
            right = evaluate(self._right, self._given, calls=self._value)
        except NoSpanError:
            return OPEN
        except EvaluationError:
            return Outcome.VOID
        return decide(left, self._comparator, right, self._motion, self._given.dialect)

    def _value(self, call: Call) -> Value:
        return self._values[id(call)]()

    # --- following the calls

    def _follow(self, call: Call) -> bool:
        """Begin to follow a call; False where it cannot be."""
        arguments = arguments_of(call)
        if any(not of_span_alone(node, answered=False) for node in arguments.expressions):
            return False
        members = [self._around.members(selector) for selector in arguments.selectors]
        if any(not each.exact for each in members):
            return False
        if call.name == "gap":
            return len(members) == 2 and self._follow_gap(call, members)
        if len(members) > 1 or (not members and not call.name.startswith((_OF_TRACE, "services", "edges"))):
            return False
        value = self._running(call)
        if value is None:
            return False
        levels = value if isinstance(value, (running.Levels, running.Edges)) else None
        everyone = self._around.members(Selector()) if not members else members[0]
        self._sources.append(_Source(everyone, value.add, levels))
        self._values[id(call)] = value.value
        return True

    def _follow_gap(self, call: Call, members: list[Members]) -> bool:
        gap = running.Gap(self._around.grove, self._given.clock_skew_ns)
        self._sources += [_Source(members[0], gap.left), _Source(members[1], gap.right)]
        self._values[id(call)] = gap.value
        return True

    def _running(self, call: Call) -> running.Running | None:
        grove, name = self._around.grove, call.name
        of = self._of(call)
        if name == "count":
            return running.Tally(grove, lambda _span: 1, time=False, empty=True)
        if name in ("sum", "total_time"):
            return running.Tally(grove, lambda span: span.duration_ns, time=True, empty=False)
        if name in ("max", "min"):
            return running.Extreme(name, of)
        if name in ("distinct", "repeats"):
            return running.Distinct(grove, of, repeats=name == "repeats")
        if name == "depth":
            return running.Levels(grove, plus=int(grove.top is not None), empty=False)
        if name == "trace:depth":
            return running.Levels(grove, plus=1, empty=True)
        if name.startswith(_OF_TRACE):
            return running.OfTrace(grove, name.removeprefix(_OF_TRACE))
        plain: dict[str, Callable[[Grove], running.Running]] = {
            "busy_time": running.Busy,
            "concurrency": running.Concurrency,
            "services": running.Services,
            "edges": running.Edges,
        }
        return plain[name](grove) if name in plain else None

    def _of(self, call: Call) -> Callable[[int], Value]:
        """The call's expression on a member."""
        spans, given = self._around.grove.spans, self._given
        expression = next(iter(arguments_of(call).expressions), None)
        if expression is not None:
            return lambda node: evaluate(expression, given, span=spans[node])
        if call.name == "repeats":
            return lambda node: measures.fingerprint(spans[node])
        return lambda node: Duration(spans[node].duration_ns)


class _Source:
    """Hands a selection's new members on."""

    def __init__(
        self, members: Members, add: Callable[[int], None], tree: running.Levels | running.Edges | None = None
    ) -> None:
        self._members, self._add, self._tree = members, add, tree
        self._taken = 0

    def arrive(self, node: int) -> bool:
        """Take in the span that came last; whether anything was handed on."""
        if self._tree is not None:
            self._tree.arrive(node)
        log = self._members.log
        if len(log) == self._taken:
            return self._tree is not None
        new = log[self._taken :]
        self._taken = len(log)
        for member in new:
            self._add(member)
        return True


def _with_calls(node: Expression) -> Expression:
    """The expression with facts of the trace as calls, and each call an object of its own."""
    if isinstance(node, Name) and node.place is Place.TRACE:
        return Call(name=f"{_OF_TRACE}{node.key}")
    if isinstance(node, Negate):
        return replace(node, operand=_with_calls(node.operand))
    if isinstance(node, Arithmetic):
        return replace(node, left=_with_calls(node.left), right=_with_calls(node.right))
    return replace(node) if isinstance(node, Call) else node


def _all_calls(node: Expression) -> list[Call]:
    if isinstance(node, Call) and node.name.startswith(_OF_TRACE):
        return [node]
    if isinstance(node, Negate):
        return _all_calls(node.operand)
    if isinstance(node, Arithmetic):
        return [*_all_calls(node.left), *_all_calls(node.right)]
    return list(calls_in(node))

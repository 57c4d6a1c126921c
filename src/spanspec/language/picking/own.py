"""What a predicate says of a span by itself, asked once for each span whoever asks.

Equal predicates of several checks share one `Test`. What depends on other spans (`parent:…`, `child_count`) is let pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.grammar.walk import walk
from spanspec.language.picking.motion import SELECTED_SPANS
from spanspec.language.picking.predicates import flat
from spanspec.language.syntax import Call, Name, Place, PredicateAnd, PredicateNot, PredicateOr
from spanspec.language.truth import OPEN, Outcome, conjunction, disjunction, negate

if TYPE_CHECKING:
    from spanspec.language.picking.growth import Grove
    from spanspec.language.picking.predicates import Predicates
    from spanspec.language.syntax import Node, Predicate
    from spanspec.model.span import Span

_OF_TREE = frozenset({"depth", "child_count", "self_time", "parent_id"})
_VARIABLES = (Place.VAR, Place.ENV)


def of_span_alone(node: Node, *, answered: bool) -> bool:
    """Whether what is said depends on nothing but the span at hand, variables and the trigger's answer.

    Args:
        node: A predicate, a statement or an expression.
        answered: Whether the trigger's answer is there.
    """
    return all(_is_own(part, answered) for part in walk(node))


def _is_own(part: Node, answered: bool) -> bool:
    if isinstance(part, Call):
        return False
    if not isinstance(part, Name) or part.place in _VARIABLES:
        return True
    if part.place is Place.RESPONSE:
        return answered
    if part.via or part.place is Place.TRACE or part.key.startswith((SELECTED_SPANS, "tracetest.response.")):
        return False
    return part.key.removeprefix("tracetest.span.") not in _OF_TREE


class Test:
    """One predicate over the spans of a grove in the order in which they came.

    Attributes:
        alone: Whether it depends on the span at hand alone, so that the answer is final.
        top: Whether the grove's top may satisfy it; False without one.
    """

    def __init__(self, predicate: Predicate | None, grove: Grove, predicates: Predicates) -> None:
        self._predicate = predicate
        self._grove = grove
        self._predicates = predicates
        self._answered = predicates.given.response is not None
        self._passed: list[bool] = []
        self.alone = predicate is None or of_span_alone(predicate, answered=self._answered)
        self.top = grove.top is not None and self._holds(grove.top)

    def at(self, node: int) -> bool:
        """Whether the span may satisfy it."""
        passed = self._passed
        while len(passed) <= node:
            passed.append(self._holds(self._grove.spans[len(passed)]))
        return passed[node]

    def _holds(self, span: Span) -> bool:
        if self._predicate is None:
            return True
        return bool(self._may(self._predicate, span) & Outcome.HOLDS)

    def _may(self, predicate: Predicate, span: Span) -> Outcome:
        if self.alone or of_span_alone(predicate, answered=self._answered):
            return self._predicates.evaluate(predicate, span)[0]
        if isinstance(predicate, PredicateNot):
            return negate(self._may(predicate.operand, span))
        if isinstance(predicate, PredicateOr):
            return disjunction(self._may(operand, span) for operand in predicate.operands)
        if isinstance(predicate, PredicateAnd):
            operands = list(flat(predicate))
            own = [part for part in operands if of_span_alone(part, answered=self._answered)]
            together = [PredicateAnd(operands=tuple(own))] if len(own) > 1 else own
            return conjunction([*(self._predicates.evaluate(part, span)[0] for part in together), OPEN])
        return OPEN


class Tests:
    """The tests of one grove, one for all equal predicates."""

    def __init__(self, grove: Grove, predicates: Predicates) -> None:
        self.grove = grove
        self.predicates = predicates
        self._known: dict[Predicate | None, Test] = {}

    def of(self, predicate: Predicate | None) -> Test:
        """The test of a predicate."""
        found = self._known.get(predicate)
        if found is None:
            found = self._known[predicate] = Test(predicate, self.grove, self.predicates)
        return found

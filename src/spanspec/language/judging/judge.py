"""Weighs statements: connectives here, each kind of leaf in a module of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.language.aggregates import Aggregates
from spanspec.language.format import format as format_node
from spanspec.language.judging import comparisons, quantified, related, standalone
from spanspec.language.judging.weighed import Evidence, Weighed, both, either, implied, opposite, weighed
from spanspec.language.judging.wording import shortened
from spanspec.language.picking.convert import as_predicate, speaks_of_parts
from spanspec.language.picking.picker import Picker
from spanspec.language.syntax import And, Compare, Exists, Expect, Implies, Not, Or, Relate, StandAlone
from spanspec.language.truth import Outcome
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.syntax import AnyNode, Predicate, Selector, Statement
    from spanspec.language.verdict import Given, NearMiss


class Judge:
    """Weighs statements on one `Given`.

    Attributes:
        given: What is looked at, as if it were closed.
        still_open: The same as if it were open.
        growing: Whether it is.
        picker: Selects.
        aggregates: Evaluates calls as if the trace had ended.
        bounding: Evaluates calls on sure spans only.
    """

    def __init__(self, given: Given) -> None:
        self.picker = Picker(given)
        self.growing = not given.closed
        self.given = replace(self.picker.given, closed=True)
        self.still_open = self.picker.open_given
        self.aggregates = Aggregates(self.picker)
        self.bounding = Aggregates(self.picker, only_sure=True)

    def weigh(self, statement: Statement, node: int | None = None, *, lenient: bool = False) -> Weighed:
        """Weigh a statement.

        Args:
            statement: The statement.
            node: The span at hand, inside `where`.
            lenient: Whether a missing attribute makes a comparison fail instead of the whole check.
        """
        try:
            return self._weigh(statement, node, lenient)
        except EvaluationError as error:
            text = str(error)
            return weighed(Outcome.VOID, Outcome.VOID, lambda: Evidence(reason=text, error=text))

    def _weigh(self, statement: Statement, node: int | None, lenient: bool) -> Weighed:
        if isinstance(statement, (Compare, Exists)):
            if node is not None and speaks_of_parts(statement):
                return self._parts(statement, node)
            if isinstance(statement, Compare):
                return comparisons.compare_values(self, statement, node, lenient=lenient)
            return comparisons.existence(self, statement, node)
        if isinstance(statement, Expect):
            return quantified.expect(self, statement, node)
        if isinstance(statement, Relate):
            return related.relate(self, statement, node)
        if isinstance(statement, StandAlone):
            return standalone.stand_alone(self, statement, node)
        if isinstance(statement, Not):
            return opposite(self.weigh(statement.operand, node, lenient=lenient), self.text(statement.operand))
        if isinstance(statement, And):
            return both(self._conjuncts(statement.operands, node, lenient))
        if isinstance(statement, Or):
            return either([self.weigh(operand, node, lenient=lenient) for operand in statement.operands])
        return self._implication(statement, node, lenient)

    def _implication(self, statement: Implies, node: int | None, lenient: bool) -> Weighed:
        left = self.weigh(statement.left, node, lenient=lenient)
        return implied(left, self.weigh(statement.right, node, lenient=lenient), self.text(statement.left))

    def _conjuncts(self, operands: Sequence[Statement], node: int | None, lenient: bool) -> list[Weighed]:
        """The operands weighed; what they say of events or links is one claim, so it is weighed together."""
        claims: list[Statement] = []
        others: list[Statement] = []
        for operand in _flat(operands):
            about_parts = node is not None and isinstance(operand, (Compare, Exists)) and speaks_of_parts(operand)
            (claims if about_parts else others).append(operand)
        parts = [self.weigh(operand, node, lenient=lenient) for operand in others]
        if claims and node is not None:
            parts.append(self._parts(claims[0] if len(claims) == 1 else And(operands=tuple(claims)), node))
        return parts

    def _parts(self, statement: Statement, node: int) -> Weighed:
        """What is said of a span's events or links."""
        predicate = as_predicate(statement)
        assert predicate is not None
        return self.by_predicate(predicate, node, self.text(statement))

    def by_predicate(self, predicate: Predicate, node: int, text: str) -> Weighed:
        """Weigh what can be read as a predicate."""
        span = self.picker.forest.spans[node]
        now, may = self.picker.predicates.worth(predicate, node, span)
        return weighed(now, may, lambda: Evidence(reason=f"{text} does not hold", expected=text, spans=(span.span_id,)))

    # --- for evidence

    def text(self, node: AnyNode) -> str:
        """A node as text, cut when it is long."""
        return shortened(format_node(node, self.given.dialect))

    def near(self, selector: Selector, node: int | None = None) -> tuple[NearMiss, ...]:
        """The near misses of a selector."""
        from_here = node if selector.relative else None
        return quantified.near(self, selector, from_here)

    def notes(self) -> tuple[str, ...]:
        """Remarks of selection and of calls."""
        return tuple({**self.picker.predicates.notes, **self.aggregates.notes})


def _flat(operands: Sequence[Statement]) -> list[Statement]:
    """The operands with nested conjunctions opened."""
    found: list[Statement] = []
    for operand in operands:
        found.extend(_flat(operand.operands) if isinstance(operand, And) else [operand])
    return found

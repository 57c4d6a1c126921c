"""Watching a statement while spans come: whether it may have been decided, said in constant time for most spans.

A statement that is undecided is decided by sure facts alone: members that no further span revokes, pairs of them, bounds
over them. Such facts only come to be, and each comes with a span. So a statement is watched leaf by leaf (`Leaf`), each
of which keeps from above what its sure facts can be at most: how many members (`picking.growth`), which pairs
(`judging.pairs`), what value (`judging.running`). While that does not suffice for a decision nothing is evaluated. When
it does, the leaf fires, and the leaf alone is weighed by `Judge` on the trace at hand, whose word counts: so a watch can
never say anything else than `judge`, it can only be late, and never late if what it keeps is an upper bound. The property
test `tests/runner/test_evaluation.py` holds both.

Leaves that can only be decided when the trace closes (an average, `every A calls B`) are found before the first span and
never looked at again (`Never`). What is not followed fires at each span once its selections are not empty (`Always`).
What a leaf may end with is kept as a mask, and `and`, `or`, `not`, `implies` are Kleene's over the masks.

Cost: one test per span and distinct predicate, one step per span and selection; an evaluation per decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.judging.judge import Judge
from spanspec.language.judging.leaves import Leaf, Surroundings, leaf_of
from spanspec.language.syntax import And, Implies, Not, Or
from spanspec.language.truth import OPEN, Outcome, conjunction, disjunction, negate, truth_of
from spanspec.language.verdict import Truth

if TYPE_CHECKING:
    from spanspec.language.syntax import Statement
    from spanspec.language.verdict import Given


class Watch:
    """One statement under `expect:`.

    Attributes:
        truth: What is known on the spans taken in.
    """

    def __init__(self, statement: Statement, around: Surroundings, given: Given) -> None:
        """Begin.

        Args:
            statement: The statement.
            around: What all watches of one trace share.
            given: What to look at, open, before the first span.
        """
        self._statement = statement
        self._around = around
        self._leaves: dict[int, Leaf] = {}
        judge = Judge(given)
        for part in _leaves_of(statement):
            self._leaves[id(part)] = leaf_of(part, around, judge)
        self.truth = self._combined()

    def arrive(self, node: int) -> bool:
        """Take in the span that came last; whether a leaf may have been decided by it."""
        fired = False
        for leaf in self._leaves.values():
            fired = leaf.arrive(node, hot=self._around.hot) or fired
        return fired

    def rouse(self) -> None:
        """Have every leaf weighed that may still change."""
        for leaf in self._leaves.values():
            leaf.rouse()

    def look(self, given: Given) -> Truth:
        """Weigh the leaves that fired on the trace at hand.

        Args:
            given: The same as at the beginning, with the trace as it is now.
        """
        judge = Judge(given)
        for leaf in self._leaves.values():
            leaf.look(judge)
        self.truth = self._combined()
        return self.truth

    def _combined(self) -> Truth:
        return truth_of(self._mask(self._statement))

    def _mask(self, statement: Statement) -> Outcome:
        if isinstance(statement, Not):
            return negate(self._mask(statement.operand))
        if isinstance(statement, And):
            return conjunction(self._mask(operand) for operand in statement.operands)
        if isinstance(statement, Or):
            return disjunction(self._mask(operand) for operand in statement.operands)
        if isinstance(statement, Implies):
            return disjunction((negate(self._mask(statement.left)), self._mask(statement.right)))
        leaf = self._leaves.get(id(statement))
        return leaf.mask if leaf is not None else OPEN


def _leaves_of(statement: Statement) -> list[Statement]:
    if isinstance(statement, Not):
        return _leaves_of(statement.operand)
    if isinstance(statement, (And, Or)):
        return [leaf for operand in statement.operands for leaf in _leaves_of(operand)]
    if isinstance(statement, Implies):
        return [*_leaves_of(statement.left), *_leaves_of(statement.right)]
    return [statement]

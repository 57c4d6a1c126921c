"""What a spec's assertion comes to before the trace has closed.

Each assertion is read as what it says of the whole: a call without a selector is over the spec's own, and the number of
selected spans is `count` of it. One that speaks of sets alone is then decided as an expectation is; one that speaks of
each span fails with the first span that stays selected and that nothing can make satisfy it. It never holds early, for
another span may come.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.language.aggregates import MOTIONS, arguments_of
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import SELECTED_SPANS
from spanspec.language.grammar.walk import walk
from spanspec.language.judging.comparisons import names_in
from spanspec.language.judging.span_checks import counts
from spanspec.language.syntax import (
    And,
    Argument,
    Arithmetic,
    Call,
    Compare,
    Exists,
    Implies,
    Name,
    Negate,
    Not,
    Or,
    Place,
)
from spanspec.language.truth import Outcome
from spanspec.language.verdict import Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spanspec.language.judging.judge import Judge
    from spanspec.language.syntax import Expression, Selector, Statement

_FAILING = Outcome.FAILS | Outcome.VOID


def of_whole(statement: Statement, selector: Selector, dialect: Dialect) -> Statement | None:
    """The assertion with the spec's selector written out; None where it would not mean the same.

    Args:
        statement: The assertion: comparisons and their combinations.
        selector: The spec's selector.
        dialect: Its meaning; the reference's own evaluator has no bounds.
    """
    if dialect is Dialect.COMPAT or _negates_existence(statement):
        return None
    return _written_out(statement, selector)


def _negates_existence(statement: Statement) -> bool:
    """In a spec what is missing stays failed under `not`; in an expectation it does not."""
    turning = (part for part in walk(statement) if isinstance(part, (Not, Implies)))
    return any(isinstance(part, Exists) for turn in turning for part in walk(turn))


def _written_out(statement: Statement, selector: Selector) -> Statement | None:
    if isinstance(statement, Compare):
        left, right = _expression(statement.left, selector), _expression(statement.right, selector)
        return replace(statement, left=left, right=right)
    if isinstance(statement, Exists):
        return statement
    if isinstance(statement, Not):
        operand = _written_out(statement.operand, selector)
        return None if operand is None else replace(statement, operand=operand)
    if isinstance(statement, Implies):
        sides = [_written_out(side, selector) for side in (statement.left, statement.right)]
        return None if sides[0] is None or sides[1] is None else replace(statement, left=sides[0], right=sides[1])
    if isinstance(statement, (And, Or)):
        operands = [_written_out(operand, selector) for operand in statement.operands]
        known = tuple(operand for operand in operands if operand is not None)
        return replace(statement, operands=known) if len(known) == len(operands) else None
    return None


def _expression(node: Expression, selector: Selector) -> Expression:
    if isinstance(node, Name):
        counted = node.key == f"{SELECTED_SPANS}count" and node.place in (Place.ATTR, Place.BARE)
        return Call(name="count", arguments=(Argument(value=selector),)) if counted else node
    if isinstance(node, Negate):
        return replace(node, operand=_expression(node.operand, selector))
    if isinstance(node, Arithmetic):
        return replace(node, left=_expression(node.left, selector), right=_expression(node.right, selector))
    if isinstance(node, Call) and node.name in MOTIONS and not arguments_of(node).selectors:
        return replace(node, arguments=(Argument(value=selector), *node.arguments))
    return node


def early(statement: Statement, whole: Statement, judge: Judge, sure: Iterable[int]) -> Truth:
    """What no further span can change.

    Args:
        statement: The assertion as it is written.
        whole: The same by `of_whole`.
        judge: The trace at hand, open.
        sure: The nodes that stay selected.
    """
    nodes = list(sure)
    if of_sets_alone(whole):
        mask = judge.weigh(whole).may
        if mask == Outcome.HOLDS and (nodes or counts(statement)):  # what is not about sets fails on no span
            return Truth.HOLDS
        return Truth.FAILS if not mask & ~_FAILING else Truth.UNDECIDED
    violated = any(not judge.weigh(whole, node).may & ~_FAILING for node in nodes)
    return Truth.FAILS if violated else Truth.UNDECIDED


def of_sets_alone(whole: Statement) -> bool:
    """Whether an assertion says the same of each span, since it reads nothing on the span at hand."""
    compared = [part for part in walk(whole) if isinstance(part, (Compare, Exists))]
    names = [name for part in compared for name in _read(part)]
    return all(name.place in (Place.VAR, Place.ENV, Place.RESPONSE, Place.TRACE) for name in names)


def _read(part: Compare | Exists) -> Iterator[Name]:
    if isinstance(part, Exists):
        yield part.name
    else:
        yield from names_in(part.left)
        yield from names_in(part.right)

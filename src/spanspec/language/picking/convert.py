"""Conditions after `where` that say no more than brackets could are read as predicates, which are quicker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.picking.motion import SELECTED_SPANS
from spanspec.language.syntax import (
    And,
    Boolean,
    Compare,
    Compares,
    DurationLiteral,
    Exists,
    Has,
    Name,
    Not,
    Null,
    Number,
    Or,
    Place,
    PredicateAnd,
    PredicateNot,
    PredicateOr,
    Text,
)

if TYPE_CHECKING:
    from spanspec.language.syntax import Expression, Predicate, Statement

_LITERALS = (Number, DurationLiteral, Text, Boolean, Null)
_PARTS = (Place.EVENT, Place.LINK)
_SPAN_PLACES = (Place.BARE, Place.ATTR, Place.RESOURCE, Place.SCOPE, Place.SPAN, *_PARTS)


def speaks_of_parts(statement: Compare | Exists) -> bool:
    """Whether it is about an event or a link of the span at hand."""
    name = statement.left if isinstance(statement, Compare) else statement.name
    return isinstance(name, Name) and name.place in _PARTS


def as_predicate(statement: Statement) -> Predicate | None:
    """The predicate that says the same of a span, or None when there is none."""
    if isinstance(statement, Compare):
        return _comparison(statement)
    if isinstance(statement, Exists):
        return Has(name=statement.name, present=statement.present) if _of_span(statement.name) else None
    if isinstance(statement, Not):
        operand = as_predicate(statement.operand)
        return None if operand is None else PredicateNot(operand=operand)
    if isinstance(statement, (And, Or)):
        operands = [as_predicate(operand) for operand in statement.operands]
        known = tuple(operand for operand in operands if operand is not None)
        if len(known) < len(operands):
            return None
        return PredicateAnd(operands=known) if isinstance(statement, And) else PredicateOr(operands=known)
    return None


def has_negation(statement: Statement) -> bool:
    """Whether there is a `not` among its connectives."""
    if isinstance(statement, Not):
        return True
    return isinstance(statement, (And, Or)) and any(has_negation(operand) for operand in statement.operands)


def _comparison(statement: Compare) -> Predicate | None:
    left, right = statement.left, statement.right
    if not _of_span(left):
        return None
    assert isinstance(left, Name)
    if not isinstance(right, _LITERALS) and left.place not in _PARTS:
        return None
    return Compares(name=left, comparator=statement.comparator, value=right)


def _of_span(node: Expression) -> bool:
    return isinstance(node, Name) and node.place in _SPAN_PLACES and not node.key.startswith(SELECTED_SPANS)

"""What is said of one thing in one breath: comparisons with constants, gathered so that two of them can be held together."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.comparing.forms import duration_of
from spanspec.language.dialect import Dialect
from spanspec.language.format import format as written
from spanspec.language.format import format_predicate
from spanspec.language.grammar.walk import walk
from spanspec.language.grammar.words import BARE_FIELDS, FUNCTIONS, Sort
from spanspec.language.syntax import (
    And,
    Boolean,
    Call,
    Comparator,
    Compare,
    Compares,
    DurationLiteral,
    Exists,
    Expression,
    Has,
    ListLiteral,
    Name,
    Node,
    Null,
    Number,
    Place,
    PredicateAnd,
    Text,
)
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.language.verdict import Value

Constant: TypeAlias = "str | bool | Decimal | Duration | None"

MIRRORED = {
    Comparator.EQ: Comparator.EQ,
    Comparator.NE: Comparator.NE,
    Comparator.LT: Comparator.GT,
    Comparator.LE: Comparator.GE,
    Comparator.GT: Comparator.LT,
    Comparator.GE: Comparator.LE,
}
"""The comparator that says the same with its sides exchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One comparison with constants.

    Attributes:
        subject: What is compared; equal subjects are the same thing.
        comparator: How; None for `exists` and `missing`.
        constants: With what; several for `in`.
        present: What `exists` (true) and `missing` (false) say.
        node: Where it stands.
    """

    subject: tuple[str, ...]
    comparator: Comparator | None = None
    constants: tuple[Constant, ...] = ()
    present: bool = True
    node: Compares | Has | Compare | Exists

    def text(self, dialect: Dialect) -> str:
        """As it is written."""
        if isinstance(self.node, (Compares, Has)):
            return format_predicate(self.node, dialect)
        return written(self.node, dialect)


def claims_of(node: Node, dialect: Dialect) -> list[Claim]:
    """What a conjunction, or a single comparison, says outright; parts under `or` and `not` are left out."""
    found = (_claim(part, dialect) for part in conjuncts(node))
    return [claim for claim in found if claim is not None]


def conjuncts(node: Node) -> Iterator[Node]:
    """The operands of nested conjunctions; of anything else, itself."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, (And, PredicateAnd)):
            stack.extend(reversed(current.operands))
        else:
            yield current


def constant(node: Node) -> tuple[bool, Constant]:
    """Whether a node is a literal, and its value."""
    match node:
        case Number(text=text):
            try:
                return True, Decimal(text)
            except InvalidOperation:
                return False, None
        case Text(value=value):
            return True, value
        case DurationLiteral(value=value):
            return True, value
        case Boolean(value=value):
            return True, value
        case Null():
            return True, None
        case _:
            return False, None


def value_of(node: Node) -> tuple[bool, Value]:
    """The same, lists of literals included."""
    if isinstance(node, ListLiteral):
        items = [constant(item) for item in node.items]
        return all(known for known, _ in items), tuple(value for _, value in items)
    return constant(node)


def quantity(value: Constant) -> Decimal | None:
    """A constant as a number: a duration in nanoseconds, a text that reads as one; None for all else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, Duration):
        return Decimal(value.ns)
    if isinstance(value, Decimal):
        return value
    duration = duration_of(value)
    if duration is not None:
        return Decimal(duration.ns)
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def subject_of(node: Expression, dialect: Dialect) -> tuple[str, ...] | None:
    """What an expression stands for, the same for two spellings of one thing; None for what differs at each reading."""
    if isinstance(node, Name):
        place, key = str(node.place), node.key
        fields = BARE_FIELDS if dialect is Dialect.EXPECT else ("name", "kind")
        if node.place is Place.BARE and not node.quoted and key in fields:
            place, key = ("resource", "service.name") if key == "service" else ("span", key)
        elif node.place is Place.BARE:
            place = "attr"
        return ("name", node.via, place, key)
    if constant(node)[0] or any(_is_generator(part) for part in walk(node)):
        return None
    return ("value", written(node, dialect))


def _is_generator(node: Node) -> bool:
    return isinstance(node, Call) and (node.name not in FUNCTIONS or FUNCTIONS[node.name].sort is Sort.GENERATED)


def _claim(node: Node, dialect: Dialect) -> Claim | None:
    match node:
        case Has(name=name, present=present) | Exists(name=name, present=present):
            subject = subject_of(name, dialect)
            return None if subject is None else Claim(subject=subject, present=present, node=node)
        case Compares(name=name, comparator=comparator, value=value):
            return _compared(node, name, comparator, value, dialect)
        case Compare(left=left, comparator=comparator, right=right):
            if constant(left)[0] and comparator in MIRRORED:
                left, comparator, right = right, MIRRORED[comparator], left
            return _compared(node, left, comparator, right, dialect)
        case _:
            return None


def _compared(
    node: Compares | Compare, left: Expression, comparator: Comparator, right: Expression, dialect: Dialect
) -> Claim | None:
    subject = subject_of(left, dialect)
    items = right.items if isinstance(right, ListLiteral) else (right,)
    found = [constant(item) for item in items]
    listed = comparator in (Comparator.IN, Comparator.NOT_IN)
    if subject is None or not all(known for known, _ in found) or isinstance(right, ListLiteral) != listed:
        return None
    constants = tuple(value for _, value in found)
    return Claim(subject=subject, comparator=comparator, constants=constants, node=node)

"""Conjuncts that nothing satisfies together: `a = 1 a = 2`, `x > 5 and x < 3`, `a missing a = 1`.

Two at a time are enough: bounds on one line that meet two by two all meet.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from spanspec.language.checks.conjuncts import claims_of, quantity
from spanspec.language.conventions import is_renamed
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import Comparator
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.language.checks.conjuncts import Claim, Constant
    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Node

_MOST = 60
"""Conjuncts of one text that are held together; the work grows with their square."""

_SETS = (Comparator.EQ, Comparator.IN)
_EXCLUDED = (Comparator.NE, Comparator.NOT_IN)
_BELOW = (Comparator.LT, Comparator.LE)
_ABOVE = (Comparator.GT, Comparator.GE)
_STRICT = (Comparator.LT, Comparator.GT)
_OF_TEXTS = (
    Comparator.CONTAINS,
    Comparator.NOT_CONTAINS,
    Comparator.STARTS_WITH,
    Comparator.ENDS_WITH,
    Comparator.MATCHES,
    Comparator.NOT_MATCHES,
)
_OPPOSITES = (
    {Comparator.CONTAINS, Comparator.NOT_CONTAINS},
    {Comparator.MATCHES, Comparator.NOT_MATCHES},
)


def check_conjunction(node: Node, report: Report) -> None:
    """Tell the first pair of conjuncts that nothing satisfies."""
    pair = contradiction(claims_of(node, report.dialect), report.dialect)
    if pair is not None:
        _tell(*pair, report)


def check_condition(chosen: Node, condition: Node, report: Report) -> None:
    """Tell a condition that no span can satisfy which the brackets before it let through."""
    first, second = claims_of(chosen, report.dialect), claims_of(condition, report.dialect)
    for a in first[:_MOST]:
        for b in second[:_MOST]:
            if clash(a, b, report.dialect):
                _tell(a, b, report)
                return


def contradiction(claims: Sequence[Claim], dialect: Dialect) -> tuple[Claim, Claim] | None:
    """Two claims that nothing satisfies together, if there are such."""
    for first, second in combinations(claims[:_MOST], 2):
        if clash(first, second, dialect):
            return first, second
    return None


def _tell(first: Claim, second: Claim, report: Report) -> None:
    one, other = first.text(report.dialect), second.text(report.dialect)
    advice = "join them by or when either will do"
    if first.comparator is second.comparator is Comparator.EQ:
        name, values = one.partition(" = ")[0], [each.partition(" = ")[2] for each in (one, other)]
        advice = f"write {name} in [{', '.join(values)}] when either will do" if '"' not in name else advice
    who = f"no {first.subject[2]}" if first.subject[2:3] in (("event",), ("link",)) else "nothing"
    report.contradiction(f"{who} satisfies both {one} and {other}", second.node.range, help=advice)


def clash(first: Claim, second: Claim, dialect: Dialect) -> bool:
    """Whether nothing satisfies both."""
    if first.subject != second.subject:
        return False
    if first.comparator is None or second.comparator is None:
        return _absent(first, second, dialect)
    return any(_one_way(a, b, dialect) for a, b in ((first, second), (second, first)))


def _absent(first: Claim, second: Claim, dialect: Dialect) -> bool:
    """`missing` beside `exists` or a comparison; a renamed attribute may be missing and compared by its other name."""
    if first.comparator is None and second.comparator is None:
        return first.present != second.present
    missing = first if first.comparator is None else second
    return not missing.present and not (dialect is Dialect.EXPECT and is_renamed(missing.subject[-1]))


def _one_way(first: Claim, second: Claim, dialect: Dialect) -> bool:
    assert first.comparator is not None
    assert second.comparator is not None
    if first.comparator in _SETS:
        return all(_excludes(value, second, dialect) for value in first.constants)
    if first.comparator in _BELOW and second.comparator in _ABOVE:
        return _apart(first, second)
    if {first.comparator, second.comparator} in _OPPOSITES:
        return first.constants == second.constants
    edges = (Comparator.STARTS_WITH, Comparator.ENDS_WITH)
    if first.comparator is second.comparator and first.comparator in edges:
        return _other_edges(first, second)
    return False


def _excludes(value: Constant, claim: Claim, dialect: Dialect) -> bool:
    """Whether nothing that equals `value` satisfies the claim."""
    comparator = claim.comparator
    assert comparator is not None
    if comparator in _SETS:
        return all(_differ(value, other) for other in claim.constants)
    if comparator in _EXCLUDED:
        return any(type(value) is type(other) and value == other for other in claim.constants)
    if comparator in (*_BELOW, *_ABOVE):
        left, right = quantity(value), quantity(claim.constants[0])
        return left is not None and right is not None and not compare(left, comparator, right, dialect)
    if comparator in _OF_TEXTS and isinstance(value, str) and quantity(value) is None:
        try:
            return not compare(value, comparator, claim.constants[0], dialect)
        except EvaluationError:
            return False
    return False


def _differ(first: Constant, second: Constant) -> bool:
    """Whether nothing equals both: a number equals the text that reads as it, and a duration its nanoseconds."""
    one, other = quantity(first), quantity(second)
    if one is not None and other is not None:
        return one != other
    return first != second


def _apart(below: Claim, above: Claim) -> bool:
    high, low = quantity(below.constants[0]), quantity(above.constants[0])
    if high is None or low is None:
        return False
    strict = below.comparator in _STRICT or above.comparator in _STRICT
    return low > high or (strict and low == high)


def _other_edges(first: Claim, second: Claim) -> bool:
    one, other = first.constants[0], second.constants[0]
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    if first.comparator is Comparator.STARTS_WITH:
        return not one.startswith(other) and not other.startswith(one)
    return not one.endswith(other) and not other.endswith(one)


def always_one(operands: Iterable[Node], dialect: Dialect) -> tuple[Claim, Claim] | None:
    """Two alternatives of which one holds whatever the value is: `a != 1 or a != 2`, `a = 1 or a != 1`."""
    claims = [claim for operand in operands for claim in claims_of(operand, dialect)[:1] if operand is claim.node]
    for first, second in combinations(claims[:_MOST], 2):
        if first.subject == second.subject and _covers(first, second):
            return first, second
    return None


def _covers(first: Claim, second: Claim) -> bool:
    comparators = {first.comparator, second.comparator}
    if comparators == {Comparator.NE}:
        return _differ(first.constants[0], second.constants[0])
    if comparators in ({Comparator.EQ, Comparator.NE}, *_OPPOSITES, {Comparator.IN, Comparator.NOT_IN}):
        return first.constants == second.constants
    if comparators == {None}:
        return first.present != second.present
    return False

"""Sums of durations over spans that may contain one another, so that one moment counts several times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.checks.conjuncts import claims_of
from spanspec.language.syntax import Combinator, Comparator, Selector

if TYPE_CHECKING:
    from spanspec.language.checks.report import Report
    from spanspec.language.dialect import Dialect
    from spanspec.language.syntax import Call, Chain, Step

_FLAT = ("leaf", "root", "orphan")
_ONE = ("first", "last", "slowest", "fastest", "nth")
_LIKE = (Combinator.CHILD, Combinator.SIBLING)


def check_sum(node: Call, report: Report) -> None:
    """Warn where a sum of durations can hold a span and its own descendant."""
    sums = node.name == "total_time" or (node.name == "sum" and len(node.arguments) == 1)
    if not sums or not node.arguments:
        return
    selector = node.arguments[0].value
    if isinstance(selector, Selector) and may_nest(selector, report.dialect):
        report.warn(
            "overlapping-sum",
            f"{node.name} counts a span and its children both, and these spans may contain one another",
            node.range,
            help="write busy_time(…) for the time in which any of them was open, self_time(…) for their own work",
        )


def may_nest(selector: Selector, dialect: Dialect) -> bool:
    """Whether a selector is likely to select a span and one of its descendants: spans of one name seldom are so related."""
    return not selector.chains or any(_chain_may_nest(chain, dialect) for chain in selector.chains)


def _chain_may_nest(chain: Chain, dialect: Dialect) -> bool:
    for index in range(len(chain.steps) - 1, -1, -1):
        step = chain.steps[index]
        found = _step_may_nest(step, dialect, first=index == 0)
        if found is not None:
            return found
        if step.combinator not in _LIKE:
            return True
    return True


def _step_may_nest(step: Step, dialect: Dialect, *, first: bool) -> bool | None:
    """Whether spans of a step may contain one another; None when the step before it decides."""
    if any(pseudo.name in _FLAT or (first and pseudo.name in _ONE) for pseudo in step.pseudos):
        return False
    if step.group is not None:
        return may_nest(step.group, dialect)
    if step.predicate is None:
        return None
    claims = claims_of(step.predicate, dialect)
    return False if any(_names_one(claim.subject, claim.comparator) for claim in claims) else None


def _names_one(subject: tuple[str, ...], comparator: Comparator | None) -> bool:
    """Whether spans with this claim have one name, or do one database statement: those call one another seldom."""
    if comparator is not Comparator.EQ or subject[0] != "name" or subject[1]:
        return False
    return subject[2:] in (("span", "name"), ("span", "id")) or subject[-1].startswith("db.")

"""Statements that always hold or always fail, whatever the trace: they check nothing, or not what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.language.checks.conjuncts import MIRRORED, conjuncts, constant, quantity, subject_of, value_of
from spanspec.language.checks.contradictions import always_one
from spanspec.language.checks.emptiness import selects_every_span
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import (
    Call,
    Comparator,
    Compare,
    Compares,
    Filtered,
    ListLiteral,
    Name,
    Number,
    Place,
    QuantifierWord,
)
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Expect, Expression, Node, Quantifier
    from spanspec.source.text import Range

_COUNTS = frozenset({"count", "distinct", "repeats", "depth", "concurrency"})
_TIMES = frozenset({"total_time", "busy_time", "self_time", "critical_time"})
_WHOLE_FIELDS = frozenset({"depth", "child_count", "span_count", "service_count", "error_count"})
_TIME_FIELDS = frozenset({"duration", "self_time"})
_ORDERED = (Comparator.LT, Comparator.LE, Comparator.GT, Comparator.GE, Comparator.EQ, Comparator.NE)


def check_compare(node: Compare | Compares, report: Report) -> None:
    """A comparison of which the answer is known beforehand."""
    left: Expression = node.name if isinstance(node, Compares) else node.left
    right = node.value if isinstance(node, Compares) else node.right
    verdict = _verdict(left, node.comparator, right, report.dialect)
    if verdict is not None:
        _tell(report, node.range, verdict.holds, verdict.why, verdict.advice, sure=verdict.sure)


def check_alternatives(node: Node, operands: Sequence[Node], report: Report) -> None:
    """`a != 1 or a != 2`: one of them holds whatever `a` is."""
    pair = always_one(operands, report.dialect)
    if pair is not None:
        one, other = (claim.text(report.dialect) for claim in pair)
        apart = {pair[0].comparator, pair[1].comparator} == {Comparator.NE}
        advice = "write and between them to exclude both" if apart else ""
        _tell(report, node.range, True, f"{one} or {other} holds for every value", advice)


def check_quantifier(node: Quantifier, report: Report) -> None:
    """`at least 0` asks for nothing."""
    if node.word is QuantifierWord.AT_LEAST and isinstance(node.low, Number) and int(node.low.text) == 0:
        _tell(
            report,
            node.range,
            True,
            "there are always at least 0",
            "write no span[…] to forbid them, some span[…] to ask for one",
        )


def check_expect(node: Expect, report: Report) -> None:
    """`no span`, and a condition that the brackets before it have already."""
    chains = node.selector.chains
    if len(chains) != 1 or chains[0].steps[-1].group is not None:
        return
    step = chains[0].steps[-1]
    if node.where is None:
        if node.quantifier.word is QuantifierWord.NO and len(chains[0].steps) == 1 and selects_every_span(step):
            _tell(report, node.range, False, "every trace has a span", "say in brackets which spans there must not be")
        return
    if step.predicate is None:
        return
    given = {_plain(part, report.dialect) for part in conjuncts(step.predicate)}
    if all(_plain(part, report.dialect) in given for part in conjuncts(node.where)):
        message = "the brackets let only such spans through as satisfy the condition"
        _tell(report, node.where.range, True, message, "leave it in one of the two places")


def check_threshold(node: Call, report: Report) -> None:
    """A threshold of one calls every call a repetition."""
    for argument in node.arguments:
        number = quantity(constant(argument.value)[1]) if node.name == "no_n_plus_one" else None
        if number is not None and number <= 1:
            message = f"with a threshold of {number} a single call is a repetition"
            _tell(report, argument.range, False, message, "write threshold=2 or more")


def _plain(node: Node, dialect: Dialect) -> object:
    """A comparison as a value, equal for a predicate and a condition that say the same."""
    if isinstance(node, Compares):
        return subject_of(node.name, dialect), node.comparator, node.value
    if isinstance(node, Compare):
        return subject_of(node.left, dialect), node.comparator, node.right
    return node


def _tell(report: Report, where: Range, holds: bool, why: str, advice: str = "", *, sure: bool = False) -> None:
    """What always fails for sure is an error; what may be meant so, or does no harm, is a warning."""
    if holds or not sure:
        code, what = ("always-holds", "this always holds") if holds else ("always-fails", "this always fails")
        report.warn(code, f"{what}: {why}", where, help=advice)
    else:
        report.contradiction(f"this always fails: {why}", where, code="always-fails", help=advice)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether a comparison holds whatever the trace, why, what to do, and whether that can hardly be meant."""

    holds: bool
    why: str
    advice: str = ""
    sure: bool = True


def _verdict(left: Expression, comparator: Comparator, right: Expression, dialect: Dialect) -> _Verdict | None:
    """The verdict that is known without a trace; None when there is none."""
    if isinstance(right, ListLiteral) and not right.items and comparator in (Comparator.IN, Comparator.NOT_IN):
        return _Verdict(comparator is Comparator.NOT_IN, "the list is empty", "put values into it")
    (left_known, first), (right_known, second) = value_of(left), value_of(right)
    if left_known and right_known:
        try:
            holds = compare(first, comparator, second, dialect)
        except EvaluationError:
            return None
        return _Verdict(holds, "both sides are constants", "compare with something of the trace", sure=False)
    subject = subject_of(left, dialect)
    if subject is not None and subject == subject_of(right, dialect) and comparator in _ORDERED:
        return _Verdict(comparator in (Comparator.EQ, Comparator.LE, Comparator.GE), "both sides are the same")
    return _bounded(left, comparator, right)


def _bounded(left: Expression, comparator: Comparator, right: Expression) -> _Verdict | None:
    """A count or a time against a number that it is never below, or that lies between whole ones."""
    if constant(left)[0] and comparator in MIRRORED:
        left, comparator, right = right, MIRRORED[comparator], left
    known, value = constant(right)
    bound = quantity(value) if known and not isinstance(value, str) else None
    kind = _kind(left)
    if bound is None or not kind or comparator not in _ORDERED:
        return None
    if bound < 0 or (bound == 0 and comparator in (Comparator.LT, Comparator.GE)):
        return _Verdict(comparator in (Comparator.GT, Comparator.GE, Comparator.NE), f"{kind} is never below 0")
    if kind == "a count" and bound != bound.to_integral_value() and comparator in (Comparator.EQ, Comparator.NE):
        return _Verdict(comparator is Comparator.NE, "a count is a whole number")
    return None


def _kind(node: Expression) -> str:
    """`a count` or `a time` for what is never negative; empty for all else."""
    if isinstance(node, Call):
        return "a count" if node.name in _COUNTS else "a time" if node.name in _TIMES else ""
    if isinstance(node, Filtered):
        return "a count" if node.filters[-1].name == "length" else ""
    if isinstance(node, Name) and node.place in (Place.SPAN, Place.TRACE, Place.RESPONSE):
        return "a count" if node.key in _WHOLE_FIELDS else "a time" if node.key in _TIME_FIELDS else ""
    if isinstance(node, Name) and node.place is Place.BARE and not node.quoted and node.key == "duration":
        return "a time"
    return ""

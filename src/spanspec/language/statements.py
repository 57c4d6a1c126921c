"""Statements: what must hold of a trace, judged on what has arrived.

While the trace may still grow a statement holds or fails only when no further span can change it; once it is closed, it
is undecided for clocks alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.judging.judge import Judge
from spanspec.language.truth import Outcome, truth_of
from spanspec.language.verdict import Judgement, Truth
from spanspec.source.render import visible

if TYPE_CHECKING:
    from spanspec.language.judging.weighed import Evidence, Weighed
    from spanspec.language.syntax import Statement
    from spanspec.language.verdict import Given

_LONGEST_LIST = 200


def judge(statement: Statement, given: Given) -> Judgement:
    """Judge a statement on a trace.

    Args:
        statement: The statement.
        given: What to look at; `closed` says whether further spans may come.

    Returns:
        The truth with its evidence. An early `HOLDS` or `FAILS` is the verdict on every trace that this one may grow into.
    """
    weighed = Judge(given).weigh(statement)
    mask = weighed.now if given.closed else weighed.may
    truth = truth_of(mask)
    evidence = weighed.explain()
    return Judgement(
        truth=truth,
        reason=visible(_reason(truth, weighed, evidence, closed=given.closed)),
        expected=evidence.expected,
        actual=evidence.actual,
        spans=evidence.spans,
        looked_at=evidence.looked_at[:_LONGEST_LIST],
        near=evidence.near,
        notes=tuple(visible(note) for note in dict.fromkeys(evidence.notes)),
        lack=weighed.fails and bool(weighed.may & Outcome.HOLDS) and not weighed.loose and not evidence.error,
        clocks=mask == Outcome.CLOCK,
        error=evidence.error if truth is Truth.FAILS else "",
    )


def _reason(truth: Truth, weighed: Weighed, evidence: Evidence, *, closed: bool) -> str:
    if truth is Truth.HOLDS:
        return ""
    if closed or truth is Truth.FAILS:
        return evidence.reason or "it does not hold"
    if weighed.now is Outcome.HOLDS:
        return "it holds so far, and a further span may change that"
    return f"so far {evidence.reason or 'it does not hold'}"

"""Statements that hold on all of some traces, tried on each before they are named, the most useful first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spanspec.language.checker import check
from spanspec.language.dialect import Dialect
from spanspec.language.format import format as spelled
from spanspec.language.parser import parse_statement
from spanspec.language.statements import judge
from spanspec.language.verdict import Given, Truth
from spanspec.proposing.candidates import Candidate, candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.language.syntax import Statement
    from spanspec.model.context import TriggerResult
    from spanspec.model.trace import Trace

DEFAULT_MOST: Final = 20
"""Statements that are proposed unless another number is asked for."""
_ANSWERED: Final = 100
_MOST_TRIED: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A trace, and the trigger's answer where it is known."""

    trace: Trace
    response: TriggerResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A statement that holds.

    Attributes:
        text: In canonical spelling.
        support: On how many traces, and what was seen.
        worth: The greater, the more useful.
    """

    text: str
    support: str
    worth: int


def propose(samples: Sequence[Sample], most: int = DEFAULT_MOST) -> tuple[Proposal, ...]:
    """What holds on all samples.

    Args:
        samples: At least one; traces without spans are left out.
        most: How many at most.

    Returns:
        The most useful first. Each was judged on every sample as on a trace that has ended, and holds there. Of several about the
        same thing one is there.
    """
    used = [sample for sample in samples if len(sample.trace)]
    if not used:
        return ()
    found: list[Proposal] = []
    about: set[str] = set()
    texts: set[str] = set()
    every = [*_answered(used), *candidates([sample.trace for sample in used])]
    for each in sorted(every, key=lambda candidate: -candidate.worth)[:_MOST_TRIED]:
        if len(found) >= most:
            break
        if each.about and each.about in about:
            continue
        text = _holding(each, used)
        if text is None or text in texts:
            continue
        texts.add(text)
        about.add(each.about)
        found.append(Proposal(text=text, support=_support(each, used), worth=each.worth))
    return tuple(found)


def _answered(samples: Sequence[Sample]) -> Iterable[Candidate]:
    statuses = {sample.response.status if sample.response is not None else None for sample in samples}
    if len(statuses) == 1 and (status := statuses.pop()) is not None:
        yield Candidate(text=f"response:status = {status}", support="always", worth=_ANSWERED)


def _support(each: Candidate, samples: Sequence[Sample]) -> str:
    traces = "1 trace" if len(samples) == 1 else f"{len(samples)} traces"
    return f"{traces}: {each.support}"


def _holding(each: Candidate, samples: Sequence[Sample]) -> str | None:
    """The canonical text of a candidate that holds everywhere and of which the checker says nothing; else None."""
    parsed = parse_statement(each.text, Dialect.EXPECT)
    if parsed.node is None or parsed.diagnostics or check(parsed.node, Dialect.EXPECT):
        return None
    if not all(_holds(parsed.node, sample) for sample in samples):
        return None
    return spelled(parsed.node)


def _holds(node: Statement, sample: Sample) -> bool:
    judgement = judge(node, Given(trace=sample.trace, response=sample.response))
    return judgement.truth is Truth.HOLDS

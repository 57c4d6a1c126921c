"""Where results gather while a run goes on, so that whatever stops it, nothing that was found is lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.results.mask import masked
from spanspec.results.model import Outcome, OutputResult, SuiteResult, worst
from spanspec.results.progress import CaseDone
from spanspec.runner.outcome import blank
from spanspec.runner.session import INTERRUPTED, Ended

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.results.model import CaseError, CaseResult
    from spanspec.runner.arrange import Arrangement, CaseNode, SuiteNode, Unit
    from spanspec.runner.session import Session

NOT_PASSED = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteDone:
    """What is known of a suite besides its cases."""

    outputs: tuple[OutputResult, ...] = ()
    duration_ns: int = 0


@dataclass(slots=True)
class Board:
    """The results so far.

    Attributes:
        session: The run's.
        fail_fast: Whether nothing new starts once a case has not passed.
        ended: What each case came to, by its number.
        suites: The same of suites.
        halted: Why nothing new starts, or empty.
        cut_by: The error of a case that is cut off.
    """

    session: Session
    fail_fast: bool = False
    ended: dict[int, Ended] = field(default_factory=dict)
    suites: dict[int, SuiteDone] = field(default_factory=dict)
    halted: str = ""
    cut_by: CaseError = INTERRUPTED

    def put(self, node: CaseNode, ended: Ended) -> None:
        """Keep a case's end and tell it."""
        result = replace(ended.result, suite=node.suite, repeat=node.repeat, key=node.key, position=node.index)
        if ended.cut and result.error == INTERRUPTED:
            result = replace(result, error=self.cut_by)
        ended = replace(ended, result=result)
        self.ended[node.index] = ended
        if self.fail_fast and not self.halted and result.outcome in NOT_PASSED:
            self.halted = f'not started, for "{result.name}" {_DID[result.outcome]} before it (--fail-fast)'
        self.session.listener.on(CaseDone(index=node.index, result=masked(result, ended.secrets)))

    def skip(self, nodes: Sequence[CaseNode], reason: str) -> None:
        """Those of the cases that have no end yet are skipped."""
        for node in nodes:
            if node.index not in self.ended:
                warning = (f"skipped: {node.plan.skip or reason}",)
                self.put(node, Ended(plan=node.plan, result=blank(node.plan, Outcome.SKIPPED, warnings=warning)))

    def cut(self, nodes: Sequence[CaseNode]) -> None:
        """Those of the cases that have no end yet were cut off."""
        for node in nodes:
            if node.index not in self.ended:
                result = blank(node.plan, Outcome.ERRORED, error=self.cut_by)
                self.put(node, Ended(plan=node.plan, result=result, cut=True))

    def outcome(self, nodes: Sequence[CaseNode]) -> Outcome:
        """The worst of the cases; skipped when there are none."""
        return outcome_of(self.ended[node.index].result for node in nodes) if nodes else Outcome.SKIPPED

    def stopper(self, units: Sequence[Unit]) -> str:
        """Why what needs these units cannot run, or empty."""
        for unit in units:
            outcome = self.outcome(unit.cases)
            if outcome not in (Outcome.PASSED, Outcome.FLAKY):
                return f'it needs "{unit.name}", which {_DID[outcome]}'
        return ""


def outcome_of(results: object) -> Outcome:
    """The worst outcome of some results."""
    return worst(result.outcome for result in results)  # type: ignore[attr-defined]


_DID = MappingProxyType(
    {
        Outcome.FAILED: "failed",
        Outcome.INCONCLUSIVE: "was inconclusive",
        Outcome.ERRORED: "could not be carried out",
        Outcome.SKIPPED: "was skipped",
        Outcome.PASSED: "passed",
        Outcome.FLAKY: "was flaky",
    }
)


def did(outcome: Outcome) -> str:
    """The outcome as a predicate: `failed`, `was skipped`."""
    return _DID[outcome]


def suite_results(
    arrangement: Arrangement, cases: Sequence[CaseResult], done: Mapping[int, SuiteDone]
) -> tuple[SuiteResult, ...]:
    """The suites of a run, in the order of the plan, outer ones before inner ones.

    Args:
        arrangement: What was to be run.
        cases: The results, in the order of the result.
        done: What is known besides, by the suites' numbers.
    """
    at = {case.position: index for index, case in enumerate(cases)}
    return tuple(_suite(suite, cases, at, done.get(suite.number, SuiteDone())) for suite in arrangement.suites)


def _suite(suite: SuiteNode, cases: Sequence[CaseResult], at: Mapping[int, int], done: SuiteDone) -> SuiteResult:
    indices = tuple(at[node.index] for node in suite.cases)
    return SuiteResult(
        name=suite.plan.name,
        path=suite.plan.path,
        outcome=worst(cases[index].outcome for index in indices) if indices else Outcome.SKIPPED,
        parents=suite.parents,
        cases=indices,
        id=suite.plan.id,
        description=suite.plan.description,
        outputs=done.outputs,
        duration_ns=done.duration_ns,
    )

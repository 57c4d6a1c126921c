"""The facts of what did not pass, for reports that are not read in a terminal: what, where, which services, why.

Every text is on one line, escaped for control characters and bounded; a report still escapes it for its own format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.results import explain
from spanspec.results.columns import cells, clip, one_line, plural
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spanspec.model.ids import SpanId
    from spanspec.results.model import CaseResult, CheckResult, LogExcerpt, RunResult, SourcePlace

_SERVICES = 5
_NEAR = 3
_NAMED = re.compile(r"""service\.name\s*=\s*(?:"([^"\\]{1,200})"|'([^'\\]{1,200})')""")
"""A service that a check names. What is written in another way is not found, and nothing false is said."""

_STAGES = {
    "trigger": "the trigger",
    "definition": "the definition",
    "store": "the store",
    "setup": "set-up",
    "teardown": "tear-down",
    "no-spans": "the trace",
    "timeout": "the time of the run",
    "interrupted": "the run",
}
"""What could not be carried out, by the kind of the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One reason why a run is not green.

    Attributes:
        case: The case.
        outcome: Of the check, or of the case where no check says why.
        what: What the check is called, or the case's name.
        why: One sentence.
        expected: Short, or empty.
        actual: Short, or empty.
        services: The services of the spans concerned, the culprits' first; where no span is concerned, those that the
            check names.
        absent: Services that checks of the case name and that have no span in its trace, where no span is concerned.
        hints: Near misses and notes, the most telling first.
        place: Where the check stands, else the definition; None when unknown.
    """

    case: CaseResult
    outcome: Outcome
    what: str
    why: str
    expected: str = ""
    actual: str = ""
    services: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    place: SourcePlace | None = None

    @property
    def sentence(self) -> str:
        """What and why in one line, the values included where the reason leaves them out."""
        parts = [self.why]
        parts += [f"expected {self.expected}"] if self.expected and self.expected not in self.why else []
        parts += [f"actual {self.actual}"] if self.actual and self.actual not in self.why else []
        return "; ".join(part for part in parts if part)

    @property
    def whose(self) -> str:
        """Which services it is about, in words; empty where nothing tells."""
        there = [name for name in self.services if name not in self.absent]
        parts = [", ".join(there)] if there else []
        parts += [f"no span of {', '.join(self.absent)}"] if self.absent else []
        return "; ".join(parts)


def faults(run: RunResult) -> Iterator[Fault]:
    """Every fault of a run, in the order of its cases; within one, the worst checks first."""
    for case in run.cases:
        yield from faults_of(case)


def faults_of(case: CaseResult) -> Iterator[Fault]:
    """The faults of a case: its error, then its checks; none for one that passed."""
    if case.outcome in (Outcome.PASSED, Outcome.SKIPPED, Outcome.FLAKY):
        return
    failed = explain.by_severity(case.failed_checks)
    if case.error is not None or not failed:
        yield Fault(
            case=case,
            outcome=case.outcome,
            what=_STAGES.get(case.error.kind, "") or "the test" if case.error is not None else one_line(case.name, 200),
            why=explain.case_reason(case),
            hints=(one_line(case.error.help, 300),) if case.error is not None and case.error.help else (),
            place=case.place or next((check.place for check in case.checks if check.place is not None), None),
        )
    yield from (_of_check(case, check) for check in failed)


def _of_check(case: CaseResult, check: CheckResult) -> Fault:
    pairs = dict(explain.expected_and_actual(check, 120))
    near = [explain.near_miss(each, case.trace) for each in check.near[:_NEAR]]
    services = services_of(check, case)
    return Fault(
        case=case,
        outcome=check.outcome,
        what=explain.title(check),
        why=explain.reason(check),
        expected=pairs.get("expected", ""),
        actual=pairs.get("actual", ""),
        services=services or _named([check]),
        absent=() if services else _absent(case),
        hints=(*near, *(one_line(note, 300) for note in (*check.notes[:_NEAR], *_unsettled(case, check)))),
        place=check.place or case.place,
    )


def services_of(check: CheckResult, case: CaseResult) -> tuple[str, ...]:
    """The services of the spans that a check is about: the culprits, else what was looked at, else the near misses."""
    failing = [result.span_id for result in explain.failing(check.span_results)]
    near = [span for each in check.near for span in each.spans]
    for spans in ((*check.spans, *failing), check.looked_at, near):
        found = _services(spans, case)
        if found:
            return found
    return ()


def _services(spans: Iterable[SpanId | None], case: CaseResult) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for span_id in spans:
        span = explain.find_span(span_id, case.trace) if span_id is not None else None
        if span is not None and span.service:
            names.setdefault(one_line(span.service, 80))
        if len(names) == _SERVICES:
            break
    return tuple(names)


def _named(checks: Iterable[CheckResult]) -> tuple[str, ...]:
    texts = (f"{check.selector} {check.text}"[:4000] for check in checks)
    names = dict.fromkeys(one_line(a or b, 80) for text in texts for a, b in _NAMED.findall(text))
    return tuple(names)[:_SERVICES]


def _absent(case: CaseResult) -> tuple[str, ...]:
    """The services that checks of a case name without any span of theirs; none without a trace, whose lack says more."""
    if case.trace is None or not len(case.trace):
        return ()
    there = {one_line(span.service, 80) for span in case.trace.spans}
    return tuple(name for name in _named(case.failed_checks) if name not in there)


def _unsettled(case: CaseResult, check: CheckResult) -> tuple[str, ...]:
    """Why a check without a verdict has none: how collecting ended, and what it waited for."""
    if check.outcome is not Outcome.INCONCLUSIVE:
        return ()
    known = check.reason + " ".join(check.notes)
    ended = (case.settlement.reason, *case.settlement.notes[:2])
    return tuple(text for text in ended if text and text not in known)


def title(case: CaseResult, width: int = 0) -> str:
    """A case's name with its suites, row and repeat: `release › checkout [country=DE] #2`.

    Args:
        case: The case; one without a name is called by its file.
        width: Cells that it must fit into: outer suites are left out first, then the name is cut, then the row; 0 for any.
    """
    suites = [one_line(part, 120) for part in case.suite]
    name = one_line(case.name or case.path, 120)
    again = f" #{case.repeat + 1}" if case.repeat else ""
    row = f" [{one_line(case.row, 80)}]" if case.row else ""
    whole = " › ".join([*suites, name]) + row + again
    if width <= 0 or cells(whole) <= width:
        return whole
    for count in range(1, len(suites) + 1):
        shorter = " › ".join(["…", *suites[count:], name]) + row + again
        if cells(shorter) <= width:
            return shorter
    if row:
        row = f" [{clip(one_line(case.row, 80), max(8, width // 2 - 3))}]"
    return clip(name, max(8, width - cells(row + again))) + row + again


def log_lines(log: LogExcerpt, *, count: int, width: int) -> list[str]:
    """The last lines of what a service wrote, at most `count` of at most `width` cells; before them how many are left out."""
    lines = log.text.rstrip("\n").replace("\r\n", "\n").split("\n")
    shown = [one_line(each, width) for each in lines[-count:]]
    left = len(lines) - len(shown)
    if left or log.truncated:
        shown.insert(0, f"… {plural(left, 'earlier line')}" if left else "… earlier lines")
    return shown


def verdict(run: RunResult) -> str:
    """`1 of 3 tests failed`, or `3 tests passed`."""
    total = len(run.cases)
    bad = sum(1 for case in run.cases if case.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED))
    tests = "1 test" if total == 1 else f"{total:,} tests"
    if not total:
        return "no test was run"
    return f"{bad:,} of {tests} did not pass" if bad else f"{tests}: {explain.count_line(run)}"

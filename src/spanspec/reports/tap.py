"""The run as TAP 14 (testanything.org): a test a case, with its checks as a subtest and a YAML block on each that did not pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spanspec.results import explain, telling
from spanspec.results.columns import one_line
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.results.model import CaseResult, CheckResult, RunResult

_GOOD = (Outcome.PASSED, Outcome.SKIPPED, Outcome.FLAKY)


class Report:
    """The stream, without options."""

    def render(self, run: RunResult) -> str:
        """The whole stream, with a final line break."""
        return "".join(f"{line}\n" for line in _lines(run))


def _lines(run: RunResult) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(run.cases)}" + ("" if run.cases else " # SKIP no test was run")
    for number, case in enumerate(run.cases, start=1):
        yield from _case(number, case)
    yield f"# {telling.verdict(run)} in {explain.seconds(run.duration_ns)}"


def _case(number: int, case: CaseResult) -> Iterator[str]:
    title = _text(telling.title(case))
    if case.checks:
        yield f"# Subtest: {title}"
        yield f"    1..{len(case.checks)}"
        for index, check in enumerate(case.checks, start=1):
            yield from (f"    {line}" for line in _check(index, check, case))
    directive = f" # SKIP {_text(explain.case_reason(case))}" if case.outcome is Outcome.SKIPPED else ""
    yield f"{'ok' if case.outcome in _GOOD else 'not ok'} {number} - {title}{directive}"
    facts = {"duration_ms": case.timings.total // 1_000_000, "outcome": case.outcome.value}
    if case.error is not None:
        facts["message"] = one_line(case.error.message.partition("\n")[0], 400)
    yield from _block({**facts, "trace_id": one_line(case.trace_id, 40), "link": one_line(case.link, 300)})


def _check(number: int, check: CheckResult, case: CaseResult) -> Iterator[str]:
    good = check.outcome in _GOOD
    directive = " # SKIP" if check.outcome is Outcome.SKIPPED else ""
    yield f"{'ok' if good else 'not ok'} {number} - {_text(explain.title(check))}{directive}"
    if good:
        return
    facts: dict[str, str | int] = {"message": explain.reason(check), "outcome": check.outcome.value}
    facts |= dict(explain.expected_and_actual(check, 200))
    facts["services"] = ", ".join(telling.services_of(check, case))
    if check.place is not None:
        facts["at"] = explain.location(check.place)
    yield from _block(facts)


def _block(facts: dict[str, str | int]) -> Iterator[str]:
    """A YAML block; each value is a JSON scalar, which is YAML too."""
    yield "  ---"
    for key, value in facts.items():
        if value not in ("", None):
            yield f"  {key}: {json.dumps(value, ensure_ascii=True)}"
    yield "  ..."


def _text(text: str) -> str:
    """A description: a backslash and a number sign mean something in TAP."""
    return text.replace("\\", "\\\\").replace("#", "\\#")

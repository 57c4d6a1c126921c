"""The run as lines of JSON: one event a line, `run`, then a `case` for each, then `end`. Made to be piped and grepped.

Every line is an object with `event`. A `case` has the fields of the run's JSON for it (`results.json`) without the trace,
whose size knows no bound; `spans` counts them. `run --report ndjson` writes the lines while the run goes on, a case as
soon as it has ended; one whose result changes afterwards, by spans that came late, has a second line: the last one counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from spanspec.results import json as documents
from spanspec.results import telling
from spanspec.results.progress import CaseDone, RunStarted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.results.model import CaseResult, RunResult
    from spanspec.results.progress import Progress


class Report:
    """The lines, without options."""

    def render(self, run: RunResult) -> str:
        """All lines of a run that has ended."""
        return "".join(f"{line}\n" for line in self._lines(run))

    def _lines(self, run: RunResult) -> Iterator[str]:
        yield _line("run", version=run.version, started_ns=run.started_ns, cases=len(run.cases), seed=run.seed)
        for index, case in enumerate(run.cases):
            yield _case(index, case)
        yield self.last_line(run)

    def line_for(self, progress: Progress) -> str | None:
        """The line of one message of a run that goes on, without its line break; None where it has none."""
        match progress:
            case RunStarted(cases=cases):
                return _line("run", cases=cases)
            case CaseDone(index=index, result=result):
                return _case(index, result)
            case _:
                return None

    def last_line(self, run: RunResult) -> str:
        """The line `end`: counts, exit code, notes."""
        return _line("end", **_end(run))


def _case(index: int, case: CaseResult) -> str:
    spans = len(case.trace) if case.trace is not None else 0
    facts = {key: value for key, value in documents.plain(case).items() if key != "trace"}
    facts["response"] = _without_body(facts.get("response"))
    faults = [
        {"what": fault.what, "why": fault.sentence, "services": fault.services} for fault in telling.faults_of(case)
    ]
    return _line("case", index=index, title=telling.title(case), spans=spans, faults=faults, **facts)


def _without_body(response: Any) -> Any:
    """The trigger's answer without its text, which may be a megabyte on a line; the run's JSON has it."""
    return {key: value for key, value in response.items() if key != "body"} if isinstance(response, dict) else response


def _end(run: RunResult) -> dict[str, Any]:
    outcomes = {outcome.value: count for outcome, count in run.counts.items()}
    return {"outcomes": outcomes, "exit_code": run.exit_code, "duration_ns": run.duration_ns, "notes": run.notes}


def _line(event: str, **facts: Any) -> str:
    return json.dumps({"event": event, **facts}, ensure_ascii=True, separators=(",", ":"))

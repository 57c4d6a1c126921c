"""Annotations of GitHub Actions: one workflow command a fault, which the pull request shows at the line of the definition.

The commands and their escapes are described in GitHub's documentation of workflow commands. A value can hold any text:
`%`, carriage return and line feed are escaped everywhere, `:` and `,` in properties. GitHub shows ten errors a step; what
is beyond stays in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.results import explain, telling
from spanspec.results.columns import one_line
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.results.model import CaseResult, RunResult, SourcePlace
    from spanspec.results.telling import Fault


class Report:
    """The annotations, without options."""

    def render(self, run: RunResult) -> str:
        """One command a line; a run that passed gives a notice."""
        return "".join(f"{line}\n" for line in _lines(run))


def _lines(run: RunResult) -> Iterator[str]:
    for fault in telling.faults(run):
        yield _command("error", _title(fault), _body(fault, run), fault.place)
    for case in run.cases:
        if case.outcome is Outcome.FLAKY:
            yield _command("warning", f"flaky: {telling.title(case)}", _first_try(case), case.place)
    words = telling.verdict(run)
    yield _command("notice", "spanspec", f"{words} in {explain.seconds(run.duration_ns)}", None)


def _title(fault: Fault) -> str:
    services = f" ({one_line(fault.whose, 100)})" if fault.whose else ""
    return one_line(f"{telling.title(fault.case)}: {fault.what}{services}", 250)


def _body(fault: Fault, run: RunResult) -> str:
    lines = [fault.sentence or "no reason is known"]
    lines += [f"service: {fault.whose}"] if fault.whose else []
    lines += fault.hints
    lines += [f"trace: {_trace(fault.case, run)}"] if fault.case.trace_id else []
    return "\n".join(lines)


def _trace(case: CaseResult, run: RunResult) -> str:
    """Where a person sees the trace: its link, else its id and the page of the build, whose summary draws it."""
    if case.link:
        return one_line(case.link, 300)
    page = run.build.url if run.build is not None else ""
    return one_line(f"{case.trace_id}, drawn in the summary at {page}" if page else case.trace_id, 300)


def _first_try(case: CaseResult) -> str:
    first = case.attempts[0] if case.attempts else None
    reason = one_line(first.reason, 400) if first is not None else ""
    return f"it passed on a retry; the first try {first.outcome if first else 'did not pass'}" + (
        f": {reason}" if reason else ""
    )


def _command(kind: str, title: str, body: str, place: SourcePlace | None) -> str:
    properties = {"title": title}
    if place is not None:
        where = {"file": one_line(place.path, 400), "line": str(place.line), "col": str(place.column)}
        properties = {**where, "endColumn": str(place.column + place.length), **properties}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {listed}::{_data(body)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""What a Python test fails with, and how it is told: in the words and the drawing of the terminal report.

These are failures, not errors: the system did not do what the test said. So they are assertions (or, for a name that is
not there, what Python raises for such), and no part of `spanspec.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spanspec.reports._paint import paint
from spanspec.reports.terminal import Report
from spanspec.results import explain
from spanspec.results.drawing import draw, plain
from spanspec.results.model import CaseResult, Outcome, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spanspec.language.verdict import NearMiss
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace
    from spanspec.results.explain import Mark
    from spanspec.results.model import CheckResult

WIDTH: Final = 76
"""Cells of a line: pytest puts four before it."""

_LISTED = 5


class ExpectationError(AssertionError):
    """Statements that do not hold of a trace, or are inconclusive. Its text is the terminal report's.

    Attributes:
        checks: Those that did not pass, in order.
        case: All that was judged, with the trace.
    """

    def __init__(self, case: CaseResult) -> None:
        super().__init__(told(case))
        self.case = case

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """Those that did not pass, in order."""
        return self.case.failed_checks


class SelectionError(AssertionError):
    """A selection does not have the one span that was asked for. Its text says what is there instead."""


class AttributeMissingError(KeyError):
    """A span has no attribute of that name. Its text says which it has, and which was probably meant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def told(case: CaseResult) -> str:
    """A case in the terminal report's words, beginning on a line of its own."""
    return "\n" + paint(Report(width=WIDTH).case(case), colour=False).rstrip()


def case_of(trace: Trace, checks: Sequence[CheckResult], *, name: str = "", **more: object) -> CaseResult:
    """Checks on a trace as a case.

    Args:
        trace: What was judged.
        checks: In order.
        name: The line that it begins with.
        more: Further fields of the case.
    """
    fields: dict[str, object] = {
        "name": name or "expect",
        "path": "",
        "trace_id": trace.trace_id,
        "trace": trace,
        **more,
    }
    return CaseResult(outcome=worst(check.outcome for check in checks), checks=tuple(checks), **fields)  # type: ignore[arg-type]


def passed(check: CheckResult) -> bool:
    """Whether a check lets a test go on."""
    return check.outcome in (Outcome.PASSED, Outcome.SKIPPED)


def none_selected(what: str, trace: Trace, near: Iterable[NearMiss]) -> str:
    """That nothing was selected where one span was wanted: why, what comes close, and the trace."""
    missed = tuple(near)
    parts = [part for each in missed[:_LISTED] for part in explain.near_miss_parts(each, trace)]
    marks = {span: explain.Mark.CONCERNED for each in missed for span in each.spans}
    lines = [
        f"no span matches {what}",
        *explain.aligned([("closest" if not i else "", p) for i, p in enumerate(parts)]),
    ]
    return "\n".join([*lines, "", *drawn(trace, marks)])


def several_selected(what: str, trace: Trace, spans: Sequence[Span], help_: str) -> str:
    """That more was selected than the one span that was wanted, and what."""
    listed = [explain.describe_span(span) for span in spans[:_LISTED]]
    more = [f"… and {len(spans) - _LISTED:,} more"] if len(spans) > _LISTED else []
    pairs = [("" if index else "spans", text) for index, text in enumerate([*listed, *more])]
    marks = {span.span_id: explain.Mark.FAILED for span in spans}
    lines = [f"{len(spans):,} spans match {what}, and one was asked for", *explain.aligned(pairs), f"help: {help_}"]
    return "\n".join([*lines, "", *drawn(trace, marks)])


def drawn(trace: Trace, marks: Mapping[SpanId, Mark] | None = None, *, width: int = WIDTH) -> list[str]:
    """The trace's line, and the trace as a tree."""
    if not len(trace):
        return [f"the trace {trace.trace_id} has no spans".replace("  ", " ")]
    return [f"trace {trace.trace_id} · {explain.trace_line(trace)}", *plain(draw(trace, width=width, marks=marks))]

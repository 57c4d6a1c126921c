"""The run as JUnit XML, as CI systems read it: a suite per case, a test case per check.

A check that failed or was inconclusive is a `failure` (its type says which), one that could not be evaluated and a
case that could not be carried out are an `error`. What a reader needs is in the text of the failure; a failed
check's trace is drawn in its `system-out`, after it what services wrote. Ids, links, spans and services are properties.
Suites and rows stand in the suite's name and in the class name. Earlier tries are written as Surefire writes them:
`flaky…` beside a check that passed in the end, `rerun…` beside one that did not. A tear-down or gate that failed is a
test case of its own.

With `reference` the document has exactly the elements and attributes of the reference's JUnit files: a suite per
selector, a test case per assertion and span, nothing else.

XML 1.0 has no way to write most control characters; they are shown as escapes, as are invalid characters and what a
terminal would obey. Attributes hold one line, and every text is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from spanspec.reports._junit import MOST, Case, Earlier, Suite, text, totals
from spanspec.results import explain, telling
from spanspec.results.columns import lines_of, one_line
from spanspec.results.drawing import draw, plain
from spanspec.results.model import Outcome, Settlement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.results.model import Attempt, CaseResult, CheckResult, RunResult, SpanResult

_PROPERTIES = 10
"""So many spans of a check become properties."""

_DRAWN = 20
"""For so many checks of a case that did not pass the trace is drawn."""

_LOG_LINES = 100
"""So many lines of what a service wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Options of the report.

    Attributes:
        reference: Whether to write the reference's shape, exactly; several cases have their suites one after another.
        rows: Lines of a drawn trace.
        width: Cells of a drawn trace.
    """

    reference: bool = False
    rows: int = 30
    width: int = 100

    def render(self, run: RunResult) -> bytes:
        """The document in UTF-8, with declaration and a final line break."""
        suites = list(self._reference_suites(run) if self.reference else (self._suite(case, run) for case in run.cases))
        root = ET.Element("testsuites", {"name": self._root_name(run), **totals(suites)})
        root.set("time", str(-(-run.duration_ns // 1_000_000_000)) if self.reference else _time(run.duration_ns))
        root.extend(suite.element() for suite in suites)
        ET.indent(root)
        return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"

    def _root_name(self, run: RunResult) -> str:
        if self.reference and len(run.cases) == 1:
            return text(run.cases[0].name)
        return "spanspec"

    def _suite(self, case: CaseResult, run: RunResult) -> Suite:
        started = case.response.start_ns if case.response is not None else run.started_ns
        attributes = {"timestamp": _timestamp(started), "time": _time(case.timings.total), "file": text(case.path)}
        suite = Suite(name=text(telling.title(case)), attributes=attributes)
        suite.properties.extend(_case_properties(case))
        drawn = {id(check) for check in case.failed_checks[:_DRAWN]}
        suite.cases.extend(self._check(check, case, drawn=id(check) in drawn) for check in case.checks)
        earlier = _add_earlier(case, suite.cases)
        _name_apart(suite.cases)
        suite.cases.extend(_around(case))
        whole = _whole_case(case)
        if _is_needed(case, suite.cases, earlier):
            suite.cases.append(whole)
        target = next((each for each in suite.cases if each.verdict in ("failure", "error")), whole)
        target.earlier.extend(_told(attempt, None, case, target) for attempt in earlier)
        logs = "\n".join(_log_lines(case))
        if target.verdict:
            target.output = "\n\n".join(filter(None, [target.output, logs]))
        else:
            suite.output = logs
        return suite

    def _check(self, check: CheckResult, case: CaseResult, *, drawn: bool) -> Case:
        found = Case(
            name=text(explain.title(check, MOST)),
            attributes={"classname": _class_name(case), **_place(check), "time": _time(check.decided_ns)},
            verdict=_verdict(check.outcome, bool(check.error)),
            kind="error" if check.error else check.outcome.value,
            message=text(explain.summary(check)),
        )
        found.properties.extend(_check_properties(check, case))
        if found.verdict in ("failure", "error"):
            found.body = _report_text(check, case)
            found.output = self._drawing(check, case) if drawn else ""
        return found

    def _drawing(self, check: CheckResult, case: CaseResult) -> str:
        if case.trace is None or not len(case.trace):
            return ""
        lines = draw(case.trace, width=self.width, marks=explain.marks([check]), late=case.late, rows=self.rows)
        head = f"trace {one_line(case.trace_id, 40)} · {explain.trace_line(case.trace)}"
        return "\n".join([head, *plain(lines)])

    def _reference_suites(self, run: RunResult) -> Iterator[Suite]:
        for case in run.cases:
            groups: dict[tuple[str, int], Suite] = {}
            for check in case.checks:
                name = text(check.selector) if check.kind == "spec" else text(check.name or check.text)
                suite = groups.setdefault((check.kind, check.group), Suite(name=name))
                suite.cases.extend(_reference_cases(check))
            yield from groups.values()
            if case.error is not None:
                error = Case(name=text(case.name), verdict="error", kind="error", message=text(case.error.message))
                yield Suite(name=text(case.name), cases=[error])


def _reference_cases(check: CheckResult) -> Iterator[Case]:
    """One per span; an expectation, and an assertion without span results, is one."""
    name = text(check.text)
    for result in check.span_results:
        yield _reference_case(name, result)
    if not check.span_results:
        verdict = _verdict(check.outcome, bool(check.error))
        kind = "error" if verdict == "error" else name
        found = explain.observed(check) if not check.error else check.error
        yield Case(name=name, verdict=verdict, kind=kind, message=text(found or explain.reason(check)))


def _reference_case(name: str, result: SpanResult) -> Case:
    if result.passed:
        return Case(name=name)
    if result.error:
        return Case(name=name, verdict="error", kind="error", message=text(result.error))
    return Case(name=name, verdict="failure", kind=name, message=text(result.observed))


def _is_needed(case: CaseResult, cases: list[Case], earlier: list[Attempt]) -> bool:
    """Whether the case itself must be a test case: for an error, and where nothing else tells of it or of a try."""
    if case.error is not None:
        return case.error.kind != "teardown" or not any(each.verdict == "error" for each in cases)
    bad = _verdict(case.outcome, is_error=False) in ("failure", "error")
    told = any(each.verdict in ("failure", "error") for each in cases)
    return not case.checks or (bad and not told) or (bool(earlier) and not told)


def _around(case: CaseResult) -> Iterator[Case]:
    """Test cases for what failed besides the checks: tear-downs, and gates that the checks are not."""
    attributes = {"classname": _class_name(case)}
    for hook in case.hooks:
        if hook.phase == "teardown" and hook.outcome in (Outcome.FAILED, Outcome.ERRORED):
            yield Case(
                name=text(f"tear-down: {hook.name}"),
                attributes={**attributes, "time": _time(hook.duration_ns)},
                verdict="error",
                kind="teardown",
                message=text(hook.reason),
            )
    for gate in case.gates if case.error is None else ():
        if not gate.passed and gate.name != "test-specs":
            name = text(f"gate: {gate.name}")
            yield Case(name=name, attributes=attributes, verdict="failure", kind="gate", message=text(gate.reason))


def _add_earlier(case: CaseResult, cases: list[Case]) -> list[Attempt]:
    """Put what did not pass in earlier tries beside the checks; the tries that tell of no check of the last one."""
    by_check: dict[tuple[object, ...], Case] = {}
    for check, found in zip(case.checks, cases, strict=True):
        by_check.setdefault(_identity(check), found)
    left = []
    for attempt in case.attempts:
        known = [check for check in attempt.checks if _identity(check) in by_check]
        for check in known:
            target = by_check[_identity(check)]
            target.earlier.append(_told(attempt, check, case, target))
        if not known:
            left.append(attempt)
    return left


def _identity(check: CheckResult) -> tuple[object, ...]:
    return (check.kind, check.group, check.selector, check.text)


def _told(attempt: Attempt, check: CheckResult | None, case: CaseResult, target: Case) -> Earlier:
    """An earlier try, or a check of it, beside a test case."""
    outcome = attempt.outcome if check is None else check.outcome
    is_error = _verdict(outcome, check is not None and bool(check.error)) == "error"
    lead = "rerun" if target.verdict in ("failure", "error") else "flaky"
    lines = [f"trace     {one_line(attempt.trace_id, 40)}"] if attempt.trace_id else []
    if check is not None:
        lines.append(_report_text(check, replace(case, trace=None, settlement=Settlement())))
    else:
        lines.append(one_line(attempt.reason, 1000))
    return Earlier(
        tag=f"{lead}{'Error' if is_error else 'Failure'}",
        kind=outcome.value,
        message=text(attempt.reason if check is None else explain.summary(check)),
        body="\n".join(lines),
    )


def _log_lines(case: CaseResult) -> Iterator[str]:
    for log in case.logs:
        yield f"[{one_line(log.source, 80)}]"
        yield from telling.log_lines(log, count=_LOG_LINES, width=400)


def _whole_case(case: CaseResult) -> Case:
    """The case as such: that it could not be carried out, was skipped, or has no checks."""
    found = Case(
        name=text(telling.title(case)),
        attributes={"classname": _class_name(case), "time": _time(case.timings.total)},
        verdict=_verdict(case.outcome, case.error is not None),
        kind=text(case.error.kind) if case.error is not None else case.outcome.value,
        message=text(explain.case_reason(case)),
    )
    if case.error is not None:
        found.body = "\n".join(lines_of(f"{case.error.message}\n{case.error.help}", 1000, 100))
    return found


def _verdict(outcome: Outcome, is_error: bool) -> str:
    if is_error or outcome is Outcome.ERRORED:
        return "error"
    if outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE):
        return "failure"
    return "skipped" if outcome is Outcome.SKIPPED else ""


def _report_text(check: CheckResult, case: CaseResult) -> str:
    """A failed check as plain text: place, expected and actual, why, near misses, notes."""
    pairs = [("check", one_line(check.text, MOST))]
    if check.place is not None:
        pairs.insert(0, ("at", explain.location(check.place)))
    if check.selector:
        pairs.append(("selector", one_line(check.selector, MOST)))
    pairs.extend(explain.expected_and_actual(check))
    pairs.append(("because", explain.reason(check)))
    pairs.extend(("closest", explain.near_miss(near, case.trace)) for near in check.near[:5])
    for result in explain.failing(check.span_results)[:_PROPERTIES]:
        words = explain.describe_span_id(result.span_id, case.trace)
        pairs.append(("span", one_line(f"{words}  {result.error or result.observed}", 300)))
    pairs.extend(("note", one_line(note, 400)) for note in check.notes[:8])
    pairs.append(("ended", one_line(case.settlement.reason, 400)))
    return "\n".join(explain.aligned([pair for pair in pairs if pair[1]], width=100))


def _case_properties(case: CaseResult) -> Iterator[tuple[str, str]]:
    yield "outcome", case.outcome.value
    for name, value in (
        ("trace_id", case.trace_id),
        ("link", case.link),
        ("trigger", case.trigger),
        ("settlement", case.settlement.reason),
        ("tags", ", ".join(case.tags)),
    ):
        if value:
            yield name, text(value)
    for output in case.outputs:
        if not output.error:
            yield text(f"output.{output.name}"), text(output.value)


def _check_properties(check: CheckResult, case: CaseResult) -> Iterator[tuple[str, str]]:
    if check.selector:
        yield "selector", text(check.selector)
    failing = [result.span_id for result in explain.failing(check.span_results) if result.span_id is not None]
    services = []
    for span_id in dict.fromkeys([*check.spans, *failing][:_PROPERTIES]):
        span = explain.find_span(span_id, case.trace)
        yield "span", text(f"{span_id} {explain.describe_span(span)}" if span is not None else span_id)
        if span is not None and span.service:
            services.append(span.service)
    for service in dict.fromkeys(services):
        yield "service", text(service)


def _class_name(case: CaseResult) -> str:
    """`tests.checkout.nightly.ships once [country=DE]`: CI systems take what precedes the last dot as a package."""
    path = re.sub(r"\.(ya?ml|json)$", "", case.path).strip("./\\").replace("\\", "/").replace("/", ".")
    own = f"{case.name} [{case.row}]" if case.row else case.name
    return text(".".join(filter(None, [path, *(part.replace(".", "_") for part in (*case.suite, own))])))


def _place(check: CheckResult) -> dict[str, str]:
    if check.place is None:
        return {}
    return {"file": text(check.place.path), "line": str(check.place.line)}


def _name_apart(cases: list[Case]) -> None:
    """Number those with one name, for CI systems take such for one test case."""
    seen: dict[str, int] = {}
    for case in cases:
        count = seen[case.name] = seen.get(case.name, 0) + 1
        if count > 1:
            case.name = f"{case.name} ({count})"


def _timestamp(ns: int) -> str:
    """ISO 8601 in UTC, without an offset as the common schema wants it; the epoch where the calendar ends."""
    try:
        return datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00"


def _time(ns: int) -> str:
    return f"{max(0, ns) / 1e9:.3f}"

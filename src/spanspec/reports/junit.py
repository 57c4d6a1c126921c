"""The run as JUnit XML, as CI systems read it: a suite per case, a test case per check.

A check that failed or was inconclusive is a `failure` (its type says which), one that could not be evaluated and a
case that could not be carried out are an `error`. What a reader needs is in the text of the failure; a failed
check's trace is drawn in its `system-out`. Ids, links, spans and services are properties.

With `reference` the document has exactly the elements and attributes of the reference's JUnit files: a suite per
selector, a test case per assertion and span, nothing else.

XML 1.0 has no way to write most control characters; they are shown as escapes, as are invalid characters and what a
terminal would obey. Attributes hold one line, and every text is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from spanspec.results import explain
from spanspec.results.columns import lines_of, one_line
from spanspec.results.drawing import draw, plain
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spanspec.results.model import CaseResult, CheckResult, RunResult, SpanResult

_MOST = 500
"""Cells of an attribute's value."""

_PROPERTIES = 10
"""So many spans of a check become properties."""

_DRAWN = 20
"""For so many checks of a case that did not pass the trace is drawn."""

_INVALID = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


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
        root = ET.Element("testsuites", {"name": self._root_name(run), **_totals(suites)})
        root.set("time", str(-(-run.duration_ns // 1_000_000_000)) if self.reference else _time(run.duration_ns))
        root.extend(suite.element() for suite in suites)
        ET.indent(root)
        return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"

    def _root_name(self, run: RunResult) -> str:
        if self.reference and len(run.cases) == 1:
            return _text(run.cases[0].name)
        return "spanspec"

    def _suite(self, case: CaseResult, run: RunResult) -> _Suite:
        started = case.response.start_ns if case.response is not None else run.started_ns
        attributes = {"timestamp": _timestamp(started), "time": _time(case.timings.total), "file": _text(case.path)}
        suite = _Suite(name=_text(case.name) or _text(case.path), attributes=attributes)
        suite.properties.extend(_case_properties(case))
        drawn = {id(check) for check in case.failed_checks[:_DRAWN]}
        suite.cases.extend(self._check(check, case, drawn=id(check) in drawn) for check in case.checks)
        _name_apart(suite.cases)
        if case.error is not None or not case.checks:
            suite.cases.append(_whole_case(case))
        return suite

    def _check(self, check: CheckResult, case: CaseResult, *, drawn: bool) -> _Case:
        found = _Case(
            name=_text(explain.title(check, _MOST)),
            attributes={"classname": _class_name(case), **_place(check), "time": _time(check.decided_ns)},
            verdict=_verdict(check.outcome, bool(check.error)),
            kind="error" if check.error else check.outcome.value,
            message=_text(explain.summary(check)),
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

    def _reference_suites(self, run: RunResult) -> Iterator[_Suite]:
        for case in run.cases:
            groups: dict[tuple[str, int], _Suite] = {}
            for check in case.checks:
                name = _text(check.selector) if check.kind == "spec" else _text(check.name or check.text)
                suite = groups.setdefault((check.kind, check.group), _Suite(name=name))
                suite.cases.extend(_reference_cases(check))
            yield from groups.values()
            if case.error is not None:
                error = _Case(name=_text(case.name), verdict="error", kind="error", message=_text(case.error.message))
                yield _Suite(name=_text(case.name), cases=[error])


@dataclass(slots=True, kw_only=True)
class _Case:
    """A test case before it is an element. `verdict` is the child's tag: `failure error skipped`, or empty."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    verdict: str = ""
    kind: str = ""
    message: str = ""
    body: str = ""
    output: str = ""
    properties: list[tuple[str, str]] = field(default_factory=list)

    def element(self) -> ET.Element:
        """The element; children in the order that the common schema has them in."""
        element = ET.Element("testcase", {"name": self.name, **self.attributes})
        _add_properties(element, self.properties)
        if self.verdict:
            attributes = {"message": self.message}
            if self.verdict != "skipped":
                attributes = {"type": self.kind, **attributes}
            ET.SubElement(element, self.verdict, attributes).text = _valid(self.body) or None
        if self.output:
            ET.SubElement(element, "system-out").text = _valid(self.output)
        return element


@dataclass(slots=True, kw_only=True)
class _Suite:
    """A suite before it is an element."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    cases: list[_Case] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)

    def element(self) -> ET.Element:
        element = ET.Element("testsuite", {"name": self.name, **_totals([self]), **self.attributes})
        _add_properties(element, self.properties)
        element.extend(case.element() for case in self.cases)
        return element


def _totals(suites: Iterable[_Suite]) -> dict[str, str]:
    verdicts = [case.verdict for suite in suites for case in suite.cases]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count("failure")),
        "errors": str(verdicts.count("error")),
        "skipped": str(verdicts.count("skipped")),
    }


def _reference_cases(check: CheckResult) -> Iterator[_Case]:
    """One per span; an expectation, and an assertion without span results, is one."""
    name = _text(check.text)
    for result in check.span_results:
        yield _reference_case(name, result)
    if not check.span_results:
        verdict = _verdict(check.outcome, bool(check.error))
        kind = "error" if verdict == "error" else name
        found = explain.observed(check) if not check.error else check.error
        yield _Case(name=name, verdict=verdict, kind=kind, message=_text(found or explain.reason(check)))


def _reference_case(name: str, result: SpanResult) -> _Case:
    if result.passed:
        return _Case(name=name)
    if result.error:
        return _Case(name=name, verdict="error", kind="error", message=_text(result.error))
    return _Case(name=name, verdict="failure", kind=name, message=_text(result.observed))


def _whole_case(case: CaseResult) -> _Case:
    """The case as such: that it could not be carried out, was skipped, or has no checks."""
    found = _Case(
        name=_text(case.name) or _text(case.path),
        attributes={"classname": _class_name(case), "time": _time(case.timings.total)},
        verdict=_verdict(case.outcome, case.error is not None),
        kind=_text(case.error.kind) if case.error is not None else case.outcome.value,
        message=_text(explain.case_reason(case)),
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
    pairs = [("check", one_line(check.text, _MOST))]
    if check.place is not None:
        pairs.insert(0, ("at", explain.location(check.place)))
    if check.selector:
        pairs.append(("selector", one_line(check.selector, _MOST)))
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
            yield name, _text(value)
    for output in case.outputs:
        if not output.error:
            yield _text(f"output.{output.name}"), _text(output.value)


def _check_properties(check: CheckResult, case: CaseResult) -> Iterator[tuple[str, str]]:
    if check.selector:
        yield "selector", _text(check.selector)
    failing = [result.span_id for result in explain.failing(check.span_results) if result.span_id is not None]
    services = []
    for span_id in dict.fromkeys([*check.spans, *failing][:_PROPERTIES]):
        span = explain.find_span(span_id, case.trace)
        yield "span", _text(f"{span_id} {explain.describe_span(span)}" if span is not None else span_id)
        if span is not None and span.service:
            services.append(span.service)
    for service in dict.fromkeys(services):
        yield "service", _text(service)


def _add_properties(element: ET.Element, properties: list[tuple[str, str]]) -> None:
    if not properties:
        return
    parent = ET.SubElement(element, "properties")
    for name, value in properties:
        ET.SubElement(parent, "property", {"name": name, "value": value})


def _class_name(case: CaseResult) -> str:
    """`tests.checkout.ships once`: CI systems take what precedes the last dot as a package."""
    path = re.sub(r"\.(ya?ml|json)$", "", case.path).strip("./\\").replace("\\", "/").replace("/", ".")
    return _text(f"{path}.{case.name.replace('.', '_')}" if path else case.name)


def _place(check: CheckResult) -> dict[str, str]:
    if check.place is None:
        return {}
    return {"file": _text(check.place.path), "line": str(check.place.line)}


def _name_apart(cases: list[_Case]) -> None:
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


def _text(text: str) -> str:
    """A text as an attribute's value: one bounded line of characters that XML has."""
    return _valid(one_line(text, _MOST))


def _valid(text: str) -> str:
    return _INVALID.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)

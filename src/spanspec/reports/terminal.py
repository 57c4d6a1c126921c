"""The report for people: one line per case, and all that is needed to mend a failed one, in 80 columns.

Plain text unless the caller asks for colour, so that a log reads the same. The lines are made of styled pieces
(`results.drawing`); every text from outside is escaped and bounded when it becomes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.model.time import short_duration
from spanspec.reports._paint import line, paint, style_of
from spanspec.results import explain, telling
from spanspec.results.columns import cells, clip, lines_of, one_line, pad, plural, wrap
from spanspec.results.drawing import Segment, draw
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spanspec.model.ids import SpanId
    from spanspec.results.drawing import Line
    from spanspec.results.model import CaseResult, CheckResult, HookResult, RunResult, SourcePlace, SpanResult

_COLUMN = 11
"""Where texts begin after their labels."""

_CHECKS = 20
"""So many failed checks of a case are told in full."""

_SPANS = 5

_LOG_LINES = 10
"""So many lines of what a service wrote; five times as many with verbosity 1."""

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Options of the report.

    Attributes:
        width: Cells of a line; at least 40.
        colour: Whether to colour it by ANSI sequences; the caller knows the terminal and `NO_COLOR`.
        unicode: Whether the output can show more than ASCII.
        verbosity: -1 the summary only; 0 a line per case, failed ones in full; 1 every check with what was observed.
        saved: The path of the run's JSON, for the hint on how to see more; empty for none.
        rows: Lines of a drawn trace.
    """

    width: int = 80
    colour: bool = False
    unicode: bool = True
    verbosity: int = 0
    saved: str = ""
    rows: int = 30

    def render(self, run: RunResult) -> str:
        """The whole report, with a final line break."""
        return paint(_single_blanks(self.lines(run)), colour=self.colour, unicode=self.unicode)

    def lines(self, run: RunResult) -> Iterator[Line]:
        """The report as styled lines."""
        if self.verbosity >= 0:
            for index, case in enumerate(run.cases):
                yield from self.case(case, first=index == 0)
            if run.notes:
                yield ()
            for note in run.notes:
                yield from self._paragraph("note", note, indent=0)
            if run.cases or run.notes:
                yield line(Segment("─" * min(self._width, 80), "dim"))
        yield from self._summary(run)

    def case(self, case: CaseResult, *, first: bool = True) -> Iterator[Line]:
        """One case: its line, and more about one that did not pass (with verbosity 1, about each)."""
        troubled = _bad(case)
        if troubled and not first:
            yield ()
        yield self._case_line(case)
        if case.outcome is Outcome.SKIPPED and not self._is_on_line(case):
            yield from self._labelled("because", explain.case_reason(case), style="dim")
        for warning in _warnings(case):
            yield from self._paragraph("warning", warning, indent=2, style="concerned")
        if case.error is not None:
            yield from self._error(case)
        if case.outcome is Outcome.FLAKY:
            yield from self._tries(case)
        if self.verbosity > 0:
            yield from self._passed_checks(case)
        yield from self._failed_checks(case)
        detailed = troubled or (self.verbosity > 0 and case.outcome is not Outcome.SKIPPED)
        if detailed:
            yield from self._facts(case)
            yield ()

    @property
    def _width(self) -> int:
        return max(40, self.width)

    def _case_line(self, case: CaseResult) -> Line:
        style = style_of(case.outcome)
        name = telling.title(case, self._width - 12)
        pieces = [Segment(f"{explain.SYMBOLS[case.outcome]} ", style), Segment(name, "bold" if _bad(case) else "")]
        pieces.append(Segment(f"  {explain.seconds(case.timings.total)}", "dim"))
        room = self._width - sum(cells(piece.text) for piece in pieces) - 2
        words = _case_words(case)
        words = "skipped" if case.outcome is Outcome.SKIPPED and cells(words) > room else words
        if words and room >= 12:
            pieces.append(Segment(f"  {one_line(words, room)}", style))
            room -= cells(words) + 2
        path = one_line(case.path, 300)
        if path != name and cells(path) <= room:
            pieces.append(Segment(f"  {path}", "dim"))
        return tuple(pieces)

    def _is_on_line(self, case: CaseResult) -> bool:
        """Whether the line of a skipped case says why, or there is nothing to say."""
        return _case_words(case) == "skipped" or _case_words(case) in "".join(
            piece.text for piece in self._case_line(case)
        )

    def _error(self, case: CaseResult) -> Iterator[Line]:
        assert case.error is not None
        yield ()
        yield from self._labelled("error", "\n".join(lines_of(case.error.message, 400)), style="errored")
        if case.error.help:
            yield from self._labelled("help", case.error.help)

    def _passed_checks(self, case: CaseResult) -> Iterator[Line]:
        for check in case.checks:
            if check.outcome not in (Outcome.PASSED, Outcome.SKIPPED):
                continue
            found = explain.observed(check, self._width // 2)
            room = self._width - 4 - (cells(found) + 2 if found else 0)
            shown = clip(explain.title(check), max(20, room))
            pieces = [Segment(f"  {explain.SYMBOLS[check.outcome]} ", style_of(check.outcome)), Segment(shown)]
            yield (*pieces, Segment(f"  {found}" if found else "", "dim"))

    def _failed_checks(self, case: CaseResult) -> Iterator[Line]:
        failed = case.failed_checks
        limit = len(failed) if self.verbosity > 0 else _CHECKS
        for check in failed[:limit]:
            yield ()
            yield from self._check(check, case)
        if len(failed) > limit:
            yield ()
            yield line(
                "  ", Segment(f"… {plural(len(failed) - limit, 'more check')} did not pass; see them with -v", "dim")
            )

    def _check(self, check: CheckResult, case: CaseResult) -> Iterator[Line]:
        """Headline, place, expected and actual, why, and the evidence."""
        style = style_of(check.outcome)
        head = one_line(check.name) or explain.summary(check)
        first, *rest = wrap(head, self._width - 4)
        yield line("  ", Segment(f"{explain.SYMBOLS[check.outcome]} {first}", style))
        yield from (line("    ", Segment(text, style)) for text in rest)
        if check.place is not None:
            yield from self._place(check.place)
        for label, text in self._evidence(check, case, head):
            value_style = style if label == "actual" else "dim" if label in ("note", "decided") else ""
            yield from self._labelled(label, text, style=value_style)

    def _place(self, place: SourcePlace) -> Iterator[Line]:
        number = str(place.line)
        gutter = " " * len(number)
        shown, pointer = explain.excerpt(place, self._width - 7 - len(number))
        yield line(f"    {gutter}", Segment("--> ", "service1"), Segment(explain.location(place), ""))
        if shown:
            yield line(f"    {gutter}", Segment(" |", "service1"))
            yield line("    ", Segment(f"{number} | ", "service1"), shown)
            yield line(f"    {gutter}", Segment(" | ", "service1"), Segment(pointer, "failed"))

    def _evidence(self, check: CheckResult, case: CaseResult, head: str) -> Iterator[tuple[str, str]]:
        if check.kind == "spec":
            yield "selector", one_line(check.selector, 300) or "every span"
        if check.place is None or not check.place.excerpt:
            yield "check", one_line(check.text, 300)
        yield from explain.expected_and_actual(check)
        why = explain.reason(check) if check.reason or check.error else ""
        if why and why != head:
            yield ("awaited" if check.outcome is Outcome.INCONCLUSIVE else "because"), why
        yield from self._spans(check, case)
        for near in check.near[:5]:
            parts = [part for part in explain.near_miss_parts(near, case.trace) if part not in why]
            for index, part in enumerate(parts):
                yield ("" if index else "closest"), part
        for note in check.notes[:8]:
            yield "note", one_line(note, 400)

    def _spans(self, check: CheckResult, case: CaseResult) -> Iterator[tuple[str, str]]:
        results = explain.failing(check.span_results)
        if results:
            lines = _counted([_result_words(result, check, case) for result in results])
            if len(check.span_results) == 1:
                yield "span", lines[0]
                return
            yield "on", f"{len(results):,} of {plural(len(check.span_results), 'span')}"
            yield from (("", f"✘ {words}") for words in lines[:_SPANS])
            if len(lines) > _SPANS:
                yield "", f"… and {len(lines) - _SPANS:,} more like these"
            return
        for index, span_id in enumerate(check.spans[:_SPANS]):
            yield ("" if index else "span" if len(check.spans) == 1 else "spans"), _span_words(span_id, case)
        if len(check.spans) > _SPANS:
            yield "", f"… and {len(check.spans) - _SPANS:,} more"

    def _facts(self, case: CaseResult) -> Iterator[Line]:
        """What was sent, the trace, why the case ended, and where to see more."""
        if case.error is None:
            yield ()
        if case.trigger:
            yield from self._labelled("sent", _sent(case))
        if case.trace_id:
            counted = f" · {explain.trace_line(case.trace)}" if case.trace is not None and len(case.trace) else ""
            yield from self._labelled("trace", f"{one_line(case.trace_id, 40)}{counted}")
        yield from self._drawing(case)
        if case.settlement.reason:
            yield from self._labelled("ended", case.settlement.reason)
        for note in case.settlement.notes:
            yield from self._labelled("note", note, style="dim")
        if case.late:
            yield from self._labelled(
                "late", f"{plural(len(case.late), 'span')} arrived after the verdict", style="late"
            )
        yield from self._hooks(case)
        for index, gate in enumerate(case.gates):
            sign, why = explain.SYMBOLS[Outcome.PASSED if gate.passed else Outcome.FAILED], one_line(gate.reason, 300)
            words = f"{sign} {one_line(gate.name, 60)}{': ' if why else ''}{why}"
            yield from self._labelled("" if index else "gates", words, style="" if gate.passed else "failed")
        if case.outcome is not Outcome.FLAKY:
            yield from self._tries(case)
        yield from self._logs(case)
        for output in case.outputs if self.verbosity > 0 else ():
            value = f"no value: {output.error}" if output.error else output.value
            yield from self._labelled("output", f"{one_line(output.name, 60)} = {one_line(value, 200)}")
        if case.link:
            yield from self._labelled("open", case.link)

    def _hooks(self, case: CaseResult) -> Iterator[Line]:
        """What set-up and tear-down did, where something of it went wrong or every check is shown."""
        before = ""
        for hook in case.hooks:
            bad = hook.outcome not in (Outcome.PASSED, Outcome.SKIPPED)
            if self.verbosity <= 0 and (not bad or _is_told(hook, case)):
                continue
            label = {"setup": "set-up", "teardown": "tear-down"}.get(hook.phase, one_line(hook.phase, 9))
            why = one_line(hook.reason, 300) if hook.reason else explain.seconds(hook.duration_ns)
            words = f"{explain.SYMBOLS[hook.outcome]} {one_line(hook.name, 120)}{': ' if bad else '  '}{why}"
            yield from self._labelled(
                "" if label == before else label, words, style=style_of(hook.outcome) if bad else ""
            )
            before = label

    def _tries(self, case: CaseResult) -> Iterator[Line]:
        """Why the tries before the last one did not pass; the first always, the others up to a bound."""
        shown = case.attempts if self.verbosity > 0 else case.attempts[:_TRIES]
        for number, attempt in enumerate(shown, start=1):
            why = one_line(attempt.reason, 300) or f"{attempt.outcome}"
            yield from self._labelled(f"try {number}", why, style="dim")
        if len(case.attempts) > len(shown):
            yield from self._labelled("", f"… and {plural(len(case.attempts) - len(shown), 'more try', 'more tries')}")

    def _logs(self, case: CaseResult) -> Iterator[Line]:
        count = _LOG_LINES * (5 if self.verbosity > 0 else 1)
        for log in case.logs:
            yield from self._labelled("log", f"of {one_line(log.source, 60)}", style="dim")
            for text in telling.log_lines(log, count=count, width=self._width - 4 - _COLUMN):
                yield line("    ", " " * _COLUMN, text)

    def _drawing(self, case: CaseResult) -> Iterator[Line]:
        if case.trace is None or not len(case.trace) or (case.outcome is Outcome.ERRORED and not case.checks):
            return
        yield ()
        marks = explain.marks(case.checks)
        for drawn in draw(case.trace, width=self._width - 2, marks=marks, late=case.late, rows=self.rows):
            yield line("  ", *drawn)
        yield ()

    def _summary(self, run: RunResult) -> Iterator[Line]:
        counts = explain.count_line(run).split(", ")
        parts = [Segment(part, part.rsplit(" ", 1)[-1]) for part in counts]
        yield from self._packed([*parts, Segment(f"in {explain.seconds(run.duration_ns)}")])
        for text in self._flow([*_summary_words(run), *(_build_words(run) if self.verbosity > 0 else ())]):
            yield from (line(Segment(piece, "dim")) for piece in wrap(text, self._width))
        if self.saved and run.exit_code:
            yield line(Segment(f"see more: spanspec show {one_line(self.saved, 200)} -v", "dim"))

    def _packed(self, parts: list[Segment]) -> Iterator[Line]:
        """The counts, parted by commas, and the time, as many on a line as fit."""
        pieces: list[Segment] = []
        used = 0
        for index, part in enumerate(parts):
            gap = "" if index == 0 else " " if index == len(parts) - 1 else ", "
            if pieces and used + cells(gap + part.text) > self._width - 1:
                yield (*pieces, Segment(gap.strip()))
                pieces, used, gap = [], 0, ""
            pieces += [Segment(gap), part]
            used += cells(gap + part.text)
        yield tuple(pieces)

    def _flow(self, parts: list[str]) -> Iterator[str]:
        """Parts joined by dots, as many on a line as fit."""
        text = ""
        for part in parts:
            joined = f"{text} · {part}" if text else part
            if text and cells(joined) > self._width:
                yield text
                joined = part
            text = joined
        yield text

    def _labelled(self, label: str, text: str, *, style: str = "") -> Iterator[Line]:
        """A label and a text from outside; its own line breaks are kept, long lines are wrapped."""
        lead = pad(label, _COLUMN)
        for part in lines_of(text, 800):
            for piece in explain.hanging(part, self._width - 4 - _COLUMN):
                yield line("    ", Segment(lead, "dim"), Segment(piece, style))
                lead = " " * _COLUMN

    def _paragraph(self, label: str, text: str, *, indent: int, style: str = "dim") -> Iterator[Line]:
        lead = f"{' ' * indent}{label}: "
        for part in lines_of(text, 800):
            for piece in explain.hanging(part, self._width - len(lead)):
                yield line(Segment(lead, style), piece)
                lead = " " * len(lead)


def _bad(case: CaseResult) -> bool:
    return case.outcome not in (Outcome.PASSED, Outcome.SKIPPED, Outcome.FLAKY)


def _warnings(case: CaseResult) -> list[str]:
    """The warnings that its line does not say already."""
    return [warning for warning in case.warnings if not warning.startswith(explain.SKIPPED)]


def _is_told(hook: HookResult, case: CaseResult) -> bool:
    """Whether the error or a warning says already that it went wrong."""
    said = (*case.warnings, *([case.error.message] if case.error is not None else []))
    return any(hook.name in text and hook.reason in text for text in said)


def _case_words(case: CaseResult) -> str:
    """What to add to a case's line: how many checks failed, or in a word why there is no verdict."""
    if case.outcome is Outcome.SKIPPED:
        why = explain.case_reason(case)
        return f"skipped: {why}" if why else "skipped"
    if case.outcome is Outcome.ERRORED:
        return "errored"
    if case.outcome is Outcome.FLAKY:
        return f"flaky: passed on try {len(case.attempts) + 1}" if case.attempts else "flaky: passed on a retry"
    counts = [
        (sum(1 for check in case.checks if check.outcome is outcome), outcome)
        for outcome in (Outcome.FAILED, Outcome.ERRORED, Outcome.INCONCLUSIVE)
    ]
    words = [f"{count:,} {outcome}" for count, outcome in counts if count]
    return f"{', '.join(words)} of {plural(len(case.checks), 'check')}" if words else ""


def _result_words(result: SpanResult, check: CheckResult, case: CaseResult) -> str:
    words = explain.describe_span_id(result.span_id, case.trace)
    if result.error and result.error != check.error and result.error not in check.reason:
        return f"{words}: {one_line(result.error, 200)}"
    return f"{words}  {one_line(result.observed, 60)}" if result.observed else words


def _counted(texts: list[str]) -> list[str]:
    """Equal texts once, with how many there are."""
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return [f"{text}  × {count:,}" if count > 1 else text for text, count in counts.items()]


def _span_words(span_id: SpanId, case: CaseResult) -> str:
    span = explain.find_span(span_id, case.trace)
    words = explain.describe_span_id(span_id, case.trace)
    return f"{words}  {short_duration(span.duration_ns)}" if span is not None else words


def _sent(case: CaseResult) -> str:
    sent = one_line(case.trigger, 300)
    if case.response is None:
        return sent
    status = f" → {case.response.status}" if case.response.status is not None else ""
    return f"{sent}{status} in {short_duration(case.response.duration_ns)}"


def _summary_words(run: RunResult) -> list[str]:
    checks = [check for case in run.cases for check in case.checks]
    passed = sum(1 for check in checks if check.outcome is Outcome.PASSED)
    words = [f"exit code {run.exit_code}: {explain.EXIT_MEANINGS[run.exit_code]}" if run.cases else "nothing was run"]
    outer = [suite.outcome in (Outcome.PASSED, Outcome.FLAKY) for suite in run.suites if not suite.parents]
    if outer:
        words.insert(0, f"{sum(outer):,} of {plural(len(outer), 'suite')} passed")
    if checks:
        words.insert(0, f"{passed:,} of {plural(len(checks), 'check')} passed")
    return [*words, f"seed {run.seed}"] if run.seed else words


def _build_words(run: RunResult) -> list[str]:
    build = run.build
    if build is None:
        return []
    parts = (f"{build.provider} {build.number}".rstrip(), build.branch, build.commit[:12])
    return [one_line(part, 60) for part in parts if part]


def _single_blanks(lines: Iterable[Line]) -> Iterator[Line]:
    """Without empty lines at the beginning or next to another."""
    blank = True
    for each in lines:
        if each or not blank:
            yield each
        blank = not each

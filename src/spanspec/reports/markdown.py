"""The run as Markdown: a step summary that fits a screen and answers which service, what, and why.

GitHub's dialect (GFM); other readers show it as well. Every text from outside is escaped where it would be markup: by a backslash, `<` and
`&` as entities, in our tags all as entities; a drawn trace stands in a fence longer than any of its own runs of backticks.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from spanspec.results import explain, telling
from spanspec.results.columns import one_line, plural
from spanspec.results.drawing import draw, plain
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.results.model import CaseResult, RunResult
    from spanspec.results.telling import Fault

_MARKUP = re.compile(
    r"""[\\`*\[\]|~$@#]      # emphasis, code, links, cells, strikes, formulas, mentions, references
    |(?<![^\W_])_|_(?![^\W_]) # an underscore that is not inside a word
    |:(?=//)|(?<=www)\.       # what would become a link by itself
    |^[-+=>]                  # what means something at the beginning of a line
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")
_TOLD = 20
"""So many cases are told in full; a step summary of GitHub holds 1 MiB."""
_FAULTS = 8


def escape(text: str) -> str:
    """A text from outside as Markdown that shows just this text, without blanks at its ends: four of them make a block."""
    safe = _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", text.strip()))
    return safe.replace("&", "&amp;").replace("<", "&lt;")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Options of the report.

    Attributes:
        rows: Lines of a drawn trace.
        width: Its columns.
    """

    rows: int = 30
    width: int = 100

    def render(self, run: RunResult) -> str:
        """The whole document, with a final line break."""
        return "\n".join(self._lines(run)) + "\n"

    def _lines(self, run: RunResult) -> Iterator[str]:
        bad = [case for case in run.cases if next(telling.faults_of(case), None) is not None]
        yield f"## {'✘' if bad else '✔'} {escape(telling.verdict(run))}"
        yield ""
        yield from _table(bad[:_TOLD])
        for case in bad[:_TOLD]:
            yield from self._case(case)
        if len(bad) > _TOLD:
            yield f"… and {plural(len(bad) - _TOLD, 'more test')} that did not pass."
            yield ""
        yield from _flaky(run)
        yield from _foot(run)

    def _case(self, case: CaseResult) -> Iterator[str]:
        yield f"### {_sign(case.outcome)} {escape(telling.title(case))}"
        yield ""
        found = list(telling.faults_of(case))
        for fault in found[:_FAULTS]:
            yield from _fault(fault)
        if len(found) > _FAULTS:
            yield f"- … and {plural(len(found) - _FAULTS, 'more check')}"
        yield ""
        yield from self._trace(case)

    def _trace(self, case: CaseResult) -> Iterator[str]:
        link = f"[the whole trace]({_url(case.link)})" if case.link else ""
        if case.trace is None or not len(case.trace):
            yield from (link, "") if link else ()
            return
        drawn = plain(
            draw(case.trace, width=self.width, marks=explain.marks(case.checks), late=case.late, rows=self.rows)
        )
        fence = "`" * max(3, 1 + max((len(run) for line in drawn for run in re.findall(r"`+", line)), default=0))
        summary = f"trace {one_line(case.trace_id, 40)}: {explain.trace_line(case.trace)}"
        yield f"<details><summary>{html.escape(summary)}</summary>"  # within tags Markdown's escapes would be shown
        yield ""
        yield from (f"{fence}text", *drawn, fence)
        yield ""
        yield "</details>"
        yield ""
        yield from (link, "") if link else ()


def _table(cases: list[CaseResult]) -> Iterator[str]:
    """One row a case: the test, the service, what, why."""
    if not cases:
        return
    yield "| test | service | what | why |"
    yield "|---|---|---|---|"
    for case in cases:
        fault = next(telling.faults_of(case))
        yield (
            "| "
            + " | ".join(
                escape(text)
                for text in (
                    telling.title(case),
                    one_line(fault.whose, 80) or "–",
                    one_line(fault.what, 80),
                    one_line(fault.sentence, 240),
                )
            )
            + " |"
        )
    yield ""


def _fault(fault: Fault) -> Iterator[str]:
    where = f" · {escape(explain.location(fault.place))}" if fault.place is not None else ""
    yield f"- {_sign(fault.outcome)} **{escape(fault.what)}**{where}  "
    yield f"  {escape(fault.sentence)}" if fault.sentence else "  no reason is known"
    if fault.whose:
        yield f"  - service: **{escape(fault.whose)}**"
    for hint in fault.hints[:3]:
        yield f"  - {escape(one_line(hint, 240))}"


def _flaky(run: RunResult) -> Iterator[str]:
    flaky = [case for case in run.cases if case.outcome is Outcome.FLAKY]
    if not flaky:
        return
    yield f"### ↻ {plural(len(flaky), 'flaky test')}"
    yield ""
    for case in flaky[:_TOLD]:
        first = case.attempts[0].reason if case.attempts else ""
        yield f"- {escape(telling.title(case))}{': first ' + escape(one_line(first, 200)) if first else ''}"
    yield ""


def _foot(run: RunResult) -> Iterator[str]:
    parts = [explain.count_line(run), f"in {explain.seconds(run.duration_ns)}"]
    parts += [f"shard {run.shard}"] if run.shard else []
    parts += [f"seed {run.seed}"] if run.seed else []
    yield escape(" · ".join(parts)) + _build(run)
    for note in run.notes[:10]:
        yield ""
        yield f"> {escape(one_line(note, 300))}"


def _build(run: RunResult) -> str:
    build = run.build
    if build is None:
        return ""
    words = escape(" ".join(one_line(part, 60) for part in (build.provider, build.number) if part))
    shown = f"[{words}]({_url(build.url)})" if build.url else words
    parts = [shown, *(escape(one_line(part, 80)) for part in (build.branch, build.commit[:12]) if part)]
    return " · " + " · ".join(parts)


def _sign(outcome: Outcome) -> str:
    return explain.SYMBOLS[outcome] if outcome is not Outcome.ERRORED else "⚠"


def _url(link: str) -> str:
    """A link's address; nothing but http and https becomes one."""
    text = one_line(link, 2000)
    return quote(text, safe=":/?#[]@!$&'*+,;=%-._~") if text.startswith(("http://", "https://")) else "#"

"""What `query` says of an answer, and the conversation that `--interactive` holds."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spanspec.cli.options import counted, tell, width
from spanspec.language import lexicon
from spanspec.language.asking import Answer, Tree, ask, read
from spanspec.language.completing import Names, complete, names_of
from spanspec.language.syntax import Selector
from spanspec.language.values import show
from spanspec.language.verdict import EvaluationError, Given
from spanspec.model.time import short_duration
from spanspec.results.drawing import draw, plain
from spanspec.results.explain import near_miss
from spanspec.source.render import visible
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.language.dialect import Dialect
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_HISTORY = 1000
_HELP = """\
Type a selector, a statement or a value; Tab completes words and this trace's names.
  .help [WORD]    this, or what a word of the language means
  .traces         the traces of the file
  .use N          ask trace N of that list
  .show           draw the trace
  .keys [PREFIX]  the attributes on its spans, with their most frequent values
  .quit           leave; so does Ctrl-D"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of one trace, or why there is none."""

    trace_id: str
    answer: Answer | None = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it holds, picks something, or has a value."""
        return self.answer is not None and self.answer.holds

    def plain(self) -> dict[str, object]:
        """For machines."""
        head: dict[str, object] = {"trace": self.trace_id, "ok": self.ok}
        if self.answer is None:
            return {**head, "error": self.error}
        spans = [_plain(span) for span in self.answer.spans]
        judgement = self.answer.judgement
        if judgement is not None:
            reason = judgement.reason or judgement.error
            said = {"verdict": judgement.truth.value, "reason": reason}
            return {**head, **said, "expected": judgement.expected, "actual": judgement.actual, "spans": spans}
        return (
            {**head, "spans": spans}
            if isinstance(self.answer.node, Selector)
            else {**head, "value": show(self.answer.value)}
        )


def reply(node: Tree, trace: Trace, dialect: Dialect) -> Reply:
    """What a trace says."""
    try:
        return Reply(trace_id=trace.trace_id, answer=ask(node, Given(trace=trace, dialect=dialect)))
    except EvaluationError as fault:
        return Reply(trace_id=trace.trace_id, error=str(fault))


def _plain(span: Span) -> dict[str, object]:
    return {
        "span_id": span.span_id,
        "service": span.service,
        "name": span.name,
        "kind": span.kind.value,
        "duration_ns": span.duration_ns,
        "status": span.status.value,
    }


def print_reply(each: Reply) -> None:
    """The answer for people: what is asked for on stdout, remarks on stderr."""
    if each.answer is None:
        click.echo(visible(each.error))
        return
    answer, judgement = each.answer, each.answer.judgement
    if judgement is not None:
        reason = judgement.reason or judgement.error
        click.echo(visible(f"{judgement.truth.value}: {reason}" if reason else judgement.truth.value))
        for note in judgement.notes:
            click.echo(visible(f"  {note}"), err=True)
        _spans(answer.spans)
    elif isinstance(answer.node, Selector):
        _spans(answer.spans)
        for near in answer.near:
            click.echo(visible(f"  {near_miss(near)}"), err=True)
    else:
        click.echo(visible(show(answer.value)))


def _spans(spans: Sequence[Span]) -> None:
    service = max((len(span.service) for span in spans), default=0)
    for span in spans:
        status = "  error" if span.status.value == "error" else ""
        lead = f"{span.span_id}  {visible(span.service):{service}}  {span.kind.value:8}"
        click.echo(f"{lead}  {short_duration(span.duration_ns):>7}  {visible(span.name)}{status}")
    click.echo(counted(len(spans), "span"), err=True)


# --- the conversation ----------------------------------------------------------------------------------------------


def converse(traces: Sequence[Trace], dialect: Dialect) -> int:
    """Read lines and answer each, until the input ends; 0 always, for whoever asks may ask amiss."""
    if not traces:
        click.echo("no span in it", err=True)
        return 1
    talk = _Talk(traces, dialect)
    with _lines(talk):
        click.echo(f"{talk.title()}; .help tells more", err=True)
        while not talk.ended:
            try:
                line = input("> " if sys.stdin.isatty() else "")
            except EOFError:
                break
            except KeyboardInterrupt:
                click.echo("", err=True)
                continue
            talk.take(line)
    return 0


class _Talk:
    """One conversation: the traces, and which of them is asked."""

    def __init__(self, traces: Sequence[Trace], dialect: Dialect) -> None:
        self.ended = False
        self._traces, self._dialect = traces, dialect
        self._use(0)

    def _use(self, index: int) -> None:
        self._trace = self._traces[index]
        self.names: Names = names_of(self._trace)

    def title(self) -> str:
        """Which trace is asked."""
        services = {span.service for span in self._trace}
        many = f", 1 of {len(self._traces)} traces" if len(self._traces) > 1 else ""
        return f"trace {self._trace.trace_id}: {counted(len(self._trace), 'span')}, {counted(len(services), 'service')}{many}"

    def take(self, line: str) -> None:
        """Answer a line."""
        text = line.strip()
        if text.startswith("."):
            self._order(text)
        elif text:
            node, faults = read(text, self._dialect)
            tell(fault.within(SourceText("<query>", text)) for fault in faults)
            if node is not None:
                print_reply(reply(node, self._trace, self._dialect))

    def _order(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        match name:
            case ".help" if rest:
                self._explain(rest)
            case ".help":
                click.echo(_HELP)
            case ".quit" | ".exit":
                self.ended = True
            case ".traces":
                for number, trace in enumerate(self._traces, start=1):
                    mark = "*" if trace is self._trace else " "
                    click.echo(f"{mark}{number:3}  {trace.trace_id}  {counted(len(trace), 'span')}")
            case ".use" if rest.isdigit() and 1 <= int(rest) <= len(self._traces):
                self._use(int(rest) - 1)
                click.echo(self.title(), err=True)
            case ".use":
                click.echo(f".use takes a number from 1 to {len(self._traces)}", err=True)
            case ".show":
                click.echo("\n".join(plain(draw(self._trace, width=width()))))
            case ".keys":
                self._keys(rest)
            case _:
                click.echo(f'no order "{visible(name)}"; .help lists them', err=True)

    def _keys(self, prefix: str) -> None:
        for key in sorted(self.names.spans):
            if key.startswith(prefix):
                values = ", ".join(f'"{value}"' for value in self.names.spans[key][:3])
                click.echo(visible(f"{key}  {values}".rstrip()))

    def _explain(self, text: str) -> None:
        words = lexicon.find(text)
        if not words:
            click.echo(f'no word "{visible(text)}"; `spanspec explain --words` lists them', err=True)
        for word in words:
            click.echo(f"{word.call}  ({word.part})\n  {word.doc}\n  {word.example}")


@contextlib.contextmanager
def _lines(talk: _Talk) -> Iterator[None]:
    """Completion and history where a person types and Python has readline; lines are read all the same without."""
    try:
        import readline
    except ImportError:
        readline = None  # type: ignore[assignment]
    if readline is None or not sys.stdin.isatty():
        yield
        return
    state: list[str] = []

    def completer(_text: str, index: int) -> str | None:
        if index == 0:
            line, begin = readline.get_line_buffer()[: readline.get_endidx()], readline.get_begidx()
            found = complete(line, talk.names)
            # readline replaces from its own word's begin, which may lie before or behind ours.
            state[:] = [line[begin : found.start] + each[max(0, begin - found.start) :] for each in found.texts]
        return state[index] if index < len(state) else None

    readline.set_completer_delims(" \t\n()[],<>=~|")
    readline.set_completer(completer)
    readline.parse_and_bind("tab: complete")
    readline.set_history_length(_HISTORY)
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    history = Path(home) / "spanspec" / "history"
    with contextlib.suppress(OSError):  # no history yet
        readline.read_history_file(history)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # a home that cannot be written to is no reason to fail
            history.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(history)

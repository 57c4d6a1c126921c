"""What a run is doing, on a terminal: a line that counts, and one for each case that is under way.

The block is drawn anew in place with each message and erased in the end; where the stream is no terminal nothing is
written at all, for a log would keep every frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, assert_never

from spanspec.reports._paint import line, paint, style_of
from spanspec.results.columns import cells, clip, one_line, plural
from spanspec.results.drawing import Segment
from spanspec.results.explain import SYMBOLS
from spanspec.results.progress import (
    CaseDone,
    CaseFired,
    CaseRetried,
    CaseWaiting,
    HookRunning,
    RunStarted,
    SystemChanged,
)

if TYPE_CHECKING:
    from spanspec.results.drawing import Line
    from spanspec.results.model import Outcome
    from spanspec.results.progress import Progress

_CASES = 5
"""So many cases under way have a line."""


class Terminal(Protocol):
    """What is needed of a text stream: `sys.stderr` is one."""

    def write(self, text: str, /) -> object:
        """Take text."""
        ...

    def flush(self) -> object:
        """Show it."""
        ...

    def isatty(self) -> bool:
        """Whether a person looks at it, and escape sequences work."""
        ...


@dataclass(slots=True)
class _Case:
    name: str
    doing: str


class Live:
    """Shows progress; a listener of a run.

    Args:
        stream: Where to; nothing is written when it is no terminal.
        width: Cells of a line.
        colour: Whether to colour it.
    """

    def __init__(self, stream: Terminal, *, width: int = 80, colour: bool = True) -> None:
        self._stream = stream
        self._width = max(40, width)
        self._colour = colour
        self._shown = 0
        self._total = 0
        self._receiver = ""
        self._done: dict[Outcome, int] = {}
        self._running: dict[int, _Case] = {}
        self._silent = not stream.isatty()

    def on(self, progress: Progress) -> None:
        """Take one message and draw the block again; a stream that is gone ends the show, not the run."""
        self._note(progress)
        self._draw(self._block())

    def close(self) -> None:
        """Erase the block; the report follows."""
        self._draw([])

    def _note(self, progress: Progress) -> None:
        match progress:
            case RunStarted():
                self._total, self._receiver = progress.cases, progress.receiver
            case SystemChanged():
                pass  # whoever runs the command line tells it in a line of its own
            case HookRunning():
                phase = "set-up" if progress.phase == "setup" else "tear-down"
                self._running[progress.index] = _Case(progress.name, f"{phase}: {progress.hook}")
            case CaseRetried():
                again = f"tried again, for it did not pass: {progress.because}"
                self._running[progress.index] = _Case(progress.name, again)
            case CaseFired():
                self._running[progress.index] = _Case(progress.name, progress.trigger)
            case CaseWaiting():
                case = self._running.setdefault(progress.index, _Case(f"case {progress.index + 1}", ""))
                case.doing = _awaiting(progress)
            case CaseDone():
                self._running.pop(progress.index, None)
                outcome = progress.result.outcome
                self._done[outcome] = self._done.get(outcome, 0) + 1
            case _:
                assert_never(progress)

    def _block(self) -> list[Line]:
        done = sum(self._done.values())
        head: list[Segment] = [Segment(f"{done:,} of {plural(max(self._total, done), 'case')}", "bold")]
        for outcome, count in self._done.items():
            head.append(Segment(f"  {SYMBOLS[outcome]} {count:,}", style_of(outcome)))
        if self._receiver and not done:
            head.append(Segment(f"  spans are awaited at {one_line(self._receiver, 60)}", "dim"))
        lines = [tuple(head)]
        for case in list(self._running.values())[:_CASES]:
            name = one_line(case.name, self._width // 2)
            lines.append(line("  ", name, Segment(f"  {one_line(case.doing, self._width - cells(name) - 5)}", "dim")))
        if len(self._running) > _CASES:
            lines.append(line("  ", Segment(f"… and {len(self._running) - _CASES:,} more", "dim")))
        return lines

    def _draw(self, lines: list[Line]) -> None:
        if self._silent or (not lines and not self._shown):
            return
        back = f"\x1b[{self._shown}A" if self._shown else ""
        fitted = [_fitted(each, self._width - 1) for each in lines]
        try:
            self._stream.write(f"{back}\r\x1b[J{paint(fitted, colour=self._colour)}")
            self._stream.flush()
        except (OSError, ValueError):  # the terminal was closed; a listener must not raise
            self._silent = True
        self._shown = len(lines)


def _awaiting(progress: CaseWaiting) -> str:
    undecided = f", {progress.undecided:,} undecided" if progress.undecided else ""
    because = f": {progress.because}" if progress.because else ""
    return f"{plural(progress.spans, 'span')}{undecided}{because}"


def _fitted(pieces: Line, width: int) -> Line:
    """Cut to the width, for a line that the terminal wraps would be counted as one."""
    fitted, room = [], width
    for piece in pieces:
        text = clip(piece.text, room)
        room -= cells(text)
        fitted.append(Segment(text, piece.style))
    return tuple(fitted)

from __future__ import annotations

import io
import re

from spanspec.reports._live import Live
from spanspec.results.columns import cells
from spanspec.results.progress import CaseDone, CaseFired, CaseWaiting, RunStarted
from tests.results.example import CART, CHECKOUT, NASTY


class Screen(io.StringIO):
    """A stream that is a terminal, and what would be left on it."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> list[str]:
        """The lines that stand on the screen: the cursor goes up and the rest is erased."""
        lines = [""]
        for piece in re.split(r"(\x1b\[\d*[AJ]|\r|\n)", self.getvalue()):
            if piece == "\n":
                lines.append("")
            elif piece.endswith("A") and piece.startswith("\x1b["):
                del lines[len(lines) - 1 - int(piece[2:-1]) :]
                lines.append("")
            elif piece.startswith("\x1b[") or piece == "\r":
                continue
            else:
                lines[-1] += piece
        return lines[:-1]


class ClosedScreen(Screen):
    """A terminal that is gone."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError


def test_progress_is_shown_in_place() -> None:
    """The block counts what is done and says what each running case is waiting for; the end erases it."""
    screen = Screen()
    live = Live(screen, colour=False)
    live.on(RunStarted(cases=3, receiver="127.0.0.1:4318"))
    assert screen.shown() == ["0 of 3 cases  spans are awaited at 127.0.0.1:4318"]
    live.on(CaseFired(index=0, name="checkout", trigger="POST http://h/checkout"))
    live.on(CaseFired(index=1, name="cart", trigger="GET http://h/cart"))
    live.on(CaseWaiting(index=0, spans=14, undecided=2, because="quiet for 120 of 250 ms"))
    live.on(CaseDone(index=1, result=CART))
    assert screen.shown() == ["1 of 3 cases  ✔ 1", "  checkout  14 spans, 2 undecided: quiet for 120 of 250 ms"]
    live.on(CaseDone(index=0, result=CHECKOUT))
    assert screen.shown() == ["2 of 3 cases  ✔ 1  ✘ 1"]
    live.close()
    assert screen.shown() == []


def test_nothing_is_written_where_there_is_no_terminal() -> None:
    """A log gets no frames."""
    log = io.StringIO()
    live = Live(log)
    live.on(RunStarted(cases=1))
    live.on(CaseDone(index=0, result=CART))
    live.close()
    assert log.getvalue() == ""


def test_a_terminal_that_is_gone_does_not_stop_the_run() -> None:
    """A listener never raises."""
    live = Live(ClosedScreen())
    live.on(RunStarted(cases=1))
    live.on(CaseDone(index=0, result=CART))


def test_many_cases_under_way_are_bounded() -> None:
    """Five have a line, the others are counted."""
    screen = Screen()
    live = Live(screen, colour=False)
    for index in range(9):
        live.on(CaseFired(index=index, name=f"case {index}", trigger="x"))
    assert len(screen.shown()) == 7
    assert screen.shown()[-1] == "  … and 4 more"


def test_nasty_texts_cannot_move_the_cursor() -> None:
    """Names and reasons hold no sequence that the terminal obeys, and no line is wrapped."""
    for text in NASTY:
        screen = Screen()
        live = Live(screen, colour=False)
        live.on(CaseFired(index=0, name=text, trigger=text))
        live.on(CaseWaiting(index=0, spans=1, undecided=1, because=text))
        assert len(screen.shown()) == 2
        assert all(line.isprintable() and cells(line) < 80 for line in screen.shown())

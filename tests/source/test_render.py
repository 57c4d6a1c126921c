"""Diagnostics as people see them."""

from __future__ import annotations

from spanspec.source.diagnostics import Diagnostic
from spanspec.source.render import render, visible
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Position, Range, SourceText


def test_points_into_the_users_text() -> None:
    """Headline, place, the line, a pointer with its label, help."""
    source = SourceText("checkout.yaml", "expect:\n  - buzy_time(span[]) < 1s\n")
    start = source.text.index("buzy")
    fault = Diagnostic(
        code="unknown-function",
        message='no function "buzy_time"',
        range=Range(start, start + 9),
        label='did you mean "busy_time"?',
        help="Run `spanspec explain unknown-function`.",
        source=source,
    )
    assert render(fault).split("\n") == [
        'error[unknown-function]: no function "buzy_time"',
        " --> checkout.yaml:2:5",
        "  |",
        "2 |   - buzy_time(span[]) < 1s",
        '  |     ^^^^^^^^^ did you mean "busy_time"?',
        "  = help: Run `spanspec explain unknown-function`.",
    ]


def test_a_long_line_is_cut_around_the_place() -> None:
    """A minified file does not fill the terminal."""
    source = SourceText("x.json", "a" * 5000 + "FAULT" + "b" * 5000)
    text = render(Diagnostic(code="syntax", message="m", range=Range(5000, 5005), source=source))
    lines = text.split("\n")
    assert max(map(len, lines)) < 200
    assert lines[3][lines[4].index("^") :][:5] == "FAULT"


def test_control_and_bidirectional_characters_are_shown_not_obeyed() -> None:
    """A file cannot colour the terminal or turn its text round."""
    assert visible("\x1b[31mred\u202e\x07") == "\\x1b[31mred\\u202e\\x07"


def test_positions_count_from_one() -> None:
    """Lines and columns as editors show them, past the end included."""
    source = SourceText("t", "ab\ncd")
    assert source.position(0) == Position(1, 1)
    assert source.position(4) == Position(2, 2)
    assert source.position(99) == Position(2, 3)
    assert source.offset(2, 2) == 4


def test_suggests_only_what_is_like_it() -> None:
    """A wild guess helps nobody."""
    assert did_you_mean("buzy_time", ["busy_time", "count"]) == 'did you mean "busy_time"?'
    assert did_you_mean("xyz", ["busy_time", "count"]) == ""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.results.columns import cells, clip, lines_of, one_line, pad, plural, wrap


@pytest.mark.parametrize(("text", "size"), [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("µ…×│", 4)])
def test_cells(text: str, size: int) -> None:
    """Wide characters take two cells, combining ones none."""
    assert cells(text) == size


@given(st.text(), st.integers(0, 30))
def test_one_line_obeys_its_limit_and_holds_nothing_to_obey(text: str, limit: int) -> None:
    """Whatever comes in, one bounded line without control characters comes out."""
    shown = one_line(text, limit)
    assert cells(shown) <= limit
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


@given(st.text(st.characters(codec="utf-8", min_codepoint=32)), st.integers(1, 20))
def test_pad_is_exact(text: str, width: int) -> None:
    """A padded text has the width asked for, or the most that whole characters fill."""
    assert cells(pad(text, width)) == width


@given(st.lists(st.text("abc漢", max_size=30)), st.integers(8, 40))
def test_wrap_keeps_all_and_the_width(words: list[str], width: int) -> None:
    """No line is too long and no letter is lost."""
    text = " ".join(words)
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(("width", "text"), [(0, ""), (1, "…"), (4, "abc…"), (6, "abcdef"), (9, "abcdef")])
def test_clip(width: int, text: str) -> None:
    """A cut text says so within its width."""
    assert clip("abcdef", width) == text


def test_lines_of_bounds_lines_and_their_number() -> None:
    """A long text keeps its first lines and says how many are left out."""
    assert lines_of("a\r\nb\x1b\n" + "c" * 9, 5) == ["a", "b\\x1b", "cccc…"]
    assert lines_of("\n".join("abcd"), 9, 2) == ["a", "b", "… 2 more lines"]


def test_plural() -> None:
    """One is singular, thousands are parted."""
    assert [plural(count, "span") for count in (0, 1, 1200)] == ["0 spans", "1 span", "1,200 spans"]

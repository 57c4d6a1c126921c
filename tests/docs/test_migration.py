"""The page for those who come from Tracetest has every row that the tests hold, each once."""

from __future__ import annotations

import re

from tests.conformance.differences import DIFFERENCES
from tests.conformance.rows import TAGS
from tests.docs.pages import ROOT
from tests.language.test_rows import NEW, VERDICTS

PAGE = (ROOT / "docs" / "guides" / "migrate-from-tracetest.md").read_text(encoding="utf-8")
ROWS = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]


def test_every_row_that_a_test_names_is_on_the_page() -> None:
    """Whoever reads why a verdict differs finds the row."""
    named = {*TAGS.values(), *(row for row, *_ in VERDICTS), *(row for row, _ in NEW)}
    stated = {int(row) for difference in DIFFERENCES.values() for row in re.findall(r"Row (\d+)", difference.why)}
    assert not (named | stated) - set(ROWS)


def test_each_row_stands_once_and_in_order() -> None:
    """The numbers are those of one list."""
    assert sorted(set(ROWS)) == ROWS


def test_every_row_says_both_sides() -> None:
    """No row is without what happens there and what happens here."""
    for line in PAGE.splitlines():
        if re.match(r"\| \d+ \|", line):
            assert len([cell for cell in re.split(r"(?<!\\)\|", line) if cell.strip()]) == 3, line


def test_every_difference_names_its_row() -> None:
    """An entry of the table of differences says which row it belongs to, in a sentence."""
    for difference in DIFFERENCES.values():
        assert re.fullmatch(r"Row \d+: .+\.", difference.why)

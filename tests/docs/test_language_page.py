"""The language page: every row has an example, and the example gives what the page says, on the page's own trace."""

from __future__ import annotations

import re

import pytest

from spanspec.api import stored_traces
from spanspec.language.lexicon import WORDS, Part
from spanspec.results.drawing import draw, plain
from tests.docs.language_page import PAGE, ROWS_WITHOUT, TRACE, gives, rows

ROWS = rows()


@pytest.mark.parametrize(("what", "means", "example", "given"), ROWS, ids=[f"{row[0]}: {row[2]}" for row in ROWS])
def test_a_row_is_true(what: str, means: str, example: str, given: str) -> None:
    """Each line of each table: what it says happens."""
    assert gives(example) == given, f"{what}: {means}"


def test_every_table_has_examples() -> None:
    """No table but the one on places is without an example."""
    heads = re.findall(r"^\| ([^|\n]+) \|[^\n]*\|\n\|(?:---\|)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [head for head in heads if head in ROWS_WITHOUT] == list(ROWS_WITHOUT)
    assert len(heads) >= 20


def test_every_word_of_the_language_stands_on_the_page() -> None:
    """Functions, filters, pseudo-classes, quantifiers, relations, comparators, combinators, connectives, prefixes."""
    named = " ".join(row[0] for row in ROWS) + " where within " + PAGE.read_text(encoding="utf-8")
    percentiles = {f"p{rank}" for rank in range(51, 99)}
    missing = [word.name for word in WORDS if word.name not in named and word.name not in percentiles]
    assert not missing
    functions = {word.name for word in WORDS if word.part is Part.FUNCTION} - percentiles
    assert not [name for name in functions if f"`{name}(" not in named]


def test_the_drawing_is_of_the_trace() -> None:
    """The picture on the page is what `.show` prints."""
    (trace,) = stored_traces(str(TRACE))
    assert "\n".join(plain(draw(trace, width=72))) in PAGE.read_text(encoding="utf-8") or "\n".join(
        plain(draw(trace, width=80))
    ) in PAGE.read_text(encoding="utf-8")

"""The lexicon: every word that the language knows is in it, and every example parses and is sound."""

from __future__ import annotations

import pytest

from spanspec.language.checker import check
from spanspec.language.dialect import Dialect
from spanspec.language.grammar.words import FILTERS, FUNCTIONS, PSEUDOS
from spanspec.language.lexicon import WORDS, Part, Word, find
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.language.syntax import Combinator, Comparator, QuantifierWord, RelationWord
from spanspec.source.diagnostics import has_errors


def names(part: Part) -> set[str]:
    """The names of one kind."""
    return {word.name for word in WORDS if word.part is part}


def test_every_word_of_the_language_is_there():
    """What the parser knows, the lexicon knows, and nothing more."""
    assert names(Part.FUNCTION) == set(FUNCTIONS)
    assert names(Part.FILTER) == set(FILTERS)
    assert names(Part.PSEUDO) == set(PSEUDOS)
    assert names(Part.RELATION) == {relation.value for relation in RelationWord}
    assert names(Part.QUANTIFIER) == {word.value for word in QuantifierWord}
    assert names(Part.COMPARATOR) == {word.value for word in Comparator} | {"exists", "missing"}
    assert names(Part.COMBINATOR) == {word.value.strip() or ">>" for word in Combinator} | {","}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: f"{word.part} {word.name}")
def test_every_example_is_sound(word: Word):
    """An example parses, the checker finds no error in it, and it holds the word."""
    parse = parse_selector if word.part in (Part.PSEUDO, Part.COMBINATOR) else parse_statement
    parsed = parse(word.example, Dialect.EXPECT)
    assert parsed.node is not None, parsed.diagnostics
    assert not has_errors(check(parsed.node, Dialect.EXPECT))
    assert word.name in word.example
    assert word.doc.endswith(".")


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ("busy_time", [Part.FUNCTION]),
        ("busy_time()", [Part.FUNCTION]),
        (":has", [Part.PSEUDO]),
        ("first", [Part.FUNCTION, Part.PSEUDO]),
        ("leads to", [Part.RELATION]),
        ("parent", [Part.PREFIX]),
        ("nonsense", []),
    ],
)
def test_a_word_is_found_by_how_one_writes_it(asked: str, kinds: list[Part]):
    """With its colon or parentheses or without."""
    assert [word.part for word in find(asked)] == kinds

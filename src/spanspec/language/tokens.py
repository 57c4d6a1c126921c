"""Tokens: what the lexer cuts a text into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spanspec.source.text import Range


class Kind(StrEnum):
    """What a token is.

    `WORD` is a bare key or a word of the grammar (the parser decides by the place); `NAME` a name with a prefix; `BAD` a
    character that begins nothing; `UNCLOSED` a text without its closing quote.
    """

    WORD = "word"
    NAME = "name"
    NUMBER = "number"
    DURATION = "duration"
    TEXT = "text"
    SYMBOL = "symbol"
    BAD = "character"
    UNCLOSED = "unclosed text"
    END = "end"


class Mode(StrEnum):
    """Where the lexer stands: in a value, or in a selector's brackets (the reference had two lexers)."""

    VALUE = "value"
    BRACKETS = "brackets"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `start` and `end` are characters of the whole text."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def range(self) -> Range:
        """Where it stands."""
        return Range(self.start, self.end)

    def is_symbol(self, *texts: str) -> bool:
        """Whether it is one of these symbols."""
        return self.kind is Kind.SYMBOL and self.text in texts

    def is_word(self, *texts: str) -> bool:
        """Whether it is one of these words."""
        return self.kind is Kind.WORD and self.text in texts

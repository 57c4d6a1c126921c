r"""The lexer: white space and comments are dropped, the longest symbol wins, a token is read on demand at a place.

::

    word      := LETTER { WORDCHAR | "." WORDCHAR | "-" WORDCHAR }          a dash or dot only between word characters
    name      := prefix ":" [prefix ":"] (key | text)                       no space around the colons
    number    := DIGITS ["." DIGITS] [("e" | "E") ["+" | "-"] DIGITS]
    duration  := { DIGITS ["." DIGITS] unit }                               ends at a word's end; in SPECS one space may stand before a lone unit
    text      := '"' … '"' | "'" … "'"
    symbol    := && || == =~ != !~ <= >= << >> -> ( ) [ ] , | + - * / = < > ! ~ : .
    comment   := "//" … end of line | "/*" … "*/"

Two things depend on the dialect. In a text `EXPECT` and the brackets of `SPECS` read a backslash and what follows as a
pair; in its values `SPECS` pairs a backslash with the text's own quote alone, and takes the pair apart when no other
quote closes the text. And in the values of `SPECS` an `attr:` key takes dots and dashes anywhere, a `var:` or `env:` key
takes no dash, as the reference has them.

A `${…}` that begins like an expression is skipped as a whole, so that quotes and braces inside it do not end the text.
"""

from __future__ import annotations

import re

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.placeholders import placeholder_end
from spanspec.language.tokens import Kind, Mode, Token

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_KEY = r"\w+(?:[.-]\w+)*"
_WORD = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
_PREFIXED = re.compile(rf"((?:[^\W\d]\w*:){{1,3}})(?:({_KEY})|(?=[\"']))")
_OLD_ATTRIBUTE = re.compile(r"(attr:)(\w[\w.-]*)")
_OLD_VARIABLE = re.compile(r"((?:var|env):)(\w[\w.]*)")
_UNIT = r"(?:ns|us|µs|μs|ms|s|m|h|d)"
_DURATION = re.compile(rf"(?:\d+(?:\.\d+)?{_UNIT})+(?!\w)")
_SPACED_DURATION = re.compile(rf"\d+(?:\.\d+)? ?{_UNIT}(?!\w)")
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w)|\d+(?:\.\d+)?")
_GO_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w)|\d+(?:\.\d+)?"
)
_SYMBOL = re.compile(r"&&|\|\||==|=~|!=|!~|<=|>=|<<|>>|->|[()\[\],|+\-*/=<>!~:.]")


class Lexer:
    """Reads tokens of one text between two places; a token once read is kept.

    Args:
        text: The whole text.
        dialect: `EXPECT` or `SPECS`.
        end: Where to stop; the end of the text when left out.
    """

    def __init__(self, text: str, dialect: Dialect, end: int | None = None) -> None:
        self.text = text
        self.dialect = dialect
        self.end = len(text) if end is None else end
        self._read: dict[tuple[int, Mode], Token] = {}

    def token(self, place: int, mode: Mode) -> Token:
        """The first token at or after `place`."""
        key = (place, mode)
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = self._lex(self._skip(place), mode)
        return found

    def word(self, place: int) -> Token | None:
        """The word at or after `place`, with no regard for a colon after it; for the names of pseudo-classes."""
        match = self._match(_WORD, self._skip(place))
        return Token(Kind.WORD, match.group(), match.start(), match.end()) if match is not None else None

    def _skip(self, place: int) -> int:
        match = _SPACE.match(self.text, place, self.end)
        return match.end() if match is not None else place

    def _lex(self, place: int, mode: Mode) -> Token:
        if place >= self.end:
            return Token(Kind.END, "", self.end, self.end)
        char = self.text[place]
        if char in "\"'":
            return self._text(place, mode)
        if char.isdigit() or (char == "." and self._match(_NUMBER, place) is not None):
            return self._numeric(place, mode)
        if char.isalpha() or char == "_":
            return self._worded(place, mode)
        symbol = self._match(_SYMBOL, place)
        if symbol is not None:
            return Token(Kind.SYMBOL, symbol.group(), place, symbol.end())
        return Token(Kind.BAD, char, place, place + 1)

    def _match(self, pattern: re.Pattern[str], place: int) -> re.Match[str] | None:
        return pattern.match(self.text, place, self.end)

    def _numeric(self, place: int, mode: Mode) -> Token:
        duration = self._match(_DURATION, place)
        if duration is None and self.dialect is not Dialect.EXPECT and mode is Mode.VALUE:
            duration = self._match(_SPACED_DURATION, place)
        if duration is not None:
            return Token(Kind.DURATION, duration.group().replace(" ", ""), place, duration.end())
        go = self.dialect is not Dialect.EXPECT and mode is Mode.BRACKETS
        number = self._match(_GO_NUMBER if go else _NUMBER, place)
        if number is None:
            return Token(Kind.BAD, self.text[place], place, place + 1)
        return Token(Kind.NUMBER, number.group(), place, number.end())

    def _worded(self, place: int, mode: Mode) -> Token:
        if self.dialect is not Dialect.EXPECT and mode is Mode.VALUE:
            old = self._match(_OLD_ATTRIBUTE, place) or self._match(_OLD_VARIABLE, place)
            if old is not None:
                return Token(Kind.NAME, old.group(), place, old.end())
        prefixed = self._match(_PREFIXED, place)
        if prefixed is not None:
            end = prefixed.end()
            if prefixed[2] is None:
                quoted = self._text(end, Mode.BRACKETS)
                if quoted.kind is Kind.UNCLOSED:
                    return quoted
                end = quoted.end
            return Token(Kind.NAME, self.text[place:end], place, end)
        word = self._match(_WORD, place)
        assert word is not None
        return Token(Kind.WORD, word.group(), place, word.end())

    # --- texts -----------------------------------------------------------------------------------------------

    def _text(self, place: int, mode: Mode) -> Token:
        pairs_any = self.dialect is Dialect.EXPECT or mode is Mode.BRACKETS
        closing = self._closing(place, pairs_any=pairs_any)
        if closing is None:
            return Token(Kind.UNCLOSED, self.text[place], place, self.end)
        return Token(Kind.TEXT, self.text[place : closing + 1], place, closing + 1)

    def _closing(self, place: int, *, pairs_any: bool) -> int | None:
        """Where the text that opens at `place` has its closing quote."""
        text, quote, at = self.text, self.text[place], place + 1
        last_pair = None
        while at < self.end:
            char = text[at]
            if char == quote:
                return at
            if char == "\\" and at + 1 < self.end and text[at + 1] in ("\\\"'" if pairs_any else quote):
                last_pair = at + 1 if text[at + 1] == quote else last_pair
                at += 2
            elif char == "$":
                at = self._past_dollar(at)
            else:
                at += 1
        return None if pairs_any else last_pair

    def _past_dollar(self, at: int) -> int:
        if self.text.startswith("$${", at):
            return at + 3
        if self.text.startswith("${", at):
            return placeholder_end(self.text, at, self.end, old=self.dialect is not Dialect.EXPECT) or at + 2
        return at + 1

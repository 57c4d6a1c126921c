"""The expressions of `-k`: which tests, by words in their names, suites, files, tags and rows. Pure.

Grammar::

    either  := both ("or" both)*
    both    := one ("and" one)*
    one     := "not" one | "(" either ")" | word
    word    := "text in double quotes" | 'or single' | anything without spaces, quotes and parentheses

A word holds when it is part of the name, id, suite, file, a tag or the row, in any case. `tag:`, `name:`, `file:` and
`suite:` before it look there alone; a tag is then compared whole. Two words side by side are two conditions: `and`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from spanspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TOKEN = re.compile(r"""\s*(?:(?P<paren>[()])|(?P<word>(?:[a-z]+:)?(?:"[^"]*"|'[^']*'|[^\s()"']+)))""")
_DEPTH = 50
_HELP = "Write words joined by `and`, `or` and `not`, with parentheses: -k 'checkout and not (slow or tag:nightly)'."
FIELDS = ("tag", "name", "file", "suite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a test can be found by; all in lower case.

    Attributes:
        names: Its name and id, its row; of a suite those of its steps too.
        suites: Names of suites, around it or itself.
        files: Paths.
        tags: Whole.
    """

    names: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def has(self, field: str, text: str) -> bool:
        """Whether the text is part of one of them; a tag is compared whole where `field` is `tag`."""
        if field == "tag":
            return text in self.tags
        wheres = {"name": self.names, "file": self.files, "suite": self.suites}
        if field:
            return any(text in each for each in wheres[field])
        return any(text in each for where in (*wheres.values(), self.tags) for each in where)


Condition: TypeAlias = "Callable[[Words], bool]"


def condition(text: str, option: str = "-k") -> Condition:
    """The expression as a function.

    Raises:
        UsageError: It is none; the message marks the place.
    """
    reader = _Reader(text, option)
    found = reader.either(0)
    if reader.token is not None:
        reader.fail(f'"{reader.token.text}" is one too many' if reader.token.text == ")" else "this was not expected")
    return found


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int
    quoted: bool = False


class _Reader:
    """Reads one expression."""

    def __init__(self, text: str, option: str) -> None:
        self._text, self._option = text, option
        self._tokens = self._scan()
        self._next = 0

    @property
    def token(self) -> _Token | None:
        """The token to be read next."""
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _scan(self) -> Sequence[_Token]:
        tokens: list[_Token] = []
        at = 0
        while self._text[at:].strip():
            match = _TOKEN.match(self._text, at)
            if match is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                self.fail("a quote is opened here and not closed", at)
            kind = "paren" if match.group("paren") else "word"
            word = match.group(kind)
            tokens.append(_Token(word, match.start(kind), quoted='"' in word or "'" in word))
            at = match.end()
        return tokens

    def fail(self, what: str, at: int | None = None) -> NoReturn:
        """Raise with the place marked."""
        if at is None:
            at = self.token.at if self.token is not None else len(self._text)
        shown = self._text.replace("\n", " ").replace("\t", " ")
        raise UsageError(f"{self._option}: {what}\n  {shown}\n  {' ' * at}^", help=_HELP)

    def _take(self, word: str) -> bool:
        token = self.token
        found = token is not None and not token.quoted and token.text.lower() == word
        self._next += found
        return found

    def either(self, depth: int) -> Condition:
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda words: any(part(words) for part in parts)

    def _both(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("and") or self._begins():
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda words: all(part(words) for part in parts)

    def _begins(self) -> bool:
        """Whether another condition stands right here."""
        token = self.token
        return token is not None and (token.quoted or token.text.lower() not in (")", "or", "and"))

    def _one(self, depth: int) -> Condition:
        if depth > _DEPTH:
            self.fail(f"it is nested deeper than {_DEPTH}")
        token = self.token
        if token is None or (not token.quoted and token.text.lower() in (")", "and", "or")):
            before = self._tokens[self._next - 1].text if self._next else ""
            after = f' after "{before}"' if before else ""
            self.fail(f"a word is missing{after}" if before or self._text.strip() else "it is empty")
        if self._take("not"):
            inner = self._one(depth + 1)
            return lambda words: not inner(words)
        if self._take("("):
            found = self.either(depth + 1)
            if not self._take(")"):
                self.fail('a ")" is missing')
            return found
        return self._word()

    def _word(self) -> Condition:
        token = self.token
        assert token is not None
        self._next += 1
        field, colon, rest = token.text.partition(":")
        if not colon or field not in FIELDS or not rest:
            field, rest = "", token.text
        text = rest.strip("\"'").lower()
        if not text:
            self._next -= 1
            self.fail("an empty word matches everything")
        return lambda words: words.has(field, text)

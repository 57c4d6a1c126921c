"""What every rule of the parser stands on: the place in the text, faults, attempts, the limit of nesting."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.slips import Slot, slip_at
from spanspec.language.lexer import Lexer
from spanspec.language.tokens import Kind, Mode, Token
from spanspec.source.diagnostics import Diagnostic, Severity, has_errors
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

MAX_DEPTH = 32
"""How deep parentheses, brackets, calls and texts may nest; deeper, nobody reads it, and Python's stack ends."""

_SHOWN = 40
_UNOPENED = re.compile(r"[\w./-]+$")
_QUOTES = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "`": "'"}


class Fail(Exception):  # noqa: N818 - no error of the program: it carries one diagnostic to where the parser goes on
    """The text does not fit the rule being tried; never leaves the parser.

    `others` are faults that the rule had passed over before it failed.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.others: list[Diagnostic] = []

    @property
    def place(self) -> int:
        """How far the rule got."""
        return self.diagnostic.range.start if self.diagnostic.range is not None else 0


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What came of trying a rule.

    Attributes:
        outcome: The node, or why there is none.
        at: Where the rule stopped.
        last_end: Where its last token ended.
        faults: What it passed over.
    """

    outcome: T | Fail
    at: int
    last_end: int
    faults: tuple[Diagnostic, ...]

    @property
    def end(self) -> int:
        """Where it stopped; before every text when it failed."""
        return -1 if isinstance(self.outcome, Fail) else self.at

    @property
    def reach(self) -> tuple[bool, int, bool]:
        """How good it is: a node before a failure, the longer one, the one without faults."""
        if isinstance(self.outcome, Fail):
            return False, self.outcome.place, False
        return True, self.at, not has_errors(self.faults)


class Cursor:
    """A place in a text, and what has been found wrong so far.

    Args:
        text: The whole text; ranges count in it.
        dialect: `EXPECT` or `SPECS`.
        start: Where to begin.
        end: Where the text to be parsed ends; the text's own end when left out.
        depth: How deep this text stands in another.

    Attributes:
        bare: Whether a name may stand without a prefix here (`SPECS` forbids it outside brackets, `where` and calls).
        relative: Whether a selector may begin with a combinator here.
    """

    def __init__(self, text: str, dialect: Dialect, *, start: int = 0, end: int | None = None, depth: int = 0) -> None:
        self.text = text
        self.dialect = dialect
        self.lexer = Lexer(text, dialect, end)
        self.at = start
        self.last_end = start
        self.depth = depth
        self.mode = Mode.VALUE
        self.bare = dialect is Dialect.EXPECT
        self.relative = False
        self.faults: list[Diagnostic] = []
        self.unread = 0

    # --- tokens ----------------------------------------------------------------------------------------------

    @property
    def old(self) -> bool:
        """Whether the text is one of the reference's language."""
        return self.dialect is not Dialect.EXPECT

    def peek(self) -> Token:
        """The token at hand."""
        return self.lexer.token(self.at, self.mode)

    def peek_after(self, token: Token) -> Token:
        """The token after `token`."""
        return self.lexer.token(token.end, self.mode)

    def advance(self) -> Token:
        """Take the token at hand."""
        token = self.peek()
        self.at = self.last_end = token.end
        return token

    def accept(self, *symbols: str) -> Token | None:
        """Take the token at hand if it is one of these symbols."""
        return self.advance() if self.peek().is_symbol(*symbols) else None

    def accept_word(self, *words: str) -> Token | None:
        """Take the token at hand if it is one of these words."""
        return self.advance() if self.peek().is_word(*words) else None

    def expect(self, symbol: str, expected: str = "", slot: Slot = Slot.ANY) -> Token:
        """Take the symbol, or fail."""
        return self.accept(symbol) or self._raise(self.fail(expected or f'"{symbol}"', slot=slot))

    def expect_end(self) -> None:
        """Fail unless the text ends here."""
        if self.peek().kind is not Kind.END:
            raise self.fail("the end of the text")

    def since(self, start: int) -> Range:
        """From `start` to the end of the last token taken."""
        return Range(start, max(start, self.last_end))

    # --- faults ----------------------------------------------------------------------------------------------

    @staticmethod
    def _raise(fail: Fail) -> Token:
        raise fail

    def fail(
        self,
        expected: str,
        *,
        candidates: Iterable[str] = (),
        help: str = "",  # noqa: A002 - the diagnostic's own word
        code: str = "syntax",
        slot: Slot = Slot.ANY,
    ) -> Fail:
        """A fault at the token at hand: what was expected, what was found, what may have been meant."""
        token = self.peek()
        if token.kind is Kind.UNCLOSED:
            return self._unclosed(token)
        if token.kind is Kind.BAD:
            help = _help_for(token.text, self.text[token.start : token.end + 1]) or help  # noqa: A001
        found = "but the text ends" if token.kind is Kind.END else f"found {_shown(token.text)}"
        slip = slip_at(slot, token.text, self.text[: self.lexer.end], token.start, token.end)
        label = slip.label or (did_you_mean(token.text, candidates) if token.kind is Kind.WORD else "")
        help = slip.help or ("" if slip.label else help)  # noqa: A001
        return Fail(
            Diagnostic(code=code, message=f"expected {expected}, {found}", range=token.range, label=label, help=help)
        )

    def fault(
        self,
        message: str,
        where: Range,
        *,
        label: str = "",
        help: str = "",  # noqa: A002 - the diagnostic's own word
        code: str = "syntax",
    ) -> Fail:
        """A fault with a message of its own."""
        return Fail(Diagnostic(code=code, message=message, range=where, label=label, help=help))

    def warn(self, code: str, message: str, where: Range, *, label: str = "", help: str = "") -> None:  # noqa: A002
        """Note something that may not be meant."""
        self.faults.append(
            Diagnostic(code=code, message=message, range=where, label=label, help=help, severity=Severity.WARNING)
        )

    def _unclosed(self, token: Token) -> Fail:
        quote = token.text
        escaped = self.text[token.start : token.end].rstrip().endswith("\\" + quote)
        where, other = Range(token.start, token.start + 1), '"' if quote == "'" else "'"
        opened = _UNOPENED.search(self.text, 0, token.start)
        if opened is not None and not self.text[token.end - 1 : token.end].isalnum():
            return self.fault(f"this text has no opening {quote}", where, help=f"write {quote}{opened[0]}{quote}")
        advice = "write the backslash before the last quote twice" if escaped else f"close it with {quote}"
        if other in self.text[token.start + 1 : token.end] and not escaped:
            advice = f"it begins with {quote}: close it with {quote} too"
        return self.fault(f"this text has no closing {quote}", where, help=advice)

    # --- structure -------------------------------------------------------------------------------------------

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper; fails when that is too deep."""
        if self.depth >= MAX_DEPTH:
            raise self.fault(
                f"this nests deeper than {MAX_DEPTH} levels",
                self.peek().range,
                help="split it into several checks",
                code="nested-too-deep",
            )
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    @contextmanager
    def inside(
        self, *, mode: Mode | None = None, bare: bool | None = None, relative: bool | None = None
    ) -> Iterator[None]:
        """Another place of the grammar for a while."""
        kept = self.mode, self.bare, self.relative
        self.mode = self.mode if mode is None else mode
        self.bare = self.bare if bare is None else bare
        self.relative = self.relative if relative is None else relative
        try:
            yield
        finally:
            self.mode, self.bare, self.relative = kept

    def attempt(self, rule: Callable[[], T]) -> T | Fail:
        """Try a rule; on failure go back, its faults forgotten but for the failure."""
        at, last_end, noted = self.at, self.last_end, len(self.faults)
        try:
            return rule()
        except Fail as fail:
            self.at, self.last_end = at, last_end
            fail.others = [*self.faults[noted:], *fail.others]
            del self.faults[noted:]
            return fail

    def read(self, rule: Callable[[], T]) -> Reading[T]:
        """Try a rule and go back, whatever comes of it."""
        at, last_end, noted = self.at, self.last_end, len(self.faults)
        outcome = self.attempt(rule)
        reading = Reading(outcome, self.at, self.last_end, tuple(self.faults[noted:]))
        self.at, self.last_end = at, last_end
        del self.faults[noted:]
        return reading

    def keep(self, reading: Reading[T]) -> T:
        """Go on from the end of a reading; fail as it failed."""
        if isinstance(reading.outcome, Fail):
            raise self.recalled(reading.outcome)
        self.at, self.last_end = reading.at, reading.last_end
        self.faults.extend(reading.faults)
        return reading.outcome

    def longest(self, *rules: Callable[[], T]) -> T:
        """Try each rule and keep the one that takes most; of equals, and of failures that got as far, the first."""
        return self.keep(max((self.read(rule) for rule in rules), key=lambda reading: reading.reach))

    def recalled(self, fail: Fail) -> Fail:
        """The failure that is told, after all; what its rule had found before counts again."""
        self.faults.extend(fail.others)
        fail.others = []
        return fail

    def skip_to(self, start: int, reached: int, stops: Callable[[Token], bool], closing: str) -> Token | None:
        """After a fault, go to where the next part begins or the whole ends; None, and nothing moved, if there is no such place.

        Args:
            start: Where the faulty part begins; brackets opened since then are passed over.
            reached: How far its rule got.
            stops: Whether a token parts it from the next.
            closing: What ends the whole.
        """
        kept, level = (self.at, self.last_end), 0
        self.at = start
        while (token := self.peek()).kind not in (Kind.END, Kind.UNCLOSED):
            if level == 0 and (token.is_symbol(closing) or (token.start >= reached and stops(token))):
                return token
            level += token.is_symbol("(", "[") - token.is_symbol(")", "]")
            if level < 0:
                break
            self.advance()
        self.at, self.last_end = kept
        return None

    def skip_past(self, opening: str, closing: str) -> bool:
        """Go on after a fault: behind the `closing` that belongs to an `opening` already taken."""
        level = 1
        while (token := self.advance()).kind is not Kind.END:
            if token.kind is Kind.UNCLOSED:
                return False
            level += token.is_symbol(opening) - token.is_symbol(closing)
            if level == 0:
                return True
        return False


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return short if short[:1] in "\"'" else f'"{short}"'


def _help_for(char: str, pair: str) -> str:
    if char in _QUOTES:
        return f"write a plain {_QUOTES[char]} instead of {char}"
    if pair == "${":
        return "write the name alone, such as var:NAME; ${…} stands only inside a text"
    if char in "{}":
        return "put JSON in quotes"
    return ""

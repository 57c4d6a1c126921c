r"""Command lines as people paste them, taken apart into words: of POSIX shells (with `$'…'`), and of Windows' `cmd`.

Nothing is run. A shell variable (`$TOKEN`, `${TOKEN}`) becomes a reference to the variable of that name; a command
substitution stays as text and is told.

POSIX: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, sections 2.2 and 2.6; `$'…'` as in
POSIX.1-2024. Windows: `cmd` first undoes carets outside quotes, then the program's own rules undo `\"`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spanspec.importing.secrets import cleaned, reference

if TYPE_CHECKING:
    from collections.abc import Callable

_ANSI = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_CODED = re.compile(r"x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_OPERATOR = re.compile(r"&&|\|\||[;|&\n]|\d*>>?&?\d*|\d*<")


class UnclosedError(ValueError):
    """A quote is not closed; `place` is where it opens, in characters from 0."""

    def __init__(self, quote: str, place: int) -> None:
        super().__init__(f"the quote {quote} is not closed")
        self.place = place


@dataclass(frozen=True, slots=True)
class Word:
    """A word, its quotes undone, and where it begins in the text."""

    text: str
    place: int


@dataclass(slots=True)
class CommandLine:
    """Commands as lists of words, and the names of the variables that they take from the shell."""

    commands: list[list[Word]] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    substitutions: int = 0


def split(text: str) -> CommandLine:
    """The commands of a text.

    Raises:
        UnclosedError: A quote is open at the end.
    """
    text = cleaned(text)
    return _Windows(text).split() if _is_windows(text) else _Posix(text).split()


def _is_windows(text: str) -> bool:
    return re.search(r"\^[\r\n]|\^\"|\^\\\^\"", text) is not None and "'" not in text.split("^")[0]


class _Posix:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found = CommandLine()
        self.words: list[Word] = []

    def split(self) -> CommandLine:
        while self.at < len(self.text):
            self._next()
        self._end()
        return self.found

    def _end(self) -> None:
        if self.words:
            self.found.commands.append(self.words)
        self.words = []

    def _next(self) -> None:
        char = self.text[self.at]
        if self.text.startswith(("\\\n", "\\\r\n"), self.at):
            self.at += 2 if self.text[self.at + 1] == "\n" else 3
        elif (char == "\n" and self._continues()) or char in " \t\r":
            self.at += 1
        elif char == "#":
            self.at = self._line_end()
        elif operator := _OPERATOR.match(self.text, self.at):
            self.at = operator.end()
            self._operator(operator[0])
        else:
            start = self.at
            self.words.append(Word(self._word(), start))

    def _continues(self) -> bool:
        """Whether the next line begins with an option, whose backslash before was lost in pasting."""
        rest = self.text[self.at :].lstrip()
        return bool(self.words) and rest.startswith("-")

    def _line_end(self) -> int:
        found = self.text.find("\n", self.at)
        return len(self.text) if found < 0 else found

    def _operator(self, found: str) -> None:
        if found[-1] in "<>" or ">" in found:
            self._skip_target()
        else:
            self._end()

    def _skip_target(self) -> None:
        """A redirection's file is no argument."""
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        self._word()

    def _word(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\r\n;|&<>":
                break
            out.append(self._piece(char))
        return "".join(out)

    def _piece(self, char: str) -> str:
        if char == "'":
            return self._until("'", self.at + 1, lambda _: None)
        if char == '"':
            return self._double()
        if self.text.startswith("$'", self.at):
            return self._ansi()
        if self.text.startswith('$"', self.at):
            self.at += 1
            return self._double()
        if char == "\\":
            self.at += 2
            following = self.text[self.at - 1 : self.at]
            return "" if following == "\n" else following
        if char in "$`":
            return self._dollar()
        self.at += 1
        return char

    def _dollar(self) -> str:
        variable = _VARIABLE.match(self.text, self.at)
        if variable is not None:
            self.at = variable.end()
            name = variable[1] or variable[2]
            if name not in self.found.variables:
                self.found.variables.append(name)
            return reference(name)
        if self.text.startswith(("$(", "`"), self.at):
            self.found.substitutions += 1
        self.at += 1
        return self.text[self.at - 1]

    def _double(self) -> str:
        start, out = self.at, list[str]()
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                return "".join(out)
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                following = self.text[self.at + 1]
                out.append("" if following == "\n" else following)
                self.at += 2
            elif char in "$`":
                out.append(self._dollar())
            else:
                out.append(char)
                self.at += 1
        raise UnclosedError('"', start)

    def _ansi(self) -> str:
        return self._until("'", self.at + 2, self._ansi_escape)

    def _until(self, quote: str, begin: int, escape: Callable[[int], tuple[str, int] | None]) -> str:
        """The text up to a quote; `escape` undoes what stands at a backslash."""
        start, at, out = self.at, begin, list[str]()
        while at < len(self.text):
            if self.text[at] == quote:
                self.at = at + 1
                return "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            undone = escape(at) if self.text[at] == "\\" else None
            piece, at = undone or (self.text[at], at + 1)
            out.append(piece)
        raise UnclosedError(self.text[start:begin], start)

    def _ansi_escape(self, at: int) -> tuple[str, int] | None:
        char = self.text[at + 1 : at + 2]
        if char in _ANSI:
            return _ANSI[char], at + 2
        if char == "x":
            return self._bytes(at)
        coded = _CODED.match(self.text, at + 1)
        if coded is None:
            return None
        _, short, long, octal, control = coded.groups()
        if control is not None:
            return chr(ord(control) & 0x1F), coded.end()
        point = int(short or long, 16) if short or long else int(octal, 8) & 0xFF
        return (chr(point) if point < 0x110000 else "\ufffd"), coded.end()

    def _bytes(self, at: int) -> tuple[str, int] | None:
        r"""A run of `\xHH` is bytes, and together they are UTF-8."""
        run = re.compile(r"(?:\\x[0-9a-fA-F]{1,2})+").match(self.text, at)
        if run is None:
            return None
        raw = bytes(int(each, 16) for each in run[0].split("\\x")[1:])
        return raw.decode("utf-8", "replace"), run.end()


class _Windows:
    """`cmd`: carets first, then the words by the rules of Microsoft's C runtime."""

    def __init__(self, text: str) -> None:
        self.text = text

    def split(self) -> CommandLine:
        found = CommandLine()
        for line in self._lines():
            words = self._words(line)
            if words:
                found.commands.append(words)
        return found

    def _lines(self) -> list[str]:
        """Carets undone; a line ends at a line break or `&` that has none before it."""
        lines, out, at, quoted = [], list[str](), 0, False
        while at < len(self.text):
            char = self.text[at]
            if char == "^" and not quoted:
                pair = self.text[at + 1 : at + 3]
                step = 3 if pair == "\r\n" else 2
                piece = self._escaped(at, step)
                out.append(piece[0])
                at = piece[1]
                continue
            quoted ^= char == '"'
            if not quoted and (char == "\n" or (char == "&" and not "".join(out).endswith("\\"))):
                lines.append("".join(out))
                out = []
            else:
                out.append(char)
            at += 1
        return [*lines, "".join(out)]

    def _escaped(self, at: int, step: int) -> tuple[str, int]:
        """What a caret stands before: a line break goes, and where it is doubled one stays in the text."""
        following = self.text[at + 1 : at + step]
        if following[-1:] == "\n":
            rest = self.text[at + step :]
            doubled = re.match(r"\r?\n", rest)
            return ("\n", at + step + doubled.end()) if doubled else ("", at + step)
        return following[:1], at + 2

    def _words(self, line: str) -> list[Word]:
        words, at = list[Word](), 0
        while at < len(line):
            if line[at] in " \t\r\n":
                at += 1
                continue
            start = at
            text, at = self._word(line, at)
            words.append(Word(text, start))
        return words

    def _word(self, line: str, at: int) -> tuple[str, int]:
        out, quoted, start = list[str](), False, at
        while at < len(line) and (quoted or line[at] not in " \t\r\n"):
            slashes = re.compile(r"\\*").match(line, at)
            assert slashes is not None
            count, after = slashes.end() - at, slashes.end()
            if line[after : after + 1] == '"':
                out.append("\\" * (count // 2))
                if count % 2:
                    out.append('"')
                elif quoted and line[after + 1 : after + 2] == '"':
                    out.append('"')
                    after += 1
                else:
                    quoted = not quoted
                at = after + 1
            else:
                out.append("\\" * count or line[at])
                at = after if count else at + 1
        if quoted:
            raise UnclosedError('"', start)
        return "".join(out), at

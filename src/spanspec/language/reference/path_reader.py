r"""Reads a JSONPath as the reference's library does, byte by byte, its errors included.

::

    path     := { segment }                                        "$" or "@" may begin it, and count for nothing
    segment  := "." name | name (at the start, and after "..") | "*" | ".*" | ".." | "[" inner "]"
    inner    := "*" | integer | text | slice | union of integers and texts | "?(" test ")"
    slice    := [first] ":" [last] [":" [step]]
    test     := "!" value | value operator value { operator value }
    value    := number | text | "true" | "false" | "null" | path | "(" test ")" | "[" values "]" | "/" regex "/"
    operator := == != < <= > >= && || + - * / in empty =~           none left out: `[?(@.a)]` is an error

A text is what stands between its quotes; a backslash keeps its quote from ending it, and stays. Blanks are spaces alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spanspec.language.comparing.forms import whole_text
from spanspec.language.comparing.patterns import compiled
from spanspec.language.reference.path_tree import (
    BadPathError,
    Constant,
    Descent,
    Key,
    Operation,
    Path,
    Pattern,
    Predicate,
    Slice,
    Start,
    Union,
    Wildcard,
)
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from spanspec.language.reference.path_tree import Operand, Segment
    from spanspec.language.verdict import Value

_MAX_PATH = 4096
_MAX_DEPTH = 50
_NAME = frozenset(b"#%0123456789:;?ABCDEFGHIJKLMNOPQRSTUVWXYZ^_abcdefghijklmnopqrstuvwxyz{|}~") | frozenset(
    range(0x80, 0x100)
)
_SIGNS = frozenset(b"!&*+-/<=>ei|~")
_DIGITS = frozenset(b"0123456789")
_STARTS_INTEGER = frozenset(b"-0123456789")
_PRECEDENCE = {
    "!": 0, "=~": 0, "*": 1, "/": 1, "+": 2, "-": 2, "==": 3, "!=": 3, "<": 3, ">": 3, "<=": 3, ">=": 3, "in": 3,
    "empty": 3, "||": 4, "&&": 4,
}  # fmt: skip
"""The lower binds tighter; `&&` and `||` alike, from left to right."""

_WITH_PRESENCE = {**_PRECEDENCE, "has": 3, "exists": 3}
"""Later editions of the library have two more: `[?(@.a exists true)]`."""

_NUMBER = re.compile(rb"-?[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]*)?")
_INT64 = range(-(1 << 63), 1 << 63)


def parse(path: str, *, presence: bool = False) -> tuple[Segment, ...]:
    """The steps of a path.

    Args:
        path: The path.
        presence: Whether `has` and `exists` are operators.

    Raises:
        BadPathError: It is none; the text says so in the library's words.
    """
    if len(path) > _MAX_PATH:
        raise BadPathError(f"the path has more than {_MAX_PATH} characters")
    reader = _Reader(whole_text(path), _WITH_PRESENCE if presence else _PRECEDENCE)
    segments = reader.path()
    if reader.at < len(reader.raw):
        raise reader.fault("parse error")
    return segments


class _Reader:
    """Reads from left to right; `at` is the next byte."""

    def __init__(self, text: str, precedence: dict[str, int]) -> None:
        self.precedence = precedence
        self.text = text
        self.raw = text.encode()
        self.at = 0
        self.depth = 0

    def fault(self, message: str) -> BadPathError:
        return BadPathError(f"{message} at {self.at + 1} in {self.text}")

    def more(self) -> None:
        """There must be another byte."""
        if self.at >= len(self.raw):
            raise self.fault("not terminated")

    def byte(self) -> int:
        """The next byte, taken; 0 at the end."""
        found = self.peek()
        self.at += self.at < len(self.raw)
        return found

    def peek(self) -> int:
        return self.raw[self.at] if self.at < len(self.raw) else 0

    def beyond_spaces(self) -> int:
        """The next byte that is no space, taken."""
        found = self.byte()
        while found == 0x20 and self.at < len(self.raw):
            found = self.byte()
        return found

    def past_spaces(self) -> int:
        """The next byte that is no space, not taken."""
        while self.peek() == 0x20:
            self.at += 1
        return self.peek()

    # --- steps

    def path(self) -> tuple[Segment, ...]:
        found: list[Segment] = []
        while (segment := self._segment(found[-1] if found else None)) is not None:
            found.append(segment)
        return tuple(found)

    def _segment(self, before: Segment | None) -> Segment | None:
        if self.at >= len(self.raw):
            return None
        char = self.raw[self.at]
        if char in _NAME:
            return self._name() if before is None or isinstance(before, Descent) else None
        if char in b"$@":
            self.at += 1
            return Start() if before is None else None
        if char not in b".*[":
            return None
        self.at += 1
        if char == ord("."):
            return self._after_dot()
        return Wildcard() if char == ord("*") else self._inner()

    def _after_dot(self) -> Segment:
        self.more()
        char = self.byte()
        if char == ord("*"):
            return Wildcard()
        if char == ord("."):
            return Descent()
        if char not in _NAME:
            raise self.fault(f"an expression fragment can not start with a '{chr(char)}'")
        self.at -= 1
        return self._name()

    def _name(self) -> Key:
        start = self.at
        while self.at < len(self.raw) and self.raw[self.at] in _NAME:
            self.at += 1
        return Key(self.raw[start : self.at].decode("utf-8", "replace"))

    def _inner(self) -> Segment:
        self.more()
        char = self.beyond_spaces()
        if char == ord("*"):
            if self.beyond_spaces() != ord("]"):
                raise self.fault("not terminated")
            return Wildcard()
        if char in b"'\"" and char:
            return self._texts(self._quoted(char))
        if char == ord(":"):
            return self._slice(0)
        if char == ord("?"):
            return self._predicate()
        if char == ord("("):
            raise self.fault("scripts not implemented yet")
        if char in _STARTS_INTEGER:
            return self._integers(char)
        self.at -= 1
        raise self.fault("parse error")

    def _texts(self, first: str) -> Segment:
        char = self.beyond_spaces()
        if char == ord("]"):
            return Key(first)
        if char == ord(","):
            return self._union(first)
        raise self.fault("invalid bracket fragment")

    def _integers(self, char: int) -> Segment:
        first, char = self._integer(char)
        if char == 0x20:
            char = self.beyond_spaces()
        if char == ord("]"):
            return Key(first)
        if char == ord(","):
            return self._union(first)
        if char == ord(":"):
            return self._slice(first)
        raise self.fault("invalid bracket fragment")

    def _integer(self, char: int) -> tuple[int, int]:
        """An integer that begins with `char`, and the byte after it, both taken."""
        negative = char == ord("-")
        if negative:
            if self.at >= len(self.raw):
                raise self.fault("expected a number")
            char = self.byte()
        start, value = self.at, 0
        while char in _DIGITS:
            value = min(value * 10 + char - 0x30, 1 << 62)
            if self.at >= len(self.raw):
                break
            char = self.byte()
        if self.at == start:
            raise self.fault("expected a number")
        return (-value if negative else value), char

    def _slice(self, first: int) -> Slice:
        self.more()
        if self.peek() == ord("]"):
            self.at += 1
            return Slice(first, None)
        last, step = None, 1
        char = self.beyond_spaces()
        if char != ord(":"):
            last, char = self._integer(char)
        if char == ord(":"):
            self.more()
            char = self.byte()
            if char != ord("]"):
                step, char = self._integer(char)
        if char != ord("]"):
            raise self.fault("invalid slice syntax")
        return Slice(first, last, step)

    def _union(self, first: str | int) -> Union:
        self.more()
        keys = [first]
        char = ord(",")
        while char == ord(","):
            char = self.beyond_spaces()
            if char in b"'\"" and char:
                keys.append(self._quoted(char))
                char = self.beyond_spaces()
            elif char in _STARTS_INTEGER:
                number, char = self._integer(char)
                keys.append(number)
                char = self.beyond_spaces() if char == 0x20 else char
            else:
                raise self.fault("invalid union syntax")
        if char != ord("]"):
            raise self.fault("invalid union syntax")
        return Union(tuple(keys))

    def _quoted(self, quote: int) -> str:
        """What stands before the next `quote` without a backslash; at the end of the path, all but its last byte."""
        start, escaped = self.at, False
        while self.at < len(self.raw):
            char = self.byte()
            if char == quote and not escaped:
                break
            escaped = char == ord("\\") and not escaped
        if self.at == start:
            raise BadPathError(f"runtime error: slice bounds out of range [{start}:{start - 1}]")
        return self.raw[start : self.at - 1].decode("utf-8", "replace")

    # --- tests

    def _predicate(self) -> Predicate:
        self.more()
        if self.byte() != ord("("):
            raise self.fault("expected a '(' in filter")
        test = self._test()
        if self.peek() != ord("]"):
            raise self.fault("not terminated")
        self.at += 1
        return Predicate(test)

    def _test(self) -> Operation:
        self.more()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise BadPathError("the path is nested too deeply")
        test = self._negation() if self.past_spaces() == ord("!") else self._chain()
        self.depth -= 1
        return test

    def _negation(self) -> Operation:
        self.at += 1
        operand = self._value()
        if self.past_spaces() != ord(")"):
            raise self.fault("not terminated")
        self.at += 1
        return Operation("!", (operand,))

    def _chain(self) -> Operation:
        left = self._value()
        test = Operation(self._operator(), (left, self._value()))
        while self.past_spaces() != ord(")"):
            operator = self._operator()
            if self.precedence[test.operator] <= self.precedence[operator]:
                test = Operation(operator, (test, self._value()))
            else:
                inner = Operation(operator, (test.operands[1], self._value()))
                test = Operation(test.operator, (test.operands[0], inner))
        self.at += 1
        return test

    def _takes_has(self) -> bool:
        return "has" in self.precedence and self.raw.startswith(b"has", self.at)

    def _operator(self) -> str:
        token = ""
        char = self.past_spaces()
        while (
            char in _SIGNS
            or (char == 0x68 and self._takes_has())
            or (token and any(op.startswith(token + chr(char)) for op in self.precedence))
        ):
            token += chr(char)
            if char == ord("-") and len(token) > 1:
                raise self.fault(f"'{token}' is not a valid operation")
            self.at += 1
            if self.at >= len(self.raw):
                raise self.fault("equation not terminated")
            char = self.raw[self.at]
        if token not in self.precedence:
            raise self.fault(f"'{token}' is not a valid operation")
        return token

    def _value(self) -> Operand:
        char = self.past_spaces()
        if char in _STARTS_INTEGER:
            return Constant(self._number())
        if char in b"'\"" and char:
            self.at += 1
            return Constant(self._quoted(char))
        for word, value in ((b"null", None), (b"true", True), (b"false", False)):
            if char == word[0]:
                self._word(word)
                return Constant(value)
        if char in b"@$" and char:
            return Path(self.path())
        if char == ord("("):
            self.at += 1
            return self._test()
        if char == ord("["):
            return Constant(self._list())
        if char == ord("/"):
            return self._pattern()
        raise self.fault("expected a value")

    def _word(self, word: bytes) -> None:
        for char in word:
            if self.peek() != char:
                raise self.fault(f"expected {word.decode()}")
            self.at += 1

    def _number(self) -> int | float:
        match = _NUMBER.match(self.raw, self.at)
        assert match is not None
        self.at = match.end()
        text = match[0].decode()
        if match[1] is None and match[2] is None:
            if text == "-" or int(text[:40]) not in _INT64:
                raise self.fault(
                    f'strconv.ParseInt: parsing "{text}": {"invalid syntax" if text == "-" else "value out of range"}'
                )
            return int(text)
        if text[-1] in "eE+-" and self.at >= len(self.raw):
            raise self.fault("expected a number")
        try:
            return float(text)
        except ValueError:
            return 0.0

    def _list(self) -> Value:
        self.at += 1
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise BadPathError("the path is nested too deeply")
        found: list[Value] = []
        while self.at < len(self.raw):
            item = self._value()
            found.append(item.value if isinstance(item, Constant) else None)
            char = self.beyond_spaces()
            if char == ord("]"):
                break
            if char != ord(","):
                raise self.fault("expected a comma")
        self.depth -= 1
        return tuple(found)

    def _pattern(self) -> Pattern:
        self.at += 1
        text = self._quoted(ord("/"))
        try:
            compiled(text)
        except EvaluationError as error:
            raise self.fault(str(error)) from error
        return Pattern(text)

r"""JSONPath as the reference reads it, for `specs:` and `compat: tracetest`; `expect:` has RFC 9535.

::

    path    := [ "$" | "@" ] { segment }                the start may be left out: `.a`, `a`, `[0]`
    segment := "." name | "." "*" | ".." [ name | "*" ] | "[" inner "]"
    inner   := "*" | integer | text | slice | union of integers and texts | "?(" test ")"
    test    := and { "||" and }     and := unary { "&&" unary }     unary := "!" unary | "(" test ")" | comparison
    comparison := operand [ ("==" "!=" "<" "<=" ">" ">=" "=~" "in" "empty" "has" "exists") operand ]

A name without quotes has letters, digits and `_`. Members of an object come in the document's order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.comparing.forms import MAX_ITEMS, compare_numbers
from spanspec.language.comparing.patterns import found_in
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.language.verdict import Value

_MAX_PATH = 4096
_MAX_DEPTH = 50
_NAME = re.compile(r"[\w\u0080-\U0010ffff]+")
_INTEGER = re.compile(r"-?\d{1,15}")
_SLICE = re.compile(r"\s*(-?\d{1,15})?\s*:\s*(-?\d{1,15})?\s*(?::\s*(-?\d{1,15})?\s*)?(?=\])")
_NUMBER = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")
_OPERATOR = re.compile(r"==|!=|<=|>=|=~|<|>|(?:in|empty|has|exists)\b")
_REGEX = re.compile(r"/((?:\\.|[^/\\])*)/")


class BadPathError(EvaluationError):
    """A text that is no path."""


@dataclass(frozen=True, slots=True)
class Key:
    """A member or an item."""

    at: str | int


@dataclass(frozen=True, slots=True)
class Wildcard:
    """All members or items."""


@dataclass(frozen=True, slots=True)
class Descent:
    """The value itself and all below."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Items from, to, by."""

    parts: tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Union:
    """Several members or items, in the order written."""

    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A path inside a test; `absolute` when it starts at `$`."""

    segments: tuple[Segment, ...]
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A value in a test."""

    value: Value


@dataclass(frozen=True, slots=True)
class Test:
    """`&&`, `||`, `!`, a comparator, or `?` for an operand alone."""

    operator: str
    operands: tuple[Test | Path | Constant, ...]


@dataclass(frozen=True, slots=True)
class Predicate:
    """`[?(…)]`."""

    test: Test


Segment: TypeAlias = Key | Wildcard | Descent | Slice | Union | Predicate


def select(path: str, document: Value, *, reverse_mid_path: bool = False) -> list[Value]:
    """What a path selects in a document.

    Args:
        path: The path.
        document: What `read_json` gives.
        reverse_mid_path: A predicate that is not the last step gives its matches in reverse order, as the reference's.

    Raises:
        BadPathError: It is none.
        EvaluationError: It selects too much.
    """
    return _select(parse(path), document, document, reverse_mid_path)


@lru_cache(maxsize=256)
def parse(path: str) -> tuple[Segment, ...]:
    """The steps of a path."""
    if len(path) > _MAX_PATH:
        raise BadPathError(f"the path has more than {_MAX_PATH} characters")
    reader = _Reader(path)
    segments = reader.path()
    if reader.at < len(path):
        raise reader.unexpected()
    return segments


class _Reader:
    """Reads a path from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def unexpected(self) -> BadPathError:
        found = f'"{self.text[self.at]}"' if self.at < len(self.text) else "the end"
        return BadPathError(f"unexpected {found} at {self.at + 1} in {self.text}")

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.unexpected()

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def path(self) -> tuple[Segment, ...]:
        found: list[Segment] = []
        started = self.take("$") or self.take("@")
        if not started and (name := self.match(_NAME)) is not None:
            found.append(Key(name.group()))
        elif not started and self.take("*"):
            found.append(Wildcard())
        while self.peek(".") or self.peek("["):
            self._segment(found)
        return tuple(found)

    def _segment(self, found: list[Segment]) -> None:
        if self.take("["):
            found.append(self._inner())
            return
        descends = self.take("..")
        if descends:
            found.append(Descent())
        else:
            self.need(".")
        if self.take("*"):
            found.append(Wildcard())
        elif (name := self.match(_NAME)) is not None:
            found.append(Key(name.group()))
        elif not descends:
            raise self.unexpected()

    def _inner(self) -> Segment:
        self.space()
        if self.take("*"):
            self.space()
            self.need("]")
            return Wildcard()
        if self.take("?"):
            return self._predicate()
        if (cut := self.match(_SLICE)) is not None:
            self.need("]")
            first, last, step = (int(part) if part else None for part in cut.groups())
            return Slice((first, last, step))
        keys = [self._key()]
        while self.take(","):
            keys.append(self._key())
        self.need("]")
        return Key(keys[0]) if len(keys) == 1 else Union(tuple(keys))

    def _key(self) -> str | int:
        self.space()
        if self.peek("'") or self.peek('"'):
            key: str | int = self._quoted()
        elif (number := self.match(_INTEGER)) is not None:
            key = int(number.group())
        else:
            raise self.unexpected()
        self.space()
        return key

    def _quoted(self) -> str:
        quote, start = self.text[self.at], self.at + 1
        out: list[str] = []
        at = start
        while at < len(self.text):
            char = self.text[at]
            if char == quote:
                self.at = at + 1
                return "".join(out)
            if char == "\\" and at + 1 < len(self.text):
                at += 1
                char = {"n": "\n", "t": "\t", "r": "\r"}.get(self.text[at], self.text[at])
            out.append(char)
            at += 1
        raise self.unexpected()

    # --- tests

    def _predicate(self) -> Predicate:
        self.space()
        self.need("(")
        test = self._or()
        self.space()
        self.need(")")
        self.space()
        self.need("]")
        return Predicate(test)

    def _or(self) -> Test:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise BadPathError("the path is nested too deeply")
        operands = [self._and()]
        while self._operator("||"):
            operands.append(self._and())
        self.depth -= 1
        return operands[0] if len(operands) == 1 else Test("||", tuple(operands))

    def _and(self) -> Test:
        operands = [self._unary()]
        while self._operator("&&"):
            operands.append(self._unary())
        return operands[0] if len(operands) == 1 else Test("&&", tuple(operands))

    def _operator(self, text: str) -> bool:
        self.space()
        return self.take(text)

    def _unary(self) -> Test:
        self.space()
        if self.peek("!") and not self.peek("!="):
            self.at += 1
            return Test("!", (self._unary(),))
        if self.take("("):
            test = self._or()
            self.space()
            self.need(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        left = self._operand()
        self.space()
        operator = self.match(_OPERATOR)
        if operator is None:
            if self.peek("="):
                raise BadPathError(f"'=' is not a valid operation at {self.at + 2} in {self.text}; write ==")
            return Test("?", (left,))
        self.space()
        if operator.group() == "=~" and (pattern := self.match(_REGEX)) is not None:
            return Test("=~", (left, Constant(pattern[1].replace("\\/", "/"))))
        return Test(operator.group(), (left, self._operand()))

    def _operand(self) -> Path | Constant:
        self.space()
        if self.peek("@") or self.peek("$"):
            return Path(absolute=self.peek("$"), segments=self.path())
        return Constant(self._constant())

    def _constant(self) -> Value:
        if self.peek("'") or self.peek('"'):
            return self._quoted()
        if (number := self.match(_NUMBER)) is not None:
            text = number.group()
            return int(text) if text.lstrip("+-").isdigit() else float(text)
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.take(word):
                return value
        if self.take("["):
            return self._list()
        raise self.unexpected()

    def _list(self) -> Value:
        found: list[Value] = []
        self.space()
        while not self.take("]"):
            found.append(self._constant())
            self.space()
            if not self.take(",") and not self.peek("]"):
                raise self.unexpected()
            self.space()
        return tuple(found)


# --- selecting -----------------------------------------------------------------------------------------------------


def _select(segments: tuple[Segment, ...], start: Value, root: Value, reverse_mid_path: bool) -> list[Value]:
    nodes = [start]
    for index, segment in enumerate(segments):
        reverse = reverse_mid_path and isinstance(segment, Predicate) and index < len(segments) - 1
        following: list[Value] = []
        for node in nodes:
            found = list(_step(segment, node, root))
            following.extend(reversed(found) if reverse else found)
            if len(following) > MAX_ITEMS:
                raise EvaluationError(f"the path selects more than {MAX_ITEMS} values")
        nodes = following
    return nodes


def _step(segment: Segment, node: Value, root: Value) -> Iterator[Value]:
    match segment:
        case Key(at):
            yield from _member(node, at)
        case Union(keys):
            for key in keys:
                yield from _member(node, key)
        case Wildcard():
            yield from _children(node)
        case Descent():
            yield from _below(node)
        case Slice((first, last, step)):
            if isinstance(node, tuple) and step != 0:
                yield from node[first:last:step]
        case Predicate(test):
            for child in _children(node):
                if _holds(test, child, root):
                    yield child


def _member(node: Value, at: str | int) -> Iterator[Value]:
    if isinstance(at, str):
        if isinstance(node, Mapping) and at in node:
            yield node[at]
    elif isinstance(node, tuple) and -len(node) <= at < len(node):
        yield node[at]


def _children(node: Value) -> Iterator[Value]:
    if isinstance(node, Mapping):
        yield from node.values()
    elif isinstance(node, tuple):
        yield from node


def _below(node: Value) -> Iterator[Value]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(_children(current))))


_ABSENT = object()


def _holds(test: Test, node: Value, root: Value) -> bool:
    if test.operator == "&&":
        return all(_truth(operand, node, root) for operand in test.operands)
    if test.operator == "||":
        return any(_truth(operand, node, root) for operand in test.operands)
    if test.operator == "!":
        return not _truth(test.operands[0], node, root)
    if test.operator == "?":
        value = _operand_value(test.operands[0], node, root)
        return value if isinstance(value, bool) else value is not _ABSENT
    left, right = (_operand_value(operand, node, root) for operand in test.operands)
    return _compare(test.operator, left, right)


def _truth(operand: Test | Path | Constant, node: Value, root: Value) -> bool:
    return _holds(operand if isinstance(operand, Test) else Test("?", (operand,)), node, root)


def _operand_value(operand: Test | Path | Constant, node: Value, root: Value) -> object:
    if isinstance(operand, Constant):
        return operand.value
    assert isinstance(operand, Path)
    found = _select(operand.segments, root if operand.absolute else node, root, reverse_mid_path=False)
    return found[0] if found else _ABSENT


def _compare(operator: str, left: object, right: object) -> bool:
    if operator in ("has", "exists"):
        return (left is not _ABSENT) == (right is not False)
    if operator == "empty":
        return (isinstance(left, (str, tuple, Mapping)) and not left) == (right is not False)
    left, right = (None if side is _ABSENT else side for side in (left, right))
    if operator == "in":
        return isinstance(right, tuple) and any(_equal(left, item) for item in right)
    if operator == "=~":
        return isinstance(left, str) and isinstance(right, str) and found_in(right, left)
    if operator in ("==", "!="):
        return _equal(left, right) == (operator == "==")
    sign = _sign(left, right)
    if sign is None:
        return False
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]


def _equal(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return left == right


def _sign(left: object, right: object) -> int | None:
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, bool) or isinstance(right, bool):
        return None
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return compare_numbers(left, right)
    return None

"""JSONPath as the reference reads it, for `specs:` and `compat: tracetest`; `expect:` has RFC 9535.

What a path is stands in `path_reader`. Members of an object come in the document's order, where the reference's come in a
random one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from spanspec.language.comparing.forms import MAX_ITEMS, MAX_TEXT
from spanspec.language.comparing.patterns import found_in
from spanspec.language.reference import path_reader
from spanspec.language.reference.path_tree import (
    BadPathError,
    Constant,
    Descent,
    Key,
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
    from collections.abc import Iterable, Iterator, Sequence

    from spanspec.language.reference.path_tree import Operand, Operation, Segment
    from spanspec.language.verdict import Value

_MAX_WORK = 2_000_000
_INT64 = range(-(1 << 63), 1 << 63)


@lru_cache(maxsize=256)
def parse(path: str, *, to_the_letter: bool = False) -> tuple[Segment, ...]:
    """The steps of a path; only where the reference's letter does not count, `has` and `exists` are operators."""
    return path_reader.parse(path, presence=not to_the_letter)


def select(path: str, document: Value, *, to_the_letter: bool = False) -> list[Value]:
    """What a path selects in a document.

    Args:
        path: The path.
        document: What `read_json` gives.
        to_the_letter: In the reference's order: the matches of a predicate that is not the last step reversed, and what
            `..` finds from the inside out. Otherwise in the document's.

    Raises:
        BadPathError: It is none.
        EvaluationError: It selects too much, or compares what cannot be.
    """
    return _Selector(to_the_letter).select(parse(path, to_the_letter=to_the_letter), document)


@dataclass(slots=True)
class _Selector:
    """Selects, and counts what it looks at, so that no path takes long."""

    to_the_letter: bool
    work: int = 0

    def select(self, segments: Sequence[Segment], start: Value) -> list[Value]:
        if not segments:
            return []
        nodes = [start]
        for index, segment in enumerate(segments):
            last = index == len(segments) - 1
            nodes = self.bounded(found for node in nodes for found in self.step(segment, node, last=last))
        return nodes

    def bounded(self, values: Iterable[Value]) -> list[Value]:
        found: list[Value] = []
        for value in values:
            self.work += 1
            if len(found) >= MAX_ITEMS:
                raise EvaluationError(f"the path selects more than {MAX_ITEMS} values")
            found.append(value)
        self.look(0)
        return found

    def look(self, count: int) -> None:
        self.work += count
        if self.work > _MAX_WORK:
            raise EvaluationError(f"the path looks at more than {_MAX_WORK} values")

    def step(self, segment: Segment, node: Value, *, last: bool) -> Iterable[Value]:
        match segment:
            case Start():
                return (node,)
            case Key(at):
                return _member(node, at)
            case Union(keys):
                return (found for key in keys for found in _member(node, key))
            case Wildcard():
                return _children(node)
            case Slice():
                return _slice(segment, node)
            case Descent():
                return self.below(node, last=last)
            case Predicate(test):
                found = [child for child in _children(node) if self.holds(test, child)]
                return reversed(found) if self.to_the_letter and not last else found

    # --- what is below

    def below(self, node: Value, *, last: bool) -> Iterator[Value]:
        """All below and the value itself: containers alone in mid-path, since only they can be gone into."""
        if not isinstance(node, (tuple, Mapping)):
            return iter(())
        if not self.to_the_letter:
            return _outside_in(node) if last else filter(_is_container, _outside_in(node))
        return _levels(node) if last else _inside_out(node)

    # --- tests

    def holds(self, test: Operand, node: Value) -> bool:
        return self.value(test, node) is True

    def value(self, operand: Operand, node: Value) -> object:
        """The value of a part of a test; what a path does not find is null."""
        self.look(1)
        match operand:
            case Constant(value):
                return value
            case Pattern():
                return operand
            case Path(segments):
                found = self.select(segments, node)
                return found[0] if found else None
        return self.computed(operand, node)

    def computed(self, operation: Operation, node: Value) -> object:
        first, *others = operation.operands
        if operation.operator in ("has", "exists"):
            there = not isinstance(first, Path) or bool(self.select(first.segments, node))
            return there == (self.value(others[0], node) is not False)
        left = self.value(first, node)
        if operation.operator == "!":
            return left is not True
        return _OPERATORS[operation.operator](left, self.value(others[0], node))


def _member(node: Value, at: str | int) -> Iterator[Value]:
    if isinstance(at, str):
        if isinstance(node, Mapping) and at in node:
            yield node[at]
    elif isinstance(node, tuple) and -len(node) <= at < len(node):
        yield node[at]


def _children(node: Value) -> Iterable[Value]:
    if isinstance(node, Mapping):
        return node.values()
    return node if isinstance(node, tuple) else ()


def _is_container(node: Value) -> bool:
    return isinstance(node, (tuple, Mapping))


def _slice(cut: Slice, node: Value) -> Iterable[Value]:
    """As the library counts: a step below 0 goes down, from `first`; one of 0 gives nothing."""
    if not isinstance(node, tuple) or cut.step == 0:
        return ()
    size = len(node)
    first = max(cut.first + size, 0) if cut.first < 0 else cut.first
    last = size if cut.last is None else cut.last + size if cut.last < 0 else cut.last
    if first >= size:
        return ()
    if cut.step > 0:
        return (node[index] for index in range(first, max(min(last, size), 0), cut.step))
    return (node[index] for index in range(first, max(min(last, size), -1), cut.step))


def _outside_in(node: Value) -> Iterator[Value]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(_children(current))))


def _inside_out(node: Value) -> Iterator[Value]:
    """Each container after those in it."""
    stack: list[tuple[Value, bool]] = [(node, False)]
    while stack:
        current, expanded = stack.pop()
        if expanded:
            yield current
            continue
        stack.append((current, True))
        stack.extend((child, False) for child in reversed(list(_children(current))) if _is_container(child))


def _levels(node: Value) -> Iterator[Value]:
    """The children of each container, container by container, and the value itself at the end."""
    for current in _outside_in(node):
        yield from _children(current)
    yield node


# --- operators -----------------------------------------------------------------------------------------------------


def _numbers(left: object, right: object) -> tuple[float, float] | None:
    """Both as numbers; an integer beside a double is one. None when either is none, or has more than 64 bits."""
    for side in (left, right):
        if isinstance(side, bool) or not isinstance(side, (int, float)):
            return None
        if isinstance(side, int) and side not in _INT64:
            return None
    assert isinstance(left, (int, float))
    assert isinstance(right, (int, float))
    if isinstance(left, int) and isinstance(right, int):
        return left, right
    return float(left), float(right)


def _equal(left: object, right: object) -> bool:
    pair = _numbers(left, right)
    if pair is not None:
        return pair[0] == pair[1]
    if type(left) is not type(right):
        return False
    if isinstance(left, (tuple, Mapping)):
        raise EvaluationError("the path compares two arrays or two objects, which has no answer")
    return left == right


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def compare(left: object, right: object) -> bool:
        pair = _numbers(left, right)
        if pair is not None:
            return holds(*pair)
        if isinstance(left, str) and isinstance(right, str):
            return holds(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
        return False

    return compare


def _calculated(sign: str) -> Callable[[object, object], object]:
    """Integers have 64 bits and wrap round; a division of integers is cut, and one by 0 is null."""

    def calculate(left: object, right: object) -> object:
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            return left + right if len(left) + len(right) <= MAX_TEXT else None
        pair = _numbers(left, right)
        if pair is None or (sign == "/" and pair[1] == 0):
            return None
        one, other = pair
        if isinstance(one, int) and isinstance(other, int):
            return _wrapped(_WHOLE[sign](one, other))
        return _FLOATING[sign](one, other)

    return calculate


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _cut(one: int, other: int) -> int:
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


_WHOLE: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": _cut}
_FLOATING: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _identical(left: object, right: object) -> bool:
    return type(left) is type(right) and _equal(left, right)


def _empty(left: object, right: object) -> bool:
    return isinstance(right, bool) and isinstance(left, (str, tuple, Mapping)) and right == (not left)


def _matches(left: object, right: object) -> bool:
    if not isinstance(left, str):
        return False
    if isinstance(right, Pattern):
        return found_in(right.text, left)
    try:
        return isinstance(right, str) and found_in(right, left)
    except EvaluationError:
        return False


_OPERATORS: dict[str, Callable[[object, object], object]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "&&": lambda left, right: left is True and right is True,
    "||": lambda left, right: left is True or right is True,
    "in": lambda left, right: isinstance(right, tuple) and any(_identical(left, item) for item in right),
    "empty": _empty,
    "=~": _matches,
    **{sign: _calculated(sign) for sign in "+-*/"},
}

__all__ = ["BadPathError", "parse", "select"]

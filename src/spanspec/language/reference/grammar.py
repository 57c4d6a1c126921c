r"""The reference's own grammar, for `COMPAT`, and as the measure of what `SPECS` must read.

Two lexers, tried in this order at each place (the first that fits wins, not the longest)::

    expressions   white space | ( ) , | [ ] | != <= >= = < > contains not-contains | + - * / | duration | number
                  | attr:NAME | env:NAME | var:NAME | "…" | '…' | identifier
    selectors     white space and comments | identifier | number as in Go | "…" | one character

    statement := expr comparator expr
    expr      := term { arithop term } { filter }                           from left to right, without precedence
    filter    := "|" IDENT { term }
    term      := call | array | DURATION | NUMBER | ATTR | ENV | VAR | STRING
    call      := IDENT "(" [ term { "," term } ] ")"
    array     := "[" [ term { "," term } ] "]"

    selector  := [ [","] spansel { "," spansel } ]
    spansel   := "span" "[" { [","] filter } "]" { pseudo } [ spansel ]
    filter    := property operator value { value }                          the last value counts
    property  := IDENT { "." IDENT }
    operator  := "=" | "contains"
    value     := STRING | INT | FLOAT | "true" | "false"
    pseudo    := ":" ( "first" | "last" | "nth_child" ) [ "(" INT ")" ]     the last one counts
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from spanspec.language.grammar.cursor import MAX_DEPTH, Fail
from spanspec.language.grammar.texts import undo_go, undo_quotes
from spanspec.language.grammar.walk import walk
from spanspec.language.syntax import (
    Argument,
    Arithmetic,
    Boolean,
    Call,
    Chain,
    Combinator,
    Comparator,
    Compare,
    Compares,
    DurationLiteral,
    Expression,
    Filter,
    Filtered,
    ListLiteral,
    Name,
    Node,
    Number,
    Operator,
    Place,
    Predicate,
    PredicateAnd,
    Pseudo,
    Selector,
    Statement,
    Step,
    Template,
    Text,
)
from spanspec.model.time import parse_duration
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

N = TypeVar("N", bound=Node)

_EXPRESSION_TOKENS = re.compile(
    r"""(?P<space>\s+)
    |(?P<symbol>[(),|\[\]])
    |(?P<comparator>!=|<=|>=|=|<|>|contains|not-contains)
    |(?P<operator>[+\-*/])
    |(?P<duration>\d+(?:\.\d+)?[ ]?(?:ns|us|ms|s|m|h))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>attr:[A-Za-z0-9_][A-Za-z0-9_.-]*|(?:env|var):[A-Za-z0-9_][A-Za-z0-9_.]*)
    |(?P<text>"(?:\\"|[^"])*"|'(?:\\'|[^'])*')
    |(?P<identifier>[A-Za-z][A-Za-z0-9_]*)""",
    re.VERBOSE | re.ASCII,
)
_SELECTOR_TOKENS = re.compile(
    r"""(?P<space>(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)+)
    |(?P<identifier>[^\W\d]\w*)
    |(?P<float>0[xX][\da-fA-F_]*\.?[\da-fA-F_]*[pP][+-]?[\d_]*
        |(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]*)?|\d[\d_]*[eE][+-]?[\d_]*)
    |(?P<int>0[xX][0-9a-fA-F_]*|0[bB][0-9_]*|0[oO][0-9_]*|\d[\d_]*)
    |(?P<text>"(?:\\.|[^"\\\n])*")
    |(?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)
_INTEGER = re.compile(
    r"0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*", re.ASCII
)
_DECIMAL = re.compile(r"(?:D\.(?:D)?|\.D|D)(?:[eE][+-]?D)?".replace("D", "[0-9](?:_?[0-9])*"), re.ASCII)
_GREATEST_INT = 2**63 - 1
_HELP = "compat: tracetest reads the reference's grammar alone; take it away to use what is new"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Reader:
    """Tokens in order, with the place of each in the whole text."""

    def __init__(
        self, text: str, pattern: re.Pattern[str], start: int = 0, end: int | None = None, depth: int = 0
    ) -> None:
        self.text = text
        self.depth = depth
        limit = len(text) if end is None else end
        self.tokens = list(_tokens(text, pattern, start, limit))
        self.tokens.append(_Token("end", "", limit, limit))
        self.index = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def next(self) -> _Token:
        token = self.token
        self.index += token.kind != "end"
        return token

    def accept(self, text: str) -> _Token | None:
        return self.next() if self.token.text == text and self.token.kind not in ("text", "end") else None

    def expect(self, text: str) -> _Token:
        found = self.accept(text)
        if found is None:
            raise self.fail(f'"{text}"')
        return found

    def fail(self, expected: str) -> Fail:
        token = self.token
        found = "but the text ends" if token.kind == "end" else f'found "{token.text[:40]}"'
        where = Range(token.start, token.end)
        return Fail(Diagnostic(code="syntax", message=f"expected {expected}, {found}", range=where, help=_HELP))

    def range(self, start: int) -> Range:
        """From `start` to the end of the token before this one."""
        return Range(start, max(start, self.tokens[self.index - 1].end if self.index else start))

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            where = Range(self.token.start, self.token.end)
            message = f"this nests deeper than {MAX_DEPTH} levels"
            raise Fail(
                Diagnostic(code="nested-too-deep", message=message, range=where, help="split it into several checks")
            )

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.fail("the end of the text")


def _tokens(text: str, pattern: re.Pattern[str], start: int, limit: int) -> Iterator[_Token]:
    at = start
    while at < limit:
        match = pattern.match(text, at, limit)
        if match is None:
            yield _Token("bad", text[at], at, at + 1)
            return
        if match.lastgroup != "space":
            assert match.lastgroup is not None
            yield _Token(match.lastgroup, match.group(), at, match.end())
        at = match.end()


# --- expressions -------------------------------------------------------------------------------------------------


def statement(text: str) -> Statement:
    """One comparison."""
    reader = _Reader(text, _EXPRESSION_TOKENS)
    start = reader.token.start
    left = _expression(reader)
    if reader.token.kind != "comparator":
        raise reader.fail("a comparator")
    comparator = Comparator(reader.next().text)
    right = _expression(reader)
    reader.end()
    return Compare(left=left, comparator=comparator, right=right, range=reader.range(start))


def expression(text: str) -> Expression:
    """One value."""
    reader = _Reader(text, _EXPRESSION_TOKENS)
    node = _expression(reader)
    reader.end()
    return node


def template(text: str) -> Template:
    """A text in which every `${…}` is a value."""
    parts = _parts(text, 0, len(text), 0)
    return Template(parts=parts, quote="", range=Range(0, len(text)))


def _expression(reader: _Reader) -> Expression:
    start = reader.token.start
    node = _term(reader)
    while reader.token.kind == "operator":
        operator = Operator(reader.next().text)
        right = _term(reader)
        node = Arithmetic(operator=operator, left=node, right=right, range=reader.range(start))
    filters = []
    while bar := reader.accept("|"):
        if reader.token.kind != "identifier":
            raise reader.fail("the name of a filter")
        name = reader.next().text
        arguments = []
        while _at_term(reader):
            arguments.append(_term(reader))
        filters.append(Filter(name=name, arguments=tuple(arguments), range=reader.range(bar.end)))
    if not filters:
        return node
    return Filtered(operand=node, filters=tuple(filters), range=reader.range(start))


def _at_term(reader: _Reader) -> bool:
    token = reader.token
    return token.kind in ("duration", "number", "name", "text", "identifier") or token.text == "["


def _term(reader: _Reader) -> Expression:
    token = reader.token
    where = Range(token.start, token.end)
    if token.kind == "duration":
        value = parse_duration(reader.next().text.replace(" ", ""))
        assert value is not None
        return DurationLiteral(value=value, range=where)
    if token.kind == "number":
        return Number(text=reader.next().text, range=where)
    if token.kind == "name":
        place, key = reader.next().text.split(":", 1)
        return Name(place=Place(place), key=key, range=where)
    if token.kind == "text":
        return _text(reader)
    if token.kind == "identifier":
        return _call(reader)
    if token.text == "[":
        items = _terms(reader, "[", "]")
        return ListLiteral(items=items, range=reader.range(token.start))
    raise reader.fail("a value")


def _call(reader: _Reader) -> Call:
    name = reader.next()
    items = _terms(reader, "(", ")")
    arguments = tuple(Argument(value=item, range=item.range) for item in items)
    return Call(name=name.text, arguments=arguments, range=reader.range(name.start))


def _terms(reader: _Reader, opening: str, closing: str) -> tuple[Expression, ...]:
    reader.expect(opening)
    reader.deeper()
    items: list[Expression] = []
    if not reader.accept(closing):
        items.append(_term(reader))
        while reader.accept(","):
            items.append(_term(reader))
        reader.expect(closing)
    reader.depth -= 1
    return tuple(items)


def _text(reader: _Reader) -> Text | Template:
    token = reader.next()
    where = Range(token.start, token.end)
    raw = token.text[1:-1]
    parts = _parts(reader.text, token.start + 1, token.end - 1, reader.depth)
    if any(not isinstance(part, str) for part in parts):
        return Template(parts=parts, quote=token.text[0], range=where)
    return Text(value=undo_quotes(raw), raw=raw, range=where)


def _parts(text: str, start: int, end: int, depth: int) -> tuple[str | Expression, ...]:
    parts: list[str | Expression] = []
    at = start
    for opens, closes in _interpolations(text, start, end):
        inner = _Reader(text, _EXPRESSION_TOKENS, opens + 2, closes, depth)
        inner.deeper()
        node = _expression(inner)
        inner.end()
        parts += [text[at:opens], node]
        at = closes + 1
    parts.append(text[at:end])
    return tuple(part for part in parts if part != "")


def _interpolations(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The places of each `${` and the next `}`, where something stands between; in linear time."""
    at = start
    while (opens := text.find("${", at, end)) >= 0:
        closes = text.find("}", opens, end)
        if closes < 0:
            return
        if closes > opens + 2:
            yield opens, closes
        at = closes + 1


# --- selectors ---------------------------------------------------------------------------------------------------


def selector(text: str) -> Selector:
    """A selector; an empty text is the empty one."""
    reader = _Reader(text, _SELECTOR_TOKENS, 1 if text.startswith("\ufeff") else 0)
    if reader.token.kind == "end":
        return Selector(range=Range(0, 0))
    start = reader.token.start
    reader.accept(",")
    chains = [_chain(reader)]
    while reader.accept(","):
        chains.append(_chain(reader))
    reader.end()
    return Selector(chains=tuple(chains), range=reader.range(start))


def _chain(reader: _Reader) -> Chain:
    start = reader.token.start
    steps = [_step(reader, None)]
    while reader.token.text == "span" and reader.token.kind == "identifier":
        steps.append(_step(reader, Combinator.DESCENDANT))
    return Chain(steps=tuple(steps), range=reader.range(start))


def _step(reader: _Reader, combinator: Combinator | None) -> Step:
    start = reader.expect("span").start
    reader.expect("[")
    predicates: list[Predicate] = []
    while not reader.accept("]"):
        reader.accept(",")
        predicates.append(_predicate(reader))
    predicate: Predicate | None = predicates[0] if predicates else None
    if len(predicates) > 1:
        where = predicates[0].range.to(predicates[-1].range)
        predicate = PredicateAnd(operands=tuple(predicates), range=where)
    pseudos: tuple[Pseudo, ...] = ()
    while reader.accept(":"):
        pseudos = (_pseudo(reader),)
    return Step(predicate=predicate, pseudos=pseudos, combinator=combinator, range=reader.range(start))


def _predicate(reader: _Reader) -> Predicate:
    token = reader.token
    key = _identifier(reader)
    while reader.accept("."):
        key += f".{_identifier(reader)}"
    name = Name(place=Place.BARE, key=key, range=reader.range(token.start))
    if reader.token.text not in ("=", "contains") or reader.token.kind == "text":
        raise reader.fail('"=" or "contains"')
    comparator = Comparator(reader.next().text)
    value = _value(reader)
    if value is None:
        raise reader.fail("a value")
    while (another := _value(reader)) is not None:
        value = another
    return Compares(name=name, comparator=comparator, value=value, range=reader.range(token.start))


def _identifier(reader: _Reader) -> str:
    if reader.token.kind != "identifier":
        raise reader.fail("the name of an attribute")
    return reader.next().text


def _value(reader: _Reader) -> Expression | None:
    token = reader.token
    where = Range(token.start, token.end)
    if token.kind == "text":
        value, wrong = undo_go(token.text[1:-1])
        if wrong is not None or "\\'" in token.text:
            raise reader.fail("Go's escapes")
        reader.next()
        return Text(value=value, raw=token.text[1:-1], range=where)
    if token.kind == "int":
        number = Number(text=_integer(reader, token.text), range=where)
        reader.next()
        return number
    if token.kind == "float":
        number = Number(text=f"{_float(reader, token.text):.2f}", range=where)
        reader.next()
        return number
    if token.text in ("true", "false") and token.kind == "identifier":
        following = reader.tokens[reader.index + 1]
        if following.text not in ("=", "contains", "."):
            reader.next()
            return Boolean(value=token.text == "true", range=where)
    return None


def _float(reader: _Reader, text: str) -> float:
    hexadecimal = text[:2].lower() == "0x"
    if not hexadecimal and not _DECIMAL.fullmatch(text):
        raise reader.fail("a number")
    try:
        value = float.fromhex(text) if hexadecimal else float(text)
    except (ValueError, OverflowError):
        raise reader.fail("a number") from None
    if math.isinf(value):
        raise reader.fail("a number that a double can hold")
    return value


def _integer(reader: _Reader, text: str) -> str:
    digits = text.replace("_", "")
    if not _INTEGER.fullmatch(text) or len(digits) > 70:
        raise reader.fail("a number of 64 bits")
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    value = int(digits, 8) if octal else int(digits, 0)
    if value > _GREATEST_INT:
        raise reader.fail("a number of 64 bits")
    return str(value)


def _pseudo(reader: _Reader) -> Pseudo:
    token = reader.token
    if token.text not in ("first", "last", "nth_child"):
        raise reader.fail("first, last or nth_child")
    reader.next()
    number = None
    if reader.accept("("):
        if reader.token.kind != "int":
            raise reader.fail("a whole number")
        number = int(_integer(reader, reader.token.text))
        reader.next()
        reader.expect(")")
    if token.text != "nth_child":
        return Pseudo(name=token.text, range=reader.range(token.start))
    if number is None:
        raise reader.fail('"(" and a whole number')
    return Pseudo(name="nth", number=number, range=reader.range(token.start))


# --- precedence --------------------------------------------------------------------------------------------------


def has_mixed_precedence(node: Node) -> bool:
    """Whether reading from left to right differs from reading with precedence."""
    return any(
        isinstance(part, Arithmetic)
        and part.operator in (Operator.MULTIPLY, Operator.DIVIDE)
        and isinstance(part.left, Arithmetic)
        and part.left.operator in (Operator.ADD, Operator.SUBTRACT)
        for part in walk(node)
    )


def with_precedence(node: N) -> N:
    """The same tree with `*` and `/` bound tighter than `+` and `-`."""
    return cast("N", _rebuilt(node))


def _rebuilt(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_rebuilt(item) for item in value)
    if isinstance(value, Arithmetic):
        return _rebuilt_chain(value)
    if not isinstance(value, Node):
        return value
    changes: dict[str, Any] = {
        part.name: _rebuilt(getattr(value, part.name)) for part in fields(value) if part.name != "range"
    }
    return replace(value, **changes)


def _rebuilt_chain(node: Arithmetic) -> Expression:
    links: list[tuple[Operator, Expression]] = []
    first: Expression = node
    while isinstance(first, Arithmetic):
        links.append((first.operator, cast("Expression", _rebuilt(first.right))))
        first = first.left
    sums: list[tuple[Operator, Expression]] = [(Operator.ADD, cast("Expression", _rebuilt(first)))]
    for operator, right in reversed(links):
        if operator in (Operator.ADD, Operator.SUBTRACT):
            sums.append((operator, right))
        else:
            sign, left = sums[-1]
            sums[-1] = (sign, _joined(operator, left, right))
    result = sums[0][1]
    for operator, right in sums[1:]:
        result = _joined(operator, result, right)
    return result


def _joined(operator: Operator, left: Expression, right: Expression) -> Arithmetic:
    return Arithmetic(operator=operator, left=left, right=right, range=left.range.to(right.range))

"""The rules of values: names, literals, arithmetic, filters, calls."""

from __future__ import annotations

import re
from typing import TypeVar

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.slips import Slot, unit_of
from spanspec.language.grammar.texts import Texts, undo_expect, undo_go
from spanspec.language.grammar.words import FUNCTIONS, RESERVED
from spanspec.language.syntax import (
    Argument,
    Arithmetic,
    Boolean,
    Call,
    DurationLiteral,
    Expression,
    Filter,
    Filtered,
    ListLiteral,
    Name,
    Negate,
    Null,
    Number,
    Operator,
    Place,
    Selector,
    Template,
    Text,
)
from spanspec.language.tokens import Kind, Mode, Token
from spanspec.model.time import Duration, parse_duration
from spanspec.source.suggest import did_you_mean

T = TypeVar("T")

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
_PREFIXES = tuple(place.value for place in Place if place)
_VIAS = ("parent", "root")
_SPAN_BOUND = (Place.BARE, Place.ATTR, Place.RESOURCE, Place.SCOPE, Place.EVENT, Place.LINK, Place.SPAN)
_VALUE = "a value"
_PLAIN = re.compile(r"[^\W\d]\w*")


class Expressions(Texts):
    """The rules of values."""

    def chain_selector(self) -> Selector:
        """One chain as a selector; given by the class below."""
        raise NotImplementedError

    def at_selector(self) -> bool:
        """Whether a selector begins here; given by the class below."""
        raise NotImplementedError

    # --- expression := sum { filter } ------------------------------------------------------------------------

    def expression(self) -> Expression:
        """A value with its filters."""
        start = self.peek().start
        node = self.arithmetic(1)
        filters: list[Filter] = []
        while self.peek().is_symbol("|"):
            filters.append(self._filter())
        if not filters:
            return node
        if self.peek().is_symbol("+", "-", "*", "/"):
            raise self.fault(
                "arithmetic cannot follow a filter",
                self.peek().range,
                help="put the filtered value in parentheses, such as (attr:x | length) + 1",
            )
        return Filtered(operand=node, filters=tuple(filters), range=self.since(start))

    def arithmetic(self, least: int) -> Expression:
        """Operators that bind at least as tight as `least`, to the left."""
        start = self.peek().start
        node = self.unary()
        while (token := self.peek()).kind is Kind.SYMBOL and _PRECEDENCE.get(token.text, 0) >= least:
            self.advance()
            right = self.arithmetic(_PRECEDENCE[token.text] + 1)
            node = Arithmetic(operator=Operator(token.text), left=node, right=right, range=self.since(start))
        return node

    def unary(self) -> Expression:
        """A term, or minus and what it turns."""
        token = self.peek()
        if not token.is_symbol("-"):
            return self.term()
        self.advance()
        following = self.peek()
        if following.kind in (Kind.NUMBER, Kind.DURATION):
            return self.negative(token)
        with self.nested():
            operand = self.unary()
        return Negate(operand=operand, range=self.since(token.start))

    def negative(self, minus: Token) -> Number | DurationLiteral:
        """The literal after a minus already taken."""
        literal = self.number_or_duration()
        where = self.since(minus.start)
        if isinstance(literal, Number):
            return Number(text=f"-{literal.text}", range=where)
        return DurationLiteral(value=Duration(-literal.value.ns), range=where)

    def number_or_duration(self) -> Number | DurationLiteral:
        """The literal at hand."""
        token = self.advance()
        if token.kind is Kind.DURATION:
            value = parse_duration(token.text)
            assert value is not None
            return DurationLiteral(value=value, range=token.range)
        after = self.peek()
        if after.kind in (Kind.WORD, Kind.NAME) and after.start == token.end:
            raise self.fault(
                f'"{token.text}{after.text}" is neither a number nor a duration',
                self.since(token.start).to(after.range),
                label=f"did you mean {token.text}{unit_of(after.text)}?" if unit_of(after.text) else "",
                help="durations are written 250ms, 1.5s, 1m30s; quote a text or a key that begins with a digit",
            )
        return Number(text=self.plain_number(token), range=token.range)

    def plain_number(self, token: Token) -> str:
        """A number token as a decimal; the selectors of the reference write numbers as Go does."""
        text = token.text.replace("_", "")
        if text[:2].lower() in ("0x", "0b", "0o"):
            digits = text[2:]
            if not digits:
                raise self.fault(f'"{token.text}" has no digits', token.range)
            return str(int(text, 0)) if len(digits) <= 64 else str(int(digits[:64], 16))
        text = text.replace(".e", ".0e").replace(".E", ".0E")
        text = f"0{text}" if text.startswith(".") else f"{text}0" if text.endswith(".") else text
        if self.mode is Mode.BRACKETS and len(text) > 1 and text[0] == "0" and text.isdigit():
            self.warn("octal-number", f"{text} is read as a decimal number", token.range, help="leave the zeros out")
        return text

    # --- terms -----------------------------------------------------------------------------------------------

    def term(self) -> Expression:
        """A literal, name, text, list, call, or a value in parentheses."""
        token = self.peek()
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            return self.number_or_duration()
        if token.kind is Kind.TEXT:
            return self.text_node(self.advance())
        if token.kind is Kind.NAME:
            return self.name()
        if token.is_symbol("["):
            return self._list()
        if token.is_symbol("("):
            return self._parenthesised()
        if token.kind is Kind.WORD:
            return self._word_term(token)
        raise self.fail(_VALUE, slot=Slot.VALUE)

    def _word_term(self, token: Token) -> Expression:
        if self.peek_after(token).is_symbol("(") and token.text not in RESERVED:
            return self.call()
        constant = self.constant()
        return self.name() if constant is None else constant

    def constant(self) -> Boolean | Null | None:
        """`true`, `false` or `null` if it is at hand."""
        token = self.accept_word("true", "false", "null")
        if token is None:
            return None
        if token.text == "null":
            return Null(range=token.range)
        return Boolean(value=token.text == "true", range=token.range)

    def _parenthesised(self) -> Expression:
        self.expect("(")
        with self.nested():
            node = self.expression()
        self.expect(")", 'an operator or ")"')
        return node

    def _list(self) -> ListLiteral:
        start = self.expect("[").start
        items: list[Expression] = []
        with self.nested():
            if not self.peek().is_symbol("]"):
                items.append(self.expression())
                while self.accept(","):
                    items.append(self.expression())
        self.expect("]", '"," or "]"')
        return ListLiteral(items=tuple(items), range=self.since(start))

    # --- filters and calls -----------------------------------------------------------------------------------

    def _filter(self) -> Filter:
        self.expect("|")
        token = self.peek()
        if token.kind is not Kind.WORD or not _PLAIN.fullmatch(token.text):
            raise self.fail("the name of a filter")
        self.advance()
        arguments: list[Expression] = []
        while (argument := self._filter_argument()) is not None:
            arguments.append(argument)
        return Filter(name=token.text, arguments=tuple(arguments), range=self.since(token.start))

    def _filter_argument(self) -> Expression | None:
        """One term, or None when none begins here: the next filter, a comparator or a connective follows."""
        token = self.peek()
        if token.is_symbol("-"):
            following = self.peek_after(token)
            if following.kind in (Kind.NUMBER, Kind.DURATION) and following.start == token.end:
                return self.negative(self.advance())
            return None
        if token.kind is Kind.WORD:
            called = self.peek_after(token).is_symbol("(") and token.text not in RESERVED
            return self.call() if called else self.constant()
        begins = token.kind in (Kind.NUMBER, Kind.DURATION, Kind.TEXT, Kind.NAME) or token.is_symbol("[", "(")
        return self.term() if begins else None

    def call(self) -> Call:
        """A function and its arguments."""
        name = self.advance()
        if not _PLAIN.fullmatch(name.text):
            raise self.fault(
                f'"{name.text}" is no name of a function', name.range, label=did_you_mean(name.text, FUNCTIONS)
            )
        self.expect("(")
        arguments: list[Argument] = []
        with self.nested(), self.inside(bare=True, relative=True, mode=Mode.VALUE):
            if not self.peek().is_symbol(")"):
                arguments.append(self._argument())
                while self.accept(","):
                    arguments.append(self._argument())
        self.expect(")", '"," or ")"', Slot.ARGUMENT_END)
        return Call(name=name.text, arguments=tuple(arguments), range=self.since(name.start))

    def _argument(self) -> Argument:
        token = self.peek()
        name = ""
        if token.kind is Kind.WORD and self.peek_after(token).is_symbol("="):
            name = self.advance().text
            self.advance()
        value: Expression | Selector
        if self.peek().is_word("span") and self.peek_after(self.peek()).is_symbol("["):
            value = self.chain_selector()
        elif self.peek().is_symbol("(") or self.at_selector():
            value = self.longest(self.chain_selector, self.expression)
        else:
            value = self.expression()
        return Argument(value=value, name=name, range=self.since(token.start))

    # --- names -----------------------------------------------------------------------------------------------

    def name(self) -> Name:
        """A name, with or without a prefix."""
        token = self.peek()
        if token.kind is Kind.NAME:
            return self._prefixed(self.advance())
        if token.kind is not Kind.WORD:
            raise self.fail("a name")
        self.advance()
        key = self._spaced_key(token)
        where = self.since(token.start)
        if not self.bare:
            raise self.fault(
                f'"{key}" needs a prefix here',
                where,
                label=f"write attr:{key}",
                help=self._bare_help(key),
                code="bare-name",
            )
        return Name(place=Place.BARE, key=key, range=where)

    @staticmethod
    def _bare_help(key: str) -> str:
        if key in ("duration", "name", "status", "kind"):
            return f"the span's own {key} is attr:tracetest.span.{key}, a text stands in quotes"
        return (
            "a name without a prefix stands only in a selector's brackets, after where and in a call; a text in quotes"
        )

    def _spaced_key(self, token: Token) -> str:
        """The reference takes white space around the dots of a key in brackets."""
        key = token.text
        if self.old and self.mode is Mode.BRACKETS:
            while self.peek().is_symbol(".") and self.peek_after(self.peek()).kind in (Kind.WORD, Kind.NUMBER):
                self.advance()
                key += f".{self.advance().text}"
        return key

    def _prefixed(self, token: Token) -> Name:
        head, quoted = token.text, False
        key = ""
        if head[-1] in "\"'":
            opening = min(place for place in (head.find('"'), head.find("'")) if place >= 0)
            head, key = head[:opening], self.quoted_key(token, head[opening:])
            quoted = True
        *prefixes, last = head.split(":")
        return self._checked_name(token, prefixes, key if quoted else last, quoted=quoted)

    def quoted_key(self, token: Token, text: str) -> str:
        """The key that stands in quotes."""
        inside = text[1:-1]
        if self.dialect is Dialect.EXPECT:
            key = undo_expect(inside)
        else:
            key, wrong = undo_go(inside)
            if wrong is not None:
                raise self.fault("this key has an unknown escape", token.range, help="write \\\\ for a backslash")
        if not key:
            raise self.fault("this key is empty", token.range)
        return key

    def _checked_name(self, token: Token, prefixes: list[str], key: str, *, quoted: bool) -> Name:
        via = prefixes[0] if prefixes[0] in _VIAS else ""
        rest = prefixes[1:] if via else prefixes
        for prefix in rest:
            if prefix not in _PREFIXES:
                raise self._unknown_prefix(token, prefix)
        if len(rest) > 1:
            raise self.fault(f'"{token.text}" has too many prefixes', token.range)
        place = Place(rest[0]) if rest else Place.BARE
        if via and place not in _SPAN_BOUND:
            raise self.fault(f'"{place}:" does not belong to a span', token.range, help=f"leave {via}: out")
        if self.old and not self.bare and place is Place.BARE:
            raise self.fault(
                f'"{token.text}" needs a second prefix here',
                token.range,
                label=f"write {via}:attr:{key} or {via}:span:{key}",
                code="bare-name",
            )
        return Name(place=place, key=key, via=via, quoted=quoted, range=token.range)

    def _unknown_prefix(self, token: Token, prefix: str) -> Exception:
        if prefix in _VIAS:
            return self.fault(f'"{prefix}:" must come first', token.range)
        return self.fault(
            f'no prefix "{prefix}:"',
            token.range,
            label=did_you_mean(prefix, (*_PREFIXES, *_VIAS)),
            help=f"prefixes are {', '.join((*_PREFIXES, *_VIAS))}; a key with a colon is quoted",
            code="unknown-prefix",
        )


ValueNode = Text | Template | Number | DurationLiteral | Boolean | Null | Name | ListLiteral

r"""The tree as canonical text: `parse(format(node)) == node` for every tree that the parser yields.

A text is spelled as the dialect reads it, so the dialect is an argument. `SPECS` has no spelling for some texts (a
backslash right before the closing quote of a text in a value); the parser never yields them there either.
"""

from __future__ import annotations

import re
from typing import assert_never

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.placeholders import begins_perhaps, begins_surely
from spanspec.language.grammar.words import RESERVED
from spanspec.language.syntax import (
    And,
    AnyNode,
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
    Exists,
    Expect,
    Expression,
    Filter,
    Filtered,
    Has,
    Implies,
    ListLiteral,
    Name,
    Negate,
    Not,
    Null,
    Number,
    Operator,
    Or,
    Place,
    Predicate,
    PredicateAnd,
    PredicateNot,
    PredicateOr,
    Pseudo,
    Quantifier,
    QuantifierWord,
    Relate,
    Selector,
    StandAlone,
    Statement,
    Step,
    Template,
    Text,
)
from spanspec.model.time import format_duration

_BARE_KEY = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
_KEY = re.compile(r"\w+(?:[.-]\w+)*")
_VARIABLE = re.compile(r"\w+(?:\.\w+)*")
_PLACEHOLDER = re.compile(r"\$\{")
_ESCAPABLE = re.compile(r"\\(?=[\\\"'nrt]|u[0-9a-fA-F]{4}|[\n\r\t]|\Z)")
_TIGHT = (Operator.MULTIPLY, Operator.DIVIDE)
_GO = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def format(node: AnyNode | Template, dialect: Dialect = Dialect.EXPECT) -> str:  # noqa: A001 - the page's own word
    """The canonical text of a tree, as `dialect` reads it."""
    writer = _Writer(dialect)
    if isinstance(node, Selector):
        return writer.selector(node)
    if isinstance(node, (Compare, Exists, Expect, Relate, StandAlone, Not, And, Or, Implies)):
        return writer.statement(node)
    if isinstance(node, Template) and node.quote == "":
        return writer.field(node)
    return writer.expression(node)


def format_predicate(predicate: Predicate, dialect: Dialect = Dialect.EXPECT) -> str:
    """The canonical text of what stands in brackets."""
    return _Writer(dialect).predicate(predicate)


def format_step(step: Step, dialect: Dialect = Dialect.EXPECT) -> str:
    """The canonical text of a step, its combinator left out."""
    return _Writer(dialect).step(step)


class _Writer:
    """Writes nodes in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.brackets = False

    # --- expressions -----------------------------------------------------------------------------------------

    def expression(self, node: Expression) -> str:
        match node:
            case Filtered(operand=operand, filters=filters):
                head = f"({self.expression(operand)})" if isinstance(operand, Filtered) else self.expression(operand)
                return " ".join((head, *map(self.filter, filters)))
            case Arithmetic():
                return self.arithmetic(node)
            case Negate(operand=operand):
                return f"-{self.negated(operand)}"
            case Name():
                return self.name(node)
            case Number(text=text):
                return text
            case DurationLiteral(value=value):
                return self.duration(value.ns)
            case Text() | Template():
                return self.text(node)
            case Boolean(value=value):
                return "true" if value else "false"
            case Null():
                return "null"
            case ListLiteral(items=items):
                return f"[{', '.join(map(self.expression, items))}]"
            case Call():
                return self.call(node)
            case _:
                assert_never(node)

    def arithmetic(self, node: Arithmetic) -> str:
        left, right = self.expression(node.left), self.expression(node.right)
        if self.dialect is not Dialect.COMPAT:
            tight = node.operator in _TIGHT
            loose_left = isinstance(node.left, Arithmetic) and node.left.operator not in _TIGHT
            if isinstance(node.left, Filtered) or (tight and loose_left):
                left = f"({left})"
            tighter_right = isinstance(node.right, Arithmetic) and node.right.operator in _TIGHT and not tight
            if isinstance(node.right, Filtered) or (isinstance(node.right, Arithmetic) and not tighter_right):
                right = f"({right})"
        return f"{left} {node.operator.value} {right}"

    def negated(self, node: Expression) -> str:
        text = self.expression(node)
        positive = isinstance(node, (Number, DurationLiteral)) and not text.startswith("-")
        return f"({text})" if positive or isinstance(node, (Filtered, Arithmetic)) else text

    def filter(self, node: Filter) -> str:
        return " ".join((f"| {node.name}", *map(self.filter_argument, node.arguments)))

    def filter_argument(self, node: Expression) -> str:
        text = self.expression(node)
        bare = isinstance(node, Name) and node.place is Place.BARE and not node.via
        return f"({text})" if bare or isinstance(node, (Filtered, Arithmetic, Negate)) else text

    def call(self, node: Call) -> str:
        return f"{node.name}({', '.join(map(self.argument, node.arguments))})"

    def argument(self, node: Argument) -> str:
        prefix = f"{node.name}=" if node.name else ""
        brackets, self.brackets = self.brackets, False
        if isinstance(node.value, Selector):
            text = self.selector(node.value)
            value = f"({text})" if len(node.value.chains) > 1 else text
        else:
            value = self.expression(node.value)
        self.brackets = brackets
        return f"{prefix} {value}" if prefix and value.startswith("~") else prefix + value

    def duration(self, ns: int) -> str:
        """A duration, in a spelling that every dialect reads."""
        text = format_duration(ns)
        whole = re.fullmatch(r"-?\d+(\.\d+)?(ns|us|µs|ms|s|m|h)", text) is not None
        return text.replace("µs", "us") if whole or self.dialect is not Dialect.COMPAT else f"{ns}ns"

    def name(self, node: Name, *, left: bool = False) -> str:
        """A name; `left` is where a key in quotes may stand without a prefix."""
        via = f"{node.via}:" if node.via else ""
        if node.place is Place.BARE and not node.via:
            bare = _BARE_KEY.fullmatch(node.key) and not (left and node.key in RESERVED)
            return node.key if bare or not left else self.quoted(node.key)
        prefix = f"{node.place.value}:" if node.place is not Place.BARE else ""
        old_variable = self.dialect is not Dialect.EXPECT and node.place in (Place.VAR, Place.ENV)
        plain = (
            self.old_key(node)
            if self.dialect is Dialect.COMPAT
            else (_VARIABLE if old_variable else _KEY).fullmatch(node.key)
        )
        return f"{via}{prefix}{node.key if plain else self.quoted(node.key)}"

    @staticmethod
    def old_key(node: Name) -> bool:
        """In `COMPAT` nothing is quoted."""
        return bool(node.key)

    # --- texts -----------------------------------------------------------------------------------------------

    def quoted(self, key: str) -> str:
        """A key in quotes.

        Where texts pair a backslash with a quote alone, one right before the closing quote would open it again: there a
        backslash is written by its number.
        """
        if self.dialect is Dialect.EXPECT:
            pieces = [self.escaped_expect(piece) for piece in key.split("${")]
        else:
            pieces = [self.escaped_go(piece).replace("\\\\", "\\u005c") for piece in key.split("${")]
        return '"' + "\\u0024{".join(pieces) + '"'

    def text(self, node: Text | Template) -> str:
        parts = (node.value,) if isinstance(node, Text) else node.parts
        pieces = [self.literal(part) if isinstance(part, str) else None for part in parts]
        quote = self.quote("".join(piece for piece in pieces if piece is not None))
        written = [
            self.escaped(piece, quote) if piece is not None else self.placeholder(part)
            for piece, part in zip(pieces, parts, strict=True)
        ]
        return f"{quote}{self.guarded(written, pieces)}{quote}"

    def field(self, node: Template) -> str:
        """A trigger's field."""
        pieces = [self.literal(part) if isinstance(part, str) else None for part in node.parts]
        written = [
            piece if piece is not None else self.placeholder(part)
            for piece, part in zip(pieces, node.parts, strict=True)
        ]
        return self.guarded(written, pieces)

    def guarded(self, written: list[str], pieces: list[str | None]) -> str:
        """The parts together; a dollar right before a placeholder is kept from being read as an escape."""
        if self.dialect is Dialect.COMPAT:
            return "".join(written)
        for index in range(len(written) - 1):
            if pieces[index] is not None and pieces[index + 1] is None and written[index].endswith("$"):
                kept = written[index].rstrip("$")
                written[index] = f"{kept}${{'{'$' * (len(written[index]) - len(kept))}'}}"
        return "".join(written)

    def literal(self, text: str) -> str:
        """A text in which no `${` is a placeholder."""
        return text if self.dialect is Dialect.COMPAT else _PLACEHOLDER.sub("$${", text)

    def placeholder(self, part: str | Expression) -> str:
        assert not isinstance(part, str)
        brackets, self.brackets = self.brackets, False
        text = self.expression(part)
        self.brackets = brackets
        known = begins_surely(f"${{{text}", 0) or begins_perhaps(f"${{{text}", 0)
        return f"${{{text}}}" if known or self.dialect is Dialect.COMPAT else f"${{({text})}}"

    def quote(self, text: str) -> str:
        """The quote that needs the fewest escapes."""
        if self.brackets and self.dialect is Dialect.COMPAT:
            return '"'
        return "'" if '"' in text and "'" not in text else '"'

    def escaped(self, text: str, quote: str) -> str:
        if self.dialect is Dialect.EXPECT:
            return self.escaped_expect(text, quote)
        if self.brackets:
            return self.escaped_go(text, quote)
        return self.escaped_old(text, quote)

    @staticmethod
    def escaped_expect(text: str, quote: str = '"') -> str:
        doubled = _ESCAPABLE.sub(r"\\\\", text).replace(quote, f"\\{quote}")
        return doubled.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")

    @staticmethod
    def escaped_go(text: str, quote: str = '"') -> str:
        escapes = {**_GO, '"': '"', quote: f"\\{quote}"}
        return "".join(escapes.get(char) or (char if char >= " " else f"\\x{ord(char):02x}") for char in text)

    @staticmethod
    def escaped_old(text: str, quote: str) -> str:
        return re.sub(rf"{quote}|(?<=\\)[\"']", r"\\\g<0>", text)

    # --- selectors -------------------------------------------------------------------------------------------

    def selector(self, node: Selector) -> str:
        return ", ".join(map(self.chain, node.chains))

    def chain(self, node: Chain) -> str:
        first, *rest = node.steps
        text = f"{first.combinator.value} {self.step(first)}" if first.combinator else self.step(first)
        for step in rest:
            assert step.combinator is not None
            between = " " if step.combinator is Combinator.DESCENDANT else f" {step.combinator.value} "
            text = f"{text}{between}{self.step(step)}"
        return text

    def step(self, node: Step) -> str:
        pseudos = "".join(map(self.pseudo, node.pseudos))
        if node.group is not None:
            return f"({self.selector(node.group)}){pseudos}"
        if node.predicate is None:
            return "span" if node.bare and not pseudos else f"span[]{pseudos}"
        return f"span[{self.predicate(node.predicate)}]{pseudos}"

    def pseudo(self, node: Pseudo) -> str:
        if node.selector is not None:
            return f":{node.name}({self.selector(node.selector)})"
        if node.number is not None:
            name = "nth_child" if self.dialect is Dialect.COMPAT else node.name
            return f":{name}({node.number})"
        return f":{node.name}"

    def predicate(self, node: Predicate) -> str:
        match node:
            case Compares(name=name, comparator=comparator, value=value):
                return f"{self.name(name, left=True)} {comparator.value} {self.bracket_value(value)}"
            case Has(name=name, present=present):
                return f"{self.name(name, left=True)} {'exists' if present else 'missing'}"
            case PredicateNot(operand=operand):
                return f"not {self.inner(operand, (PredicateAnd, PredicateOr))}"
            case PredicateAnd(operands=operands):
                return " ".join(self.inner(operand, (PredicateAnd, PredicateOr)) for operand in operands)
            case PredicateOr(operands=operands):
                return " or ".join(self.inner(operand, (PredicateOr,)) for operand in operands)
            case _:
                assert_never(node)

    def inner(self, node: Predicate, wrapped: tuple[type, ...]) -> str:
        text = self.predicate(node)
        return f"({text})" if isinstance(node, wrapped) else text

    def bracket_value(self, node: Expression) -> str:
        brackets, self.brackets = self.brackets, True
        text = self.expression(node)
        self.brackets = brackets
        return text

    # --- statements ------------------------------------------------------------------------------------------

    def statement(self, node: Statement) -> str:
        match node:
            case Compare(left=left, comparator=comparator, right=right):
                return f"{self.expression(left)} {comparator.value} {self.expression(right)}"
            case Exists(name=name, present=present):
                return f"{self.name(name)} {'exists' if present else 'missing'}"
            case StandAlone(call=call):
                return self.call(call)
            case Expect():
                return self.expect(node)
            case Relate():
                return self.relate(node)
            case Not(operand=operand):
                return f"not {self.operand(operand, (And, Or, Implies))}"
            case And(operands=operands):
                return " and ".join(self.operand(part, (And, Or, Implies)) for part in operands)
            case Or(operands=operands):
                return " or ".join(self.operand(part, (Or, Implies)) for part in operands)
            case Implies(left=left, right=right):
                return f"{self.operand(left, (Implies,))} implies {self.operand(right, ())}"
            case _:
                assert_never(node)

    def operand(self, node: Statement, wrapped: tuple[type, ...]) -> str:
        text = self.statement(node)
        conditioned = isinstance(node, Expect) and node.where is not None
        return f"({text})" if conditioned or isinstance(node, wrapped) else text

    def expect(self, node: Expect) -> str:
        head = f"{self.quantifier(node.quantifier)} {self.selector(node.selector)}"
        return head if node.where is None else f"{head} where {self.condition(node.where)}"

    def condition(self, node: Statement) -> str:
        if isinstance(node, Not):
            return f"not {self.condition(node.operand)}"
        text = self.statement(node)
        return text if isinstance(node, (Compare, Exists, StandAlone)) else f"({text})"

    def relate(self, node: Relate) -> str:
        left = f"{self.quantifier(node.quantifier)} {self.selector(node.left)}"
        right = self.selector(node.right)
        if node.right_quantifier.word is not QuantifierWord.SOME:
            right = f"{self.quantifier(node.right_quantifier)} {right}"
        within = f" within {self.duration(node.within.value.ns)}" if node.within is not None else ""
        return f"{left} {node.relation.value} {right}{within}"

    def quantifier(self, node: Quantifier) -> str:
        bounds = [self.expression(bound) for bound in (node.low, node.high) if bound is not None]
        return " ".join((node.word.value, " and ".join(bounds))) if bounds else node.word.value


assert Comparator.NOT_IN.value == "not-in"

"""The parser: hand-written, recursive descent, one function for a rule.

::

    selector    := chain { "," chain } | empty                              _selectors
    chain       := step { combinator step }
    combinator  := white space | ">>" | ">" | "<<" | "<" | "~" | "->"
    step        := ( "span" | "span" "[" predicates "]" | "(" selector ")" ) { pseudo }
    pseudo      := ":" WORD [ "(" (n | selector | relative) ")" ]
    relative    := combinator chain { "," [combinator] chain }              in :has(…), after where, in calls
    predicates  := p-or | empty
    p-or        := p-and { ("or" | "||") p-and }
    p-and       := p-not { ["and" | "&&" | ","] p-not }
    p-not       := ("not" | "!") p-not | "(" p-or ")" | predicate
    predicate   := name comparator (value | name) | name ("exists" | "missing")
    value       := literal | "[" [literal { "," literal }] "]"

    statement   := or [ "implies" statement ]                               _statements
    or          := and { ("or" | "||") and }
    and         := not { ("and" | "&&") not }
    not         := ("not" | "!") not | comparison | expectation | "(" statement ")"
    comparison  := expression comparator expression | name ("exists" | "missing")
    expectation := quantifier selector [ "where" condition ]
                 | quantifier selector relation [quantifier] selector [ "within" duration ]
                 | selector | call
    condition   := ("not" | "!") condition | comparison | "(" statement ")"
    quantifier  := "some" | "no" | "every" | "exactly" n | "at" ("least" | "most") n | "between" n "and" n
    n           := whole number | "var:" NAME | "env:" NAME
    relation    := "followed by" | "preceded by" | "then" | "calls" | "leads to" | "overlaps" | "inside"
    comparator  := "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "not-contains" | "starts-with"
                 | "ends-with" | "matches" | "=~" | "not-matches" | "!~" | "in" | "not-in" | "not" "in"

    expression  := sum { "|" WORD { term } }                                _expressions
    sum         := product { ("+" | "-") product }
    product     := unary { ("*" | "/") unary }
    unary       := "-" unary | term
    term        := literal | name | list | call | "(" expression ")"
    list        := "[" [expression { "," expression }] "]"
    call        := WORD "(" [ argument { "," argument } ] ")"
    argument    := [ WORD "=" ] ( expression | chain | relative chain )
    literal     := ["-"] number | ["-"] duration | text | "true" | "false" | "null"
    text        := quoted characters and "${" expression "}"                _texts

Words (`contains`, `and`, `not`, `some` …) are words only where a rule asks for one: `not = 1` is the attribute `not`.

`SPECS` reads every text that the reference reads, and reads the same from it but for precedence; what is new parses where
the reference has a syntax error. A name there needs a prefix outside brackets, `where` and calls. `COMPAT` is the
reference's own grammar and nothing else (`reference.grammar`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.cursor import MAX_DEPTH, Fail
from spanspec.language.grammar.recovery import read_parts
from spanspec.language.grammar.statements import Statements
from spanspec.language.grammar.walk import height
from spanspec.language.reference import grammar as reference_grammar
from spanspec.language.syntax import Node, Template
from spanspec.source.diagnostics import Diagnostic, Severity, has_errors
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.syntax import Expression, Selector, Statement

T = TypeVar("T")
N = TypeVar("N", bound="Node")

MAX_LENGTH = 64 * 1024
"""Characters of a selector, statement or expression."""

MAX_TEMPLATE = 16 * 1024 * 1024
"""Characters of a trigger's field."""

MAX_HEIGHT = 5 * MAX_DEPTH
"""Nodes from the root of a tree to its deepest leaf; whoever walks it may recurse."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a text means, or what is wrong with it.

    Attributes:
        node: The tree; None when there is an error.
        diagnostics: All faults found, ranges in characters of the text, `source` left out. Warnings may come with a node.
        parts: Where there is no tree, the parts of the text that could be read in spite of its faults.
    """

    node: T | None
    diagnostics: tuple[Diagnostic, ...] = ()
    parts: tuple[Node, ...] = ()


def parse_selector(text: str, dialect: Dialect) -> Parsed[Selector]:
    """Parse a selector; an empty text is the empty selector."""
    if dialect is Dialect.COMPAT:
        return _guarded(text, reference_grammar.selector)
    return _parsed(text, dialect, Statements.lone_selector, reference_grammar.selector)


def parse_statement(text: str, dialect: Dialect) -> Parsed[Statement]:
    """Parse a statement; under `SPECS` new words may stand where the old text was an error, under `COMPAT` none."""
    if dialect is Dialect.COMPAT:
        return _guarded(text, reference_grammar.statement)
    return _parsed(text, dialect, Statements.lone_statement, reference_grammar.statement)


def parse_expression(text: str, dialect: Dialect) -> Parsed[Expression]:
    """Parse a value."""
    if dialect is Dialect.COMPAT:
        return _guarded(text, reference_grammar.expression)
    return _parsed(text, dialect, Statements.lone_expression, reference_grammar.expression)


def parse_template(text: str, dialect: Dialect) -> Parsed[Template]:
    """Parse a text with `${…}`; `$${` is a literal `${`; a `${` without a known prefix or function is literal, with a warning.

    Under `COMPAT` every `${…}` is an expression and there is no escape.
    """
    if len(text) > MAX_TEMPLATE:
        return Parsed(None, (_too_long(text, MAX_TEMPLATE),))
    if dialect is Dialect.COMPAT:
        return _guarded(text, reference_grammar.template, limit=MAX_TEMPLATE)
    return _run(text, Statements(text, dialect), Statements.template)


def _parsed(text: str, dialect: Dialect, rule: Callable[[Statements], N], reference: Callable[[str], N]) -> Parsed[N]:
    if len(text) > MAX_LENGTH:
        return Parsed(None, (_too_long(text, MAX_LENGTH),))
    parsed = _run(text, Statements(text, dialect), rule)
    if dialect is Dialect.SPECS:
        return _beside_reference(text, parsed, reference)
    return parsed


def _run(text: str, parser: Statements, rule: Callable[[Statements], N]) -> Parsed[N]:
    node: N | None
    parts: list[Node] = []
    try:
        node = rule(parser)
    except Fail as fail:
        node = None
        parser.faults.append(fail.diagnostic)
        if rule is Statements.lone_statement:
            parts = read_parts(text, parser, fail)
    faults = _ordered(parser.faults)
    if node is not None and height(node, MAX_HEIGHT) > MAX_HEIGHT:
        return Parsed(None, (*faults, _too_high(text)))
    if has_errors(faults):
        readable = parts if node is None else [node]
        return Parsed(None, faults, tuple(part for part in readable if height(part, MAX_HEIGHT) <= MAX_HEIGHT))
    return Parsed(node, faults)


def _guarded(text: str, rule: Callable[[str], N], *, limit: int = MAX_LENGTH) -> Parsed[N]:
    if len(text) > limit:
        return Parsed(None, (_too_long(text, limit),))
    try:
        node = rule(text)
    except Fail as fail:
        return Parsed(None, (fail.diagnostic,))
    if height(node, MAX_HEIGHT) > MAX_HEIGHT:
        return Parsed(None, (_too_high(text),))
    return Parsed(node)


def _beside_reference(text: str, parsed: Parsed[N], reference: Callable[[str], N]) -> Parsed[N]:
    """What the reference reads is read, and a precedence that changes it is told."""
    old = _guarded(text, reference).node
    if old is None:
        return parsed
    if parsed.node is None:
        return Parsed(reference_grammar.with_precedence(old))
    if reference_grammar.has_mixed_precedence(old):
        warning = Diagnostic(
            code="precedence",
            message="* and / bind tighter than + and - here; the reference computes from left to right",
            range=Range(0, len(text)),
            help="write parentheses to say which is meant",
            severity=Severity.WARNING,
        )
        return replace(parsed, diagnostics=(*parsed.diagnostics, warning))
    return parsed


def _ordered(faults: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    unique = dict.fromkeys(faults)
    return tuple(sorted(unique, key=lambda fault: fault.range.start if fault.range else 0))


def _too_long(text: str, limit: int) -> Diagnostic:
    return Diagnostic(
        code="text-too-long",
        message=f"this text has {len(text)} characters, more than {limit}",
        range=Range(0, 1),
        help="split it",
    )


def _too_high(text: str) -> Diagnostic:
    return Diagnostic(
        code="nested-too-deep",
        message=f"this is built of more than {MAX_HEIGHT} layers",
        range=Range(0, max(1, len(text))),
        help="split it into several checks",
    )

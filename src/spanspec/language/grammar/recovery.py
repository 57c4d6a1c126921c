"""Going on after a fault: where the checks of a statement begin, so that the faults of each of them are told."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from spanspec.language.grammar.cursor import Fail
from spanspec.language.grammar.statements import Statements
from spanspec.language.tokens import Kind, Mode

if TYPE_CHECKING:
    from spanspec.language.lexer import Lexer
    from spanspec.language.syntax import Node

_MOST = 50
"""Checks of one statement that are read again."""


def read_parts(text: str, parser: Statements, fail: Fail) -> list[Node]:
    """The checks of a statement that can be read in spite of a fault; the faults of the others are added to the parser's.

    Args:
        text: The whole text.
        parser: The one that failed.
        fail: Its fault, which is told already.
    """
    starts = [*_operand_starts(parser.lexer)[:_MOST], len(text) + 1]
    parts: list[Node] = []
    for start, following in pairwise(starts):
        if start <= fail.place < following:
            continue
        operand = Statements(text, parser.dialect, start=start)
        try:
            parts.append(operand.lone_operand())
        except Fail as another:
            operand.faults.append(another.diagnostic)
        parser.faults.extend(operand.faults)
    return parts


def _operand_starts(lexer: Lexer) -> list[int]:
    """The beginning, and the places behind connectives outside of brackets; the `and` of a `between` is none."""
    place, level, between = 0, 0, False
    found = [0]
    while (token := lexer.token(place, Mode.VALUE)).kind not in (Kind.END, Kind.UNCLOSED):
        level = max(0, level + token.is_symbol("(", "[") - token.is_symbol(")", "]"))
        if level == 0 and (token.is_word("and", "or", "implies") or token.is_symbol("&&", "||")):
            if not between:
                found.append(token.end)
            between = False
        between = between or token.is_word("between")
        place = token.end
    return found

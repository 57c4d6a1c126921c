"""The parser; its rules are listed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from spanspec.language.dialect import Dialect
    from spanspec.language.syntax import Expression, Selector, Statement, Template
    from spanspec.source.diagnostics import Diagnostic

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a text means, or what is wrong with it.

    Attributes:
        node: The tree; None when there is an error.
        diagnostics: All faults found, ranges in characters of the text, `source` left out. Warnings may come with a node.
    """

    node: T | None
    diagnostics: tuple[Diagnostic, ...] = ()


def parse_selector(text: str, dialect: Dialect) -> Parsed[Selector]:
    """Parse a selector; an empty text is the empty selector."""
    raise NotImplementedError


def parse_statement(text: str, dialect: Dialect) -> Parsed[Statement]:
    """Parse a statement; under `SPECS` and `COMPAT` one comparison, new words allowed where the old text was an error."""
    raise NotImplementedError


def parse_expression(text: str, dialect: Dialect) -> Parsed[Expression]:
    """Parse a value."""
    raise NotImplementedError


def parse_template(text: str, dialect: Dialect) -> Parsed[Template]:
    """Parse a text with `${…}`; `$${` is a literal `${`; a `${` without a known prefix or function is literal, with a warning."""
    raise NotImplementedError

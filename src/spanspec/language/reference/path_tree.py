"""What a JSONPath of the reference's dialect is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from spanspec.language.verdict import Value


class BadPathError(EvaluationError):
    """A text that is no path."""


@dataclass(frozen=True, slots=True)
class Start:
    """`$` or `@`: the value at hand. In a test too, where `$` is the item as `@` is."""


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
    """Items from, to, by; `last` is None where it was left out."""

    first: int
    last: int | None
    step: int = 1


@dataclass(frozen=True, slots=True)
class Union:
    """Several members or items, in the order written."""

    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Predicate:
    """`[?(…)]`."""

    test: Operand


@dataclass(frozen=True, slots=True)
class Path:
    """A path inside a test."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value in a test."""

    value: Value


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression between slashes."""

    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its operands; `!` has one."""

    operator: str
    operands: tuple[Operand, ...]


Segment: TypeAlias = Start | Key | Wildcard | Descent | Slice | Union | Predicate
Operand: TypeAlias = Path | Constant | Pattern | Operation

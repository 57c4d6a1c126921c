"""The abstract syntax: every node a frozen dataclass with its range, which does not count in comparisons.

Ranges are characters of the text parsed. `parse(format(node)) == node` holds for every node.

    Selector ── Chain ── Step ── Predicate tree, pseudo-classes
    Statement ── Implies, Or, And, Not, Compare, Exists, Expect, Relate, StandAlone
    Expression ── Literal, ListLiteral, Name, Template, Arithmetic, Negate, Filtered, Call, Count-like calls over a Selector
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from spanspec.model.time import Duration
from spanspec.source.text import Range

NOWHERE = Range(0, 0)


@dataclass(frozen=True, kw_only=True)
class Node:
    """What all nodes share: the range in the text."""

    range: Range = field(default=NOWHERE, compare=False, repr=False)


# --- names and values --------------------------------------------------------------------------------------------


class Place(StrEnum):
    """Where a name looks; the prefix in the text. `BARE` has none."""

    BARE = ""
    ATTR = "attr"
    RESOURCE = "resource"
    SCOPE = "scope"
    EVENT = "event"
    LINK = "link"
    SPAN = "span"
    RESPONSE = "response"
    TRACE = "trace"
    VAR = "var"
    ENV = "env"


@dataclass(frozen=True, kw_only=True)
class Name(Node):
    """A name: `http.route`, `attr:x`, `resource:host.name`, `parent:attr:x`, `var:LIMIT`.

    Attributes:
        place: The prefix.
        key: What follows, unquoted.
        via: `parent` or `root` when the name is looked up there, else empty.
        quoted: Whether the key was written in quotes (formatting only; left out of equality).
    """

    place: Place
    key: str
    via: str = ""
    quoted: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Number(Node):
    """A number as written: `99.99`, `-1`, `1e3`. Kept as text, for its precision means something."""

    text: str


@dataclass(frozen=True, kw_only=True)
class DurationLiteral(Node):
    """A duration: `250ms`, `-1m30s`."""

    value: Duration


@dataclass(frozen=True, kw_only=True)
class Text(Node):
    """A text without interpolation, its escapes undone as the dialect asks.

    Attributes:
        value: The text.
        raw: What stood between the quotes (COMPAT shows it), left out of equality.
    """

    value: str
    raw: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class Template(Node):
    """A text with `${…}`: `parts` are texts and expressions in order, empty texts left out. The value is text.

    `quote` is the quote it was written in, or empty for a trigger's field (formatting only).
    """

    parts: tuple[str | Expression, ...]
    quote: str = field(default='"', compare=False)


@dataclass(frozen=True, kw_only=True)
class Boolean(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, kw_only=True)
class Null(Node):
    """`null`."""


@dataclass(frozen=True, kw_only=True)
class ListLiteral(Node):
    """`[1, "a", attr:x]`."""

    items: tuple[Expression, ...]


class Operator(StrEnum):
    """Arithmetic."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


@dataclass(frozen=True, kw_only=True)
class Arithmetic(Node):
    """`left op right`; the tree says the precedence (in COMPAT strictly left to right)."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, kw_only=True)
class Negate(Node):
    """Unary minus over anything but a literal."""

    operand: Expression


@dataclass(frozen=True, kw_only=True)
class Filter(Node):
    """`| name arg …`."""

    name: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filtered(Node):
    """An expression with at least one filter, applied left to right."""

    operand: Expression
    filters: tuple[Filter, ...]


@dataclass(frozen=True, kw_only=True)
class Argument(Node):
    """One argument of a call, `name` when it was written with `=`."""

    value: Expression | Selector
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Call(Node):
    """`uuid()`, `count(span[…])`, `sum(span[…], attr:x)`, `no_n_plus_one(threshold=5)`."""

    name: str
    arguments: tuple[Argument, ...] = ()


Expression: TypeAlias = (
    Name
    | Number
    | DurationLiteral
    | Text
    | Template
    | Boolean
    | Null
    | ListLiteral
    | Arithmetic
    | Negate
    | Filtered
    | Call
)


class Comparator(StrEnum):
    """How two values are compared, in canonical spelling."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    CONTAINS = "contains"
    NOT_CONTAINS = "not-contains"
    STARTS_WITH = "starts-with"
    ENDS_WITH = "ends-with"
    MATCHES = "matches"
    NOT_MATCHES = "not-matches"
    IN = "in"
    NOT_IN = "not-in"


# --- selectors ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Compares(Node):
    """A predicate `name comparator value`."""

    name: Name
    comparator: Comparator
    value: Expression


@dataclass(frozen=True, kw_only=True)
class Has(Node):
    """A predicate `name exists` or, with `present` false, `name missing`."""

    name: Name
    present: bool


@dataclass(frozen=True, kw_only=True)
class PredicateNot(Node):
    """`not p`."""

    operand: Predicate


@dataclass(frozen=True, kw_only=True)
class PredicateAnd(Node):
    """`p q`; at least two operands, none itself a conjunction unless it was written in parentheses."""

    operands: tuple[Predicate, ...]


@dataclass(frozen=True, kw_only=True)
class PredicateOr(Node):
    """`p or q`; at least two operands."""

    operands: tuple[Predicate, ...]


Predicate: TypeAlias = Compares | Has | PredicateNot | PredicateAnd | PredicateOr


class Combinator(StrEnum):
    """How a step stands to the step before it."""

    DESCENDANT = ">>"
    CHILD = ">"
    ANCESTOR = "<<"
    PARENT = "<"
    SIBLING = "~"
    CAUSED = "->"


@dataclass(frozen=True, kw_only=True)
class Pseudo(Node):
    """`:first`, `:nth(2)`, `:not(selector)`, `:has(relative)`; canonical names, `nth_child` is `nth`."""

    name: str
    number: int | None = None
    selector: Selector | None = None


@dataclass(frozen=True, kw_only=True)
class Step(Node):
    """`span[…]:pseudo` or `(selector):pseudo`.

    Attributes:
        predicate: What stands in the brackets; None for `span` and `span[]`.
        group: The parenthesised selector; then `predicate` is None.
        bare: Whether it was the word `span` without brackets (formatting only).
        combinator: How it stands to the step before; None for the first of a chain that is of the whole trace.
    """

    predicate: Predicate | None = None
    group: Selector | None = None
    pseudos: tuple[Pseudo, ...] = ()
    combinator: Combinator | None = None
    bare: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Chain(Node):
    """Steps; it is relative when its first step has a combinator."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Selector(Node):
    """A union of chains. Without chains it is the empty selector, which selects every span."""

    chains: tuple[Chain, ...] = ()

    @property
    def relative(self) -> bool:
        """Whether it is to be read from a span at hand."""
        return bool(self.chains) and self.chains[0].steps[0].combinator is not None


# --- statements --------------------------------------------------------------------------------------------------


class QuantifierWord(StrEnum):
    """How many."""

    SOME = "some"
    NO = "no"
    EVERY = "every"
    EXACTLY = "exactly"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    BETWEEN = "between"


@dataclass(frozen=True, kw_only=True)
class Quantifier(Node):
    """`some`, `exactly 2`, `between 1 and 3`. The bounds are whole numbers or `var:`/`env:` names, else None."""

    word: QuantifierWord
    low: Number | Name | None = None
    high: Number | Name | None = None


class RelationWord(StrEnum):
    """How two spans stand to one another."""

    FOLLOWED_BY = "followed by"
    PRECEDED_BY = "preceded by"
    THEN = "then"
    CALLS = "calls"
    LEADS_TO = "leads to"
    OVERLAPS = "overlaps"
    INSIDE = "inside"


@dataclass(frozen=True, kw_only=True)
class Compare(Node):
    """`left comparator right`."""

    left: Expression
    comparator: Comparator
    right: Expression


@dataclass(frozen=True, kw_only=True)
class Exists(Node):
    """`name exists`, or `name missing` with `present` false."""

    name: Name
    present: bool


@dataclass(frozen=True, kw_only=True)
class Expect(Node):
    """`quantifier selector [where condition]`; a selector that stands alone is `some`."""

    quantifier: Quantifier
    selector: Selector
    where: Statement | None = None


@dataclass(frozen=True, kw_only=True)
class Relate(Node):
    """`quantifier A relation [quantifier] B [within D]`; the right quantifier is `some` when left out."""

    quantifier: Quantifier
    left: Selector
    relation: RelationWord
    right_quantifier: Quantifier
    right: Selector
    within: DurationLiteral | None = None


@dataclass(frozen=True, kw_only=True)
class StandAlone(Node):
    """A call that is a statement: `no_errors()`."""

    call: Call


@dataclass(frozen=True, kw_only=True)
class Not(Node):
    """`not s`."""

    operand: Statement


@dataclass(frozen=True, kw_only=True)
class And(Node):
    """`a and b`; at least two operands."""

    operands: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class Or(Node):
    """`a or b`; at least two operands."""

    operands: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class Implies(Node):
    """`a implies b`, to the right."""

    left: Statement
    right: Statement


Statement: TypeAlias = Compare | Exists | Expect | Relate | StandAlone | Not | And | Or | Implies
AnyNode: TypeAlias = Selector | Statement | Expression

"""What can be said of a tree without a trace: unknown names, wrong arity, what can never hold, what is likely not meant.

Severity follows the dialect. A comparison that can never hold is an error in `EXPECT`; in `SPECS` it is a warning, since
the reference fails that check alone and runs the others. In `COMPAT` everything is a warning: there the reference's
verdict is asked for, and it finds such faults only when it evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from spanspec.language.checks.calls import check_call, check_filter, check_pattern
from spanspec.language.checks.contradictions import check_condition, check_conjunction
from spanspec.language.checks.emptiness import check_chain, check_step
from spanspec.language.checks.likely import ENUMERATIONS, check_name, check_values, dotted_prefix
from spanspec.language.checks.report import Report
from spanspec.language.checks.settled import check_alternatives, check_compare, check_expect, check_quantifier
from spanspec.language.checks.static_types import Static, static_type
from spanspec.language.dialect import Dialect
from spanspec.language.format import format as written
from spanspec.language.grammar.walk import children
from spanspec.language.grammar.words import BARE_FIELDS, RESPONSE_FIELDS, SPAN_FIELDS, TRACE_FIELDS, Parameter
from spanspec.language.syntax import (
    And,
    Call,
    Chain,
    Comparator,
    Compare,
    Compares,
    Expect,
    Expression,
    Filter,
    Has,
    ListLiteral,
    Name,
    Node,
    Number,
    Or,
    Place,
    PredicateAnd,
    PredicateNot,
    PredicateOr,
    Pseudo,
    Quantifier,
    Selector,
    StandAlone,
    Step,
    Template,
    Text,
)
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from spanspec.source.diagnostics import Diagnostic

TextKind: TypeAlias = Literal["selector", "statement", "expression", "template"]
"""Which of the four entry rules a tree comes from."""

SELECTED_COUNT = "tracetest.selected_spans.count"

_SURE_OF_PARTS = frozenset(
    {
        "unknown-function", "unknown-filter", "unknown-field", "bad-pattern", "bad-json-path", "impossible-comparison",
        "empty-range", "unquoted-text", "missing-unit",
    }
)  # fmt: skip
_SPAN_PLACES = (Place.BARE, Place.ATTR, Place.RESOURCE, Place.SCOPE, Place.SPAN, Place.EVENT, Place.LINK)
_PARTS = (Place.EVENT, Place.LINK)
_ORDERED = (Comparator.LT, Comparator.LE, Comparator.GT, Comparator.GE)
_EQUAL = (Comparator.EQ, Comparator.NE)
_MORE_FIELDS = {Place.SPAN: "; an attribute is attr:KEY", Place.RESPONSE: ", header.NAME"}
_ADDS_UP = (Static.NUMBER, Static.DURATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """Where a node stands.

    Attributes:
        span: Whether a span is at hand.
        parts: Whether events and links may be named: in brackets and after `where`.
        brackets: Whether it stands in brackets.
        conjunct: Whether it is a conjunct of the whole brackets.
    """

    span: bool
    parts: bool = False
    brackets: bool = False
    conjunct: bool = False


_IN_BRACKETS = _Here(span=True, parts=True, brackets=True, conjunct=True)


def check(
    node: Node, dialect: Dialect, *, kind: TextKind | None = None, response: tuple[str, ...] | None = ()
) -> tuple[Diagnostic, ...]:
    """What is wrong with a tree, or likely not meant, in the order of the text.

    Args:
        node: A tree that the parser gave.
        dialect: The meaning of the text.
        kind: The entry rule it came from; by default told from the node (a template without quotes is a trigger's field).
        response: What the trigger's answer has besides the fields that every answer has; None where it may have any.
    """
    found = kind or _kind_of(node)
    report = Report(dialect)
    checker = _Checker(dialect, report, field=found == "template", response=response)
    checker.run(node, _Here(span=dialect is not Dialect.EXPECT and found != "template"))
    return report.ordered()


def check_parts(nodes: Iterable[Node], dialect: Dialect) -> tuple[Diagnostic, ...]:
    """What is wrong with the parts of a text that did not parse as a whole: only what no missing part can mend."""
    found = (fault for node in nodes for fault in check(node, dialect))
    return tuple(fault for fault in found if fault.code in _SURE_OF_PARTS)


def _kind_of(node: Node) -> TextKind | None:
    return "template" if isinstance(node, Template) and node.quote == "" else None


class _Checker:
    """Walks a tree with a stack of its own, so that no tree exhausts Python's."""

    def __init__(self, dialect: Dialect, report: Report, *, field: bool, response: tuple[str, ...] | None) -> None:
        self.response = response
        self.dialect = dialect
        self.report = report
        self.field = field
        self.rules: dict[type[Node], Callable[..., None]] = {
            Name: self.name,
            Call: self.call,
            Filter: self.filter,
            Compare: self.compare,
            Compares: self.compares,
            Has: self.has,
            Quantifier: self.quantifier,
            StandAlone: self.stand_alone,
            Step: self.step,
            Chain: self.chain,
            Expect: self.expect,
            And: self.conjunction,
            PredicateAnd: self.conjunction,
            Or: self.alternatives,
            PredicateOr: self.alternatives,
        }

    def run(self, node: Node, here: _Here) -> None:
        stack = [(node, here)]
        while stack:
            current, place = stack.pop()
            rule = self.rules.get(type(current))
            if rule is not None:
                rule(current, place)
            stack.extend(self.below(current, place))

    def below(self, node: Node, here: _Here) -> Iterable[tuple[Node, _Here]]:
        """The nodes below, each with where it stands."""
        match node:
            case Step(predicate=predicate, group=group, pseudos=pseudos):
                inside = [(predicate, _IN_BRACKETS)] if predicate is not None else []
                grouped = [(group, here)] if group is not None else []
                return [*inside, *grouped, *((pseudo, here) for pseudo in pseudos)]
            case Pseudo(selector=selector):
                return [] if selector is None else [(selector, here)]
            case PredicateOr() | PredicateNot():
                return [(child, replace(here, conjunct=False)) for child in children(node)]
            case Expect(where=where) if where is not None:
                condition = _Here(span=True, parts=True)
                return [(node.quantifier, here), (node.selector, here), (where, condition)]
            case Call():
                return self.arguments(node, here)
            case _:
                return [(child, here) for child in children(node)]

    def arguments(self, node: Call, here: _Here) -> list[tuple[Node, _Here]]:
        each = here if self.takes_values(node) else _Here(span=True, parts=here.parts)
        found: list[tuple[Node, _Here]] = []
        for argument in node.arguments:
            selects = isinstance(argument.value, Selector)
            found.append((argument.value, here if selects else each))
        return found

    @staticmethod
    def takes_values(node: Call) -> bool:
        from_table = Report.signature(node.name)
        return from_table is None or Parameter.EACH not in from_table.parameters

    # --- names -----------------------------------------------------------------------------------------------

    def name(self, node: Name, here: _Here) -> None:
        self.fields(node)
        if node.place in _PARTS and not here.parts:
            self.report.fault(
                "event-outside-brackets",
                f"{written(node, self.dialect)} stands outside brackets and where",
                node.range,
                help=f"write some span[{written(node, self.dialect)} …], for a span has many {node.place}s",
            )
        elif self.field:
            self.in_field(node)
        elif self.dialect is Dialect.EXPECT and not here.span and (node.via or node.place in _SPAN_PLACES):
            self.without_span(node)
        else:
            check_name(node, self.report)

    def fields(self, node: Name) -> None:
        """A misspelt field after `span:` or `trace:`."""
        if node.place is Place.RESPONSE and self.response is None:
            return
        answer = (*RESPONSE_FIELDS, *(self.response or ()))
        known = {Place.SPAN: SPAN_FIELDS, Place.TRACE: TRACE_FIELDS, Place.RESPONSE: answer}.get(node.place)
        if known is not None and node.key not in known and not _is_header(node) and not _of_family(node.key, known):
            self.report.fault(
                "unknown-field",
                f'{node.place}: has no "{node.key}"',
                node.range,
                label=did_you_mean(node.key, known),
                help=f"it has {', '.join(known)}" + _MORE_FIELDS.get(node.place, ""),
            )

    def in_field(self, node: Name) -> None:
        if node.via or node.place in (*_SPAN_PLACES, Place.RESPONSE, Place.TRACE):
            self.report.warn(
                "no-trace-yet",
                f"{written(node, self.dialect)} has no value before the trigger",
                node.range,
                help="a trigger's field may name var:, env: and generated values",
            )

    def without_span(self, node: Name) -> None:
        text = written(node, self.dialect)
        prefixed = dotted_prefix(node) if node.place is Place.BARE and not node.via else ""
        if prefixed.startswith(("response:", "trace:")):
            advice = f"write {prefixed}"
        elif node.key == SELECTED_COUNT:
            advice = "write exactly 1 span[…] or count(span[…]) = 1"
        elif node.key.startswith("tracetest.response."):
            advice = f"write response:{node.key.removeprefix('tracetest.response.')}"
        else:
            advice = f"write every span[…] where {text} …, or some span[{text} …]"
        self.report.fault(
            "bare-name", f'"{text}" belongs to a span, and no span is at hand here', node.range, help=advice
        )

    # --- calls -----------------------------------------------------------------------------------------------

    def call(self, node: Call, here: _Here) -> None:
        check_call(node, self.report, span=here.span, field=self.field)

    def stand_alone(self, node: StandAlone, here: _Here) -> None:
        del here
        self.report.allow_expectation(node.call)

    def filter(self, node: Filter, here: _Here) -> None:
        del here
        check_filter(node, self.report)

    def quantifier(self, node: Quantifier, here: _Here) -> None:
        del here
        check_quantifier(node, self.report)
        low, high = node.low, node.high
        if isinstance(low, Number) and isinstance(high, Number) and int(low.text) > int(high.text):
            self.report.fault(
                "empty-range",
                f"no number is between {low.text} and {high.text}",
                node.range,
                help=f"write between {high.text} and {low.text}",
            )

    # --- what goes together ----------------------------------------------------------------------------------

    def step(self, node: Step, here: _Here) -> None:
        del here
        check_step(node, self.report)

    def chain(self, node: Chain, here: _Here) -> None:
        del here
        check_chain(node, self.report)

    def expect(self, node: Expect, here: _Here) -> None:
        del here
        check_expect(node, self.report)
        last = [chain.steps[-1] for chain in node.selector.chains]
        if node.where is not None and len(last) == 1 and last[0].predicate is not None:
            check_condition(last[0].predicate, node.where, self.report)

    def conjunction(self, node: And | PredicateAnd, here: _Here) -> None:
        del here
        check_conjunction(node, self.report)

    def alternatives(self, node: Or | PredicateOr, here: _Here) -> None:
        del here
        if self.dialect is Dialect.EXPECT:
            check_alternatives(node, node.operands, self.report)

    # --- comparisons -----------------------------------------------------------------------------------------

    def compare(self, node: Compare, here: _Here) -> None:
        del here
        self.compared(node, node.left, node.comparator, node.right)

    def compares(self, node: Compares, here: _Here) -> None:
        if node.name.key == SELECTED_COUNT:
            self.selected_count(node, here)
        self.compared(node, node.name, node.comparator, node.value)

    def has(self, node: Has, here: _Here) -> None:
        del here
        if node.name.key == SELECTED_COUNT:
            self.report.fault("count-in-brackets", f"{SELECTED_COUNT} is a number: compare it", node.range)

    def selected_count(self, node: Compares, here: _Here) -> None:
        if not here.conjunct:
            self.report.fault(
                "count-in-brackets",
                f"{SELECTED_COUNT} may not stand under or and not",
                node.range,
                help="it limits the selector as a whole: write it as a predicate of its own, beside the others",
            )
        elif node.comparator not in (*_ORDERED, *_EQUAL) or not _counts(node.value):
            self.report.fault(
                "count-in-brackets", f"{SELECTED_COUNT} compares with a number", node.range, help="write … = 1 or … > 1"
            )
        else:
            count = node.value.value if isinstance(node.value, Text) else written(node.value, self.dialect)
            self.report.warn(
                "count-in-brackets",
                "this selects nothing at all unless the selection has that many spans",
                node.range,
                help=f"write exactly {count} span[…] to expect a number of spans, every span[…] where … to look at each",
            )

    def compared(self, node: Compare | Compares, left: Expression, comparator: Comparator, right: Expression) -> None:
        self.enumeration(left, comparator, right)
        if comparator in (Comparator.MATCHES, Comparator.NOT_MATCHES):
            check_pattern(right, self.report)
        if comparator in (Comparator.IN, Comparator.NOT_IN) and _is_no_list(right):
            self.report.mismatch(
                f'"{comparator.value}" needs a list', right.range, help=f"write [{written(right, self.dialect)}]"
            )
        check_values(left, comparator, right, self.report)
        if comparator in (*_ORDERED, *_EQUAL) and self.types(node, left, comparator, right):
            return
        if self.dialect is Dialect.EXPECT:
            check_compare(node, self.report)

    def types(self, node: Node, left: Expression, comparator: Comparator, right: Expression) -> bool:
        """Whether the two sides are of kinds that do not compare, which is told."""
        kinds = static_type(left, self.dialect), static_type(right, self.dialect)
        if Static.UNKNOWN in kinds or kinds[0] is kinds[1] or (kinds[0] in _ADDS_UP and kinds[1] in _ADDS_UP):
            return False
        if set(kinds) <= {Static.LIST, Static.SET} or (Static.SET in kinds and Static.TEXT in kinds):
            return False
        if Static.LIST in kinds and comparator in _EQUAL and self.dialect is not Dialect.EXPECT:
            return False
        self.report.mismatch(f"{kinds[0]} does not compare with {kinds[1]}", node.range, help=_mended(kinds))
        return True

    def enumeration(self, left: Expression, comparator: Comparator, right: Expression) -> None:
        """`kind` and `status` have few values, in lower case."""
        if not isinstance(left, Name) or comparator not in (*_EQUAL, Comparator.IN, Comparator.NOT_IN):
            return
        ours = left.place is Place.SPAN or (
            left.place is Place.BARE and not left.quoted and self.dialect is Dialect.EXPECT and left.key in BARE_FIELDS
        )
        known = ENUMERATIONS.get(left.key) if ours else None
        if known is None:
            return
        for text in right.items if isinstance(right, ListLiteral) else (right,):
            if isinstance(text, Text) and text.value not in known:
                self.report.mismatch(
                    f'no span has the {left.key} "{text.value}"',
                    text.range,
                    label=did_you_mean(text.value, known),
                    help=f"it is one of {', '.join(known)}; an attribute of that name is attr:{left.key}",
                )


def _of_family(key: str, known: tuple[str, ...]) -> bool:
    """Whether a field is one of many: `trailer.cost`, where `trailer.NAME` is known."""
    return any(name.endswith(".NAME") and key.startswith(name[:-4]) and key != name[:-4] for name in known)


def _is_header(node: Name) -> bool:
    return node.place is Place.RESPONSE and node.key.startswith("header.")


def _counts(value: Expression) -> bool:
    """Whether it can be a number of spans: a number, a variable, or the reference's `"1"`."""
    return isinstance(value, Number | Name) or (isinstance(value, Text) and value.value.strip().isdecimal())


def _is_no_list(node: Expression) -> bool:
    if isinstance(node, Text):
        return not node.value.lstrip().startswith("[")
    return static_type(node, Dialect.EXPECT) in (Static.NUMBER, Static.DURATION, Static.BOOLEAN)


def _mended(kinds: tuple[Static, Static]) -> str:
    if Static.DURATION in kinds:
        return "write a duration such as 200ms"
    if Static.BOOLEAN in kinds:
        return "write true or false against a boolean alone"
    return "compare values of one kind"

"""One text, asked of one trace: a selector, a statement or a value, whichever it is. Pure; what Python users and `query` call.

A text that reads as several is taken as a selector first, then as a statement, then as a value: a selector alone is a
statement too (`some`), and whoever asks wants to see the spans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from spanspec.errors import DiagnosticsError
from spanspec.language.aggregates import evaluate_call
from spanspec.language.checker import check, check_parts
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import evaluate as value_of
from spanspec.language.parser import parse_expression, parse_selector, parse_statement
from spanspec.language.selectors import near_misses
from spanspec.language.selectors import select as selected
from spanspec.language.statements import judge
from spanspec.language.syntax import Expression, Selector, Statement
from spanspec.language.verdict import Given, NearMiss, Truth
from spanspec.source.diagnostics import Diagnostic, has_errors
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.language.parser import Parsed
    from spanspec.language.verdict import Judgement, Value
    from spanspec.model.context import TriggerResult
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

Tree: TypeAlias = Selector | Statement | Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a trace says to a text.

    Attributes:
        node: The text's tree.
        spans: For a selector: what it picks, in trace order. For a statement: the spans concerned.
        judgement: For a statement.
        value: For a value; None also stands for `null`.
        near: For a selector that picks nothing: why.
        warnings: What the checker says of the text, without errors.
    """

    node: Tree
    spans: tuple[Span, ...] = ()
    judgement: Judgement | None = None
    value: Value = None
    near: tuple[NearMiss, ...] = ()
    warnings: tuple[Diagnostic, ...] = field(default=(), repr=False)

    @property
    def holds(self) -> bool:
        """A statement holds, a selector picks something, a value is there."""
        if self.judgement is not None:
            return self.judgement.truth is Truth.HOLDS
        return bool(self.spans) if isinstance(self.node, Selector) else True


def read(text: str, dialect: Dialect = Dialect.EXPECT) -> tuple[Tree | None, tuple[Diagnostic, ...]]:
    """The tree of a text and what is wrong with it; None and the faults of the reading that got furthest."""
    tried: list[Parsed[Selector] | Parsed[Statement] | Parsed[Expression]] = []
    for parse_as in (parse_selector, parse_statement, parse_expression):
        parsed = parse_as(text, dialect)
        if parsed.node is not None and not has_errors(parsed.diagnostics):
            found = check(parsed.node, dialect)
            return (None if has_errors(found) else parsed.node), (*parsed.diagnostics, *found)
        tried.append(parsed)
    furthest = max(tried, key=lambda parsed: max((f.range.start for f in parsed.diagnostics if f.range), default=-1))
    return None, (*furthest.diagnostics, *check_parts(furthest.parts, dialect))


def parse(text: str, dialect: Dialect = Dialect.EXPECT) -> Tree:
    """The tree of a selector, a statement or a value.

    Raises:
        DiagnosticsError: It is none, or names what does not exist; every fault with its column.
    """
    return _sound(text, dialect)[0]


def parse_as_selector(text: str, dialect: Dialect = Dialect.EXPECT) -> Selector:
    """The tree of a selector.

    Raises:
        DiagnosticsError: It is none, or names what does not exist.
    """
    parsed = parse_selector(text, dialect)
    faults = list(parsed.diagnostics)
    if parsed.node is not None:
        faults += check(parsed.node, dialect, kind="selector")
    if parsed.node is None or has_errors(faults):
        raise _refused(text, tuple(faults))
    return parsed.node


def select(
    trace: Trace, selector: str, *, variables: Mapping[str, Value] | None = None, dialect: Dialect = Dialect.EXPECT
) -> tuple[Span, ...]:
    """The spans of a trace that a selector picks, in trace order.

    Raises:
        DiagnosticsError: It is no selector.
        EvaluationError: Types do not compare on a span.
    """
    return selected(
        parse_as_selector(selector, dialect), Given(trace=trace, dialect=dialect, variables=variables or {})
    )


def evaluate(
    trace: Trace,
    text: str,
    *,
    response: TriggerResult | None = None,
    variables: Mapping[str, Value] | None = None,
    dialect: Dialect = Dialect.EXPECT,
) -> Answer:
    """What a whole trace says to a selector, a statement or a value.

    Args:
        trace: The trace.
        text: The text.
        response: What `response:` names look at.
        variables: What `var:` names look at.
        dialect: The meaning of the text.

    Raises:
        DiagnosticsError: The text does not parse, or names what does not exist.
        EvaluationError: A value cannot be computed, or types do not compare on a span.
    """
    node, warnings = _sound(text, dialect)
    known = MappingProxyType(dict(variables or {}))
    return ask(node, Given(trace=trace, dialect=dialect, response=response, variables=known), warnings)


def ask(node: Tree, given: Given, warnings: tuple[Diagnostic, ...] = ()) -> Answer:
    """The answer to a tree.

    Raises:
        EvaluationError: A value cannot be computed, or types do not compare on a span.
    """
    if isinstance(node, Selector):
        spans = selected(node, given)
        near = () if spans else near_misses(node, given)
        return Answer(node=node, spans=spans, near=near, warnings=warnings)
    if isinstance(node, Expression):
        value = value_of(node, given, calls=lambda call: evaluate_call(call, given))
        return Answer(node=node, value=value, warnings=warnings)
    judgement = judge(node, given)
    concerned = tuple(given.trace.by_id[span] for span in judgement.spans if span in given.trace.by_id)
    return Answer(node=node, spans=concerned, judgement=judgement, warnings=warnings)


def _sound(text: str, dialect: Dialect) -> tuple[Tree, tuple[Diagnostic, ...]]:
    node, faults = read(text, dialect)
    if node is None:
        raise _refused(text, faults)
    return node, faults


def _refused(text: str, faults: tuple[Diagnostic, ...]) -> DiagnosticsError:
    source = SourceText("<text>", text)
    return DiagnosticsError("the text has faults", [fault.within(source) for fault in faults])

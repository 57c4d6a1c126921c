"""The language on a trace, for Python: what `spanspec.check`, `select` and `evaluate` do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from spanspec.api.judging import judged
from spanspec.api.views import Trace as View
from spanspec.language import asking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.language.asking import Answer
    from spanspec.language.verdict import Value
    from spanspec.model.context import TriggerResult
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace
    from spanspec.results.model import CheckResult

    AnyTrace: TypeAlias = Trace | View


def check(
    trace: AnyTrace,
    statement: str,
    *,
    response: TriggerResult | None = None,
    variables: Mapping[str, Value] | None = None,
) -> CheckResult:
    """Judge one statement of the language on a whole trace. Pure.

    Args:
        trace: A trace, as a value or as a view.
        statement: The statement.
        response: What `response:` names look at.
        variables: What `var:` names look at.

    Raises:
        DiagnosticsError: The statement does not parse, or names what does not exist.
    """
    return judged(value_of(trace), statement, response=response, variables=variables)


def select(trace: AnyTrace, selector: str, *, variables: Mapping[str, Value] | None = None) -> tuple[Span, ...]:
    """The spans of a trace that a selector picks, as values, in trace order.

    Raises:
        DiagnosticsError: It is no selector.
        EvaluationError: Types do not compare on a span.
    """
    return asking.select(value_of(trace), selector, variables=variables)


def evaluate(
    trace: AnyTrace,
    text: str,
    *,
    response: TriggerResult | None = None,
    variables: Mapping[str, Value] | None = None,
) -> Answer:
    """What a whole trace says to a selector, a statement or a value.

    Args:
        trace: A trace, as a value or as a view.
        text: The text.
        response: What `response:` names look at.
        variables: What `var:` names look at.

    Raises:
        DiagnosticsError: The text does not parse, or names what does not exist.
        EvaluationError: A value cannot be computed, or types do not compare on a span.
    """
    return asking.evaluate(value_of(trace), text, response=response, variables=variables)


def value_of(trace: AnyTrace) -> Trace:
    """The trace as a value."""
    return trace.model if isinstance(trace, View) else trace

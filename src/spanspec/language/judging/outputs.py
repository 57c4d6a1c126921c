"""Outputs: a value read from the first span that a selector picks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.language.aggregates import evaluate_call
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import evaluate
from spanspec.language.judging.quantified import hint
from spanspec.language.selectors import near_misses, select
from spanspec.language.syntax import Selector
from spanspec.language.values import text_of
from spanspec.language.verdict import EvaluationError
from spanspec.model.assemble import with_trigger_root

if TYPE_CHECKING:
    from spanspec.language.syntax import Expression
    from spanspec.language.verdict import Given, Value
    from spanspec.model.ids import SpanId


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputVerdict:
    """An output's value.

    Attributes:
        value: The value, None when there is none.
        text: Its String form, empty when there is none.
        error: Why there is none, or why it is not to be relied on.
        span_id: The span that it was read from, if any.
    """

    value: Value = None
    text: str = ""
    error: str = ""
    span_id: SpanId | None = None


def evaluate_output(selector: Selector, value: Expression, has_selector: bool, given: Given) -> OutputVerdict:
    """Evaluate an output on the first span that its selector picks.

    Args:
        selector: The selector.
        value: The value.
        has_selector: Whether one was written; without one every span is meant.
        given: The trace and the rest, closed.
    """
    if given.dialect is not Dialect.EXPECT:
        given = _joined(given)
    try:
        spans = select(selector if has_selector else Selector(), given)
    except EvaluationError as error:
        return OutputVerdict(error=str(error))
    span = spans[0] if spans else None
    try:
        found = evaluate(
            value,
            given,
            span=span,
            selection=spans,
            calls=lambda call: evaluate_call(call, given, selection=spans, span=span),
        )
    except EvaluationError as error:
        return _without_value(error, selector, span.span_id if span is not None else None, given)
    text = text_of(found, given.dialect)
    if span is None:
        return OutputVerdict(value=found, text=text, error=_no_span(selector, given))
    return OutputVerdict(value=found, text=text, span_id=span.span_id)


def _without_value(error: EvaluationError, selector: Selector, span_id: SpanId | None, given: Given) -> OutputVerdict:
    if span_id is None:
        return OutputVerdict(error=_no_span(selector, given))
    if given.dialect is Dialect.COMPAT:  # the reference swallows it
        return OutputVerdict(value="", span_id=span_id)
    return OutputVerdict(error=str(error), span_id=span_id)


def _no_span(selector: Selector, given: Given) -> str:
    if given.dialect is Dialect.COMPAT:
        return "cannot find matching spans"
    return f"no span matched{hint(near_misses(selector, given))}"


def _joined(given: Given) -> Given:
    return replace(given, trace=with_trigger_root(given.trace))

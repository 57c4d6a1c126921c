"""What cases of evaluation need: stores as spans and variables, and answers from statements and expressions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from spanspec.language import parser
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import evaluate
from spanspec.language.reference.evaluate import Evaluator
from spanspec.language.reference.values import FaultError
from spanspec.language.syntax import Compare
from spanspec.language.values import compare, text_of
from spanspec.language.verdict import EvaluationError, Generators, Given
from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span
from spanspec.testing import EPOCH_NS
from tests.conformance.model import Answer


class NoStore(Mapping[str, str]):
    """Variables where the case has no store at all: every one is empty."""

    def __getitem__(self, key: str) -> str:
        return ""

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, key: object) -> bool:
        return True


@dataclass(frozen=True)
class Stores:
    """A case's stores."""

    given: Given
    span: Span | None
    selection: tuple[Span, ...] | None


def the_span(name: str = "s", span_id: str = "1" * 16, attributes: Mapping[str, str] | None = None) -> Span:
    """A span with attributes as text."""
    return Span(
        trace_id=TraceId("1" * 32), span_id=SpanId(span_id), name=name, start_ns=EPOCH_NS, end_ns=EPOCH_NS,
        attributes=MappingProxyType(dict(attributes or {})),
    )  # fmt: skip


def stores_of(case: dict, shared: Mapping[str, dict], dialect: Dialect, now_ns: int = EPOCH_NS) -> Stores:
    """A case's stores for a dialect."""
    stores = case.get("stores") or ({"attributes": {"values": case["attributes"]}} if "attributes" in case else {})
    variables: Mapping[str, str] = NoStore()
    if "variables" in stores:
        listed = stores["variables"]
        pairs = listed.items() if isinstance(listed, dict) else [(one["key"], one["value"]) for one in listed]
        variables = dict(reversed(list(pairs)))
    span, selection = None, None
    if "attributes" in stores:
        values = stores["attributes"]["values"]
        attributes = shared[values] if isinstance(values, str) else values
        here = the_span(attributes=attributes)
        valid = stores["attributes"].get("span_is_valid", True)
        span, selection = (here, None) if valid else (None, ())
        if "selected_spans_count" in stores:
            selection = (here,) * stores["selected_spans_count"]
    elif "selected_spans_count" in stores:
        selection = (the_span(),) * stores["selected_spans_count"]
    trace = assemble([span] if span else [])
    given = Given(
        trace=trace, dialect=dialect, variables=variables, generators=Generators(rng=random.Random(7), now_ns=now_ns)
    )
    return Stores(given, span, selection)


def statement_answer(text: str, stores: Stores) -> Answer:
    """Evaluate a statement as the dialect has it; `shown` is both sides."""
    parsed = parser.parse_statement(text, stores.given.dialect)
    if not isinstance(parsed.node, Compare):
        return Answer("syntax", ["", ""])
    if stores.given.dialect is Dialect.COMPAT:
        return _reference_answer(parsed.node, stores)
    try:
        sides = [
            evaluate(side, stores.given, span=stores.span, selection=stores.selection)
            for side in (parsed.node.left, parsed.node.right)
        ]
        held = compare(sides[0], parsed.node.comparator, sides[1], stores.given.dialect)
    except EvaluationError as error:
        return Answer("other", ["", ""], str(error))
    return Answer("ok" if held else "no_match", [text_of(side, stores.given.dialect) for side in sides])


def _reference_answer(node: Compare, stores: Stores) -> Answer:
    evaluator = Evaluator(stores.given, stores.span, stores.selection)
    try:
        pair = evaluator.sides(node)
    except FaultError as fault:
        return Answer(fault.kind, ["", ""], str(fault))
    shown = [pair.left.text, pair.right.text]
    try:
        evaluator.compare(node, pair)
    except FaultError as fault:
        return Answer(fault.kind, shown, str(fault))
    return Answer("ok", shown)


def expression_answer(text: str, stores: Stores) -> Answer:
    """Evaluate an expression; `shown` is its text."""
    parsed = parser.parse_expression(text, stores.given.dialect)
    if parsed.node is None:
        return Answer("syntax", "")
    try:
        if stores.given.dialect is Dialect.COMPAT:
            value = Evaluator(stores.given, stores.span, stores.selection).value(parsed.node)
            return Answer("ok", value.text)
        found = evaluate(parsed.node, stores.given, span=stores.span, selection=stores.selection)
    except EvaluationError as error:
        return Answer(error.kind if isinstance(error, FaultError) else "other", "", str(error))
    return Answer("ok", text_of(found, stores.given.dialect))


def resolved_answer(text: str, stores: Stores) -> Answer:
    """Render a statement or an expression, as the reference's resolver: a statement first."""
    as_statement = statement_answer(text, stores)
    if as_statement.verdict == "syntax":
        return expression_answer(text, stores)
    if not as_statement.good:
        return Answer(as_statement.verdict, "", as_statement.message)
    return Answer("ok", " ".join(as_statement.shown))

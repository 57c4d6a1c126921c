"""The conformance cases of selectors: what they pick, whether they parse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector
from spanspec.language.selectors import select
from spanspec.language.syntax import Boolean, Compares, Number, PredicateAnd, Text
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId
from spanspec.testing import span
from tests.conformance import folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.language.syntax import Predicate, Selector, Step
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

CASES = folder.document("selectors")
RECORDED = folder.document("recorded/selectors")
KINDS = {"internal", "server", "client", "producer", "consumer"}


def spans_of(node: dict[str, Any], parent: SpanId | None = None, start: int = 0) -> Iterator[Span]:
    """The spans of a case's tree; a kind that OTLP does not have stands in an attribute."""
    built = span(
        node["name"],
        service=None,
        attributes=node["attributes"],
        kind=node["kind"] if node["kind"] in KINDS else "internal",
    )
    begin = node.get("start", start)
    yield replace(built, span_id=SpanId(node["id"]), parent_id=parent, start_ns=begin, end_ns=begin + 1)
    for index, child in enumerate(node["children"]):
        yield from spans_of(child, SpanId(node["id"]), start + index + 1)


def ids(text: str, trace: Trace, dialect: Dialect) -> list[str]:
    """The ids that a selector picks."""
    node = parse_selector(text, dialect).node
    assert node is not None
    return [found.span_id for found in select(node, Given(trace=trace, dialect=dialect))]


def by_kind(cases: list[dict[str, Any]], kind: str) -> list[Any]:
    """The cases of a kind as parameters."""
    return [pytest.param(case, id=case["id"]) for case in cases if case["kind"] == kind]


def is_otlp(case: dict[str, Any]) -> bool:
    """Whether the case asks for a kind that a span can have."""
    return 'kind="db"' not in case["selector"]


@pytest.mark.parametrize("dialect", [Dialect.SPECS, Dialect.COMPAT])
@pytest.mark.parametrize("case", [case for case in by_kind(CASES["cases"], "match") if is_otlp(case.values[0])])
def test_match(case: dict[str, Any], dialect: Dialect) -> None:
    """The same spans are picked, in trace order."""
    trace = assemble(spans_of(CASES["traces"][case["trace"]]))
    assert ids(case["selector"], trace, dialect) == case["observed_order"]


@pytest.mark.parametrize("case", by_kind(RECORDED["cases"], "match"))
def test_recorded_match(case: dict[str, Any]) -> None:
    """What the reference was seen to pick is picked under `compat: tracetest`, and by default too but for its faults."""
    trace = assemble(spans_of(RECORDED["trace"]))
    assert ids(case["selector"], trace, Dialect.COMPAT) == case["expected"]["ids"]
    if not case["tags"]:
        assert ids(case["selector"], trace, Dialect.SPECS) == case["expected"]["ids"]


@pytest.mark.parametrize("case", [*by_kind(CASES["cases"], "parse"), *by_kind(CASES["cases"], "structure")])
def test_parse(case: dict[str, Any]) -> None:
    """A text parses exactly when the reference parses it, to the same structure."""
    node = parse_selector(case["selector"], Dialect.COMPAT).node
    assert (node is not None) == case["should_parse"]
    if node is not None and "expected_structure" in case:
        assert structure(node) == case["expected_structure"]


@pytest.mark.parametrize("case", by_kind(RECORDED["cases"], "parse"))
def test_recorded_parse(case: dict[str, Any]) -> None:
    """What the reference parses is parsed; what it crashes on is an error; what it refuses may have a meaning here."""
    node = parse_selector(case["selector"], Dialect.COMPAT).node
    if case["expected"]["outcome"] == "ok":
        assert node is not None
    if case["expected"]["outcome"] == "crash":
        assert node is None


def structure(selector: Selector) -> list[dict[str, Any]]:
    """The selector in the shape that the cases have."""
    return [_nested(list(chain.steps)) for chain in selector.chains]


def _nested(steps: list[Step]) -> dict[str, Any]:
    step, *rest = steps
    predicate = step.predicate
    tests = predicate.operands if isinstance(predicate, PredicateAnd) else [predicate] if predicate is not None else []
    found: dict[str, Any] = {"filters": [_filter(test) for test in tests]}
    if step.pseudos:
        pseudo = step.pseudos[-1]
        name = "nth_child" if pseudo.name == "nth" else pseudo.name
        found["pseudo_class"] = {"name": name, **({"argument": pseudo.number} if pseudo.number is not None else {})}
    if rest:
        found["child"] = _nested(rest)
    return found


def _filter(test: Predicate) -> dict[str, Any]:
    assert isinstance(test, Compares)
    kinds = {Text: "string", Boolean: "bool"}
    value = test.value
    if isinstance(value, Number):
        whole = value.text.lstrip("-").isdigit()
        return _filter_of(test, int(value.text) if whole else float(value.text), "int" if whole else "float")
    assert isinstance(value, (Text, Boolean))
    return _filter_of(test, value.value, kinds[type(value)])


def _filter_of(test: Compares, value: object, kind: str) -> dict[str, Any]:
    return {"property": test.name.key, "operator": test.comparator.value, "value": value, "value_type": kind}

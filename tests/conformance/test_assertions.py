"""Specs and outputs over a trace as the reference judges them, replayed."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from spanspec.language import parser
from spanspec.language.assertions import evaluate_output, judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.names import look_up
from spanspec.language.syntax import Name, Place
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import TRIGGER_NAME, assemble, with_trigger_root
from spanspec.model.context import TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span
from spanspec.testing import span_id
from tests.conformance.folder import cases, document

SPECS = document("recorded/assertions")
OUTPUTS = document("recorded/outputs")
SPEC_CASES = [*cases("assertions"), *SPECS["cases"]]
BOTH = [Dialect.COMPAT, Dialect.SPECS]


def ids(case: dict[str, Any]) -> str:
    """A case's id."""
    return case["id"]


def mended(case: dict[str, Any]) -> bool:
    """Whether the case records a fault that the default mends."""
    return any(tag.startswith("bug:") for tag in case.get("tags") or ())


def spans_of(tree: dict[str, Any], parent: SpanId | None = None) -> list[Span]:
    """The spans of a tree; their ids are made from those of the case."""
    here = Span(
        trace_id=TraceId("1" * 32), span_id=span_id(tree["id"]), parent_id=parent, name=tree["name"],
        start_ns=tree.get("start", 0), end_ns=tree.get("end", 0), attributes=MappingProxyType(tree["attributes"]),
    )  # fmt: skip
    return [here, *(found for child in tree.get("children", []) for found in spans_of(child, here.span_id))]


def given_of(case: dict[str, Any], tree: dict[str, Any], dialect: Dialect) -> Given:
    """A case's trace and variables."""
    listed = case.get("variables") or {}
    variables = listed if isinstance(listed, dict) else {one["key"]: one["value"] for one in listed}
    return Given(trace=assemble(spans_of(tree)), dialect=dialect, variables=variables)


def judged(spec: dict[str, Any], given: Given) -> list[dict[str, Any] | None]:
    """The assertions' results in the shape of the cases; None for one that does not parse."""
    selector = parser.parse_selector(spec["selector"], given.dialect).node
    assert selector is not None
    names = {
        span.span_id: name
        for span in given.trace
        for name in ("a", "b", "0000000000000001")
        if span_id(name) == span.span_id
    }
    found: list[dict[str, Any] | None] = []
    for text in spec["assertions"]:
        node = parser.parse_statement(text, given.dialect).node
        if node is None:
            found.append(None)
            continue
        (verdict,) = judge_spec(selector, [node], given)
        spans = [
            {
                "span_id": names.get(one.span_id, "") if one.span_id else "",
                "observed_value": one.observed,
                "error": one.error or ("" if one.passed else "no match"),
            }
            for one in verdict.span_results
        ]
        found.append({"all_passed": verdict.judgement.truth is Truth.HOLDS, "span_results": spans})
    return found


@pytest.mark.parametrize("case", SPEC_CASES, ids=ids)
def test_spec_in_compat(case: dict[str, Any]) -> None:
    """Each assertion has the reference's results per span: what was observed, and the error."""
    given = given_of(case, case.get("trace") or SPECS["trace"], Dialect.COMPAT)
    results = {spec["selector"]: judged(spec, given) for spec in case["specs"]}
    for recorded in case["expected"]["results"]:
        for index, assertion in enumerate(recorded["assertions"]):
            found = results[recorded["selector"]][index]
            if found is None:
                assert all(one["error"].startswith("invalid syntax") for one in assertion["span_results"])
                continue
            assert found["span_results"] == assertion["span_results"]
            if "all_passed" in assertion:
                assert found["all_passed"] == assertion["all_passed"]


CHANGED = ('"25ms" = "1h"', "attr:x > 0.5", "attr:tracetest.span.duration <= 25ms")
"""Assertions of untagged cases whose verdict rows 2, 3 and 13 change."""


@pytest.mark.parametrize("case", [case for case in SPEC_CASES if not mended(case)], ids=ids)
def test_spec_by_default(case: dict[str, Any]) -> None:
    """Each assertion keeps its verdict, but for those that are faults."""
    given = given_of(case, case.get("trace") or SPECS["trace"], Dialect.SPECS)
    for spec, recorded in zip(case["specs"], case["expected"]["results"], strict=True):
        for found, assertion in zip(judged(spec, given), recorded["assertions"], strict=True):
            wanted = all(not one["error"] for one in assertion["span_results"])
            if found is not None and assertion["assertion"] not in CHANGED:
                assert found["all_passed"] == wanted, assertion


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize("case", OUTPUTS["cases"], ids=ids)
def test_output(case: dict[str, Any], dialect: Dialect) -> None:
    """An output has the reference's value, span and failure."""
    if dialect is Dialect.SPECS and mended(case):
        return
    given = given_of(case, OUTPUTS["trace"], dialect)
    recorded = {one["name"]: one for one in case["expected"]}
    for output in case["outputs"]:
        wanted = recorded.get(output["name"])
        selector = parser.parse_selector(output["selector"], dialect).node
        value = parser.parse_expression(output["value"], dialect).node
        if selector is None or value is None or wanted is None:
            assert wanted is None or not wanted["resolved"] or mended(case)
            continue
        found = evaluate_output(selector, value, True, given)
        assert found.text == wanted["value"]
        assert bool(found.error) == bool(wanted["error"])
        assert (found.span_id or "") == (span_id(wanted["span_id"]) if wanted["span_id"] else "")


def response_of(case: dict[str, Any]) -> TriggerResult:
    """A case's trigger result."""
    recorded = case["trigger_result"]
    kind = recorded["type"]
    inner = recorded.get(kind) or {}
    headers = inner.get("Headers") or inner.get("Metadata") or []
    return TriggerResult(
        kind=kind, start_ns=case["trigger_started_ns"], end_ns=case["trigger_completed_ns"], status=inner.get("StatusCode"),
        headers=tuple((one["key"], one["value"]) for one in headers), body=inner.get("Body", ""),
    )  # fmt: skip


@pytest.mark.parametrize("case", cases("recorded/trigger_root"), ids=ids)
def test_trigger_root_attributes(case: dict[str, Any]) -> None:
    """The trigger's span has the attributes that the reference gives it."""
    response = response_of(case)
    exported = next((one for one in case["spans"] if one["name"] == TRIGGER_NAME), None)
    start, end = (exported["start_ns"], exported["end_ns"]) if exported else (response.start_ns, response.end_ns)
    trigger = Span(trace_id=TraceId("1" * 32), span_id=SpanId("f" * 16), name=TRIGGER_NAME, start_ns=start, end_ns=end)
    given = Given(trace=with_trigger_root(assemble([], trigger=trigger)), dialect=Dialect.COMPAT, response=response)
    wanted = dict(case["expected"]["root_attributes"])
    wanted.pop("span.events", None)
    headers = wanted.pop("tracetest.response.headers", None)
    for key, text in wanted.items():
        found = look_up(Name(place=Place.ATTR, key=key), trigger, given)
        assert (key, found.value) == (key, text)
    if headers is not None:
        found = look_up(Name(place=Place.ATTR, key="tracetest.response.headers"), trigger, given)
        assert sorted(str(found.value)) == sorted(headers)

"""Specs over a trace, each assertion with its results per span, and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

from spanspec.language import parser
from spanspec.language.assertions import evaluate_output, judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span
from spanspec.testing import span_id
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of


def _spans_of(tree: dict[str, Any], parent: SpanId | None = None) -> list[Span]:
    """The spans of a tree; their ids are made from those of the case."""
    here = Span(
        trace_id=TraceId("1" * 32), span_id=span_id(tree["id"]), parent_id=parent, name=tree["name"],
        start_ns=tree.get("start", 0), end_ns=tree.get("end", 0), attributes=MappingProxyType(tree["attributes"]),
    )  # fmt: skip
    return [here, *(found for child in tree.get("children", []) for found in _spans_of(child, here.span_id))]


def _ids(tree: dict[str, Any]) -> dict[str, str]:
    """The case's ids by ours."""
    found = {str(span_id(tree["id"])): tree["id"]}
    for child in tree.get("children", []):
        found |= _ids(child)
    return found


def _given(case: Case, tree: dict[str, Any], dialect: Dialect) -> Given:
    listed = case.get("variables") or {}
    variables = listed if isinstance(listed, dict) else {one["key"]: one["value"] for one in listed}
    return Given(trace=assemble(_spans_of(tree)), dialect=dialect, variables=variables)


def specs(file: str, document: Document) -> Iterator[Replay]:
    """One replay for each assertion that the record has results of."""
    for case in cases_of(document):
        tree = case.get("trace") or document["trace"]
        for index, (spec, recorded) in enumerate(_paired(case)):
            for at, assertion in enumerate(recorded["assertions"]):
                wanted = _recorded(assertion)
                yield Replay(
                    file=file, id=f"{case['id']}/{index}.{at}", recorded=(wanted,),
                    look=partial(_judged, case, tree, spec["selector"], assertion["assertion"]), tags=tags_of(case),
                    unstable=is_unstable(case),
                )  # fmt: skip


def _paired(case: Case) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Specs with what is recorded of them; of two with one selector the record has lost the earlier."""
    left = list(case["specs"])
    for recorded in case["expected"]["results"]:
        texts = [assertion["assertion"] for assertion in recorded["assertions"]]
        found = next(
            spec
            for spec in left
            if spec["selector"] == recorded["selector"] and list(spec["assertions"] or []) == texts
        )
        yield found, recorded


def _recorded(assertion: dict[str, Any]) -> Answer:
    results = [
        {**one, "error": "invalid syntax" if one["error"].startswith("invalid syntax") else one["error"]}
        for one in assertion["span_results"]
    ]
    passed = assertion.get("all_passed", not any(one["error"] for one in results))
    return Answer("ok" if passed else "no_match", results)


def _judged(case: Case, tree: dict[str, Any], selector_text: str, text: str, dialect: Dialect) -> Answer:
    given = _given(case, tree, dialect)
    selector = parser.parse_selector(selector_text, dialect).node
    assert selector is not None
    node = parser.parse_statement(text, dialect).node
    names = _ids(tree)
    if node is None:
        return Answer("no_match", _unparsed(case, selector_text, text))
    (verdict,) = judge_spec(selector, [node], given)
    results = [
        {
            "span_id": names.get(one.span_id, "") if one.span_id else "",
            "observed_value": one.observed,
            "error": one.error or ("" if one.passed else "no match"),
        }
        for one in verdict.span_results
    ]
    return Answer("ok" if verdict.judgement.truth is Truth.HOLDS else "no_match", results)


def _unparsed(case: Case, selector: str, text: str) -> list[dict[str, Any]]:
    """A text that does not parse is told at load time here, and of each span there: the record's spans are taken."""
    for recorded in case["expected"]["results"]:
        for assertion in recorded["assertions"]:
            if recorded["selector"] == selector and assertion["assertion"] == text:
                return [
                    {"span_id": one["span_id"], "observed_value": "", "error": "invalid syntax"}
                    for one in assertion["span_results"]
                ]
    raise AssertionError(text)


def outputs(file: str, document: Document) -> Iterator[Replay]:
    """One replay for each output that is recorded."""
    for case in cases_of(document):
        tree = case.get("trace") or document["trace"]
        texts = list(case["outputs"])
        for index, recorded in enumerate(case["expected"]):
            output = next(one for one in reversed(texts) if one["name"] == recorded["name"])
            answer = Answer("ok" if not recorded["error"] else "other", _shown(recorded))
            yield Replay(
                file=file, id=f"{case['id']}/{index}", recorded=(answer,), look=partial(_extracted, case, tree, output),
                tags=tags_of(case), shows=True, unstable=is_unstable(case),
            )  # fmt: skip


def _shown(recorded: dict[str, Any]) -> dict[str, str]:
    return {"value": recorded["value"], "span_id": recorded["span_id"]}


def _extracted(case: Case, tree: dict[str, Any], output: dict[str, Any], dialect: Dialect) -> Answer:
    selector = parser.parse_selector(output.get("selector") or "", dialect).node
    value = parser.parse_expression(output["value"], dialect).node
    if selector is None or value is None:
        return Answer("other", {"value": "", "span_id": ""})
    found = evaluate_output(selector, value, True, _given(case, tree, dialect))
    shown = {"value": found.text, "span_id": _ids(tree).get(found.span_id or "", "")}
    return Answer("ok" if not found.error else "other", shown, found.error)

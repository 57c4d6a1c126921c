"""Selectors: what they pick from a trace, in order; whether they parse, and to what structure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector
from spanspec.language.selectors import select
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId
from spanspec.model.span import Span
from spanspec.testing import span
from tests.conformance.kinds.trees import recorded_shape, shape
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of

_KINDS = {"internal", "server", "client", "producer", "consumer"}


def _spans_of(node: dict[str, Any], parent: SpanId | None = None, start: int = 0) -> Iterator[Span]:
    """The spans of a case's tree; a kind that OTLP does not have stands in an attribute."""
    built = span(
        node["name"],
        service=None,
        attributes=node["attributes"],
        kind=node["kind"] if node["kind"] in _KINDS else "internal",
    )
    begin = node.get("start", start)
    yield replace(built, span_id=SpanId(node["id"]), parent_id=parent, start_ns=begin, end_ns=begin + 1)
    for index, child in enumerate(node["children"]):
        yield from _spans_of(child, SpanId(node["id"]), start + index + 1)


def selectors(file: str, document: Document) -> Iterator[Replay]:
    """Matches over the document's traces, and parses."""
    for case in cases_of(document):
        matches = case["kind"] == "match"
        look = partial(_picked, case, _trace_of(case, document)) if matches else partial(_parsed, case)
        yield Replay(
            file=file, id=case["id"], recorded=_picks(case) if matches else _parses(case), look=look,
            tags=tags_of(case), shows=True, unstable=is_unstable(case), without=_without(case, document) if matches else "",
        )  # fmt: skip


def _without(case: Case, document: Document) -> str:
    """A case that asks for a kind that its trace has and OTLP has not."""
    asked = re.search(r'kind\s*(?:=|contains)\s*"([^"]*)"', case["selector"])
    strange = asked is not None and asked[1] not in _KINDS and asked[1] in _kinds_of(_trace_of(case, document))
    return "a span's kind is one of OTLP's" if strange else ""


def _kinds_of(tree: dict[str, Any]) -> set[str]:
    return {tree["kind"], *(kind for child in tree["children"] for kind in _kinds_of(child))}


def _trace_of(case: Case, document: Document) -> dict[str, Any]:
    named = case.get("trace")
    if isinstance(named, dict):
        return named
    return document["traces"][named] if named else document["trace"]


def _picks(case: Case) -> tuple[Answer, ...]:
    if "observed_order" in case:
        return (Answer("ok", case["observed_order"]),)
    expected = case["expected"]
    listed = expected if isinstance(expected, list) else expected.get("outcomes") or [expected]
    return tuple(Answer("ok" if one["outcome"] == "ok" else one["outcome"], one.get("ids")) for one in listed)


def _picked(case: Case, tree: dict[str, Any], dialect: Dialect) -> Answer:
    trace = assemble(_spans_of(tree))
    node = parse_selector(case["selector"], dialect).node
    if node is None and dialect is Dialect.SPECS:
        return Answer("syntax")
    given = Given(trace=trace, dialect=dialect)
    # the reference selects everything by what does not parse; a spec of ours does not get so far
    picked = list(trace) if node is None else select(node, given)
    return Answer("ok", [found.span_id for found in picked])


def _parses(case: Case) -> tuple[Answer, ...]:
    if "should_parse" in case:
        recorded = case.get("expected_structure")
        parses = case["should_parse"]
    else:
        parses, recorded = case["expected"]["outcome"], case["expected"].get("selectors")
        if parses != "ok":
            return (Answer("crash" if parses == "crash" else "syntax"),)
    return (
        Answer("ok" if parses else "syntax", recorded_shape(recorded) if parses and recorded is not None else None),
    )


def _parsed(case: Case, dialect: Dialect) -> Answer:
    node = parse_selector(case["selector"], dialect).node
    return Answer("syntax") if node is None else Answer("ok", shape(node))

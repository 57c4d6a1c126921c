"""Traces from heaps of spans: the tree, the trigger's root and what stands on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from spanspec.language.dialect import Dialect
from spanspec.language.names import look_up
from spanspec.language.syntax import Name, Place
from spanspec.language.verdict import Given
from spanspec.model.assemble import TEMPORARY_NAME, TRIGGER_NAME, assemble, with_trigger_root
from spanspec.model.context import TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Event, Span
from spanspec.model.trace import Trace
from spanspec.testing import span_id
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, tags_of

_TRACE_ID = TraceId("1" * 32)
_ROOT_ID = SpanId("f" * 16)
_NO_CODE_OF_OURS = {
    "json_roundtrip": "how the reference stores a trace",
    "decode_file": "a file of the reference's own repository",
}


def _span(recorded: dict[str, Any]) -> Span:
    parent = recorded.get("parent")
    events = tuple(
        Event(name=one["name"], time_ns=0, attributes=MappingProxyType(one["attributes"]))
        for one in recorded.get("events", [])
    )
    return Span(
        trace_id=_TRACE_ID, span_id=span_id(recorded.get("key") or recorded["id"]),
        parent_id=span_id(parent) if parent else None, name=recorded["name"], start_ns=recorded["start_ns"],
        end_ns=recorded["end_ns"], attributes=MappingProxyType(recorded["attributes"]), events=events,
    )  # fmt: skip


def _trigger(name: str = TRIGGER_NAME, start_ns: int = 0, end_ns: int = 0) -> Span:
    return Span(trace_id=_TRACE_ID, span_id=_ROOT_ID, name=name, start_ns=start_ns, end_ns=end_ns)


def _tree(trace: Trace, span: Span) -> dict[str, Any]:
    return {"name": span.name, "children": [_tree(trace, child) for child in trace.children_of(span)]}


def traces(file: str, document: Document) -> Iterator[Replay]:
    """Building, merging and inserting a root; what only the reference's own storage needs is told as such."""
    by_id = {case["id"]: case for case in cases_of(document)}
    for case in by_id.values():
        without = _NO_CODE_OF_OURS.get(case["action"], "")
        look, recorded = (partial(_count, []), Answer("ok")) if without else _plan(case, by_id)
        yield Replay(
            file=file, id=case["id"], recorded=(recorded,), look=look, tags=tags_of(case), shows=True, without=without
        )


def _plan(case: Case, by_id: Mapping[str, Case]) -> tuple[Any, Answer]:
    expected = case.get("expected", {})
    if case["action"] == "merge":
        spans = [_span(one) for fragment in case["fragments"] for one in fragment]
        return partial(_count, spans), Answer("ok", expected.get("span_count", 0))
    if case["action"] == "sort":
        return partial(_built, _sorted_spans(case["input"]), None), Answer("ok", [expected["tree"]])
    if case["action"] == "insert_root":
        new = case["new_root"]
        root = _trigger(new["name"], new["start_ns"], new["end_ns"])
        spans = [_span(one) for one in case["spans"]]
        wanted = [expected["root_name"], expected["root_children"], expected["span_count"]]
        return partial(_inserted, spans, root), Answer("ok", wanted)
    spans = (
        [_span(one) for one in (*by_id[case["base_case"]]["spans"], *case["spans"])]
        if "base_case" in case
        else [_span(one) for one in case["spans"]]
    )
    if "root_attribute" in expected or "root_attribute_json" in expected:
        return _attribute_plan(spans, expected)
    if "tree" not in expected:
        key = expected.get("root_key")
        return partial(_topmost, spans), Answer("ok", [expected["root_name"], span_id(key) if key else ""])
    return partial(_built, spans, expected["tree"]["name"]), Answer("ok", _tops(expected["tree"]))


def _tops(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """The reference's placeholder where a root is missing is no span here: what stands under it are the tops."""
    return list(tree["children"]) if tree["name"] == TEMPORARY_NAME else [tree]


def _built(spans: list[Span], root_name: str | None, dialect: Dialect) -> Answer:
    del dialect
    trace = with_trigger_root(assemble(spans, trace_id=_TRACE_ID, trigger=_trigger()))
    (root,) = trace.roots
    if root_name == TRIGGER_NAME:
        return Answer("ok", [_tree(trace, root)])
    return Answer("ok", [_tree(trace, child) for child in trace.children_of(root)])


def _topmost(spans: list[Span], dialect: Dialect) -> Answer:
    """The name and the id of the root; several tops without a trigger's span are what the reference's placeholder holds."""
    del dialect
    trace = with_trigger_root(assemble(spans, trace_id=_TRACE_ID, trigger=_trigger()))
    (root,) = trace.roots
    if root.span_id != _ROOT_ID:
        return Answer("ok", [root.name, root.span_id])
    tops = trace.children_of(root)
    return Answer("ok", [tops[0].name, tops[0].span_id] if len(tops) == 1 else [TEMPORARY_NAME, ""])


def _count(spans: list[Span], dialect: Dialect) -> Answer:
    del dialect
    return Answer("ok", len(assemble(spans).spans))


def _inserted(spans: list[Span], root: Span, dialect: Dialect) -> Answer:
    del dialect
    trace = with_trigger_root(assemble(spans, trigger=root))
    (found,) = trace.roots
    return Answer("ok", [found.name, [child.name for child in trace.children_of(found)], len(trace.spans)])


def _sorted_spans(tree: dict[str, Any], parent: SpanId | None = None) -> list[Span]:
    here = Span(
        trace_id=_TRACE_ID, span_id=span_id(tree["name"]), parent_id=parent, name=tree["name"], start_ns=tree["start"],
        end_ns=tree["start"],
    )  # fmt: skip
    return [here, *(found for child in tree.get("children", []) for found in _sorted_spans(child, here.span_id))]


def _attribute_plan(spans: list[Span], expected: dict[str, Any]) -> tuple[Any, Answer]:
    if "root_attribute" in expected:
        key, value = expected["root_attribute"]
        return partial(_root_attribute, spans, key), Answer("ok", value)
    wanted = expected["root_attribute_json"]
    return partial(_root_events, spans, wanted["name"], wanted["partial"]), Answer("ok")


def _root_attribute(spans: list[Span], key: str, dialect: Dialect) -> Answer:
    trace = assemble(spans)
    found = look_up(Name(place=Place.ATTR, key=key), trace.roots[0], Given(trace=trace, dialect=dialect))
    return Answer("ok", found.value)


def _root_events(spans: list[Span], key: str, partial_list: list[dict[str, Any]], dialect: Dialect) -> Answer:
    found = json.loads(str(_root_attribute(spans, key, dialect).shown))
    covered = len(found) == len(partial_list) and all(
        wanted.items() <= there.items() for wanted, there in zip(partial_list, found, strict=True)
    )
    return Answer("ok" if covered else "no_match", found)


# --- the trigger's root --------------------------------------------------------------------------------------------


def trigger_roots(file: str, document: Document) -> Iterator[Replay]:
    """The tree after the trigger's root has come in, and the root's attributes."""
    for case in cases_of(document):
        expected = case["expected"]
        attributes = dict(expected["root_attributes"])
        if "tracetest.response.headers" in attributes:
            attributes["tracetest.response.headers"] = _as_set(attributes["tracetest.response.headers"])
        shown = {"tree": expected["tree"], "span_count": expected["span_count"], "attributes": attributes}
        yield Replay(
            file=file, id=case["id"], recorded=(Answer("ok", shown),), look=partial(_rooted, case, sorted(attributes)),
            tags=tags_of(case), shows=True,
        )  # fmt: skip


def _as_set(headers: object) -> list[str]:
    """The reference's headers come in a random order (row 32)."""
    return sorted(json.dumps(one, sort_keys=True) for one in json.loads(str(headers)) or [])


def _response(case: Case) -> TriggerResult:
    recorded = case["trigger_result"]
    inner = recorded.get(recorded["type"]) or {}
    headers = inner.get("Headers") or inner.get("Metadata") or []
    return TriggerResult(
        kind=recorded["type"], start_ns=case["trigger_started_ns"], end_ns=case["trigger_completed_ns"],
        status=inner.get("StatusCode"), headers=tuple((one["key"], one["value"]) for one in headers),
        body=inner.get("Body", ""),
    )  # fmt: skip


def _rooted(case: Case, keys: list[str], dialect: Dialect) -> Answer:
    response = _response(case)
    trigger = _trigger(TRIGGER_NAME, response.start_ns, response.end_ns)
    spans = [_span({**one, "parent": one["parent"] or None}) for one in case["spans"] or []]
    trace = with_trigger_root(assemble(spans, trace_id=_TRACE_ID, trigger=trigger))
    (root,) = trace.roots
    given = Given(trace=trace, dialect=dialect, response=response)
    attributes: dict[str, Any] = {}
    for key in keys:
        found = look_up(Name(place=Place.ATTR, key=key), root, given)
        if found.present:
            attributes[key] = _as_set(found.value) if key.endswith("response.headers") else str(found.value)
    shown = {"tree": _tree(trace, root), "span_count": len(trace.spans), "attributes": attributes}
    return Answer("ok", shown)

"""Runs of all shapes, for Hypothesis."""

from __future__ import annotations

from types import MappingProxyType

from hypothesis import strategies as st

from spanspec.language.verdict import NearMiss
from spanspec.model.assemble import assemble
from spanspec.model.context import TriggerResult
from spanspec.model.span import Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.results.model import (
    CaseError,
    CaseResult,
    CheckResult,
    Outcome,
    OutputResult,
    RunResult,
    Settlement,
    SourcePlace,
    SpanResult,
    Timings,
)

words = st.text(max_size=6)
counts = st.integers(0, 2**64)
sizes = st.integers(0, 2**32 - 1)
nanos = st.integers(0, 2**64 - 1)
times = st.integers(-(2**70), 2**70)
span_ids = st.sampled_from([f"{n:016x}" for n in range(1, 9)])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | words | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(words, inner, max_size=3).map(MappingProxyType)
    ),
    max_leaves=5,
)
attributes = st.dictionaries(words, values, max_size=3).map(MappingProxyType)
resources = st.builds(Resource, attributes=attributes, schema_url=words, dropped_attributes_count=sizes)
scopes = st.builds(
    Scope, name=words, version=words, attributes=attributes, schema_url=words, dropped_attributes_count=sizes
)
spans = st.builds(
    Span,
    trace_id=st.just("1" * 32),
    span_id=span_ids,
    parent_id=st.none() | span_ids,
    name=words,
    kind=st.sampled_from(SpanKind),
    start_ns=nanos,
    end_ns=nanos,
    attributes=attributes,
    events=st.lists(
        st.builds(Event, name=words, time_ns=nanos, attributes=attributes, dropped_attributes_count=sizes), max_size=2
    ).map(tuple),
    links=st.lists(
        st.builds(
            Link,
            trace_id=st.just("2" * 32),
            span_id=span_ids,
            trace_state=words,
            attributes=attributes,
            dropped_attributes_count=sizes,
        ),
        max_size=2,
    ).map(tuple),
    status=st.sampled_from(StatusCode),
    status_message=words,
    trace_state=words,
    flags=sizes,
    dropped=st.integers(0, 3 * (2**32 - 1)),
    resource=resources,
    scope=scopes,
)
traces = st.builds(
    assemble,
    st.lists(spans, max_size=6),
    injected=st.none() | span_ids,
    trigger=st.none() | spans,
    linked=st.lists(spans, max_size=2),
)


def _several(strategy: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


places = st.builds(SourcePlace, path=words, line=counts, column=counts, length=counts, excerpt=words)
near = st.builds(
    NearMiss,
    predicate=words,
    seen=_several(st.tuples(words, counts)),
    spans=_several(span_ids),
    suggestion=words,
)
checks = st.builds(
    CheckResult,
    kind=st.sampled_from(["expect", "spec"]),
    text=words,
    outcome=st.sampled_from(Outcome),
    name=words,
    selector=words,
    group=counts,
    place=st.none() | places,
    reason=words,
    expected=words,
    actual=words,
    spans=_several(span_ids),
    looked_at=_several(span_ids),
    span_results=_several(
        st.builds(
            SpanResult,
            span_id=st.none() | span_ids,
            observed=words,
            expected=words,
            passed=st.booleans(),
            error=words,
        )
    ),
    near=_several(near, 1),
    notes=_several(words),
    error=words,
    early=st.booleans(),
    lack=st.booleans(),
    decided_ns=times,
)
responses = st.builds(
    TriggerResult,
    kind=words,
    start_ns=times,
    end_ns=times,
    status=st.none() | counts,
    headers=_several(st.tuples(words, words)),
    body=words,
    body_truncated=st.booleans(),
    request=words,
    attributes=attributes,
)
cases = st.builds(
    CaseResult,
    name=words,
    path=words,
    outcome=st.sampled_from(Outcome),
    description=words,
    tags=_several(words),
    checks=_several(checks, 2),
    outputs=_several(st.builds(OutputResult, name=words, value=words, error=words, span_id=st.none() | span_ids), 1),
    trace_id=words,
    trace=st.none() | traces,
    response=st.none() | responses,
    trigger=words,
    settlement=st.builds(Settlement, how=words, reason=words, notes=_several(words)),
    timings=st.builds(
        Timings,
        total=counts,
        trigger=counts,
        collect=counts,
        last_span=st.none() | counts,
        verdict=st.none() | counts,
    ),
    late=_several(span_ids),
    link=words,
    warnings=_several(words),
    error=st.none() | st.builds(CaseError, message=words, help=words, kind=words),
)
runs = st.builds(
    RunResult,
    version=words,
    started_ns=times,
    duration_ns=times,
    cases=_several(cases, 2),
    seed=times,
    notes=_several(words),
)

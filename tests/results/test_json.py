from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from spanspec.errors import UsageError
from spanspec.model.assemble import content
from spanspec.model.trace import Trace
from spanspec.results.json import decode, encode
from spanspec.results.model import RunResult
from tests.results.example import CHECKOUT, EVERYTHING, NASTY, nasty_run, run
from tests.results.strategies import runs


def facts(trace: Trace | None) -> object:
    """All that makes a trace what it is, comparable also where it holds NaN."""
    if trace is None:
        return None
    return (
        trace.trace_id,
        [content(span) for span in trace.spans],
        [(span.resource.schema_url, span.scope.schema_url) for span in trace.spans],
        [span.span_id for span in trace.roots],
        [span.span_id for span in trace.orphans],
        trace.injected,
        content(trace.trigger) if trace.trigger else None,
        [content(span) for span in trace.linked],
    )


def assert_same(left: RunResult, right: RunResult) -> None:
    """Two runs say the same."""
    assert [facts(case.trace) for case in left.cases] == [facts(case.trace) for case in right.cases]
    bare = [replace(each, cases=tuple(replace(case, trace=None) for case in each.cases)) for each in (left, right)]
    assert repr(bare[0]) == repr(bare[1])  # NaN equals itself as text


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(runs)
def test_what_is_written_is_read_back(given_run: RunResult) -> None:
    """Any run survives the way through JSON."""
    assert_same(decode(encode(given_run)), given_run)


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_survive(text: str) -> None:
    """Control characters, lone surrogates and megabytes come back as they were."""
    nasty = nasty_run(text)
    assert_same(decode(encode(nasty)), nasty)


def test_spans_are_otlp_json() -> None:
    """The spans of a stored run are what any reader of OTLP/JSON reads."""
    document = json.loads(encode(run(CHECKOUT)))
    group = document["cases"][0]["trace"]["resourceSpans"][0]
    assert group["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "frontend"}}]
    span = group["scopeSpans"][0]["spans"][0]
    assert (span["name"], span["kind"], span["startTimeUnixNano"]) == ("POST /checkout", 2, "1700000000000000000")


def test_derived_keys_are_there_for_readers() -> None:
    """Time, counts and exit code need no computing."""
    document = json.loads(encode(EVERYTHING))
    assert document["format"] == 1
    assert document["started"] == "2023-11-14T22:13:20+00:00"
    assert document["exit_code"] == 3
    assert document["outcomes"]["passed"] == 1
    assert document["cases"][1]["checks"][1]["outcome"] == "failed"


def test_unknown_keys_and_missing_ones_are_no_fault() -> None:
    """A file of a later or earlier minor version is read: what is unknown is passed over, what lacks has its default."""
    document = json.loads(encode(run(CHECKOUT)))
    document["new"] = document["cases"][0]["new"] = 1
    del document["seed"], document["cases"][0]["link"]
    read = decode(json.dumps(document).encode())
    assert read.cases[0].link == ""
    assert read.cases[0].checks == CHECKOUT.checks


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a run that spanspec wrote"),
        (b'{"resourceSpans": []}', "not a run that spanspec wrote"),
        (b'{"format": 2, "cases": [], "version": "9.1"}', "format 2, by spanspec 9.1; this version reads format 1"),
        (b'{"format": true, "cases": []}', "format True"),
        (b'{"format": 1, "cases": []}', "lacks version, started_ns, duration_ns"),
        (b'{"format": 1, "version": "1", "started_ns": "x", "duration_ns": 1, "cases": []}', "started_ns is a text"),
        (
            b'{"format":1,"version":"1","started_ns":1,"duration_ns":1,"cases":[{"name":"a","path":"b","outcome":"odd"}]}',
            "cases[0].outcome is 'odd', expected one of passed, failed",
        ),
        (
            b'{"format":1,"version":"1","started_ns":1,"duration_ns":1,"cases":{}}',
            "cases is an object, expected a list",
        ),
    ],
)
def test_another_file_is_refused_in_words(data: bytes, message: str) -> None:
    """What is not a run of this format is a usage error that says what it is."""
    with pytest.raises(UsageError) as caught:
        decode(data)
    assert message in caught.value.message
    assert caught.value.help


@pytest.mark.parametrize(
    "damage",
    [
        {"intValue": "1.5"},
        {"intValue": True},
        {"doubleValue": "much"},
        {"bytesValue": "§"},
        {"arrayValue": []},
        {"intValue": "1", "stringValue": "1"},
        {"kvlistValue": {"values": [{"key": "a", "value": {"intValue": str(2**63)}}]}},
        "text",
    ],
)
def test_damaged_spans_are_told_by_their_place(damage: object) -> None:
    """A value of another shape names the way to it."""
    document = json.loads(encode(run(CHECKOUT)))
    document["cases"][0]["trace"]["resourceSpans"][0]["resource"]["attributes"][0]["value"] = damage
    with pytest.raises(UsageError, match=r"damaged: cases\[0\]\.trace\.resourceSpans\[0\]\.resource\.attributes\[0\]"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"spanId": ""}, r": .*it has no span id"),
        ({"traceId": "0" * 32}, r": .*its trace id is all zeros"),
        ({"parentSpanId": "xyz"}, r": .*its parent span id"),
        ({"startTimeUnixNano": "-1"}, r": startTimeUnixNano: -1 is out of range"),
        ({"name": 1}, r"\.name: .*Expected `str"),
        ({"attributes": [{"key": "a"}, {"key": "b", "value": {"intValue": "x"}}]}, r"\.attributes\[1\]: intValue"),
        ({"events": [{"timeUnixNano": "soon"}]}, r": events\.timeUnixNano"),
    ],
)
@pytest.mark.parametrize("group", ["trigger", "resourceSpans", "linked"])
def test_no_span_is_lost_silently(group: str, change: dict[str, object], place: str) -> None:
    """A span that cannot be read makes the run damaged, in each group, and the place of it is told."""
    document = json.loads(encode(run(CHECKOUT)))
    trace = document["cases"][0]["trace"]
    good = trace["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    trace[group] = [{}, {"scopeSpans": [{"spans": [good]}, {"spans": [good, {**good, **change}]}]}]
    with pytest.raises(UsageError, match=rf"cases\[0\]\.trace\.{group}\[1\]\.scopeSpans\[1\]\.spans\[1\]{place}"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({}, r": .*got `object`"),
        (["a"], r"\[0\]: .*got `str`"),
        ([{"key": "a", "value": {}}, {"key": "b", "value": {"doubleValue": "much"}}], r"\[1\]: doubleValue"),
    ],
)
def test_damaged_attributes_of_a_response_are_told_by_their_place(attributes: object, place: str) -> None:
    """What the trigger answered is read as strictly as the spans."""
    document = json.loads(encode(run(CHECKOUT)))
    document["cases"][0]["response"]["attributes"] = attributes
    with pytest.raises(UsageError, match=rf"damaged: cases\[0\]\.response\.attributes{place}"):
        decode(json.dumps(document).encode())


def test_deep_values_are_bounded() -> None:
    """A value nested beyond measure is refused, not recursed into."""
    value: object = {}
    for _ in range(150):
        value = {"arrayValue": {"values": [value]}}
    document = json.loads(encode(run(CHECKOUT)))
    document["cases"][0]["trace"]["resourceSpans"][0]["resource"]["attributes"][0]["value"] = value
    with pytest.raises(UsageError, match="nest deeper than 48"):
        decode(json.dumps(document).encode())

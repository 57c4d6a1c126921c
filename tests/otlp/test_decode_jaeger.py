"""Jaeger's JSON gives the same spans as OTLP."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.errors import OtlpError
from spanspec.model.span import NO_RESOURCE, NO_SCOPE, Event, Link, Scope, Span, SpanKind, StatusCode
from spanspec.otlp.decode_jaeger import decode_jaeger, is_jaeger
from spanspec.otlp.decoded import MAX_DEPTH
from spanspec.stores.file import read

if TYPE_CHECKING:
    from pathlib import Path

TRACE = "ab" * 16
OTHER = "cd" * 16


def tag(key: str, value: Any, kind: str = "string") -> dict[str, Any]:
    """A tag as a JSON value."""
    return {"key": key, "type": kind, "value": value}


def raw(number: int = 1, **more: Any) -> dict[str, Any]:
    """A span as a JSON value."""
    return {
        "traceID": TRACE,
        "spanID": f"{number:016x}",
        "operationName": f"op {number}",
        "startTime": 1000,
        "duration": 5,
        **more,
    }


def stored(**more: Any) -> dict[str, Any]:
    """A span as it stands in Elasticsearch."""
    return raw(process={"serviceName": "shop", "tags": []}) | more


def answer(*spans: dict[str, Any], **processes: Any) -> dict[str, Any]:
    """An answer of the query API with one trace."""
    return {"data": [{"traceID": TRACE, "spans": list(spans), "processes": processes}], "errors": None}


def row(**more: Any) -> dict[str, Any]:
    """A span as it stands in Cassandra."""
    return {"TraceID": "q6urq6urq6urq6urq6urqw==", "SpanID": 1, "OperationName": "op 1", "StartTime": 1000} | more


def column(key: str, kind: str, **value: Any) -> dict[str, Any]:
    """A tag as it stands in Cassandra."""
    return {"Key": key, "ValueType": kind} | value


def reference(kind: str, trace: str, span: str) -> dict[str, Any]:
    """A reference as a JSON value."""
    return {"refType": kind, "traceID": trace, "spanID": span}


def one(document: dict[str, Any]) -> Span:
    """The only span of a document that has no problem."""
    decoded = decode_jaeger(document)
    assert decoded.problems == ()
    (span,) = decoded.spans
    return span


DOCUMENTS = [
    ("answer", answer(raw()), True),
    ("trace", answer(raw())["data"][0], True),
    ("span", stored(), True),
    ("span without process", raw(), True),
    ("row", row(), True),
    ("refusal", {"data": None, "errors": [{"code": 404, "msg": "trace not found"}]}, True),
    ("services", {"data": ["shop", "cart"], "errors": None}, False),
    ("empty answer", {"data": [], "errors": None}, False),
    ("answer of another", {"data": [{"id": 1}]}, False),
    ("errors alone", {"errors": [{"msg": "no"}]}, False),
    ("OTLP", {"resourceSpans": []}, False),
    ("nothing", {}, False),
]


@pytest.mark.parametrize(("label", "document", "expected"), DOCUMENTS)
def test_documents_are_told_apart(label: str, document: dict[str, Any], expected: bool) -> None:
    """Jaeger's documents are known by their keys."""
    assert is_jaeger(document) is expected, label


def test_what_is_no_document_of_jaeger_is_refused() -> None:
    """Decoding says what was wanted; an answer with an error repeats it."""
    with pytest.raises(OtlpError, match="neither an answer, a trace nor a span"):
        decode_jaeger({"a": 1})
    with pytest.raises(OtlpError, match="trace not found"):
        decode_jaeger({"data": [], "errors": [{"code": 404, "msg": "trace not found"}]})
    with pytest.raises(OtlpError, match="spans"):
        decode_jaeger({"traceID": TRACE, "spans": 1})
    with pytest.raises(OtlpError, match="processes"):
        decode_jaeger({"spans": [], "processes": {"p1": 7}})


def test_times_are_microseconds() -> None:
    """A start and a duration in microseconds become a start and an end in nanoseconds."""
    span = one(stored())
    assert (span.start_ns, span.end_ns, span.name) == (1_000_000, 1_005_000, "op 1")


IDS = [
    ("full", TRACE, "00000000000000ff", TRACE, "00000000000000ff"),
    ("upper case", TRACE.upper(), "00000000000000FF", TRACE, "00000000000000ff"),
    ("64 bits", "ab" * 8, "ff", "0" * 16 + "ab" * 8, "00000000000000ff"),
    ("leading zero left out", "b" * 31, "f" * 15, "0" + "b" * 31, "0" + "f" * 15),
]


@pytest.mark.parametrize(("label", "trace", "span", "full_trace", "full_span"), IDS)
def test_ids_are_filled_up(label: str, trace: str, span: str, full_trace: str, full_span: str) -> None:
    """Jaeger writes ids without leading zeros."""
    found = one(stored(traceID=trace, spanID=span, parentSpanID=span))
    assert (found.trace_id, found.span_id, found.parent_id) == (full_trace, full_span, full_span), label


BAD_IDS = [
    ({"traceID": "xyz"}, 'its trace id "xyz" is not 1 to 32 hexadecimal digits'),
    ({"traceID": "a" * 33}, "is not 1 to 32 hexadecimal digits"),
    ({"traceID": ""}, "it has no trace id"),
    ({"traceID": "0" * 32}, "its trace id is all zeros"),
    ({"spanID": "a" * 17}, "is not 1 to 16 hexadecimal digits"),
    ({"spanID": None}, "it has no span id"),
    ({"parentSpanID": "no"}, 'its parent span id "no" is not'),
    ({"references": [reference("CHILD_OF", TRACE, "?")]}, 'its parent span id "[?]" is not'),
    (
        {"references": [reference("FOLLOWS_FROM", TRACE, "?")]},
        'references: "abab.*" and "[?]" are no trace and span id',
    ),
    ({"startTime": -1}, "startTime: -1 is out of range"),
    ({"startTime": (1 << 64) // 1000, "duration": 9}, "is out of range"),
    ({"duration": "soon"}, '"soon" is no integer'),
    ({"tags": 5}, r"Expected `array \| null`, got `int` - at `\$.tags`"),
    ({"operationName": 5}, "operationName"),
]


@pytest.mark.parametrize(("fields", "reason"), BAD_IDS)
def test_an_invalid_span_is_left_out(fields: dict[str, Any], reason: str) -> None:
    """The reason is told; the other spans of the trace are kept."""
    document = answer(raw(2), raw(3) | fields, raw(4))
    document["data"][0].pop("traceID")
    decoded = decode_jaeger(document)
    assert [span.name for span in decoded.spans] == ["op 2", "op 4"]
    assert decoded.rejected == 1
    (problem,) = decoded.problems
    assert problem.startswith('span "')
    assert re.search(reason, problem), problem


def test_a_span_that_is_no_object_is_left_out() -> None:
    """Any JSON may stand where a span is wanted."""
    decoded = decode_jaeger(answer(raw(), 7, None))  # type: ignore[arg-type]
    assert (len(decoded.spans), decoded.rejected) == (1, 2)


def link(kind: str, trace: str, number: int) -> Link:
    """A link that was a reference."""
    return Link(trace_id=trace, span_id=f"{number:016x}", attributes={"opentracing.ref_type": kind})  # type: ignore[arg-type]


REFERENCES: list[tuple[str, dict[str, Any], int | None, list[Link]]] = [
    ("none", {}, None, []),
    ("zero parent", {"parentSpanID": "0"}, None, []),
    ("child of", {"references": [reference("CHILD_OF", TRACE, "9")]}, 9, []),
    ("child of another trace", {"references": [reference("CHILD_OF", OTHER, "9")]}, None, [link("child_of", OTHER, 9)]),
    ("follows from", {"references": [reference("FOLLOWS_FROM", TRACE, "9")]}, 9, [link("follows_from", TRACE, 9)]),
    (
        "follows another trace",
        {"references": [reference("FOLLOWS_FROM", OTHER, "9")]},
        None,
        [link("follows_from", OTHER, 9)],
    ),
    (
        "two parents",
        {"references": [reference("CHILD_OF", TRACE, "8"), reference("CHILD_OF", TRACE, "9")]},
        8,
        [link("child_of", TRACE, 9)],
    ),
    (
        "parent named besides",
        {"parentSpanID": "9", "references": [reference("CHILD_OF", TRACE, "8"), reference("CHILD_OF", TRACE, "9")]},
        9,
        [link("child_of", TRACE, 8)],
    ),
    (
        "parent and predecessor",
        {"parentSpanID": "9", "references": [reference("FOLLOWS_FROM", TRACE, "9")]},
        9,
        [link("follows_from", TRACE, 9)],
    ),
]


@pytest.mark.parametrize(("label", "fields", "parent", "links"), REFERENCES)
def test_references_are_parent_and_links(
    label: str, fields: dict[str, Any], parent: int | None, links: list[Link]
) -> None:
    """The first CHILD_OF of the same trace is the parent, else what it follows from there; all others are links."""
    span = one(stored(**fields))
    assert span.parent_id == (None if parent is None else f"{parent:016x}"), label
    assert list(span.links) == links, label


VALUES: list[tuple[Any, str | None, Any]] = [
    ("x", "string", "x"),
    (True, "bool", True),
    ("true", "bool", True),
    ("false", "bool", False),
    (5, "int64", 5),
    ("-9223372036854775808", "int64", -(1 << 63)),
    (5.0, "int64", 5),
    (5, "float64", 5.0),
    ("72.5", "float64", 72.5),
    ("1e+06", "float64", 1e6),
    ("+Inf", "float64", math.inf),
    ("-Inf", "float64", -math.inf),
    ("00ff", "binary", b"\x00\xff"),
    ("", "binary", b""),
    (None, "int64", None),
    (5, None, 5),
    ("5", None, "5"),
    (5.5, "number", 5.5),
    (["a", 1], None, ("a", 1)),
    ({"a": [True]}, None, {"a": (True,)}),
]


@pytest.mark.parametrize(("value", "kind", "expected"), VALUES)
def test_tags_have_their_type(value: Any, kind: str | None, expected: Any) -> None:
    """A tag's value has the type that the tag names, also when it is written as text."""
    found = one(stored(tags=[{"key": "k", "type": kind, "value": value}])).attributes["k"]
    assert found == expected
    assert type(found) is type(expected) or isinstance(expected, dict)


UNFIT = [("five", "int64"), (True, "int64"), ("big", "float64"), ("maybe", "bool"), ("0", "binary"), (7, "binary")]


@pytest.mark.parametrize(("value", "kind"), UNFIT)
def test_a_tag_that_does_not_fit_its_type_is_kept_with_a_note(value: Any, kind: str) -> None:
    """The span is not lost for one tag, and the reader is told."""
    decoded = decode_jaeger(stored(tags=[tag("k", value, kind)]))
    assert decoded.spans[0].attributes["k"] == value
    assert decoded.problems[0].startswith('tag "k": ')
    assert decoded.problems[0].endswith("; kept as it is")


def test_values_are_bounded() -> None:
    """A tag that nests too deep or an integer beyond 64 bits leaves the span out."""
    deep: Any = 1
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    assert "deeper" in decode_jaeger(stored(tags=[tag("k", deep)])).problems[0]
    assert "out of range" in decode_jaeger(stored(tag={"k": 1 << 63})).problems[0]


def test_binary_is_base64_in_answers() -> None:
    """Elasticsearch holds hexadecimal text, the query API base64."""
    assert one(answer(raw(tags=[tag("k", "AAAwOQ==", "binary")]))).attributes["k"] == bytes.fromhex("00003039")
    assert one(stored(tags=[tag("k", "00003039", "binary")])).attributes["k"] == bytes.fromhex("00003039")


def test_tags_may_be_fields_of_an_object() -> None:
    """Elasticsearch can hold tags as fields, with `@` for a dot."""
    span = one(stored(tag={"http@status_code": 200, "span@kind": "client"}, tags=[tag("a", "b")]))
    assert dict(span.attributes) == {"http.status_code": 200, "a": "b"}
    assert span.kind is SpanKind.CLIENT
    owner = one(stored(process={"serviceName": "shop", "tag": {"host@name": "h"}})).resource
    assert dict(owner.attributes) == {"service.name": "shop", "host.name": "h"}


STATUSES: list[tuple[list[Any], StatusCode, str, dict[str, Any]]] = [
    ([], StatusCode.UNSET, "", {}),
    ([tag("error", True, "bool")], StatusCode.ERROR, "", {}),
    ([tag("error", "true")], StatusCode.ERROR, "", {}),
    ([tag("error", False, "bool")], StatusCode.UNSET, "", {"error": False}),
    ([tag("error", 1, "int64")], StatusCode.UNSET, "", {"error": 1}),
    ([tag("error", "timeout")], StatusCode.UNSET, "", {"error": "timeout"}),
    ([tag("otel.status_code", "OK")], StatusCode.OK, "", {}),
    ([tag("otel.status_code", "ERROR"), tag("otel.status_description", "no")], StatusCode.ERROR, "no", {}),
    ([tag("otel.status_code", "OK"), tag("error", True, "bool")], StatusCode.ERROR, "", {}),
    ([tag("otel.status_code", "odd")], StatusCode.UNSET, "", {"otel.status_code": "odd"}),
    ([tag("http.status_code", 500, "int64")], StatusCode.UNSET, "", {"http.status_code": 500}),
]


@pytest.mark.parametrize(("tags", "code", "message", "left"), STATUSES)
def test_tags_are_the_status(tags: list[Any], code: StatusCode, message: str, left: dict[str, Any]) -> None:
    """What stands for a status is one, and no attribute any more."""
    span = one(stored(tags=tags))
    assert (span.status, span.status_message, dict(span.attributes)) == (code, message, left)


KINDS: list[tuple[Any, SpanKind, bool]] = [
    *((kind.value, kind, False) for kind in SpanKind if kind is not SpanKind.UNSPECIFIED),
    ("SERVER", SpanKind.SERVER, False),
    ("local", SpanKind.UNSPECIFIED, True),
    (5, SpanKind.UNSPECIFIED, True),
]


@pytest.mark.parametrize(("value", "kind", "left"), KINDS)
def test_a_tag_is_the_kind(value: Any, kind: SpanKind, left: bool) -> None:
    """A known kind is no attribute any more; an unknown one stays."""
    span = one(stored(tags=[{"key": "span.kind", "value": value}]))
    assert (span.kind, "span.kind" in span.attributes) == (kind, left)
    assert one(stored()).kind is SpanKind.UNSPECIFIED


SCOPES = [
    ([], NO_SCOPE),
    ([tag("otel.scope.name", "lib"), tag("otel.scope.version", "1")], Scope(name="lib", version="1")),
    ([tag("otel.library.name", "lib"), tag("otel.library.version", "1")], Scope(name="lib", version="1")),
    ([tag("otel.library.name", "old"), tag("otel.scope.name", "new")], Scope(name="new")),
]


@pytest.mark.parametrize(("tags", "scope"), SCOPES)
def test_tags_are_the_scope(tags: list[Any], scope: Scope) -> None:
    """The scope's tags are no attributes any more."""
    span = one(stored(tags=[*tags, tag("w3c.tracestate", "a=b")]))
    assert (span.scope, span.trace_state, dict(span.attributes)) == (scope, "a=b", {})


def test_logs_are_events() -> None:
    """The field `event` is the name, the others are attributes."""
    logs = [
        {"timestamp": 7, "fields": [tag("event", "retry"), tag("n", "2", "int64")]},
        {"timestamp": 8, "fields": None},
        {"timestamp": 9, "fields": [tag("event", 5, "int64")]},
    ]
    assert one(stored(logs=logs)).events == (
        Event(name="retry", time_ns=7000, attributes={"n": 2}),
        Event(name="", time_ns=8000),
        Event(name="", time_ns=9000, attributes={"event": 5}),
    )


def test_processes_are_resources() -> None:
    """Spans of one process share its resource; a process inside a span is read too; one that is missing is told."""
    shop = {"serviceName": "shop", "tags": [tag("zone", "a")]}
    document = answer(
        raw(1, processID="p1"),
        raw(2, processID="p1"),
        raw(3, process={"serviceName": "x"}),
        raw(4, processID="p9"),
        p1=shop,
    )
    decoded = decode_jaeger(document)
    first, second, third, last = decoded.spans
    assert dict(first.resource.attributes) == {"service.name": "shop", "zone": "a"}
    assert first.resource is second.resource
    assert (third.service, last.resource) == ("x", NO_RESOURCE)
    assert decoded.problems == ('process "p9" is named by spans but not described',)
    assert one(stored(process={"serviceName": "OTLPResourceNoServiceName"})).resource is NO_RESOURCE


def test_a_row_of_cassandra() -> None:
    """Ids are bytes and signed integers there, and each type of tag has a column."""
    span = one(
        row(
            SpanID=-2,
            ParentID=3,
            Duration=5,
            Flags=1,
            Tags=[
                column("s", "string", value_string="x"),
                column("b", "bool", value_bool=True),
                column("i", "int64", value_long=5),
                column("f", "float64", value_double=2),
                column("x", "binary", value_binary="AAAwOQ=="),
                column("zero", "int64"),
                column("span.kind", "string", value_string="server"),
            ],
            Logs=[{"Timestamp": 7, "Fields": [column("event", "string", value_string="retry")]}],
            Refs=[
                {"RefType": "child-of", "TraceID": row()["TraceID"], "SpanID": 3},
                {"RefType": "follows-from", "TraceID": row()["TraceID"], "SpanID": -1},
            ],
            Process={"ServiceName": "shop", "Tags": [column("zone", "string", value_string="a")]},
        )
    )
    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE, "f" * 15 + "e", f"{3:016x}")
    assert dict(span.attributes) == {"s": "x", "b": True, "i": 5, "f": 2.0, "x": bytes.fromhex("00003039"), "zero": 0}
    assert (span.kind, span.flags, span.end_ns) == (SpanKind.SERVER, 1, 1_005_000)
    assert span.events == (Event(name="retry", time_ns=7000),)
    assert span.links == (link("follows_from", TRACE, (1 << 64) - 1),)
    assert dict(span.resource.attributes) == {"service.name": "shop", "zone": "a"}
    assert one(row(ServiceName="alone")).service == "alone"


BAD_ROWS = [
    (row(TraceID="qqs="), "is not 16 bytes"),
    (row(TraceID="?"), "is no base64"),
    (row(SpanID=0), "its span id is all zeros"),
    (row(SpanID=1 << 64), "SpanID: 18446744073709551616 is out of range"),
    (row(Tags=[column("k", "odd")]), 'tag "k" has the unknown type "odd"'),
    (row(Tags=[{"Key": 1}]), "Expected `str"),
]


@pytest.mark.parametrize(("document", "reason"), BAD_ROWS)
def test_an_invalid_row_is_left_out(document: dict[str, Any], reason: str) -> None:
    """The reason is told with the span's name."""
    decoded = decode_jaeger(document)
    assert (decoded.spans, decoded.rejected) == ((), 1)
    assert decoded.problems[0].startswith('span "op 1" left out: ')
    assert reason in decoded.problems[0]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(
    {
        "traceID",
        "spanID",
        "parentSpanID",
        "references",
        "tags",
        "tag",
        "logs",
        "process",
        "processID",
        "flags",
        "duration",
    }
)


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_any_field_may_hold_anything(fields: dict[str, Any]) -> None:
    """Whatever a span holds, it is read or left out with a reason."""
    decoded = decode_jaeger(answer(raw() | fields))
    assert len(decoded.spans) + decoded.rejected == 1
    assert decoded.spans or decoded.problems


ANSWER = json.dumps(answer(raw(1), raw(2))).encode()
STORED = json.dumps(stored()).encode()
ROW = json.dumps(row(), indent=2).encode()
OTLP = b'{"resourceSpans": []}'

FILES = [
    ("answer", ANSWER, 2),
    ("lines", STORED + b"\n" + STORED + b"\n" + OTLP + b"\n", 2),
    ("in a row", ROW + b"\n" + ROW, 2),
    ("array", b"[" + STORED + b"," + ANSWER + b"]", 3),
]


@pytest.mark.parametrize(("label", "data", "count"), FILES)
def test_files_are_read_like_those_of_otlp(label: str, data: bytes, count: int, tmp_path: Path) -> None:
    """One document, several in a row, one per line, an array, or a folder."""
    path = tmp_path / "traces.json"
    path.write_bytes(data)
    for place in (path, tmp_path):
        content = read(place)
        assert (len(content.spans), content.problems) == (count, ()), label


def test_problems_of_a_file_name_it(tmp_path: Path) -> None:
    """A span that was left out is told with the file and the line; a refusal of Jaeger is an error."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(STORED + b"\n" + json.dumps(stored(traceID="no")).encode() + b"\n")
    content = read(path)
    assert len(content.spans) == 1
    assert content.problems[0].startswith(f'{path}, line 2: span "op 1" left out: its trace id "no"')
    path.write_bytes(b'{"data": null, "errors": [{"code": 404, "msg": "trace not found"}]}')
    with pytest.raises(OtlpError, match=r"traces\.jsonl: Jaeger's answer has no trace: trace not found"):
        read(path)
    path.write_bytes(b'{"data": [1]}')
    with pytest.raises(OtlpError, match="instead of resourceSpans") as caught:
        read(path)
    assert "JSON of Jaeger" in (caught.value.help or "")

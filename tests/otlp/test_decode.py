"""Both encodings give one shape of a span."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanspec.errors import OtlpError
from spanspec.model.span import Event, Link, Resource, Scope, Span, SpanKind, StatusCode
from spanspec.otlp.decode import decode_json, decode_protobuf
from spanspec.otlp.decode_json import decode_json_attributes, decode_json_object
from spanspec.otlp.decoded import MAX_DEPTH, MAX_PROBLEMS
from spanspec.otlp.encode import attributes_to_json, encode_json, to_json
from tests.otlp.exports import A, B, document, export, raw_span

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
UINT64 = st.integers(0, (1 << 64) - 1)
UINT32 = st.integers(0, (1 << 32) - 1)
HEX16 = st.integers(1, (1 << 128) - 1).map("{:032x}".format)
HEX8 = st.integers(1, (1 << 64) - 1).map("{:016x}".format)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    TEXT,
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=9),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3).map(tuple), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(TEXT, VALUES, max_size=3)
RESOURCES = st.builds(Resource, attributes=ATTRIBUTES, schema_url=TEXT, dropped_attributes_count=UINT32)
SCOPES = st.builds(
    Scope, name=TEXT, version=TEXT, attributes=ATTRIBUTES, schema_url=TEXT, dropped_attributes_count=UINT32
)
SPANS = st.builds(
    Span,
    trace_id=HEX16,
    span_id=HEX8,
    parent_id=st.one_of(st.none(), HEX8),
    name=TEXT,
    kind=st.sampled_from(SpanKind),
    start_ns=UINT64,
    end_ns=UINT64,
    attributes=ATTRIBUTES,
    events=st.lists(st.builds(Event, name=TEXT, time_ns=UINT64, attributes=ATTRIBUTES), max_size=2).map(tuple),
    links=st.lists(st.builds(Link, trace_id=HEX16, span_id=HEX8, attributes=ATTRIBUTES), max_size=2).map(tuple),
    status=st.sampled_from(StatusCode),
    status_message=TEXT,
    trace_state=TEXT,
    flags=UINT32,
    dropped=st.integers(0, 3 * ((1 << 32) - 1)),
    resource=RESOURCES,
    scope=SCOPES,
)


def by_id(spans: Any) -> list[Span]:
    """Spans in an order of their own; grouping by resource changes the sent one."""
    return sorted(spans, key=repr)


@given(st.lists(SPANS, max_size=4))
def test_json_round_trip(spans: list[Span]) -> None:
    """What is encoded is decoded to the same spans."""
    decoded = decode_json(encode_json(spans))
    assert decoded.rejected == 0
    assert by_id(decoded.spans) == by_id(spans)


@given(st.lists(SPANS, max_size=3))
def test_parsed_json_is_decoded_as_its_text(spans: list[Span]) -> None:
    """A document that is parsed already gives what its bytes give."""
    assert decode_json_object(to_json(spans)) == decode_json(encode_json(spans))


@given(ATTRIBUTES)
def test_attributes_round_trip(attributes: dict[str, Any]) -> None:
    """Attributes by themselves come back as they were."""
    assert decode_json_attributes(attributes_to_json(attributes)) == attributes


def nested(depth: int) -> dict[str, Any]:
    """A value so deep."""
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"arrayValue": {"values": [value]}}
    return value


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ({}, "Expected `array`, got `object`"),
        ([{"key": 1}], r"got `int` - at `\$\[0\]\.key`"),
        ([{"key": "a", "value": {"intValue": "x"}}], "is no integer"),
        ([{"key": "a", "value": nested(MAX_DEPTH + 2)}], "nest deeper than"),
        ([{"key": "a", "value": nested(100_000)}], "nests? too deep"),
    ],
)
def test_parsed_json_of_another_shape_is_refused(items: Any, message: str) -> None:
    """Attributes alone and in a document are refused in the same words, however deep they are."""
    with pytest.raises(OtlpError, match=message):
        decode_json_attributes(items)
    with pytest.raises(OtlpError, match=message.replace(r"\$", r"\$.*").replace("`array`", ".*array.*")):
        decode_json_object({"resourceSpans": [{"resource": {"attributes": items}}]})


@given(st.lists(SPANS, max_size=3))
def test_protobuf_and_json_give_the_same_spans(spans: list[Span]) -> None:
    """One export in both encodings gives equal spans."""
    content = to_json(spans)
    assert decode_protobuf(protobuf(content)).spans == decode_json(json.dumps(content).encode()).spans


def protobuf(content: dict[str, Any]) -> bytes:
    """OTLP/JSON as binary protobuf, by protobuf's own JSON parser, to which ids are base64."""
    import base64

    from google.protobuf.json_format import ParseDict

    def converted(value: Any) -> Any:
        if isinstance(value, list):
            return [converted(each) for each in value]
        if not isinstance(value, dict):
            return value
        ids = {"traceId", "spanId", "parentSpanId"}
        return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ids else converted(v) for k, v in value.items()}

    return ParseDict(converted(content), ExportTraceServiceRequest()).SerializeToString()


def test_spans_share_their_resource_and_scope() -> None:
    """The spans of one group hold one and the same object."""
    for decoded in (
        decode_protobuf(export(A, B)),
        decode_json(json.dumps(document(raw_span(1), raw_span(2))).encode()),
    ):
        first, second = decoded.spans
        assert first.resource is second.resource
        assert first.scope is second.scope


def test_equal_resources_are_encoded_once() -> None:
    """Equal resources and scopes of different objects become one section."""
    spans = [*decode_protobuf(export(A)).spans, *decode_protobuf(export(B)).spans]
    content = to_json(spans)
    assert len(content["resourceSpans"]) == 1
    assert len(content["resourceSpans"][0]["scopeSpans"]) == 1


BAD_IDS = [
    (raw_span(trace_id=""), "no trace id"),
    (raw_span(trace_id="0" * 32), "all zeros"),
    (raw_span(trace_id="z" * 32), "not 32 hexadecimal"),
    (raw_span(spanId="0" * 16), "all zeros"),
    (raw_span(spanId="12"), "not 16 hexadecimal"),
    (raw_span(parentSpanId="12"), "parent span id"),
]


@pytest.mark.parametrize(("bad", "words"), BAD_IDS)
def test_invalid_spans_are_left_out_alone(bad: dict[str, Any], words: str) -> None:
    """A span with an invalid id is left out with a reason; the others of the export stay."""
    decoded = decode_json(json.dumps(document(bad, raw_span(2))).encode())
    assert [span.name for span in decoded.spans] == ["op 2"]
    assert decoded.rejected == 1
    assert words in decoded.problems[0]


@pytest.mark.parametrize("bad", [b"", b"short", bytes(16)])
def test_invalid_trace_ids_are_rejected_whatever_is_wanted(bad: bytes) -> None:
    """Invalid ids count as rejected even when only another trace is wanted."""
    decoded = decode_protobuf(export(bad, A), wanted={A.hex()})  # type: ignore[arg-type]
    assert decoded.rejected == 1
    assert len(decoded.spans) == 1


def test_a_container_that_cannot_be_listed_is_asked() -> None:
    """`wanted` need only answer `in`."""

    class OnlyA:
        def __contains__(self, item: object) -> bool:
            return item == A.hex()

    assert len(decode_protobuf(export(A, B), wanted=OnlyA()).spans) == 1
    both = json.dumps(document(raw_span(1), raw_span(2, trace_id="bb" * 16))).encode()
    assert len(decode_json(both, wanted=OnlyA()).spans) == 1


def test_problems_are_bounded() -> None:
    """A thousand bad spans leave a few sentences and a count."""
    body = json.dumps(document(*(raw_span(n, trace_id="x", name=f"n{n}") for n in range(1000)))).encode()
    decoded = decode_json(body)
    assert decoded.rejected == 1000
    assert len(decoded.problems) == MAX_PROBLEMS + 1
    assert decoded.problems[-1] == f"and {1000 - MAX_PROBLEMS} more problems"


ODD_VALUES = [
    ({"intValue": "5"}, 5),
    ({"intValue": 5.0}, 5),
    ({"intValue": "1e3"}, 1000),
    ({"intValue": "-9223372036854775808"}, -(1 << 63)),
    ({"doubleValue": "Infinity"}, math.inf),
    ({"doubleValue": "1.5"}, 1.5),
    ({"doubleValue": 3}, 3.0),
    ({"bytesValue": "-_8"}, b"\xfb\xff"),
    ({"bytesValue": ""}, b""),
    ({"stringValue": ""}, ""),
    ({"boolValue": False}, False),
    ({"arrayValue": {}}, ()),
    ({"kvlistValue": {"values": [{"key": "k"}]}}, {"k": None}),
    ({"stringValue": None, "intValue": 1}, 1),
    ({}, None),
    (None, None),
]


@pytest.mark.parametrize(("value", "expected"), ODD_VALUES)
def test_values_as_json_may_write_them(value: Any, expected: Any) -> None:
    """Each way of writing a value is read as its type."""
    attributes = [{"key": "a", "value": value}]
    (span,) = decode_json(json.dumps(document(raw_span(attributes=attributes))).encode()).spans
    assert span.attributes == {"a": expected}
    assert type(span.attributes["a"]) is type(expected) or isinstance(expected, dict)


BAD_VALUES = [
    ({"intValue": "9223372036854775808"}, "out of range"),
    ({"intValue": 1.5}, "no integer"),
    ({"intValue": "1e999999999"}, "out of range"),
    ({"intValue": "1e-999999999"}, "no integer"),
    ({"intValue": ""}, "no integer"),
    ({"intValue": "0x10"}, "no integer"),
    ({"intValue": "9" * 5000}, "no integer"),
    ({"intValue": True}, "Expected"),
    ({"doubleValue": "1e999"}, "out of range"),
    ({"doubleValue": "nan"}, "no number"),
    ({"bytesValue": "***"}, "no base64"),
    ({"bytesValue": "A"}, "no base64"),
    ({"boolValue": "true"}, "Expected"),
    ({"stringValue": "a", "intValue": 1}, "both"),
    ({"arrayValue": {"values": [None]}}, "Expected"),
]


@pytest.mark.parametrize(("value", "words"), BAD_VALUES)
def test_values_that_are_none(value: Any, words: str) -> None:
    """A value of another type is bad data, said in words."""
    with pytest.raises(OtlpError, match=words):
        decode_json(json.dumps(document(raw_span(attributes=[{"key": "a", "value": value}]))).encode())


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 5_000, 200_000])
def test_deep_values_are_refused(depth: int) -> None:
    """Nesting beyond the bound is bad data, never a crash."""
    value = '{"arrayValue":{"values":[' * depth + "{}" + "]}}" * depth
    body = json.dumps(document(raw_span(attributes=[{"key": "a", "value": "@"}]))).replace('"@"', value)
    with pytest.raises(OtlpError, match=r"deep|truncated"):
        decode_json(body.encode())
    with pytest.raises(OtlpError, match=r"deep|truncated"):
        decode_json(body.replace("traceId", "trace_id").encode(), lenient=True)


def test_enum_names_are_read_with_a_warning() -> None:
    """Names of enums are read, and the sender is told."""
    body = json.dumps(document(raw_span(kind="SPAN_KIND_SERVER", status={"code": "STATUS_CODE_ERROR"}))).encode()
    decoded = decode_json(body)
    assert (decoded.spans[0].kind, decoded.spans[0].status) == (SpanKind.SERVER, StatusCode.ERROR)
    assert len(decoded.problems) == 2
    with pytest.raises(OtlpError, match="neither"):
        decode_json(body.replace(b"SERVER", b"SURFER"))


def test_strict_reading_knows_no_original_field_names() -> None:
    """In a request `trace_id` is an unknown field, so the span has no id; a file may be written so."""
    raw = {"trace_id": "aa" * 16, "span_id": "01" * 8, "name": "n", "end_time_unix_nano": "7"}
    body = json.dumps(document(raw)).encode()
    assert decode_json(body).rejected == 1
    assert decode_json(body, lenient=True).spans[0].end_ns == 7


def test_links_with_empty_ids_are_kept() -> None:
    """SDKs may record links without a valid context; ids that are no hexadecimal text are bad data."""
    (span,) = decode_json(json.dumps(document(raw_span(links=[{"traceState": "a=1"}]))).encode()).spans
    assert span.links[0].trace_id == ""
    with pytest.raises(OtlpError, match="hexadecimal"):
        decode_json(json.dumps(document(raw_span(links=[{"traceId": "xyz"}]))).encode())


NOT_JSON = [
    (b'"name": "\xff"', "not UTF-8"),
    (b'"name": "\\ud83d"', "surrogate"),
    (b'"name": NaN', "no JSON"),
    (b'"name": "\x01"', "no JSON"),
]


@pytest.mark.parametrize(("member", "words"), NOT_JSON)
def test_texts_that_are_no_json(member: bytes, words: str) -> None:
    """Bytes that are not UTF-8, half a surrogate pair and raw control characters are bad data."""
    body = json.dumps(document(raw_span())).encode().replace(b'"name": "op 1"', member)
    with pytest.raises(OtlpError, match=words):
        decode_json(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_our_error(body: bytes) -> None:
    """Arbitrary bytes are read or refused with an `OtlpError`."""
    for lenient in (False, True):
        try:
            decode_json(body, lenient=lenient)
        except OtlpError:
            continue


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_damaged_documents_are_read_or_our_error(place: int, noise: bytes) -> None:
    """A document with some bytes replaced is read or refused with an `OtlpError`."""
    body = bytearray(json.dumps(document(raw_span(attributes=[{"key": "a", "value": {"intValue": "5"}}]))).encode())
    place %= len(body)
    body[place : place + len(noise)] = noise
    for lenient in (False, True):
        with suppress(OtlpError):
            decode_json(bytes(body), lenient=lenient)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(
        ["resourceSpans", "scopeSpans", "spans", "traceId", "attributes", "key", "value", "intValue", "batches", "trace"]
    ), inner, max_size=3)),
)  # fmt: skip


@given(JSON)
def test_any_document_is_read_or_our_error(content: Any) -> None:
    """Any JSON value is read or refused with an `OtlpError`."""
    for lenient in (False, True):
        try:
            decode_json(json.dumps(content).encode(), lenient=lenient)
        except OtlpError:
            continue

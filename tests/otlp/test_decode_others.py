"""The JSON of Zipkin, OpenSearch, Elastic APM and Tempo, by the rules of each format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spanspec.errors import OtlpError
from spanspec.model.span import SpanKind, StatusCode
from spanspec.otlp.decode_any import decode_binary, decode_document, decode_many
from spanspec.otlp.decode_elasticapm import decode_elasticapm
from spanspec.otlp.decode_opensearch import decode_opensearch
from spanspec.otlp.decode_tempo import decode_tempo_json, decode_tempo_protobuf
from spanspec.otlp.decode_zipkin import decode_zipkin
from spanspec.otlp.foreign import instant, kind_named, span_of, trace_of
from tests.otlp.exports import A, B, export

TRACE = "0af7651916cd43dd8448eb211c80319c"


def zipkin(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A span of Zipkin's second version."""
    return {
        "traceId": TRACE,
        "id": f"{number:016x}",
        "name": "get /",
        "timestamp": 1_700_000_000_000_001,
        "duration": 2500,
        "localEndpoint": {"serviceName": "web"},
        **fields,
    }


def test_a_span_of_zipkin() -> None:
    """Times are microseconds, tags texts, what stands for a status, scope or link goes back, the rest stays a tag."""
    link = f'{"b" * 32}|{"c" * 16}|k=v|{{"n": 7}}|2'
    tags = {
        "otel.status_code": "ERROR",
        "error": "no stock",
        "otel.scope.name": "lib",
        "otel.scope.version": "1",
        "w3c.tracestate": "spanspec=1",
        "service.version": "2",
        "http.status_code": "200",
        "otlp.link.0": link,
    }
    notes = [{"timestamp": 5, "value": 'retry|{"attempt": 1, "ok": false}|3'}, {"timestamp": 6, "value": "plain"}]
    (span,) = decode_zipkin([zipkin(kind="SERVER", parentId="9", tags=tags, annotations=notes)]).spans
    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE, f"{1:016x}", f"{9:016x}")
    assert (span.start_ns, span.duration_ns) == (1_700_000_000_000_001_000, 2_500_000)
    assert (span.kind, span.status, span.status_message) == (SpanKind.SERVER, StatusCode.ERROR, "no stock")
    assert (span.scope.name, span.scope.version, span.trace_state) == ("lib", "1", "spanspec=1")
    assert dict(span.resource.attributes) == {"service.name": "web", "service.version": "2"}
    assert dict(span.attributes) == {"http.status_code": "200"}
    assert [(each.name, each.time_ns, dict(each.attributes)) for each in span.events] == [
        ("retry", 5000, {"attempt": 1, "ok": False}),
        ("plain", 6000, {}),
    ]
    assert span.events[0].dropped_attributes_count == 3
    assert (span.links[0].trace_id, span.links[0].span_id, span.links[0].trace_state) == ("b" * 32, "c" * 16, "k=v")
    assert (dict(span.links[0].attributes), span.links[0].dropped_attributes_count) == ({"n": 7}, 2)


STATES = [
    ({}, StatusCode.UNSET, ""),
    ({"error": ""}, StatusCode.ERROR, ""),
    ({"error": "true"}, StatusCode.ERROR, ""),
    ({"error": "false"}, StatusCode.UNSET, ""),
    ({"error": "boom"}, StatusCode.ERROR, "boom"),
    ({"otel.status_code": "OK"}, StatusCode.OK, ""),
    ({"otel.status_code": "OK", "error": "kept"}, StatusCode.OK, ""),
    ({"otel.status_code": "ERROR", "otel.status_description": "said", "error": "x"}, StatusCode.ERROR, "said"),
]


@pytest.mark.parametrize(("tags", "code", "message"), STATES)
def test_the_status_of_zipkin(tags: dict[str, str], code: StatusCode, message: str) -> None:
    """The tag `error` is an error whatever it says, but for `false`, unless a status says otherwise."""
    (span,) = decode_zipkin(zipkin(tags=tags)).spans
    assert (span.status, span.status_message) == (code, message)


def test_the_two_sides_of_a_shared_id_stay_two_spans() -> None:
    """The server's side lies below the client's, and what the server did below the server's."""
    spans = [
        zipkin(1, kind="CLIENT", localEndpoint={"serviceName": "a"}),
        zipkin(1, kind="SERVER", shared=True, localEndpoint={"serviceName": "b"}),
        zipkin(2, parentId=f"{1:x}", localEndpoint={"serviceName": "b"}),
        zipkin(3, parentId=f"{1:x}", localEndpoint={"serviceName": "a"}),
    ]
    for order in (spans, spans[::-1]):
        found = {(each.service, each.kind): each for each in decode_zipkin(order).spans}
        client, server = found["a", SpanKind.CLIENT], found["b", SpanKind.SERVER]
        assert client.span_id == f"{1:016x}"
        assert (server.span_id != client.span_id, server.parent_id) == (True, client.span_id)
        assert found["b", SpanKind.INTERNAL].parent_id == server.span_id
        assert found["a", SpanKind.INTERNAL].parent_id == client.span_id


def test_reports_in_parts_are_put_together() -> None:
    """A report without a duration adds its tags to the span of its id; two whole ones stay two."""
    part = {"traceId": TRACE, "id": "1", "annotations": [{"timestamp": 1, "value": "late"}], "tags": {"k": "v"}}
    (span,) = decode_zipkin([part, zipkin()]).spans
    assert (span.name, dict(span.attributes), span.events[0].name) == ("get /", {"k": "v"}, "late")
    assert len(decode_zipkin([zipkin(), zipkin()]).spans) == 2


def test_the_first_version_of_zipkin() -> None:
    """Kind, times and service are in annotations with endpoints; a span with both sides becomes two."""

    def note(time: int, value: str, service: str) -> dict[str, Any]:
        return {"timestamp": time, "value": value, "endpoint": {"serviceName": service, "ipv4": "10.0.0.1"}}

    raw = {
        "traceId": "7",
        "id": "8",
        "name": "x",
        "annotations": [note(1, "cs", "a"), note(2, "sr", "b"), note(5, "ss", "b"), note(6, "cr", "a")],
        "binaryAnnotations": [{"key": "http.path", "value": "/x"}, {"key": "sa", "endpoint": {"serviceName": "b"}}],
    }
    client, server = decode_zipkin([raw]).spans
    assert (client.kind, client.service, client.start_ns, client.end_ns) == (SpanKind.CLIENT, "a", 1000, 6000)
    assert (server.kind, server.service, server.start_ns, server.end_ns) == (SpanKind.SERVER, "b", 2000, 5000)
    assert server.parent_id == client.span_id
    assert client.attributes["http.path"] == "/x"


def data_prepper(**fields: Any) -> dict[str, Any]:
    """A document of Data Prepper's old form."""
    return {
        "traceId": TRACE,
        "spanId": "9daf5fc00a50b18b",
        "parentSpanId": "",
        "name": "PUT",
        "kind": "SPAN_KIND_CLIENT",
        "startTime": "2020-08-20T05:40:46.052809200Z",
        "endTime": "2020-08-20T05:40:46.084822501Z",
        "span.attributes.http@status_code": 200,
        "span.attributes.db.user": "root",
        "resource.attributes.service@name": "analytics",
        "resource.attributes@telemetry@sdk@name": "opentelemetry",
        "instrumentationLibrary.name": "lib",
        "status.code": 2,
        **fields,
    }


def test_documents_of_opensearch() -> None:
    """Members with `@` for dots, objects, and SS4O say the same; nanoseconds are kept."""
    (old,) = decode_opensearch(data_prepper()).spans
    assert (old.start_ns, old.end_ns) == (1_597_902_046_052_809_200, 1_597_902_046_084_822_501)
    assert dict(old.attributes) == {"http.status_code": 200, "db.user": "root"}
    assert dict(old.resource.attributes) == {"service.name": "analytics", "telemetry.sdk.name": "opentelemetry"}
    assert (old.scope.name, old.status, old.kind) == ("lib", StatusCode.ERROR, SpanKind.CLIENT)
    new = {
        "traceId": TRACE, "spanId": "9daf5fc00a50b18b", "name": "PUT", "kind": "Client",
        "startTime": "2020-08-20T05:40:46.052809200Z", "endTime": "2020-08-20T05:40:46.084822501Z",
        "attributes": {"http.status_code": 200, "db.user": "root", "data_stream": {"dataset": "d", "namespace": "n", "type": "span"}},
        "resource": {"service.name": "analytics", "telemetry.sdk.name": "opentelemetry"},
        "instrumentationScope": {"name": "lib"}, "status": {"code": "Error", "message": ""},
    }  # fmt: skip
    assert decode_opensearch(new).spans == (old,)
    nested = new | {"resource": {"attributes": new["resource"]}, "kind": "CLIENT", "status": {"code": 2}}
    assert decode_opensearch({"hits": {"hits": [{"_source": nested}]}}).spans == (old,)
    assert decode_opensearch([{"index": {"_id": "1"}}, data_prepper()]).spans == (old,)


def test_events_and_links_of_opensearch() -> None:
    """They come with their attributes, whose names may have `@` for dots."""
    event = {"name": "exception", "time": "2021-03-25T17:21:03.023934720Z", "attributes": {"exception@type": "E"}}
    linked = {"traceId": "b" * 32, "spanId": "c" * 16, "attributes": {"n": 1}}
    (span,) = decode_opensearch(data_prepper(events=[event], links=[linked])).spans
    assert (span.events[0].time_ns, dict(span.events[0].attributes)) == (
        1_616_692_863_023_934_720,
        {"exception.type": "E"},
    )
    assert (span.links[0].span_id, dict(span.links[0].attributes)) == ("c" * 16, {"n": 1})


def apm(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    """A document of Elastic APM."""
    return {
        "processor": {"event": kind},
        "@timestamp": "2023-11-14T22:13:20.000Z",
        "timestamp": {"us": 1_700_000_000_000_001},
        "trace": {"id": TRACE},
        "service": {"name": "web", "framework": {"name": "lib", "version": "1"}},
        kind: {"id": f"{number:016x}", "name": "GET /", "duration": {"us": 5}},
        **fields,
    }


def test_documents_of_elastic_apm() -> None:
    """A transaction and a span are spans, an error is an event of the one it names, labels are attributes."""
    entered = apm("transaction", 1, event={"outcome": "failure"}, labels={"a_b": "x"}, numeric_labels={"n": 2.5})
    entered["transaction"]["type"] = "request"
    called = apm("span", 2, parent={"id": f"{1:016x}"})
    called["span"] |= {"type": "db", "subtype": "postgresql", "db": {"statement": "SELECT 1"}}
    error = apm("error", 3, parent={"id": f"{2:016x}"})
    error["error"] = {"exception": [{"type": "E", "message": "m"}]}
    first, second = decode_elasticapm([error, entered, called]).spans
    assert (first.kind, first.status, first.duration_ns) == (SpanKind.SERVER, StatusCode.ERROR, 5000)
    assert (first.attributes["a_b"], first.attributes["n"], first.scope.name) == ("x", 2.5, "lib")
    assert (second.kind, second.parent_id) == (SpanKind.CLIENT, first.span_id)
    assert (second.attributes["db.system"], second.attributes["db.statement"]) == ("postgresql", "SELECT 1")
    assert dict(second.events[0].attributes) == {"exception.type": "E", "exception.message": "m"}


def test_dotted_names_of_elastic_apm() -> None:
    """A document whose names have dots says what one with objects says."""
    dotted = {
        "processor.event": "span",
        "timestamp.us": 1_700_000_000_000_001,
        "trace.id": TRACE,
        "span.id": "2",
        "span.name": "x",
        "span.duration.us": 7,
        "service.name": "web",
    }
    (span,) = decode_elasticapm(dotted).spans
    assert (span.name, span.service, span.duration_ns) == ("x", "web", 7000)


def test_what_agents_of_elastic_apm_send() -> None:
    """Lines of an agent: durations in milliseconds, metadata for all that follow."""
    lines: list[Any] = [
        {"metadata": {"service": {"name": "web", "agent": {"name": "python"}}, "system": {"hostname": "h"}}},
        {"transaction": {"id": "1", "trace_id": TRACE, "name": "GET", "type": "request", "duration": 1.5, "timestamp": 5}},
        {"span": {"id": "2", "trace_id": TRACE, "parent_id": "1", "transaction_id": "1", "name": "q", "type": "db.sql", "start": 1, "duration": 0.5}},
    ]  # fmt: skip
    decoded = decode_many(lines)
    assert decoded is not None
    first, second = decoded.spans
    assert (first.service, first.resource.attributes["host.name"], first.duration_ns) == ("web", "h", 1_500_000)
    assert (second.start_ns, second.kind) == (1_005_000, SpanKind.CLIENT)


def test_answers_of_tempo() -> None:
    """Version 2 wraps the trace and may say that it gave a part; version 1 is the trace."""
    trace = export(A, B)
    wrapped = b"\x0a" + _varint(len(trace)) + trace
    assert decode_tempo_protobuf(wrapped).decoded.spans == decode_binary(trace).spans
    assert decode_binary(wrapped).spans == decode_binary(trace).spans
    partial = decode_tempo_protobuf(wrapped + b"\x18\x01\x22\x03big")
    assert (partial.partial, partial.message) == (True, "big")
    answer = decode_tempo_json(json.dumps({"trace": {}, "metrics": {}, "status": "PARTIAL", "message": "big"}).encode())
    assert (answer.partial, answer.message, answer.decoded.spans) == (True, "big", ())


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


BAD = [
    (zipkin(id="xyz"), 'its span id "xyz"'),
    (zipkin(id=None), "it has no span id"),
    (zipkin(traceId="0"), "its trace id is all zeros"),
    (zipkin(timestamp="soon"), 'timestamp: "soon" is no integer'),
    (zipkin(timestamp=-5), "timestamp: -5 is out of range"),
    (zipkin(kind="BOTH"), 'kind: "BOTH" is none'),
    (zipkin(annotations={}), "annotations: a list is expected"),
    (data_prepper(startTime="%s"), 'startTime: "%s" is no time'),
    (data_prepper(startTime="2020-13-41T00:00:00Z"), "is no time"),
    (data_prepper(spanId="SPAN"), 'its span id "SPAN"'),
    (data_prepper(events=[1]), "events: a list of objects"),
    (apm("span", 1, trace={"id": "no such"}), 'its trace id "no such"'),
    (apm("span", 1, timestamp={"us": "x"}), 'timestamp.us: "x" is no integer'),
]


@pytest.mark.parametrize(("document", "words"), BAD)
def test_what_is_no_span_is_left_out_with_its_name(document: dict[str, Any], words: str) -> None:
    """The reason names the field and shows what stands there."""
    decoded = decode_document(json.dumps(document).encode())
    assert (decoded.spans, decoded.rejected) == ((), 1)
    assert words in decoded.problems[0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"error": {"httpCode": 404, "message": "No traces found"}}, "No traces found"),
        ({"trace": {"services": []}}, "language models"),
        ({"a": 1}, '"a" instead of resourceSpans'),
    ],
)
def test_other_documents_are_refused(document: dict[str, Any], words: str) -> None:
    """What holds no spans does not pass for an empty trace."""
    with pytest.raises(OtlpError, match=words):
        decode_document(json.dumps(document).encode())


TIMES = [
    ("2021-03-25T17:21:03Z", 1_616_692_863_000_000_000),
    ("2021-03-25T17:21:03.1Z", 1_616_692_863_100_000_000),
    ("2021-03-25T19:21:03.000000001+02:00", 1_616_692_863_000_000_001),
    ("2021-03-25 17:21:03", 1_616_692_863_000_000_000),
    (1_616_692_863_000, 1_616_692_863_000_000_000),
    (1_616_692_863_000_001, 1_616_692_863_000_001_000),
    ("1616692863000000001", 1_616_692_863_000_000_001),
    (1_616_692_863.5, 1_616_692_863_500_000_000),
    ("0001-01-01T00:00:00Z", 0),
    (None, 0),
]


@pytest.mark.parametrize(("written", "expected"), TIMES)
def test_times_in_every_spelling(written: object, expected: int) -> None:
    """ISO 8601 with up to nine digits and a zone, or a number whose size tells its unit."""
    assert instant(written, "t") == expected


def test_ids_and_kinds_in_every_spelling() -> None:
    """Hexadecimal of either case, shortened, base64 of both alphabets, signed numbers; kinds by name or number."""
    assert trace_of("0AF7651916CD43DD8448EB211C80319C") == TRACE
    assert trace_of("CvdlGRbNQ92ESOshHIAxnA==") == TRACE
    assert trace_of("7") == "7".rjust(32, "0")
    assert span_of("mnO_qUT5ye4") == span_of("mnO/qUT5ye4=") == "9a73bfa944f9c9ee"
    assert span_of(-1) == "f" * 16
    assert {kind_named(each) for each in ("SERVER", "Server", "SPAN_KIND_SERVER", 2, "2")} == {SpanKind.SERVER}

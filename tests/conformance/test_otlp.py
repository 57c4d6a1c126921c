"""OTLP's edge cases: every request, file and answer of `otlp-edge-cases.json`, held through the pure exchange and a receiver."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from spanspec.errors import OtlpError
from spanspec.model.assemble import assemble
from spanspec.otlp.decoded import CODES, KINDS
from spanspec.otlp.exchange import MAX_BODY, exchange, exchange_grpc
from spanspec.otlp.reaction import reaction, reaction_grpc
from spanspec.otlp.wire import read_response, read_status
from spanspec.receiver.serve import Receiver
from spanspec.stores.file import read
from spanspec.stores.memory import Store
from tests.conformance.folder import cases
from tests.receiver.http2 import unary

if TYPE_CHECKING:
    from pathlib import Path

    from spanspec.model.span import Span

CASES = cases("otlp-edge-cases")
FREE = ("127.0.0.1", 0)


def of(transport: str, *, client: bool = False) -> list[Any]:
    """The cases of one transport, for parametrize."""
    chosen = [c for c in CASES if c["transport"] == transport and (c["area"] == "client-reaction") is client]
    return [pytest.param(case, id=case["id"]) for case in chosen]


def body_of(request: dict[str, Any], key: str = "body") -> bytes:
    """The bytes that a case sends; a body left out of the file is the one over the limit."""
    if f"{key}_base64" in request:
        return base64.b64decode(request[f"{key}_base64"])
    if key in request:
        return request[key].encode()
    body = b" " * (MAX_BODY + 1024 * 1024) + b"{}"
    packed = "gzip" in [value for name, value in headers_of(request) if name.lower() == "content-encoding"]
    return gzip.compress(body) if packed else body


def headers_of(case: dict[str, Any]) -> list[tuple[str, str]]:
    """A case's header fields as pairs."""
    return list(case["headers"].items())


@pytest.mark.parametrize("case", of("http"))
def test_http_request(case: dict[str, Any]) -> None:
    """A request gets the answer, and its spans are read, as the case expects."""
    request = case["request"]
    done = exchange(request["method"], request["path"], headers_of(request), body_of(request))
    spans = done.decoded.spans if done.decoded else ()
    check_http(case["expected"], request, done.response.status, dict(done.response.headers), done.response.body, spans)


@pytest.mark.parametrize("case", of("http"))
def test_http_request_over_a_socket(case: dict[str, Any]) -> None:
    """A running receiver answers as the case expects, with all traces awaited that the request holds."""
    status, headers, body = asyncio.run(posted(case["request"]))
    pure = exchange(*parts(case["request"]))
    assert status == pure.response.status
    assert headers.get("content-type") == dict(pure.response.headers).get("content-type")
    assert body == pure.response.body


def parts(request: dict[str, Any]) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """The arguments of an exchange."""
    return request["method"], request["path"], headers_of(request), body_of(request)


async def posted(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """The answer of a real receiver."""
    method, path, headers, body = parts(request)
    store = Store()
    for span in spans_in(request):
        store.expect(span.trace_id)
    async with Receiver(store, http=FREE, grpc=None) as receiver, httpx2.AsyncClient() as client:
        answer = await client.request(method, f"{receiver.endpoint}{path}", headers=headers, content=body, timeout=30)
        return answer.status_code, dict(answer.headers), answer.content


def spans_in(request: dict[str, Any]) -> tuple[Span, ...]:
    """The spans that the pure exchange reads."""
    done = exchange(*parts(request))
    return done.decoded.spans if done.decoded else ()


def check_http(
    expected: dict[str, Any],
    request: dict[str, Any],
    status: int,
    headers: dict[str, str],
    body: bytes,
    spans: tuple[Span, ...],
) -> None:
    """Compare an answer with what a case expects."""
    binary = headers.get("content-type") == "application/x-protobuf"
    match expected["outcome"]:
        case "accept":
            assert status == expected["http_status"], body
            assert headers["content-type"] == expected["response_content_type"]
            assert body == (b"" if binary else b"{}"), "partial success must be unset"
            check_count(expected["spans"], len(spans))
            check_decoded(expected.get("decoded", {}), spans)
        case "reject":
            assert status in expected.get("allowed_status", [expected["http_status"]])
            assert not spans
            if "response_content_type" in expected:
                assert headers["content-type"] == expected["response_content_type"]
            assert status_message(body, binary=binary)
            assert reaction(status, list(headers.items()), body).retry is False
        case "span_invalid":
            assert status in (200, 400)
            assert status == 400 or rejected(body, binary=binary) == 1
            assert not spans
        case "either":
            assert status in (200, 400)
            if (
                status == 200
                and any("warning" in each for each in expected["allowed"])
                and "orphan" not in str(expected)
            ):
                assert message(body, binary=binary)
        case other:
            pytest.fail(f"unknown outcome {other}")


def check_count(expected: int | str, found: int) -> None:
    """A number, or words that begin with the numbers allowed."""
    if isinstance(expected, int):
        assert found == expected
    else:
        assert str(found) in expected.split(",")[0]


def status_message(body: bytes, *, binary: bool) -> str:
    """The message of a google.rpc.Status."""
    return read_status(body) if binary else json.loads(body)["message"]


def rejected(body: bytes, *, binary: bool) -> int:
    """How many spans a partial success says were rejected."""
    return read_response(body)[0] if binary else int(json.loads(body)["partialSuccess"]["rejectedSpans"])


def message(body: bytes, *, binary: bool) -> str:
    """What a partial success says."""
    return read_response(body)[1] if binary else json.loads(body)["partialSuccess"]["errorMessage"]


def check_decoded(expected: dict[str, Any], spans: tuple[Span, ...]) -> None:
    """Compare spans with the values that a case names; words instead of a value leave it open."""
    for key, value in expected.items():
        CHECKS[key](value, spans)


def check_attributes(expected: Any, spans: tuple[Span, ...]) -> None:
    """The first span's attributes, as tagged values."""
    if isinstance(expected, dict):
        assert {key: tagged(value) for key, value in spans[0].attributes.items()} == expected
    else:
        assert spans[0].attributes


def tagged(value: Any) -> Any:
    """A value with its OTLP type, as the cases write it."""
    match value:
        case None:
            return None
        case bool():
            return {"bool": value}
        case int():
            return {"int": value}
        case float():
            return {"double": value if math.isfinite(value) else "NaN" if math.isnan(value) else json.dumps(value)}
        case str():
            return {"string": value}
        case bytes():
            return {"bytes_hex": value.hex()}
        case Mapping():
            return {"kvlist": {key: tagged(item) for key, item in value.items()}}
        case _:
            return {"array": [tagged(item) for item in value]}


def check_status(expected: Any, spans: tuple[Span, ...]) -> None:
    """Code by number, and the message if one is named."""
    assert CODES.index(spans[0].status) == expected.get("code", 0)
    assert spans[0].status_message == expected.get("message", "")


def check_tree(expected: Any, spans: tuple[Span, ...]) -> None:
    """Child to parent."""
    trace = assemble(spans)
    assert {child: trace.parent(trace.by_id[child]).span_id for child in expected} == expected  # type: ignore[union-attr,index]


def check_depth(expected: Any, spans: tuple[Span, ...]) -> None:
    """How long the longest chain of parents is, in spans."""
    trace = assemble(spans)
    assert max(trace.depth(span) for span in trace.spans) + 1 == expected


def check_kind(expected: Any, spans: tuple[Span, ...]) -> None:
    """The kind by number; for open enums no fault is all that is asked."""
    assert spans[0].kind is (KINDS[expected] if isinstance(expected, int) else KINDS[0])


def check_assembles(expected: Any, spans: tuple[Span, ...]) -> None:
    """Assembling ends."""
    assert len(assemble(spans)) == len({span.span_id for span in spans})


def field(name: str) -> Any:
    """A check of one field of the first span."""

    def check(expected: Any, spans: tuple[Span, ...]) -> None:
        assert getattr(spans[0], name) == expected

    return check


def schema_urls(span: Span) -> tuple[str, str]:
    """Those of the resource and of the scope."""
    return span.resource.schema_url, span.scope.schema_url


CHECKS: dict[str, Any] = {
    "attributes": check_attributes,
    "name": field("name"),
    "traceId": field("trace_id"),
    "spanId": field("span_id"),
    "parentSpanId": field("parent_id"),
    "traceState": field("trace_state"),
    "flags": field("flags"),
    "startTimeUnixNano": field("start_ns"),
    "endTimeUnixNano": field("end_ns"),
    "droppedAttributesCount": field("dropped"),
    "droppedEventsCount": lambda expected, spans: spans[0].dropped >= expected or pytest.fail("dropped events"),
    "droppedLinksCount": lambda expected, spans: spans[0].dropped >= expected or pytest.fail("dropped links"),
    "schemaUrl": lambda expected, spans: expected in schema_urls(spans[0]) or pytest.fail("schema URL"),
    "kind": check_kind,
    "status": check_status,
    "tree": check_tree,
    "depth": check_depth,
    "must_not": check_assembles,
    "root": lambda expected, spans: (spans[0].parent_id is None) is expected or pytest.fail("root"),
    "service": lambda expected, spans: (spans[0].service or None) == expected or pytest.fail("service"),
    "services": lambda expected, spans: len({span.service for span in spans}) == expected or pytest.fail("services"),
    "scope": lambda expected, spans: spans[0].scope.name == expected or pytest.fail("scope"),
    "events": lambda expected, spans: len(spans[0].events) == expected or pytest.fail("events"),
    "links": lambda expected, spans: len(spans[0].links) == expected or pytest.fail("links"),
    "duration": lambda expected, spans: spans[0].duration_ns <= 0 or pytest.fail("duration"),
}


@pytest.mark.parametrize("case", of("http", client=True))
def test_http_reaction(case: dict[str, Any]) -> None:
    """An exporter repeats, waits and reports as the case expects."""
    response, expected = case["response"], case["expected"]
    done = reaction(response["status"], headers_of(response), response["body"].encode())
    if isinstance(expected["retry"], bool):
        assert done.retry is expected["retry"]
    else:
        assert done.report, "never lose silently"
    assert done.rejected == expected.get("rejected", 0)
    assert expected.get("report", "") in done.report
    assert done.retry_after_s == expected.get("wait_s")
    assert done.backoff or "backoff" not in expected


@pytest.mark.parametrize("case", of("grpc", client=True))
def test_grpc_reaction(case: dict[str, Any]) -> None:
    """An exporter over gRPC repeats as the case expects."""
    response = case["response"]
    done = reaction_grpc(response["grpc_status"], retry_delay_s=retry_delay(response))
    assert done.retry is case["expected"]["retry"]
    assert "wait_s" not in case["expected"] or done.retry_after_s == case["expected"]["wait_s"]


def retry_delay(response: dict[str, Any]) -> float | None:
    """The delay of a RetryInfo, however a case writes it: `2`, `"2s"`, `{"retryDelay": "2s"}`."""
    found = next((value for key, value in response.items() if "retry" in key.lower()), None)
    while isinstance(found, dict):
        found = next(iter(found.values()), None)
    return float(str(found).rstrip("s")) if found is not None else None


def grpc_message(request: dict[str, Any]) -> bytes:
    """The message that a case sends; where it is to be built, one span with an attribute of so many MiB."""
    if "message_base64" in request:
        return base64.b64decode(request["message_base64"])
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    export = ExportTraceServiceRequest()
    span = export.resource_spans.add().scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"s" * 8)
    attribute = span.attributes.add(key="big")
    size = re.search(r"(\d+) MiB", request.get("build", ""))
    attribute.value.string_value = "x" * (int(size[1] if size else 5) * 1024 * 1024)
    return export.SerializeToString()


@pytest.mark.parametrize("case", of("grpc"))
def test_grpc_request(case: dict[str, Any]) -> None:
    """A call gets the status, and its spans are read, as the case expects."""
    request, expected = case["request"], case["expected"]
    packed = request.get("compression", "identity")
    done = exchange_grpc(request["method"], grpc_message(request), compression=packed)
    assert done.status in expected["grpc_status"].split(" or ")
    assert len(done.decoded.spans if done.decoded else ()) == expected["spans"]
    if "retryable" in expected:
        assert reaction_grpc(done.status).retry is expected["retryable"]


@pytest.mark.parametrize("case", of("grpc"))
def test_grpc_request_over_a_socket(case: dict[str, Any]) -> None:
    """A running receiver answers a call as the case expects, and takes its spans in."""
    status, spans = asyncio.run(called(case["request"]))
    allowed = case["expected"]["grpc_status"].split(" or ")
    if case["request"].get("compression") not in (None, "gzip", "deflate"):
        # The library's own answer where it cannot read the header: https://github.com/grpc/grpc/issues/36770
        allowed.append("INTERNAL")
    assert status in allowed
    assert spans == case["expected"]["spans"]


async def called(request: dict[str, Any]) -> tuple[str, int]:
    """The status of a real receiver, and how many spans came in."""
    store = Store()
    async with Receiver(store, http=None, grpc=FREE) as receiver:
        assert receiver.grpc_address is not None
        message = grpc_message(request)
        status = await unary(receiver.grpc_address, request["method"], message, request.get("compression"))
    return status, store.received


@pytest.mark.parametrize("case", of("file"))
def test_file(case: dict[str, Any], tmp_path: Path) -> None:
    """A file's spans are read, and what is wrong with it is said, as the case expects."""
    path = tmp_path / case["file"]["name"]
    path.write_bytes(body_of(case["file"]))
    expected = case["expected"]
    if expected.get("outcome") == "reject":
        with pytest.raises(OtlpError):
            read(path)
        return
    if expected.get("outcome") == "span_invalid":
        assert not read(path).spans
        assert read(path).problems
        return
    try:
        content = read(path)
    except OtlpError:
        if "clear error" in expected.get("allowed", ()):
            return
        raise
    allowed = [int(each.split()[1]) for each in expected.get("allowed", ()) if each.startswith("spans ")]
    assert len(content.spans) in [expected.get("spans"), *allowed]
    if "traces" in expected:
        assert len({span.trace_id for span in content.spans}) == expected["traces"]
    for key, name in (("traceId", "trace_id"), ("spanId", "span_id")):
        if key in expected:
            assert getattr(content.spans[0], name) == expected[key]
    problems = " ".join(content.problems)
    assert all(place in problems for place in re.findall(r"(?:line|record|document) \d+", expected.get("warning", "")))
    assert bool(problems) or "warning" not in expected

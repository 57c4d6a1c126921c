"""What the receiver costs: finding spans against parsing them, decoding the wanted ones, and memory for the others.

Speeds are given as ratios to protobuf's own parser in the same run, for a machine's own speed says little; memory is the
growth of the peak of a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanspec.model.ids import TraceId
from spanspec.otlp.decode import decode_json, decode_protobuf
from spanspec.otlp.encode import encode_json
from spanspec.otlp.exchange import Encoding, Payload
from spanspec.otlp.walk import walk
from spanspec.stores.memory import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SPANS = 512
"""Spans in one export: the batch size of most SDKs."""

LIMIT_MIB = 64
"""What a million spans that nobody waits for may add to the peak of memory."""


def payload(rng: random.Random, spans: int = SPANS) -> bytes:
    """One export of a web service, each span of a trace of its own."""
    request = ExportTraceServiceRequest()
    part = request.resource_spans.add()
    for key, value in (("service.name", "shop"), ("service.instance.id", "4f1b"), ("telemetry.sdk.language", "go")):
        part.resource.attributes.add(key=key).value.string_value = value
    group = part.scope_spans.add()
    group.scope.name = "net/http"
    for number in range(spans):
        span = group.spans.add(trace_id=rng.randbytes(16), span_id=rng.randbytes(8), parent_span_id=rng.randbytes(8))
        span.name, span.kind = f"GET /items/{number % 7}", 2
        span.start_time_unix_nano = 1_700_000_000_000_000_000 + number
        span.end_time_unix_nano = span.start_time_unix_nano + 1_000_000
        for key, value in (("http.request.method", "GET"), ("http.route", "/items/{id}"), ("url.scheme", "http")):
            span.attributes.add(key=key).value.string_value = value
        span.attributes.add(key="http.response.status_code").value.int_value = 200
    return request.SerializeToString()


def rate(work: Callable[[], object], spans: int = SPANS, seconds: float = 0.3) -> float:
    """Spans per second: the best of five rounds."""
    best = 0.0
    for _ in range(5):
        count, start = 0, time.perf_counter()
        while (taken := time.perf_counter() - start) < seconds / 5:
            work()
            count += 1
        best = max(best, count * spans / taken)
    return best


def speeds() -> Iterable[str]:
    """Lines with what each step costs against parsing everything."""
    rng = random.Random(1)
    body = payload(rng)
    hundred = {rng.randbytes(16) for _ in range(100)}
    spans = decode_protobuf(body).spans
    text = encode_json(spans)
    store = Store()
    for each in hundred:
        store.expect(TraceId(each.hex()))
    export = Payload(signal="traces", encoding=Encoding.PROTOBUF, body=body)
    parse = rate(lambda: ExportTraceServiceRequest.FromString(body))
    yield f"an export of {SPANS} spans, {len(body) // SPANS} bytes each; parsing it whole: {parse / 1e6:.2f} M spans/s = 1.00"
    steps: list[tuple[str, Callable[[], object]]] = [
        ("walk, 100 traces wanted, none there", lambda: walk(body, hundred)),
        ("walk, all wanted", lambda: walk(body)),
        ("buffer, 100 traces awaited, none there", lambda: store.add(export)),
        ("decode all to values", lambda: decode_protobuf(body)),
        ("decode all from JSON to values", lambda: decode_json(text)),
        ("encode all as JSON", lambda: encode_json(spans)),
    ]
    for name, work in steps:
        found = rate(work)
        yield f"{name}: {found / 1e6:.3f} M spans/s = {found / parse:.2f}"


def peak_mib(spans: int) -> float:
    """The peak of memory of a process whose buffer was sent that many spans nobody waits for."""
    command = [sys.executable, __file__, "fill", str(spans)]
    paths = os.pathsep.join(path for path in sys.path if path)  # the child finds what this process found
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(json.loads(done.stdout)["peak_mib"])


def fill(spans: int) -> None:
    """Send spans of ever new traces to a buffer and print the peak."""
    rng = random.Random(2)
    store = Store()
    store.expect(TraceId("1" * 32))
    sent = 0
    while sent < spans:
        store.add(Payload(signal="traces", encoding=Encoding.PROTOBUF, body=payload(rng)), "127.0.0.1:1")
        sent += SPANS
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_mib": used / 1024 if sys.platform != "darwin" else used / 1024 / 1024}))


def run() -> Iterable[str]:
    """The lines of this benchmark."""
    yield from speeds()
    few, many = peak_mib(10_000), peak_mib(1_000_000)
    verdict = "within" if many - few <= LIMIT_MIB else "BEYOND"
    yield (
        f"peak memory: {few:.0f} MiB after 10,000 spans nobody waits for, {many:.0f} MiB after 1,000,000: "
        f"+{many - few:.0f} MiB, {verdict} the limit of {LIMIT_MIB} MiB"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        fill(int(sys.argv[2]))
    else:
        for line in run():
            print(line)

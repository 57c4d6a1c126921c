"""SDKs in Python and JavaScript export into `spanspec receive`, over HTTP and gRPC, gzip on and off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from spanspec.api import stored_traces
from spanspec.model.span import SpanKind, StatusCode
from spanspec.model.trace import Trace
from tests.servers.needed import NODE, need_node


@dataclass(frozen=True)
class Running:
    """A `spanspec receive` under way."""

    http: str
    grpc: str
    folder: Path


@contextmanager
def receiving(folder: Path) -> Iterator[Running]:
    """`spanspec receive --save` on free ports, ended by its pid."""
    command = [
        sys.executable,
        "-m",
        "spanspec",
        "receive",
        "-q",
        "--save",
        os.fspath(folder),
        "--receiver",
        "127.0.0.1:0",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "receiving on" in line)
        found = re.search(r"http://(\S+) \(HTTP\) and (\S+) \(gRPC\)", line)
        assert found is not None, line
        yield Running(found[1], found[2], folder)
    finally:
        watchdog.cancel()
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


def only_trace(folder: Path) -> Trace:
    """The one trace that was saved."""
    traces = stored_traces(os.fspath(folder))
    assert len(traces) == 1
    return traces[0]


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("encoding", ["proto", "json", "grpc"])
def test_a_node_service_is_received(encoding: str, compression: str, tmp_path: Path) -> None:
    """Every encoding that the SDK for JavaScript has, with all that its spans say."""
    node = need_node()
    with receiving(tmp_path) as running:
        url = f"http://{running.grpc}" if encoding == "grpc" else f"http://{running.http}/v1/traces"
        done = subprocess.run(
            [node, os.fspath(NODE / "export.js"), encoding, url, compression],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    found = only_trace(tmp_path)
    assert found.trace_id == done.stdout.strip()
    # Siblings that start in the same millisecond come in the order of their random ids.
    root, query, charge = (
        next(each for each in found if each.name == name) for name in ("GET /node", "SELECT", "charge")
    )
    assert (root.name, root.kind, root.service) == ("GET /node", SpanKind.SERVER, "node-service")
    assert root.attributes["http.response.status_code"] == 200
    assert query.parent_id == charge.parent_id == root.span_id
    assert query.attributes["rows"] == (1, 2)
    assert query.attributes["ratio"] == 0.5
    assert query.events[0].name == "fetched"
    assert charge.status is StatusCode.ERROR
    assert charge.status_message == "declined"
    assert charge.links[0].span_id == query.span_id


PYTHON_EXPORT = """
import sys
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
protocol, endpoint, compression = sys.argv[1:]
if protocol == "grpc":
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    chosen = Compression.Gzip if compression == "gzip" else Compression.NoCompression
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=True, compression=chosen)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    exporter = OTLPSpanExporter(endpoint=endpoint, compression=Compression(compression))
provider = TracerProvider(resource=Resource({"service.name": "python-service"}))
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("test")
with tracer.start_as_current_span("outer") as outer:
    with tracer.start_as_current_span("inner", attributes={"n": 1}):
        pass
provider.shutdown()
print(format(outer.get_span_context().trace_id, "032x"))
"""


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_python_service_is_received(protocol: str, compression: str, tmp_path: Path) -> None:
    """The SDK for Python over both protocols."""
    with receiving(tmp_path) as running:
        endpoint = f"http://{running.grpc}" if protocol == "grpc" else f"http://{running.http}/v1/traces"
        done = subprocess.run(
            [sys.executable, "-c", PYTHON_EXPORT, protocol, endpoint, compression],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    found = only_trace(tmp_path)
    assert found.trace_id == done.stdout.strip()
    assert [each.name for each in found] == ["outer", "inner"]
    assert found.spans[1].attributes["n"] == 1

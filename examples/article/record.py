"""Record the traces of `traces/`: the shop on PostgreSQL, as OTLP JSON.

They let the article's definitions run where there is no PostgreSQL. To record them again:

    SHOP_DATABASE_URL=postgresql://user@127.0.0.1:5432/postgres python examples/article/record.py
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HERE = Path(__file__).resolve().parent
SHOP = HERE.parent / "shop" / "__main__.py"
REQUESTS = {
    "stock": ("GET", "/stock/tea-01", ""),
    "checkout": ("POST", "/checkout", ""),
    "checkout-duplicate-shipping": ("POST", "/checkout", "duplicate-shipping"),
}
"""File to method, path and fault. The trace ids are made from the place in this list, so that a new recording differs little."""

RESOURCE = "host.name=shop-host"
QUIET_S = 1
START_S = 60


def main() -> int:
    """Start the shop, send each request, and write what came of it."""
    if "postgresql" not in os.environ.get("SHOP_DATABASE_URL", ""):
        print(
            "set SHOP_DATABASE_URL to a PostgreSQL database, for example postgresql://postgres@127.0.0.1:5432/postgres"
        )
        return 2
    arrived: list[Any] = []
    with _receiver(arrived) as otlp, _shop(otlp) as gateway:
        for number, (name, (method, path, fault)) in enumerate(REQUESTS.items(), 1):
            _send(gateway, number, method, path, fault)
            _wait_until_quiet(arrived)
            target = HERE / "traces" / f"{name}.json"
            target.write_text(json.dumps(_merged(arrived), indent=1, ensure_ascii=False) + "\n")
            print(f"{target.name}: {sum(1 for _ in _spans(_merged(arrived)))} spans")
            arrived.clear()
    return 0


@contextmanager
def _receiver(arrived: list[Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
            arrived.append(MessageToDict(request, use_integers_for_enums=True))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def _shop(otlp: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, str(SHOP), "--port", "0", "--otlp", otlp, "--ready-file", str(ready)]
        runner = subprocess.Popen(command, env={**os.environ, "OTEL_RESOURCE_ATTRIBUTES": RESOURCE})
        deadline = time.monotonic() + START_S
        while not ready.exists():
            if runner.poll() is not None or time.monotonic() > deadline:
                sys.exit("the shop did not start")
            time.sleep(0.05)
        yield json.loads(ready.read_text())["gateway"]
        runner.send_signal(signal.SIGTERM)
        runner.wait()


def _send(gateway: str, number: int, method: str, path: str, fault: str) -> None:
    context = f"00-{number:032x}-{number:016x}-01"
    headers = {"traceparent": context, "tracestate": "spanspec=1", "baggage": f"shop.fault={fault or 'none'}"}
    body = b'{"order": "article"}' if method == "POST" else None
    urllib.request.urlopen(urllib.request.Request(gateway + path, body, headers, method=method)).close()


def _wait_until_quiet(arrived: list[Any]) -> None:
    count = -1
    while count != len(arrived) or not arrived:
        count = len(arrived)
        time.sleep(QUIET_S)


def _merged(requests: list[Any]) -> dict[str, Any]:
    """Join the batches: one resource per service, one scope per library, ids in hex as OTLP JSON wants them."""
    resources: dict[str, Any] = {}
    scopes: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for resource_spans in (each for request in requests for each in request["resourceSpans"]):
        key = json.dumps(resource_spans["resource"])
        resources[key] = resource_spans["resource"]
        for scope_spans in resource_spans["scopeSpans"]:
            scopes[key][json.dumps(scope_spans["scope"])] += scope_spans["spans"]
    return {
        "resourceSpans": [
            {"resource": resources[key], "scopeSpans": _scope_spans(found)} for key, found in scopes.items()
        ]
    }


def _scope_spans(scopes: dict[str, list[Any]]) -> list[Any]:
    return [
        {"scope": json.loads(scope), "spans": [_with_hex_ids(span) for span in spans]}
        for scope, spans in scopes.items()
    ]


def _with_hex_ids(item: dict[str, Any]) -> dict[str, Any]:
    ids: dict[str, Any] = {key: _hex(item[key]) for key in ("traceId", "spanId", "parentSpanId") if key in item}
    links = {"links": [_with_hex_ids(link) for link in item["links"]]} if "links" in item else {}
    return {**item, **ids, **links}


def _hex(base64_text: str) -> str:
    return b64decode(base64_text).hex()


def _spans(document: dict[str, Any]) -> Iterator[Any]:
    return (span for each in document["resourceSpans"] for scope in each["scopeSpans"] for span in scope["spans"])


if __name__ == "__main__":
    sys.exit(main())

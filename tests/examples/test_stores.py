"""The examples of stores run: against the real store where it can be had, else against a server that answers like it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span
from spanspec.testing import span
from tests.stores import fakes

EXAMPLES = Path(__file__).parents[2] / "examples" / "stores"
FAKES: dict[str, tuple[str, fakes.Api]] = {
    "jaeger": ("JAEGER_URL", fakes.jaeger),
    "tempo": ("TEMPO_URL", fakes.tempo),
    "zipkin": ("ZIPKIN_URL", fakes.zipkin),
    "opensearch": ("OPENSEARCH_URL", fakes.search(fakes.ss4o)),
    "elasticapm": ("ELASTICSEARCH_URL", fakes.search(fakes.apm)),
}


def of_checkout(trace_id: str, parent: str, *, paid: int = 1) -> list[Span]:
    """What the system does for an order."""
    attributes: dict[str, Any] = {"http.route": "/checkout", "items": 2}
    mine = TraceId(trace_id)
    root = replace(
        span("POST /checkout", trace_id=mine, service="order-service", kind="server", **attributes),
        parent_id=SpanId(parent),
    )
    pays = [span("pay", parent=root, trace_id=mine, service="order-service", kind="client") for _ in range(paid)]
    return [root, *(replace(each, attributes={"db.system": "x"}) for each in pays)]


@contextmanager
def system(deliver: Callable[[list[Span]], None], *, paid: int = 1) -> Iterator[str]:
    """A system that hands its spans over before it answers; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            _, trace, parent, _ = self.headers["traceparent"].split("-")
            deliver(of_checkout(trace, parent, paid=paid))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ran(name: str, endpoint: str, environment: dict[str, str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the result as JSON, and what was told besides."""
    command = [
        sys.executable,
        "-m",
        "spanspec",
        "run",
        str(EXAMPLES / name),
        "--endpoint",
        endpoint,
        "-o",
        "json",
        *arguments,
    ]
    secret = {"ELASTICSEARCH_PASSWORD": "never-shown"}
    done = subprocess.run(
        command, env={**os.environ, **secret, **environment}, capture_output=True, text=True, timeout=90
    )
    assert "never-shown" not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}, done.stderr


@pytest.mark.parametrize("name", FAKES)
def test_an_example_passes_and_fails_as_it_should(name: str) -> None:
    """A healthy system passes, one that pays twice fails; no receiver is opened."""
    variable, api = FAKES[name]
    for paid, code in ((1, 0), (2, 1)):
        with fakes.http(api) as held, system(held.spans.extend, paid=paid) as endpoint:
            got, run, told = ran(name, endpoint, {variable: held.url})
        assert got == code, told + json.dumps(run)[:3000]
        (case,) = run["cases"]
        assert len(case["trace"]["resourceSpans"]) >= 1 if "resourceSpans" in case["trace"] else case["trace"]
        assert "4318" not in told


@pytest.mark.parametrize("name", FAKES)
def test_a_store_that_is_not_there_fails_at_once(name: str) -> None:
    """Exit code 3, with the address and the fix, long before the deadline of 30 s."""
    variable, api = FAKES[name]
    with fakes.http(api) as held:
        url = held.url
    with system(lambda spans: None) as endpoint:
        code, run, _ = ran(name, endpoint, {variable: url})
    (case,) = run["cases"]
    assert (code, case["outcome"]) == (3, "errored")
    assert url in case["error"]["message"]
    assert "refused" in case["error"]["message"]
    assert case["error"]["help"]


def test_a_trace_of_the_store_is_judged_by_its_id() -> None:
    """Nothing is fired."""
    trace = "ab" * 16
    with fakes.http(fakes.jaeger) as held:
        held.spans = of_checkout(trace, "1" * 16)
        code, run, told = ran(
            "jaeger", "http://127.0.0.1:1", {"JAEGER_URL": held.url}, "--trace", trace, "--store", "jaeger"
        )
        assert run["cases"][0]["settlement"]["how"] == "stored", told
        outcomes = [check["outcome"] for check in run["cases"][0]["checks"]]
        assert (code, outcomes[1:]) == (1, ["passed", "passed"])


def test_an_unknown_store_is_told_with_those_that_there_are() -> None:
    """Exit code 2."""
    code, _, told = ran("jaeger", "http://127.0.0.1:1", {"JAEGER_URL": "http://127.0.0.1:1"}, "--store", "jager")
    assert code == 2
    assert 'no store "jager"' in told


def test_the_way_to_a_store_is_tested_step_by_step() -> None:
    """A line a step; the first that fails ends it with the fix, and nothing secret is shown."""

    def tested(url: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "spanspec", "store", "test", "elasticapm"]
        environment = {**os.environ, "ELASTICSEARCH_URL": url, "ELASTICSEARCH_PASSWORD": "never-shown"}
        done = subprocess.run(
            command, env=environment, cwd=EXAMPLES / "elasticapm", capture_output=True, text=True, timeout=60
        )
        assert "never-shown" not in done.stdout + done.stderr
        return done.returncode, done.stdout

    with fakes.http(fakes.search(fakes.apm)) as held:
        code, lines = tested(held.url)
        assert code == 0
        assert [line.split()[:2] for line in lines.splitlines()] == [
            ["ok", "port"], ["ok", "answer"], ["ok", "authentication"], ["ok", "query"],
        ]  # fmt: skip
        held.wrong = fakes.replies(401, b"who are you")
        code, lines = tested(held.url)
        assert code == 3
        assert "FAIL  authentication" in lines
        assert "username and password: they are sent and not taken" in lines
        url = held.url
    code, lines = tested(url)
    assert (code, lines.split()[:2]) == (3, ["FAIL", "port"])

"""The examples of the triggers, run as they are against a service that continues the trace that reaches it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import graphql
import pytest

import spanspec
from tests.cli.service import export, otlp_span
from tests.docs.pages import ROOT
from tests.triggers.echo import Echo, Sent, echo, free_port
from tests.triggers.graphql_server import SDL, Root

EXAMPLES = ROOT / "examples" / "triggers"
CALLS = ("http", "graphql", "command", "python")
NAMES_A_TRACE = ("traceid", "cypress", "playwright", "artillery", "k6")
TRACE = "ab" * 16


@contextmanager
def orders(otlp: str) -> Iterator[Echo]:
    """A service that takes orders by REST and GraphQL, and exports a server span for each request with a context."""
    schema = graphql.build_schema(SDL)

    def answer(sent: Sent) -> tuple[int, bytes]:
        context = sent.all("traceparent")
        if context:
            _, trace_id, parent, _ = context[0].split("-")
            export(otlp, [otlp_span(trace_id, 1, parent, f"{sent.method} {sent.path}")], "orders")
        if sent.path == "/graphql":
            asked = json.loads(sent.body)
            done = graphql.graphql_sync(schema, asked["query"], Root(), variable_values=asked.get("variables"))
            return 200, json.dumps(done.formatted).encode()
        return (201, sent.body) if sent.method == "POST" else (200, b"[]")

    with echo(answer=answer, headers=[("content-type", "application/json")]) as server:
        yield server


@contextmanager
def sent_when_it_listens(otlp: str) -> Iterator[None]:
    """A trace that another tool has started: its one span is sent as soon as the receiver is there."""
    over = threading.Event()

    def send() -> None:
        while not over.wait(0.02):
            try:
                export(otlp, [otlp_span(TRACE, 1, "", "GET /cart")], "orders")
            except OSError:  # it does not listen yet
                continue
            return

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


def files(*kinds: str) -> list[Path]:
    """The definitions of these triggers."""
    return [path for kind in kinds for path in sorted((EXAMPLES / kind).glob("*.yaml"))]


def run(path: Path, port: int, endpoint: str = "", **variables: str) -> None:
    """Run a definition; it must pass."""
    found = spanspec.run(path, endpoint=endpoint, variables=variables, receiver=[f"127.0.0.1:{port}"])
    (case,) = found.cases
    assert case.outcome == "passed", case


@pytest.mark.parametrize("path", files(*CALLS), ids=lambda path: path.parent.name)
def test_an_example_passes_against_its_peer(path: Path) -> None:
    """What the reference page shows is true."""
    port = free_port()
    with orders(f"http://127.0.0.1:{port}") as server:
        run(
            path,
            port,
            server.url,
            ORDERS_TOKEN="s3cret-token",
            **({"ENDPOINT": server.url} if path.parent.name == "python" else {}),
        )


@pytest.mark.parametrize("path", files(*NAMES_A_TRACE), ids=lambda path: path.parent.name)
def test_a_trace_that_another_tool_has_started_is_judged(path: Path) -> None:
    """By the id that it is told in `TRACE_ID`, which is not the one that would have been injected."""
    port = free_port()
    with sent_when_it_listens(f"http://127.0.0.1:{port}"):
        run(path, port, TRACE_ID=TRACE)


@pytest.mark.parametrize("path", files("traceid"), ids=lambda path: path.parent.name)
def test_an_id_that_is_none_stops_the_test_before_it_waits(path: Path) -> None:
    """The reference would wait for another trace."""
    found = spanspec.run(path, variables={"TRACE_ID": "0x12"}, receiver=[f"127.0.0.1:{free_port()}"])
    (case,) = found.cases
    assert case.outcome == "errored"
    assert case.error is not None
    assert 'this is no trace id: "0x12"' in case.error.message


def test_a_program_that_tells_its_own_trace_id_has_that_trace_judged(tmp_path: Path) -> None:
    """The trace that was injected stays empty, and nobody waits for it."""
    path = tmp_path / "own.yaml"
    path.write_text(
        f"trigger: {{ command: {{ run: echo trace_id={TRACE} }} }}\n"
        'expect:\n  - exactly 1 span[name = "GET /cart"]\n  - response:exit_code = 0\n'
        "settle: { export_delay: 100ms }\n"
    )
    port = free_port()
    with sent_when_it_listens(f"http://127.0.0.1:{port}"):
        run(path, port)

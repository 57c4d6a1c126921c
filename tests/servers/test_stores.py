"""Real stores: what the OpenTelemetry Collector sends them comes back, and the examples run against them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from spanspec.api import Silent, execute
from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Event, Link, Scope, Span, StatusCode
from spanspec.otlp.encode import encode_json
from spanspec.stores import elasticapm, opensearch, zipkin
from spanspec.stores.file import read
from spanspec.testing import span
from tests.contracts.test_remote_stores import fetch
from tests.examples.test_stores import ran, system
from tests.servers import stores as servers
from tests.stores import fakes

START = 1_700_000_000_123_456_789
MINE, OTHER = TraceId("0af7651916cd43dd8448eb211c80319c"), TraceId("2" * 32)
MANY = 5_000


def tree(count: int = 20) -> list[Span]:
    """A trace with events, links, a scope, typed attributes and times to the nanosecond."""
    event = Event(name="retry", time_ns=START + 7_000, attributes=MappingProxyType({"attempt": 2, "why": "a|b"}))
    link = Link(trace_id=OTHER, span_id=SpanId("ab" * 8), attributes=MappingProxyType({"n": 1}))
    root = replace(
        span("GET /cart", trace_id=MINE, service="web", kind="server", n=7, ok=True, ratio=0.5, http__route="/cart"),
        start_ns=START,
        end_ns=START + 5_000_003,
        events=(event,),
        links=(link,),
        status=StatusCode.ERROR,
        status_message="no stock",
        trace_state="k=v",
        scope=Scope(name="lib", version="1"),
    )
    below = [span(f"Step {n}", parent=root, trace_id=MINE, service="db", kind="client", n=n) for n in range(count - 2)]
    return [root, *below, span("inner", parent=root, trace_id=MINE, service="web")]


def sent(otlp: str, spans: list[Span]) -> None:
    """Give spans to the Collector."""
    for start in range(0, len(spans), 1000):
        servers.answer(f"{otlp}/v1/traces", encode_json(spans[start : start + 1000]))


def until(count: int, look: Callable[[], Any]) -> Any:
    """Look until there are so many spans."""
    for _ in range(200):
        found = look()
        if len(found.spans) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{len(found.spans)} of {count} spans came")


@pytest.fixture(scope="module")
def zipkin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Zipkin and a Collector in front of it."""
    folder = tmp_path_factory.mktemp("zipkin")
    with servers.zipkin(folder) as url:
        exporters = {"zipkin": {"endpoint": f"{url}/api/v2/spans"}}
        with servers.collector({"exporters": exporters}, folder / "collector") as otlp:
            yield url, otlp


@pytest.mark.server("zipkin")
@pytest.mark.timeout(180)
def test_zipkin_gives_what_the_collector_sent(zipkin_server: tuple[str, str]) -> None:
    """Everything but what is documented as lost: attributes' types, nanoseconds, the case of names."""
    url, otlp = zipkin_server
    spans = tree()
    sent(otlp, spans)
    found = until(len(spans), lambda: fetch(zipkin.Store(url=url), MINE))
    ours = {each.span.span_id: each.span for each in found.spans}
    assert set(ours) == {each.span_id for each in spans}
    root, mine = spans[0], ours[spans[0].span_id]
    assert (mine.name, mine.kind, mine.service, mine.parent_id) == ("get /cart", root.kind, "web", None)
    assert (abs(mine.start_ns - root.start_ns), abs(mine.end_ns - root.end_ns)) <= (1000, 1000)
    assert (mine.status, mine.status_message, mine.trace_state) == (StatusCode.ERROR, "no stock", "k=v")
    assert (mine.scope.name, mine.scope.version) == ("lib", "1")
    assert dict(mine.attributes) == {"n": "7", "ok": "true", "ratio": "0.5", "http.route": "/cart"}
    assert [(each.name, dict(each.attributes)) for each in mine.events] == [("retry", {"attempt": 2, "why": "a|b"})]
    assert [(each.trace_id, each.span_id, dict(each.attributes)) for each in mine.links] == [
        (OTHER, "ab" * 8, {"n": 1})
    ]
    for each in spans[1:]:
        assert (ours[each.span_id].kind, ours[each.span_id].parent_id) == (each.kind, root.span_id)
    assert "lower case" in found.note
    assert fetch(zipkin.Store(url=url), TraceId("9" * 32)).spans == ()


@pytest.mark.server("zipkin")
@pytest.mark.timeout(180)
def test_zipkin_gives_all_spans_of_a_large_trace(zipkin_server: tuple[str, str]) -> None:
    """Thousands of spans."""
    url, otlp = zipkin_server
    mine = TraceId("77" * 16)
    spans = [replace(each, trace_id=mine) for each in tree(MANY)]
    sent(otlp, spans)
    found = until(MANY, lambda: fetch(zipkin.Store(url=url), mine))
    assert len({each.span.span_id for each in found.spans}) == MANY


@pytest.mark.server("zipkin")
@pytest.mark.timeout(180)
def test_the_example_runs_against_zipkin(zipkin_server: tuple[str, str]) -> None:
    """Passes on a system that pays once, fails on one that pays twice."""
    url, otlp = zipkin_server
    for paid, code in ((1, 0), (2, 1)):
        with system(lambda spans: sent(otlp, spans), paid=paid) as endpoint:
            got, run, told = ran("zipkin", endpoint, {"ZIPKIN_URL": url})
        assert got == code, told + json.dumps(run)[:2000]
        assert run["cases"][0]["link"].startswith(f"{url}/zipkin/traces/")
        assert any("lower case" in note for note in run["cases"][0]["settlement"]["notes"])


def indexed(url: str, index: str, documents: list[dict[str, Any]]) -> None:
    """Store documents, and make them visible."""
    for start in range(0, len(documents), 1000):
        lines = [
            json.dumps(each) for document in documents[start : start + 1000] for each in ({"create": {}}, document)
        ]
        answer = json.loads(servers.answer(f"{url}/{index}/_bulk?refresh=true", ("\n".join(lines) + "\n").encode()))
        assert not answer["errors"], json.dumps(answer)[:1000]


@pytest.mark.server("opensearch")
@pytest.mark.timeout(240)
def test_opensearch_gives_what_is_stored() -> None:
    """Nothing while there is no index; then all of many spans, scrolled through, equal to what went in; and the example."""
    with servers.search_engine("opensearch") as url:
        store = opensearch.Store(addresses=[url])
        assert fetch(store, MINE).spans == ()
        spans = [replace(each, trace_state="", scope=Scope()) for each in tree(MANY)]
        indexed(url, "ss4o_traces-default-namespace", [fakes.ss4o(each) for each in spans])
        found = fetch(store, MINE)
        assert {each.span.span_id: each.span for each in found.spans} == {each.span_id: each for each in spans}
        deliver = lambda spans: indexed(url, "ss4o_traces-default-namespace", [fakes.ss4o(each) for each in spans])  # noqa: E731
        for paid, code in ((1, 0), (2, 1)):
            with system(deliver, paid=paid) as endpoint:
                got, run, told = ran("opensearch", endpoint, {"OPENSEARCH_URL": url})
            assert got == code, told + json.dumps(run)[:2000]


@pytest.mark.server("elasticsearch")
@pytest.mark.timeout(240)
def test_elasticsearch_gives_the_documents_of_apm() -> None:
    """All of many spans, and the example."""
    with servers.search_engine("elasticsearch") as url:
        store = elasticapm.Store(addresses=[url])
        assert fetch(store, MINE).spans == ()
        spans = tree(MANY)
        indexed(url, "apm-7.17.28-span", [fakes.apm(each) for each in spans])
        found = fetch(store, MINE)
        ours = {each.span.span_id: each.span for each in found.spans}
        assert set(ours) == {each.span_id for each in spans}
        assert {each.span_id: each.kind for each in spans} == {key: each.kind for key, each in ours.items()}
        deliver = lambda spans: indexed(url, "apm-7.17.28-span", [fakes.apm(each) for each in spans])  # noqa: E731
        with system(deliver) as endpoint:
            got, run, told = ran("elasticapm", endpoint, {"ELASTICSEARCH_URL": url})
        assert got == 0, told + json.dumps(run)[:2000]


@pytest.mark.server("collector")
@pytest.mark.parametrize(
    "keys", [{"format": "json"}, {"format": "proto"}, {"format": "json", "compression": "zstd"}], ids=str
)
def test_files_of_the_collector_are_read(keys: dict[str, str], tmp_path: Path) -> None:
    """Its file exporter's JSON, protobuf and packed form give the spans as they were sent."""
    path = tmp_path / "out" / "traces.bin"
    path.parent.mkdir()
    with servers.collector({"exporters": {"file": {"path": str(path), **keys}}}, tmp_path / "collector") as otlp:
        spans = tree()
        sent(otlp, spans)
    content = read(path)
    assert {each.span_id: each for each in content.spans} == {each.span_id: each for each in spans}
    assert content.problems == ()


@pytest.mark.server("collector")
def test_a_collector_stands_in_front_of_the_receiver(tmp_path: Path) -> None:
    """Spans go through its batches and come to the run's receiver; an exporter's delay is declared."""
    receiver = servers.free_port()
    exporters = {"otlp_http": {"endpoint": f"http://127.0.0.1:{receiver}", "retry_on_failure": {"enabled": True}}}
    config = {"exporters": exporters, "processors": {"batch": {"timeout": "100ms"}}}
    (tmp_path / "spanspec.yaml").write_text(
        f"settle: {{ export_delay: 200ms }}\nreceiver: {{ http: 127.0.0.1:{receiver} }}\n"
    )
    example = Path(__file__).parents[2] / "examples" / "stores" / "jaeger" / "checkout.yaml"
    (tmp_path / "checkout.yaml").write_text(example.read_text())
    with servers.collector(config, tmp_path / "collector") as otlp, system(lambda spans: sent(otlp, spans)) as endpoint:
        loaded = load([str(tmp_path)], Options(endpoint=endpoint), cwd=tmp_path, environment={})
        assert not loaded.diagnostics
        run = asyncio.run(execute(loaded, listener=Silent()))
    (case,) = run.cases
    assert case.outcome == "passed", case

"""The Collector's configurations: each is valid to the real Collector, and those on sampling keep what they say."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from spanspec import recipes
from spanspec.model.ids import TraceId
from spanspec.model.span import Span
from spanspec.otlp.encode import encode_json
from spanspec.receiver.serve import Receiver
from spanspec.stores.memory import Store
from spanspec.testing import span
from tests.servers import stores as servers
from tests.servers.needed import need

OURS, THEIRS = TraceId("1" * 32), TraceId("2" * 32)
NOT_BUILT = {"datadog"}
"""Recipes with an exporter of the contrib distribution that the tests' Collector is not built with."""
VALUES = {
    "JAEGER_ENDPOINT": "http://j:4318", "TEMPO_ENDPOINT": "http://t:4318", "TRACE_FILE": "traces.json",
    "ZIPKIN_ENDPOINT": "http://z:9411/api/v2/spans", "DATA_PREPPER_ENDPOINT": "d:21890",
    "DYNATRACE_URL": "https://a", "APM_ENDPOINT": "http://a:8200",
}  # fmt: skip


def environment(name: str, **more: str) -> dict[str, str]:
    """What a recipe asks to be set, with something in each."""
    asked = re.findall(r"\$\{env:(\w+)\}", recipes.text(name))
    values = {each: VALUES.get(each, "https://x:1" if each.endswith("ENDPOINT") else "k") for each in asked}
    return {**os.environ, **values, **more}


@pytest.mark.server("collector")
@pytest.mark.parametrize("name", sorted(set(recipes.names()) - NOT_BUILT))
def test_the_collector_takes_a_recipe(name: str, tmp_path: Path) -> None:
    """As it is printed, with what its first lines ask for set."""
    need(servers.COLLECTOR.is_file(), "The OpenTelemetry Collector")
    path = tmp_path / "collector.yaml"
    path.write_text(recipes.text(name))
    done = subprocess.run(
        [str(servers.COLLECTOR), "validate", "--config", str(path)],
        env=environment(name), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_says_what_to_set_and_reaches_spanspec(name: str) -> None:
    """Every variable that it uses stands in its first lines; every pipeline's parts are there."""
    text = recipes.text(name)
    head = text[: text.index("\nreceivers:")]
    for asked in set(re.findall(r"\$\{env:(\w+)\}", text)):
        assert f"#   {asked} " in head
    document = yaml.safe_load(text)
    pipelines = document["service"]["pipelines"]
    assert any("otlp_http/spanspec" in each["exporters"] for each in pipelines.values())
    for each in pipelines.values():
        for part in ("receivers", "processors", "exporters"):
            assert set(each[part]) <= set(document[part])
    assert recipes.title(name).endswith(".")


class Behind:
    """A receiver in a thread of its own, and what it got."""

    def __enter__(self) -> Behind:
        self.store = Store()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(20)
        return self

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.store.expect(OURS)
        self.store.expect(THEIRS)
        async with Receiver(self.store, http=("127.0.0.1", 0), grpc=None) as receiver:
            self.endpoint = receiver.endpoint or ""
            self._ready.set()
            await self._stop.wait()

    def spans(self, trace_id: TraceId) -> int:
        """How many spans came of a trace."""
        found = asyncio.run_coroutine_threadsafe(self.store.fetch(trace_id), self._loop).result(20)
        return len(found.spans)

    def wait_for(self, trace_id: TraceId) -> None:
        """Return when spans of a trace have come."""
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(self.store.changed(trace_id), 30), self._loop).result(40)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)


@contextmanager
def collector(name: str, folder: Path, ours: Behind, backend: Behind) -> Iterator[str]:
    """The Collector with a recipe, on free ports; its OTLP/HTTP address."""
    need(servers.COLLECTOR.is_file(), "The OpenTelemetry Collector")
    http, health = servers.free_port(), servers.free_port()
    document = yaml.safe_load(recipes.text(name))
    document["receivers"]["otlp"]["protocols"] = {"http": {"endpoint": f"127.0.0.1:{http}"}}
    document["extensions"] = {"health_check": {"endpoint": f"127.0.0.1:{health}"}}
    document["service"] |= {"extensions": ["health_check"], "telemetry": {"metrics": {"level": "none"}}}
    for processor, settings in document["processors"].items():
        if "percentage" in str(settings):  # certain, so that the test does not depend on chance
            document["processors"][processor] = yaml.safe_load(
                re.sub(r"sampling_percentage': \d+", "sampling_percentage': 0", str(settings))
            )
    text = yaml.safe_dump(document)
    for key, value in (("SPANSPEC_ENDPOINT", ours.endpoint), ("BACKEND_ENDPOINT", backend.endpoint)):
        text = text.replace(f"${{env:{key}}}", value)
    path = folder / "collector.yaml"
    path.write_text(text)
    with servers.running([str(servers.COLLECTOR), "--config", str(path)], f"http://127.0.0.1:{health}/", folder):
        yield f"http://127.0.0.1:{http}"


def of(trace_id: TraceId, state: str) -> list[Span]:
    """A trace of three spans in two services; a service passes the trace state on to its spans."""
    root = replace(span("GET /", trace_id=trace_id, service="web", kind="server"), trace_state=state)
    call = replace(span("call", trace_id=trace_id, service="web", kind="client", parent=root), trace_state=state)
    below = replace(span("work", trace_id=trace_id, service="stock", kind="server", parent=call), trace_state=state)
    return [root, call, below]


@pytest.mark.server("collector")
@pytest.mark.parametrize("name", ["tail-sampling", "second-pipeline", "head-sampling"])
def test_test_traces_come_through_where_the_rest_is_sampled_away(name: str, tmp_path: Path) -> None:
    """All spans of the trace with our entry reach spanspec; the other is dropped where the recipe says so."""
    with Behind() as ours, Behind() as backend, collector(name, tmp_path, ours, backend) as otlp:
        servers.answer(f"{otlp}/v1/traces", encode_json(of(THEIRS, "vendor=x")))
        servers.answer(f"{otlp}/v1/traces", encode_json(of(OURS, "spanspec=1,tracetest=true")))
        ours.wait_for(OURS)
        assert ours.spans(OURS) == 3
        if name != "head-sampling":  # there the pipeline of tests takes everything
            assert ours.spans(THEIRS) == 0
        assert backend.spans(THEIRS) == 0

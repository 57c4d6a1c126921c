"""What every trace store holds to, whichever it is."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from spanspec.model.context import TimeWindow
from spanspec.model.ids import TraceId
from spanspec.otlp.encode import encode_json
from spanspec.otlp.exchange import Encoding, Payload
from spanspec.stores.file import Store as FileStore
from spanspec.stores.memory import Store as MemoryStore
from spanspec.testing import span

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spanspec.model.span import Span
    from spanspec.stores.base import Fetched, TraceStore

    Filled = Callable[[list[Span]], TraceStore]

MINE, OTHER, ABSENT = (TraceId(digit * 32) for digit in "123")
WINDOW = TimeWindow(start_ns=0, end_ns=(1 << 63) - 1)


def in_memory(awaited: bool) -> Callable[[Path], Filled]:
    """A buffer that was sent the spans, awaited before or not."""

    def build(_: Path) -> Filled:
        def fill(spans: list[Span]) -> TraceStore:
            store = MemoryStore()
            if awaited:
                store.expect(MINE)
            store.add(Payload(signal="traces", encoding=Encoding.JSON, body=encode_json(spans)))
            return store

        return fill

    return build


def in_file(folder: Path) -> Filled:
    """A file with one line for each span."""

    def fill(spans: list[Span]) -> TraceStore:
        path = folder / "traces.jsonl"
        path.write_bytes(b"\n".join(encode_json([each]) for each in spans))
        return FileStore(path=str(path))

    return fill


STORES = {"memory, awaited": in_memory(True), "memory": in_memory(False), "file": in_file}


@pytest.fixture(params=STORES, ids=lambda name: name)
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Filled:
    """Makes a store of each kind that holds given spans."""
    return STORES[request.param](tmp_path)


def fetch(store: TraceStore, trace_id: TraceId) -> Fetched:
    """What a store knows."""
    return asyncio.run(store.fetch(trace_id, WINDOW))


def tree() -> list[Span]:
    """Two spans of a trace and one of another."""
    root = span("GET /", trace_id=MINE, service="web", kind="server", n=1, ok=True, ratio=0.5)
    return [root, span("SELECT", parent=root, trace_id=MINE, service="db"), span("other", trace_id=OTHER)]


def test_spans_come_back_as_they_were(filled: Filled) -> None:
    """All spans of the trace and none of another, equal to those that went in."""
    spans = tree()
    found = [each.span for each in fetch(filled(spans), MINE).spans]
    assert sorted(found, key=lambda each: each.span_id) == sorted(spans[:2], key=lambda each: each.span_id)


def test_an_unknown_trace_is_nothing_yet(filled: Filled) -> None:
    """An empty answer is no error."""
    found = fetch(filled(tree()), ABSENT)
    assert found.spans == ()
    assert not found.partial


def test_repeats_are_all_given(filled: Filled) -> None:
    """A store does not decide which of two spans with one id is right."""
    spans = tree()
    assert len(fetch(filled([*spans, *spans]), MINE).spans) == 4


def test_fetching_takes_nothing_away(filled: Filled) -> None:
    """The second answer is the first."""
    store = filled(tree())
    assert fetch(store, MINE).spans == fetch(store, MINE).spans


def test_every_span_names_an_exporter(filled: Filled) -> None:
    """An exporter's text is the same for one exporter."""
    exporters: set[Any] = {each.exporter for each in fetch(filled(tree()), MINE).spans}
    assert "" not in exporters


def test_a_link_is_a_url_or_nothing(filled: Filled) -> None:
    """Where a person sees the trace, if anywhere."""
    link = filled(tree()).link(MINE)
    assert link is None or link.startswith("http")


def test_the_spans_of_this_module_are_valid() -> None:
    """The suite would prove nothing with spans that are rejected."""
    assert len(json.loads(encode_json(tree()))["resourceSpans"]) == 3

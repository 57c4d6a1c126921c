"""From the arrival of the last needed span to the verdict, with real exports over loopback."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from spanspec.api import SystemClock, listening, new_session
from spanspec.definition.plan import ExpectPlan, Loaded, Plan, RunSettings, SettleSettings
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_statement
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.otlp.encode import encode_json
from spanspec.results.model import SourcePlace
from spanspec.runner.collect import Collector
from spanspec.runner.firing import trigger_span
from spanspec.runner.settle import Rule
from spanspec.source.text import SourceText
from spanspec.testing import span

ROUNDS = 50


def _plan() -> Plan:
    statement = parse_statement('some span[name = "last"]', Dialect.EXPECT).node
    assert statement is not None
    check = ExpectPlan(statement=statement, text="", place=SourcePlace(path="", line=1, column=1))
    return Plan(
        name="bench",
        path="bench",
        source=SourceText("bench", ""),
        checks=(check,),
        settle=SettleSettings(export_delay_s=0.1),
    )


async def _once(session, plan: Plan, spans_before: int) -> float:
    import httpx2

    ids, clock = session.ids, SystemClock()
    context = TraceContext(trace_id=ids.trace_id(), span_id=ids.span_id())
    response = TriggerResult(kind="http", start_ns=clock.now_ns(), end_ns=clock.now_ns(), status=200)
    trigger = trigger_span(context, response)
    session.store.expect(context.trace_id)
    given = Given(trace=assemble((), trigger=trigger), response=response)
    collector = Collector(
        store=session.store, clock=clock, plan=plan, rule=Rule(export_delay_ns=100_000_000), given=given,
        trigger=trigger, start_ns=clock.monotonic_ns(), report=lambda *_: None,
    )  # fmt: skip
    collecting = asyncio.ensure_future(collector.collect())
    heap = [
        replace(span(f"s{i}", parent=context.span_id), trace_id=context.trace_id, span_id=ids.span_id())
        for i in range(spans_before)
    ]
    last = replace(span("last", parent=context.span_id), trace_id=context.trace_id, span_id=ids.span_id())
    async with httpx2.AsyncClient() as client:
        url, headers = f"http://{session.receiver}/v1/traces", {"content-type": "application/json"}
        await client.post(url, content=encode_json(heap), headers=headers)
        sent = time.perf_counter()
        await client.post(url, content=encode_json([last]), headers=headers)
    await collecting
    return time.perf_counter() - sent


async def _all(spans_before: int) -> list[float]:
    settings = RunSettings(receiver_http="127.0.0.1:0", receiver_grpc="127.0.0.1:0", receiver_explicit=True)
    async with listening(new_session(Loaded(), 0), settings) as session:
        return [await _once(session, _plan(), spans_before) for _ in range(ROUNDS)]


def run() -> Iterator[str]:
    """The 95th percentile over 50 runs; the sending itself is in it."""
    for spans_before in (10, 300, 3000):
        times = sorted(asyncio.run(_all(spans_before)))
        p95 = times[int(len(times) * 0.95)]
        yield f"trace of {spans_before} spans: median {statistics.median(times) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms (goal: p95 at most 50 ms)"

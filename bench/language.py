"""The language: parsing, selecting beside a loop written by hand, fifty statements, following them span by span, growth."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.large_trace import best, spans
from spanspec.definition.plan import ExpectPlan, Plan, SettleSettings
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.language.selectors import select
from spanspec.language.statements import judge
from spanspec.language.syntax import Statement
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.model.trace import Trace
from spanspec.results.model import SourcePlace
from spanspec.runner.evaluate import evaluate
from spanspec.runner.evaluation import Evaluation
from spanspec.source.text import SourceText
from spanspec.testing import trigger_span

CONFORMANCE = Path(os.environ.get("SPANSPEC_CONFORMANCE", "../shared/conformance"))
SELECTOR = 'span[service.name = "s3"] span[name = "query" db.system = "postgresql"]'

STATEMENTS = (
    # that hold at once, or fail at once
    'some span[name = "root"]', 'at least 10 span[name = "query"]', 'some span[kind = "server"] calls span[name = "query"]',
    'some span[service.name = "s1"] followed by span[service.name = "s2"]', "count(span[]) > 100", 'no span[name = "query"]',
    'exactly 1 span[name = "request"]', "trace:span_count >= 500", 'services() contains "s4"', "busy_time(span[]) > 10ms",
    # that hold to the end, and might fail at each span
    'exactly 1 span[name = "root"]', 'at most 5 span[kind = "producer"]', 'no span[name = "ROLLBACK"]',
    'no span[service.name = "s1"] span[service.name = "s2"]', 'no span[name = "query"] > span[]', "count(span[]) < 100000",
    'exactly 100 span[name = "call"]', 'every span[name = "query"] where db.system = "postgresql"',
    'every span[kind = "client"] where duration < 10s', 'every span[name = "request"] where (no > span[name = "call"])',
    'busy_time(span[service.name = "s3"]) < 10h', 'total_time(span[name = "query"]) < 10h', "max(span[name = \"query\"]) < 1s",
    'repeats(span[name = "query"]) < 20', "repeats(span[db.system exists]) < 10", "no_n_plus_one(threshold=1000)", "no_errors()",
    'no_errors(except=span[name = "query"])', "trace:error_count = 0", "trace:duration < 10h", "trace:depth <= 10",
    "trace:service_count <= 6", 'distinct(span[], service.name) <= 6', "concurrency(span[name = \"call\"]) <= 10000",
    'services() not-contains "s9"', 'edges() not-contains "s1 -> s2"', 'sum(span[name = "request"]) < 10h',
    'no span[service.name = "s1"] calls span[service.name = "s2"]', 'every span[name = "request"] calls at most 8 span[name = "query"]',
    'every span[name = "call"] leads to exactly 1 span[name = "request"]', 'no span[name = "root"] preceded by span[]',
    # that wait for the end
    'every span[name = "request"] calls span[name = "query"]', 'avg(span[name = "query"]) < 1s', 'p95(span[name = "query"]) < 1s',
    "no_orphans()", "complete()", 'some span[name = "query"]:first', 'every span[name = "call"] where (some > span[name = "request"])',
    # joined
    'exactly 1 span[name = "root"] and no_errors()', 'no span[name = "ROLLBACK"] or some span[name = "COMMIT"]',
)  # fmt: skip


def by_hand(trace: Trace) -> list[Span]:
    """What the selector says, as one would write it for this one question."""
    found = []
    for span in trace.spans:
        if span.name != "query" or span.attributes.get("db.system") != "postgresql":
            continue
        above = trace.by_id.get(span.parent_id) if span.parent_id else None
        while above is not None:
            if above.resource.attributes.get("service.name") == "s3":
                found.append(span)
                break
            above = trace.by_id.get(above.parent_id) if above.parent_id else None
    return found


def _statement(text: str) -> Statement:
    node = parse_statement(text, Dialect.EXPECT).node
    assert node is not None, text
    return node


def run() -> Iterator[str]:
    """Ratios within one run."""
    gc.set_threshold(100_000, 20, 100)  # as the command does
    yield from _parsing()
    yield from _selecting()
    yield from _fifty()
    yield from _growth()


def _parsing() -> Iterator[str]:
    path = CONFORMANCE / "corpus_parse.json"
    if not path.exists():
        yield f"parsing: skipped, there is no {path}"
        return
    cases = json.loads(path.read_text())["cases"]
    texts = [(str(case["text"]), case.get("kind") or case.get("rule")) for case in cases]
    joined = "\n".join(text for text, _ in texts)
    took = best(lambda: [_parse(text, str(rule)) for text, rule in texts])
    bare = best(lambda: [text.split() for text, _ in texts])
    yield (
        f"parsing {len(texts)} texts, {len(joined)} characters: {took * 1000:.1f} ms, {took / len(texts) * 1e6:.0f} µs each,"
        f" {took / bare:.0f} times a split at white space"
    )


def _parse(text: str, rule: str) -> object:
    return parse_selector(text, Dialect.SPECS) if "selector" in rule else parse_statement(text, Dialect.SPECS)


def _selecting() -> Iterator[str]:
    selector = parse_selector(SELECTOR, Dialect.EXPECT).node
    assert selector is not None
    for size in (1_000, 10_000, 100_000):
        heap = spans(size)
        traces = [assemble(heap) for _ in range(4)]
        wanted = [span.span_id for span in by_hand(traces[0])]
        assert [span.span_id for span in select(selector, Given(trace=traces[0]))] == wanted
        first = min(_timed(lambda trace=trace: select(selector, Given(trace=trace))) for trace in traces[1:])
        again = best(partial(select, selector, Given(trace=traces[0])))
        hand = best(partial(by_hand, traces[0]))
        yield (
            f"{size:>7} spans, {len(wanted)} selected: {again * 1000:.2f} ms, {again / hand:.2f} times the loop by hand (goal at most 2);"
            f" {first / hand:.2f} times when the trace is new and its indexes are built"
        )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _fifty() -> Iterator[str]:
    assert len(STATEMENTS) == 50
    place = SourcePlace(path="", line=1, column=1)
    checks = tuple(ExpectPlan(statement=_statement(text), text=text, place=place) for text in STATEMENTS)
    plan = Plan(name="b", path="b", source=SourceText("b", ""), checks=checks, settle=SettleSettings())
    heap = spans(1_000)
    trigger = trigger_span()
    empty = assemble((), trace_id=heap[0].trace_id, injected=trigger.span_id, trigger=trigger)
    given = Given(trace=empty, closed=False)

    def whole() -> object:
        trace = assemble(heap, trace_id=empty.trace_id, injected=empty.injected, trigger=trigger)
        return evaluate(plan, Given(trace=trace, closed=False))

    once = best(whole)
    yield f"{len(checks)} statements over 1,000 spans: {once * 1000:.1f} ms, {once / len(checks) * 1000:.2f} ms each"
    backwards = sorted(heap, key=lambda span: span.end_ns)
    for order, name in ((heap, "parents first"), (backwards, "children first, as exporters send")):
        took = best(lambda order=order: _one_by_one(plan, given, order))
        yield f"following them as the spans come one by one, {name}: {took / once:.1f} times one evaluation (goal at most 5)"


def _one_by_one(plan: Plan, given: Given, order: list[Span]) -> Evaluation:
    evaluation = Evaluation.begin(plan, given)
    for span in order:
        evaluation, _ = evaluation.advance((span,))
    return evaluation


GROWING = (
    'some span[name = "request"] followed by span[service.name = "none"]', 'every span[name = "call"] followed by span[name = "request"]',
    'every span[name = "request"] calls at least 8 span[name = "query"]', 'every span[name = "call"] leads to exactly 1 span[name = "request"]',
    'repeats(span[name = "query"]) < 100', "no_n_plus_one(threshold=100)",
)  # fmt: skip


def _growth() -> Iterator[str]:
    took: dict[tuple[str, int], float] = {}
    for size in (10_000, 100_000):
        trace = assemble(spans(size))
        for text in GROWING:
            statement = _statement(text)
            took[text, size] = best(lambda statement=statement, trace=trace: judge(statement, Given(trace=trace)), 2)
    for text in GROWING:
        large = took[text, 100_000]
        yield f"{text}: {large * 1000:.0f} ms on 100,000 spans, {large / took[text, 10_000]:.1f} times that on 10,000 (linear is 10)"

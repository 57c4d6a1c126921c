"""How assembling and selecting grow with the trace: ten times the spans, at most twelve times the time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.language.selectors import select
from spanspec.language.statements import judge
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.model.trace import Trace
from spanspec.testing import span

SIZES = (1_000, 10_000, 100_000)
SELECTORS = (
    'span[name = "query"]',
    'span[service.name = "s3"] span[name = "query"]',
    'span[kind = "server"] > span[name = "query"]:first',
)
STATEMENTS = (
    'exactly 1 span[name = "root"]',
    'busy_time(span[service.name = "s3"]) < 10h',
    'every span[name = "query"] where db.system = "postgresql"',
    'some span[service.name = "s1"] followed by span[service.name = "s2"]',
    "no_n_plus_one(threshold=1000000)",
)


def spans(count: int) -> list[Span]:
    """A root with requests of ten spans each, five services, depth four."""
    root = span("root", kind="server", service="gateway", end=count)
    out = [root]
    while len(out) < count:
        index = len(out)
        call = span("call", kind="client", service="gateway", parent=root, start=index, end=index + 9)
        request = span("request", kind="server", service=f"s{index // 10 % 5}", parent=call, start=index, end=index + 8)
        out += [call, request]
        for each in range(8):
            attributes = {"db.system": "postgresql", "db.statement": f"SELECT {each}"}
            out.append(
                span(
                    "query",
                    kind="client",
                    parent=request,
                    start=index + each / 2,
                    end=index + each / 2 + 0.4,
                    attributes=attributes,
                )
            )
    return out[:count]


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """The least of some rounds, in seconds."""
    least = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - began)
    return least


def works(heap: list[Span], trace: Trace) -> dict[str, Callable[[], object]]:
    """What is measured."""
    given = Given(trace=trace)
    first = parse_selector(SELECTORS[0], Dialect.EXPECT).node
    assert first is not None
    found: dict[str, Callable[[], object]] = {
        "assemble": lambda: assemble(heap),
        "assemble and select": lambda: select(first, Given(trace=assemble(heap))),
    }
    for text in SELECTORS:
        selector = parse_selector(text, Dialect.EXPECT).node
        assert selector is not None
        found[text] = lambda selector=selector: select(selector, given)  # type: ignore[misc]
    for text in STATEMENTS:
        statement = parse_statement(text, Dialect.EXPECT).node
        assert statement is not None
        found[text] = lambda statement=statement: judge(statement, given)  # type: ignore[misc]
    return found


def run() -> Iterator[str]:
    """Times at each size, and the ratio to the size before."""
    gc.set_threshold(100_000, 20, 100)  # as the command does
    before: dict[str, float] = {}
    for size in SIZES:
        heap = list(reversed(spans(size)))
        trace = assemble(heap)
        for name, work in works(heap, trace).items():
            took = best(work)
            ratio = (
                f", {took / before[name]:.1f} times that of a tenth of the spans (goal at most 12)"
                if name in before
                else ""
            )
            yield f"{size:>7} spans: {name}: {took * 1000:.1f} ms{ratio}"
            before[name] = took

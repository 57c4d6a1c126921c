"""What an explanation costs beyond the verdict, and how that grows: at most 20 ms on 50,000 spans is the aim."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

from bench.large_trace import spans
from spanspec.language.dialect import Dialect
from spanspec.language.judging.judge import Judge
from spanspec.language.parser import parse_statement
from spanspec.language.picking.sampling import sample_of
from spanspec.language.syntax import Statement
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.trace import Trace

SIZES = (500, 5_000, 50_000, 200_000)
STATEMENTS = (
    'some span[name = "qery" kind = "client"]',
    'some span[service.name = "s9" db.system = "postgresql"]',
    'some span[service.name = "gateway"] > span[name = "query"]',
    'exactly 1 span[name = "query"]',
    'every span[name = "query"] where db.system = "mysql"',
    'some span[name = "query"] leads to span[kind = "consumer"]',
    'total_time(span[name = "query"]) < 1ms',
    "no_n_plus_one()",
)
PAIRS = 'some span[service.name = "s1"] inside span[service.name = "s2"]'
"""Its verdict looks at many pairs, so that it is asked of the smaller traces alone."""

_PAIRED = 5_000


def run() -> Iterator[str]:
    """For each statement: the verdict and the explanation on each size, in milliseconds."""
    traces = {size: assemble(spans(size)) for size in SIZES}
    for size, trace in traces.items():
        forest = Judge(Given(trace=trace)).picker.forest
        yield f"drawing the sample of {size:,} spans, once for a trace: {_timed(lambda forest=forest: sample_of(forest)):.1f} ms"  # type: ignore[misc]
    yield "spans                " + "".join(f"{size:>10,}" for size in SIZES)
    for text in (*STATEMENTS, PAIRS):
        parsed = parse_statement(text, Dialect.EXPECT)
        assert parsed.node is not None
        asked = [trace for size, trace in traces.items() if text != PAIRS or size <= _PAIRED]
        cells = [_both(parsed.node, trace) for trace in asked]
        yield text
        yield "  verdict        (ms)" + "".join(f"{verdict:>10.1f}" for verdict, _ in cells)
        yield "  its explanation (ms)" + "".join(f"{explanation:>9.1f} " for _, explanation in cells)
        yield f"  from {SIZES[len(cells) - 2]:,} to {SIZES[len(cells) - 1]:,} spans, {cells[-1][1] / max(cells[-2][1], 0.01):.1f} times the explanation's time"


def _both(statement: Statement, trace: Trace) -> tuple[float, float]:
    """The least of three rounds, each with a judge of its own."""
    rounds = [_round(statement, trace) for _ in range(3)]
    return min(verdict for verdict, _ in rounds), min(explanation for _, explanation in rounds)


def _round(statement: Statement, trace: Trace) -> tuple[float, float]:
    judge = Judge(Given(trace=trace))
    gc.collect()
    weighed = None

    def weigh() -> None:
        nonlocal weighed
        weighed = judge.weigh(statement)

    verdict = _timed(weigh)
    assert weighed is not None
    return verdict, _timed(weighed.explain)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000

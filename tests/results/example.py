"""A run that has something of everything, as reports are to show it."""

from __future__ import annotations

from spanspec.language.verdict import NearMiss
from spanspec.model.context import TriggerResult
from spanspec.results.explain import no_spans
from spanspec.results.model import (
    Attempt,
    CaseError,
    CaseResult,
    CheckResult,
    Gate,
    HookResult,
    LogExcerpt,
    Outcome,
    OutputResult,
    RunResult,
    Settlement,
    SourcePlace,
    SpanResult,
    SuiteResult,
    Timings,
)
from spanspec.testing import EPOCH_NS, span, trace

_checkout = span("POST /checkout", id="checkout", service="frontend", kind="server", end=412)
_call = span("POST /orders", id="call", kind="client", parent=_checkout, start=4, end=402)
_order = span("POST /orders", id="order", service="order", kind="server", parent=_call, start=6, end=399)
QUERIES = tuple(
    span("SELECT product", id=f"query {n}", kind="client", parent=_order, start=10 + n * 6, end=14 + n * 6)
    for n in range(12)
)
_pay = span("pay", id="pay", service="payment", parent=_order, start=92, end=193, status="error")
_publish = span("publish", id="publish", kind="producer", parent=_order, start=200, end=204)
SHIP = span("POST /ship", id="ship", service="shipping", kind="server", parent=_order, start=220, end=272)
SHIP_AGAIN = span("POST /ship", id="ship again", service="shipping", kind="server", parent=_order, start=290, end=338)
STOCK = span("process", id="stock", service="inventory", kind="consumer", parent=_publish, start=300, end=330)
MAIL = span("send mail", id="mail", service="mailer", kind="consumer", parent="a lost span", start=350, end=380)

TRACE = trace(_checkout, _call, _order, *QUERIES, _pay, _publish, SHIP, SHIP_AGAIN, STOCK, MAIL)


def place(line: int, excerpt: str, text: str) -> SourcePlace:
    """The place of `text` on a line of a file."""
    column = excerpt.index(text) + 1
    return SourcePlace(path="tests/checkout.yaml", line=line, column=column, length=len(text), excerpt=excerpt)


ONCE = CheckResult(
    kind="expect",
    text='exactly 1 span[service.name = "shipping"]',
    outcome=Outcome.FAILED,
    place=place(14, '  - exactly 1 span[service.name = "shipping"]', 'exactly 1 span[service.name = "shipping"]'),
    reason="2 spans of shipping match, both under POST /orders of order",
    expected="exactly 1",
    actual="2 spans",
    spans=(SHIP.span_id, SHIP_AGAIN.span_id),
    notes=("the two are alike in all attributes: a retry",),
    decided_ns=3_000_000,
)
TAKEN = CheckResult(
    kind="expect",
    name="stock is taken",
    text='some span[service.name = "inventry"]',
    outcome=Outcome.FAILED,
    place=place(16, '    that: some span[service.name = "inventry"]', 'some span[service.name = "inventry"]'),
    reason="no span matches",
    expected="at least 1",
    actual="0 spans",
    near=(
        NearMiss(
            predicate='service.name = "inventry"',
            seen=(("order", 14), ("shipping", 2)),
            spans=(STOCK.span_id,),
            suggestion='did you mean "inventory"?',
            others=1,
        ),
    ),
    lack=True,
)
FAST = CheckResult(
    kind="spec",
    name="queries are fast",
    selector='span[name = "SELECT product"]',
    text="attr:tracetest.span.duration < 3ms",
    outcome=Outcome.FAILED,
    place=place(9, "      - attr:tracetest.span.duration < 3ms", "attr:tracetest.span.duration < 3ms"),
    expected="3ms",
    span_results=tuple(
        SpanResult(span_id=each.span_id, observed="1ms" if n % 3 else "4ms", expected="3ms", passed=n % 3 != 0)
        for n, each in enumerate(QUERIES)
    ),
)
UNSURE = CheckResult(
    kind="expect",
    text="no_errors()",
    outcome=Outcome.INCONCLUSIVE,
    place=place(18, "  - no_errors()", "no_errors()"),
    reason='the trace did not settle in 30 s: a consumer of "publish" was awaited',
)
HELD = CheckResult(
    kind="expect", text='some span[kind = "consumer"]', outcome=Outcome.PASSED, actual="1 span", spans=(STOCK.span_id,)
)

CHECKOUT = CaseResult(
    name="checkout ships once",
    path="tests/checkout.yaml",
    outcome=Outcome.FAILED,
    tags=("checkout",),
    checks=(FAST, ONCE, TAKEN, UNSURE, HELD),
    outputs=(OutputResult(name="ORDER_ID", value="42", span_id=SHIP.span_id),),
    trace_id=TRACE.trace_id,
    trace=TRACE,
    response=TriggerResult(kind="http", start_ns=EPOCH_NS, end_ns=EPOCH_NS + 418_000_000, status=200),
    trigger="POST http://127.0.0.1:8080/checkout",
    settlement=Settlement(
        reason="settled: quiet for 250 ms; export lag bound 110 ms (declared)",
        notes=("mailer's exporter batches for 5 s: set OTEL_BSP_SCHEDULE_DELAY=100",),
    ),
    timings=Timings(total=523_000_000),
    late=(MAIL.span_id,),
    link="http://127.0.0.1:16686/trace/11111111111111111111111111111111",
)
CART = CaseResult(
    name="cart is emptied",
    path="tests/cart.yaml",
    outcome=Outcome.PASSED,
    checks=(HELD,),
    timings=Timings(total=310_000_000),
)
REFUND = CaseResult(
    name="refund",
    path="tests/refund.yaml",
    outcome=Outcome.ERRORED,
    trigger="POST http://127.0.0.1:8080/refund",
    error=CaseError(message="POST http://127.0.0.1:8080/refund: connection refused", help="Start the service."),
    timings=Timings(total=12_000_000),
)
SEARCH = CaseResult(
    name="search",
    path="tests/search.yaml",
    outcome=Outcome.INCONCLUSIVE,
    checks=(CheckResult(kind="expect", text="some span", outcome=Outcome.INCONCLUSIVE, reason="no span arrived"),),
    trace_id="ab" * 16,
    trigger="GET http://127.0.0.1:8080/search",
    settlement=Settlement(
        how="expired",
        reason="the deadline of 30 s passed",
        notes=(no_spans("GET http://127.0.0.1:8080/search", "ab" * 16, "127.0.0.1:4318", [("order", 14, 3)], 30),),
    ),
    timings=Timings(total=30_012_000_000),
)
SLOW = CaseResult(
    name="slow",
    path="tests/slow.yaml",
    outcome=Outcome.SKIPPED,
    settlement=Settlement(how="skipped", reason="only in CI"),
)
LOGIN = CaseResult(
    name="login", path="tests/login.yaml", outcome=Outcome.FLAKY, checks=(HELD,), timings=Timings(total=200_000_000)
)


def run(*cases: CaseResult, **more: object) -> RunResult:
    """A run of these cases."""
    fields: dict[str, object] = {"version": "1.0", "started_ns": EPOCH_NS, "duration_ns": 3_210_000_000, **more}
    return RunResult(cases=cases, **fields)  # type: ignore[arg-type]


EVERYTHING = run(
    CART,
    CHECKOUT,
    REFUND,
    SEARCH,
    SLOW,
    LOGIN,
    seed=4711,
    notes=("port 4318 is taken: set OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:40123",),
)

NASTY = (
    "<script>alert(1)</script>",
    "]]><!-- &amp; &",
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe\u2066\u200f",
    "line\nbreak\r\nand\ttab\x00\x08\x7f\x9b2J\u2028\u2029",
    "\ud800 lone \ufffe\uffff",
    "a" * 1_000_000,
    "漢字" * 200,
    "e\u0301" * 500,
    "",
)
"""Texts that break terminals, pages, XML and columns."""


_PHASES = ("setup", "teardown")


def nasty_run(text: str) -> RunResult:
    """A run in which every text is `text`."""
    spans = [
        span(text, id="top", service=text, end=9, status="error", status_message=text, attributes={text: text}),
        *(span(text, id=f"n{n}", service=text, parent="top", start=n, attributes={"k": text}) for n in range(5)),
        span(text, id="orphan", service=text, parent="nobody"),
    ]
    at = SourcePlace(path=text, line=3, column=7, length=40, excerpt=text)
    check = CheckResult(
        kind="expect",
        text=text,
        name=text,
        outcome=Outcome.FAILED,
        place=at,
        reason=text,
        expected=text,
        actual=text,
        spans=(spans[2].span_id,),
        near=(NearMiss(predicate=text, seen=((text, 3),), spans=(spans[0].span_id,), suggestion=text),),
        notes=(text,),
    )
    result = SpanResult(span_id=spans[1].span_id, observed=text, expected=text, passed=False)
    spec = CheckResult(
        kind="spec", text=text, selector=text, group=1, outcome=Outcome.FAILED, place=at, span_results=(result,)
    )
    broken = CheckResult(kind="spec", text=text, selector=text, group=2, outcome=Outcome.FAILED, error=text)
    shown = CaseResult(
        name=text,
        path=text,
        outcome=Outcome.FAILED,
        description=text,
        tags=(text,),
        checks=(check, spec, broken, CheckResult(kind="expect", text=text, outcome=Outcome.PASSED, actual=text)),
        outputs=(OutputResult(name=text, value=text), OutputResult(name=text, error=text)),
        trace_id=text,
        trace=trace(*spans),
        response=TriggerResult(kind="http", start_ns=1, end_ns=2, headers=((text, text),), body=text, request=text),
        trigger=text,
        settlement=Settlement(reason=text, notes=(text,)),
        link=text,
        warnings=(text,),
        late=(spans[-1].span_id,),
        suite=(text, text),
        row=text,
        repeat=1,
        attempts=(Attempt(outcome=Outcome.FAILED, reason=text, checks=(check,), trace_id=text),),
        hooks=tuple(HookResult(phase=phase, name=text, outcome=Outcome.FAILED, reason=text) for phase in _PHASES),
        gates=(Gate(name=text, passed=False, reason=text),),
        logs=(LogExcerpt(source=text, text=text),),
    )
    errored = CaseResult(
        name=text, path=text, outcome=Outcome.ERRORED, error=CaseError(message=text, help=text, kind=text)
    )
    skipped = CaseResult(name=text, path=text, outcome=Outcome.SKIPPED, settlement=Settlement(how=text, reason=text))
    suite = SuiteResult(name=text, path=text, outcome=Outcome.FAILED, cases=(0,), id=text, description=text)
    return run(shown, errored, skipped, notes=(text,), version=text, suites=(suite,))

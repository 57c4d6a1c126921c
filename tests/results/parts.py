"""A run with suites, rows, repeats, retries, hooks, gates and logs, as reports are to show it."""

from __future__ import annotations

from dataclasses import replace

from spanspec.results.model import (
    Attempt,
    CaseError,
    CaseResult,
    CheckResult,
    Gate,
    HookResult,
    LogExcerpt,
    Outcome,
    SuiteResult,
    Timings,
)
from spanspec.testing import TraceId
from tests.results.example import HELD, run

BUSY = CheckResult(kind="expect", text="response:status = 200", outcome=Outcome.FAILED, reason="it is 503, not 200")
ANSWERED = replace(BUSY, outcome=Outcome.PASSED, reason="", actual="200")
_TIME = Timings(total=20_000_000)

CART = CaseResult(
    name="cart", path="cart.yaml", outcome=Outcome.PASSED, checks=(HELD,), suite=("night",), timings=_TIME
)
BUY = CaseResult(
    name="buy", path="night.yaml", outcome=Outcome.FAILED, suite=("night", "orders"), row="country=FR", repeat=1,
    checks=(HELD, BUSY), timings=_TIME, trigger="POST http://shop.test/buy",
    attempts=(
        Attempt(outcome=Outcome.FAILED, reason=BUSY.reason, checks=(BUSY,), trace_id=TraceId("2" * 32)),
        Attempt(outcome=Outcome.ERRORED, reason="connection refused"),
    ),
    hooks=(
        HookResult(phase="setup", name="log in", outcome=Outcome.PASSED, duration_ns=5_000_000),
        HookResult(phase="teardown", name="RUN ./clean.sh", outcome=Outcome.FAILED, reason="its exit code is 3"),
    ),
    gates=(
        Gate(name="test-specs", passed=False, reason="1 of 2 checks did not pass"),
        Gate(name="analyzer-score", passed=False, reason="the score is 60, below 80"),
    ),
    logs=(LogExcerpt(source="payment", text="\n".join(f"line {number}" for number in range(1, 13)) + "\n"),),
)  # fmt: skip
MAIL = CaseResult(
    name="mail", path="night.yaml", outcome=Outcome.SKIPPED, suite=("night",),
    warnings=('skipped: the step "orders" failed before it, and with it all that came after',),
)  # fmt: skip
LOGIN = CaseResult(
    name="login", path="login.yaml", outcome=Outcome.FLAKY, checks=(ANSWERED,), timings=_TIME,
    attempts=(Attempt(outcome=Outcome.FAILED, reason=BUSY.reason, checks=(BUSY,), trace_id=TraceId("3" * 32)),),
)  # fmt: skip
LATER = CaseResult(
    name="later", path="later.yaml", outcome=Outcome.FLAKY, checks=(ANSWERED,), timings=_TIME,
    attempts=(Attempt(outcome=Outcome.ERRORED, reason="connection refused"),),
)  # fmt: skip
UNPREPARED = CaseResult(
    name="kept", path="kept.yaml", outcome=Outcome.ERRORED, timings=_TIME,
    error=CaseError(message="set-up (fill) failed: it answered 500", kind="setup"),
    hooks=(
        HookResult(phase="setup", name="fill", outcome=Outcome.FAILED, reason="it answered 500"),
        HookResult(phase="teardown", name="RUN ./clean.sh", outcome=Outcome.PASSED),
    ),
)  # fmt: skip
UNCLEAN = CaseResult(
    name="unclean", path="unclean.yaml", outcome=Outcome.ERRORED, checks=(HELD,), timings=_TIME,
    error=CaseError(message="tear-down (RUN rm x) failed: its exit code is 1", kind="teardown"),
    hooks=(HookResult(phase="teardown", name="RUN rm x", outcome=Outcome.FAILED, reason="its exit code is 1"),),
)  # fmt: skip

PARTS = run(
    CART, BUY, MAIL, LOGIN, LATER, UNPREPARED, UNCLEAN,
    suites=(
        SuiteResult(name="night", path="night.yaml", outcome=Outcome.FAILED, cases=(0, 1, 2)),
        SuiteResult(name="orders", path="night.yaml", outcome=Outcome.FAILED, parents=("night",), cases=(1,)),
    ),
)  # fmt: skip

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from spanspec.reports.terminal import Report
from spanspec.results.columns import cells
from spanspec.results.model import CaseResult, CheckResult, Outcome, SpanResult
from tests.results.example import CART, CHECKOUT, EVERYTHING, HELD, NASTY, ONCE, nasty_run, run

FULL = """\
✔ cart is emptied  0.31s  tests/cart.yaml

✘ checkout ships once  0.52s  3 failed, 1 inconclusive of 5 checks

  ✘ queries are fast
     --> tests/checkout.yaml:9:9
      |
    9 |       - attr:tracetest.span.duration < 3ms
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    selector   span[name = "SELECT product"]
    expected   3ms
    actual     4ms × 4
    on         4 of 12 spans
               ✘ SELECT product · order  4ms  × 4

  ✘ 2 spans of shipping match, both under POST /orders of order
      --> tests/checkout.yaml:14:5
       |
    14 |   - exactly 1 span[service.name = "shipping"]
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    expected   exactly 1
    actual     2 spans
    spans      POST /ship · shipping  52ms
               POST /ship · shipping  48ms
    note       the two are alike in all attributes: a retry

  ✘ stock is taken
      --> tests/checkout.yaml:16:11
       |
    16 |     that: some span[service.name = "inventry"]
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    expected   at least 1
    actual     0 spans
    because    no span matches
    closest    no span has service.name = "inventry"
               seen: order × 14, shipping × 2
               all else holds for process · inventory
               did you mean "inventory"?

  ? the trace did not settle in 30 s: a consumer of "publish" was awaited
      --> tests/checkout.yaml:18:5
       |
    18 |   - no_errors()
       |     ^^^^^^^^^^^

    sent       POST http://127.0.0.1:8080/checkout → 200 in 418ms
    trace      11111111111111111111111111111111 · 21 spans · 6 services · 412ms

    frontend   POST /checkout (server)                     412ms ███████████████
    frontend   └ POST /orders (client)                     398ms ███████████████
    order        └ POST /orders (server)                   393ms ███████████████
  ✘ order          ├ SELECT product (client)                 4ms █
    order          ├ × 8 SELECT product (client)           Σ32ms ▐██
  ✘ order          ├ SELECT product (client)                 4ms  ▌
  ✘ order          ├ SELECT product (client)                 4ms  ▐
  ✘ order          ├ SELECT product (client)                 4ms   ▌
    payment        ├ pay error                             101ms    ████▌
    order          ├ publish (producer)                      4ms        ▌
  ► inventory      │ └ process (consumer)                   30ms           ▐█▌
  ✘ shipping       ├ POST /ship (server)                    52ms         ██
  ✘ shipping       └ POST /ship (server)                    48ms           ▐█▌
               parent ad30b4a8329f4387 was not received
    mailer     └ send mail (consumer) late                  30ms             ▐█

    ended      settled: quiet for 250 ms; export lag bound 110 ms (declared)
    note       mailer's exporter batches for 5 s: set
               OTEL_BSP_SCHEDULE_DELAY=100
    late       1 span arrived after the verdict
    open       http://127.0.0.1:16686/trace/11111111111111111111111111111111

! refund  0.01s  errored  tests/refund.yaml

    error      POST http://127.0.0.1:8080/refund: connection refused
    help       Start the service.
    sent       POST http://127.0.0.1:8080/refund

? search  30.0s  1 inconclusive of 1 check  tests/search.yaml

  ? no span arrived
    check      some span

    sent       GET http://127.0.0.1:8080/search
    trace      abababababababababababababababab
    ended      the deadline of 30 s passed
    note       no span of trace abababababababababababababababab arrived within
               30s of GET http://127.0.0.1:8080/search
               spans of other traces did arrive at 127.0.0.1:4318: order (14
               spans, 3 traces)
               likely causes, the likeliest first:
                 1. Propagation: the service that was called starts a trace of
                    its own, for it does not read `traceparent`. Instrument its
                    server side, and let OTEL_PROPAGATORS contain tracecontext;
                    look at order, whose spans came under other trace ids.
                 2. Sampling: the service drops the trace. Unset
                    OTEL_TRACES_SAMPLER, or set it to parentbased_always_on; the
                    trigger sends the sampled flag.
                 3. Batching: the exporter still holds the spans; its default
                    delay is 5 s. Set OTEL_BSP_SCHEDULE_DELAY=100 in the
                    services, or raise `settle.timeout`.
                 4. Export: the services send their spans elsewhere, or nowhere.
                    Set OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 in
                    them (from a container, host.docker.internal instead of
                    127.0.0.1) and start them again.

○ slow  0.00s  skipped: only in CI  tests/slow.yaml
↻ login  0.20s  flaky: passed on a retry  tests/login.yaml

note: port 4318 is taken: set OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:40123
────────────────────────────────────────────────────────────────────────────────
1 passed, 1 flaky, 1 failed, 1 inconclusive, 1 errored, 1 skipped in 3.21s
3 of 8 checks passed · exit code 3: a trigger, store or receiver error
seed 4711
see more: spanspec show .spanspec/last.json -v
"""

VERBOSE = """\
✔ cart is emptied  0.31s  tests/cart.yaml
  ✔ some span[kind = "consumer"]  1 span

✔ checkout ships once  0.52s  tests/checkout.yaml
  ✔ some span[kind = "consumer"]  1 span

    sent       POST http://127.0.0.1:8080/checkout → 200 in 418ms
    trace      11111111111111111111111111111111 · 21 spans · 6 services · 412ms

    frontend   POST /checkout (server)                     412ms ███████████████
    frontend   └ POST /orders (client)                     398ms ███████████████
    order        └ POST /orders (server)                   393ms ███████████████
    order          ├ × 12 SELECT product (client)          Σ48ms ███
    payment        ├ pay error                             101ms    ████▌
    order          ├ publish (producer)                      4ms        ▌
    inventory      │ └ process (consumer)                   30ms           ▐█▌
    shipping       ├ POST /ship (server)                    52ms         ██
    shipping       └ POST /ship (server)                    48ms           ▐█▌
               parent ad30b4a8329f4387 was not received
    mailer     └ send mail (consumer) late                  30ms             ▐█

    ended      settled: quiet for 250 ms; export lag bound 110 ms (declared)
    note       mailer's exporter batches for 5 s: set
               OTEL_BSP_SCHEDULE_DELAY=100
    late       1 span arrived after the verdict
    output     ORDER_ID = 42
    open       http://127.0.0.1:16686/trace/11111111111111111111111111111111

────────────────────────────────────────────────────────────────────────────────
2 passed in 3.21s
2 of 2 checks passed · exit code 0: all passed
"""

QUIET = """\
1 passed, 1 flaky, 1 failed, 1 inconclusive, 1 errored, 1 skipped in 3.21s
3 of 8 checks passed · exit code 3: a trigger, store or receiver error
seed 4711
"""


def test_a_run_with_everything() -> None:
    """What a user sees: a line per case, failures in full with place, evidence and trace, and the summary."""
    assert Report(saved=".spanspec/last.json").render(EVERYTHING) == FULL


def test_verbose() -> None:
    """With -v every check is shown with what was observed, and every trace."""
    passed = replace(CHECKOUT, checks=(HELD,), outcome=Outcome.PASSED)
    assert Report(verbosity=1).render(run(CART, passed)) == VERBOSE


def test_quiet() -> None:
    """With -q there is the summary only."""
    assert Report(verbosity=-1).render(EVERYTHING) == QUIET


def test_passed_cases_are_one_line_each() -> None:
    """A run in which all is well is short."""
    assert Report().render(run(CART, CART)).count("\n") == 5


def test_an_empty_run() -> None:
    """Nothing was run, and the summary says so."""
    assert Report().render(run()) == "no cases in 3.21s\nnothing was run\n"


def test_colour_changes_nothing_but_colour() -> None:
    """The coloured text without its sequences is the plain one."""
    coloured = Report(colour=True).render(EVERYTHING)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == Report().render(EVERYTHING)


def test_no_colour_no_sequences() -> None:
    """A log gets plain text."""
    assert "\x1b" not in Report().render(EVERYTHING)


def test_ascii() -> None:
    """A terminal of another encoding gets a text that it can show, in the same columns."""
    plain = Report(unicode=False).render(EVERYTHING)
    assert plain.isascii()
    assert [len(line) for line in plain.splitlines()] == [
        len(line) for line in Report().render(EVERYTHING).splitlines()
    ]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("verbosity", [0, 1])
def test_lines_keep_the_width(width: int, verbosity: int) -> None:
    """No line is wider than asked for; only a place may be, for editors find it as a whole."""
    for line in Report(width=width, verbosity=verbosity).render(EVERYTHING).splitlines():
        assert cells(line) <= max(40, width) or " --> " in line


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("verbosity", [0, 1])
def test_nasty_texts(text: str, verbosity: int) -> None:
    """Whatever names and values hold, lines are printable, as wide as asked for, and not many."""
    rendered = Report(verbosity=verbosity).render(nasty_run(text))
    lines = rendered.splitlines()
    assert len(lines) < 400
    assert all(line.isprintable() for line in lines)
    assert all(cells(line) <= 80 or " --> " in line for line in lines)


def test_many_failed_checks_are_bounded() -> None:
    """Twenty are told in full, the others counted; with -v all are."""
    checks = tuple(replace(ONCE, name=f"check {number}") for number in range(50))
    case = replace(CHECKOUT, checks=checks)
    assert "… 30 more checks did not pass" in Report().render(run(case))
    assert "check 49" in Report(verbosity=1).render(run(case))


def test_an_assertion_on_one_span_names_it() -> None:
    """There is nothing to count where one span was selected."""
    result = SpanResult(span_id=ONCE.spans[0], observed="52ms", expected="< 10ms", passed=False)
    check = CheckResult(kind="spec", text="a < 10ms", outcome=Outcome.FAILED, span_results=(result,))
    rendered = Report().render(run(replace(CHECKOUT, checks=(check,))))
    assert "    span       POST /ship · shipping  52ms\n" in rendered
    assert "of 1 span\n" not in rendered


def test_a_check_that_cannot_be_evaluated_says_why() -> None:
    """The fault of the expression is the headline."""
    check = CheckResult(kind="spec", text='1 < "a"', outcome=Outcome.FAILED, error="a number and a text do not compare")
    case = CaseResult(name="a", path="a.yaml", outcome=Outcome.FAILED, checks=(check,))
    assert "  ✘ cannot be evaluated: a number and a text do not compare\n" in Report().render(run(case))

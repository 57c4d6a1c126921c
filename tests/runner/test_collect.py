"""The collecting loop on a simulated store and a manual clock: when does a case end, and with what?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from spanspec.definition.plan import Plan, Wait
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_statement
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.context import TimeWindow, TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Span, StatusCode
from spanspec.runner.collect import Collected, Collector
from spanspec.runner.firing import trigger_span
from spanspec.runner.settle import Rule
from spanspec.stores.base import Fetched
from spanspec.testing import TRACE_ID, ManualClock, span
from tests.runner.simulated import MS, SimulatedStore, drive, expectation, plan, spec

ROOT = SpanId("00000000000000aa")


def collect(
    the_plan: Plan, schedule: Sequence[tuple[float, Span]], store: type[SimulatedStore] = SimulatedStore, **rule: Any
) -> tuple[Collected, float]:
    """Collect with the trigger's answer at 0; what came out, and the seconds it took."""
    clock = ManualClock()
    response = TriggerResult(kind="http", start_ns=clock.now_ns(), end_ns=clock.now_ns(), status=200)
    trigger = trigger_span(TraceContext(trace_id=TRACE_ID, span_id=ROOT), response)
    collector = Collector(
        store=store(clock, schedule),
        clock=clock,
        plan=the_plan,
        rule=Rule(export_delay_ns=100 * MS, **rule),
        given=Given(trace=assemble((), trigger=trigger), response=response),
        trigger=trigger,
        start_ns=0,
        report=lambda *_: None,
    )
    return drive(collector.collect(), clock), clock.monotonic_ns() / 1e9


def truths(collected: Collected) -> list[Truth]:
    """The final truths."""
    return [check.judgement.truth for check in collected.evaluated.checks]


def server(name: str = "GET /", service: str = "shop") -> Span:
    """A span right under the trigger."""
    return span(name, kind="server", service=service, parent=ROOT)


def test_a_passing_some_ends_at_the_span_that_decides_it() -> None:
    """Nothing more can change it, so nothing more is awaited."""
    found, took = collect(plan(expectation('some span[name = "GET /"]')), [(40, server()), (90, server("other"))])
    assert truths(found) == [Truth.HOLDS]
    assert found.settlement.how == "decided"
    assert took == pytest.approx(0.04, abs=0.001)


def test_exactly_one_is_known_only_when_it_has_been_quiet() -> None:
    """A second one could come; the quiet is counted from the last arrival."""
    found, took = collect(plan(expectation('exactly 1 span[name = "GET /"]')), [(40, server())])
    assert truths(found) == [Truth.HOLDS]
    assert found.settlement.how == "settled"
    assert took == pytest.approx(0.29, abs=0.001)


def test_a_second_one_fails_exactly_one_at_once_and_the_trace_is_collected_for_one_quiet() -> None:
    """The verdict is early; what comes within one quiet after it is in the report."""
    late = server("for the report")
    schedule = [(40, server()), (60, server()), (200, late), (900, server("too late"))]
    found, took = collect(plan(expectation('exactly 1 span[name = "GET /"]')), schedule)
    assert truths(found) == [Truth.FAILS]
    assert found.early == (True,)
    assert found.decided_ns[0] == pytest.approx(60 * MS, abs=MS)
    assert late.span_id in found.trace.by_id
    assert len(found.trace) == 3
    assert took == pytest.approx(0.31, abs=0.01)


def test_a_failure_for_lack_is_held_back() -> None:
    """`some` without a match waits out its patience, and passes when the span comes within it."""
    lacking, took = collect(plan(expectation('some span[name = "mail"]')), [(10, server())])
    assert truths(lacking) == [Truth.FAILS]
    assert took == pytest.approx(5.5, abs=0.01)
    found, took = collect(plan(expectation('some span[name = "mail"]')), [(10, server()), (4000, server("mail"))])
    assert truths(found) == [Truth.HOLDS]
    assert took == pytest.approx(4.0, abs=0.01)


def test_a_debt_keeps_an_absence_open() -> None:
    """A message that nobody has taken yet may still bring the span that must not be."""
    sent = span("send", kind="producer", service="shop", parent=ROOT)
    taken = span("take", kind="consumer", service="mail", parent=sent)
    bad = span("charge", service="mail", parent=taken)
    found, took = collect(plan(expectation('no span[name = "charge"]')), [(10, sent), (3000, taken), (3000, bad)])
    assert truths(found) == [Truth.FAILS]
    assert took < 4
    found, took = collect(plan(expectation('no span[name = "charge"]')), [(10, sent)])
    assert truths(found) == [Truth.HOLDS]
    assert took == pytest.approx(15.01, abs=0.05)
    assert "waited in vain" in found.settlement.notes[0]


def test_an_empty_trace_is_undecided_at_the_deadline() -> None:
    """No span, no verdict."""
    found, took = collect(plan(expectation('no span[status = "error"]')), [], timeout_ns=2_000 * MS)
    assert truths(found) == [Truth.UNDECIDED]
    assert found.settlement.how == "expired"
    assert took == pytest.approx(2.0, abs=0.01)


def test_until_is_waited_for() -> None:
    """A decided case stays open until the statement holds."""
    until = parse_statement('some span[name = "mail"]', Dialect.EXPECT).node
    assert until is not None
    the_plan = plan(expectation('some span[name = "GET /"]'), until=until)
    found, took = collect(the_plan, [(10, server()), (7000, server("mail"))])
    assert truths(found) == [Truth.HOLDS]
    assert took == pytest.approx(7.0, abs=0.3)


def test_wait_settled_waits_for_the_whole_trace() -> None:
    """Also when all is decided."""
    found, took = collect(plan(expectation('some span[name = "GET /"]'), wait=Wait.SETTLED), [(10, server())])
    assert found.settlement.how == "settled"
    assert took == pytest.approx(0.26, abs=0.01)


def test_a_spec_fails_at_the_first_span_that_violates_it() -> None:
    """And passes only when the trace is whole."""
    the_plan = plan(spec('span[tracetest.span.type = "general"]', 'attr:tracetest.span.name != "bad"'))
    failed, took = collect(the_plan, [(10, server("good")), (20, server("bad"))])
    assert truths(failed) == [Truth.FAILS]
    assert failed.early == (True,)
    passed, took = collect(the_plan, [(10, server("good"))])
    assert truths(passed) == [Truth.HOLDS]
    assert took == pytest.approx(0.26, abs=0.01)


def test_the_order_and_repeats_of_arrival_do_not_matter() -> None:
    """Children before parents, and each span twice."""
    top = server()
    child = span("child", parent=top)
    found, _ = collect(
        plan(expectation('some span[name = "GET /"] > span[name = "child"]')),
        [(10, child), (15, child), (30, top), (35, top)],
    )
    assert truths(found) == [Truth.HOLDS]


class Overwriting(SimulatedStore):
    """A back end that shows the newest copy of each span alone, as one that is asked may."""

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """What has come by now, the newest copy of each."""
        found = await super().fetch(trace_id, window)
        newest = {each.span.span_id: each for each in found.spans}
        return replace(found, spans=tuple(newest.values()))


def test_another_copy_of_a_span_is_judged_though_there_are_no_more_spans() -> None:
    """A span that is there first without its end and status is judged again when the store shows the rest."""
    begun = server()
    ended = replace(begun, end_ns=begun.end_ns + 5 * MS, status=StatusCode.ERROR)
    statement = 'some span[status = "error"]'
    found, took = collect(plan(expectation(statement)), [(10, begun), (300, ended)], Overwriting)
    assert truths(found) == [Truth.HOLDS]
    assert took == pytest.approx(0.3, abs=0.01)

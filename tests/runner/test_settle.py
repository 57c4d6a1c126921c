"""The settle rule, asked at chosen moments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spanspec.model.assemble import assemble
from spanspec.model.ids import SpanId
from spanspec.model.span import Span
from spanspec.runner.settle import (
    DEBT_PATIENCE_NS,
    SECOND,
    DebtKind,
    Evidence,
    Expired,
    Rule,
    Settled,
    Wait,
    debts,
    observe,
)
from spanspec.testing import span

MS = 1_000_000
INJECTED = SpanId("00000000000000ff")
FAST = Rule(export_delay_ns=100 * MS)


def evidence(*spans: Span, start: int | None = 0, arrived: int = 0, **more: object) -> Evidence:
    """Spans that all came at one moment."""
    trace = assemble(spans, injected=INJECTED)
    times = {each.span_id: arrived for each in spans}
    base = Evidence(trace=trace, start_ns=start, arrived_ns=times, last_ns=arrived if spans else None)
    return replace(base, **more)  # type: ignore[arg-type]


def root() -> Span:
    """A span right under the trigger."""
    return span("GET /", kind="server", parent=INJECTED, service="gateway")


def test_nothing_settles_before_the_trigger_has_its_answer() -> None:
    """Without a start there is no window, however long it has been quiet."""
    decision = observe(FAST, 100 * SECOND, evidence(root(), start=None))
    assert isinstance(decision, Wait)


def test_an_empty_trace_waits_to_the_deadline_and_expires() -> None:
    """No span is never a whole trace."""
    assert isinstance(observe(FAST, 29 * SECOND, evidence()), Wait)
    decision = observe(FAST, 30 * SECOND, evidence())
    assert isinstance(decision, Expired)
    assert "no span has arrived" in decision.missing


def test_settles_after_the_quiet_that_the_declared_delay_asks_for() -> None:
    """A batch delay of 100 ms leaves the least quiet of 250 ms in force."""
    seen = evidence(root(), arrived=40 * MS)
    early = observe(FAST, 289 * MS, seen)
    assert isinstance(early, Wait)
    assert early.until_ns == 290 * MS
    late = observe(FAST, 290 * MS, seen)
    assert isinstance(late, Settled)
    assert late.reason == "settled: quiet for 250ms; export lag bound 110ms (declared)"


def test_the_window_begins_at_the_later_of_start_and_last_arrival() -> None:
    """Spans that came before the answer do not shorten the quiet."""
    decision = observe(FAST, 1100 * MS, evidence(root(), start=SECOND, arrived=0))
    assert isinstance(decision, Wait)
    assert decision.until_ns == 1250 * MS


def test_unknown_exporters_are_given_the_default_bound() -> None:
    """Nothing declared: the SDKs' 5 s and a tenth."""
    decision = observe(Rule(), SECOND, evidence(root()))
    assert isinstance(decision, Wait)
    assert decision.until_ns == 5_500 * MS
    settled = observe(Rule(), 5_500 * MS, evidence(root()))
    assert isinstance(settled, Settled)
    assert settled.reason.endswith("export lag bound 5.5s (default)")


def test_a_missing_parent_is_a_debt_until_its_patience_has_passed() -> None:
    """It delays, and never blocks for ever; then it is a note."""
    seen = evidence(root(), span("work", parent="gone", service="worker"))
    decision = observe(FAST, SECOND, seen)
    assert isinstance(decision, Wait)
    assert 'of "work" of worker has not arrived' in decision.because
    assert decision.until_ns == DEBT_PATIENCE_NS
    ended = observe(FAST, DEBT_PATIENCE_NS, seen)
    assert isinstance(ended, Settled)
    assert len(ended.notes) == 1


def test_the_injected_parent_is_no_debt() -> None:
    """The parent that the trigger sent is known never to arrive."""
    assert debts(FAST, evidence(root())) == []


def test_a_message_that_nobody_took_is_a_debt_with_the_longer_patience() -> None:
    """15 s for a producer, from the later of start and its coming."""
    top = root()
    seen = evidence(top, span("send", kind="producer", parent=top), start=2 * SECOND)
    (debt,) = debts(FAST, seen)
    assert debt.kind is DebtKind.CONSUMER
    assert debt.expires_ns == 17 * SECOND


@pytest.mark.parametrize("how", ["below", "linked", "linked from another trace"])
def test_a_consumer_pays_a_producers_debt(how: str) -> None:
    """As a span below it, or by a link from anywhere."""
    top = root()
    sent = span("send", kind="producer", parent=top)
    if how == "below":
        seen = evidence(top, sent, span("take", kind="consumer", parent=sent, service="worker"))
    elif how == "linked":
        seen = evidence(top, sent, span("take", kind="consumer", parent=top, service="worker", links=[sent]))
    else:
        seen = evidence(top, sent)
        seen = replace(seen, trace=assemble(seen.trace.spans, injected=INJECTED, linked=[span("take", links=[sent])]))
    assert debts(FAST, seen) == []


def test_a_call_that_left_no_span_on_the_other_side_is_a_debt() -> None:
    """The called service may still export."""
    top = root()
    call = span("POST", kind="client", parent=top, attributes={"http.request.method": "POST"})
    assert [debt.kind for debt in debts(FAST, evidence(top, call))] == [DebtKind.REMOTE]
    assert debts(FAST, evidence(top, call, span("POST /pay", kind="server", parent=call, service="payment"))) == []


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"db.system": "postgresql"}, "unset"),
        ({"db.system.name": "redis"}, "unset"),
        ({"messaging.system": "kafka"}, "unset"),
        ({"http.request.method": "GET"}, "error"),
    ],
)
def test_databases_brokers_and_failed_calls_owe_nothing(attributes: dict[str, str], status: str) -> None:
    """No span is to be expected on their other side."""
    top = root()
    assert (
        debts(FAST, evidence(top, span("call", kind="client", parent=top, attributes=attributes, status=status))) == []
    )


def test_a_call_that_was_answered_with_an_error_status_owes_a_span() -> None:
    """An answer proves that the other side was reached."""
    top = root()
    call = span("GET", kind="client", parent=top, status="error", attributes={"http.response.status_code": 503})
    assert [debt.kind for debt in debts(FAST, evidence(top, call))] == [DebtKind.REMOTE]


def test_a_partial_answer_delays() -> None:
    """The store says itself that more is there."""
    decision = observe(FAST, SECOND, evidence(root(), partial_since_ns=0))
    assert isinstance(decision, Wait)
    assert "partial" in decision.because


def test_a_failure_for_lack_is_held_back_for_its_patience() -> None:
    """Asynchronous work takes its time whatever the exporters do."""
    seen = evidence(root(), lacking=True)
    decision = observe(FAST, SECOND, seen)
    assert isinstance(decision, Wait)
    assert decision.until_ns == FAST.patience_ns
    assert isinstance(observe(FAST, FAST.patience_ns, seen), Settled)


def test_until_keeps_the_case_open_to_the_deadline() -> None:
    """What `until` names must be there; at the deadline it is said to be missing."""
    seen = evidence(root(), until_holds=False)
    assert isinstance(observe(FAST, 20 * SECOND, seen), Wait)
    ended = observe(FAST, 30 * SECOND, seen)
    assert isinstance(ended, Expired)
    assert "`until`" in ended.missing
    assert isinstance(observe(FAST, SECOND, replace(seen, until_holds=True)), Settled)


def test_a_trace_that_is_whole_at_the_deadline_settles() -> None:
    """The deadline matters only to what still stands in the way."""
    assert isinstance(observe(FAST, 31 * SECOND, evidence(root())), Settled)


def test_no_wait_reaches_past_the_deadline() -> None:
    """Whatever is awaited, the deadline is looked at in time."""
    rule = Rule(timeout_ns=SECOND)
    decision = observe(rule, 0, evidence(root(), span("work", parent="gone")))
    assert isinstance(decision, Wait)
    assert decision.until_ns == SECOND

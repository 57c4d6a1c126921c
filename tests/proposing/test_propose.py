"""What is proposed holds, is worth keeping, and is not noise."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spanspec
from spanspec.model.context import TriggerResult
from spanspec.model.trace import Trace
from spanspec.proposing.noise import lasting_name, noisy_key, random_text
from spanspec.proposing.propose import Sample, propose
from spanspec.proposing.starting import started
from spanspec.results.model import Outcome
from spanspec.testing import span, trace


def _checkout(
    number: int, *, queries: int = 1, currency: str = "EUR", swapped: bool = False, host: str = "vm"
) -> Trace:
    """A gateway that calls payment, then shipping, which publishes; each run with ids and times of its own."""
    machine = {"host.name": host}
    late = 5 if swapped else 40
    root = span(
        "POST /checkout",
        service="gateway",
        kind="server",
        end=90 + number,
        resource=machine,
        http__response__status_code=200,
        http__request__method="POST",
        url__full="http://127.0.0.1:8080/checkout",
    )
    pay_call = span("POST", parent=root, kind="client", start=10, end=30, resource=machine)
    pay = span(
        "POST /payments",
        service="payment",
        kind="server",
        parent=pay_call,
        start=11,
        end=29,
        resource=machine,
        http__response__status_code=200,
    )
    step = span(
        "process payment",
        parent=pay,
        start=12,
        end=28,
        resource=machine,
        payment__currency=currency,
        payment__amount=99.99,
        order__id=f"order-{number:08x}a1",
        payment__due=f"2026-11-2{number}",
    )
    rows = [
        span(
            "INSERT",
            parent=step,
            kind="client",
            start=13 + n,
            end=13.5 + n,
            resource=machine,
            db__system__name="postgresql",
            db__operation__name="INSERT",
            db__query__text=f"INSERT {n}",
        )
        for n in range(queries)
    ]
    ship_call = span("POST", parent=root, kind="client", start=late, end=late + 3, resource=machine)
    ship = span(
        "POST /shipments",
        service="shipping",
        kind="server",
        parent=ship_call,
        start=late,
        end=late + 2,
        resource=machine,
        http__response__status_code=200,
    )
    sent = span(
        "publish",
        parent=ship,
        kind="producer",
        start=late + 1,
        end=late + 1.5,
        resource=machine,
        messaging__destination__name="shipped",
    )
    taken = span("process", service="mail", kind="consumer", parent=sent, start=60, end=70, resource=machine)
    return trace(root, pay_call, pay, step, *rows, ship_call, ship, sent, taken)


def _texts(traces: Sequence[Trace], most: int = 60) -> list[str]:
    return [each.text for each in propose([Sample(trace=each) for each in traces], most)]


def test_the_checkout_is_described_as_an_engineer_would() -> None:
    """Entries, messages, callers, order, values of the trade, writes: each is there once."""
    texts = _texts([_checkout(1), _checkout(2), _checkout(3)])
    for wanted in (
        "no_errors()",
        "no_n_plus_one()",
        "no_orphans()",
        'exactly 1 span[service.name = "gateway" kind = "server"]',
        'exactly 1 span[service.name = "payment" kind = "server"]',
        'exactly 1 span[messaging.destination.name = "shipped" kind = "producer"]',
        'every span[messaging.destination.name = "shipped" kind = "producer"] leads to exactly 1 span[service.name = "mail" kind = "consumer"]',
        'edges() = ["gateway -> payment", "gateway -> shipping", "shipping -> mail"]',
        'every span[service.name = "payment" kind = "server"] then span[service.name = "shipping" kind = "server"]',
        'every span[name = "process payment"] where payment.amount = 99.99',
        'every span[name = "process payment"] where payment.currency = "EUR"',
        'every span[service.name = "gateway" kind = "server"] where http.response.status_code = 200',
    ):
        assert wanted in texts
    assert len(set(texts)) == len(texts)
    assert not [text for text in texts if "order.id" in text or "due" in text or "followed by" in text]


def test_what_differs_is_a_range_or_is_left_out() -> None:
    """Another number of queries, another currency, another order."""
    texts = _texts([_checkout(1, queries=1), _checkout(2, queries=3, currency="USD", swapped=True)])
    assert (
        'between 1 and 3 span[service.name = "payment" db.system.name = "postgresql" db.operation.name = "INSERT"]'
        in texts
    )
    assert not [text for text in texts if "currency" in text or " then " in text]


@pytest.mark.parametrize("queries", [1, 6])
def test_a_query_per_row_is_not_called_sound(queries: int) -> None:
    """`no_n_plus_one()` is proposed only where it holds."""
    rows = trace(
        root := span("GET /", kind="server", end=50),
        *(
            span(
                "SELECT",
                parent=root,
                kind="client",
                start=n,
                end=n + 0.5,
                db__system="postgresql",
                db__statement=f"SELECT {n}",
            )
            for n in range(queries)
        ),
    )
    assert ("no_n_plus_one()" in _texts([rows])) == (queries == 1)


def test_errors_that_are_always_there_belong_to_what_is_tested() -> None:
    """They are excepted by name, and expected."""
    failing = [
        trace(root := span("GET /", service="shop", kind="server"), span("look up", parent=root, status="error"))
        for _ in range(2)
    ]
    texts = _texts(failing)
    assert 'no_errors(except=span[service.name = "shop" name = "look up"])' in texts
    assert 'every span[service.name = "shop" name = "look up"] where status = "error"' in texts
    assert not [text for text in _texts([failing[0], _checkout(1)]) if text.startswith("no_errors")]


def test_each_proposal_says_on_what_it_stands() -> None:
    """How many traces, and what was seen there."""
    found = propose([Sample(trace=_checkout(number)) for number in (1, 2)], 60)
    support = {each.text: each.support for each in found}
    assert support["no_errors()"] == "2 traces: no span has an error"
    (busy,) = [text for text in support if text.startswith('busy_time(span[service.name = "gateway"')]
    assert busy.endswith("< 500ms")
    assert support[busy] == "2 traces: took 91ms to 92ms"


def test_the_answer_is_proposed_where_it_is_known_and_the_same() -> None:
    """Runs have the trigger's answer."""
    answers = [TriggerResult(kind="http", start_ns=0, end_ns=1, status=status) for status in (201, 201, 500)]
    samples = [Sample(trace=_checkout(1), response=answer) for answer in answers]
    assert propose(samples[:2])[0].text == "response:status = 201"
    assert not [each for each in propose(samples) if "response:" in each.text]


def test_clocks_of_different_machines_leave_the_order_open() -> None:
    """Nothing is proposed that a skew of the clocks would leave undecided."""
    root = span("GET /", service="a", kind="server", end=50, resource={"host.name": "1"})
    spans = [root]
    for index, service in enumerate("bc"):
        call = span("GET", parent=root, kind="client", start=1 + index, end=2 + index, resource={"host.name": "1"})
        spans += [
            call,
            span(
                "GET /x",
                service=service,
                kind="server",
                parent=call,
                start=1 + index,
                end=1.5 + index,
                resource={"host.name": service},
            ),
        ]
    assert not [text for text in _texts([trace(*spans)]) if " then " in text or "followed by" in text]


def test_nothing_comes_of_nothing() -> None:
    """No trace, or traces without spans."""
    assert propose([]) == ()
    assert propose([Sample(trace=trace())]) == ()


@st.composite
def _any_trace(draw: st.DrawFn) -> Trace:
    """Spans with parents before them, odd names, values of every type."""
    made = []
    for index in range(draw(st.integers(1, 8))):
        parent = draw(st.sampled_from([None, *made, "gone"])) if made else None
        values = draw(
            st.dictionaries(
                st.text(min_size=1, max_size=8),
                st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
                max_size=3,
            )
        )
        made.append(
            span(draw(st.text(max_size=12)), service=draw(st.sampled_from(["a", 'b"', "", "c -> d"])) or None, kind=draw(st.sampled_from(["server", "client", "internal", "producer", "consumer"])),
                parent=parent, start=index, end=index + draw(st.floats(0, 50)), status=draw(st.sampled_from(["unset", "error"])), attributes=values)
        )  # fmt: skip
    return trace(*made)


@settings(deadline=None)
@given(st.lists(_any_trace(), min_size=1, max_size=3))
def test_every_proposal_holds_on_every_trace(traces: list[Trace]) -> None:
    """Whatever the traces; read back from its text, as a user's own statement is."""
    for each in propose([Sample(trace=each) for each in traces], 100):
        assert [spanspec.check(one, each.text).outcome for one in traces] == [Outcome.PASSED] * len(traces)


@pytest.mark.parametrize(
    ("key", "noisy"),
    [("order.id", True), ("orderId", True), ("created_at", True), ("net.peer.port", True), ("db.user", True), ("http.url", True), ("thread.name", True),
     ("payment.currency", False), ("cache.hit", False), ("inventory.update.status", False), ("app.tier", False), ("order.items", False)],
)  # fmt: skip
def test_names_of_noise_are_told_from_the_trades_own(key: str, noisy: bool) -> None:
    """Ids, times, addresses and what instrumentation libraries write are noise."""
    assert noisy_key(key) == noisy


@pytest.mark.parametrize(
    ("text", "random"),
    [("550e8400-e29b-41d4-a716-446655440000", True), ("order-06e9888ccb2d", True), ("10.0.0.1", True), ("2026-11-24T10:00:00Z", True), ("db:5432", True),
     ("a@b.example", True), ("01ARZ3NDEKTSV4RRFFQ69G5FAV", True), ("success", False), ("EUR", False), ("spring-sale", False), ("v2", False), ("deadbeef cafe", False)],
)  # fmt: skip
def test_random_texts_are_told_from_words(text: str, random: bool) -> None:
    """A word made of the letters a to f is a word."""
    assert random_text(text) == random


def test_names_with_ids_do_not_last() -> None:
    """A selector by such a name would pick nothing next time."""
    assert lasting_name("process payment")
    assert lasting_name("GET /v2/orders")
    assert not lasting_name("get pokemon_143")


def test_the_request_is_read_from_the_first_span() -> None:
    """By old and new conventions; not from another kind of span."""
    new = span(
        "GET /x",
        kind="server",
        http__request__method="get",
        url__scheme="https",
        server__address="shop",
        server__port=8443,
        url__path="/x",
        url__query="a=1",
    )
    old = span(
        "GET /x",
        kind="server",
        http__method="GET",
        http__scheme="http",
        http__host="127.0.0.1:80",
        http__target="/x?a=1",
    )
    assert (found := started(trace(new))) is not None
    assert (found.method, found.url) == ("GET", "https://shop:8443/x?a=1")
    assert (found := started(trace(old))) is not None
    assert found.url == "http://127.0.0.1:80/x?a=1"
    assert started(trace(span("work", kind="consumer", http__method="GET"))) is None
    assert started(trace()) is None

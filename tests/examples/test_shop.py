"""What the shop's traces show: of healthy requests, and of each fault."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from tests.examples.otlp_sink import Seen, Sink
from tests.examples.shop_checks import ANSWER_CHECK, CHECKS, failing
from tests.examples.shop_process import SHOP, Answer, RunningShop

FAULTS = json.loads((SHOP / "faults.json").read_text())
CONFIRMED = {"status": "confirmed", "total": 99.99}

HEALTHY = Counter(
    {
        ("api-gateway", "POST /checkout", "server"): 1,
        ("api-gateway", "POST", "client"): 1,
        ("order-service", "POST /orders", "server"): 1,
        ("order-service", "place order", "internal"): 1,
        ("order-service", "INSERT orders.db", "client"): 2,
        ("order-service", "SELECT orders.db", "client"): 1,
        ("order-service", "UPDATE orders.db", "client"): 1,
        ("order-service", "POST", "client"): 3,
        ("payment-service", "POST /payments", "server"): 1,
        ("payment-service", "process payment", "internal"): 1,
        ("payment-service", "INSERT payments.db", "client"): 1,
        ("inventory-service", "POST /reservations", "server"): 1,
        ("inventory-service", "update inventory", "internal"): 1,
        ("inventory-service", "UPDATE inventory.db", "client"): 1,
        ("shipping-service", "POST /shipments", "server"): 1,
        ("shipping-service", "INSERT shipping.db", "client"): 1,
        ("shipping-service", "publish shipping event", "producer"): 1,
        ("notification-service", "process shipping event", "consumer"): 1,
        ("notification-service", "send notification", "internal"): 1,
    }
)

SHIPPED = Counter(
    {
        ("order-service", "POST", "client"): 1,
        ("shipping-service", "POST /shipments", "server"): 1,
        ("shipping-service", "INSERT shipping.db", "client"): 1,
        ("shipping-service", "publish shipping event", "producer"): 1,
        ("notification-service", "process shipping event", "consumer"): 1,
        ("notification-service", "send notification", "internal"): 1,
    }
)
EVENT = Counter({key: count for key, count in SHIPPED.items() if "event" in key[1] or key[1] == "send notification"})

DIFFERENCE: dict[str, tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str, str]]]] = {
    "none": (Counter(), Counter()),
    "duplicate-shipping": (SHIPPED, Counter()),
    "slow-payment": (Counter(), Counter()),
    "lost-event": (Counter(), EVENT),
    "inventory-not-updated": (Counter(), Counter({("inventory-service", "UPDATE inventory.db", "client"): 1})),
    "query-per-row": (Counter({("order-service", "SELECT orders.db", "client"): 10}), Counter()),
    "payment-error-swallowed": (Counter(), Counter({("payment-service", "INSERT payments.db", "client"): 1})),
}
"""By fault: the spans that there are more than in a healthy trace, and those that there are fewer."""


def expected(fault: str) -> Counter[tuple[str, str, str]]:
    """Count the spans of a checkout with a fault."""
    more, fewer = DIFFERENCE[fault]
    return HEALTHY + more - fewer


def shape(spans: Sequence[Seen]) -> Counter[tuple[object, str, str]]:
    """Count spans by service, name and kind."""
    return Counter((span.service, span.name, span.kind) for span in spans)


def trace_of(sink: Sink, answer: Answer, fault: str = "none") -> list[Seen]:
    """Wait for as many spans as there ought to be, and for more that might come."""
    return sink.whole(answer.trace_id, until=lambda spans: len(spans) >= expected(fault).total())


def one(spans: Sequence[Seen], name: str) -> Seen:
    """Give the only span of that name."""
    (found,) = [span for span in spans if span.name == name]
    return found


def test_a_checkout_is_one_trace_through_six_services(shop: RunningShop, sink: Sink) -> None:
    """A healthy checkout leaves exactly the expected spans, below the span that the trigger sent."""
    answer = shop.checkout()
    spans = trace_of(sink, answer)
    assert answer.status == 200
    assert {key: answer.content[key] for key in CONFIRMED} == CONFIRMED
    assert set(answer.content) == {*CONFIRMED, "orderId"}
    assert shape(spans) == HEALTHY
    assert one(spans, "POST /checkout").parent_id == answer.span_id
    assert failing(spans) == set()


def test_business_spans_say_what_was_done(shop: RunningShop, sink: Sink) -> None:
    """Amount, event and stock are attributes of the types that tests compare with."""
    spans = trace_of(sink, shop.checkout())
    amount = one(spans, "process payment").attributes["payment.amount"]
    assert (amount, type(amount)) == (99.99, float)
    assert one(spans, "update inventory").attributes["inventory.update.status"] == "success"
    published = one(spans, "publish shipping event").attributes
    assert published["messaging.system"] == "kafka"
    assert published["messaging.destination.name"] == published["messaging.destination"] == "shipping-queue"


def test_the_notification_continues_the_producers_trace(shop: RunningShop, sink: Sink) -> None:
    """The consumer's span is a child of the producer's, and links to it."""
    spans = trace_of(sink, shop.checkout())
    producer, consumer = one(spans, "publish shipping event"), one(spans, "process shipping event")
    assert consumer.parent_id == producer.span_id
    assert consumer.links == (producer.span_id,)


def test_resources_name_the_host_and_no_path_is_told(shop: RunningShop, sink: Sink) -> None:
    """Every resource has `host.name`, so that times compare; no attribute holds a path of this machine."""
    spans = trace_of(sink, shop.checkout())
    assert all(span.resource["host.name"] for span in spans)
    texts = [str(value) for span in spans for value in (*span.attributes.values(), *span.resource.values())]
    assert not [text for text in texts if str(SHOP.parent) in text or "/tmp" in text]


@pytest.mark.parametrize("fault", sorted(DIFFERENCE))
def test_a_fault_changes_exactly_what_it_should(shop: RunningShop, sink: Sink, fault: str) -> None:
    """The answer stays the same, the spans differ as listed, and exactly the checks fail that `faults.json` names."""
    answer = shop.checkout(fault)
    spans = trace_of(sink, answer, fault)
    assert answer.status == 200
    assert {key: answer.content[key] for key in CONFIRMED} == CONFIRMED
    assert set(answer.content) == {*CONFIRMED, "orderId"}
    assert shape(spans) == expected(fault)
    assert failing(spans) == set(FAULTS.get(fault, {"checks": []})["checks"])


def test_rows_are_queried_below_one_parent(shop: RunningShop, sink: Sink) -> None:
    """At least eight queries of one text have one parent."""
    spans = trace_of(sink, shop.checkout("query-per-row"), "query-per-row")
    groups = Counter(
        (span.parent_id, span.attributes.get("db.statement")) for span in spans if "db.system" in span.attributes
    )
    assert max(groups.values()) >= 8


def test_the_swallowed_error_names_its_reason(shop: RunningShop, sink: Sink) -> None:
    """The payment's span and those above it up to the order service's client are errors, the order's own are not."""
    spans = trace_of(sink, shop.checkout("payment-error-swallowed"), "payment-error-swallowed")
    wrong = {(span.service, span.name) for span in spans if span.error}
    assert wrong == {
        ("payment-service", "process payment"),
        ("payment-service", "POST /payments"),
        ("order-service", "POST"),
    }


def test_the_culprits_are_services_and_every_fault_has_an_entry() -> None:
    """`faults.json` names each fault once, with a service of the shop and checks that the definition has."""
    definition = yaml.safe_load((SHOP / "tests" / "checkout.yaml").read_text())
    names = [item["name"] for item in definition["expect"]]
    assert set(names) == {ANSWER_CHECK, *CHECKS}
    assert set(FAULTS) == set(DIFFERENCE) - {"none"}
    for fault in FAULTS.values():
        assert set(fault) == {"title", "culprit", "checks"}
        assert set(fault["checks"]) <= set(names)
        assert fault["culprit"] in {service for service, _, _ in HEALTHY}


def test_healthy_and_faulty_requests_do_not_mix(shop: RunningShop, sink: Sink) -> None:
    """Sent at once, each request suffers its own fault and no other."""
    faults = sorted(DIFFERENCE) * 3
    with ThreadPoolExecutor(len(faults)) as pool:
        answers = list(pool.map(shop.checkout, faults))
    for fault, answer in zip(faults, answers, strict=True):
        spans = trace_of(sink, answer, fault)
        assert (fault, shape(spans)) == (fault, expected(fault))


def test_two_faults_may_be_asked_for_at_once(shop: RunningShop, sink: Sink) -> None:
    """Names joined by a comma, as a percent-encoded baggage value, are all obeyed."""
    spans = sink.whole(shop.checkout("lost-event%2Cinventory-not-updated").trace_id)
    assert failing(spans) == {
        check for name in ("lost-event", "inventory-not-updated") for check in FAULTS[name]["checks"]
    }


def test_an_unknown_fault_is_refused(shop: RunningShop) -> None:
    """A fault that does not exist is an error that lists what exists: a healthy answer would deceive."""
    answer = shop.checkout("slow-paymnet")
    assert answer.status == 400
    assert "no fault slow-paymnet" in answer.content["error"]
    assert "slow-payment" in answer.content["error"]


@pytest.mark.parametrize("body", [["a list"], "text", 1])
def test_a_body_that_is_no_object_is_refused(shop: RunningShop, body: object) -> None:
    """Bodies of other kinds are the client's fault."""
    assert shop.request("POST", "/checkout", body=body).status == 400


def test_a_checkout_needs_no_body(shop: RunningShop) -> None:
    """No body is an order too."""
    assert shop.request("POST", "/checkout").content["status"] == "confirmed"


@pytest.mark.parametrize(
    ("path", "service", "system"),
    [("/stock/tea-01", "inventory-service", "sqlite"), ("/orders/{id}", "order-service", "sqlite")],
)
def test_looking_up_takes_one_query(shop: RunningShop, sink: Sink, path: str, service: str, system: str) -> None:
    """Stock and orders are read with one query, which has its own span and nothing beside it."""
    answer = shop.request("GET", path.format(id=shop.checkout().content["orderId"]))
    spans = sink.whole(answer.trace_id, until=lambda spans: len(spans) >= 4)
    assert answer.status == 200
    assert len(spans) == 4
    assert [(span.service, span.attributes["db.system"]) for span in spans if "db.system" in span.attributes] == [
        (service, system)
    ]


def test_the_stock_shrinks_only_when_it_is_updated(shop: RunningShop) -> None:
    """The fault is real: with it the number stays."""

    def stock() -> int:
        return shop.request("GET", "/stock/tea-01").content["quantity"]

    before = stock()
    shop.checkout("inventory-not-updated")
    assert stock() == before
    shop.checkout()
    assert stock() == before - 1

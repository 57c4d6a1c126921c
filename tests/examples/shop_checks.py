"""The expectations of `examples/shop/tests/checkout.yaml` in Python, to say which of them a trace fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tests.examples.otlp_sink import Seen

N_PLUS_ONE = 5
PAYMENT_NS = 200_000_000


def _of(spans: Sequence[Seen], **wanted: str) -> list[Seen]:
    return [span for span in spans if all(getattr(span, key) == value for key, value in wanted.items())]


def _ancestors(span: Seen, spans: Sequence[Seen]) -> list[str]:
    by_id = {each.span_id: each for each in spans}
    found: list[str] = []
    while (parent := by_id.get(span.parent_id)) is not None:
        found.append(parent.span_id)
        span = parent
    return found


def _busy_ns(spans: Sequence[Seen]) -> int:
    busy, until = 0, 0
    for span in sorted(spans, key=lambda each: each.start_ns):
        busy += max(0, span.end_ns - max(span.start_ns, until))
        until = max(until, span.end_ns)
    return busy


def _repeats(spans: Sequence[Seen]) -> int:
    keys = (
        (
            span.parent_id,
            span.service,
            span.attributes.get("db.statement") or span.attributes.get("http.url") or span.name,
        )
        for span in spans
        if span.kind == "client"
    )
    return max(Counter(keys).values(), default=0)


def _order_then_payment(spans: Sequence[Seen]) -> bool:
    orders, payments = _of(spans, service="order-service"), _of(spans, service="payment-service")
    return any(order.start_ns <= payment.start_ns for order in orders for payment in payments)


def _all(spans: Sequence[Seen], name: str, key: str, value: object) -> bool:
    found = _of(spans, name=name)
    return bool(found) and all(span.attributes.get(key) == value for span in found)


def _each_notified(spans: Sequence[Seen]) -> bool:
    producers = _of(spans, kind="producer")
    consumers = _of(spans, kind="consumer", service="notification-service")
    return bool(producers) and all(
        sum(producer.span_id in _ancestors(consumer, spans) for consumer in consumers) == 1 for producer in producers
    )


CHECKS: dict[str, Callable[[Sequence[Seen]], bool]] = {
    "the order is followed by the payment": _order_then_payment,
    "the payment service takes less than 200 ms": lambda spans: (
        _busy_ns(_of(spans, service="payment-service")) < PAYMENT_NS
    ),
    "the customer pays 99.99": lambda spans: _all(spans, "process payment", "payment.amount", 99.99),
    "the inventory is updated": lambda spans: _all(spans, "update inventory", "inventory.update.status", "success"),
    "shipping is called exactly once": lambda spans: len(_of(spans, service="shipping-service", kind="server")) == 1,
    "the shipping event is published": lambda spans: any(
        span.attributes.get("messaging.destination") == "shipping-queue" for span in spans
    ),
    "each shipping event becomes one notification": _each_notified,
    "no span has an error": lambda spans: not any(span.error for span in spans),
    "no query runs once per row": lambda spans: _repeats(spans) < N_PLUS_ONE,
    "every span belongs to the checkout": lambda spans: (
        len({span.parent_id for span in spans} - {span.span_id for span in spans}) == 1
    ),
}
"""By the names in the file; the one about the answer is left to the tests of the gateway."""

ANSWER_CHECK = "the gateway confirms the order"


def failing(spans: Sequence[Seen]) -> set[str]:
    """Name the expectations that a whole trace does not meet."""
    return {name for name, holds in CHECKS.items() if not holds(spans)}

"""The traces of the pairs in this folder: an order in a shop, each time with another fault.

`python -m tests.explanations.scenes` writes them again as OTLP JSON, beside the definitions that are judged on them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanspec.model.ids import SpanId
from spanspec.otlp.encode import to_json
from spanspec.testing import span

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.model.span import Span

HERE = Path(__file__).parent
HOST = {"host.name": "shop-1"}
GET = {"http.request.method": "GET"}
POST = {"http.request.method": "POST"}


class Scene:
    """Spans with ids that count up, on one host."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add(self, name: str, service: str, start: float, end: float, **more: Any) -> Span:
        """Add a span; times in milliseconds."""
        number = SpanId(f"{len(self.spans) + 1:016x}")
        made = replace(span(name, service=service, start=start, end=end, resource=HOST, **more), span_id=number)
        self.spans.append(made)
        return made

    def order(self) -> Span:
        """The gateway and the order service; the span under which the rest happens."""
        top = self.add("POST /checkout", "gateway", 0, 120, kind="server", attributes=POST)
        return self.add("place order", "order-service", 4, 116, kind="server", parent=top)

    def call(self, parent: Span, name: str, service: str, start: float, end: float, **more: Any) -> tuple[Span, Span]:
        """A client span and the server span under it."""
        client = self.add(f"POST {name}", "order-service", start, end, kind="client", parent=parent, attributes=POST)
        return client, self.add(name, service, start + 1, end - 1, kind="server", parent=client, **more)


def count_too_high() -> Scene:
    """Shipping is called twice: the second time with another key."""
    scene = Scene()
    order = scene.order()
    scene.call(order, "/charge", "payment-service", 6, 30)
    for attempt, start in ((1, 34), (2, 60)):
        more = {"order.id": 4711, "idempotency.key": f"k-{attempt}"}
        scene.call(order, "/ship", "shipping-service", start, start + 20, attributes=more)
    return scene


def nothing_selected() -> Scene:
    """The test has a slip in the name of a service."""
    scene = Scene()
    order = scene.order()
    scene.call(order, "/charge", "payment-service", 6, 30)
    scene.call(order, "/ship", "shipping-service", 34, 50)
    return scene


def value_off() -> Scene:
    """One of three updates of the stock fails."""
    scene = Scene()
    order = scene.order()
    stock = scene.call(order, "/reserve", "inventory-service", 6, 60)[1]
    for item, status in (("tea", "success"), ("cup", "out of stock"), ("pot", "success")):
        start = 8 + 12 * len(scene.spans) % 40
        attributes = {"item": item, "inventory.update.status": status}
        scene.add("update inventory", "inventory-service", start, start + 8, parent=stock, attributes=attributes)
    return scene


def not_nested() -> Scene:
    """The e-mail is sent by the order service itself, not by the notification service."""
    scene = Scene()
    order = scene.order()
    scene.call(order, "/notify", "notification-service", 40, 60)
    scene.add("send email", "mail-service", 62, 80, kind="client", parent=order)
    return scene


def out_of_order() -> Scene:
    """The goods are shipped before they are paid."""
    scene = Scene()
    order = scene.order()
    scene.call(order, "/ship", "shipping-service", 10, 40)
    scene.call(order, "/charge", "payment-service", 36, 90)
    return scene


def too_busy() -> Scene:
    """The payment takes too long, most of it in one call."""
    scene = Scene()
    order = scene.order()
    charge = scene.call(order, "/charge", "payment-service", 6, 110)[1]
    scene.add("check card", "payment-service", 9, 20, parent=charge)
    scene.add("POST bank.example/authorise", "payment-service", 22, 107, kind="client", parent=charge, attributes=POST)
    return scene


def query_per_row() -> Scene:
    """A query for each item of the order."""
    scene = Scene()
    order = scene.order()
    for item in range(8):
        attributes = {"db.system": "postgresql", "db.statement": f"SELECT price FROM items WHERE id = {item}"}
        start = 8 + item * 6
        scene.add("SELECT items", "order-service", start, start + 4, kind="client", parent=order, attributes=attributes)
    return scene


def swallowed_error() -> Scene:
    """The broker refuses the event; the order service goes on as if nothing had happened."""
    scene = Scene()
    order = scene.order()
    scene.call(order, "/charge", "payment-service", 6, 30)
    attributes = {"messaging.system": "kafka", "messaging.destination.name": "shipping-queue"}
    scene.add(
        "publish shipping-queue", "order-service", 40, 46, kind="producer", parent=order, status="error",
        status_message="broker not available", attributes=attributes,
    )  # fmt: skip
    return scene


def type_confusion() -> Scene:
    """The service writes a boolean as a text."""
    scene = Scene()
    order = scene.order()
    for start, approved in ((6, "true"), (40, "true")):
        scene.call(order, "/charge", "payment-service", start, start + 24, attributes={"payment.approved": approved})
    return scene


def renamed_attribute() -> Scene:
    """The service was updated and writes the attributes of the newer conventions."""
    scene = Scene()
    order = scene.order()
    attributes = {"http.response.status_code": 200, "http.request.method": "POST", "url.path": "/charge"}
    scene.call(order, "/charge", "payment-service", 6, 30, attributes=attributes)
    return scene


def output_without_span() -> Scene:
    """The span that an output is read from has another name."""
    scene = Scene()
    order = scene.order()
    scene.call(order, "/charge", "payment-service", 6, 30, attributes={"payment.amount": 99.99})
    return scene


def retried() -> Scene:
    """The payment is tried three times, and the last try succeeds."""
    scene = Scene()
    order = scene.order()
    for attempt in range(3):
        start = 6 + 20 * attempt
        failed = attempt < 2
        more = {"status": "error", "status_message": "card service timed out"} if failed else {}
        scene.add(
            "POST /charge", "order-service", start, start + 15, kind="client", parent=order,
            attributes={**POST, "attempt": attempt}, **more,
        )  # fmt: skip
    return scene


SCENES: dict[str, Callable[[], Scene]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        count_too_high, nothing_selected, value_off, not_nested, out_of_order, too_busy, query_per_row, swallowed_error,
        type_confusion, renamed_attribute, output_without_span, retried,
    )
}  # fmt: skip


def written(name: str) -> str:
    """A scene as the text of its file."""
    return json.dumps(to_json(SCENES[name]().spans), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for each in SCENES:
        (HERE / f"{each}.json").write_text(written(each), encoding="utf-8")

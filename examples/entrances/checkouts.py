"""What all entrances do: continue the caller's trace, or link to it, and place the order at the gateway."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage, context, trace
from opentelemetry.context import Context
from opentelemetry.propagate import extract, inject

from shop.telemetry import tracer
from shop.web import Client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

NOW, LATER, BATCH = "checkouts", "checkouts-later", "checkouts-batch"
"""The queues: orders to be placed at once; orders for the batch; the batch itself, which only this process fills."""


@contextmanager
def span_of_caller(
    carrier: Mapping[str, str], name: str, kind: trace.SpanKind, attributes: Mapping[str, Any], *, linked: bool = False
) -> Iterator[trace.Span]:
    """A span in the trace of whoever called; or, `linked`, one that begins a trace of its own and links to the caller."""
    caller = extract(carrier)
    links = []
    if linked:
        links = [trace.Link(trace.get_current_span(caller).get_span_context())]
        caller = _baggage_alone(caller)
    token = context.attach(caller)
    try:
        with tracer().start_as_current_span(name, kind=kind, attributes=dict(attributes), links=links) as span:
            yield span
    finally:
        context.detach(token)


def _baggage_alone(given: Context) -> Context:
    out = Context()
    for key, value in baggage.get_all(given).items():
        out = baggage.set_baggage(key, value, out)
    return out


class Checkouts:
    """Places orders that come as messages.

    Attributes:
        system: The broker's kind, as the conventions name it: `kafka`, `rabbitmq`.
    """

    def __init__(self, system: str) -> None:
        self.system = system
        self._gateway = Client("api-gateway")

    async def place(self, order: str) -> dict[str, Any]:
        """Place one order."""
        return await self._gateway.post("/checkout", {"order": order})

    async def handle(
        self,
        queue: str,
        body: bytes,
        carrier: Mapping[str, str],
        publish: Callable[[str, bytes, Mapping[str, str]], Awaitable[None]],
    ) -> bytes:
        """Do what the queue is for; the answer is for whoever waits for one."""
        kind = "receive" if queue == LATER else "process"
        attributes = self._attributes(queue, kind)
        with span_of_caller(carrier, f"{kind} {queue}", trace.SpanKind.CONSUMER, attributes, linked=queue == BATCH):
            order = str(json.loads(body)["order"])
            if queue != LATER:
                return json.dumps(await self.place(order)).encode()
            await self._postpone(body, publish)
            return b'{"status": "accepted"}'

    async def _postpone(self, body: bytes, publish: Callable[[str, bytes, Mapping[str, str]], Awaitable[None]]) -> None:
        attributes = self._attributes(BATCH, "send")
        with tracer().start_as_current_span(f"send {BATCH}", kind=trace.SpanKind.PRODUCER, attributes=attributes):
            headers: dict[str, str] = {}
            inject(headers)
            await publish(BATCH, body, headers)

    def _attributes(self, queue: str, kind: str) -> dict[str, str]:
        return {
            "messaging.system": self.system,
            "messaging.destination.name": queue,
            "messaging.operation.type": kind,
        }

    async def close(self) -> None:
        """Close the kept connections."""
        await self._gateway.close()

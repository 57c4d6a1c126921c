"""The shipping queue: who publishes, who consumes, and how the trace context travels in a record's headers.

Names and attributes follow OpenTelemetry's conventions for messaging; the destination has its old name as well, since
the trace-testing world still writes it. Partitions are assigned by hand: nothing waits for a consumer group.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from opentelemetry import context, trace
from opentelemetry.propagate import extract, inject
from opentelemetry.propagators.textmap import Getter, Setter

from shop.telemetry import tracer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from aiokafka import ConsumerRecord

LOG = logging.getLogger(__name__)

QUEUE = "shipping-queue"
FETCH_WAIT_MS = 20
TOPIC_WAIT_S = 10

Headers = list[tuple[str, bytes]]


class _HeaderSetter(Setter[Headers]):
    def set(self, carrier: Headers, key: str, value: str) -> None:
        carrier.append((key, value.encode()))


class _HeaderGetter(Getter["Sequence[tuple[str, bytes]]"]):
    def get(self, carrier: Sequence[tuple[str, bytes]], key: str) -> list[str] | None:
        return [value.decode(errors="replace") for name, value in carrier if name == key] or None

    def keys(self, carrier: Sequence[tuple[str, bytes]]) -> list[str]:
        return [name for name, _ in carrier]


def _broker() -> str:
    return os.environ["SHOP_KAFKA"]


def _attributes(operation: str, kind: str) -> dict[str, str]:
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": QUEUE,
        "messaging.destination": QUEUE,
        "messaging.operation.name": operation,
        "messaging.operation.type": kind,
    }


class Publisher:
    """Writes events to the queue."""

    def __init__(self) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=_broker())

    async def open(self) -> None:
        """Connect."""
        await self._producer.start()

    async def close(self) -> None:
        """Deliver what is under way, and disconnect."""
        await self._producer.stop()

    async def publish(self, event: Mapping[str, object]) -> None:
        """Send one event and wait until the broker has it."""
        attributes = _attributes("publish", "send")
        with tracer().start_as_current_span(
            "publish shipping event", kind=trace.SpanKind.PRODUCER, attributes=attributes
        ):
            headers: Headers = []
            inject(headers, setter=_HeaderSetter())
            await self._producer.send_and_wait(QUEUE, json.dumps(event).encode(), headers=headers)


class Subscriber:
    """Reads the events that are published after it was opened."""

    def __init__(self) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=_broker(),
            enable_auto_commit=False,
            # A broker may answer a waiting fetch only when its time is over: keep that short.
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )

    async def open(self) -> None:
        """Connect and stand at the end of every partition."""
        await self._consumer.start()
        partitions = [TopicPartition(QUEUE, number) for number in await _partitions()]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_end(*partitions)

    async def close(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def run(self, handle: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
        """Give each event to the handler, in the trace of whoever published it."""
        async for record in self._consumer:
            try:
                await _process(record, handle)
            except (ValueError, KeyError, TypeError):
                LOG.exception("the record at offset %s of partition %s is no event", record.offset, record.partition)


async def _partitions() -> list[int]:
    """Ask as a producer would, for that makes the broker create the topic where it does not exist yet."""
    producer = AIOKafkaProducer(bootstrap_servers=_broker())
    await producer.start()
    try:
        return sorted(await asyncio.wait_for(producer.partitions_for(QUEUE), TOPIC_WAIT_S))
    except TimeoutError as error:
        raise RuntimeError(
            f"the broker at {_broker()} has no topic {QUEUE} and does not create it: create it there"
        ) from error
    finally:
        await producer.stop()


async def _process(record: ConsumerRecord, handle: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
    """Continue the producer's trace, baggage included; the link names the event's creation, as the conventions ask."""
    parent = extract(record.headers, getter=_HeaderGetter())
    attributes = _attributes("process", "process") | {
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
    }
    creation = trace.get_current_span(parent).get_span_context()
    links = [trace.Link(creation)] if creation.is_valid else []
    token = context.attach(parent)
    try:
        with tracer().start_as_current_span(
            "process shipping event", kind=trace.SpanKind.CONSUMER, attributes=attributes, links=links
        ):
            await handle(json.loads(record.value))
    finally:
        context.detach(token)

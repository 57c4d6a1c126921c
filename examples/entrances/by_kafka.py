"""The shop by Kafka: records on three topics, and a reply on `receipts` for those with a `correlation-id`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from entrances.checkouts import BATCH, LATER, NOW, Checkouts

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEIPTS = "receipts"


class Entrance:
    """Reads what is written after it was opened."""

    def __init__(self, brokers: str) -> None:
        self._checkouts = Checkouts("kafka")
        self._producer = AIOKafkaProducer(bootstrap_servers=brokers)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False, fetch_max_wait_ms=20)

    async def open(self) -> None:
        """Connect, and stand at the end of every partition; topics are created by asking for them."""
        await self._producer.start()
        await self._consumer.start()
        partitions = [
            TopicPartition(topic, number)
            for topic in (NOW, LATER, BATCH)
            for number in sorted(await asyncio.wait_for(self._producer.partitions_for(topic), 20))
        ]
        self._consumer.assign(partitions)
        for partition, offset in (await self._consumer.end_offsets(partitions)).items():
            self._consumer.seek(partition, offset)

    async def run(self) -> None:
        """Handle records until cancelled."""
        async for record in self._consumer:
            carrier = {name: value.decode(errors="replace") for name, value in record.headers}
            answer = await self._checkouts.handle(record.topic, record.value, carrier, self._publish)
            correlation = [pair for pair in record.headers if pair[0] == "correlation-id"]
            if correlation:
                await self._producer.send_and_wait(RECEIPTS, answer, headers=correlation)

    async def _publish(self, topic: str, body: bytes, headers: Mapping[str, str]) -> None:
        pairs: list[Any] = [(name, value.encode()) for name, value in headers.items()]
        await self._producer.send_and_wait(topic, body, headers=pairs)

    async def close(self) -> None:
        """Disconnect."""
        await self._consumer.stop()
        await self._producer.stop()
        await self._checkouts.close()

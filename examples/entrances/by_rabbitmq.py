"""The shop by RabbitMQ: messages in three queues, and a reply to those that have `reply_to`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aio_pika

from entrances.checkouts import BATCH, LATER, NOW, Checkouts

if TYPE_CHECKING:
    from collections.abc import Mapping


class Entrance:
    """Declares its queues, which end with it, and reads them."""

    def __init__(self, url: str) -> None:
        self._url, self._checkouts = url, Checkouts("rabbitmq")
        self._connection: Any = None
        self._channel: Any = None
        self._incoming: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def open(self) -> None:
        """Connect, declare, and begin to read."""
        self._connection = await aio_pika.connect(self._url)
        self._channel = await self._connection.channel()
        for name in (NOW, LATER, BATCH):
            queue = await self._channel.declare_queue(name, auto_delete=True)
            await queue.consume(self._taken, no_ack=True)

    async def _taken(self, message: Any) -> None:
        await self._incoming.put((message.routing_key, message))

    async def run(self) -> None:
        """Handle messages until cancelled."""
        while True:
            queue, message = await self._incoming.get()
            carrier = {name: str(value) for name, value in (message.headers or {}).items()}
            answer = await self._checkouts.handle(queue, message.body, carrier, self._publish)
            if message.reply_to:
                reply = aio_pika.Message(answer, correlation_id=message.correlation_id, content_type="application/json")
                await self._channel.default_exchange.publish(reply, message.reply_to)

    async def _publish(self, queue: str, body: bytes, headers: Mapping[str, str]) -> None:
        await self._channel.default_exchange.publish(aio_pika.Message(body, headers=dict(headers)), queue)

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.close()
        await self._checkouts.close()

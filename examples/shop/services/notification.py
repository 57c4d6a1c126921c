"""Writes to the customer when a parcel is on its way. Nobody calls it; it reads the queue."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from shop.messaging import Subscriber
from shop.telemetry import tracer
from shop.web import application as web_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.applications import Starlette

LOG = logging.getLogger(__name__)

MAILER_S = 0.002
"""What the mail server takes."""


async def notify(event: Mapping[str, object]) -> None:
    """Send one mail."""
    with tracer().start_as_current_span("send notification", attributes={"order.id": str(event["orderId"])}):
        await asyncio.sleep(MAILER_S)


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    subscriber = Subscriber()
    await subscriber.open()
    reading = asyncio.create_task(subscriber.run(notify))
    reading.add_done_callback(_end_if_broken)
    yield
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    await subscriber.close()


def _end_if_broken(reading: asyncio.Task[None]) -> None:
    """End the process when reading has ended by itself: a service that only looks alive would hide the fault."""
    if not reading.cancelled():
        LOG.error("reading the queue has ended", exc_info=reading.exception())
        os._exit(1)


def application() -> Starlette:
    """Make the application."""
    return web_application([], _lifespan)

"""Charges the customer through a payment provider."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Column, Float, MetaData, String, Table
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from shop.database import Database
from shop.faults import Fault, active
from shop.telemetry import tracer
from shop.web import application as web_application
from shop.web import body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request

PROVIDER_S = 0.005
"""What the provider takes to answer."""

EXHAUSTED_POOL_S = 0.35
"""What a payment waits for one of the provider's connections when there are too few of them."""

TABLES = MetaData()
PAYMENTS = Table("payments", TABLES, Column("order_id", String), Column("amount", Float), Column("currency", String))


class ProviderError(Exception):
    """The provider did not take the money."""


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.database = Database("payments", TABLES)
    await app.state.database.open()
    yield
    await app.state.database.close()


async def pay(request: Request) -> JSONResponse:
    """Take the money for an order: `POST /payments`."""
    body = await body_of(request, "orderId", "amount")
    order_id, amount = str(body["orderId"]), float(body["amount"])
    attributes: dict[str, str | float] = {"order.id": order_id, "payment.amount": amount, "payment.currency": "EUR"}
    try:
        with tracer().start_as_current_span("process payment", attributes=attributes):
            await _charge()
            await _book(request.app.state.database, order_id, amount)
    except ProviderError as error:
        raise HTTPException(502, str(error)) from error
    return JSONResponse({"status": "paid", "amount": amount})


async def _charge() -> None:
    """Stand in for the provider, which is no part of the shop and leaves no spans."""
    if active(Fault.SLOW_PAYMENT):
        await asyncio.sleep(EXHAUSTED_POOL_S)
    await asyncio.sleep(PROVIDER_S)
    if active(Fault.PAYMENT_ERROR_SWALLOWED):
        raise ProviderError("the payment provider declined the card: insufficient funds")


async def _book(database: Database, order_id: str, amount: float) -> None:
    async with database.transaction() as connection:
        await connection.execute(PAYMENTS.insert().values(order_id=order_id, amount=amount, currency="EUR"))


def application() -> Starlette:
    """Make the application."""
    return web_application([Route("/payments", pay, methods=["POST"])], _lifespan)

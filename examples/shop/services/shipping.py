"""Sends the parcel, and tells the rest of the shop through the queue."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Column, MetaData, String, Table
from starlette.responses import JSONResponse
from starlette.routing import Route

from shop.database import Database
from shop.faults import Fault, active
from shop.messaging import Publisher
from shop.web import application as web_application
from shop.web import body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request

TABLES = MetaData()
SHIPMENTS = Table("shipments", TABLES, Column("id", String, primary_key=True), Column("order_id", String))


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.database, app.state.publisher = Database("shipping", TABLES), Publisher()
    await app.state.database.open()
    await app.state.publisher.open()
    yield
    await app.state.publisher.close()
    await app.state.database.close()


async def ship(request: Request) -> JSONResponse:
    """Ship an order: `POST /shipments`. Each call is a parcel."""
    order_id = str((await body_of(request, "orderId"))["orderId"])
    shipment_id = f"parcel-{uuid4().hex[:12]}"
    async with request.app.state.database.transaction() as connection:
        await connection.execute(SHIPMENTS.insert().values(id=shipment_id, order_id=order_id))
    if not active(Fault.LOST_EVENT):
        await request.app.state.publisher.publish({"orderId": order_id, "shipmentId": shipment_id})
    return JSONResponse({"status": "shipped", "shipmentId": shipment_id})


def application() -> Starlette:
    """Make the application."""
    return web_application([Route("/shipments", ship, methods=["POST"])], _lifespan)

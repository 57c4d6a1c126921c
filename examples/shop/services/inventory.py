"""Knows how many pieces of each product there are."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, MetaData, String, Table, select, update
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from shop.catalogue import PRODUCTS, STOCK
from shop.database import Database
from shop.faults import Fault, active
from shop.telemetry import tracer
from shop.web import application as web_application
from shop.web import body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request

TABLES = MetaData()
PIECES = Table("stock", TABLES, Column("sku", String, primary_key=True), Column("quantity", Integer))
SEEDS = {PIECES: [{"sku": each.sku, "quantity": STOCK} for each in PRODUCTS]}


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.database = Database("inventory", TABLES)
    await app.state.database.open(SEEDS)
    yield
    await app.state.database.close()


async def reserve(request: Request) -> JSONResponse:
    """Take one piece of each product: `POST /reservations`."""
    body = await body_of(request, "orderId", "skus")
    skus = [str(sku) for sku in body["skus"]]
    with tracer().start_as_current_span("update inventory", attributes={"order.id": str(body["orderId"])}) as span:
        status = await _take(request.app.state.database, skus)
        span.set_attribute("inventory.update.status", status)
    return JSONResponse({"status": status})


async def _take(database: Database, skus: list[str]) -> str:
    if active(Fault.INVENTORY_NOT_UPDATED):
        return "skipped"
    async with database.transaction() as connection:
        await connection.execute(update(PIECES).where(PIECES.c.sku.in_(skus)).values(quantity=PIECES.c.quantity - 1))
    return "success"


async def stock(request: Request) -> JSONResponse:
    """Count the pieces of a product, with exactly one query: `GET /stock/{sku}`."""
    sku = request.path_params["sku"]
    async with request.app.state.database.transaction() as connection:
        quantity = await connection.scalar(select(PIECES.c.quantity).where(PIECES.c.sku == sku))
    if quantity is None:
        raise HTTPException(404, f"no product {sku}")
    return JSONResponse({"sku": sku, "quantity": quantity})


def application() -> Starlette:
    """Make the application."""
    return web_application([Route("/reservations", reserve, methods=["POST"]), Route("/stock/{sku}", stock)], _lifespan)

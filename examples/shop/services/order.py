"""Takes an order and has it paid, reserved and shipped."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import Column, Integer, MetaData, String, Table, select, update
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from shop.catalogue import PRODUCTS
from shop.database import Database
from shop.faults import Fault, active
from shop.telemetry import tracer
from shop.web import Client, body_of
from shop.web import application as web_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request

LOG = logging.getLogger(__name__)

TABLES = MetaData()
CATALOGUE = Table(
    "products", TABLES, Column("sku", String, primary_key=True), Column("name", String), Column("price", Integer)
)
ORDERS = Table(
    "orders", TABLES, Column("id", String, primary_key=True), Column("reference", String), Column("status", String)
)
LINES = Table(
    "order_lines", TABLES, Column("order_id", String, index=True), Column("sku", String), Column("position", Integer)
)

SEEDS = {CATALOGUE: [{"sku": each.sku, "name": each.name, "price": each.price} for each in PRODUCTS]}


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.database = Database("orders", TABLES)
    await app.state.database.open(SEEDS)
    clients = {name: Client(f"{name}-service") for name in ("payment", "inventory", "shipping")}
    app.state.clients = clients
    yield
    for client in clients.values():
        await client.close()
    await app.state.database.close()


async def place(request: Request) -> JSONResponse:
    """Place an order: `POST /orders`."""
    body = await body_of(request)
    order_id = f"order-{uuid4().hex[:12]}"
    with tracer().start_as_current_span("place order", attributes={"order.id": order_id}) as span:
        await _record(request.app.state.database, order_id, str(body.get("reference", "")))
        lines = await _load(request.app.state.database, order_id)
        total = sum(line["price"] for line in lines) / 100
        span.set_attributes({"order.total": total, "order.items": len(lines)})
        await _fulfil(request.app.state.clients, order_id, total, lines)
        await _confirm(request.app.state.database, order_id)
    return JSONResponse({"status": "confirmed", "orderId": order_id, "total": total})


async def _record(database: Database, order_id: str, reference: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(ORDERS.insert().values(id=order_id, reference=reference, status="placed"))
        rows = [{"order_id": order_id, "sku": each.sku, "position": place} for place, each in enumerate(PRODUCTS, 1)]
        await connection.execute(LINES.insert(), rows)


async def _load(database: Database, order_id: str) -> list[dict[str, Any]]:
    """Read the order's lines with their prices: one join, or, as it happens in real life, one query for each line."""
    joined = select(LINES.c.sku, CATALOGUE.c.price).join(CATALOGUE, CATALOGUE.c.sku == LINES.c.sku)
    async with database.transaction() as connection:
        if not active(Fault.QUERY_PER_ROW):
            found = await connection.execute(joined.where(LINES.c.order_id == order_id).order_by(LINES.c.position))
            return [dict(row) for row in found.mappings()]
        skus = (await connection.scalars(select(LINES.c.sku).where(LINES.c.order_id == order_id))).all()
        return [
            {"sku": sku, "price": await connection.scalar(select(CATALOGUE.c.price).where(CATALOGUE.c.sku == sku))}
            for sku in skus
        ]


async def _fulfil(clients: dict[str, Client], order_id: str, total: float, lines: list[dict[str, Any]]) -> None:
    try:
        await clients["payment"].post("/payments", {"orderId": order_id, "amount": total})
    except HTTPException as error:
        if not active(Fault.PAYMENT_ERROR_SWALLOWED):
            raise
        LOG.warning("the payment of %s failed, and the order goes on: %s", order_id, error.detail)
    await clients["inventory"].post("/reservations", {"orderId": order_id, "skus": [line["sku"] for line in lines]})
    for _ in range(2 if active(Fault.DUPLICATE_SHIPPING) else 1):
        await clients["shipping"].post("/shipments", {"orderId": order_id})


async def _confirm(database: Database, order_id: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(update(ORDERS).where(ORDERS.c.id == order_id).values(status="confirmed"))


async def look_up(request: Request) -> JSONResponse:
    """Say how far an order is, with exactly one query: `GET /orders/{id}`."""
    query = select(ORDERS.c.id, ORDERS.c.reference, ORDERS.c.status).where(ORDERS.c.id == request.path_params["id"])
    async with request.app.state.database.transaction() as connection:
        row = (await connection.execute(query)).mappings().first()
    if row is None:
        raise HTTPException(404, f"no order {request.path_params['id']}")
    return JSONResponse({"orderId": row["id"], "reference": row["reference"], "status": row["status"]})


def application() -> Starlette:
    """Make the application."""
    return web_application([Route("/orders", place, methods=["POST"]), Route("/orders/{id}", look_up)], _lifespan)

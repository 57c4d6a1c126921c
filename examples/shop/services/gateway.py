"""The only service that customers reach. It says "confirmed" whatever went wrong behind it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from shop import faults
from shop.web import Client, body_of
from shop.web import application as web_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.orders, app.state.inventory = Client("order-service"), Client("inventory-service")
    yield
    await app.state.orders.close()
    await app.state.inventory.close()


async def checkout(request: Request) -> JSONResponse:
    """Place an order: `POST /checkout`."""
    if names := faults.unknown():
        known = ", ".join(faults.Fault)
        raise HTTPException(400, f"no fault {', '.join(names)}; there is {faults.HEALTHY}, {known}")
    body = await body_of(request)
    placed = await request.app.state.orders.post("/orders", {"reference": str(body.get("order", ""))[:100]})
    return JSONResponse(placed)


async def order(request: Request) -> JSONResponse:
    """Look an order up: `GET /orders/{id}`."""
    return JSONResponse(await request.app.state.orders.get(f"/orders/{request.path_params['id']}"))


async def stock(request: Request) -> JSONResponse:
    """Say how many pieces of a product there are: `GET /stock/{sku}`."""
    return JSONResponse(await request.app.state.inventory.get(f"/stock/{request.path_params['sku']}"))


def application() -> Starlette:
    """Make the application."""
    routes = [
        Route("/checkout", checkout, methods=["POST"]),
        Route("/orders/{id}", order),
        Route("/stock/{sku}", stock),
    ]
    return web_application(routes, _lifespan)

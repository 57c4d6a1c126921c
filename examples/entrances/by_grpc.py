"""The shop by gRPC: `shop.Checkout`, with server reflection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry import trace
from starlette.exceptions import HTTPException

from entrances.checkouts import Checkouts, span_of_caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROTO = "checkout.proto"
SERVICE = "shop.Checkout"


class _Service:
    """Places orders; a fault of the shop's is a status, an order without a name INVALID_ARGUMENT."""

    def __init__(self, messages: Any) -> None:
        self._messages, self._checkouts = messages, Checkouts("grpc")

    async def Place(self, order: Any, call: Any) -> Any:  # noqa: N802 - the name of the RPC
        """One order."""
        with self._span("Place", call):
            return await self._placed(order, call)

    async def PlaceAll(self, orders: AsyncIterator[Any], call: Any) -> AsyncIterator[Any]:  # noqa: N802
        """Orders as they come."""
        with self._span("PlaceAll", call):
            async for order in orders:
                yield await self._placed(order, call)

    def _span(self, method: str, call: Any) -> Any:
        carrier = {key: value for key, value in call.invocation_metadata() if isinstance(value, str)}
        attributes = {"rpc.system": "grpc", "rpc.service": SERVICE, "rpc.method": method}
        return span_of_caller(carrier, f"{SERVICE}/{method}", trace.SpanKind.SERVER, attributes)

    async def _placed(self, order: Any, call: Any) -> Any:
        span = trace.get_current_span()
        if not order.order:
            span.set_attribute("rpc.grpc.status_code", grpc.StatusCode.INVALID_ARGUMENT.value[0])
            await call.abort(grpc.StatusCode.INVALID_ARGUMENT, "the order has no name")
        try:
            placed = await self._checkouts.place(order.order)
        except HTTPException as fault:
            span.set_attribute("rpc.grpc.status_code", grpc.StatusCode.UNAVAILABLE.value[0])
            await call.abort(grpc.StatusCode.UNAVAILABLE, fault.detail)
            raise
        span.set_attribute("rpc.grpc.status_code", 0)
        return self._messages.Confirmation(status=placed["status"], order_id=placed["orderId"], total=placed["total"])


async def serve(port: int) -> tuple[Any, str]:
    """Start the server on the loopback; what to stop, and where it is."""
    import sys

    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)  # where grpc looks for .proto files
    try:
        messages, services = grpc.protos_and_services(PROTO)
    finally:
        sys.path.remove(folder)
    server = grpc.aio.server()
    services.add_CheckoutServicer_to_server(_Service(messages), server)
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    return server, f"127.0.0.1:{bound}"

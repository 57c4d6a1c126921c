"""OTLP/gRPC: a `grpc.aio` server that passes message bytes on as they are.

The library unpacks gzip and deflate and holds the size limit (`RESOURCE_EXHAUSTED`); what is in a message is the pure exchange's
matter. One answer is not ours to give: a call whose `grpc-encoding` the library does not know ends in it as `INTERNAL` where the
specification asks for `UNIMPLEMENTED` (https://github.com/grpc/grpc/issues/36770); exporters repeat neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from spanspec.otlp.exchange import GRPC_METHODS, MAX_BODY, exchange_grpc
from spanspec.receiver.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.exchange import Payload
    from spanspec.receiver.http import Sink


def build_server(sink: Sink, *, limit: int = MAX_BODY, access: Access | None = None) -> Any:
    """A server with the OTLP services, not bound to a port yet.

    Args:
        sink: Where exports go.
        limit: Bytes that a message may have, packed and unpacked.
        access: What senders must bring; its TLS is the matter of whoever binds the port.
    """
    # Imported here: 45 ms that no command without a receiver should pay.
    import grpc
    import grpc.aio

    options = [
        ("grpc.max_receive_message_length", limit),
        # A port that another process has must be an error, not a port shared with it.
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(options=options)
    for method in GRPC_METHODS:
        service, _, name = method.removeprefix("/").partition("/")
        # Without (de)serialisers a message stays bytes.
        handler = grpc.unary_unary_rpc_method_handler(_handler(sink, method, grpc.StatusCode, access or Access()))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    return server


def _handler(sink: Sink, method: str, codes: Any, access: Access) -> Any:
    async def export(request: bytes, context: Any) -> bytes:
        if access.token and not access.lets_in(_authorization(context)):
            await context.abort(codes.UNAUTHENTICATED, "a bearer token is asked for, and this one is not it")
        done = exchange_grpc(method, request, accept=_accept(sink, peer_of(context.peer())))
        if done.status != "OK":
            await context.abort(codes[done.status], done.details)
        return done.message

    return export


def _authorization(context: Any) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization" and isinstance(value, str):
            return value
    return None


def _accept(sink: Sink, peer: str) -> Callable[[Payload], Decoded]:
    return lambda payload: sink.add(payload, peer)


def peer_of(text: str) -> str:
    """`host:port` of gRPC's `ipv4:host:port` or `ipv6:%5Bhost%5D:port`."""
    return unquote(text.partition(":")[2])

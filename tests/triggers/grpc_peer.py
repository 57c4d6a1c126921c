"""A gRPC server with all four kinds of calls, reflection, TLS and mutual TLS, that keeps what it was sent."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import trustme
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import ReflectionServicer

PROTOS = Path(__file__).parent / "protos"
SERVICE = "shop.Orders"
V1, V1ALPHA = "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"


@cache
def descriptor_set() -> bytes:
    """The service's descriptor set, with what it imports."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.pb"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", "--include_imports"]
        subprocess.run([*command, f"--descriptor_set_out={out}", "shop/orders.proto"], check=True, timeout=60)
        return out.read_bytes()


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for file in FileDescriptorSet.FromString(descriptor_set()).file:
        pool.Add(file)
    return pool


@dataclass
class Called:
    """One call as it came."""

    method: str
    metadata: list[tuple[str, Any]]
    requests: list[Any] = field(default_factory=list)
    time_left_s: float | None = None

    def all(self, key: str) -> list[Any]:
        """The values of one key."""
        return [value for name, value in self.metadata if name == key]


@dataclass
class Peer:
    """The server: where it is, what it was called with."""

    address: str = ""
    calls: list[Called] = field(default_factory=list)
    asked: list[Called] = field(default_factory=list)
    called: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)


class _Orders(grpc.GenericRpcHandler):
    """Answers each order with a receipt; `ending` says how a call ends."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.receipt = message_factory.GetMessageClass(_pool().FindMessageTypeByName("shop.Receipt"))
        self.order = message_factory.GetMessageClass(_pool().FindMessageTypeByName("shop.Order"))

    def service(self, details: Any) -> Any:
        """The handler of a method."""
        name = details.method.rpartition("/")[2]
        if not details.method.startswith(f"/{SERVICE}/") or name not in ("Place", "Watch", "PlaceAll", "Talk"):
            return None
        kind = {"Place": "unary_unary", "Watch": "unary_stream", "PlaceAll": "stream_unary", "Talk": "stream_stream"}[
            name
        ]
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(
            getattr(self, name),
            request_deserializer=self.order.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def _called(self, name: str, context: Any) -> Called:
        left = context.time_remaining()
        called = Called(name, [(key, value) for key, value in context.invocation_metadata()], [], left)
        self.peer.calls.append(called)
        self.peer.called.set()
        context.send_initial_metadata((("served-by", "peer"), ("trace-bin", b"\x00\x01")))
        return called

    def _answer(self, order: Any, context: Any) -> Any:
        if order.ending == "wait":
            while context.is_active() and not self.peer.stop.wait(0.01):
                pass
        elif order.ending:
            context.set_trailing_metadata((("reason", "as asked"),))
            context.abort(grpc.StatusCode[order.ending], f"{order.item} ends with {order.ending}")
        return self.receipt(
            id=f"r-{order.item}", item=order.item, pieces=order.pieces, price=order.price, token=order.token
        )

    def Place(self, order: Any, context: Any) -> Any:
        """One order, one receipt."""
        self._called("Place", context).requests.append(order)
        context.set_trailing_metadata((("cost", "1"),))
        return self._answer(order, context)

    def Watch(self, order: Any, context: Any) -> Iterator[Any]:
        """A receipt for every piece."""
        self._called("Watch", context).requests.append(order)
        for number in range(order.pieces):
            yield self.receipt(id=f"r-{number}", item=order.item)
        self._answer(order, context)

    def PlaceAll(self, orders: Iterator[Any], context: Any) -> Any:
        """One receipt for all orders."""
        called = self._called("PlaceAll", context)
        called.requests.extend(orders)
        return self.receipt(pieces=sum(order.pieces for order in called.requests))

    def Talk(self, orders: Iterator[Any], context: Any) -> Iterator[Any]:
        """A receipt for each order, as it comes."""
        called = self._called("Talk", context)
        for order in orders:
            called.requests.append(order)
            yield self._answer(order, context)


class _Reflection(grpc.GenericRpcHandler):
    """The reflection service under the names of the versions that are asked for."""

    def __init__(self, peer: Peer, versions: Sequence[str], token: str) -> None:
        self.peer, self.token = peer, token
        self.paths = {f"/{version}/ServerReflectionInfo" for version in versions}
        self.servicer = ReflectionServicer([SERVICE, *versions], _pool())

    def service(self, details: Any) -> Any:
        """The handler, for the versions that there are."""
        if details.method not in self.paths:
            return None
        return grpc.stream_stream_rpc_method_handler(
            self._answer,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )

    def _answer(self, questions: Iterator[Any], context: Any) -> Iterator[Any]:
        called = Called("reflection", [(key, value) for key, value in context.invocation_metadata()])
        self.peer.asked.append(called)
        if self.token and called.all("authorization") != [self.token]:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        yield from self.servicer.ServerReflectionInfo(questions, context)


@contextmanager
def serving(
    versions: Sequence[str] = (V1ALPHA,), *, certificate: trustme.LeafCert | None = None,
    clients: trustme.CA | None = None, token: str = "",
) -> Iterator[Peer]:  # fmt: skip
    """Serve on a free loopback port: plain, with TLS (`certificate`), or with mutual TLS (`clients` as well)."""
    peer = Peer()
    pool = futures.ThreadPoolExecutor(4)
    server = grpc.server(pool, handlers=[_Orders(peer), _Reflection(peer, versions, token)])
    if certificate is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = (certificate.private_key_pem.bytes(), b"".join(each.bytes() for each in certificate.cert_chain_pems))
        trusted = clients.cert_pem.bytes() if clients is not None else None
        port = server.add_secure_port(
            "127.0.0.1:0", grpc.ssl_server_credentials([pair], trusted, require_client_auth=clients is not None)
        )
    server.start()
    peer.address = f"127.0.0.1:{port}"
    try:
        yield peer
    finally:
        peer.stop.set()
        server.stop(0).wait(10)
        pool.shutdown()

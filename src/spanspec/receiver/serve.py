"""The embedded receiver: OTLP over HTTP and gRPC into a store, for the length of a run."""

from __future__ import annotations

import errno
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from spanspec.errors import ReceiverError
from spanspec.otlp.exchange import MAX_BODY
from spanspec.receiver.access import Access
from spanspec.receiver.grpc import build_server
from spanspec.receiver.http import HttpApp
from spanspec.receiver.listen import HttpServer, is_loopback, listen, shown

if TYPE_CHECKING:
    import socket
    from types import TracebackType

    from spanspec.receiver.http import Sink
    from spanspec.receiver.listen import Address

DEFAULT_HTTP: Final = ("127.0.0.1", 4318)
DEFAULT_GRPC: Final = ("127.0.0.1", 4317)
"""The ports that OTLP has with IANA, on loopback: telemetry of this machine only."""

STOP_S: Final = 2.0
"""How long an export that is under way may take to end when the receiver stops."""

_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on


class Receiver:
    """Listens from `__aenter__` on, for both protocols, and drains in `__aexit__`.

    Args:
        sink: Where exports go: a `stores.memory.Store`.
        http: Host and port, 0 for a free one; None for no OTLP/HTTP.
        grpc: The same for OTLP/gRPC.
        explicit: Whether a person chose the ports: one that is taken is then an error, else a free one is used.
        limit: Bytes that an export may have, packed and unpacked.
        stop_s: How long exports that are under way may take to end.
        access: What senders must bring: a token, TLS, the origin of a page.

    Attributes:
        http_address: Where OTLP/HTTP listens, once started; None if it does not.
        grpc_address: The same for OTLP/gRPC.
        notes: What a person should know, one line each.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        http: Address | None = DEFAULT_HTTP,
        grpc: Address | None = DEFAULT_GRPC,
        explicit: bool = False,
        limit: int = MAX_BODY,
        stop_s: float = STOP_S,
        access: Access | None = None,
    ) -> None:
        self.http_address: Address | None = None
        self.grpc_address: Address | None = None
        self.notes: list[str] = []
        self._sink = sink
        self._http = http
        self._grpc = grpc
        self._explicit = explicit
        self._limit = limit
        self._stop_s = stop_s
        self._access = access or Access()
        self._stack = AsyncExitStack()
        self._http_server: HttpServer | None = None

    async def __aenter__(self) -> Self:
        """Listen on all addresses.

        Raises:
            ReceiverError: An address cannot be listened on.
        """
        async with AsyncExitStack() as stack:
            if self._http is not None:
                await self._start_http(self._http, stack)
            if self._grpc is not None:
                await self._start_grpc(self._grpc, stack)
            self._warn_of_open_addresses()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, let exports that are under way end, close."""
        await self._stack.aclose()

    @property
    def endpoint(self) -> str | None:
        """The value for `OTEL_EXPORTER_OTLP_ENDPOINT` over HTTP; None without OTLP/HTTP."""
        if self.http_address is None:
            return None
        host, port = self.http_address
        scheme = "https" if self._access.encrypted else "http"
        return f"{scheme}://{shown((_REACHABLE.get(host, host), port))}"

    @property
    def busy(self) -> int:
        """How many HTTP requests are being answered now."""
        return self._http_server.requests if self._http_server is not None else 0

    async def _start_http(self, wanted: Address, stack: AsyncExitStack) -> None:
        listener = self._listener(wanted, "OTLP/HTTP", "http/protobuf")
        stack.callback(listener.close)
        server = HttpServer(HttpApp(self._sink, limit=self._limit, access=self._access), self._stop_s)
        await server.start(listener, self._access.tls())
        self._http_server = server
        stack.push_async_callback(server.stop)
        self.http_address = listener.getsockname()[:2]

    async def _start_grpc(self, wanted: Address, stack: AsyncExitStack) -> None:
        with self._listener(wanted, "OTLP/gRPC", "grpc") as probe:
            address: Address = probe.getsockname()[:2]
        # grpc binds by itself. The probe found a free port and said what was wrong in words; it must be closed first.
        server = build_server(self._sink, limit=self._limit, access=self._access)
        try:
            self._bind(server, shown(address))
        except RuntimeError as fault:
            raise ReceiverError(f"OTLP/gRPC cannot listen on {shown(address)}: {fault}", help=_HELP) from fault
        await server.start()
        stack.push_async_callback(server.stop, self._stop_s)
        self.grpc_address = address

    def _bind(self, server: Any, address: str) -> None:
        pem = self._access.pem()
        if pem is None:
            server.add_insecure_port(address)
            return
        import grpc

        server.add_secure_port(address, grpc.ssl_server_credentials([pem]))

    def _listener(self, wanted: Address, what: str, protocol: str) -> socket.socket:
        """A listening socket on the wanted port, or where that is taken and was nobody's choice, on a free one."""
        try:
            return listen(wanted)
        except OSError as fault:
            taken = fault.errno == errno.EADDRINUSE
            if not taken or self._explicit:
                raise _cannot_listen(wanted, what, fault) from fault
        try:
            free = listen((wanted[0], 0))
        except OSError as fault:
            raise _cannot_listen((wanted[0], 0), what, fault) from fault
        self.notes.append(_moved(wanted, free.getsockname()[:2], what, protocol))
        return free

    def _warn_of_open_addresses(self) -> None:
        for what, address in (("OTLP/HTTP", self.http_address), ("OTLP/gRPC", self.grpc_address)):
            if address is not None and not is_loopback(address[0]):
                who = "whoever has the token" if self._access.token else "whoever reaches this machine"
                self.notes.append(f"{what} listens on {shown(address)}: {who} can send spans")


_HELP = "Choose another port with `--receiver HOST:PORT`, or port 0 for a free one."


def _cannot_listen(address: Address, what: str, fault: OSError) -> ReceiverError:
    if fault.errno == errno.EADDRINUSE:
        return ReceiverError(f"{what}: port {address[1]} on {address[0]} is in use", help=_HELP)
    reason = fault.strerror or str(fault)
    return ReceiverError(f"{what} cannot listen on {shown(address)}: {reason}", help=_HELP)


def _moved(wanted: Address, address: Address, what: str, protocol: str) -> str:
    extra = " OTEL_EXPORTER_OTLP_PROTOCOL=grpc" if protocol == "grpc" else ""
    setting = f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{shown(address)}{extra}"
    return f"port {wanted[1]} is in use, {what} listens on {shown(address)}: set {setting} for the system under test"

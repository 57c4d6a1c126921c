"""The embedded receiver: OTLP over HTTP and gRPC into a store, for the length of a run."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self, cast

from spanspec.errors import ReceiverError
from spanspec.otlp.exchange import MAX_BODY
from spanspec.receiver.access import Access
from spanspec.receiver.grpc import build_server
from spanspec.receiver.http import HttpApp

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from spanspec.receiver.http import Sink

Address = tuple[str, int]

DEFAULT_HTTP: Final = ("127.0.0.1", 4318)
DEFAULT_GRPC: Final = ("127.0.0.1", 4317)
"""The ports that OTLP has with IANA, on loopback: telemetry of this machine only."""

STOP_S: Final = 2.0
"""How long an export that is under way may take to end when the receiver stops."""

KEEP_ALIVE_S: Final = 75
"""How long an idle connection stays open: longer than any exporter's delay, so that a batch finds its connection."""

_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
_BACKLOG = 1024


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
        self._http_server: _HttpServer | None = None

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
        return f"{scheme}://{_shown((_REACHABLE.get(host, host), port))}"

    @property
    def busy(self) -> int:
        """How many HTTP requests are being answered now."""
        return self._http_server.requests if self._http_server is not None else 0

    async def _start_http(self, wanted: Address, stack: AsyncExitStack) -> None:
        listener = self._listener(wanted, "OTLP/HTTP", "http/protobuf")
        stack.callback(listener.close)
        server = _HttpServer(HttpApp(self._sink, limit=self._limit, access=self._access), self._stop_s)
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
            self._bind(server, _shown(address))
        except RuntimeError as fault:
            raise ReceiverError(f"OTLP/gRPC cannot listen on {_shown(address)}: {fault}", help=_HELP) from fault
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
            return _listen(wanted)
        except OSError as fault:
            taken = fault.errno == errno.EADDRINUSE
            if not taken or self._explicit:
                raise _cannot_listen(wanted, what, fault) from fault
        try:
            free = _listen((wanted[0], 0))
        except OSError as fault:
            raise _cannot_listen((wanted[0], 0), what, fault) from fault
        self.notes.append(_moved(wanted, free.getsockname()[:2], what, protocol))
        return free

    def _warn_of_open_addresses(self) -> None:
        for what, address in (("OTLP/HTTP", self.http_address), ("OTLP/gRPC", self.grpc_address)):
            if address is not None and not _is_loopback(address[0]):
                who = "whoever has the token" if self._access.token else "whoever reaches this machine"
                self.notes.append(f"{what} listens on {_shown(address)}: {who} can send spans")


_HELP = "Choose another port with `--receiver HOST:PORT`, or port 0 for a free one."


def _cannot_listen(address: Address, what: str, fault: OSError) -> ReceiverError:
    if fault.errno == errno.EADDRINUSE:
        return ReceiverError(f"{what}: port {address[1]} on {address[0]} is in use", help=_HELP)
    reason = fault.strerror or str(fault)
    return ReceiverError(f"{what} cannot listen on {_shown(address)}: {reason}", help=_HELP)


def _moved(wanted: Address, address: Address, what: str, protocol: str) -> str:
    extra = " OTEL_EXPORTER_OTLP_PROTOCOL=grpc" if protocol == "grpc" else ""
    setting = f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{_shown(address)}{extra}"
    return f"port {wanted[1]} is in use, {what} listens on {_shown(address)}: set {setting} for the system under test"


def _listen(address: Address) -> socket.socket:
    """A listening socket, bound before any server library is loaded."""
    found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # "localhost" may be both; exporters try IPv4 at the latest.
    family, kind, number, _, where = sorted(found, key=lambda each: each[0] != socket.AF_INET)[0]
    listener = socket.socket(family, kind, number)
    try:
        if os.name == "posix":  # elsewhere it would share a port that is taken
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _shown(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


class _HttpServer:
    """uvicorn's HTTP protocol on a socket of ours, without its signal handlers, log set-up and tick."""

    def __init__(self, app: HttpApp, stop_s: float) -> None:
        self._app = app
        self._stop_s = stop_s
        self._state: Any = None
        self._server: asyncio.Server | None = None

    @property
    def requests(self) -> int:
        """How many requests are being answered."""
        return len(self._state.tasks) if self._state is not None else 0

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve connections to a listening socket, encrypted where a context is given."""
        # Imported here: 25 ms that no command without a receiver should pay.
        from uvicorn.config import Config
        from uvicorn.server import ServerState

        config = Config(
            self._app,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        config.load()
        self._state = ServerState()
        build: Any = config.http_protocol_class

        def connection() -> asyncio.Protocol:
            made = build(config=config, server_state=self._state, app_state={})
            made.access_log = (
                False  # here and not in the configuration, which would change loggers of the whole process
            )
            return cast("asyncio.Protocol", made)

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(connection, sock=listener, backlog=_BACKLOG, ssl=tls)

    async def stop(self) -> None:
        """Refuse what is new, let what is under way end within `stop_s`, close the connections."""
        assert self._server is not None
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=self._stop_s)
        self._app.stopping = True
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.close()
        await asyncio.sleep(0)

"""Sockets that listen, and an HTTP server on one: what the receiver and what serves runners elsewhere share."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    import ssl

    from spanspec.receiver.http import Message, Receive, Send

Address = tuple[str, int]

KEEP_ALIVE_S: Final = 75
"""How long an idle connection stays open: longer than any exporter's delay, so that a batch finds its connection."""

_BACKLOG = 1024


class App(Protocol):
    """An ASGI application.

    Attributes:
        stopping: Set when what is under way has had its time.
    """

    stopping: bool

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        ...


def listen(address: Address) -> socket.socket:
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


def shown(address: Address) -> str:
    """`host:port`, an IPv6 host in brackets."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


class HttpServer:
    """uvicorn's HTTP protocol on a socket of ours, without its signal handlers, log set-up and tick."""

    def __init__(self, app: App, stop_s: float) -> None:
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

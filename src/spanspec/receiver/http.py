"""OTLP/HTTP as an ASGI application without a framework: reads the body within bounds and hands it to the pure exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from spanspec.otlp.exchange import MAX_BODY, Encoding, Response, encoding_of, exchange, refuse, route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.exchange import Payload

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_DRAIN: Final = 256 * 1024 * 1024
"""How many bytes beyond the limit are read and thrown away, so that a sender that writes before it reads gets its answer."""


class Sink(Protocol):
    """Where exports go: `stores.memory.Store`."""

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take an export in; raises `OtlpError` when it is broken."""
        ...


class HttpApp:
    """The application.

    Args:
        sink: Where exports go.
        limit: Bytes that a body may have, packed and unpacked.

    Attributes:
        stopping: When set, exports are refused with 503, which senders repeat elsewhere or later.
    """

    def __init__(self, sink: Sink, *, limit: int = MAX_BODY) -> None:
        self.stopping = False
        self._sink = sink
        self._limit = limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
        response = await self._respond(scope, headers, receive)
        if response is not None:
            await _send(response, send)

    async def _respond(self, scope: Message, headers: list[tuple[str, str]], receive: Receive) -> Response | None:
        """The answer, or None when the sender has gone."""
        body = await self._body(receive)
        if body is None:
            return None
        encoding = encoding_of(headers)
        if self.stopping:
            return refuse(503, "the receiver is stopping", encoding, retry_after_s=1)
        method, path = scope["method"], scope["path"]
        refusal = route(method, path, headers)[1]
        if isinstance(body, _TooLong):
            text = f"the body has more than {self._limit} bytes"
            return refusal or refuse(413, text, encoding or Encoding.JSON, (("connection", "close"),))
        peer = peer_text(scope.get("client"))
        accept = _accept(self._sink, peer)
        return exchange(method, path, headers, body, accept=accept, limit=self._limit).response

    async def _body(self, receive: Receive) -> bytes | _TooLong | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size <= self._limit:
                parts.append(part)
            else:
                parts.clear()
            if not message.get("more_body", False):
                return b"".join(parts) if size <= self._limit else _TooLong()
            if size > self._limit + _DRAIN:
                return _TooLong()


class _TooLong:
    """A body beyond the limit, thrown away."""


def peer_text(client: tuple[str, int] | None) -> str:
    """`host:port`, or an empty text."""
    if client is None:
        return ""
    host, port = client[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _accept(sink: Sink, peer: str) -> Callable[[Payload], Decoded]:
    return lambda payload: sink.add(payload, peer)


async def _send(response: Response, send: Send) -> None:
    headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})

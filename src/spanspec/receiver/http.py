"""OTLP/HTTP as an ASGI application without a framework: reads the body within bounds and hands it to the pure exchange."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from spanspec.otlp.exchange import MAX_BODY, Encoding, Response, encoding_of, exchange, refuse, route
from spanspec.receiver.access import Access

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.exchange import Payload

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

AT_ONCE: Final = 256 * 1024 * 1024
"""How many bytes of bodies may be read at the same time."""

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
        access: What senders must bring.
        at_once: Bytes of bodies that may be read at the same time; beyond it senders are asked to come again (429).

    Attributes:
        stopping: When set, exports are refused with 503, which senders repeat elsewhere or later.
    """

    def __init__(
        self, sink: Sink, *, limit: int = MAX_BODY, access: Access | None = None, at_once: int = AT_ONCE
    ) -> None:
        self.stopping = False
        self._sink = sink
        self._limit = limit
        self._access = access or Access()
        self._at_once = at_once
        self._reading = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
        held = _Held()
        try:
            response = await self._respond(scope, headers, receive, held)
        finally:
            self._reading -= held.size
        if response is not None:
            allowed = self._access.cors(_header(headers, "origin"))
            await _send(replace(response, headers=(*response.headers, *allowed)) if allowed else response, send)

    async def _respond(
        self, scope: Message, headers: list[tuple[str, str]], receive: Receive, held: _Held
    ) -> Response | None:
        """The answer, or None when the sender has gone."""
        encoding = encoding_of(headers)
        if scope["method"] == "OPTIONS" and self._access.origins:
            told = self._access.preflight(_header(headers, "origin"), headers)
            return Response(status=204 if told else 403, headers=told[2:])
        early = self._refused(headers, encoding)
        body = await self._body(receive, held, keep=early is None)
        if body is None:
            return None
        if early is not None:
            return early
        if self.stopping:
            return refuse(503, "the receiver is stopping", encoding, retry_after_s=1)
        method, path = scope["method"], scope["path"]
        refusal = route(method, path, headers)[1]
        if isinstance(body, _TooLong):
            text = f"the body has more than {self._limit} bytes"
            return refusal or refuse(413, text, encoding or Encoding.JSON, (("connection", "close"),))
        if isinstance(body, _TooMuch):
            return refuse(429, "too many exports at once; send it again", encoding, retry_after_s=1)
        peer = peer_text(scope.get("client"))
        accept = _accept(self._sink, peer)
        return exchange(method, path, headers, body, accept=accept, limit=self._limit).response

    def _refused(self, headers: list[tuple[str, str]], encoding: Encoding | None) -> Response | None:
        """The refusal of a sender without the token."""
        if self._access.lets_in(_header(headers, "authorization")):
            return None
        return refuse(
            401, "a bearer token is asked for, and this one is not it", encoding, (("www-authenticate", "Bearer"),)
        )

    async def _body(self, receive: Receive, held: _Held, *, keep: bool) -> bytes | _TooLong | _TooMuch | None:
        """The body; what is not kept is read all the same, so that a sender that writes before it reads gets its answer."""
        parts: list[bytes] = []
        size = 0
        full = not keep
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if not full and size <= self._limit and self._reading + len(part) <= self._at_once:
                parts.append(part)
                held.size += len(part)
                self._reading += len(part)
            else:
                full = True
                parts.clear()
            if not message.get("more_body", False):
                return b"".join(parts) if not full else _TooLong() if size > self._limit else _TooMuch()
            if size > self._limit + _DRAIN:
                return _TooLong()


@dataclass(slots=True)
class _Held:
    """How many bytes one request keeps in memory."""

    size: int = 0


class _TooMuch:
    """A body that came while others filled the memory that bodies may take."""


def _header(headers: list[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in headers if key == name), None)


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

"""HTTP for runners elsewhere: the small interface through which they are told what came for them.

| request | does |
|---|---|
| `GET /spanspec/v1/health` | `{"status": "ok"}`; with the token also counts |
| `POST /spanspec/v1/runners` | registers a runner: `{"server", "runner", "lease_s"}` |
| `POST …/runners/ID/expect` | `{"traces": [ID, …]}`: keeps these traces for it, with what has come already |
| `GET …/runners/ID/spans?since=N&wait=S` | what came after the cursor `N`, at once or within `S` seconds (`stores._frames`) |
| `POST …/runners/ID/release` | `{"traces": […]}`: their cases are over; what comes late is still told |
| `DELETE …/runners/ID` | the runner goes |

All but the first ask for the bearer token. A runner that is not known (another life of the receiver, or silent for too long) is 404
with `{"error", "server"}`. Every request may be repeated.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs

import msgspec

from spanspec.errors import ReceiverError
from spanspec.model.ids import trace_id
from spanspec.otlp.exchange import Response
from spanspec.receiver.access import Access
from spanspec.receiver.listen import HttpServer, is_loopback, listen, shown
from spanspec.receiver.runners import TooManyError, UnknownRunnerError
from spanspec.stores._frames import encode_answer

if TYPE_CHECKING:
    from types import TracebackType

    from spanspec.model.ids import TraceId
    from spanspec.receiver.http import Message, Receive, Send
    from spanspec.receiver.listen import Address
    from spanspec.receiver.runners import Runners

PREFIX: Final = "/spanspec/v1"
LONGEST_WAIT_S: Final = 30.0
MAX_BODY: Final = 4 * 1024 * 1024

_STOP_S: Final = 2.0


class ServingApp:
    """The ASGI application.

    Args:
        runners: Who is served.
        access: What runners must bring.
    """

    def __init__(self, runners: Runners, access: Access) -> None:
        self.stopping = False
        self._runners, self._access = runners, access

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        response = await self._respond(scope, receive)
        if response is None:
            return
        headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in response.headers]
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _respond(self, scope: Message, receive: Receive) -> Response | None:
        authorization = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"authorization"), None)
        known = self._access.lets_in(authorization)
        body = await _body(receive)
        if body is None:
            return None
        method, path = scope["method"], scope["path"]
        if (method, path) == ("GET", f"{PREFIX}/health"):
            counts = {"server": self._runners.server, **self._runners.counts()} if known else {}
            return _json(200, {"status": "stopping" if self.stopping else "ok", **counts})
        if not known:
            text = "a bearer token is asked for, and this one is not it"
            return _json(401, {"error": text}, ("www-authenticate", "Bearer"))
        if len(body) > MAX_BODY:
            return _json(413, {"error": f"the body has more than {MAX_BODY} bytes"})
        try:
            return await self._served(method, path, scope, body, receive)
        except UnknownRunnerError:
            return _json(404, {"error": "no such runner", "server": self._runners.server})
        except TooManyError as fault:
            return _json(429, {"error": str(fault)})
        except ValueError as fault:
            return _json(400, {"error": str(fault)})

    async def _served(self, method: str, path: str, scope: Message, body: bytes, receive: Receive) -> Response | None:
        runners = self._runners
        if (method, path) == ("POST", f"{PREFIX}/runners"):
            return _json(200, {"server": runners.server, "runner": runners.register(), "lease_s": runners.lease_s})
        kept, name, what = _parts(path)
        match method if kept else "", what:
            case "POST", "expect":
                runners.expect(name, _traces(body))
            case "POST", "release":
                runners.release(name, _traces(body))
            case "DELETE", "":
                runners.leave(name)
            case "GET", "spans":
                since, wait_s = _cursor(scope["query_string"])
                return await self._told(name, since, wait_s, receive)
            case _:
                return _json(404, {"error": f"nothing is at {method} {path[:200]}", "api": PREFIX})
        return _json(200, {"server": runners.server})

    async def _told(self, name: str, since: int, wait_s: float, receive: Receive) -> Response | None:
        """The answer to a poll; None when the runner has hung up meanwhile."""
        answer = asyncio.ensure_future(self._runners.told(name, since, wait_s))
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                return None
            return Response(
                status=200, body=encode_answer(answer.result()), headers=(("content-type", "application/json"),)
            )
        finally:
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)


async def _body(receive: Receive) -> bytes | None:
    """The body, cut after `MAX_BODY` bytes and one; None when the sender has gone."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.extend(message.get("body", b"")[: MAX_BODY + 1 - len(parts)])
        if not message.get("more_body", False):
            return bytes(parts)


def _parts(path: str) -> tuple[bool, str, str]:
    """Whether a path is a runner's, its name, and what is wanted of it."""
    head = f"{PREFIX}/runners/"
    if not path.startswith(head):
        return False, "", ""
    name, _, what = path.removeprefix(head).partition("/")
    return True, name, what


def _traces(body: bytes) -> list[TraceId]:
    try:
        document: dict[str, list[str]] = msgspec.json.decode(body, type=dict[str, list[str]])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ValueError(f'the body must be {{"traces": [ID, …]}}: {fault}') from fault
    found = [trace_id(text) for text in document.get("traces", ())]
    if not all(found):
        raise ValueError("a trace id has 32 hexadecimal digits, not all of them 0")
    return [each for each in found if each is not None]


def _cursor(query: bytes) -> tuple[int, float]:
    values = {key: each[-1] for key, each in parse_qs(query.decode("latin-1"), max_num_fields=16).items()}
    since, wait = values.get("since", "0"), values.get("wait", "0")
    if not (since.isascii() and since.isdecimal() and len(since) < 19):
        raise ValueError("`since` is the number `next` of the last answer")
    try:
        wait_s = float(wait)
    except ValueError as fault:
        raise ValueError("`wait` is a number of seconds") from fault
    return int(since), min(max(wait_s, 0.0), LONGEST_WAIT_S) if wait_s == wait_s else 0.0


def _json(status: int, document: dict[str, Any], *headers: tuple[str, str]) -> Response:
    kind = ("content-type", "application/json")
    return Response(status=status, body=msgspec.json.encode(document), headers=(kind, *headers))


class Serving:
    """Serves runners from `__aenter__` on.

    Args:
        runners: Who is served.
        where: Host and port; 0 for a free one.
        access: What runners must bring, and the certificate.

    Attributes:
        address: Where it listens, once started.
        notes: What a person should know.
    """

    def __init__(self, runners: Runners, where: Address, access: Access | None = None) -> None:
        self.address: Address = where
        self.notes: tuple[str, ...] = ()
        self._runners, self._access = runners, access or Access()
        self._server = HttpServer(ServingApp(runners, self._access), _STOP_S)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ReceiverError: It cannot.
        """
        tls = self._access.tls()
        try:
            listener = listen(self.address)
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise ReceiverError(
                f"runners cannot be served on {shown(self.address)}: {reason}",
                help="Choose another port with `--serve HOST:PORT`, or port 0 for a free one.",
            ) from fault
        await self._server.start(listener, tls)
        host, port = listener.getsockname()[:2]
        self.address = (host, port)
        if not is_loopback(host) and not self._access.token:
            self.notes = (
                f"runners are served on {shown(self.address)} without a token: whoever reaches this machine can read spans",
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer runners that wait, and close."""
        self._runners.stop()
        await self._server.stop()

    @property
    def url(self) -> str:
        """What a runner on this machine writes as `url`."""
        host, port = self.address
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not listened on
        return f"{'https' if self._access.encrypted else 'http'}://{shown((host, port))}"

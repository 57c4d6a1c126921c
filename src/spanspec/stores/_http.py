"""Asking a store over HTTP: one pool of connections for a run, answers within bounds, and the world's faults in words.

What the protocol allows to be asked again (RFC 9110: a timeout or a cut connection on a GET, 429, 5xx with or without
`Retry-After`) is a `PassingError`; what asking again cannot mend (a refused connection, credentials, a page of HTML) is an error at once.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from spanspec.errors import StoreError
from spanspec.otlp.decoded import shown
from spanspec.stores.base import DeniedError, PassingError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

    from spanspec.model.context import Clock
    from spanspec.stores._fields import HttpFields, Tls

MAX_ANSWER: Final = 256 << 20
"""Bytes of one answer, unpacked."""

_MAX_SHOWN = 200
_CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Attributes:
        status: The status code.
        kind: The content type without its parameters, in lower case.
        body: All of it, unpacked.
        url: Where it was asked for, without user and password.
    """

    status: int
    kind: str
    body: bytes
    url: str

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people."""
        return self.kind == "text/html" or self.body[:64].lstrip().lower().startswith((b"<!doctype", b"<html"))


class HttpReader:
    """The connections to one store.

    Args:
        url: Its address; what is asked for is put after its path.
        fields: Headers, credentials, certificates, the time for an answer.
        clock: For dates in `Retry-After`.
        product: What it should be, for messages: `Jaeger`.
        more: Further headers.
    """

    def __init__(
        self, url: str, fields: HttpFields, clock: Clock, *, product: str, more: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        self._fields, self._clock, self._product, self._more = fields, clock, product, more
        self._client: httpx2.AsyncClient | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port.

        Raises:
            StoreError: The URL has none.
        """
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as fault:
            raise StoreError(f'"{shown(self.shown_url)}" is no URL: {fault}', help=_URL) from fault
        if not host or parts.scheme not in ("http", "https"):
            raise StoreError(f'"{shown(self.shown_url)}" is no address of a store', help=_URL)
        return host, port

    @property
    def shown_url(self) -> str:
        """The URL without user and password."""
        return without_user(self.url)

    async def close(self) -> None:
        """Give the connections back."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def get(
        self, path: str, *, accept: str = "application/json", query: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for something.

        Raises:
            StoreError: No answer, or one that is none of 200, 204, 400, 404.
        """
        return await self._ask("GET", path, accept=accept, query=query or {}, content=None)

    async def post(self, path: str, document: bytes, *, query: Mapping[str, str] | None = None) -> Answer:
        """Ask with a document in JSON; a question too, so it may be asked again.

        Raises:
            StoreError: As for `get`.
        """
        return await self._ask("POST", path, accept="application/json", query=query or {}, content=document)

    async def delete(self, path: str, document: bytes) -> Answer:
        """Give up something that the store keeps for us.

        Raises:
            StoreError: As for `get`.
        """
        return await self._ask("DELETE", path, accept="application/json", query={}, content=document)

    async def _ask(
        self, method: str, path: str, *, accept: str, query: Mapping[str, str], content: bytes | None
    ) -> Answer:
        import httpx2

        url = self.url + path
        headers = self._fields.with_headers(("accept", accept), *self._more)
        if content is not None:
            headers.append(("content-type", "application/json"))
        _ = self.address
        try:
            async with asyncio.timeout(self._fields.timeout):
                client = self._opened()
                request = client.build_request(method, url, headers=headers, params=dict(query), content=content)
                response = await client.send(request, stream=True)
                try:
                    body = await self._body(response)
                finally:
                    await response.aclose()
        except TimeoutError as fault:
            raise PassingError(
                f"{self._named} gave no whole answer within {self._fields.timeout:g} s",
                help="Raise the store's `timeout`, or look at what it is busy with.",
            ) from fault
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, UnicodeError) as fault:
            raise self._failed(fault) from fault
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        answer = Answer(status=response.status_code, kind=kind, body=body, url=without_user(url))
        self._refuse(answer, response)
        return answer

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            import httpx2

            fields = self._fields
            self._client = httpx2.AsyncClient(
                timeout=httpx2.Timeout(fields.timeout),
                limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                auth=httpx2.BasicAuth(fields.username, fields.password) if fields.username else None,
                verify=tls_context(fields.tls) if self.url.startswith("https") else True,
                follow_redirects=False,
            )
        return self._client

    async def _body(self, response: httpx2.Response) -> bytes:
        pieces: list[bytes] = []
        size = 0
        async for piece in response.aiter_bytes():
            size += len(piece)
            if size > MAX_ANSWER:
                raise StoreError(
                    f"{self._named} gave an answer of more than {MAX_ANSWER >> 20} MiB",
                    help="Look at the trace in the store: a run-away loop, or one trace id for everything.",
                )
            pieces.append(piece)
        return b"".join(pieces)

    @property
    def _named(self) -> str:
        return f"{self._product} at {shown(self.shown_url, _MAX_SHOWN)}"

    def _failed(self, fault: BaseException) -> StoreError:
        """A foreign fault as ours."""
        name, root = type(fault).__name__, _root(fault)
        text = f"{fault} {root}"
        if isinstance(root, socket.gaierror):
            return UnreachableError(
                f"{self._named}: the host name cannot be resolved", help="Mend the store's address."
            )
        if isinstance(root, ConnectionRefusedError) or "refused" in text.lower() or "attempts failed" in text.lower():
            return UnreachableError(
                f"{self._named}: connection refused, nothing listens there",
                help=f"Start {self._product}, or mend the store's address. In a container, localhost is the container itself.",
            )
        if isinstance(root, ssl.SSLError) or "certificate" in text.lower():
            return UnreachableError(
                f"{self._named}: no secure connection: {shown(str(root) or name, _MAX_SHOWN)}",
                help="Name the authority under `tls: { caFile: … }`, or write http:// for a store without TLS.",
            )
        if "Decoding" in name:
            return PassingError(f"{self._named}: the answer cannot be unpacked", help="Look at what stands between.")
        if "ConnectTimeout" in name or (isinstance(root, OSError) and "unreach" in text.lower()):
            return UnreachableError(
                f"{self._named}: it cannot be reached", help="Mend the store's address, or open the way."
            )
        return PassingError(
            f"{self._named}: {shown(str(fault) or name, _MAX_SHOWN)}", help="Look at the store's own log."
        )

    def _refuse(self, answer: Answer, response: httpx2.Response) -> None:
        """Raise for what is no answer to the question."""
        status = answer.status
        if status in (401, 403, 407):
            raise DeniedError(f"{self._named} answers {status}: {_reason(answer)}", help=self._credentials())
        if 300 <= status < 400:
            where = shown(without_user(response.headers.get("location", "")), _MAX_SHOWN)
            raise StoreError(
                f"{self._named} answers {status} and points to {where or 'nowhere'}",
                help="Give the address that it points to, or credentials where that is a login.",
            )
        if status in (408, 425, 429) or status >= 500:
            raise PassingError(
                f"{self._named} answers {status}: {_reason(answer)}",
                wait_s=self._retry_after(response.headers.get("retry-after", "")),
                help="Wait until the store is less busy." if status == 429 else "Look at the store's own log.",
            )
        if answer.is_html and status < 300:
            raise StoreError(
                f"{self._named} answers with a page of HTML instead of a trace",
                help=f"Give the address of {self._product}'s API; a login page or another service answers there.",
            )
        if status not in (200, 202, 204, 400, 404):
            raise StoreError(f"{self._named} answers {status}: {_reason(answer)}", help="Look at the store's address.")

    def _credentials(self) -> str:
        given = [name for name in ("username", "password", "token") if getattr(self._fields, name)]
        headers = [key for key, _ in self._fields.headers if key.lower() == "authorization"]
        if given or headers:
            return f"Look at the store's {' and '.join([*given, *headers])}: they are sent and not taken."
        return "Give the store credentials: `username` and `password`, `token`, or `headers`, as ${env:NAME}."

    def _retry_after(self, value: str) -> float | None:
        if not value:
            return None
        if value.strip().isdecimal():
            return float(value)
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - self._clock.now_ns() / 1e9)
        except (ValueError, OverflowError):
            return None


_URL = "Write `url: http://HOST:PORT`."


def _reason(answer: Answer) -> str:
    """What an error's body says, in one line."""
    if answer.is_html:
        return "a page of HTML"
    text = " ".join(answer.body[: 4 * _MAX_SHOWN].decode("utf-8", "replace").split())
    return shown(text, _MAX_SHOWN) or "no reason given"


def _root(fault: BaseException) -> BaseException:
    seen: set[int] = set()
    while (cause := fault.__cause__ or fault.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        fault = cause
    return fault


def without_user(url: str) -> str:
    """A URL without the user and password that may stand in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The certificates of a store.

    Raises:
        StoreError: A file of them cannot be read or holds none.
    """
    version = tls.settings.minVersion if tls.settings else ""
    try:
        context = ssl.create_default_context()
        if tls.authority:
            _trust(context, tls.authority)
        if tls.own[0]:
            context.load_cert_chain(tls.own[0], tls.own[1] or None)
        if version:
            context.minimum_version = ssl.TLSVersion.TLSv1_3 if "3" in version[1:] else ssl.TLSVersion.TLSv1_2
    except (OSError, ssl.SSLError) as fault:
        raise StoreError(
            f"the store's certificates cannot be used: {fault}", help="Give the paths of PEM files."
        ) from fault
    if tls.insecureSkipVerify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trust(context: ssl.SSLContext, authority: str) -> None:
    """Trust certificates given by their path or as PEM."""
    if "-----BEGIN" in authority:
        context.load_verify_locations(cadata=authority)
    else:
        context.load_verify_locations(cafile=str(Path(authority).expanduser()))


async def port_open(host: str, port: int, timeout_s: float) -> None:
    """Connect and hang up.

    Raises:
        UnreachableError: Nobody took the connection, with the reason.
    """
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError as fault:
        raise UnreachableError(f"{host}:{port} does not answer within {timeout_s:g} s", help=_WAY) from fault
    except socket.gaierror as fault:
        raise UnreachableError(f'the host name "{host}" cannot be resolved', help=_WAY) from fault
    except OSError as fault:
        reason = "connection refused" if isinstance(fault, ConnectionRefusedError) else str(fault)
        raise UnreachableError(f"{host}:{port}: {reason}", help=_WAY) from fault
    writer.close()


_WAY = "Start the store, or mend its address. In a container, localhost is the container itself."

"""One HTTP request.

Follows RFC 9110 for the request, W3C Trace Context and W3C Baggage for what is injected.
"""

from __future__ import annotations

import base64
import socket
import ssl
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, Field

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.triggers._propagation import injected
from spanspec.triggers.base import Address, Content, Fields, Pairs, Seconds, SecretText, Text, TriggerFields

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx2

    from spanspec.model.context import Clock, TraceContext

MAX_BODY = 1 << 20
"""Bytes of an answer's body that are kept; what comes after is read past."""


class Basic(Fields):
    """User name and password, sent as RFC 7617 says."""

    username: Text = Field(validation_alias=AliasChoices("username", "user"), description="The user's name.")
    password: SecretText = Field(default="", description="The password.")


class Bearer(Fields):
    """A token, sent as RFC 6750 says; `Bearer ` is put before it unless a scheme stands there already."""

    token: SecretText = Field(description="The token.")


class ApiKey(Fields):
    """A key in a header or in the query."""

    key: Text = Field(description="The header's or parameter's name.")
    value: SecretText = Field(description="The secret.")
    into: Literal["header", "query"] = Field(default="header", alias="in", description="Where it is sent.")


class Auth(Fields):
    """How the request proves who sends it; one of the three."""

    type: Literal["basic", "bearer", "apiKey"] | None = Field(default=None, description="Which of the three, if said.")
    basic: Basic | None = Field(default=None, description="User name and password.")
    bearer: Bearer | None = Field(default=None, description="A token.")
    apiKey: ApiKey | None = Field(default=None, description="A key in a header or the query.")  # noqa: N815 - the reference's key

    def headers(self) -> list[tuple[str, str]]:
        """What is added to the request's headers."""
        if self.bearer is not None and self.type in (None, "bearer"):
            token = self.bearer.token
            return [("authorization", token if " " in token.strip() else f"Bearer {token}")]
        if self.apiKey is not None and self.type in (None, "apiKey") and self.apiKey.into == "header":
            return [(self.apiKey.key, self.apiKey.value)]
        return []

    def parameters(self) -> list[tuple[str, str]]:
        """What is added to the query."""
        if self.apiKey is not None and self.type in (None, "apiKey") and self.apiKey.into == "query":
            return [(self.apiKey.key, self.apiKey.value)]
        return []

    def basic_pair(self) -> tuple[str, str] | None:
        """User and password for basic authentication."""
        if self.basic is not None and self.type in (None, "basic"):
            return self.basic.username, self.basic.password
        return None


class Trigger(TriggerFields):
    """Sends one HTTP request with the trace context, follows redirects, and keeps the answer."""

    blocks: ClassVar[tuple[str, ...]] = ("httpRequest", "HTTP")

    url: Annotated[Text, Address()] = Field(
        description="Absolute, or relative to `endpoint`; `http://` is put before a host without a scheme."
    )
    method: Text = Field(default="GET", description="Any method; written in capitals when it is sent.")
    headers: Pairs = Field(
        default_factory=list, description="A mapping, or a list of `{key, value}`; repeats are kept."
    )
    query: Pairs = Field(default_factory=list, description="Parameters added to the URL's own.")
    body: Annotated[str | bytes | None, Content(structure=True, typed_by="headers")] = Field(
        default=None,
        description="Text is sent as it is, as UTF-8; a mapping or list as JSON; `{file: NAME}` is a file's content.",
    )
    auth: Auth | None = Field(
        default=None, validation_alias=AliasChoices("auth", "authentication"), description="Basic, bearer or API key."
    )
    timeout: Seconds = Field(default=30.0, gt=0, description="A duration, or seconds, for the whole exchange.")
    sslVerification: bool = Field(default=False, description="Whether a server's certificate must be valid.")  # noqa: N815

    def describe(self) -> str:
        """The request line for people, without user and password."""
        return f"{self.method.upper()} {_without_secrets(self._full_url())}"

    def secrets(self) -> Iterable[str]:
        """Password, token and key of `auth`, an authorization header, and the URL's own password."""
        yield from super().secrets()
        if self.auth is not None and (pair := self.auth.basic_pair()) is not None and pair[1]:
            yield base64.b64encode(":".join(pair).encode()).decode()
        with suppress(ValueError):
            if password := urlsplit(self._full_url()).password:
                yield password

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Send the request.

        Raises:
            TriggerError: The URL is none, nothing listens there, or no answer came in time.
        """
        import httpx2

        url = self._full_url()
        start_ns = clock.now_ns()
        started = clock.monotonic_ns()
        try:
            async with httpx2.AsyncClient(
                timeout=httpx2.Timeout(self.timeout), follow_redirects=True, verify=_certificates(self.sslVerification)
            ) as client:
                request = client.build_request(
                    self.method.upper(), url, headers=self._headers(context), content=self._content(), params=None
                )
                auth = self.auth.basic_pair() if self.auth else None
                response = await client.send(request, stream=True, auth=httpx2.BasicAuth(*auth) if auth else None)
                try:
                    body, cut = await _read(response)
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, UnicodeError) as fault:
            raise TriggerError(
                self._what_happened(fault, (clock.monotonic_ns() - started) / 1e9), help=_how_to_go_on(fault, url)
            ) from fault
        return TriggerResult(
            kind="http",
            start_ns=start_ns,
            end_ns=start_ns + clock.monotonic_ns() - started,
            status=response.status_code,
            headers=tuple((key, value) for key, value in response.headers.multi_items()),
            body=body,
            body_truncated=cut,
            request=self.describe(),
        )

    def _full_url(self) -> str:
        url = self.url if "://" in self.url else f"http://{self.url}"
        extra = [*self.query, *(self.auth.parameters() if self.auth else [])]
        if not extra:
            return url
        rendered = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in extra)
        head, mark, fragment = url.partition("#")
        return f"{head}{'&' if '?' in head else '?'}{rendered}{mark}{fragment}"

    def _content(self) -> bytes | None:
        return self.body.encode() if isinstance(self.body, str) else self.body

    def _headers(self, context: TraceContext) -> list[tuple[str, str]]:
        own = [*self.headers, *(self.auth.headers() if self.auth else [])]
        return injected(own, context, self.propagate)

    def _what_happened(self, fault: BaseException, waited_s: float) -> str:
        reason = _reason(fault, waited_s, self.timeout)
        return f"{self.describe()} failed: {reason}"


@lru_cache(maxsize=2)
def _certificates(checked: bool) -> ssl.SSLContext:
    """The TLS settings that all requests share: reading the machine's certificates takes 20 ms."""
    if checked:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _read(response: httpx2.Response) -> tuple[str, bool]:
    """The body as text, at most `MAX_BODY` bytes of it, and whether it was cut."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        if size < MAX_BODY:
            chunks.append(chunk[: MAX_BODY - size])
        size += len(chunk)
        if size > 64 * MAX_BODY:
            break
    encoding = response.charset_encoding or "utf-8"
    try:
        text = b"".join(chunks).decode(encoding, "replace")
    except LookupError:
        text = b"".join(chunks).decode("utf-8", "replace")
    return text, size > MAX_BODY


def _without_secrets(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}").geturl()


def _root(fault: BaseException) -> BaseException:
    seen: set[int] = set()
    while (cause := fault.__cause__ or fault.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        fault = cause
    return fault


def _reason(fault: BaseException, waited_s: float, timeout_s: float) -> str:
    name = type(fault).__name__
    if "ConnectTimeout" in name or "ReadTimeout" in name or "Timeout" in name:
        return f"no answer within {timeout_s:g} s (waited {waited_s:.1f} s)"
    deepest = _root(fault)
    text = f"{fault} {deepest}"
    if isinstance(deepest, ConnectionRefusedError) or "refused" in text.lower() or "attempts failed" in text.lower():
        return "connection refused: nothing listens there"
    if isinstance(deepest, socket.gaierror):
        return "the host name cannot be resolved"
    return str(fault) or name


def _how_to_go_on(fault: BaseException, url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    reason = _reason(fault, 0, 0)
    if "refused" in reason:
        local = host in {"localhost", "127.0.0.1", "::1"}
        container = (
            " If the service runs in a container, publish its port; if spanspec does, localhost is the container itself."
            if local
            else ""
        )
        return f"Start the service, or name where it listens with --endpoint URL.{container}"
    if "no answer" in reason:
        return "Raise `timeout` of the trigger, or look at what the service is waiting for."
    if "resolved" in reason:
        return "Check the host's name, or name another base with --endpoint URL."
    if "certificate" in reason.lower() or "ssl" in reason.lower():
        return "Set `sslVerification: false` for a certificate that need not be valid, or mend the certificate."
    return "Check the URL and the service, or name another base with --endpoint URL."

"""One HTTP exchange: what `http` and `graphql` share.

Follows RFC 9110; HTTP/2 by ALPN over TLS, and with prior knowledge over clear text.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, Field

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.triggers._auth import Auth, Digest, OAuth2, with_scheme
from spanspec.triggers._propagation import injected
from spanspec.triggers._reach import Attempt, address_of, failure
from spanspec.triggers._shell import command_line
from spanspec.triggers._tls import NO_TLS, Tls, tls_context
from spanspec.triggers.base import (
    MASK,
    Address,
    Named,
    Pairs,
    Seconds,
    Text,
    TriggerFields,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx2

    from spanspec.model.attributes import AttributeValue
    from spanspec.model.context import Clock, TraceContext

MAX_BODY = 1 << 20
"""Bytes of an answer's body that are kept; what comes after is read past."""
MAX_READ = 64 * MAX_BODY
"""Bytes of an answer's body that are read at most."""

Body = bytes | None


class HttpFields(TriggerFields):
    """The keys of every trigger that speaks HTTP."""

    url: Annotated[Text, Address()] = Field(
        description="Absolute, or relative to `endpoint`; `http://` is put before a host without a scheme."
    )
    headers: Pairs = Field(
        default_factory=list, description="A mapping, or a list of `{key, value}`; repeats are kept."
    )
    cookies: Annotated[Pairs, Named(secret=True)] = Field(
        default_factory=list, description="Sent as one `cookie` header, and not shown."
    )
    auth: Auth | None = Field(
        default=None,
        validation_alias=AliasChoices("auth", "authentication"),
        description="Basic, bearer, API key, digest or OAuth 2.",
    )
    timeout: Seconds = Field(default=30.0, gt=0, description="A duration, or seconds, for the whole exchange.")
    connect_timeout: Seconds | None = Field(default=None, gt=0, description="For connecting; else the whole.")
    read_timeout: Seconds | None = Field(
        default=None, gt=0, description="For each wait for a part of the answer; else the whole."
    )
    redirects: bool = Field(default=True, description="Whether redirects are followed, 20 at most.")
    sslVerification: bool = Field(  # noqa: N815 - the reference's key
        default=False,
        description="Whether the server's certificate must be valid. It is checked too where `tls.ca` is given; where it is not checked, the result says so.",
    )
    tls: Tls | None = Field(default=None, description="Certificates, for mutual TLS or an authority of your own.")
    proxy: Text = Field(
        default="", description="The proxy's URL; else what `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` say."
    )
    http2: bool = Field(default=False, description='Whether HTTP/2 is spoken; needs `pip install "spanspec[http2]"`.')

    def secrets(self) -> Iterable[str]:
        """What is marked, what becomes of it on its way, and passwords in URLs."""
        yield from super().secrets()
        if self.auth is not None:
            yield from self.auth.derived_secrets()
        for url in (self.full_url(), self.proxy):
            with suppress(ValueError):
                if password := urlsplit(url).password:
                    yield password

    def full_url(self) -> str:
        """The URL with the parameters of `query` and of an API key."""
        url = self.url if "://" in self.url else f"http://{self.url}"
        extra = [*self.parameters(), *(self.auth.parameters() if self.auth else [])]
        if not extra:
            return url
        head, mark, fragment = url.partition("#")
        return f"{head}{'&' if '?' in head else '?'}{encoded(extra)}{mark}{fragment}"

    def parameters(self) -> list[tuple[str, str]]:
        """What is added to the query."""
        return []

    def said(self, method: str) -> str:
        """The request line for people, without secrets."""
        return f"{method} {shown_url(self.without_secrets().full_url())}"

    def sent_headers(self, context: TraceContext) -> list[tuple[str, str]]:
        """The request's headers, with the context."""
        own = [*self.headers, *(self.auth.headers() if self.auth else [])]
        if self.cookies:
            own.append(("cookie", "; ".join(f"{key}={value}" for key, value in self.cookies)))
        return injected(own, context, self.propagate)

    @property
    def checked(self) -> bool:
        """Whether the server's certificate is checked."""
        return self.sslVerification or bool(self.tls and self.tls.ca)

    def curl(self, method: str, context: TraceContext, extra: list[tuple[str, str]], *content: str) -> str:
        """The curl command that does the same, with `***` for each secret."""
        shown = self.without_secrets()
        words = ["curl", "-i", "-X", method]
        words += ["-L"] if self.redirects else []
        basic = shown.auth.arguments() if shown.auth else []
        for key, value in [*shown.sent_headers(context), *extra]:
            if not (key == "authorization" and basic):
                words += ["-H", f"{key}: {value}"]
        words += [*basic, *(shown.tls.arguments() if shown.tls else [])]
        words += [] if self.checked or not self.full_url().startswith("https") else ["--insecure"]
        words += ["--proxy", shown_url(shown.proxy)] if shown.proxy else []
        if self.http2:
            words.append("--http2" if self.full_url().startswith("https") else "--http2-prior-knowledge")
        words += ["--max-time", f"{self.timeout:g}"]
        words += ["--connect-timeout", f"{self.connect_timeout:g}"] if self.connect_timeout else []
        return command_line([*words, *content, shown_url(shown.full_url())])

    async def exchange(
        self,
        kind: str,
        method: str,
        headers: list[tuple[str, str]],
        content: Body,
        clock: Clock,
        *,
        keep: int = MAX_BODY,
    ) -> TriggerResult:
        """Send one request and take the answer, of whose body `keep` bytes are kept.

        Raises:
            TriggerError: The URL is none, nothing listens there, or no answer came in time.
        """
        import httpx2

        url, what = self.full_url(), self.said(method)
        start_ns, started = clock.now_ns(), clock.monotonic_ns()
        try:
            async with asyncio.timeout(self.timeout), self._client() as client:
                request = client.build_request(method, url, headers=headers, content=content)
                if self.tls is not None and self.tls.server_name:
                    request.extensions["sni_hostname"] = self.tls.server_name
                auth = await self._auth(client, request)
                response = await client.send(request, stream=True, auth=auth)
                try:
                    body, cut = await _read(response, keep)
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, UnicodeError, ValueError) as fault:
            raise failure(
                self._attempt(what, url, fault), fault, waited_s=(clock.monotonic_ns() - started) / 1e9
            ) from fault
        return TriggerResult(
            kind=kind,
            start_ns=start_ns,
            end_ns=start_ns + clock.monotonic_ns() - started,
            status=response.status_code,
            headers=tuple((key, value) for key, value in response.headers.multi_items()),
            body=body,
            body_truncated=cut,
            request=what,
            attributes=_attributes(response),
            notes=self._notes(url),
        )

    def _client(self) -> httpx2.AsyncClient:
        import httpx2

        clear = not self.full_url().lower().startswith("https")
        try:
            return httpx2.AsyncClient(
                timeout=httpx2.Timeout(
                    self.timeout, connect=self.connect_timeout or self.timeout, read=self.read_timeout or self.timeout
                ),
                follow_redirects=self.redirects,
                verify=tls_context(self.tls or NO_TLS, checked=self.checked),
                proxy=self.proxy or None,
                http2=self.http2,
                http1=not (self.http2 and clear),
            )
        except ImportError as fault:
            extra = "http2" if self.http2 and "h2" in str(fault) else ""
            line = f'pip install "spanspec[{extra}]"' if extra else "pip install socksio"
            raise TriggerError(f"a library that this request needs is missing: {fault}", help=f"Run {line}") from fault

    async def _auth(self, client: httpx2.AsyncClient, request: httpx2.Request) -> Any:
        """What the client does to prove who sends it, beyond the headers; a fetched token is put into the request."""
        import httpx2

        match self.auth.chosen() if self.auth is not None else None:
            case Digest(username=username, password=password):
                return httpx2.DigestAuth(username, password)
            case OAuth2() as asked:
                request.headers["authorization"] = with_scheme(await asked.token(client))
        return None if "authorization" in request.headers else httpx2.USE_CLIENT_DEFAULT

    def _attempt(self, what: str, url: str, fault: BaseException) -> Attempt:
        host, port = address_of(url)
        name = type(fault).__name__
        limit, chosen = self.timeout, ""
        if name == "ConnectTimeout" and self.connect_timeout:
            limit, chosen = self.connect_timeout, " (`connect_timeout`)"
        elif name == "ReadTimeout" and self.read_timeout:
            limit, chosen = self.read_timeout, " (`read_timeout`)"
        if self.proxy and name in ("ProxyError", "ConnectError"):
            what = f"{what} through the proxy {shown_url(self.proxy)}"
            host, port = address_of(self.proxy)
        return Attempt(
            what=what,
            host=host,
            port=port,
            limit=f"{limit:g} s{chosen}",
            name_another="Name another base with --endpoint URL.",
        )

    def _notes(self, url: str) -> tuple[str, ...]:
        if self.checked or not url.lower().startswith("https"):
            return ()
        host, port = address_of(url)
        return (
            f"the certificate of {host}:{port} was not checked; write `sslVerification: true`, or give `tls: {{ ca: FILE }}`",
        )


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values as `application/x-www-form-urlencoded`, blanks as `%20`."""
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='*')}" for key, value in pairs)


def shown_url(url: str) -> str:
    """A URL without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=f"{MASK}@{parts.netloc.rpartition('@')[2]}").geturl()


def _attributes(response: httpx2.Response) -> dict[str, AttributeValue]:
    return {
        "protocol": response.http_version,
        "url": shown_url(str(response.url)),
        "redirects": len(response.history),
    }


async def _read(response: httpx2.Response, keep: int) -> tuple[str, bool]:
    """The body as text, at most `keep` bytes of it, and whether it was cut."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        if size < keep:
            chunks.append(chunk[: keep - size])
        size += len(chunk)
        if size > MAX_READ:
            break
    return decoded(b"".join(chunks), response.charset_encoding or "utf-8"), size > keep


def decoded(content: bytes, encoding: str = "utf-8") -> str:
    """Bytes as text, with U+FFFD for what is none."""
    try:
        return content.decode(encoding, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")

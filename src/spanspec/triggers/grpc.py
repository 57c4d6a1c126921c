"""One gRPC call: unary, or a stream of requests, of answers, or of both.

What the service looks like comes from the server's reflection, from `.proto` files or from a descriptor set. Follows the
JSON mapping of Protocol Buffers, and gRPC over HTTP/2 for metadata (`-bin` values are bytes, written in base64).
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, model_validator

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.source.render import visible
from spanspec.triggers import _descriptors
from spanspec.triggers._auth import Auth, Digest, OAuth2, with_scheme
from spanspec.triggers._calls import Asking, Call, as_sent, requests_of, text_of
from spanspec.triggers._descriptors import Method
from spanspec.triggers._propagation import injected
from spanspec.triggers._reach import LOOPBACK, Attempt, address_of, failure
from spanspec.triggers._shell import command_line
from spanspec.triggers._tls import NO_TLS, Tls, tls_context
from spanspec.triggers.base import MASK, Content, LocalPath, Pairs, Seconds, Text, Texts, TriggerFields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spanspec.model.context import Clock, TraceContext

MAX_ANSWER = 16 << 20
"""Bytes of one answer."""


class Trigger(TriggerFields):
    """Makes one gRPC call with the trace context in its metadata, and keeps status, metadata and answers."""

    blocks: ClassVar[tuple[str, ...]] = ("GRPC",)
    extra: ClassVar[str] = "grpc"
    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:status": "The status code, 0 to 16. One that is not 0 is an answer too.",
            "response:code": "Its name: `OK`, `NOT_FOUND`.",
            "response:message": "The status's message.",
            "response:body": "The answer as JSON with all fields, in camel case; a list of them where the method's answer is a stream.",
            "response:messages": "How many answers there were.",
            "response:header.NAME": "Metadata: the initial, and the trailing; bytes in base64.",
            "response:trailer.NAME": "Trailing metadata alone.",
            "response:duration": "From sending to the end; questions about the method are not counted.",
        }
    )

    address: Text = Field(description="Where the server listens: `host:port`; `grpcs://host:port` is with TLS.")
    method: Text = Field(description="`package.Service/Method`, or `package.Service.Method`.")
    service: Text = Field(default="", description="The service, where `method` names the method alone.")
    request: Annotated[str | bytes | None, Content(structure=True)] = Field(
        default=None,
        description="The request as JSON, by protobuf's mapping; a list is a stream of requests for methods that take one.",
    )
    metadata: Pairs = Field(
        default_factory=list,
        validation_alias=AliasChoices("metadata", "headers"),
        description="A mapping, or a list of `{key, value}`. Values of keys that end in `-bin` are base64.",
    )
    protobufFile: Annotated[Text | None, LocalPath(exists=False, or_content=True)] = Field(  # noqa: N815
        default=None,
        validation_alias=AliasChoices("protobufFile", "proto"),
        description="The service's `.proto` file, or its content. Without it and `descriptorSet`, the server is asked.",
    )
    importPaths: Annotated[Texts, LocalPath()] = Field(  # noqa: N815
        default_factory=list,
        description="Folders that imports count from, besides the file's own and those above it.",
    )
    descriptorSet: Annotated[Text | None, LocalPath()] = Field(  # noqa: N815
        default=None, description="A file of `protoc --include_imports --descriptor_set_out` or of `buf build`."
    )
    auth: Auth | None = Field(
        default=None,
        validation_alias=AliasChoices("auth", "authentication"),
        description="Basic, bearer, API key or OAuth 2, sent in the metadata.",
    )
    tls: Tls | bool | None = Field(default=None, description="`true`, or whom to trust and who we are.")
    sslVerification: bool | None = Field(  # noqa: N815
        default=None, description="Whether the server's certificate must be valid; `true` switches TLS on."
    )
    deadline: Seconds | None = Field(
        default=None,
        gt=0,
        description="The call's deadline, told to the server; a call that passes it has status 4, which is an answer.",
    )
    messages: int | None = Field(
        default=None, ge=1, description="How many answers of a stream are awaited; the call is then cancelled."
    )
    timeout: Seconds = Field(default=30.0, gt=0, description="For everything; without an answer in it, an error.")

    @model_validator(mode="after")
    def _can_be_sent(self) -> Trigger:
        if self.auth is not None and isinstance(self.auth.chosen(), Digest):
            message = "has `auth.digest`, which gRPC has not; `basic`, `bearer`, `apiKey` and `oauth2` are there"
            raise ValueError(message)
        if isinstance(self.tls, Tls) and self.tls.key_password:
            message = "has `tls.key_password`, which gRPC's library cannot use; give a key without a password"
            raise ValueError(message)
        return self

    def describe(self) -> str:
        """The call for people: `grpc 127.0.0.1:9000 shop.Orders/Place`."""
        return f"grpc {self._target()} {'/'.join(filter(None, self._names()))}"

    def secrets(self) -> Iterable[str]:
        """Secret metadata, and what `auth` sends."""
        yield from super().secrets()
        if self.auth is not None:
            yield from self.auth.derived_secrets()

    def dry_run(self, context: TraceContext) -> str:
        """The line for grpcurl."""
        return command_line(self.without_secrets()._grpcurl(context))

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Make the call.

        A status that is not OK is an answer.

        Raises:
            TriggerError: No connection, no description of the method, a request that does not fit it, or no answer in time.
        """
        # Else the library writes handshakes that fail to standard error.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        host, port = self._where()
        start_ns, started = clock.now_ns(), clock.monotonic_ns()
        try:
            async with asyncio.timeout(self.timeout):
                channel = await self._channel(host, port)
                async with channel:
                    await self._connect(channel, host, port)
                    own = await self._own_metadata()
                    method = await self._method(channel, own)
                    requests = requests_of(self.request, method)
                    start_ns, started = clock.now_ns(), clock.monotonic_ns()
                    call = Call(channel, method, name=self.describe(), deadline=self.deadline, messages=self.messages)
                    await call.made(requests, as_sent(injected(own, context, self.propagate)))
        except TimeoutError as fault:
            raise TriggerError(
                f"{self.describe()} failed: no answer within {self.timeout:g} s",
                help="Raise `timeout`, see what the service waits for, or, for a stream without end, say how many"
                " `messages` of it are awaited.",
            ) from fault
        end_ns = start_ns + clock.monotonic_ns() - started
        return replace(call.result(start_ns, end_ns), notes=self._notes())

    def _target(self) -> str:
        return self.address.partition("://")[2] if "://" in self.address else self.address

    def _names(self) -> tuple[str, str]:
        return _descriptors.split_name(self.method, self.service)

    def _where(self) -> tuple[str, int]:
        host, port = address_of(f"//{self._target()}")
        if not host or port is None:
            raise TriggerError(
                f'"{visible(self.address)}" is no address of a gRPC server',
                help="Write `address: host:port` in the trigger.",
            )
        return host, port

    def _tls(self) -> Tls | None:
        if isinstance(self.tls, Tls):
            return self.tls
        asked = self.address.startswith(("grpcs://", "https://")) and self.tls is None
        return NO_TLS if self.tls or self.sslVerification or asked else None

    async def _channel(self, host: str, port: int) -> Any:
        from grpc import aio, ssl_channel_credentials

        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", MAX_ANSWER),
            ("grpc.enable_retries", 0),
            ("grpc.enable_http_proxy", 0 if host in LOOPBACK else 1),
        ]
        tls = self._tls()
        if tls is None:
            return aio.insecure_channel(target, options=options)
        tls_context(tls, checked=True)  # faults of the files, in the words that all triggers have for them
        authorities, name = _pem(tls.ca), tls.server_name
        if self.sslVerification is False:
            # The library knows no "do not check": trust what the server shows, under the name that it shows.
            authorities, name = await asyncio.to_thread(_shown, tls, host, port, self.timeout)
        if name:
            options.append(("grpc.ssl_target_name_override", name))
        key = _pem(tls.key) or _pem(tls.cert)
        return aio.secure_channel(target, ssl_channel_credentials(authorities, key, _pem(tls.cert)), options=options)

    async def _connect(self, channel: Any, host: str, port: int) -> None:
        """Return when the channel is ready, so that what fails later was said by the server."""
        from grpc import ChannelConnectivity

        state = channel.get_state(try_to_connect=True)
        while state is not ChannelConnectivity.READY:
            if state is ChannelConnectivity.TRANSIENT_FAILURE:
                raise await self._unreachable(channel, host, port)
            await channel.wait_for_state_change(state)
            state = channel.get_state(try_to_connect=True)

    async def _unreachable(self, channel: Any, host: str, port: int) -> TriggerError:
        """Why there is no connection: a plain one says more than the library, and the library knows of TLS."""
        from grpc import aio

        attempt = Attempt(
            what=self.describe(), host=host, port=port, limit=f"timeout of {self.timeout:g} s",
            name_another="Check `address` of the trigger.",
        )  # fmt: skip
        try:
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await channel.unary_unary("/")(b"", wait_for_ready=False)
        except OSError as fault:
            return failure(attempt, fault)
        except aio.AioRpcError as fault:
            why = _handshake(fault.details() or "", self._tls())
            return TriggerError(f"{self.describe()} failed: {why}", help="Check `tls` and `address` of the trigger.")
        return TriggerError(f"{self.describe()} failed: no connection", help=attempt.name_another)

    async def _method(self, channel: Any, own: Sequence[tuple[str, str]]) -> Method:
        service, method = self._names()
        if not service:
            raise TriggerError(
                f'the method "{visible(self.method)}" has no service', help="Write `method: package.Service/Method`."
            )
        if self.descriptorSet is not None:
            files, where = await asyncio.to_thread(_read, self.descriptorSet), self.descriptorSet
        elif self.protobufFile is not None:
            files = await _descriptors.compiled(self.protobufFile, self.importPaths)
            where = self.protobufFile if "\n" not in self.protobufFile else "the trigger's `protobufFile`"
        else:
            files = await _descriptors.reflected(partial(Asking, channel, own), service)
            where = "asked by reflection"
        return _descriptors.find_method(files, service, method, where=where)

    async def _own_metadata(self) -> list[tuple[str, str]]:
        """What the user gave; also sent with questions about the methods, for they may need to prove who asks."""
        asked = self.auth.chosen() if self.auth is not None else None
        if not isinstance(asked, OAuth2):
            return self._given_metadata()
        import httpx2

        try:
            async with httpx2.AsyncClient(timeout=self.timeout) as client:
                token = await asked.token(client)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as fault:
            host, port = address_of(asked.token_url)
            attempt = Attempt(
                what=f"asking {asked.token_url} for a token", host=host, port=port,
                name_another="Check `auth.oauth2.token_url` of the trigger.",
            )  # fmt: skip
            raise failure(attempt, fault) from fault
        return [*self._given_metadata(), ("authorization", with_scheme(token))]

    def _given_metadata(self) -> list[tuple[str, str]]:
        """Keys in lower case, as HTTP/2 has them; a token that is yet to be fetched is not among them."""
        auth = [*self.auth.headers(), *self.auth.parameters()] if self.auth is not None else []
        return [(key.lower(), value) for key, value in (*self.metadata, *auth)]

    def _notes(self) -> tuple[str, ...]:
        if self._tls() is None or self.sslVerification is not False:
            return ()
        return (f"the certificate of {self._target()} was not checked; give `tls: {{ ca: FILE }}`",)

    def _grpcurl(self, context: TraceContext) -> Iterable[str]:
        tls = self._tls()
        yield "grpcurl"
        if tls is None:
            yield "-plaintext"
        else:
            yield from ("-insecure",) if self.sslVerification is False else ()
            for flag, value in (
                ("-cacert", tls.ca),
                ("-cert", tls.cert),
                ("-key", tls.key),
                ("-authority", tls.server_name),
            ):
                yield from (flag, value) if value else ()
        if self.descriptorSet is not None:
            yield from ("-protoset", self.descriptorSet)
        elif self.protobufFile is not None and "\n" not in self.protobufFile:
            for folder in self.importPaths or [os.path.dirname(self.protobufFile)]:  # noqa: PTH120 - a text to show
                yield from ("-import-path", folder or ".")
            yield from ("-proto", os.path.basename(self.protobufFile))  # noqa: PTH119
        for key, value in injected(self._given_metadata(), context, self.propagate):
            shown = f"Basic {MASK}" if key == "authorization" and value.startswith("Basic ") else value
            yield from ("-H", f"{key}: {shown}")
        if self.deadline is not None:
            yield from ("-max-time", f"{self.deadline:g}")
        yield from ("-d", text_of(self.request) or "{}", self._target(), "/".join(filter(None, self._names())))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a text from a definition
            return file.read(_descriptors.MAX_BYTES)
    except OSError as fault:
        raise TriggerError(
            f"{visible(path)} cannot be read: {fault.strerror or fault}", help="Check `descriptorSet` of the trigger."
        ) from fault


def _pem(path: str) -> bytes | None:
    return Path(path).read_bytes() if path else None


def _handshake(details: str, tls: Tls | None) -> str:
    """Why a server that listens takes no call, in plain words."""
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return "its certificate is not valid: it is not signed by an authority that we trust"
    if "Hostname Verification" in details:
        return "its certificate is for another name"
    if "CERTIFICATE_REQUIRED" in details or "BAD_CERTIFICATE" in details:
        return "the TLS handshake failed: it asks for a certificate of ours (`tls: {cert, key}`)"
    if tls is not None and ("WRONG_VERSION_NUMBER" in details or "handshake" in details.lower()):
        return f"the TLS handshake failed, as with a server that speaks no TLS: {visible(details[-300:])}"
    if tls is not None and not tls.cert and "closed" in details.lower():
        return "it closed the connection during the TLS handshake, as a server does that asks for a certificate of ours"
    if tls is None and "closed" in details.lower():
        return "it closed the connection, as a server does that wants TLS (`tls: true`)"
    return visible(details[-400:])


def _shown(tls: Tls, host: str, port: int, timeout_s: float) -> tuple[bytes | None, str]:
    """The certificate that the server shows, and a name that it is for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key or None)
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=tls.server_name or host) as wrapped,
        ):
            shown = wrapped.getpeercert(binary_form=True)
    except OSError:
        return None, tls.server_name  # the call itself will say why
    if shown is None:
        return None, tls.server_name
    pem = ssl.DER_cert_to_PEM_cert(shown).encode()
    return pem, tls.server_name or _name_in(pem) or host


def _name_in(pem: bytes) -> str | None:
    """The first name that a certificate is for."""
    decode = getattr(getattr(ssl, "_ssl", None), "_test_decode_cert", None)
    if decode is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem)
        file.flush()
        names = decode(file.name).get("subjectAltName", ())
    return next((str(value).replace("*", "any") for kind, value in names if kind in ("DNS", "IP Address")), None)

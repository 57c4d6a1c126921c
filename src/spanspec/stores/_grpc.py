"""Asking a store over gRPC: one channel for a run, messages as bytes, and the world's faults in words.

The messages are small and are written by hand, so that a store needs no code made from protocol definitions.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import StoreError
from spanspec.otlp.decoded import shown
from spanspec.stores._http import MAX_ANSWER
from spanspec.stores.base import DeniedError, PassingError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from spanspec.stores._fields import GrpcFields, Tls

_MAX_SHOWN = 200
_NOT_FOUND: Final = "NOT_FOUND"
_DENIED: Final = ("UNAUTHENTICATED", "PERMISSION_DENIED")
_PASSING: Final = (
    "UNAVAILABLE",
    "RESOURCE_EXHAUSTED",
    "DEADLINE_EXCEEDED",
    "ABORTED",
    "INTERNAL",
    "UNKNOWN",
    "CANCELLED",
)
_NOBODY: Final = ("refused", "failed to connect", "no route", "name resolution", "dns resolution")


class GrpcReader:
    """The channel to one store.

    Args:
        fields: Address, metadata, certificates.
        timeout_s: For one answer.
        product: What it should be, for messages.
        more: Further metadata.
    """

    def __init__(
        self, fields: GrpcFields, timeout_s: float, *, product: str, more: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._fields, self._timeout_s, self._product, self._more = fields, timeout_s, product, more
        self._channel: Any = None

    @property
    def where(self) -> str:
        """The address for people."""
        return self._fields.endpoint

    @property
    def address(self) -> tuple[str, int]:
        """Host and port.

        Raises:
            StoreError: It is no `host:port`.
        """
        host, _, port = self._fields.endpoint.rpartition("://")[2].rpartition(":")
        if not host or not port.isdecimal():
            raise StoreError(f'"{shown(self.where)}" is no address of a store', help="Write `endpoint: HOST:PORT`.")
        return host.strip("[]"), int(port)

    async def close(self) -> None:
        """Give the channel back."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    async def messages(self, method: str, request: bytes, *, many: bool) -> AsyncIterator[bytes]:
        """The messages of an answer; none where the store says that there is no such thing.

        Raises:
            StoreError: No answer, or an error.
        """
        import grpc

        _ = self.address
        metadata = [(key.lower(), value) for key, value in (*self._fields.headers, *self._more)]
        options: dict[str, Any] = {"timeout": self._timeout_s, "metadata": metadata, "wait_for_ready": False}
        if self._fields.compression == "gzip":
            options["compression"] = grpc.Compression.Gzip
        try:
            channel = self._opened()
            if many:
                async for message in channel.unary_stream(method)(request, **options):
                    yield message
            else:
                yield await channel.unary_unary(method)(request, **options)
        except grpc.aio.AioRpcError as fault:
            if fault.code().name != _NOT_FOUND:
                raise self._failed(fault) from fault

    def _opened(self) -> Any:
        if self._channel is None:
            import grpc

            host, port = self.address
            target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            options: list[tuple[str, int | str]] = [("grpc.max_receive_message_length", MAX_ANSWER)]
            tls = self._fields.tls
            if tls is None or tls.insecure:
                self._channel = grpc.aio.insecure_channel(target, options=options)
            else:
                if tls.serverName:
                    options.append(("grpc.ssl_target_name_override", tls.serverName))
                self._channel = grpc.aio.secure_channel(target, _credentials(tls), options=options)
        return self._channel

    def _failed(self, fault: Any) -> StoreError:
        code, details = fault.code().name, shown(str(fault.details() or ""), _MAX_SHOWN)
        named = f"{self._product} at {shown(self.where)}"
        if code in _DENIED:
            help_ = "Give the store credentials: `headers: { authorization: … }`, as ${env:NAME}."
            return DeniedError(f"{named} answers {code}: {details}", help=help_)
        if code == "UNAVAILABLE" and any(word in details.lower() for word in _NOBODY):
            help_ = f"Start {self._product}, or mend the store's `endpoint`. In a container, localhost is the container itself."
            return UnreachableError(f"{named}: nothing answers there: {details}", help=help_)
        if code == "UNIMPLEMENTED":
            return StoreError(
                f"{named} does not know this question", help=f"Give the address of {self._product}'s query service."
            )
        if code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
            return StoreError(
                f"{named} gave an answer of more than {MAX_ANSWER >> 20} MiB", help="Look at the trace in the store."
            )
        if code in _PASSING:
            return PassingError(f"{named} answers {code}: {details}", help="Look at the store's own log.")
        return StoreError(f"{named} answers {code}: {details}", help="Look at the store's own log.")


def _credentials(tls: Tls) -> Any:
    """The certificates of a store.

    Raises:
        StoreError: A file of them cannot be read.
    """
    import grpc

    if tls.insecureSkipVerify:
        raise StoreError(
            "gRPC always looks at the certificate, so `insecureSkipVerify` cannot be had",
            help="Name the authority under `tls: { caFile: … }`, or write `insecure: true` for a store without TLS.",
        )
    try:
        authority, own, key = (_pem(path) for path in (tls.authority, *tls.own))
    except OSError as fault:
        raise StoreError(
            f"the store's certificates cannot be read: {fault}", help="Give the paths of PEM files."
        ) from fault
    return grpc.ssl_channel_credentials(root_certificates=authority, private_key=key, certificate_chain=own)


def _pem(text: str) -> bytes | None:
    if not text:
        return None
    return text.encode() if "-----BEGIN" in text else Path(text).expanduser().read_bytes()

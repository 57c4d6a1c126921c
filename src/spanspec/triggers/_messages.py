"""What the triggers for brokers share: the bytes of a message, TLS towards a broker, texts of what came back."""

from __future__ import annotations

import base64
import binascii
import ssl
from typing import Any, Literal

from spanspec.errors import TriggerError
from spanspec.triggers._tls import NO_TLS, Tls, tls_context

MAX_REPLY = 1 << 20
"""Bytes of a reply that are kept."""

Encoding = Literal["text", "base64", "hex"]


def content_of(given: str | bytes | None, encoding: Encoding, key: str) -> bytes | None:
    """The bytes to send; None stays None.

    Raises:
        TriggerError: The text is not what `encoding` says.
    """
    if given is None or isinstance(given, bytes):
        return given
    try:
        if encoding == "base64":
            return base64.b64decode("".join(given.split()), validate=True)
        return bytes.fromhex(given) if encoding == "hex" else given.encode()
    except (binascii.Error, ValueError) as fault:
        raise TriggerError(
            f"`{key}` is not {encoding}: {fault}", help=f"Write {encoding}, or take `encoding: {encoding}` away."
        ) from fault


def text_of(content: bytes | None) -> tuple[str, bool]:
    """A reply as text, and whether it was cut; bytes that are no UTF-8 become base64."""
    if content is None:
        return "", False
    cut, kept = len(content) > MAX_REPLY, content[:MAX_REPLY]
    try:
        return kept.decode("utf-8", "strict" if not cut else "ignore"), cut
    except UnicodeDecodeError:
        return base64.b64encode(kept).decode(), cut


class _Named(ssl.SSLContext):
    """A context that expects a name of its own in the peer's certificate, whatever the address."""

    server_name: str = ""

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """As the standard library's, with the name."""
        return super().wrap_bio(*arguments, **{**named, "server_hostname": self.server_name})


def broker_tls(tls: Tls | bool | None, verification: bool | None, *, wanted: bool = False) -> ssl.SSLContext | None:
    """How to speak TLS with a broker, or None for not at all.

    Args:
        tls: The trigger's `tls`: `true`, or certificates.
        verification: The reference's `sslVerification`: true switches TLS on, false leaves certificates unchecked.
        wanted: Whether the address asks for it.

    Raises:
        TriggerError: A file holds no certificate or key.
    """
    if not tls and not verification and not wanted:
        return None
    files = tls if isinstance(tls, Tls) else NO_TLS
    if not files.server_name:
        return tls_context(files, checked=verification is not False)
    # A context of our own: those of `tls_context` are shared.
    named = _Named(ssl.PROTOCOL_TLS_CLIENT)
    named.server_name = files.server_name
    try:
        if files.ca:
            named.load_verify_locations(files.ca)
        else:
            named.load_default_certs()
        if verification is False:
            named.check_hostname, named.verify_mode = False, ssl.CERT_NONE
        if files.cert:
            named.load_cert_chain(files.cert, files.key or None, files.key_password or "")
    except (OSError, ssl.SSLError) as fault:
        raise TriggerError(f"the TLS files cannot be used: {fault}", help="Give PEM files.") from fault
    return named


def unchecked(secure: object, verification: bool | None, where: str) -> tuple[str, ...]:
    """The note for a certificate that was not checked."""
    if not secure or verification is not False:
        return ()
    return (f"the certificate of {where} was not checked; give `tls: {{ ca: FILE }}`",)

"""Who may send to the receiver, and how: a bearer token (RFC 6750), TLS, and the origins of browsers (CORS). Pure but for the files.

Without any of it, whoever reaches the port may send; the ports are on loopback unless somebody says otherwise.
"""

from __future__ import annotations

import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spanspec.errors import ReceiverError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PREFLIGHT_S: Final = 7200
"""How long a browser may remember what it may send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What senders must bring.

    Attributes:
        token: The bearer token that every export must carry; empty for none.
        certificate: PEM file of the server's certificate and the chain above it; empty for plain text.
        key: PEM file of its private key; empty where it stands in the certificate's file.
        origins: Pages that may send from a browser: `https://shop.example`, or `*` for any.
    """

    token: str = ""
    certificate: str = ""
    key: str = ""
    origins: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the token."""
        return (
            f"Access(token={'***' if self.token else ''!r}, certificate={self.certificate!r}, origins={self.origins!r})"
        )

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return bool(self.certificate)

    def lets_in(self, authorization: str | None) -> bool:
        """Whether the `authorization` of an export is good; it is compared in constant time."""
        if not self.token:
            return True
        scheme, _, given = (authorization or "").partition(" ")
        expected = self.token.encode("utf-8", "surrogateescape")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode("utf-8", "surrogateescape"), expected
        )

    def cors(self, origin: str | None) -> tuple[tuple[str, str], ...]:
        """The headers by which a page of this origin may read the answer; none where it may not."""
        if origin is None or not ("*" in self.origins or origin in self.origins):
            return ()
        return (("access-control-allow-origin", origin), ("vary", "origin"))

    def preflight(self, origin: str | None, headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """The answer to a browser that asks what it may send (`OPTIONS`); none where nothing."""
        allowed = self.cors(origin)
        if not allowed:
            return ()
        asked = next((value for key, value in headers if key.lower() == "access-control-request-headers"), "")
        named = ", ".join(part.strip() for part in asked.split(",")[:32] if _is_token(part.strip()))
        return (
            *allowed,
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", named or "content-type"),
            ("access-control-max-age", str(_PREFLIGHT_S)),
        )

    def tls(self) -> ssl.SSLContext | None:
        """What an HTTP server speaks TLS with; None for plain text.

        Raises:
            ReceiverError: A file cannot be read, or holds no certificate with its key.
        """
        if not self.certificate:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key or None)
        except (OSError, ssl.SSLError) as fault:
            raise self._unusable(fault) from fault
        return context

    def pem(self) -> tuple[bytes, bytes] | None:
        """Private key and certificate chain, for gRPC; None for plain text.

        Raises:
            ReceiverError: A file cannot be read.
        """
        if not self.certificate:
            return None
        try:
            chain = Path(self.certificate).read_bytes()
            return (Path(self.key).read_bytes() if self.key else chain), chain
        except OSError as fault:
            raise self._unusable(fault) from fault

    def _unusable(self, fault: Exception) -> ReceiverError:
        files = self.certificate + (f" and {self.key}" if self.key else "")
        why = getattr(fault, "strerror", None) or str(fault)
        return ReceiverError(
            f"the receiver cannot use the certificate in {files}: {why}",
            help="Name PEM files of a certificate and of its own private key.",
        )


def _is_token(text: str) -> bool:
    """Whether a text is the name of a header field (RFC 9110, section 5.6.2), and safe to send back."""
    return (
        bool(text)
        and len(text) <= 100
        and all(sign.isascii() and (sign.isalnum() or sign in "!#$%&'*+-.^_`|~") for sign in text)
    )

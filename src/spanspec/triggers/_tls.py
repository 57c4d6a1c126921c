"""TLS settings that triggers share: authorities, a client's certificate, the name to expect."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from spanspec.errors import TriggerError
from spanspec.triggers.base import Fields, LocalPath, SecretText, Text


class Tls(Fields):
    """Certificates, as PEM files relative to the definition."""

    ca: Annotated[Text, LocalPath()] = Field(
        default="", description="The authorities that the peer's certificate must come from; checked whenever given."
    )
    cert: Annotated[Text, LocalPath()] = Field(default="", description="This client's certificate, for mutual TLS.")
    key: Annotated[Text, LocalPath()] = Field(default="", description="Its key; else it is in `cert`.")
    key_password: SecretText = Field(default="", description="The key's password.")
    server_name: Text = Field(default="", description="The name to expect in the peer's certificate, and to ask for.")

    def arguments(self) -> list[str]:
        """The same for curl."""
        out = []
        for option, value in (("--cacert", self.ca), ("--cert", self.cert), ("--key", self.key)):
            out.extend([option, value] if value else [])
        return out


NO_TLS = Tls()


def tls_context(tls: Tls, *, checked: bool) -> ssl.SSLContext:
    """The settings as Python's ssl takes them.

    Raises:
        TriggerError: A file holds no certificate or key, or its password is another.
    """
    try:
        return _built(tls.ca, tls.cert, tls.key, tls.key_password, checked)
    except (OSError, ssl.SSLError, ValueError) as fault:
        names = ", ".join(name for name in (tls.ca, tls.cert, tls.key) if name)
        raise TriggerError(
            f"the TLS files cannot be used: {getattr(fault, 'reason', None) or fault} ({names})",
            help="Give PEM files: `ca`, `cert` and `key`, and `key_password` for a key that has one.",
        ) from fault


@lru_cache(maxsize=16)
def _built(ca: str, cert: str, key: str, password: str, checked: bool) -> ssl.SSLContext:
    """Shared by all requests: reading the machine's certificates takes 20 ms."""
    if checked:
        context = ssl.create_default_context(cafile=ca or None)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert:
        context.load_cert_chain(cert, key or None, password or "")
    return context

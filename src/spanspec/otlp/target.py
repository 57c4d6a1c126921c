"""An OTLP endpoint that exports are sent to, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from spanspec.errors import UsageError
from spanspec.otlp.decoded import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES: Final = ("http", "https", "grpc", "grpcs")
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One endpoint.

    Attributes:
        url: `http(s)://HOST[:PORT][/BASE]`, to which `/v1/traces` and so on are appended, or `grpc(s)://HOST:PORT`.
        headers: Sent with every export, such as a vendor's key; never shown.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no endpoint.

        Raises:
            UsageError: The URL is none of these.
        """
        if not _is_endpoint(self.url):
            raise UsageError(
                f'"{shown(self.url)}" is no OTLP endpoint to forward to',
                help="Write it like http://127.0.0.1:4318, https://otlp.example or grpc://127.0.0.1:4317.",
            )

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    clean = url.isprintable() and " " not in url and len(url) <= _LONGEST
    return clean and parts.scheme in SCHEMES and bool(parts.hostname)

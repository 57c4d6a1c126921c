"""What becomes of a trigger's URL: relative ones are appended to the endpoint, and an endpoint given from outside replaces origins."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


def is_relative(url: str) -> bool:
    """Whether a URL needs an endpoint: it begins with its path or query."""
    return (url.startswith("/") and not url.startswith("//")) or url.startswith(("?", "#")) or not url


def joined(endpoint: str, url: str) -> str:
    """A relative URL appended to the endpoint, whose path is kept: `http://h/api` and `/x` make `http://h/api/x`."""
    base = with_scheme(endpoint)
    if not url or url[0] in "?#":
        return base + url
    return base.rstrip("/") + "/" + url.lstrip("/")


def replaced(endpoint: str, url: str, origin: str) -> str:
    """An absolute URL with scheme, host and port of the endpoint, and its path before the URL's own.

    Args:
        endpoint: Given from outside.
        url: Absolute.
        origin: The endpoint that the file was written for; only URLs of its origin are replaced. Empty: all are.
    """
    absolute = with_scheme(url)
    if origin and origin_of(with_scheme(origin)) != origin_of(absolute):
        return url
    try:
        parts = urlsplit(absolute)
    except ValueError:
        return url
    rest = absolute[len(parts.scheme) + 3 + len(parts.netloc) :]
    return joined(endpoint, rest if not rest or rest[0] in "/?#" else f"/{rest}")


def with_scheme(url: str) -> str:
    """The URL with `http://` before a host that has no scheme."""
    return url if "://" in url else f"http://{url.removeprefix('//')}"


def origin_of(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port, as RFC 6454 compares origins; None for what is no URL."""
    try:
        parts: SplitResult = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        return None

"""What started a trace, as far as its first span tells: the HTTP request that a test would send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.model.span import SpanKind
from spanspec.proposing.operations import HTTP_METHODS, said

if TYPE_CHECKING:
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_FULL = ("url.full", "http.url")
_HOSTS = ("http.host", "server.address", "net.host.name", "http.server_name")
_PORTS = ("server.port", "net.host.port")
_TARGETS = ("http.target", "url.path", "http.route")
_SCHEMES = ("url.scheme", "http.scheme")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A request: its method and absolute URL. What was in its body and headers a trace does not tell."""

    method: str
    url: str

    @property
    def has_body(self) -> bool:
        """Whether a request of that method usually has a body."""
        return self.method in ("POST", "PUT", "PATCH")


def first_span(trace: Trace) -> Span | None:
    """The first root, or the first span where no root has arrived."""
    return trace.roots[0] if trace.roots else next(iter(trace), None)


def started(trace: Trace) -> Started | None:
    """The request that the first span answered; None where it is no HTTP server's, or its URL is not told."""
    span = first_span(trace)
    method = said(span, HTTP_METHODS) if span is not None and span.kind is SpanKind.SERVER else None
    if span is None or method is None or not method[1].isalpha():
        return None
    full = said(span, _FULL)
    if full is not None and "://" in full[1]:
        return Started(method=method[1].upper(), url=full[1])
    target, host = said(span, _TARGETS), said(span, _HOSTS)
    if target is None or host is None or not target[1].startswith("/"):
        return None
    scheme = said(span, _SCHEMES)
    return Started(
        method=method[1].upper(),
        url=f"{scheme[1] if scheme else 'http'}://{_with_port(span, host[1])}{_target(span, target)}",
    )


def _with_port(span: Span, host: str) -> str:
    port = next((value for key in _PORTS if isinstance(value := span.attributes.get(key), int)), None)
    bare = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
    return bare if port is None or port in (80, 443) or bare.rpartition(":")[2].isdigit() else f"{bare}:{port}"


def _target(span: Span, target: tuple[str, str]) -> str:
    query = said(span, ("url.query",))
    return f"{target[1]}?{query[1].lstrip('?')}" if query is not None and target[0] == "url.path" else target[1]

"""Attribute keys that OpenTelemetry has renamed, one to one and keeping their values; both directions.

The pairs come from `language.renames`, which a script writes from OpenTelemetry's published package; here stands what no
table says: which pairs do not keep the value, which hold for one kind of span only, and those older than the package
(https://opentelemetry.io/docs/specs/semconv/). A split, such as `http.target`, is none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spanspec.language.renames import PAIRS, SAME_VALUES
from spanspec.model.span import SpanKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.model.attributes import AttributeValue
    from spanspec.model.span import Span


@dataclass(frozen=True, slots=True)
class Rename:
    """One rename.

    Attributes:
        old: The retired key.
        new: The key that took its place.
        kinds: The span kinds that it is for; empty for all.
        values: The values that are the same in both; empty for all.
        forward: Whether the new key answers for the old one; not so where it was folded together from several.
    """

    old: str
    new: str
    kinds: frozenset[SpanKind] = frozenset()
    values: frozenset[str] = frozenset()
    forward: bool = True

    def holds(self, span: Span, value: AttributeValue) -> bool:
        """Whether the value of one key on this span is what the other would have."""
        return (not self.kinds or span.kind in self.kinds) and (not self.values or value in self.values)


_CALLING = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER})
_CALLED = frozenset({SpanKind.SERVER, SpanKind.CONSUMER})

_CHANGED: Final = frozenset(
    {
        "http.request_content_length",  # a number; the header that the package names is a list of texts
        "http.response_content_length",
        "http.server_name",  # the configured name, not the address that was called
        "messaging.operation",  # "publish" and "process" became other words
        "rpc.connect_rpc.error_code",  # one system's codes; the new key holds those of all
        "tls.client.server_name",
        "state",
        "pool.name",  # of metrics, and too general to mean one thing
    }
)
"""Replaced keys whose value is not kept, or is another thing."""

_GENERAL: Final = frozenset({"db.name", "db.sql.table", "net.sock.peer.addr", "net.sock.host.addr"})
"""Of several old keys folded into one new key, those that the new key may answer for."""

_OLDER: Final = (
    ("http.request_content_length", "http.request.body.size"),
    ("http.response_content_length", "http.response.body.size"),
    ("http.resend_count", "http.request.resend_count"),
    ("db.sql.table", "db.collection.name"),
    ("messaging.destination", "messaging.destination.name"),
    ("messaging.temp_destination", "messaging.destination.temporary"),
    ("messaging.message_id", "messaging.message.id"),
    ("messaging.conversation_id", "messaging.message.conversation_id"),
    ("messaging.message_payload_size_bytes", "messaging.message.body.size"),
    ("messaging.client_id", "messaging.client.id"),
    ("messaging.kafka.message_key", "messaging.kafka.message.key"),
    ("messaging.kafka.consumer_group", "messaging.consumer.group.name"),
    ("messaging.rabbitmq.routing_key", "messaging.rabbitmq.destination.routing_key"),
    ("enduser.id", "user.id"),
    ("faas.execution", "faas.invocation_id"),
)
"""Renames of the schema files 1.8 to 1.26 that the package has forgotten or words with a condition."""

_BY_KIND: Final = (
    Rename("net.peer.name", "server.address", kinds=_CALLING),
    Rename("net.peer.port", "server.port", kinds=_CALLING),
    Rename("net.peer.name", "client.address", kinds=_CALLED),
    Rename("net.peer.port", "client.port", kinds=_CALLED),
    Rename("net.host.name", "server.address", kinds=_CALLED),
    Rename("net.host.port", "server.port", kinds=_CALLED),
)


def _renames() -> Iterator[Rename]:
    apart = _CHANGED | {rename.old for rename in _BY_KIND}
    pairs = [pair for pair in PAIRS if pair[0] not in apart]
    folded = Counter(new for _, new in pairs)
    for old, new in pairs:
        forward = folded[new] == 1 or old in _GENERAL
        yield Rename(old, new, values=frozenset(SAME_VALUES.get(old, ())), forward=forward)
    known = set(pairs)
    yield from (Rename(old, new) for old, new in _OLDER if (old, new) not in known)
    yield from _BY_KIND


RENAMES: Final[tuple[Rename, ...]] = tuple(_renames())


RELATED: Final[dict[str, tuple[str, ...]]] = {
    "http.target": ("url.path", "url.query"),
    "url.path": ("http.target",),
    "http.host": ("server.address",),
    "http.server_name": ("server.address",),
    "http.flavor": ("network.protocol.version",),
    "net.transport": ("network.transport",),
    "net.peer.ip": ("network.peer.address", "net.sock.peer.addr"),
    "net.host.ip": ("network.local.address", "net.sock.host.addr"),
    "peer.service": ("server.address", "net.peer.name"),
    "db.instance": ("db.namespace", "db.name"),
    "db.type": ("db.system.name", "db.system"),
    "db.connection_string": ("server.address",),
    "messaging.operation": ("messaging.operation.type", "messaging.operation.name"),
    "messaging.operation.type": ("messaging.operation",),
    "message_bus.destination": ("messaging.destination.name", "messaging.destination"),
    "rpc.grpc.status_code": ("rpc.response.status_code",),
    "rpc.response.status_code": ("rpc.grpc.status_code",),
    "deployment.environment": ("deployment.environment.name",),
    "deployment.environment.name": ("deployment.environment",),
}
"""Keys that took another's place without keeping its value one to one: named in explanations, never looked up instead."""


def _by_key() -> dict[str, tuple[tuple[Rename, str], ...]]:
    table: dict[str, list[tuple[Rename, str]]] = {}
    for rename in RENAMES:
        if rename.forward:
            table.setdefault(rename.old, []).append((rename, rename.new))
        table.setdefault(rename.new, []).append((rename, rename.old))
    return {key: tuple(found) for key, found in table.items()}


_OTHERS: Final = _by_key()


def is_renamed(key: str) -> bool:
    """Whether an attribute of this key may have another name."""
    return key in _OTHERS


def known_keys() -> tuple[str, ...]:
    """Every retired and every new key of the renames."""
    return tuple(_OTHERS)


def other_key(key: str, span: Span) -> str | None:
    """The other name of `key` that is there, with a value that both would have, on the span itself."""
    return next(_there(key, span), None)


def _there(key: str, span: Span) -> Iterator[str]:
    for rename, other in _OTHERS.get(key, ()):
        if other in span.attributes and rename.holds(span, span.attributes[other]):
            yield other

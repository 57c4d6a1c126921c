"""Attribute keys that OpenTelemetry has renamed, one to one and keeping their values; both directions.

From the schema transformations of the semantic conventions 1.20 to 1.36
(https://opentelemetry.io/docs/specs/semconv/). Left out are renames that change values or that fold several keys into
one, such as `http.target` or `net.transport`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
    """

    old: str
    new: str
    kinds: frozenset[SpanKind] = frozenset()
    values: frozenset[str] = frozenset()

    def holds(self, span: Span, value: AttributeValue) -> bool:
        """Whether the value of one key on this span is what the other would have."""
        return (not self.kinds or span.kind in self.kinds) and (not self.values or value in self.values)


_CALLING = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER})
_CALLED = frozenset({SpanKind.SERVER, SpanKind.CONSUMER})
_SAME_SYSTEMS = frozenset(
    [
        "cassandra",
        "clickhouse",
        "cockroachdb",
        "couchbase",
        "couchdb",
        "derby",
        "elasticsearch",
        "hbase",
        "hive",
        "hsqldb",
        "influxdb",
        "instantdb",
        "mariadb",
        "memcached",
        "mongodb",
        "mysql",
        "neo4j",
        "opensearch",
        "other_sql",
        "postgresql",
        "redis",
        "sqlite",
        "teradata",
        "trino",
    ]
)

RENAMES: Final[tuple[Rename, ...]] = (
    Rename("http.method", "http.request.method"),
    Rename("http.status_code", "http.response.status_code"),
    Rename("http.request_content_length", "http.request.body.size"),
    Rename("http.response_content_length", "http.response.body.size"),
    Rename("http.resend_count", "http.request.resend_count"),
    Rename("http.url", "url.full"),
    Rename("http.scheme", "url.scheme"),
    Rename("http.client_ip", "client.address"),
    Rename("http.user_agent", "user_agent.original"),
    Rename("db.system", "db.system.name", values=_SAME_SYSTEMS),
    Rename("db.statement", "db.query.text"),
    Rename("db.operation", "db.operation.name"),
    Rename("db.name", "db.namespace"),
    Rename("db.sql.table", "db.collection.name"),
    Rename("messaging.destination", "messaging.destination.name"),
    Rename("messaging.temp_destination", "messaging.destination.temporary"),
    Rename("messaging.message_id", "messaging.message.id"),
    Rename("messaging.conversation_id", "messaging.message.conversation_id"),
    Rename("messaging.message_payload_size_bytes", "messaging.message.body.size"),
    Rename("messaging.client_id", "messaging.client.id"),
    Rename("messaging.kafka.message_key", "messaging.kafka.message.key"),
    Rename("messaging.kafka.consumer_group", "messaging.consumer.group.name"),
    Rename("messaging.kafka.message.offset", "messaging.kafka.offset"),
    Rename("messaging.rabbitmq.routing_key", "messaging.rabbitmq.destination.routing_key"),
    Rename("net.peer.name", "server.address", kinds=_CALLING),
    Rename("net.peer.port", "server.port", kinds=_CALLING),
    Rename("net.host.name", "server.address", kinds=_CALLED),
    Rename("net.host.port", "server.port", kinds=_CALLED),
    Rename("net.sock.peer.addr", "network.peer.address"),
    Rename("net.sock.peer.port", "network.peer.port"),
    Rename("net.sock.host.addr", "network.local.address"),
    Rename("net.sock.host.port", "network.local.port"),
    Rename("net.protocol.name", "network.protocol.name"),
    Rename("net.protocol.version", "network.protocol.version"),
    Rename("rpc.system", "rpc.system.name", values=frozenset({"grpc", "jsonrpc"})),
    Rename("enduser.id", "user.id"),
    Rename("faas.execution", "faas.invocation_id"),
    Rename("code.filepath", "code.file.path"),
    Rename("code.lineno", "code.line.number"),
    Rename("code.column", "code.column.number"),
)


def _by_key() -> dict[str, tuple[tuple[Rename, str], ...]]:
    table: dict[str, list[tuple[Rename, str]]] = {}
    for rename in RENAMES:
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

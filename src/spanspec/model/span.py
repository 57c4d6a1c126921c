"""One span, in the only shape that it has here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spanspec.model.attributes import Attributes
    from spanspec.model.ids import SpanId, TraceId

EMPTY: Final[Attributes] = MappingProxyType({})


def no_attributes() -> Attributes:
    """The empty attributes, one object for all."""
    return EMPTY


class SpanKind(StrEnum):
    """OTLP's SpanKind, in lower case."""

    UNSPECIFIED = "unspecified"
    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class StatusCode(StrEnum):
    """OTLP's StatusCode, in lower case."""

    UNSET = "unset"
    OK = "ok"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What produced the telemetry. One object is shared by all spans of one export."""

    attributes: Attributes = field(default_factory=no_attributes)
    schema_url: str = ""
    dropped_attributes_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The instrumentation scope."""

    name: str = ""
    version: str = ""
    attributes: Attributes = field(default_factory=no_attributes)
    schema_url: str = ""
    dropped_attributes_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something at one moment of a span; `time_ns` is Unix time."""

    name: str
    time_ns: int = 0
    attributes: Attributes = field(default_factory=no_attributes)
    dropped_attributes_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A span's pointer to another span, of the same or another trace."""

    trace_id: TraceId
    span_id: SpanId
    trace_state: str = ""
    attributes: Attributes = field(default_factory=no_attributes)
    dropped_attributes_count: int = 0


NO_RESOURCE: Final = Resource()
NO_SCOPE: Final = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span as OTLP describes it.

    Attributes:
        trace_id: 32 lowercase hex digits.
        span_id: 16 lowercase hex digits.
        parent_id: 16 lowercase hex digits, or None for a span without a parent.
        start_ns: Unix time in nanoseconds.
        end_ns: The same; may lie before the start (skewed clocks), 0 when it was not sent.
        status: The code; `status_message` the text with it.
        dropped: How many attributes, events and links the SDK says it dropped, together.
    """

    trace_id: TraceId
    span_id: SpanId
    parent_id: SpanId | None = None
    name: str = ""
    kind: SpanKind = SpanKind.INTERNAL
    start_ns: int = 0
    end_ns: int = 0
    attributes: Attributes = field(default_factory=no_attributes)
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    status: StatusCode = StatusCode.UNSET
    status_message: str = ""
    trace_state: str = ""
    flags: int = 0
    dropped: int = 0
    resource: Resource = NO_RESOURCE
    scope: Scope = field(default=NO_SCOPE)

    @property
    def duration_ns(self) -> int:
        """End less start; 0 when the end precedes the start."""
        return max(0, self.end_ns - self.start_ns)

    @property
    def service(self) -> str:
        """The resource's `service.name`, or an empty text."""
        name = self.resource.attributes.get("service.name", "")
        return name if isinstance(name, str) else ""

    def __hash__(self) -> int:
        return hash((self.trace_id, self.span_id, self.end_ns))

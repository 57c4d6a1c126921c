"""What passes between the runner, triggers and stores: trace context, answers, clocks and windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from spanspec.model.attributes import AttributeValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.model.ids import SpanId, TraceId


class Clock(Protocol):
    """Time as a parameter: wall-clock for stamps, monotonic for waiting."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never goes back; its zero means nothing."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """The context that a trigger injects, as W3C Trace Context and W3C Baggage.

    Attributes:
        trace_id: The new trace's id.
        span_id: The id that becomes the parent of the system's first span.
        sampled: The sampled flag.
        tracestate: Entries in order.
        baggage: Keys to values, unescaped.
        otlp_endpoint: Where the run's own receiver takes OTLP over HTTP, as a URL; empty where it has none. A trigger
            that starts a program tells it so.
    """

    trace_id: TraceId
    span_id: SpanId
    sampled: bool = True
    tracestate: tuple[tuple[str, str], ...] = (("spanspec", "1"), ("tracetest", "true"))
    baggage: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    otlp_endpoint: str = ""

    @property
    def traceparent(self) -> str:
        """The `traceparent` header, version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    @property
    def tracestate_header(self) -> str:
        """The `tracestate` header."""
        return ",".join(f"{key}={value}" for key, value in self.tracestate)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerResult:
    """What a trigger got back.

    Attributes:
        kind: The trigger's name: `http`.
        start_ns: Unix time when it was fired.
        end_ns: Unix time when its answer was there.
        status: HTTP or gRPC status code, or None.
        headers: In the order received; names as received, repeats kept.
        body: The answer as text, cut at the trigger's bound.
        body_truncated: Whether it was cut.
        request: What was sent, for people: `POST http://127.0.0.1:8080/checkout`.
        attributes: Further result fields, by the trigger.
        trace_id: The trace to be judged, where it is not the one whose context was injected; else None.
        notes: What a reader of the result should know, such as a certificate that was not checked.
        since_ns: Unix time from which the trace may have spans, where that is before `start_ns`; else None.
    """

    kind: str
    start_ns: int
    end_ns: int
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    body_truncated: bool = False
    request: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=lambda: MappingProxyType({}))
    trace_id: TraceId | None = None
    notes: tuple[str, ...] = ()
    since_ns: int | None = None

    @property
    def first_ns(self) -> int:
        """Unix time before which no span of the trace is looked for."""
        return self.start_ns if self.since_ns is None else self.since_ns

    @property
    def duration_ns(self) -> int:
        """From firing to the whole answer."""
        return max(0, self.end_ns - self.start_ns)

    def header(self, name: str) -> str | None:
        """The values of a header in any case, joined by `, `, or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """From when to when a trace's spans may have started; Unix nanoseconds."""

    start_ns: int
    end_ns: int

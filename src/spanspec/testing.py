"""Builders for tests, theirs and ours: spans and traces that read like what they describe, fixed ids, a clock by hand.

>>> cart = span("GET /cart", service="cart", kind="server", http__response__status_code=200)
>>> query = span("SELECT", parent=cart, kind="client", start=1, end=3, db__system="postgresql")
>>> [found.name for found in trace(query, cart)]
['GET /cart', 'SELECT']
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spanspec.model.assemble import TRIGGER_NAME, assemble
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Link, Resource, Span, SpanKind, StatusCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spanspec.model.attributes import AttributeValue
    from spanspec.model.span import Event
    from spanspec.model.trace import Trace

TRACE_ID: Final = TraceId("11111111111111111111111111111111")
"""The trace id of built spans unless another is given."""

EPOCH_NS: Final = 1_700_000_000_000_000_000
"""Where built times count from."""

_counter = itertools.count(1)


def span_id(text: str) -> SpanId:
    """A valid span id that is the same for the same text."""
    return SpanId(hashlib.blake2b(text.encode(), digest_size=8).hexdigest())


def span(
    name: str,
    *,
    service: str | None = "",
    kind: SpanKind | str = SpanKind.INTERNAL,
    parent: Span | SpanId | str | None = None,
    start: float = 0.0,
    end: float | None = None,
    id: str = "",  # noqa: A002 - the field's own word
    trace_id: TraceId = TRACE_ID,
    status: StatusCode | str = StatusCode.UNSET,
    status_message: str = "",
    events: Iterable[Event] = (),
    links: Iterable[Span | Link] = (),
    resource: Mapping[str, AttributeValue] | None = None,
    attributes: Mapping[str, AttributeValue] | None = None,
    **more: AttributeValue,
) -> Span:
    """Build a span.

    Args:
        name: Its name.
        service: `service.name` of its resource; left out, the parent's if that is a span, else `svc`; None for none.
        kind: Also as text.
        parent: A span, a span id, or any other text, which is turned into an id by `span_id`.
        start: Milliseconds after `EPOCH_NS`.
        end: The same; by default one millisecond after the start.
        id: A text that the id is made from; left out, every span has an id of its own.
        trace_id: Its trace.
        status: Also as text.
        status_message: The text with it.
        events: Its events.
        links: Spans to link to, or links.
        resource: Further resource attributes.
        attributes: Attributes by key.
        more: Attributes with `__` for a dot: `http__route="/cart"`.
    """
    if service == "":
        service = parent.service if isinstance(parent, Span) else "svc"
    owner = {**({"service.name": service} if service is not None else {}), **(resource or {})}
    return Span(
        trace_id=trace_id,
        span_id=span_id(id) if id else SpanId(f"{next(_counter):016x}"),
        parent_id=_parent_id(parent),
        name=name,
        kind=SpanKind(kind),
        start_ns=EPOCH_NS + round(start * 1e6),
        end_ns=EPOCH_NS + round((start + 1 if end is None else end) * 1e6),
        attributes=MappingProxyType({**(attributes or {}), **{key.replace("__", "."): v for key, v in more.items()}}),
        events=tuple(events),
        links=tuple(_link(target) for target in links),
        status=StatusCode(status),
        status_message=status_message,
        resource=Resource(attributes=MappingProxyType(owner)),
    )


def trace(*spans: Span, trigger: Span | None = None) -> Trace:
    """Assemble spans, given in any order."""
    return assemble(spans, trigger=trigger)


def trigger_span(**attributes: AttributeValue) -> Span:
    """The trigger's own span; `__` in a name stands for a dot."""
    keyed = {key.replace("__", "."): value for key, value in attributes.items()}
    return span(TRIGGER_NAME, id="trigger", service="tracetest", end=1000, attributes=keyed)


class FixedIds:
    """Ids that count up from 1."""

    def __init__(self) -> None:
        self._next = itertools.count(1)

    def trace_id(self) -> TraceId:
        """The next trace id."""
        return TraceId(f"{next(self._next):032x}")

    def span_id(self) -> SpanId:
        """The next span id."""
        return SpanId(f"{next(self._next):016x}")


class ManualClock:
    """A clock that moves when told to, or, inside `sleep`, as soon as nothing else can run."""

    def __init__(self, start_ns: int = EPOCH_NS) -> None:
        self._start_ns = start_ns
        self._elapsed_ns = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_ns(self) -> int:
        """Unix time."""
        return self._start_ns + self._elapsed_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds since the clock was made."""
        return self._elapsed_ns

    def advance(self, seconds: float) -> None:
        """Move on, waking whoever slept until then, in the order of their times."""
        self._move_to(self._elapsed_ns + round(seconds * 1e9))

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been moved that far."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_ns + round(seconds * 1e9), next(self._order), waiter))
        await waiter

    def next_wake_s(self) -> float | None:
        """Seconds until the first sleeper wakes; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return (self._sleepers[0][0] - self._elapsed_ns) / 1e9 if self._sleepers else None

    def _move_to(self, target_ns: int) -> None:
        while self._sleepers and self._sleepers[0][0] <= target_ns:
            when, _, waiter = heapq.heappop(self._sleepers)
            self._elapsed_ns = max(self._elapsed_ns, when)
            if not waiter.done():
                waiter.set_result(None)
        self._elapsed_ns = max(self._elapsed_ns, target_ns)


def _parent_id(parent: Span | str | None) -> SpanId | None:
    if parent is None:
        return None
    if isinstance(parent, Span):
        return parent.span_id
    return SpanId(parent) if len(parent) == 16 and set(parent) <= set("0123456789abcdef") else span_id(parent)


def _link(target: Span | Link) -> Link:
    return target if isinstance(target, Link) else Link(trace_id=target.trace_id, span_id=target.span_id)

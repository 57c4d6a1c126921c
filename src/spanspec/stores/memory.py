"""The buffer that the receiver fills, and the runner reads.

Spans of awaited traces are decoded as they come and stay until `forget`. All others are passed over: what was sent is kept
as raw bytes for a while, within bounds, because a span may arrive before its trace is awaited (a trace id that the system
itself chose), and is found there when `expect` or `fetch` asks for it. A trace whose spans link into an awaited one is
collected with it, one hop, as messaging systems need it.

Everything here runs in one event loop and no method but `changed` gives way, so two exports of one trace at the same moment
come one after the other and nothing is lost between reading and writing.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from spanspec.otlp.decode_json import decode_json
from spanspec.otlp.decode_protobuf import ZERO_ID, decode_sections, service_name
from spanspec.otlp.decoded import Decoded
from spanspec.otlp.exchange import Encoding
from spanspec.otlp.walk import Group, Section, spans_at, walk
from spanspec.source.render import visible
from spanspec.stores.base import Arrived, Fetched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Set

    from spanspec.model.context import TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.model.span import Resource, Span
    from spanspec.otlp.exchange import Payload

KEEP_S: Final = 60.0
"""How long spans that nobody waits for are kept: longer than any trigger should take to say its trace id."""

KEEP_BYTES: Final = 16 * 1024 * 1024
"""How many bytes of them are kept: some 80,000 spans, a second or two of the fastest senders."""

MAX_SPANS: Final = 200_000
"""Spans kept of one trace; what comes beyond is counted as dropped."""

_MAX_NOTED = 1024
_MAX_NOTED_TRACES = 32
_MAX_SERVICES = 256
_LINK = re.compile(rb"j(?=..?\n\x10(.{16}))", re.DOTALL)
"""Where a link may begin: field 13 of a span, a length of one or two bytes, and the linked trace id first."""


class _Time(Protocol):
    """The part of a `Clock` that is needed here."""

    def now_ns(self) -> int: ...

    def monotonic_ns(self) -> int: ...


class _SystemTime:
    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class Foreign(NamedTuple):
    """Spans of traces that nobody waited for.

    Attributes:
        service: Of their resource; may be empty.
        spans: How many.
        traces: Of how many traces; an upper bound when single exports held very many.
    """

    service: str
    spans: int
    traces: int


@dataclass(slots=True, eq=False)
class _Export:
    """One export as it came."""

    payload: Payload
    peer: str
    batch: int
    arrived_ns: int
    wall_ns: int
    spans: int = 0


@dataclass(slots=True)
class _Awaited:
    """What is known of an awaited trace."""

    spans: list[Arrived] = field(default_factory=list)
    linked: list[Arrived] = field(default_factory=list)
    dropped: int = 0
    thinned: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    released: bool = False

    def add(self, arrived: Arrived, *, linked: bool, limit: int) -> bool:
        """Keep a span, or count it when there are too many; whether it is kept."""
        self.news.set()
        kept = self.linked if linked else self.spans
        room = len(kept) + (0 if linked else self.thinned) < limit
        if room:
            kept.append(arrived)
        else:
            self.dropped += 1
        return room


@dataclass(slots=True)
class _Note:
    """What one resource sent at one moment for traces nobody waits for."""

    at_ns: int
    service: str
    spans: int
    traces: frozenset[bytes]
    more_traces: int


class Store:
    """The embedded receiver's buffer; awaitable.

    Args:
        clock: Stamps arrivals; the system's clocks by default.
        keep_s: How long spans that nobody waits for are kept.
        keep_bytes: How many bytes of them.
        max_spans: How many spans of one trace.
        told: Called with an awaited trace and a span that came for it (None for one beyond `max_spans`), as it comes.

    Attributes:
        received: Spans that came, awaited or not.
        evicted: Spans that nobody had waited for when they had to go.
        signals: Exports by signal: `traces`, `metrics`, `logs`.
    """

    def __init__(
        self,
        clock: _Time | None = None,
        *,
        keep_s: float = KEEP_S,
        keep_bytes: int = KEEP_BYTES,
        max_spans: int = MAX_SPANS,
        told: Callable[[TraceId, Arrived | None], None] | None = None,
    ) -> None:
        self.received = 0
        self.evicted = 0
        self.signals: dict[str, int] = {}
        self._clock = clock or _SystemTime()
        self._keep_ns = int(keep_s * 1e9)
        self._keep_bytes = keep_bytes
        self._max_spans = max_spans
        self._told = told
        self._awaited: dict[TraceId, _Awaited] = {}
        self._linked: dict[TraceId, set[TraceId]] = {}
        self._wanted: set[bytes] = {ZERO_ID}
        self._kept: deque[_Export] = deque()
        self._kept_bytes = 0
        self._notes: deque[_Note] = deque(maxlen=_MAX_NOTED)
        self._services: dict[bytes, str] = {}
        self._batches = 0

    # What the receiver calls

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take an export in.

        Args:
            payload: What was sent. Metrics and logs are counted only.
            peer: The sender's address and port.

        Returns:
            The spans that were awaited, and what was wrong with the export.

        Raises:
            OtlpError: It is broken; nothing of it was taken.
        """
        self.signals[payload.signal] = self.signals.get(payload.signal, 0) + 1
        if payload.signal != "traces":
            return Decoded()
        self._batches += 1
        export = _Export(payload, peer, self._batches, self._clock.monotonic_ns(), self._clock.now_ns())
        read = self._read_json if payload.encoding is Encoding.JSON else self._read_protobuf
        decoded = read(export)
        self.received += export.spans
        self._deliver(export, decoded.spans)
        self._keep(export, export.spans - len(decoded.spans) - decoded.rejected)
        return decoded

    # What the runner calls

    def expect(self, trace_id: TraceId) -> None:
        """Decode and keep this trace from now on, with what has come of it already."""
        if trace_id in self._awaited:
            self._awaited[trace_id].released = False
            return
        self._awaited[trace_id] = _Awaited()
        self._wanted.add(bytes.fromhex(trace_id))
        self._recall(trace_id)

    def release(self, trace_id: TraceId) -> None:
        """Nobody waits for this trace now; late spans of it are still kept, until `forget`."""
        if trace_id in self._awaited:
            self._awaited[trace_id].released = True

    def forget(self, trace_id: TraceId) -> None:
        """Drop all that is known of a trace, and of those collected for their links into it alone."""
        self._awaited.pop(trace_id, None)
        for other, targets in list(self._linked.items()):
            targets.discard(trace_id)
            if not targets:
                del self._linked[other]
                self._unwant(other)
        self._unwant(trace_id)

    def thin(self, trace_id: TraceId) -> None:
        """Drop the spans of an awaited trace, which whoever was told of them has, and go on awaiting it."""
        entry = self._awaited.get(trace_id)
        if entry is not None:
            entry.thinned += len(entry.spans)
            entry.spans.clear()

    def known(self, trace_id: TraceId) -> tuple[tuple[Arrived, ...], int]:
        """What is kept of an awaited trace, and how many spans of it were not kept, or given up by `thin`."""
        entry = self._awaited.get(trace_id)
        return ((), 0) if entry is None else ((*entry.spans, *entry.linked), entry.dropped + entry.thinned)

    async def fetch(self, trace_id: TraceId, window: TimeWindow | None = None) -> Fetched:
        """What has come of a trace, awaited or not, and of traces that link into it; the window does not matter here."""
        entry = self._awaited.get(trace_id)
        if entry is None:
            return Fetched(spans=tuple(self._search(trace_id)))
        entry.news.clear()
        note = f"{entry.dropped} spans beyond the first {self._max_spans} were not kept" if entry.dropped else ""
        return Fetched(spans=(*entry.spans, *entry.linked), dropped=entry.dropped, note=note, partial=bool(note))

    async def changed(self, trace_id: TraceId) -> None:
        """Return when spans of the trace have come since the last `fetch`; at once if they already have."""
        self.expect(trace_id)
        await self._awaited[trace_id].news.wait()

    def link(self, trace_id: TraceId) -> str | None:
        """None: the buffer has no page."""
        return None

    def meanwhile(self, since_ns: int) -> tuple[Foreign, ...]:
        """Spans of traces nobody waited for that came at or after a monotonic time, by service, most first."""
        spans: dict[str, int] = {}
        traces: dict[str, set[bytes]] = {}
        more: dict[str, int] = {}
        for note in self._notes:
            if note.at_ns >= since_ns:
                spans[note.service] = spans.get(note.service, 0) + note.spans
                traces.setdefault(note.service, set()).update(note.traces)
                more[note.service] = more.get(note.service, 0) + note.more_traces
        found = [Foreign(each, count, len(traces[each]) + more[each]) for each, count in spans.items()]
        return tuple(sorted(found, key=lambda each: (-each.spans, each.service)))

    # How exports are read

    def _read_protobuf(self, export: _Export) -> Decoded:
        body = export.payload.body
        self._find_links(body)
        sections = walk(body, self._wanted)
        decoded = decode_sections(body, sections)
        for section in sections:
            export.spans += section.spans
            others = section.spans - sum(len(group.wanted) for group in section.groups)
            if others:
                self._note(export, self._service(section.header), others, section.trace_ids - self._wanted)
        return decoded

    def _read_json(self, export: _Export) -> Decoded:
        decoded = decode_json(export.payload.body)
        export.spans = len(decoded.spans) + decoded.rejected
        self._learn_links(decoded.spans)
        mine = tuple(span for span in decoded.spans if self._is_wanted(span.trace_id))
        foreign: dict[str, list[Span]] = {}
        for span in decoded.spans:
            if not self._is_wanted(span.trace_id):
                foreign.setdefault(span.service, []).append(span)
        for service, spans in foreign.items():
            self._note(export, service, len(spans), {bytes.fromhex(span.trace_id) for span in spans})
        return Decoded(spans=mine, rejected=decoded.rejected, problems=decoded.problems)

    def _is_wanted(self, trace_id: TraceId) -> bool:
        return trace_id in self._awaited or trace_id in self._linked

    def _find_links(self, body: bytes) -> None:
        """Learn which traces in an export link into an awaited one."""
        hits = [found.start() for found in _LINK.finditer(body) if found[1] in self._wanted]
        if hits:
            sections = [Section(groups=[Group(wanted=spans_at(body, hits))])]
            self._learn_links(decode_sections(body, sections).spans)

    def _learn_links(self, spans: Iterable[Span]) -> None:
        for span in spans:
            targets = {link.trace_id for link in span.links if link.trace_id in self._awaited} - {span.trace_id}
            if targets and span.trace_id not in self._awaited:
                self._join(span.trace_id, targets)

    def _join(self, other: TraceId, targets: set[TraceId]) -> None:
        """Collect a trace with those that it links into."""
        known = self._linked.get(other)
        if known is None:
            self._linked[other] = set(targets)
            self._wanted.add(bytes.fromhex(other))
            self._recall(other)
            return
        have = [each for target in known for each in self._awaited[target].linked if each.span.trace_id == other]
        for target in targets - known:
            for each in dict.fromkeys(have):
                self._hand(target, each, linked=True)
        known.update(targets)

    def _deliver(self, export: _Export, spans: Iterable[Span]) -> None:
        names: dict[int, str] = {}
        for span in spans:
            owner = id(span.resource)
            if owner not in names:
                names[owner] = exporter_of(span.resource, export.peer)
            arrived = Arrived(
                span=span,
                arrived_ns=export.arrived_ns,
                wall_ns=export.wall_ns,
                exporter=names[owner],
                batch=export.batch,
            )
            if span.trace_id in self._awaited:
                self._hand(span.trace_id, arrived, linked=False)
            for target in self._linked.get(span.trace_id, ()):
                self._hand(target, arrived, linked=True)

    def _hand(self, target: TraceId, arrived: Arrived, *, linked: bool) -> None:
        kept = self._awaited[target].add(arrived, linked=linked, limit=self._max_spans)
        if self._told is not None:
            self._told(target, arrived if kept else None)

    # What is kept of the others

    def _keep(self, export: _Export, others: int) -> None:
        """Keep an export for the spans in it that nobody waits for."""
        self._expire(export.arrived_ns)
        if others <= 0:
            return
        export.spans = others
        size = len(export.payload.body)
        self._kept.append(export)
        self._kept_bytes += size
        while self._kept and self._kept_bytes > self._keep_bytes:
            self._evict()

    def _expire(self, now_ns: int) -> None:
        while self._kept and now_ns - self._kept[0].arrived_ns > self._keep_ns:
            self._evict()

    def _evict(self) -> None:
        export = self._kept.popleft()
        self._kept_bytes -= len(export.payload.body)
        self.evicted += export.spans

    def _recall(self, trace_id: TraceId) -> None:
        """Deliver what was kept of a trace that is wanted from now on, and learn what links into it."""
        self._expire(self._clock.monotonic_ns())
        for export in tuple(self._kept):
            if not _mentions(export.payload, trace_id):
                continue
            spans = _spans_of(export.payload, trace_id)
            self._deliver(export, spans)
            if trace_id in self._awaited:
                self._recall_links(export.payload)

    def _recall_links(self, payload: Payload) -> None:
        if payload.encoding is Encoding.JSON:
            self._learn_links(decode_json(payload.body).spans)
        else:
            self._find_links(payload.body)

    def _search(self, trace_id: TraceId) -> list[Arrived]:
        found: list[Arrived] = []
        for export in self._kept:
            if _mentions(export.payload, trace_id):
                found.extend(
                    Arrived(
                        span=span,
                        arrived_ns=export.arrived_ns,
                        wall_ns=export.wall_ns,
                        exporter=exporter_of(span.resource, export.peer),
                        batch=export.batch,
                    )
                    for span in _spans_of(export.payload, trace_id)
                )
        return found

    def _unwant(self, trace_id: TraceId) -> None:
        if not self._is_wanted(trace_id):
            self._wanted.discard(bytes.fromhex(trace_id))

    def _note(self, export: _Export, service: str, spans: int, traces: Set[bytes]) -> None:
        sample = frozenset(list(traces)[:_MAX_NOTED_TRACES])
        self._notes.append(_Note(export.arrived_ns, service, spans, sample, len(traces) - len(sample)))

    def _service(self, header: bytes) -> str:
        found = self._services.get(header)
        if found is None:
            found = visible(service_name(header)[:200])
            if len(self._services) >= _MAX_SERVICES:
                self._services.clear()
            self._services[header] = found
        return found


def exporter_of(resource: Resource, peer: str) -> str:
    """An exporter as one text: service, instance, a digest of the whole resource, and after `@` the transport peer."""
    attributes = resource.attributes
    content = repr(sorted((key, repr(value)) for key, value in attributes.items()))
    digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    named = [attributes.get(key) for key in ("service.name", "service.instance.id")]
    parts = [visible(each[:100]) for each in named if isinstance(each, str) and each]
    return f"{'/'.join([*parts, digest])}@{peer}"


def _mentions(payload: Payload, trace_id: TraceId) -> bool:
    """Whether an export may hold the trace's id; a search of bytes, which costs little."""
    if payload.encoding is Encoding.JSON:
        return trace_id.encode() in payload.body.lower() or b"\\u" in payload.body
    return bytes.fromhex(trace_id) in payload.body


def _spans_of(payload: Payload, trace_id: TraceId) -> tuple[Span, ...]:
    if payload.encoding is Encoding.JSON:
        return tuple(span for span in decode_json(payload.body).spans if span.trace_id == trace_id)
    return decode_sections(payload.body, walk(payload.body, {bytes.fromhex(trace_id)})).spans

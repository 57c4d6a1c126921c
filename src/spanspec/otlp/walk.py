"""Find the spans of an export in its raw bytes, without decoding them.

A receiver of a test run sees every span of a busy system and wants those of a few traces. Parsing all of them would cost
twenty times what finding them costs. So this module reads just the frames of an `ExportTraceServiceRequest`
(`opentelemetry/proto/collector/trace/v1/trace_service.proto`)::

    ExportTraceServiceRequest   1: ResourceSpans*
    ResourceSpans               1: Resource   2: ScopeSpans*   3: schema_url
    ScopeSpans                  1: Scope      2: Span*         3: schema_url
    Span                        1: trace_id (16 bytes) …

Theory of operation
-------------------
A protobuf message is a sequence of records, each a tag (field number · 8 + wire type, a varint) and a payload
(https://protobuf.dev/programming-guides/encoding/#structure). A submessage is a length-delimited record (wire type 2), so a
whole span is stepped over in one addition. Three facts of the encoding make the walk short:

- The fields that are stepped into all have numbers below 16, so their tags are one byte.
- The length of a span mostly takes two bytes; then its first 21 bytes have one shape, read by one `Struct`.
- Exporters write fields in the order of their numbers, so a span begins with `0A 10` and its trace id. The encoding does
  not promise that (https://protobuf.dev/programming-guides/encoding/#order): a span that begins otherwise has its fields
  searched, and the last `trace_id` counts, as
  https://protobuf.dev/programming-guides/encoding/#last-one-wins says.

What the walk does not enter it does not check: a span of a trace that nobody waits for may hold anything. All frames that it
passes are checked, for they decide what the rest means: nothing may be cut, no varint may be longer than ten bytes (tags: 32
bits), no field number is 0, and groups (wire types 3 and 4, deprecated and in no OTLP message) and the unassigned types 6
and 7 are refused. A known field with another wire type is an unknown field, as in every protobuf parser.

A submessage that is not repeated (`resource`, `scope`) may come in several records; their concatenation is the merged
message (last-one-wins, same page), which is how `Section.header` is to be read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING

from spanspec.errors import OtlpError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_FIRST = 1 << 3 | _DELIMITED
_SECOND = 2 << 3 | _DELIMITED
_THIRD = 3 << 3 | _DELIMITED
_TRACE_ID_FIRST = b"\x0a\x10"
_MAX_TAG = 0xFFFFFFFF

_unpack = Struct("<BHH16s").unpack_from
"""How a span of 128 to 16,383 bytes begins: its tag, its length in two bytes, tag and length of the trace id, the id."""
_USUAL_SIZE = 21
_USUAL_ID = 0x100A


@cache
def _steps() -> dict[int, int]:
    """From a span's two length bytes, as one little-endian number, to how far the next span is."""
    return {low | 0x80 | high << 8: 3 + low + (high << 7) for low in range(0x80) for high in range(1, 0x80)}


@dataclass(slots=True)
class Group:
    """The spans of one scope.

    Attributes:
        header: The bytes of its `InstrumentationScope`.
        schema_url: As bytes, not checked to be UTF-8.
        wanted: Start and end offset of each wanted span's message.
    """

    header: bytes = b""
    schema_url: bytes = b""
    wanted: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Section:
    """What one resource sent.

    Attributes:
        header: The bytes of its `Resource`.
        schema_url: As bytes, not checked to be UTF-8.
        groups: Its scopes, in order; those without a wanted span are left out.
        spans: How many spans there are, wanted or not.
        trace_ids: Their trace ids, whatever their length.
    """

    header: bytes = b""
    schema_url: bytes = b""
    groups: list[Group] = field(default_factory=list)
    spans: int = 0
    trace_ids: set[bytes] = field(default_factory=set)


def walk(body: bytes, wanted: Container[bytes] | None = None) -> list[Section]:
    """Find the spans of an `ExportTraceServiceRequest`.

    Args:
        body: The message.
        wanted: Trace ids of 16 bytes whose spans are wanted; None for all. A span whose trace id has another length is
            always among them, for it must be rejected by name.

    Returns:
        One section for each `ResourceSpans`, in order.

    Raises:
        OtlpError: A frame is broken; `offset` is where.
    """
    sections = []
    pos, end = 0, len(body)
    while pos < end:
        tag, start, pos = _record(body, pos, end)
        if tag == _FIRST:
            sections.append(_section(body, start, pos, wanted))
    return sections


def spans_at(body: bytes, offsets: list[int]) -> list[tuple[int, int]]:
    """The spans (start and end of their messages) that hold any of some ascending byte offsets, each once, in order."""
    found: list[tuple[int, int]] = []
    ranges = iter([(s, e) for section in walk(body) for group in section.groups for s, e in group.wanted])
    current = next(ranges, None)
    for offset in offsets:
        while current is not None and current[1] <= offset:
            current = next(ranges, None)
        if current is not None and current[0] <= offset and current not in found[-1:]:
            found.append(current)
    return found


def records(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The records of any small message: field number, and the number or bytes that it holds.

    Raises:
        OtlpError: A frame is broken.
    """
    pos, end = 0, len(body)
    while pos < end:
        tag, start, pos = _record(body, pos, end)
        if tag & 7 == _VARINT:
            yield tag >> 3, _varint(body, start, pos)[0]
        else:
            yield tag >> 3, body[start:pos]


def _section(body: bytes, pos: int, end: int, wanted: Container[bytes] | None) -> Section:
    section = Section()
    while pos < end:
        tag, start, pos = _record(body, pos, end)
        if tag == _SECOND:
            group = _group(body, start, pos, wanted, section)
            if group.wanted:
                section.groups.append(group)
        elif tag == _FIRST:
            section.header += body[start:pos]
        elif tag == _THIRD:
            section.schema_url = body[start:pos]
    return section


def _group(body: bytes, pos: int, end: int, wanted: Container[bytes] | None, section: Section) -> Group:
    """Walk one `ScopeSpans`.

    The inner loop runs once for each span and is flat for that reason: it knows one shape, and leaves what has another to
    `_step`. It looks for the end of the group only when it has left the loop.
    """
    group = Group()
    everything, take = wanted is None, group.wanted.append
    seen: list[bytes] = []
    see, steps, last = seen.append, _steps(), end - _USUAL_SIZE
    start = pos
    while pos < end:
        with suppress(KeyError):
            while pos <= last:
                tag, length, head, trace_id = _unpack(body, pos)
                if head != _USUAL_ID or tag != _SECOND:
                    break
                start, pos = pos, pos + steps[length]
                see(trace_id)
                if everything or trace_id in wanted:  # type: ignore[operator]
                    take((start + 3, pos))
        if pos > end:
            raise _truncated(start, pos - start - 3, end - start - 3)
        if pos < end:
            pos = _step(body, pos, end, wanted, section, group)
    section.spans += len(seen)
    section.trace_ids.update(seen)
    return group


def _step(body: bytes, pos: int, end: int, wanted: Container[bytes] | None, section: Section, group: Group) -> int:
    """Read one record of `ScopeSpans`, whatever it is; where it ends."""
    tag, start, stop = _record(body, pos, end)
    if tag == _SECOND:
        plain = stop - start >= 18 and body.startswith(_TRACE_ID_FIRST, start)
        trace_id = body[start + 2 : start + 18] if plain else _search(body, start, stop)
        section.trace_ids.add(trace_id)
        section.spans += 1
        if wanted is None or len(trace_id) != 16 or trace_id in wanted:
            group.wanted.append((start, stop))
    elif tag == _FIRST:
        group.header += body[start:stop]
    elif tag == _THIRD:
        group.schema_url = body[start:stop]
    return stop


def _search(body: bytes, pos: int, end: int) -> bytes:
    """The trace id of a span whose first field is another one; empty when it has none."""
    found = b""
    while pos < end:
        tag, start, pos = _record(body, pos, end)
        if tag == _FIRST:
            found = body[start:pos]
    return found


def _record(body: bytes, pos: int, end: int) -> tuple[int, int, int]:
    """The tag of the record at `pos`, where its payload starts and where it ends."""
    at = pos
    tag, start = _varint(body, pos, end)
    if tag > _MAX_TAG or tag < 8:
        raise OtlpError(f"byte {at}: {tag >> 3} is no protobuf field number", offset=at)
    wire = tag & 7
    if wire == _DELIMITED:
        size, start = _varint(body, start, end)
        stop = start + size
    elif wire == _VARINT:
        stop = _varint(body, start, end)[1]
    elif wire == _FIXED64:
        stop = start + 8
    elif wire == _FIXED32:
        stop = start + 4
    else:
        kind = "a group, which OTLP does not use" if wire in (3, 4) else "not assigned"
        raise OtlpError(f"byte {at}: field {tag >> 3} has wire type {wire}, {kind}", offset=at)
    if stop > end:
        raise _truncated(at, stop - start, end - start)
    return tag, start, stop


def _varint(body: bytes, pos: int, end: int) -> tuple[int, int]:
    """A varint and where it ends (https://protobuf.dev/programming-guides/encoding/#varints)."""
    value = shift = 0
    at = pos
    while pos < end:
        byte = body[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise OtlpError(f"byte {at}: a varint above 64 bits", offset=at)
            return value, pos
        shift += 7
        if shift == 70:
            raise OtlpError(f"byte {at}: a varint longer than ten bytes", offset=at)
    raise OtlpError(f"byte {at}: the message ends within a varint", offset=at)


def _truncated(at: int, size: int, left: int) -> OtlpError:
    return OtlpError(f"byte {at}: the message is cut: a field of {size} bytes, {left} are left", offset=at)

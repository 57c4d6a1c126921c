"""The walk finds what protobuf's own parser finds, and ends in an error of ours on anything else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanspec.errors import OtlpError
from spanspec.otlp.decode_protobuf import decode_protobuf
from spanspec.otlp.walk import walk
from tests.otlp.exports import A, B, C, export


def varint(value: int, pad: int = 0) -> bytes:
    """A varint, longer than needed by `pad` bytes."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    for _ in range(pad):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def record(number: int, data: bytes, pad: int = 0) -> bytes:
    """A length-delimited record."""
    return varint(number << 3 | 2) + varint(len(data), pad) + data


IDS = st.sampled_from([A, B, C, bytes(16), b"", b"short"])
UNKNOWN = st.sampled_from([b"", varint(99 << 3) + varint(7), record(1000, b"later"), varint(77 << 3 | 1) + b"8" * 8])


@st.composite
def spans(draw: st.DrawFn) -> bytes:
    """A span's message with its fields in any order, of any length."""
    fields = [
        record(1, draw(IDS)),
        record(2, draw(st.sampled_from([b"s" * 8, b"t" * 8, b"", bytes(8)]))),
        record(5, draw(st.text(max_size=draw(st.sampled_from([0, 5, 300])))).encode()),
        draw(UNKNOWN),
    ]
    return b"".join(draw(st.permutations(fields)) if draw(st.booleans()) else fields)


@st.composite
def exports(draw: st.DrawFn) -> bytes:
    """An export with frames in any order, overlong lengths and unknown fields."""
    out = b""
    for _ in range(draw(st.integers(0, 3))):
        groups = b""
        for _ in range(draw(st.integers(0, 3))):
            parts = [record(2, draw(spans()), draw(st.sampled_from([0, 0, 1]))) for _ in range(draw(st.integers(0, 4)))]
            parts += [record(1, record(1, b"lib")), record(3, b"https://schema"), draw(UNKNOWN)]
            groups += record(2, b"".join(draw(st.permutations(parts))))
        out += record(1, draw(UNKNOWN) + groups + record(1, b""))
    return out + draw(UNKNOWN)


def reference(body: bytes) -> list[Span]:
    """All spans, by protobuf's own parser."""
    request = ExportTraceServiceRequest.FromString(body)
    return [span for part in request.resource_spans for group in part.scope_spans for span in group.spans]


@given(exports())
def test_walk_finds_every_span(body: bytes) -> None:
    """The wanted ranges are the messages that a full parse gives, in order."""
    found = [body[s:e] for section in walk(body) for group in section.groups for s, e in group.wanted]
    assert [Span.FromString(each) for each in found] == reference(body)


@given(exports(), st.sets(st.sampled_from([A, B])))
def test_walk_and_decode_equal_a_full_parse(body: bytes, wanted: set[bytes]) -> None:
    """Decoding wanted traces gives what filtering a full decoding gives."""
    ids = {each.hex() for each in wanted}
    some = decode_protobuf(body, wanted=ids)  # type: ignore[arg-type]
    everything = decode_protobuf(body)
    assert list(some.spans) == [span for span in everything.spans if span.trace_id in ids]
    assert len(everything.spans) + everything.rejected == len(reference(body))


@given(exports())
def test_walk_counts_spans_and_traces(body: bytes) -> None:
    """Counts and trace ids do not depend on what is wanted."""
    sections = walk(body, set())
    assert sum(section.spans for section in sections) == len(reference(body))
    known = {each.trace_id for each in reference(body)}
    assert set().union(*(section.trace_ids for section in sections)) == known


@given(st.binary(max_size=300))
@example(b"\x0a\x05\x12\x03\x12\x01")
@example(b"\x0b")
@example(b"\x80" * 11)
def test_any_bytes_end_in_our_error(body: bytes) -> None:
    """Arbitrary bytes are read or refused with an `OtlpError`; nothing else comes out."""
    try:
        decode_protobuf(body)
    except OtlpError:
        return
    ExportTraceServiceRequest.FromString(body)


@given(exports(), st.data())
def test_damaged_exports_end_in_our_error(body: bytes, data: st.DataObject) -> None:
    """An export with some bytes changed is read or refused with an `OtlpError`."""
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(OtlpError):
        decode_protobuf(bytes(damaged))


def test_every_cut_is_noticed_or_at_a_frame() -> None:
    """A body cut anywhere is refused, but for the cuts between two records that leave a whole message."""
    body = export(A, B) + export(C)
    accepted = []
    for end in range(len(body)):
        try:
            walk(body[:end])
        except OtlpError:
            continue
        accepted.append(end)
    assert accepted == [0, len(export(A, B))]


BROKEN = [
    (b"\x0a\x05ab", 0, "cut"),
    (b"\x0a", 1, "within a varint"),
    (b"\x0a\xff", 1, "within a varint"),
    (b"\x0a" + b"\xff" * 10 + b"\x01", 1, "longer than ten bytes"),
    (b"\x08" + b"\xff" * 9 + b"\x7f", 1, "above 64 bits"),
    (b"\x00\x00", 0, "no protobuf field number"),
    (b"\xff\xff\xff\xff\xff\x01\x00", 0, "no protobuf field number"),
    (b"\x0b\x0c", 0, "a group"),
    (b"\x0e", 0, "not assigned"),
    (record(1, record(2, b"\x12\x30" + b"\x0a\x10" + A)), 4, "cut"),
    (record(1, record(2, b"\x0d\x00")), 4, "cut"),
    (b"\x09\x00", 0, "cut"),
]


@pytest.mark.parametrize(("body", "offset", "words"), BROKEN)
def test_broken_frames_name_their_place(body: bytes, offset: int, words: str) -> None:
    """A broken frame is refused with the byte where it begins."""
    with pytest.raises(OtlpError, match=words) as caught:
        walk(body)
    assert caught.value.offset == offset


def test_known_fields_of_another_wire_type_are_unknown() -> None:
    """As in every protobuf parser, a field of another wire type is passed over."""
    body = b"\x08\x01" + record(1, b"\x10\x01" + record(2, b"\x10\x01"))
    assert decode_protobuf(body).spans == ()
    assert reference(body) == []


def test_split_resources_are_merged() -> None:
    """A resource in two records is the merge of both, also when it comes after its spans."""
    name = record(1, record(1, b"service.name") + record(2, record(1, b"shop")))
    other = record(1, record(1, b"host.name") + record(2, record(1, b"h1")))
    span = record(2, record(2, record(1, A) + record(2, b"s" * 8)))
    (decoded,) = decode_protobuf(record(1, record(1, name) + span + record(1, other))).spans
    assert decoded.resource.attributes == {"service.name": "shop", "host.name": "h1"}


def test_garbage_in_an_unwanted_span_does_no_harm() -> None:
    """What a span of another trace holds is never looked at."""
    bad = record(1, A) + b"\xff\xff"
    body = record(1, record(2, record(2, bad) + record(2, record(1, B) + record(2, b"s" * 8))))
    assert len(decode_protobuf(body, wanted={B.hex()}).spans) == 1  # type: ignore[arg-type]
    with pytest.raises(OtlpError, match="no Span message"):
        decode_protobuf(body)
    with pytest.raises(DecodeError):
        reference(body)

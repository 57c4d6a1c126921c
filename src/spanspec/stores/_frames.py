"""What a receiver elsewhere tells a runner, as JSON: spans with all that is known of their coming. Pure.

An answer is `{"server", "now_ns", "next", "more", "lost", "others", "frames"}`. A frame holds spans of one trace that came in
one export: `{"trace", "arrived_ns", "wall_ns", "exporter", "batch", "otlp"}`, the spans as OTLP's JSON. Times of arrival are those
of the receiver's monotonic clock, whose present value is `now_ns`; so the runner can put them on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from spanspec.errors import OtlpError
from spanspec.model.ids import trace_id
from spanspec.otlp.decode_json import decode_json
from spanspec.otlp.encode import encode_json
from spanspec.stores.base import Arrived

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.model.ids import TraceId

Told = tuple["TraceId", Arrived]
"""A span, and the awaited trace for which it is told: its own, or one that it links into."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of one trace that came in one export."""

    trace: str
    arrived_ns: int
    wall_ns: int
    exporter: str
    batch: int
    otlp: msgspec.Raw


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Spans that came for nobody, of one service."""

    service: str
    spans: int
    traces: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came for a runner after its cursor.

    Attributes:
        server: Which life of the receiver this is; another one has nothing of what the last one had.
        now_ns: Its monotonic clock.
        next: The cursor to ask with the next time; what lies before it is then given up.
        more: Whether there is more at once.
        lost: By trace, how many spans came beyond what is kept of one.
        others: What came for nobody since the last answer.
        frames: The spans.
    """

    server: str
    now_ns: int
    next: int
    more: bool = False
    lost: dict[str, int] = {}
    others: tuple[Other, ...] = ()
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An answer with its spans decoded, their arrival on the runner's own clock."""

    answer: Answer
    spans: tuple[Told, ...]


def frames_of(told: Sequence[Told]) -> Iterator[Frame]:
    """Neighbouring spans that came together for one trace, as one frame each."""
    for key, group in groupby(told, key=lambda each: (each[0], each[1].batch, each[1].exporter, each[1].arrived_ns)):
        spans = [arrived for _, arrived in group]
        yield Frame(
            trace=key[0],
            arrived_ns=key[3],
            wall_ns=spans[0].wall_ns,
            exporter=key[2],
            batch=key[1],
            otlp=msgspec.Raw(encode_json(each.span for each in spans)),
        )


def encode_answer(answer: Answer) -> bytes:
    """As JSON in UTF-8."""
    return msgspec.json.encode(answer)


def decode_answer(body: bytes, now_ns: int) -> Read:
    """Read an answer.

    Args:
        body: As it came.
        now_ns: The runner's monotonic clock when it had it.

    Raises:
        OtlpError: It is none.
    """
    try:
        answer = msgspec.json.decode(body, type=Answer)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as fault:
        raise OtlpError(f"no answer of a receiver: {fault}") from fault
    spans: list[Told] = []
    for frame in answer.frames:
        found = trace_id(frame.trace)
        if found is None:
            raise OtlpError("a frame has no trace id")
        decoded = decode_json(bytes(frame.otlp))
        arrived_ns = now_ns - max(0, answer.now_ns - frame.arrived_ns)
        spans.extend(
            (
                found,
                Arrived(
                    span=span,
                    arrived_ns=arrived_ns,
                    wall_ns=frame.wall_ns,
                    exporter=frame.exporter,
                    batch=frame.batch,
                ),
            )
            for span in decoded.spans
        )
    return Read(answer=answer, spans=tuple(spans))

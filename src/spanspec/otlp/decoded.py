"""What decoding gives, the same for both encodings, and the collector of what was wrong on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spanspec.model.span import SpanKind, StatusCode
from spanspec.source.render import visible

if TYPE_CHECKING:
    from spanspec.model.span import Span

MAX_DEPTH: Final = 48
"""How deep an AnyValue may nest; protobuf parsers end at 100 messages, which are about 48 values."""

MAX_PROBLEMS: Final = 20
"""How many problems are kept as text; the rest is counted."""

_MAX_NAME = 80

KINDS: Final = (
    SpanKind.UNSPECIFIED,
    SpanKind.INTERNAL,
    SpanKind.SERVER,
    SpanKind.CLIENT,
    SpanKind.PRODUCER,
    SpanKind.CONSUMER,
)
"""`Span.SpanKind` by number."""

CODES: Final = (StatusCode.UNSET, StatusCode.OK, StatusCode.ERROR)
"""`Status.StatusCode` by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The spans of one export.

    Attributes:
        spans: In the order sent; those of one resource or scope share one `Resource` or `Scope`.
        rejected: How many spans were left out because they are invalid.
        problems: Why, and what else was odd; a few words each, safe to show.
    """

    spans: tuple[Span, ...] = ()
    rejected: int = 0
    problems: tuple[str, ...] = ()


class Findings:
    """Counts and describes what was wrong while one export is decoded; its memory is bounded."""

    def __init__(self) -> None:
        self.rejected = 0
        self._texts: list[str] = []
        self._more = 0

    def reject(self, name: str, why: str) -> None:
        """Leave out a span."""
        self.rejected += 1
        self.note(f'span "{visible(name[:_MAX_NAME])}" left out: {why}')

    def note(self, text: str) -> None:
        """Say something; the same text is kept once."""
        if text in self._texts:
            return
        if len(self._texts) < MAX_PROBLEMS:
            self._texts.append(text)
        else:
            self._more += 1

    def decoded(self, spans: list[Span]) -> Decoded:
        """The result with these findings."""
        more = (f"and {self._more} more problems",) if self._more else ()
        return Decoded(spans=tuple(spans), rejected=self.rejected, problems=(*self._texts, *more))


def kind_of(number: int) -> SpanKind:
    """The kind with a number; unknown numbers are unspecified, for proto3 enums are open."""
    return KINDS[number] if 0 <= number < len(KINDS) else SpanKind.UNSPECIFIED


def code_of(number: int) -> StatusCode:
    """The status code with a number; unknown ones are unset."""
    return CODES[number] if 0 <= number < len(CODES) else StatusCode.UNSET


def shown(value: str, limit: int = _MAX_NAME) -> str:
    """A foreign text cut to a number of characters and escaped for a message."""
    return visible(value[:limit]) + ("…" if len(value) > limit else "")

"""Words for spans, numbers and lists, as the reasons of verdicts use them."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from spanspec.model.time import short_duration
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_LONGEST = 120
_SPARE = 4
"""So many times what is shown is looked at, for white space is drawn together."""

_GATHERED = 1_000
"""Spans that are told by groups; of more the first."""


def shortened(text: str, limit: int = _LONGEST) -> str:
    """`text` on one line, harmless, cut in the middle when it is long."""
    if len(text) > limit * _SPARE:
        text = f"{text[: limit * _SPARE // 2]}…{text[-(limit * _SPARE // 2) :]}"
    plain = visible(" ".join(text.split()))
    if len(plain) <= limit:
        return plain
    half = (limit - 1) // 2
    return f"{plain[:half]}…{plain[-half:]}"


def label(span: Span) -> str:
    """`POST /ship of shipping-service`; without a service the name alone."""
    name = shortened(span.name) or f"span {span.span_id}"
    return f"{name} of {shortened(span.service)}" if span.service else name


def quoted(span: Span) -> str:
    """`"place order" of order-service`."""
    name = f'"{shortened(span.name)}"' if span.name else f"span {span.span_id}"
    return f"{name} of {shortened(span.service)}" if span.service else name


def counted(number: int, noun: str) -> str:
    """`1 span`, `2 spans`, `no span`."""
    if number == 0:
        return f"no {noun}"
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def times(number: int) -> str:
    """`once`, `twice`, `5 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def enumeration(parts: Sequence[str], limit: int = 3) -> str:
    """`a, b and c`; beyond the limit `a, b, c and 4 more`."""
    if len(parts) > limit:
        return f"{', '.join(parts[:limit])} and {len(parts) - limit} more"
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def gathered(spans: Sequence[Span], trace: Trace, limit: int = 3, *, total: int | None = None) -> str:
    """Spans in words, equal ones counted: `POST /ship of shipping-service, twice under "place order" of order-service`.

    Of many spans the first 1,000 are told; `total` is how many there are where these are the first of them.
    """
    groups: Counter[tuple[str, str, str, str | None]] = Counter()
    examples: dict[tuple[str, str, str, str | None], tuple[Span, Span | None]] = {}
    for span in spans[:_GATHERED]:
        parent = trace.parent(span)
        key = (span.name, span.service, parent.name if parent else "", parent.service if parent else None)
        groups[key] += 1
        examples.setdefault(key, (span, parent))
    told = [_group(*_names(*examples[key]), count) for key, count in islice(groups.items(), limit)]
    left = (len(spans) if total is None else total) - sum(islice(groups.values(), limit))
    if len(groups) <= limit and not left:
        return enumeration(told, limit)
    return f"{', '.join(told)} and {left:,} more" if left > 1 or len(groups) > limit else enumeration(told, limit)


def _names(span: Span, parent: Span | None) -> tuple[str, str]:
    return label(span), quoted(parent) if parent is not None else ""


def _group(name: str, under: str, count: int) -> str:
    if count == 1:
        return f"{name} under {under}" if under else name
    return f"{name}, {times(count)} under {under}" if under else f"{name}, {times(count)}"


def started(span: Span, origin_ns: int) -> str:
    """`+12.3ms`: when a span started, counted from the first start in the trace."""
    return offset(span.start_ns, origin_ns)


def offset(moment_ns: int, origin_ns: int) -> str:
    """A moment counted from another."""
    delta = moment_ns - origin_ns
    return f"+{short_duration(delta)}" if delta >= 0 else short_duration(delta)


def origin_of(trace: Trace) -> int:
    """The first start in a trace."""
    return min((span.start_ns for span in trace.spans), default=0)

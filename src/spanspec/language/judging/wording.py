"""Words for spans, numbers and lists, as the reasons of verdicts use them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from spanspec.model.time import short_duration
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_LONGEST = 120


def shortened(text: str, limit: int = _LONGEST) -> str:
    """`text` on one line, harmless, cut in the middle when it is long."""
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


def gathered(spans: Iterable[Span], trace: Trace, limit: int = 3) -> str:
    """Spans in words, equal ones counted: `POST /ship of shipping-service, twice under "place order" of order-service`."""
    groups: Counter[tuple[str, str]] = Counter()
    for span in spans:
        parent = trace.parent(span)
        groups[label(span), quoted(parent) if parent is not None else ""] += 1
    return enumeration([_group(name, under, count) for (name, under), count in groups.items()], limit)


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


def difference(ns: int) -> str:
    """`3.2ms later`, `3.2ms earlier`, `at the same time`."""
    if ns == 0:
        return "at the same time"
    return f"{short_duration(abs(ns))} {'later' if ns > 0 else 'earlier'}"


def origin_of(trace: Trace) -> int:
    """The first start in a trace."""
    return min((span.start_ns for span in trace.spans), default=0)

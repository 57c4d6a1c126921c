"""What is measured over sets of spans: times, paths, repetitions. Pure functions of spans and their tree."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from spanspec.language.picking.forest import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.language.picking.forest import Forest
    from spanspec.model.span import Span

_DATABASE = ("db.system", "db.system.name", "db.statement", "db.query.text")
_HTTP = ("http.request.method", "http.method", "url.full", "http.url", "http.target", "url.path")
_RPC = ("rpc.system", "rpc.system.name", "rpc.service", "rpc.method")
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b0x[0-9a-fA-F]+\b|(?<![\w.$])-?\d+(?:\.\d+)?\b|\$\d+|(?<!:):[A-Za-z_]\w*|%s|\?")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SEGMENT = re.compile(r"(?<=/)(?:\d+|[0-9a-fA-F]{8,}|(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{4,})(?=[/?#]|$)")
_MOST_LETTERS = 20_000


def end_of(span: Span) -> int:
    """The span's end; its start when the end precedes that."""
    return max(span.start_ns, span.end_ns)


def merged(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of intervals as disjoint ones in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def busy_ns(spans: Iterable[Span]) -> int:
    """Length of the union of the spans' intervals."""
    return sum(end - start for start, end in merged((span.start_ns, end_of(span)) for span in spans))


def self_ns(span: Span, children: Iterable[Span]) -> int:
    """The span's duration less the part covered by its children."""
    start, end = span.start_ns, end_of(span)
    clipped = ((max(start, child.start_ns), min(end, end_of(child))) for child in children)
    covered = sum(high - low for low, high in merged((low, high) for low, high in clipped if low < high))
    return end - start - covered


def concurrency(spans: Iterable[Span]) -> int:
    """Most spans open at once; one that ends as another starts is not open with it."""
    moments: list[tuple[int, int, int]] = []
    for span in spans:
        end = end_of(span)
        moments.append((span.start_ns, 1, 1))
        moments.append((end, 2 if end == span.start_ns else 0, -1))
    most = current = 0
    for _, _, step in sorted(moments):
        current += step
        most = max(most, current)
    return most


def critical_path(forest: Forest) -> dict[int, int]:
    """Nanoseconds of the trace's critical path that each node holds.

    The path is walked backwards from the end of the longest root: at each moment it is in the child that ended last
    before it, and in the span itself where no child was running.
    """
    roots = [node for node in range(forest.own) if forest.parent[node] == NONE]
    if not roots:
        return {}
    top = max(roots, key=lambda node: forest.spans[node].duration_ns)
    held: dict[int, int] = {}
    stack = [(top, end_of(forest.spans[top]))]
    while stack:
        node, until = stack.pop()
        span = forest.spans[node]
        moment = min(until, end_of(span))
        own = 0
        for child in sorted(forest.children[node], key=lambda child: -end_of(forest.spans[child])):
            start, end = forest.spans[child].start_ns, min(end_of(forest.spans[child]), moment)
            if start >= moment or end <= span.start_ns or end <= start:
                continue
            if end_of(forest.spans[child]) > moment and moment != min(until, end_of(span)):
                continue
            own += moment - end
            stack.append((child, end))
            moment = max(start, span.start_ns)
        held[node] = own + max(0, moment - span.start_ns)
    return held


def percentile(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """The value below which a share (0 to 1) of the sorted values lies, between two of them in proportion."""
    rank = share * (len(values) - 1)
    low = int(rank)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (rank - low)


def groups_of(spans: Iterable[Span], keys: Iterable[object]) -> Counter[tuple[str, object]]:
    """How many spans share a parent id and a key; spans without a parent id form no group."""
    pairs = zip(spans, keys, strict=True)
    return Counter((str(span.parent_id), key) for span, key in pairs if span.parent_id is not None)


# --- what makes two operations the same


def is_outgoing(span: Span) -> bool:
    """Whether it is a client span of a database, HTTP or RPC call."""
    return span.kind.value == "client" and any(key in span.attributes for key in (*_DATABASE, *_HTTP, *_RPC))


def fingerprint(span: Span) -> str:
    """What an operation does, its literals, numbers and ids replaced: equal texts are the same operation."""
    if any(key in span.attributes for key in _DATABASE):
        return _database(span)
    if any(key in span.attributes for key in _RPC):
        service, method = _text(span, "rpc.service"), _text(span, "rpc.method")
        return f"{service}/{method}".strip("/") or span.name
    if any(key in span.attributes for key in _HTTP):
        return _http(span)
    return span.name


def _database(span: Span) -> str:
    statement = _text(span, "db.query.text", "db.statement")
    shown = without_literals(statement) if statement else span.name
    place = ".".join(filter(None, (_text(span, "db.system.name", "db.system"), _text(span, "db.namespace", "db.name"))))
    return f"{place}: {shown}" if place else shown


def _http(span: Span) -> str:
    method = _text(span, "http.request.method", "http.method")
    url = _text(span, "url.full", "http.url")
    host, path = _split(url) if url else ("", _text(span, "url.path", "http.target"))
    host = host or _text(span, "server.address", "net.peer.name", "http.host")
    return f"{method} {host}{without_ids(path)}".strip() if host or path else f"{method} {span.name}".strip()


def _split(url: str) -> tuple[str, str]:
    """Host (with port) and path of a URL; query and fragment are left out."""
    rest = url.split("://", 1)[-1]
    host, slash, path = rest.partition("/")
    return host.rpartition("@")[2], slash + re.split(r"[?#]", path, maxsplit=1)[0]


def without_literals(statement: str) -> str:
    """A statement with its literals and parameters replaced by `?`, white space made even."""
    plain = _LITERAL.sub("?", " ".join(statement[:_MOST_LETTERS].split()))
    return _LIST.sub("(?)", plain)


def without_ids(path: str) -> str:
    """A path with numbers, UUIDs and hexadecimal ids replaced by `{}`."""
    plain = re.split(r"[?#]", path[:_MOST_LETTERS], maxsplit=1)[0]
    return _SEGMENT.sub("{}", _UUID.sub("{}", plain))


def _text(span: Span, *keys: str) -> str:
    for key in keys:
        value = span.attributes.get(key)
        if value is not None and value != "":
            return str(value)
    return ""

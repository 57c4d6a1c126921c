"""Jaeger's model of a span, and how its query API, Elasticsearch and Cassandra spell it.

Elasticsearch and the query API share one spelling (`JaegerSpan`). A row of Cassandra differs in the names of its keys, in its
ids and in its tags, and is turned into the same value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from spanspec.errors import OtlpError
from spanspec.otlp.decoded import shown
from spanspec.otlp.scalars import INT64, UINT64, base64, integer

if TYPE_CHECKING:
    from collections.abc import Iterable

TRACE_DIGITS: Final = 32
SPAN_DIGITS: Final = 16
_SIGNED_ID: Final = (INT64[0], UINT64[1])
Number = int | float | str | None


class Tag(msgspec.Struct):
    """A tag, or a field of a log; `type` says how `value` is meant."""

    key: str | None = None
    type: str | None = None
    value: Any = None


class Log(msgspec.Struct):
    """What happened at a moment, in microseconds."""

    timestamp: Number = None
    fields: list[Tag] | None = None


class Reference(msgspec.Struct, rename={"kind": "refType", "trace_id": "traceID", "span_id": "spanID"}):
    """A pointer to another span."""

    kind: str | None = None
    trace_id: str | None = None
    span_id: str | None = None


class Process(msgspec.Struct, rename={"service": "serviceName"}):
    """What produced a span; `tag` holds tags as the fields of an object."""

    service: str | None = None
    tags: list[Tag] | None = None
    tag: dict[str, Any] | None = None


_SPAN_KEYS = {
    "trace_id": "traceID",
    "span_id": "spanID",
    "parent_id": "parentSpanID",
    "name": "operationName",
    "start": "startTime",
    "process_id": "processID",
}


class JaegerSpan(msgspec.Struct, rename=_SPAN_KEYS):
    """A span; times are in microseconds."""

    trace_id: str | None = None
    span_id: str | None = None
    parent_id: str | None = None
    name: str | None = None
    flags: Number = None
    start: Number = None
    duration: Number = None
    references: list[Reference] | None = None
    tags: list[Tag] | None = None
    tag: dict[str, Any] | None = None
    logs: list[Log] | None = None
    process: Process | None = None
    process_id: str | None = None


class JaegerTrace(msgspec.Struct, rename={"trace_id": "traceID"}):
    """A trace of the query API; spans are objects not yet looked at."""

    trace_id: str | None = None
    spans: list[Any] | None = None
    processes: dict[str, Process] | None = None


def of_query(raw: Any) -> JaegerSpan:
    """A span of the query API or of Elasticsearch.

    Raises:
        msgspec.ValidationError: It is none.
    """
    return msgspec.convert(raw, JaegerSpan)


class _Column(msgspec.Struct, rename={"key": "Key", "type": "ValueType"}):
    """A tag in Cassandra: one column for each type."""

    key: str | None = None
    type: str | None = None
    value_string: str | None = None
    value_bool: bool | None = None
    value_long: Number = None
    value_double: Number = None
    value_binary: str | None = None


class _CassandraLog(msgspec.Struct, rename="pascal"):
    timestamp: Number = None
    fields: list[_Column] | None = None


class _CassandraReference(msgspec.Struct, rename={"kind": "RefType", "trace_id": "TraceID", "span_id": "SpanID"}):
    kind: str | None = None
    trace_id: str | None = None
    span_id: Number = None


class _CassandraProcess(msgspec.Struct, rename="pascal"):
    service_name: str | None = None
    tags: list[_Column] | None = None


_ROW_KEYS = {
    "trace_id": "TraceID",
    "span_id": "SpanID",
    "parent_id": "ParentID",
    "name": "OperationName",
    "flags": "Flags",
    "start": "StartTime",
    "duration": "Duration",
    "references": "Refs",
    "tags": "Tags",
    "logs": "Logs",
    "process": "Process",
    "service": "ServiceName",
}


class _Row(msgspec.Struct, rename=_ROW_KEYS):
    """A span in Cassandra."""

    trace_id: str | None = None
    span_id: Number = None
    parent_id: Number = None
    name: str | None = None
    flags: Number = None
    start: Number = None
    duration: Number = None
    references: list[_CassandraReference] | None = None
    tags: list[_Column] | None = None
    logs: list[_CassandraLog] | None = None
    process: _CassandraProcess | None = None
    service: str | None = None


def of_cassandra(raw: Any) -> JaegerSpan:
    """A row of Cassandra.

    Raises:
        msgspec.ValidationError: It is none.
        OtlpError: An id or a tag is malformed.
    """
    row = msgspec.convert(raw, _Row)
    process = row.process or _CassandraProcess()
    return JaegerSpan(
        trace_id=_id_of_bytes(row.trace_id),
        span_id=_id_of_number(row.span_id, "SpanID"),
        parent_id=_id_of_number(row.parent_id, "ParentID"),
        name=row.name,
        flags=row.flags,
        start=row.start,
        duration=row.duration,
        references=[
            Reference(each.kind, _id_of_bytes(each.trace_id), _id_of_number(each.span_id, "SpanID"))
            for each in row.references or ()
        ],
        tags=_tags(row.tags),
        logs=[Log(each.timestamp, _tags(each.fields)) for each in row.logs or ()],
        process=Process(process.service_name or row.service, _tags(process.tags)),
    )


def _id_of_bytes(text: str | None) -> str:
    data = base64(text or "", "TraceID")
    if len(data) != TRACE_DIGITS // 2:
        raise OtlpError(f'TraceID: "{shown(text or "")}" is not 16 bytes')
    return data.hex()


def _id_of_number(value: Number, name: str) -> str:
    """A span id; Cassandra has no unsigned integers, so the upper half of all ids is negative."""
    return f"{integer(value, _SIGNED_ID, name) & UINT64[1]:016x}"


_COLUMNS: Final = {
    "string": ("value_string", ""),
    "bool": ("value_bool", False),
    "int64": ("value_long", 0),
    "float64": ("value_double", 0.0),
    "binary": ("value_binary", ""),
}


def _tags(columns: Iterable[_Column] | None) -> list[Tag]:
    return [_tag(each) for each in columns or ()]


def _tag(column: _Column) -> Tag:
    """A tag; a column that was left out has its type's zero."""
    if column.type not in _COLUMNS:
        raise OtlpError(f'tag "{shown(column.key or "")}" has the unknown type "{shown(column.type or "")}"')
    name, zero = _COLUMNS[column.type]
    value = getattr(column, name)
    return Tag(column.key, column.type, zero if value is None else value)

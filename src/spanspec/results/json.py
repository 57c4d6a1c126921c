"""A run as JSON, and back: `decode(encode(run))` is the run.

The document is an object; keys are the field names of `results.model`, all of them always there:

- `format`: the number of the format, 1; it changes when a reader of the old one would be misled.
- `tool`: `spanspec`; `version`: of the spanspec that wrote it.
- `started` (ISO 8601, UTC), `outcomes` (outcome to number of cases), `exit_code`: derived, for readers; ignored here.
- `started_ns`, `duration_ns`, `seed`, `notes`, `cases`: of `RunResult`.
- outcomes are the words of `Outcome`; what ends in `_ns`, and `timings`, are integer nanoseconds, points are Unix time.
- `trace` of a case is an object of OTLP/JSON (`results.spans`): `traceId`, `resourceSpans`, and ours beside it.
- attributes of a `response` are OTLP's list of `{"key", "value"}`.

Keys that are not known are passed over, and a missing key means the field's default: what is added later does not
break an older reader.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from spanspec.errors import UsageError
from spanspec.language.verdict import NearMiss
from spanspec.model.context import TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.trace import Trace
from spanspec.results.build import Build
from spanspec.results.model import FORMAT_VERSION, CaseResult, RunResult
from spanspec.results.spans import (
    JsonObject,
    ShapeError,
    decode_attributes,
    decode_trace,
    encode_attributes,
    encode_trace,
    expect,
)

_HELP = "Give a file that spanspec wrote, such as with `--report json=run.json`."
_CONTROLS = re.compile(rb"\x7f|\xc2[\x80-\x9f]")
"""Control characters that JSON may hold as they are, in UTF-8; escaped, for a terminal that shows the file obeys them."""

_ABSENT = {
    "AttributeValue": object,
    "Build": Build,
    "Mapping": Mapping,
    "NearMiss": NearMiss,
    "SpanId": SpanId,
    "Trace": Trace,
    "TraceId": TraceId,
    "TriggerResult": TriggerResult,
}
"""Names in the model's annotations that its modules import only for the type checker."""


def encode(run: RunResult) -> bytes:
    """The run as one JSON document in UTF-8, without a final newline."""
    document = {
        "format": FORMAT_VERSION,
        "tool": "spanspec",
        "started": _iso(run.started_ns),
        "outcomes": {outcome.value: count for outcome, count in run.counts.items()},
        "exit_code": run.exit_code,
        **_plain(run),
    }
    return _written(document)


def encode_case(case: CaseResult) -> bytes:
    """One case as one JSON object in UTF-8, on one line."""
    return _written(_plain(case))


def decode_case(document: object) -> CaseResult:
    """The case in an object that `encode_case` wrote.

    Raises:
        UsageError: It is damaged.
    """
    try:
        case: CaseResult = _object(CaseResult, document, "")
    except (ShapeError, RecursionError) as fault:
        raise UsageError(f"the stored case is damaged: {fault}", help=_HELP) from fault
    return case


def _written(document: Any) -> bytes:
    try:
        return _CONTROLS.sub(_escaped, msgspec.json.encode(document))
    except UnicodeEncodeError:  # a lone surrogate, which JSON can only hold as an escape
        return _CONTROLS.sub(_escaped, json.dumps(document, separators=(",", ":")).encode("ascii"))


def plain(value: object) -> dict[str, Any]:
    """One of the model's values as what JSON can hold, keys as in the whole document."""
    found: dict[str, Any] = _plain(value)
    return found


def decode(data: bytes) -> RunResult:
    """The run in a document.

    Raises:
        UsageError: It is no JSON, not a run of ours, of another format, or damaged; the message names the place.
    """
    document = _parse(data)
    if not isinstance(document, dict) or "format" not in document or "cases" not in document:
        raise UsageError("this is JSON, but not a run that spanspec wrote", help=_HELP)
    _hold_format(document)
    try:
        run: RunResult = _object(RunResult, document, "")
    except (ShapeError, RecursionError) as fault:
        raise UsageError(f"the stored run is damaged: {fault}", help=_HELP) from fault
    return run


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"\\u00%02x" % match[0][-1]


def _parse(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        return _parse_leniently(data, fault)
    except RecursionError as fault:
        raise UsageError("not a run that spanspec wrote: the JSON is nested too deeply", help=_HELP) from fault


def _parse_leniently(data: bytes, fault: Exception) -> Any:
    """Once more with the reader that takes escaped lone surrogates; the first reader's fault is told."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(f"not a run that spanspec wrote: it is no JSON ({fault})", help=_HELP) from fault


def _hold_format(document: JsonObject) -> None:
    found = document["format"]
    if found == FORMAT_VERSION and not isinstance(found, bool):
        return
    writer = document.get("version")
    by = f", by spanspec {writer[:40]}" if isinstance(writer, str) and writer else ""
    raise UsageError(
        f"the run is written in format {str(found)[:40]}{by}; this version reads format {FORMAT_VERSION}",
        help="Read it with the version that wrote it, or run the tests again.",
    )


def _iso(ns: int) -> str:
    """A point in time to the microsecond; empty where the calendar ends."""
    try:
        return datetime.fromtimestamp(ns // 1_000_000_000, UTC).replace(microsecond=ns // 1000 % 1_000_000).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind is Trace:
        return encode_trace(value)
    names = _fields(kind)
    if names:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    return encode_attributes(value) if isinstance(value, Mapping) else value


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass; none of anything else."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


@cache
def _hints(cls: type) -> Mapping[str, Any]:
    hints = typing.get_type_hints(cls, localns=_ABSENT)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _object(cls: type, data: object, where: str) -> Any:
    found = expect(data, dict, where or "the document")
    values = {}
    for name, hint in _hints(cls).items():
        if name in found:
            values[name] = _value(hint, found[name], f"{where}.{name}" if where else name)
    missing = [
        field.name
        for field in dataclasses.fields(cls)
        if field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ShapeError(f"{where or 'the document'} lacks {', '.join(missing)}")
    return cls(**values)


def _value(hint: Any, data: object, where: str) -> Any:
    """`data` as what the annotation says."""
    hint = getattr(hint, "__supertype__", hint)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(hint), data, where)
    if origin is tuple:
        return _tuple(typing.get_args(hint), data, where)
    if origin is Mapping:
        return decode_attributes(data, where)
    if hint is Trace:
        return decode_trace(data, where)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _object(hint, data, where)
    if issubclass(hint, Enum):
        return _enum(hint, data, where)
    return expect(data, hint, where)


def _union(members: tuple[Any, ...], data: object, where: str) -> Any:
    if data is None and type(None) in members:
        return None
    return _value(next(member for member in members if member is not type(None)), data, where)


def _tuple(members: tuple[Any, ...], data: object, where: str) -> tuple[Any, ...]:
    items = expect(data, list, where)
    if members[-1] is Ellipsis:
        return tuple(_value(members[0], item, f"{where}[{index}]") for index, item in enumerate(items))
    if len(items) != len(members):
        raise ShapeError(f"{where} has {len(items)} items, expected {len(members)}")
    return tuple(
        _value(member, item, f"{where}[{index}]")
        for index, (member, item) in enumerate(zip(members, items, strict=True))
    )


def _enum(cls: type[Enum], data: object, where: str) -> Enum:
    known = {member.value: member for member in cls}
    if not isinstance(data, str) or data not in known:
        raise ShapeError(f"{where} is {str(data)[:40]!r}, expected one of {', '.join(known)}")
    return known[data]

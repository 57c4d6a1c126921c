"""The trigger's answer by name: `response:status`, and the attributes that the reference puts on its trigger span."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spanspec.model.time import Duration

if TYPE_CHECKING:
    from spanspec.language.verdict import Value
    from spanspec.model.context import TriggerResult

_PREFIX = "tracetest.response."
_ABSENT: tuple[bool, Value] = (False, None)


def response_value(key: str, response: TriggerResult) -> tuple[bool, Value]:
    """`status body headers header.NAME duration`, or a further field of the trigger: whether it is there, and its value."""
    if key == "status":
        return response.status is not None, response.status
    if key == "body":
        return True, response.body
    if key == "headers":
        return True, {name.lower(): response.header(name) for name, _ in response.headers}
    if key == "duration":
        return True, Duration(response.duration_ns)
    if key.startswith("header."):
        value = response.header(key.removeprefix("header."))
        return value is not None, value
    if key in response.attributes:
        return True, response.attributes[key]
    return _ABSENT


def response_attribute(key: str, response: TriggerResult) -> tuple[bool, Value]:
    """`tracetest.response.*`: status, body, headers as a JSON array of `{key, value}`, `header.NAME`."""
    field = key.removeprefix(_PREFIX)
    if field == "headers":
        return True, headers_json(response.headers)
    return response_value(field, response) if field in ("status", "body") or field.startswith("header.") else _ABSENT


def headers_json(headers: tuple[tuple[str, str], ...]) -> str:
    """The headers as the reference writes them, sorted by name; `null` when there are none."""
    listed = [{"key": name, "value": value} for name, value in sorted(headers, key=lambda pair: pair[0].lower())]
    return json.dumps(listed, separators=(",", ":"), ensure_ascii=False) if listed else "null"

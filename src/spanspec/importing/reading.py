"""JSON documents of other tools, read within bounds; what is wrong is told with its place."""

from __future__ import annotations

import json

from spanspec.errors import UsageError
from spanspec.importing.drafts import MAX_INPUT
from spanspec.importing.secrets import cleaned
from spanspec.source.render import visible


def json_object(text: str, name: str) -> dict[str, object]:
    """The object that a JSON text holds.

    Raises:
        UsageError: It is too large, no JSON (with line and column), nested too deep, or no object.
    """
    if len(text) > MAX_INPUT:
        raise UsageError(f"{visible(name)}: more than {MAX_INPUT >> 20} MiB", help="Split the file.")
    try:
        value = json.loads(cleaned(text))
    except json.JSONDecodeError as fault:
        place = f"{visible(name)}:{fault.lineno}:{fault.colno}"
        raise UsageError(f"{place}: no JSON: {visible(fault.msg)}", help="Save the file again as JSON.") from fault
    except RecursionError as fault:
        raise UsageError(f"{visible(name)}: nested too deep", help="Give a file that the tool itself wrote.") from fault
    if not isinstance(value, dict):
        raise UsageError(f"{visible(name)}: the file holds no JSON object", help="Give the file that the tool wrote.")
    return value


def mapping(value: object) -> dict[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value if it is a text, a number's text, else an empty text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""

"""A trigger's fields against its class: what the class says about them, in the words and places of the user's file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from spanspec.definition.shape import Path, Shape, members_of, model_of, of_model, shape_of
from spanspec.model.time import Duration, parse_duration
from spanspec.source.suggest import did_you_mean
from spanspec.triggers.base import Content, spellings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that the class refuses: where (a path of the user's keys), what, and how to mend it."""

    path: Path
    message: str
    code: str = "bad-value"
    label: str = ""
    help: str = ""


def validated(kind: str, fields: Mapping[str, object]) -> tuple[Any, tuple[Problem, ...]]:
    """The trigger, or what its class refuses."""
    return _validated(model_of(kind), shape_of(kind), fields)


def validated_as(model: type[BaseModel], fields: Mapping[str, object]) -> tuple[Any, tuple[Problem, ...]]:
    """The same for a class of another family whose fields are keys in a file, such as a store's."""
    return _validated(model, of_model(model), fields)


def _validated(model: type[BaseModel], shape: Shape, fields: Mapping[str, object]) -> tuple[Any, tuple[Problem, ...]]:
    try:
        return model.model_validate(_prepared(shape, fields)), ()
    except ValidationError as fault:
        return None, tuple(_problems(fault, model))
    except _NoJsonError as fault:
        return None, (Problem(path=fault.path, message=str(fault)),)


class _NoJsonError(ValueError):
    """A body that JSON cannot write."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


def _prepared(shape: Shape, fields: Mapping[str, object]) -> dict[str, object]:
    """The fields as the class takes them: structures to send as JSON text with their content type, durations in seconds."""
    typed: set[str] = set()
    out = _members_of(shape, {name: value for name, value in fields.items() if value is not None}, (), typed)
    for name in typed:
        out[name] = _with_type(out.get(name))
    return out


def _members_of(shape: Shape, members: Mapping[Any, object], path: Path, typed: set[str]) -> dict[str, object]:
    return {
        str(key): _as_wanted(shape.inside(str(key)), value, (*path, str(key)), typed) for key, value in members.items()
    }


def _as_wanted(shape: Shape, value: object, path: Path, typed: set[str]) -> object:
    content = shape.mark(Content)
    if content is not None and content.structure and isinstance(value, Mapping | list | tuple):
        if content.typed_by:
            typed.add(content.typed_by)
        return _json(path, value)
    if shape.seconds and isinstance(value, str):
        duration = parse_duration(value)
        return duration.ns / 1e9 if duration is not None else value
    if isinstance(value, Mapping):
        return _members_of(shape, value, path, typed)
    if isinstance(value, list | tuple):
        return [_as_wanted(shape.inside(index), item, (*path, index), typed) for index, item in enumerate(value)]
    return _unwrapped(value)


def _unwrapped(value: object) -> object:
    """Plain dicts and lists, as pydantic and JSON want them; exact numbers and durations as they are written."""
    if isinstance(value, Mapping):
        return {str(key): _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_unwrapped(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and "." not in str(value) else float(value)
    return value


def _json(path: Path, body: object) -> str:
    try:
        return json.dumps(_unwrapped(body), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError) as fault:
        message = f"`{'.'.join(map(str, path))}` cannot be written as JSON: {fault}"
        raise _NoJsonError(path, message) from fault


def _with_type(headers: object) -> object:
    """The headers with a content type, unless one is there."""
    if headers is None:
        return {"content-type": JSON_TYPE}
    if isinstance(headers, dict):
        given = any(str(key).lower() == "content-type" for key in headers)
        return headers if given else {**headers, "content-type": JSON_TYPE}
    if isinstance(headers, list):
        given = any(isinstance(item, dict) and str(item.get("key", "")).lower() == "content-type" for item in headers)
        return headers if given else [*headers, {"key": "content-type", "value": JSON_TYPE}]
    return headers


# --- pydantic's errors in our words --------------------------------------------------------------------------------

_WANTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "float_type": "a number",
    "float_parsing": "a number, or a duration such as 5s",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list, or a mapping",
    "tuple_type": "a mapping with `key` and `value`",
    "bytes_type": "a text",
}


def _problems(fault: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    seen = set()
    for error in fault.errors(include_url=False):
        path = tuple(part for part in error["loc"] if not _is_branch(part))
        if path not in seen:
            seen.add(path)
            yield _problem(dict(error), path, model)


def _is_branch(part: str | int) -> bool:
    """Whether a part names the branch of a union, not a key of the user's."""
    return part in ("str", "bytes", "float", "int", "bool", "[key]") or (isinstance(part, str) and "[" in part)


def _problem(error: dict[str, Any], path: Path, model: type[BaseModel]) -> Problem:
    field = ".".join(str(part) for part in path if isinstance(part, str)) or "the trigger"
    kind, given = error["type"], error.get("input")
    last = str(path[-1]) if path else ""
    if kind == "missing":
        return Problem(path=path[:-1], code="missing-key", message=f"`{field}` is missing", help=f"Write `{last}:`.")
    if kind == "extra_forbidden":
        names = _names_at(model, path[:-1])
        close = did_you_mean(last, _spellings_at(model, path[:-1]))
        where = ".".join(str(part) for part in path[:-1] if isinstance(part, str)) or "the trigger"
        advice = "" if close else f"The keys are: {', '.join(names)}."
        return Problem(path=path, code="unknown-key", message=f'{where} has no key "{last}"', label=close, help=advice)
    if kind in _WANTED:
        return Problem(
            path=path, code="wrong-type", message=f"`{field}` must be {_WANTED[kind]}, and this is {_said(given)}"
        )
    if kind in ("literal_error", "enum"):
        expected = str(error.get("ctx", {}).get("expected", "")).replace("'", "")
        choices = expected.replace(" or ", ", ").split(", ")
        close = did_you_mean(str(given), choices)
        return Problem(path=path, message=f'`{field}` is {expected}, and this is "{given}"', label=close)
    said = str(error.get("msg", "")).removeprefix("Value error, ").removeprefix("Input ")
    return Problem(path=path, message=f"`{field}` {said}" if path else f"the trigger {said}")


def _said(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f'the text "{str(value)[:60]}"'


def _names_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys of the model that a path leads to, by their names in a file."""
    current = _model_at(model, path)
    return tuple(spellings_of(*each)[0] for each in current.model_fields.items()) if current is not None else ()


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    current = model
    for part in path:
        info = current.model_fields.get(str(part)) or next(
            (each for name, each in current.model_fields.items() if part in spellings_of(name, each)), None
        )
        found = (
            [m for m in members_of(info.annotation) if isinstance(m, type) and issubclass(m, BaseModel)] if info else []
        )
        if not found:
            return None
        current = found[0]
    return current


def _spellings_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Those names with their other spellings."""
    current = _model_at(model, path)
    return (
        tuple(each for name, info in current.model_fields.items() for each in spellings_of(name, info))
        if current
        else ()
    )

"""A trigger made by code: fields as arguments, no templates, no file to point at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spanspec.definition import endpoint as urls
from spanspec.definition.shape import address_paths, found_at, model_of, shape_of
from spanspec.definition.validate import validated
from spanspec.errors import UsageError
from spanspec.triggers.base import Content, TriggerFields, spellings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.definition.plan import Plan
    from spanspec.triggers.base import Trigger


def called(kind: str, plan: Plan, positional: Sequence[object], fields: Mapping[str, object]) -> Trigger:
    """The trigger of a kind.

    Texts are taken as they are: `${…}` means nothing. A relative URL is appended to the plan's endpoint.

    Args:
        kind: The family's name: `http`.
        plan: Whose endpoint it is.
        positional: Values of the fields that the class requires, in their order.
        fields: The others by name. `json` stands for the field that takes a structure.

    Raises:
        UsageError: A field is unknown, missing or has a wrong value; tells all of them.
        PluginError: There is no such kind.
    """
    given = _json_field(kind, {**dict(_positional(kind, positional)), **fields})
    for path in address_paths(kind):
        around = found_at(given, path[:-1])
        if isinstance(around, dict) and isinstance(url := around.get(path[-1]), str):
            around[path[-1]] = _url(url, plan)
    trigger, problems = validated(kind, given)
    if problems:
        told = "\n".join(f"{_said(problem.path)}{problem.message}" for problem in problems)
        advice = "; ".join(text for each in problems for text in (each.label, each.help) if text)
        raise UsageError(f"the {kind} trigger cannot be made:\n{told}", help=advice)
    return trigger  # type: ignore[no-any-return]  # the family's class, known by name only


def has_verbs(kind: str) -> bool:
    """Whether a kind's `method` is a verb of HTTP, so that `http.post(…)` means something."""
    info = model_of(kind).model_fields.get("method")
    return info is not None and info.default == "GET"


def _positional(kind: str, values: Sequence[object]) -> list[tuple[str, object]]:
    model = model_of(kind)
    shared = TriggerFields.model_fields
    names = [name for name, info in model.model_fields.items() if info.is_required()]
    names += [name for name in model.model_fields if name not in shared and name not in names]
    if len(values) > len(names):
        raise UsageError(f"the {kind} trigger takes at most {len(names)} values", help=f"They are: {', '.join(names)}.")
    return [
        (spellings_of(name, model.model_fields[name])[0], value) for name, value in zip(names, values, strict=False)
    ]


def _json_field(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with `json` under the name of the field that takes a structure."""
    shape = shape_of(kind)
    if "json" not in fields or "json" in shape.fields:
        return fields
    value = fields.pop("json")
    structured = [name for name, each in shape.fields.items() if (mark := each.mark(Content)) and mark.structure]
    target = "body" if "body" in structured else next(iter(structured), "")
    if not target:
        raise UsageError(f"the {kind} trigger has no field for `json`", help=f"It has {', '.join(shape.fields)}.")
    if target in fields:
        raise UsageError(f"`json` and `{target}` are given, and they are one", help="Give one of them.")
    structure = isinstance(value, Mapping | list | tuple)
    return {**fields, target: value if structure else json.dumps(value, ensure_ascii=False)}


def _url(url: str, plan: Plan) -> str:
    if not urls.is_relative(url):
        return urls.replaced(plan.endpoint, url, plan.origin) if plan.replace_origin and plan.endpoint else url
    if not plan.endpoint:
        raise UsageError(
            f'the URL "{url}" is relative, and there is no endpoint',
            help="Write `endpoint:` in spanspec.yaml, set SPANSPEC_ENDPOINT, or pass --spanspec-endpoint to pytest.",
        )
    return urls.joined(plan.endpoint, url)


def _said(path: Sequence[str | int]) -> str:
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return f"{out}: " if out else ""

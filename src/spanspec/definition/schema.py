"""JSON Schema of definition files, from the same tables and classes that decode them.

Editors take it for completion and for faults while typing (`# yaml-language-server: $schema=…`). It is Draft 2020-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanspec.definition import environment_keys
from spanspec.definition.blocks import LATER_STORES, RECEIVING, kinds
from spanspec.definition.document import RESOURCES, SUITES
from spanspec.definition.keys import (
    CONFIG,
    DURATION,
    EXPECT,
    HOOK,
    OUTPUT,
    RECEIVER,
    RESOURCE,
    SETTLE,
    SPEC,
    STEP,
    SUITE,
    SUITE_RESOURCE,
    TEST,
    Key,
    Support,
)
from spanspec.definition.shape import blocks_of, model_of
from spanspec.definition.shapes import SHAPES
from spanspec.reports.base import REPORTS
from spanspec.triggers.base import TRIGGERS

_PAIR = ("Key", "Value")
_OLDER_TRIGGERS = tuple({"type": "object", "required": [name]} for name in ("triggerType", "Type"))
"""Shapes that older exports of the reference have."""

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def of_definitions() -> dict[str, object]:
    """The schema of a definition: a test or suite in the short form, or a resource of the reference."""
    parts = {
        "document": {
            "if": {"required": ["type"]},
            "then": {"$ref": "#/$defs/resource"},
            "else": {
                "if": {"required": ["steps"], "not": {"required": ["trigger"]}},
                "then": {"$ref": "#/$defs/suite"},
                "else": {"$ref": "#/$defs/test"},
            },
        },
        "test": _test(TEST, strict=True),
        "suite": _suite(SUITE, strict=True),
        "step": {"anyOf": [{"type": "string"}, _step(), {"$ref": "#/$defs/document"}]},
        "hook": {"anyOf": [{"type": "string"}, _hook()]},
        "cases": _cases(),
        "needs": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "resource": _resource(),
        "trigger": _trigger(),
        "spec": _mapping(SPEC, strict=False),
        "expectation": {"anyOf": [{"type": "string"}, {**_mapping(EXPECT, strict=True), "required": ["that"]}]},
        "output": {
            **_mapping(OUTPUT, strict=False),
            "anyOf": [{"required": ["name", "value"]}, {"required": list(_PAIR)}],
        },
        "settle": _mapping(SETTLE, strict=True),
    }
    return {"$schema": DRAFT, "title": "spanspec definition", "$ref": "#/$defs/document", "$defs": parts}


def of_settings() -> dict[str, object]:
    """The schema of `spanspec.yaml`."""
    body = _mapping(CONFIG, strict=True)
    types = sorted({*kinds(), *LATER_STORES, *RECEIVING})
    store = {"type": "object", "properties": {"type": {"enum": types}}, "required": ["type"]}
    replaced: dict[str, object] = {
        "settle": {"$ref": "#/$defs/settle"},
        "receiver": {"anyOf": [{"type": "string"}, _mapping(RECEIVER, strict=True)]},
        "environment": environment_keys.schema(),
        "stores": {"type": "object", "additionalProperties": store, "propertyNames": {"not": {"const": "embedded"}}},
        "reports": {"type": "object", "propertyNames": {"enum": list(REPORTS.names())}, "additionalProperties": {"type": "string"}},
    }  # fmt: skip
    _replace(body, CONFIG, replaced)
    return {"$schema": DRAFT, "title": "spanspec.yaml", **body, "$defs": {"settle": _mapping(SETTLE, strict=True)}}


def _replace(body: dict[str, object], table: Mapping[str, Key], parts: Mapping[str, object]) -> None:
    """Put finer schemas in the place of those of the table, which keep their words."""
    properties = body["properties"]
    assert isinstance(properties, dict)
    for name, part in parts.items():
        if name in table:
            assert isinstance(part, dict)
            properties[name] = {**part, "description": table[name].doc}


def _mapping(table: Mapping[str, Key], *, strict: bool) -> dict[str, object]:
    """A mapping with the keys that this version knows; those it refuses are left out."""
    properties: dict[str, object] = {
        name: {**key.schema, "description": key.doc} for name, key in table.items() if key.support is not Support.LATER
    }
    return {"type": "object", "properties": properties, "additionalProperties": not strict}


def _items(name: str) -> dict[str, object]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def _test(table: Mapping[str, Key], *, strict: bool) -> dict[str, object]:
    body = _mapping(table, strict=strict)
    parts: dict[str, object] = {
        "trigger": {"$ref": "#/$defs/trigger"},
        "settle": {"$ref": "#/$defs/settle"},
        "cases": {"$ref": "#/$defs/cases"},
        "needs": {"$ref": "#/$defs/needs"},
        "setup": _items("hook"),
        "teardown": _items("hook"),
        "specs": _items("spec"),
        "testSpec": _items("spec"),
        "expect": _items("expectation"),
        "outputs": _items("output"),
    }
    if not strict:
        parts["trigger"] = {"anyOf": [{"$ref": "#/$defs/trigger"}, {"type": "string"}, *_OLDER_TRIGGERS]}
    _replace(body, table, parts)
    return body


def _suite(table: Mapping[str, Key], *, strict: bool) -> dict[str, object]:
    body = _mapping(table, strict=strict)
    _replace(body, table, {"steps": _items("step"), "needs": {"$ref": "#/$defs/needs"}})
    return {**body, "required": ["steps"]} if strict else body


def _step() -> dict[str, object]:
    one = [{"required": ["test"]}, {"required": ["suite"]}]
    return {**_mapping(STEP, strict=True), "oneOf": one}


def _hook() -> dict[str, object]:
    """A trigger in the short form or with its type, and the keys of an item beside it."""
    body = _mapping(HOOK, strict=False)
    _replace(body, HOOK, {"outputs": _items("output")})
    return body


def _cases() -> dict[str, object]:
    rows = {"type": "array", "items": {"type": "object"}, "minItems": 1}
    named = {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"], "additionalProperties": False}  # fmt: skip
    return {"anyOf": [{"type": "string"}, rows, named]}


def _resource() -> dict[str, object]:
    """A document with `type`; what is under `spec` depends on it."""
    specs: dict[str, dict[str, object]] = {
        "Test": _test(RESOURCE, strict=False),
        **dict.fromkeys(SUITES, _suite(SUITE_RESOURCE, strict=False)),
        **{kind: _published(shape) for kind, shape in SHAPES.items() if kind != "Environment"},
    }
    return {
        "type": "object",
        "properties": {
            "type": {"enum": list(RESOURCES)},
            "spec": {"type": "object"},
            "compat": {"enum": ["tracetest"]},
        },
        "required": ["type", "spec"],
        "allOf": [
            {"if": {"properties": {"type": {"const": kind}}}, "then": {"properties": {"spec": spec}}}
            for kind, spec in specs.items()
        ],
    }


def _published(shape: Mapping[str, Any]) -> dict[str, object]:
    """A resource's shape with what exports leave empty allowed to be null, and durations by their pattern."""
    if shape.get("format") == "duration":
        return {"anyOf": [dict(DURATION), {"type": "null"}]}
    if "enum" in shape:
        return {"enum": [*shape["enum"], None]}
    kind = shape.get("type")
    if kind is None:
        return {}
    out: dict[str, object] = {
        **shape,
        "type": list(dict.fromkeys([*([kind] if isinstance(kind, str) else kind), "null"])),
    }
    if "properties" in shape:
        out["properties"] = {name: _published(inside) for name, inside in shape["properties"].items()}
    if "items" in shape:
        out["items"] = _published(shape["items"])
    return out


def _trigger() -> dict[str, object]:
    """One key, the kind, with its class's own schema; or the reference's `type` with its block."""
    kinds: dict[str, object] = {kind: _fields(kind) for kind in TRIGGERS.built_in()}
    short = {
        "type": "object",
        "properties": kinds,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    blocks = {block: schema for kind, schema in kinds.items() for block in blocks_of(kind)}
    blocks["type"] = {"enum": list(kinds)}
    return {"anyOf": [short, {"type": "object", "properties": blocks, "required": ["type"]}]}


def _fields(kind: str) -> dict[str, object]:
    """A trigger's fields; each may be a template instead."""
    found = model_of(kind).model_json_schema(mode="validation")
    definitions = found.get("$defs", {})
    properties = {name: _open(_inlined(each, definitions)) for name, each in found.get("properties", {}).items()}
    return {
        "type": "object",
        "description": found.get("description", ""),
        "properties": properties,
        **{key: found[key] for key in ("required", "allOf") if key in found},
    }


def _open(schema: dict[str, object]) -> dict[str, object]:
    """The schema, or a template in its place where it wants no text; also in what it is made of."""
    opened = _opened(schema)
    assert isinstance(opened, dict)
    return opened


def _opened(schema: object) -> object:
    if isinstance(schema, list):
        return [_opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("number", "integer", "boolean"):
        template = {"type": "string", "description": "A template or a duration."}
        doc = {"description": schema["description"]} if "description" in schema else {}
        return {"anyOf": [schema, template], **doc}
    return {key: _opened(value) if key in _MADE_OF else value for key, value in schema.items()} | (
        {"properties": {name: _opened(each) for name, each in schema["properties"].items()}}
        if isinstance(schema.get("properties"), dict)
        else {}
    )


_MADE_OF = ("anyOf", "oneOf", "allOf", "items")


def _inlined(schema: object, definitions: dict[str, object]) -> dict[str, object]:
    """The schema with references to the class's own definitions replaced by them."""
    replaced = _replaced(schema, definitions)
    return replaced if isinstance(replaced, dict) else {}


def _replaced(schema: object, definitions: dict[str, object]) -> object:
    if isinstance(schema, list):
        return [_replaced(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _replaced(definitions.get(reference.rpartition("/")[2], {}), definitions)
    return {key: _replaced(value, definitions) for key, value in schema.items()}

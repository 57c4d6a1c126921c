"""JSON Schema of definition files, from the same tables and classes that decode them.

Editors take it for completion and for faults while typing (`# yaml-language-server: $schema=…`). It is Draft 2020-12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.definition.document import RESOURCES
from spanspec.definition.keys import CONFIG, EXPECT, OUTPUT, RECEIVER, RESOURCE, SETTLE, SPEC, TEST, Key, Support
from spanspec.definition.shape import blocks_of, model_of
from spanspec.triggers.base import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def of_definitions() -> dict[str, object]:
    """The schema of a test file: the short form, or a resource of the reference."""
    parts = {
        "test": _test(TEST, strict=True),
        "resource": _resource(),
        "trigger": _trigger(),
        "spec": _mapping(SPEC, strict=False),
        "expectation": {"anyOf": [{"type": "string"}, {**_mapping(EXPECT, strict=True), "required": ["that"]}]},
        "output": {**_mapping(OUTPUT, strict=False), "required": ["name", "value"]},
        "settle": _mapping(SETTLE, strict=True),
    }
    return {
        "$schema": DRAFT,
        "title": "spanspec test",
        "if": {"required": ["type"]},
        "then": {"$ref": "#/$defs/resource"},
        "else": {"$ref": "#/$defs/test"},
        "$defs": parts,
    }


def of_settings() -> dict[str, object]:
    """The schema of `spanspec.yaml`."""
    body = _mapping(CONFIG, strict=True)
    properties = body["properties"]
    assert isinstance(properties, dict)
    properties["settle"] = {"$ref": "#/$defs/settle"}
    properties["receiver"] = {"anyOf": [{"type": "string"}, _mapping(RECEIVER, strict=True)]}
    return {"$schema": DRAFT, "title": "spanspec.yaml", **body, "$defs": {"settle": _mapping(SETTLE, strict=True)}}


def _mapping(table: Mapping[str, Key], *, strict: bool) -> dict[str, object]:
    """A mapping with the keys that this version knows; those it refuses are left out."""
    properties: dict[str, object] = {
        name: {**key.schema, "description": key.doc} for name, key in table.items() if key.support is not Support.LATER
    }
    return {"type": "object", "properties": properties, "additionalProperties": not strict}


def _test(table: Mapping[str, Key], *, strict: bool) -> dict[str, object]:
    body = _mapping(table, strict=strict)
    properties = body["properties"]
    assert isinstance(properties, dict)
    properties["trigger"] = {"$ref": "#/$defs/trigger"}
    properties["settle"] = {"$ref": "#/$defs/settle"}
    for name, part in (("specs", "spec"), ("testSpec", "spec"), ("expect", "expectation"), ("outputs", "output")):
        properties[name] = {**properties[name], "items": {"$ref": f"#/$defs/{part}"}}
    return body


def _resource() -> dict[str, object]:
    spec = {
        "if": {"properties": {"type": {"const": "Test"}}},
        "then": {"properties": {"spec": _test(RESOURCE, strict=False)}},
    }
    return {
        "type": "object",
        "properties": {
            "type": {"enum": list(RESOURCES)},
            "spec": {"type": "object"},
            "compat": {"enum": ["tracetest"]},
        },
        "required": ["type", "spec"],
        "allOf": [spec],
    }


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
    """The schema, or a template in its place where it wants no text."""
    if schema.get("type") in ("number", "integer", "boolean"):
        doc = schema.get("description", "")
        return {"anyOf": [schema, {"type": "string", "description": "A template or a duration."}], "description": doc}
    return schema


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

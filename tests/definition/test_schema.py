"""JSON Schema from the same tables and classes."""

from __future__ import annotations

import json
from typing import Any

from spanspec.definition import schema
from spanspec.definition.keys import CONFIG, TEST, Support


def test_every_key_that_is_acted_on_is_in_the_schema() -> None:
    """A key cannot be decoded and be missing from the schema, nor the other way round."""
    found: Any = schema.of_definitions()
    acting = {name for name, key in TEST.items() if key.support is not Support.LATER}
    assert set(found["$defs"]["test"]["properties"]) == acting
    settings: Any = schema.of_settings()
    assert set(settings["properties"]) == {name for name, key in CONFIG.items() if key.support is not Support.LATER}


def test_the_trigger_s_class_gives_its_fields() -> None:
    """Fields and their descriptions come from the class."""
    found: Any = schema.of_definitions()
    http = found["$defs"]["trigger"]["anyOf"][0]["properties"]["http"]
    assert {"url", "method", "headers", "body", "auth", "timeout", "sslVerification"} <= set(http["properties"])
    assert http["required"] == ["url"]
    assert all(each.get("description") or each.get("anyOf") for each in http["properties"].values())


def test_it_is_json_without_dangling_references() -> None:
    """The schema can be written, and each reference leads somewhere."""
    for found in (schema.of_definitions(), schema.of_settings()):
        text = json.dumps(found)
        names = set(found["$defs"])  # type: ignore[call-overload]
        assert {part.split('"')[0] for part in text.split("#/$defs/")[1:]} <= names

"""JSON Schema from the same tables and classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from spanspec.definition import schema
from spanspec.definition.collect import CONFIG_NAMES
from spanspec.definition.document import Kind, classify
from spanspec.definition.keys import CONFIG, TEST, Support
from spanspec.definition.yaml import plain, read
from spanspec.source.text import SourceText

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.yaml") if ".venv" not in path.parts)
DEFINITIONS = jsonschema.Draft202012Validator(json.loads(json.dumps(schema.of_definitions())))
SETTINGS = jsonschema.Draft202012Validator(json.loads(json.dumps(schema.of_settings())))


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


def faults(document: object, validator: Any = DEFINITIONS) -> list[str]:
    """What the schema says of a document."""
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("path", EXAMPLES, ids=[str(path.relative_to(ROOT)) for path in EXAMPLES])
def test_every_example_fits(path: Path) -> None:
    """Every definition and settings file of the examples is valid."""
    for node in read(SourceText(path.name, path.read_text(encoding="utf-8"))).documents:
        if path.name in CONFIG_NAMES:
            assert not faults(plain(node), SETTINGS)
        elif classify(node, 1).kind is not Kind.FOREIGN:
            assert not faults(plain(node))


TRIGGER = {"http": {"url": "http://h"}}


@pytest.mark.parametrize(
    "document",
    [
        {"trigger": TRIGGER, "expect": ["no_errors()", {"that": "no_errors()", "on_inconclusive": "pass"}]},
        {"trigger": TRIGGER, "cases": [{"a": 1}], "retries": 2, "needs": "b", "id": 7, "store": "x"},
        {"trigger": TRIGGER, "cases": "rows.csv", "setup": [{"http": {"url": "/"}, "outputs": [{"name": "A", "value": "1"}]}, "a.yaml"]},
        {"trigger": TRIGGER, "settle": {"timeout": "1m30s", "quiet": 0}, "skip": "why"},
        {"steps": ["a.yaml", {"test": "b", "only_if": "${var:X}"}, {"trigger": TRIGGER}, {"parallel": True, "steps": ["c"]}]},
        {"type": "Test", "spec": {"trigger": {"type": "http", "httpRequest": {"url": "http://h"}}, "nonsense": 1}},
        {"type": "Test", "spec": {"trigger": {"triggerType": "http", "http": {"url": "http://h"}}, "outputs": [{"Key": "A", "Value": {}}]}},
        {"type": "TestSuite", "spec": {"name": "s", "steps": ["a", "./b.yaml"]}},
        {"type": "PollingProfile", "spec": {"periodic": {"timeout": "10m", "retryDelay": None, "selectorMatchRetries": 3}}},
        {"type": "DataStore", "spec": {"name": "s", "type": "tempo", "tempo": {"type": "http", "http": {"url": "h"}}}},
        {"type": "Environment", "spec": {"name": "w", "resources": []}},
        {"type": "Monitor", "spec": {"anything": 1}},
    ],
)  # fmt: skip
def test_what_loads_fits(document: object) -> None:
    """Shapes that are read are valid, those of older exports too."""
    assert not faults(document)


@pytest.mark.parametrize(
    "document",
    [
        {"trigger": TRIGGER, "expct": []},
        {"trigger": TRIGGER, "expect": "no_errors()"},
        {"trigger": TRIGGER, "expect": [{"name": "x"}]},
        {"trigger": [TRIGGER]},
        {"trigger": {**TRIGGER, "command": {"run": "x"}}},
        {"trigger": TRIGGER, "settle": {"timeout": "soon"}},
        {"trigger": TRIGGER, "settle": {"timeout": 5}},
        {"trigger": TRIGGER, "settle": {"linger": "5s"}},
        {"trigger": TRIGGER, "cases": []},
        {"trigger": TRIGGER, "cases": [1]},
        {"trigger": TRIGGER, "retries": -1},
        {"trigger": TRIGGER, "compat": "jaeger"},
        {"steps": "a.yaml"},
        {"steps": [{"test": "a", "suite": "b"}]},
        {"steps": [], "on_failure": "go on"},
        {"type": "Tset", "spec": {}},
        {"type": "Test"},
        {"type": "Test", "spec": {"trigger": []}},
        {"type": "VariableSet", "spec": {"values": []}},
        {"type": "Analyzer", "spec": {"name": "a", "minimumScore": 101}},
        {"type": "TestRunner", "spec": {"requiredGates": ["all"]}},
    ],
)
def test_what_is_refused_does_not_fit(document: object) -> None:
    """What loading refuses for its keys, types and words is invalid."""
    assert faults(document)


@pytest.mark.parametrize(
    ("document", "sound"),
    [
        ({"jobs": "auto", "linger": "auto", "reports": {"junit": "x.xml"}, "stores": {"j": {"type": "jaeger", "url": "h"}}}, True),
        ({"jobs": 4, "linger": 0, "forward": ["http://h"], "environment": {"services": []}, "receiver": "0.0.0.0"}, True),
        ({"jobs": 0}, False),
        ({"linger": "long"}, False),
        ({"reports": {"junti": "x"}}, False),
        ({"stores": {"j": {"url": "h"}}}, False),
        ({"stores": {"embedded": {"type": "otlp"}}}, False),
        ({"endpont": "x"}, False),
    ],
)  # fmt: skip
def test_settings(document: object, sound: bool) -> None:
    """`spanspec.yaml` has a schema of its own."""
    assert (not faults(document, SETTINGS)) is sound

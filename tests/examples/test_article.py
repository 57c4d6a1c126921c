"""The recorded traces beside the article's definitions are what the definitions are about."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.examples.shop_process import SHOP

ARTICLE = SHOP.parent / "article"

COUNTS = {
    "stock": {"postgresql": 1, "process payment": 0, "publish shipping event": 0},
    "checkout": {"postgresql": 7, "process payment": 1, "publish shipping event": 1},
    "checkout-duplicate-shipping": {"postgresql": 8, "process payment": 1, "publish shipping event": 2},
}


def spans(name: str) -> list[dict[str, Any]]:
    """Read a recorded trace."""
    document = json.loads((ARTICLE / "traces" / f"{name}.json").read_text())
    return [span for each in document["resourceSpans"] for scope in each["scopeSpans"] for span in scope["spans"]]


def system(span: dict[str, Any]) -> str:
    """Name the span's database, or nothing."""
    values = {attribute["key"]: attribute["value"] for attribute in span["attributes"]} if "attributes" in span else {}
    return values.get("db.system", {}).get("stringValue", "")


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_recorded_traces_hold_what_the_definitions_select(name: str) -> None:
    """Counts of PostgreSQL spans, payments and events are as the README says."""
    found = spans(name)
    count = {key: sum(span["name"] == key for span in found) for key in ("process payment", "publish shipping event")}
    assert {"postgresql": sum(system(span) == "postgresql" for span in found), **count} == COUNTS[name]
    assert len({span["traceId"] for span in found}) == 1


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_recorded_traces_tell_nothing_of_the_machine(name: str) -> None:
    """No absolute path of a file is in them, and the host has a made-up name."""
    text = (ARTICLE / "traces" / f"{name}.json").read_text()
    hosts = re.findall(r'"key": "host.name",\s+"value": \{\s+"stringValue": "([^"]*)"', text)
    assert set(hosts) == {"shop-host"}
    assert not re.search(r'"/(?:home|root|tmp|usr|var|work|Users)', text)


def test_the_definitions_are_the_articles() -> None:
    """Selectors and assertions stand in the files word for word."""
    calls = [
        {
            "selector": 'span[tracetest.selected_spans.count = "1"] span[db.system="postgresql"]',
            "assertions": ["attr:tracetest.span.duration < 50ms"],
        }
    ]
    flow = [
        {"selector": 'span[name="process payment"]', "assertions": ["attr:payment.amount = 99.99"]},
        {
            "selector": 'span[name="publish shipping event"]',
            "assertions": ['attr:messaging.system = "kafka"', "attr:tracetest.selected_spans.count = 1"],
        },
    ]
    for name, wanted in {"database-call": calls, "database-calls": calls, "checkout-flow": flow}.items():
        assert yaml.safe_load((ARTICLE / f"{name}.yaml").read_text())["testSpec"] == wanted

"""The examples of data-driven tests, suites and secrets: they load without a fault, and mean what their pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options, SuitePlan
from spanspec.source.render import render_all
from tests.docs.pages import ROOT


def loaded(folder: str, *sets: str) -> Loaded:
    """The definitions of an example, without a fault or a warning."""
    found = load([f"examples/{folder}"], Options(variable_files=sets), cwd=ROOT, environment={})
    assert not found.diagnostics, render_all(found.diagnostics)
    return found


def test_every_folder_of_definitions_lints() -> None:
    """No example has a fault, but for the article's, and variables that come from the environment where it is run."""
    folders = {path.parent for path in (ROOT / "examples").rglob("*.yaml")} - {ROOT / "examples" / "article"}
    for folder in sorted(folders):
        path = str(folder.relative_to(ROOT))
        found = load([path], Options(stored=True), cwd=ROOT, environment={"TRACE_ID": "ab" * 16})
        errors = [
            fault for fault in found.diagnostics if fault.severity == "error" and fault.code != "missing-variable"
        ]
        assert not errors, render_all(errors)


def test_data_driven() -> None:
    """Each row of the file and of the definition is a case of its own."""
    plans = loaded("data-driven").plans
    assert [plan.row_label for plan in plans][:2] == [
        "country=DE, order=spring-sale",
        "country=FR, order=spring-sale, greeting=bonjour",
    ]
    rows = (ROOT / "examples/data-driven/products.csv").read_text(encoding="utf-8").split()[1:]
    assert [plan.row["sku"] for plan in plans[2:]] == rows


def test_suites() -> None:
    """Tests that are steps run in the suites only; a step by id is found; outputs reach the steps after."""
    items = loaded("suites").items
    assert [item.name for item in items] == ["checkout, from order to stock", "nightly"]
    assert all(isinstance(item, SuitePlan) for item in items)
    assert [plan.name for plan in items[0].plans] == ["order", "look up", "the amount was paid", "stock"]  # type: ignore[union-attr]
    assert items[0].plans[0].variables["BASKET"] == "summer-sale"  # type: ignore[union-attr]


@pytest.mark.parametrize("sets", [(), ("staging",), (str(Path("examples/secrets/staging.yaml")),)])
def test_secrets(sets: tuple[str, ...]) -> None:
    """The names of secrets come from the settings, and from a variable set."""
    found = loaded("secrets", *sets)
    assert {"CUSTOMER", "*_IBAN"} <= set(found.settings.secrets)
    assert ("API_TOKEN" in found.settings.secrets) is bool(sets)

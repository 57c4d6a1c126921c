"""Definition files as the reference reads them: scalars, shapes of exports, variables of the system, missing variables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options, Plan, SpecPlan, SuitePlan
from spanspec.source.diagnostics import has_errors
from spanspec.source.render import render_all
from tests.conformance.folder import cases

TEST_TARGETS = ("specs", "outputs", "trigger", "yaml_file", "specs_openapi", "outputs_openapi")
HTTP = {"type": "http", "httpRequest": {"url": "http://x"}}


def loaded(text: str, folder: Path, environment: dict[str, str] | None = None, *, stored: bool = True) -> Loaded:
    """What comes of a file with that text."""
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "t.yaml").write_text(text, encoding="utf-8")
    return load(["t.yaml"], Options(stored=stored), cwd=folder, environment=environment or {})


def plan_of(spec: dict[str, Any], folder: Path) -> Plan:
    """The plan of a test with that `spec`."""
    found = loaded(json.dumps({"type": "Test", "spec": spec}), folder)
    assert not has_errors(found.diagnostics), render_all(found.diagnostics)
    return found.plans[0]


def value_at(fields: Any, path: str) -> Any:
    """The value of a trigger's field, by the path of the file."""
    inside = path.removeprefix("spec.trigger.httpRequest.")
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", inside):
        fields = fields[key] if key else fields[int(index)]
    return fields


@pytest.mark.parametrize("case", cases("recorded/yaml_scalars"), ids=lambda case: case["id"])
def test_scalars_become_the_reference_s_text(case: dict[str, Any], tmp_path: Path) -> None:
    """A scalar in a text field is the text that the reference's library makes of it."""
    found = loaded(case["yaml"], tmp_path)
    if case["expected"].get("error"):
        assert has_errors(found.diagnostics)
        return
    assert not has_errors(found.diagnostics), render_all(found.diagnostics)
    trigger = found.plans[0].trigger
    assert trigger is not None
    value = value_at(trigger.fields, case["path"])
    assert ("" if value is None else value) == case["expected"]["value"]


def specs_of(plan: Plan) -> list[dict[str, Any]]:
    """The specs of a plan in the reference's words."""
    found = [check for check in plan.checks if isinstance(check, SpecPlan)]
    out = []
    for spec in found:
        entry: dict[str, Any] = {"selector": spec.selector_text}
        if spec.name:
            entry["name"] = spec.name
        if spec.assertions:
            entry["assertions"] = [assertion.text for assertion in spec.assertions]
        out.append(entry)
    return out


@pytest.mark.parametrize("case", cases("recorded/definition_json"), ids=lambda case: case["id"])
def test_stored_json(case: dict[str, Any], tmp_path: Path) -> None:
    """Exports of every generation have the same meaning."""
    expected = case["expected"]
    if "error" in expected:
        assert has_errors(loaded(json.dumps({"type": "Test", "spec": case["input"]}), tmp_path).diagnostics)
        return
    plan = plan_of(case["input"], tmp_path)
    assert specs_of(plan) == expected.get("specs", [])
    assert [output.name for output in plan.outputs] == [output["name"] for output in expected.get("outputs", [])]
    assert (plan.trigger.kind if plan.trigger else "") == expected["trigger"].get("type", "")


@pytest.mark.parametrize(
    "case", [case for case in cases("definitions") if case["target"] in TEST_TARGETS], ids=lambda case: case["id"]
)
def test_shapes(case: dict[str, Any], tmp_path: Path) -> None:
    """Old and new shapes of specs, outputs and triggers load."""
    target, given, expected = case["target"], case.get("input"), case["expected"]
    if target == "yaml_file":
        _yaml_file(case, tmp_path)
    elif target in ("specs", "specs_openapi"):
        text = json.dumps({"type": "Test", "spec": {"trigger": HTTP, "specs": given}})
        plan = plan_of({"trigger": HTTP, "specs": given}, tmp_path) if target == "specs" else None
        if plan is not None:
            assert [{"name": "", **spec} for spec in specs_of(plan)] == [{"name": "", **spec} for spec in expected]
        else:
            assert {fault.code for fault in loaded(text, tmp_path).diagnostics} <= {"syntax"}
    elif target in ("outputs", "outputs_openapi"):
        plan = plan_of({"trigger": HTTP, "outputs": given}, tmp_path)
        assert [output.name for output in plan.outputs] == [output["name"] for output in expected]
        assert all(output.has_selector for output in plan.outputs)
    else:
        plan = plan_of({"trigger": given}, tmp_path)
        assert plan.trigger is not None
        assert (plan.trigger.kind, dict(plan.trigger.fields)) == (expected["type"], expected["httpRequest"])


def _yaml_file(case: dict[str, Any], tmp_path: Path) -> None:
    spec = case["expected"]["spec"]
    if case["expected"]["type"] != "Test":
        _suite(case["input_text"], spec, tmp_path)
        return
    found = loaded(case["input_text"], tmp_path)
    codes = {fault.code for fault in found.diagnostics}
    assert codes <= {"syntax", "bare-name"}, render_all(found.diagnostics)
    if found.plans:
        assert found.plans[0].name == spec["name"]


def _suite(text: str, spec: dict[str, Any], folder: Path) -> None:
    """A suite finds its steps by their ids."""
    for index, step in enumerate(spec["steps"]):
        test = {"type": "Test", "spec": {"id": step, "name": f"test {index}", "trigger": HTTP}}
        (folder / f"step{index}.json").write_text(json.dumps(test), encoding="utf-8")
    found = loaded(text, folder)
    assert not has_errors(found.diagnostics), render_all(found.diagnostics)
    (suite,) = found.items
    assert isinstance(suite, SuitePlan)
    assert (suite.id, suite.name) == (spec["id"], spec["name"])
    assert [[plan.id for plan in step.plans] for step in suite.steps] == [[step] for step in spec["steps"]]


@pytest.mark.parametrize("case", [case for case in cases("cli") if "environment" in case], ids=lambda case: case["id"])
def test_variables_of_the_system(case: dict[str, Any], tmp_path: Path) -> None:
    """`${NAME}` is replaced in every text."""
    for text, expected in zip(case["inputs"], case["expected"], strict=True):
        definition = json.dumps({"type": "Test", "spec": {"description": text, "trigger": HTTP}})
        assert loaded(definition, tmp_path, case["environment"]).plans[0].description == expected


def missing_of(test: dict[str, Any], available: list[str], folder: Path) -> list[str]:
    """The variables that loading misses, in the order of the file."""
    text = json.dumps({"type": "Test", "spec": {**test, "vars": dict.fromkeys(available, "x")}})
    found = loaded(text, folder, stored=True).diagnostics
    return [fault.message.split('"')[1] for fault in found if fault.code == "missing-variable"]


@pytest.mark.parametrize(
    "case",
    [case for case in cases("missing_variables") if isinstance(case["object"], dict)],
    ids=lambda case: case["id"],
)
def test_missing_variables(case: dict[str, Any], tmp_path: Path) -> None:
    """Undefined names are found in placeholders and statements, in the order of the document."""
    given = case["object"]
    test = given if "trigger" in given else _as_test(given)
    if test is not None:
        assert missing_of(test, case["available_variables"], tmp_path) == case["expected_missing"]


def _as_test(given: dict[str, Any]) -> dict[str, Any] | None:
    """An object of the reference's own unit tests as a test with the same texts."""
    if "URL" not in given:
        return None
    queries = [query for each in given["Assertions"] or [] for query in each["Queries"]]
    request = {"url": given["URL"], "method": given["Method"], "auth": {"bearer": given["Auth"]}}
    request["auth"] = {"bearer": {"token": given["Auth"]["Token"]}}
    return {
        "trigger": {"type": "http", "httpRequest": request},
        "specs": [{"selector": "span[]", "assertions": queries}] if queries else [],
    }


@pytest.mark.parametrize("case", cases("recorded/missing_variables"), ids=lambda case: case["id"])
def test_what_the_reference_misses_is_missed_here_too(case: dict[str, Any], tmp_path: Path) -> None:
    """Whatever the reference reports is reported; assertions, selectors and bare names are looked at besides."""
    test = case["test"]
    if test["trigger"]["type"] != "http":
        return
    assert set(case["expected"]) <= set(missing_of(test, case["available"], tmp_path))

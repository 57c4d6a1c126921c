"""Every selector and assertion that the reference's own files hold, inside definitions, on a trace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from spanspec.api import execute_stored
from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.results.model import Outcome
from spanspec.source.diagnostics import has_errors
from spanspec.source.render import render_all
from tests.cli.service import otlp_span
from tests.conformance.folder import cases

CORPUS = {(case["kind"], case["text"]): case for case in cases("corpus_parse")}
PARSES = [case for case in CORPUS.values() if case["parses"]]
BROKEN = [case for case in CORPUS.values() if not case["parses"]]


TRACE = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeSpans": [
                {"spans": [otlp_span("ab" * 16, 1, "", "GET /"), otlp_span("ab" * 16, 2, f"{1:016x}", "SELECT")]}
            ],
        }
    ]
}


def definition_of(case: dict[str, Any]) -> dict[str, Any]:
    """A test of the reference that holds the text where such a text stands."""
    spec: dict[str, Any] = {"name": case["id"], "trigger": {"type": "http", "httpRequest": {"url": "http://h"}}}
    if case["kind"] == "selector":
        spec["specs"] = [{"selector": case["text"], "assertions": ["attr:tracetest.selected_spans.count >= 0"]}]
    elif case["kind"] == "assertion":
        spec["specs"] = [{"selector": "span[]", "assertions": [case["text"]]}]
    else:
        spec["outputs"] = [{"name": "OUT", "selector": "span[]", "value": case["text"]}]
    return {"type": "Test", "spec": spec}


def written(found: list[dict[str, Any]], folder: Path) -> None:
    """One file with all of them, and the trace."""
    (folder / ".git").mkdir()
    documents = (json.dumps(definition_of(case)) for case in found)
    (folder / "corpus.yaml").write_text("\n---\n".join(documents), encoding="utf-8")
    (folder / "trace.json").write_text(json.dumps(TRACE), encoding="utf-8")


@pytest.mark.parametrize("compat", [False, True], ids=["default", "compat"])
def test_what_parses_runs_inside_a_definition(compat: bool, tmp_path: Path) -> None:
    """Each text loads without an error and is judged: it holds or fails, and nothing is wrong with it."""
    written(PARSES, tmp_path)
    variables = {name: "1" for case in PARSES for name in _variables(case["text"])}
    options = Options(stored=True, compat=compat, variables=variables)
    loaded = load(["corpus.yaml"], options, cwd=tmp_path, environment={})
    assert not has_errors(loaded.diagnostics), render_all(loaded.diagnostics)
    run = execute_stored(loaded, str(tmp_path / "trace.json"))
    assert len(run.cases) == len(PARSES)
    errored = [f"{case.name}: {case.error}" for case in run.cases if case.outcome is Outcome.ERRORED]
    assert not errored


def _variables(text: str) -> list[str]:
    return re.findall(r"(?:var|env):([\w.]+)", text)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["id"])
def test_what_does_not_parse_is_told_before_anything_runs(case: dict[str, Any], tmp_path: Path) -> None:
    """A text that the reference cannot parse is an error at load, and nothing is fired."""
    written([case], tmp_path)
    loaded = load(["corpus.yaml"], Options(stored=True), cwd=tmp_path, environment={})
    assert has_errors(loaded.diagnostics)
    assert not loaded.plans

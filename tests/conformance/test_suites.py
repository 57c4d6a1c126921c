"""Suites and variable sets of the reference, run against a server that counts its requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from spanspec.api import execute
from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.results.model import CaseResult, CheckResult, Outcome, RunResult
from spanspec.runner.gates import Analysis, failures, weigh, with_gates
from spanspec.source.diagnostics import has_errors
from spanspec.source.render import render_all
from tests.conformance.folder import cases


@contextmanager
def counting(seen: list[dict[str, str]]) -> Iterator[str]:
    """A server that answers with the number of the request, and keeps each one's parameters."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(parse_qsl(urlsplit(self.path).query)))
            body = str(len(seen)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ran(folder: Path, suite: dict[str, Any], tests: list[dict[str, Any]], variables: dict[str, str]) -> RunResult:
    """The result of a suite of the reference whose steps are these tests, with a variable set."""
    (folder / ".git").mkdir(exist_ok=True)
    values = [{"key": key, "value": value} for key, value in variables.items()]
    documents = {
        "suite.json": {"type": "TestSuite", "spec": suite},
        "vars.json": {"type": "VariableSet", "spec": {"id": "vars", "name": "vars", "values": values}},
        **{f"step{index}.json": {"type": "Test", "spec": test} for index, test in enumerate(tests)},
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    loaded = load(["suite.json"], Options(variable_files=("vars",)), cwd=folder, environment={})
    assert not has_errors(loaded.diagnostics), render_all(loaded.diagnostics)
    return asyncio.run(execute(loaded, seed=1))


def step(name: str, url: str) -> dict[str, Any]:
    """A test that sends what it knows, and keeps the answer as USER_ID."""
    return {
        "id": name,
        "name": name,
        "trigger": {"type": "http", "httpRequest": {"url": url}},
        "skipTraceCollection": True,
        "outputs": [{"name": "USER_ID", "selector": "span[]", "value": "attr:tracetest.response.body"}],
    }


@pytest.mark.parametrize("case", cases("test_suites"), ids=lambda case: case["id"])
def test_suites(case: dict[str, Any], tmp_path: Path) -> None:
    """Steps run in order, each with the suite's variables and all outputs so far; an error ends the suite."""
    seen: list[dict[str, str]] = []
    names = list(case["variable_set"])
    sent = "&".join(f"{name}=${{var:{name}}}" for name in names)
    with counting(seen) as url:
        bad = "http://127.0.0.1:9/"
        failing = [state != "FINISHED" for state in case["step_end_states"]]
        tests = []
        for index, name in enumerate(case["steps"]):
            known = f"{sent}&USER_ID=${{var:USER_ID}}" if index else sent
            fails = index < len(failing) and failing[index]
            tests.append(step(name, f"{bad if fails else url}/?{known}"))
        suite = {"id": "suite", "name": "suite", "steps": case["steps"]}
        run = ran(tmp_path, suite, tests, case["variable_set"])
    expected = case["expected"]
    executed = [each for each in run.cases if each.outcome is not Outcome.SKIPPED]
    assert len(executed) == expected["executed_steps"]
    states = ["FINISHED" if each.error is None else "TRIGGER_FAILED" for each in executed]
    assert states == expected["step_states"]
    assert (run.exit_code == 0) is (expected["state"] == "FINISHED")
    if "step_variables" in expected:
        assert seen == expected["step_variables"]
        outputs = [{output.name: output.value for output in each.outputs} for each in executed]
        assert outputs == expected["step_outputs"]
        assert {**seen[-1], **outputs[-1]} == expected["final_variables"]


@pytest.mark.parametrize("case", cases("variable_sets"), ids=lambda case: case["id"])
def test_variable_sets_are_merged(case: dict[str, Any], tmp_path: Path) -> None:
    """Of two sets the later one wins key by key, given by id or by file."""
    (tmp_path / ".git").mkdir()
    test = {"trigger": {"http": {"url": "http://h"}}, "expect": ["response:status = 200"]}
    left = {"type": "VariableSet", "spec": case["left"]}
    right = {"type": "VariableSet", "spec": {"id": "right", "name": "right", "values": case["right"]}}
    for name, document in (("t.json", test), ("left.json", left), ("right.json", right)):
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    for sets in ((case["left"]["id"], "right"), ("left.json", "right.json")):
        loaded = load(["t.json"], Options(variable_files=sets), cwd=tmp_path, environment={})
        assert not has_errors(loaded.diagnostics), render_all(loaded.diagnostics)
        assert dict(loaded.plans[0].variables) == case["expected_values"]


@pytest.mark.parametrize("case", cases("required_gates"), ids=lambda case: case["id"])
def test_required_gates(case: dict[str, Any]) -> None:
    """Every gate that fails is listed once; only a required one takes the pass away."""
    found = case.get("linter_result")
    analysis = (
        Analysis(passed=found["passed"], score=found["score"], minimum_score=found["minimumScore"]) if found else None
    )
    failed = case.get("failures") or failures(specs_passed=case.get("all_assertions_passed", True), analysis=analysis)
    weighed = weigh(case["required"], failed)
    expected = case["expected"]
    assert list(weighed.required) == case["required"]
    assert weighed.passed is expected["passed"]
    if "failed" in expected:
        assert list(weighed.failed) == expected["failed"]
    if "linter_result" in case or "all_assertions_passed" in case:
        _assert_case_has_gates(case, analysis)


def _assert_case_has_gates(case: dict[str, Any], analysis: Analysis | None) -> None:
    """A case's result tells of its required gates what the arithmetic says."""
    good = case.get("all_assertions_passed", True)
    check = CheckResult(kind="spec", text="1 = 1", outcome=Outcome.PASSED if good else Outcome.FAILED)
    result = CaseResult(name="t", path="t.yaml", outcome=check.outcome, checks=(check,))
    judged = with_gates(result, case["required"], analysis)
    assert [gate.name for gate in judged.gates if not gate.passed] == [
        name for name in case["required"] if name in case["expected"]["failed"]
    ]
    passed = case["expected"]["passed"] and good
    assert judged.outcome is (Outcome.PASSED if passed else Outcome.FAILED)


@pytest.mark.parametrize("case", cases("required_gates"), ids=lambda case: case["id"])
def test_required_gates_of_a_file(case: dict[str, Any], tmp_path: Path) -> None:
    """A TestRunner requires gates; one of the analyzer is refused while nothing analyzes, never passed."""
    (tmp_path / ".git").mkdir()
    test = {"type": "Test", "spec": step("t", "http://127.0.0.1:9")}
    runner = {"type": "TestRunner", "spec": {"id": "current", "name": "r", "requiredGates": case["required"]}}
    for name, document in (("t.json", test), ("r.json", runner)):
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    loaded = load(["."], Options(), cwd=tmp_path, environment={})
    analyzer = [gate for gate in case["required"] if gate.startswith("analyzer-")]
    assert [fault.code for fault in loaded.diagnostics if fault.code == "no-analyzer"] == ["no-analyzer"] * len(
        analyzer
    )
    if not analyzer:
        assert loaded.plans[0].gates == tuple(case["required"])

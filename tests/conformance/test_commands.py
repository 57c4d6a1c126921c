"""The reference's commands: the same words, and its exit codes by the table of ours."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from spanspec.cli.main import main
from tests.conformance.folder import cases
from tests.triggers.echo import echo

CODES = {
    0: ({0}, "all passed"),
    1: ({2, 3}, "any other error: a usage or definition fault, or one of the world"),
    2: ({1, 3}, "a run did not pass: a check failed, or the trigger had an error"),
    3: ({2}, "the file does not exist: a usage fault"),
}
"""The reference's exit code, the ones that it becomes (docs/reference/exit-codes.md; row 71), and why."""

NAMES = ("It should add a Pokemon correctly", "It should save the correct data", "It should Get Pokemons correctly")
COMMANDS = [case for case in cases("cli") if "command" in case and not re.search("grpc|kafka", case["command"])]


def a_test(name: str, url: str, **more: Any) -> dict[str, Any]:
    """A test of the reference with the specs that the recorded outputs name."""
    specs = [
        {"name": title, "selector": "span[name = \"Tracetest trigger\"]", "assertions": ["attr:tracetest.response.status = 200"]}
        for title in NAMES
    ]  # fmt: skip
    request = {"url": url, "method": "GET"}
    spec = {
        "name": name,
        "trigger": {"type": "http", "httpRequest": request},
        "skipTraceCollection": True,
        "specs": specs,
    }
    return {"type": "Test", "spec": {**spec, **more}}


def written(folder: Path, url: str) -> None:
    """The files that the recorded commands name, with the same roles."""
    values = [{"key": "POKEMON_NAME", "value": "snorlax"}, {"key": "POKEMON_URL", "value": url}]
    suite = {"name": "TestSuite To Run", "steps": ["./pokeshop-add.json", "./pokeshop-get.json"]}
    documents = {
        "import.yaml": a_test("import", "http://127.0.0.1:9/"),
        "http-trigger-with-environment-file.yaml": a_test("add", "${var:POKEMON_URL}/${var:POKEMON_NAME}"),
        "variableSet-file.yaml": {"type": "VariableSet", "spec": {"id": "pokeapi-env", "name": "v", "values": values}},
        "pokeshop-add.json": a_test("Pokeshop - Add", url),
        "pokeshop-get.json": a_test("Pokeshop - Get", url),
        "testsuite-to-run.yaml": {"type": "TestSuite", "spec": suite},
        "legacy-transaction.yaml": {"type": "Transaction", "spec": {**suite, "name": "New Transaction"}},
    }
    (folder / ".git").mkdir()
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case["id"])
def test_commands(case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files, suites and variable sets are run by the same words, and end with the exit code that ours has for it."""
    words = shlex.split(re.sub(r"<resources/([\w.-]+)[^>]*>", r"\1", case["command"]))
    failing = case["expected_exit_code"] == 2
    with echo(status=500 if failing else 200) as server:
        written(tmp_path, server.url)
        with contextlib.chdir(tmp_path):
            code = main([*words, "-v", "--report", "json=run.json"])
    captured = capsys.readouterr()
    assert code in CODES[case["expected_exit_code"]][0], captured.out + captured.err
    if code == 0:
        shown = captured.out + (tmp_path / "run.json").read_text(encoding="utf-8")
        assert not [said for said in case["stdout_contains"] if said.removeprefix("✔ ") not in shown]

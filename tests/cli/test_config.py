"""`config`, `schema`, and what is asked for on a terminal."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from spanspec.cli._prompt import load_asking, somebody_there
from spanspec.cli.main import main
from spanspec.definition.effective import effective
from spanspec.definition.plan import Options

FILES = {
    ".git/HEAD": "",
    "spanspec.yaml": "endpoint: http://outer\nvars: { A: 1, API_TOKEN: abcd }\nsettle: { quiet: 100ms }\njobs: auto\n",
    "in/spanspec.yaml": "endpoint: http://inner\nstores: { h: { type: honeycomb } }\nlinger: auto\n",
    "in/t.yaml": "trigger: { http: { url: / } }\nexpect: [ no_errors() ]\nsettle: { timeout: 7s }\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with settings in two folders, and a test."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_each_value_has_its_origin(folder: Path) -> None:
    """Inner wins over outer, the test over both, a variable over all; what nobody said is built in; secrets are masked."""
    lines, faults = effective("in/t.yaml", cwd=folder, environment={"SPANSPEC_SETTLE_PATIENCE": "9s"})
    assert not faults
    found = {line.key: (line.value, line.origin) for line in lines}
    assert found["endpoint"] == ("http://inner", "in/spanspec.yaml:1")
    assert found["settle.quiet"] == ("100ms", "spanspec.yaml:3")
    assert found["settle.timeout"] == ("7s", "in/t.yaml:3")
    assert found["settle.patience"] == ("9s", "SPANSPEC_SETTLE_PATIENCE")
    assert found["timeout"] == ("60s", "built in")
    assert found["stores.h"] == ("embedded", "in/spanspec.yaml:2")
    assert (found["jobs"], found["linger"]) == (("auto", "spanspec.yaml:4"), ("auto", "in/spanspec.yaml:3"))
    assert (found["vars.A"], found["vars.API_TOKEN"]) == ((1, "spanspec.yaml:2"), ("***", "spanspec.yaml:2"))
    assert effective(".", cwd=folder, environment={})[0] != lines


def test_config_prints_for_people_and_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text has three columns, JSON a value and an origin; a fault in a file is exit code 2."""
    with contextlib.chdir(folder):
        assert main(["config"]) == 0
        assert "endpoint" in capsys.readouterr().out
        assert main(["config", "in", "-o", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["endpoint"]["value"] == "http://inner"
        assert main(["config", "nowhere"]) == 2
        Path("spanspec.yaml").write_text("jobs: none\n")
        assert main(["config"]) == 2
        assert "spanspec.yaml:1:7" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["definitions", "settings"])
def test_schema_is_json(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each schema is printed as JSON."""
    assert main(["schema", what]) == 0
    assert "2020-12" in json.loads(capsys.readouterr().out)["$schema"]


def test_missing_variables_are_asked_for(folder: Path) -> None:
    """Each missing variable is asked for once, a secret hidden; with another fault nobody is asked."""
    (folder / "m.yaml").write_text(
        "trigger: { http: { url: 'http://h/${var:A}/${var:B}/${var:B}/${var:MY_PASSWORD}' } }\nexpect: [ no_errors() ]\n"
    )
    asked: list[tuple[str, bool]] = []

    def ask(name: str, hidden: bool) -> str:
        asked.append((name, hidden))
        return f"<{name}>"

    loaded = load_asking(["m.yaml"], Options(), cwd=folder, environment={}, ask=ask)
    assert asked == [("B", False), ("MY_PASSWORD", True)]
    assert loaded.plans[0].variables["B"] == "<B>"
    (folder / "n.yaml").write_text("trigger: { http: { url: '${var:B}' } }\nexpct: []\n")
    assert load_asking(["n.yaml"], Options(), cwd=folder, environment={}, ask=ask).missing == ("B",)
    assert len(asked) == 2


def test_nobody_is_asked_in_ci() -> None:
    """Where `CI` is set nobody can answer, terminal or not."""
    assert not somebody_there({"CI": "true"})

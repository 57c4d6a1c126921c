"""The action for GitHub: true to the schema, its inputs used and described, and its steps run as a runner runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.ci.commands import schema
from tests.cli.service import Service
from tests.docs.pages import ROOT

TEXT = (ROOT / "action.yml").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load(TEXT)
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}
TEST = """\
settle: { export_delay: 20ms, quiet: 100ms, patience: 300ms }
trigger: { http: { url: /order } }
expect:
  - exactly 1 span[name = "GET /"]
"""


def test_the_action_keeps_to_its_schema() -> None:
    """The metadata is what GitHub takes."""
    jsonschema.Draft7Validator(schema("github-actions")).validate(ACTION)


def test_inputs_and_outputs_are_described_and_used() -> None:
    """Each is described, each input is read, and none is read that does not exist."""
    for each in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert len(each["description"]) > 20
    assert set(re.findall(r"inputs\.([\w-]+)", TEXT)) == set(ACTION["inputs"])
    page = (ROOT / "docs/guides/ci.md").read_text(encoding="utf-8")
    assert not [name for name in (*ACTION["inputs"], *ACTION["outputs"]) if f"`{name}`" not in page]


def test_no_input_stands_in_a_script() -> None:
    """Inputs reach scripts by the environment alone: a text in them cannot become a command."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


class Runner:
    """A runner's folder, files and variables, and the steps of the action in it."""

    def __init__(self, folder: Path) -> None:
        self.work, self.temp = folder / "work", folder / "temp"
        for each in (self.work, self.temp):
            each.mkdir()
        self.files = {name: self.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for path in self.files.values():
            path.touch()

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step with these inputs, the others by default."""
        given = {key: str(each.get("default", "")) for key, each in ACTION["inputs"].items()} | inputs
        step = STEPS[name]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "SPANSPEC_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "shop/shop", "GITHUB_RUN_ID": "42", "GITHUB_SHA": "ab" * 20,
            "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(self.temp),
            **{key: str(path) for key, path in self.files.items()},
            **{key: given[re.findall(r"inputs\.([\w-]+)", text)[0]] for key, text in step["env"].items()},
        }  # fmt: skip
        return subprocess.run(
            ["bash", "-c", step["run"]], cwd=self.work, env=environment, capture_output=True, text=True, timeout=60
        )

    def outputs(self) -> dict[str, str]:
        """What the steps have put out."""
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with one test in its work folder."""
    made = Runner(tmp_path)
    (made.work / "a test.yaml").write_text(TEST)
    return made


def arguments(port: int) -> str:
    """Options as a user writes them, a quoted one with a blank among them."""
    return f"--receiver 127.0.0.1:{port} --linger 0 --var 'NAME=two words'"


def test_a_green_run(runner: Runner, port: int, service: Service) -> None:
    """Exit code 0, a summary, a notice, and the reports in their folder; a path may have blanks."""
    done = runner.step("Run trace-based tests", paths="a test.yaml", endpoint=service.url, arguments=arguments(port))
    assert done.returncode == 0, done.stderr
    assert runner.outputs() == {
        "json": "spanspec-reports/run.json", "junit": "spanspec-reports/junit.xml",
        "sarif": "spanspec-reports/run.sarif", "exit-code": "0",
    }  # fmt: skip
    assert all((runner.work / path).is_file() for key, path in runner.outputs().items() if key != "exit-code")
    assert runner.files["GITHUB_STEP_SUMMARY"].read_text().startswith("## ✔ 1 test: 1 passed")
    assert "::notice title=spanspec::" in done.stdout


def test_a_red_run(runner: Runner, port: int, service: Service) -> None:
    """The step fails with the code of spanspec; annotations stand at the line, and lead to the summary of the build."""
    path = runner.work / "a test.yaml"
    path.write_text(path.read_text().replace("exactly 1", "exactly 2"))
    done = runner.step("Run trace-based tests", paths="a test.yaml", endpoint=service.url, arguments=arguments(port))
    assert done.returncode == 1
    assert runner.outputs()["exit-code"] == "1"
    (error,) = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert error.startswith("::error file=a test.yaml,line=4,")
    assert error.endswith("drawn in the summary at https://github.com/shop/shop/actions/runs/42")
    build = json.loads((runner.work / "spanspec-reports/run.json").read_text())["build"]
    assert build["provider"] == "GitHub Actions"
    assert "| a test | tiny |" in runner.files["GITHUB_STEP_SUMMARY"].read_text()


def test_summary_and_annotations_can_be_switched_off(runner: Runner, port: int, service: Service) -> None:
    """Neither is written where the input says false."""
    done = runner.step(
        "Run trace-based tests",
        endpoint=service.url, arguments=arguments(port), summary="false", annotations="false", reports="out/put",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not runner.files["GITHUB_STEP_SUMMARY"].read_text()
    assert "::" not in done.stdout
    assert (runner.work / "out/put/run.json").is_file()


def test_no_input_becomes_a_command(runner: Runner, port: int, service: Service) -> None:
    """What would be run by a shell is a path or a word like any other."""
    for inputs in ({"paths": "$(touch owned)"}, {"arguments": "`touch owned` ; touch owned"}):
        done = runner.step("Run trace-based tests", endpoint=service.url, **inputs)
        assert done.returncode == 2
        assert not (runner.work / "owned").exists()


def test_it_installs_what_it_is_told(runner: Runner, tmp_path: Path) -> None:
    """The package goes into an environment of its own, whose programs are put on the path of later steps."""
    source = tmp_path / "package"
    source.mkdir()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "standin"\nversion = "1"\n[project.scripts]\nstandin = "standin:main"\n'
    )
    (source / "standin.py").write_text("def main() -> None:\n    print('here')\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, source],
        check=True, timeout=60,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    done = runner.step("Install spanspec", package=str(wheel))
    assert done.returncode == 0, done.stderr
    folder = runner.files["GITHUB_PATH"].read_text().strip()
    assert subprocess.run([f"{folder}/standin"], capture_output=True, text=True, check=True).stdout == "here\n"


def test_without_a_package_spanspec_must_be_there(runner: Runner) -> None:
    """What is on the path is used as it is, and nothing is added to it."""
    assert runner.step("Install spanspec", package="").returncode == 0
    assert not runner.files["GITHUB_PATH"].read_text()

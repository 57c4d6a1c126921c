"""A member of a family is one file: in a distribution of its own, found by entry point, or dropped among the built-in ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

from tests.docs.pages import ROOT

PLUGGED = Path(__file__).parent / "plugged"
DEFINITION = """
name: a mail is queued
vars: { WHO: ada }
trigger:
  jobs:
    queue: ./queue
    name: "mail-${var:WHO}"
    payload: { to: "${var:WHO}", copies: 2 }
    token: "${env:QUEUE_TOKEN}"
    propagate: [w3c, b3]
expect:
  - response:position = 0
skipTraceCollection: true
"""


def python(code: str, *paths: Path, cwd: Path | None = None) -> str:
    """What a Python of its own prints, with these folders on its path."""
    path = os.pathsep.join(map(str, paths))
    environment = {**os.environ, "PYTHONPATH": path, "QUEUE_TOKEN": "s3cret-token"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=cwd, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def main(*arguments: str) -> str:
    """Code that runs our command line."""
    return f"from spanspec.cli.main import main\nraise SystemExit(main({list(arguments)!r}))"


def project(folder: Path, text: str = DEFINITION) -> Path:
    """A folder with a queue and a definition."""
    (folder / "queue").mkdir()
    path = folder / "mail.yaml"
    path.write_text(text)
    return path


def test_a_trigger_of_another_distribution_runs_by_its_name(tmp_path: Path) -> None:
    """Templates, structures, paths and propagation work as in a built-in one."""
    project(tmp_path)
    python(main("run", "mail.yaml"), PLUGGED, cwd=tmp_path)
    job = json.loads((tmp_path / "queue" / "0.json").read_text())
    headers = dict(map(tuple, job["headers"]))
    assert (job["name"], job["payload"]) == ("mail-ada", '{"to": "ada", "copies": 2}')
    assert headers["content-type"] == "application/json"
    assert headers["b3"].split("-")[:2] == headers["traceparent"].split("-")[1:3]


def test_other_spellings_of_its_block_are_its_own(tmp_path: Path) -> None:
    """`type:` with the key that the class names, as files of the reference have it."""
    text = DEFINITION.replace("  jobs:\n", "  type: jobs\n  jobRequest:\n")
    project(tmp_path, text)
    python(main("run", "mail.yaml"), PLUGGED, cwd=tmp_path)
    (tmp_path / "queue" / "0.json").unlink()
    (tmp_path / "mail.yaml").write_text(DEFINITION.replace("  jobs:\n", "  jobRequest:\n"))
    python(main("run", "mail.yaml"), PLUGGED, cwd=tmp_path)
    assert (tmp_path / "queue" / "0.json").exists()


def test_its_faults_are_told_in_the_user_s_file(tmp_path: Path) -> None:
    """Unknown keys with their near miss, in groups too; a file that is not there; an answer that it does not give."""
    text = DEFINITION.replace("./queue", "./quoue").replace("    token:", "    retry: { time: 1 }\n    token:")
    project(tmp_path, text.replace("response:position", "response:positoin"))
    code = "import sys\nfrom spanspec.cli.main import main\ncode = main(['lint', 'mail.yaml'])\nsys.stderr.flush()\nassert code == 2"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PLUGGED), "QUEUE_TOKEN": "x"},
        check=True,
    )
    assert re.findall(r"error\[([\w-]+)\]", done.stderr) == ["no-file", "unknown-key", "unknown-field"]
    for near in ("queue", "times", "position"):
        assert f'did you mean "{near}"' in done.stderr


def test_a_dry_run_shows_its_own_command_line(tmp_path: Path) -> None:
    """With the secret masked, and nothing written."""
    project(tmp_path)
    shown = python(main("run", "mail.yaml", "--dry-run"), PLUGGED, cwd=tmp_path)
    assert "jobs put mail-ada --traceparent 00-" in shown
    assert "--token ***" in shown
    assert not list((tmp_path / "queue").iterdir())


def test_a_store_of_another_distribution_is_found(tmp_path: Path) -> None:
    """By the family, under its entry point's name."""
    code = "from spanspec.stores.base import STORES\nprint(STORES.load('jobs')().link('ab'), 'jobs' in STORES.names())"
    assert python(code, PLUGGED).split() == ["https://jobs.test/ab", "True"]


def test_its_reference_page_is_made_by_the_same_generator() -> None:
    """Keys, groups, other spellings and answers."""
    page = python("from scripts.reference import trigger_page\nprint('\\n'.join(trigger_page('jobs')))", PLUGGED, ROOT)
    assert "| `queue` | required | The queue's folder. |" in page
    assert "### `retry`" in page
    assert "| `times` | `0` | Tries after the first. |" in page
    assert "`jobRequest`" in page
    assert "| `response:position` | Its place in the queue. |" in page


def test_what_is_installed_is_what_its_project_says() -> None:
    """The metadata on the path and pyproject.toml name the same entry points."""
    said = tomllib.loads((PLUGGED / "pyproject.toml").read_text())["project"]["entry-points"]
    installed = ConfigParser()
    installed.read(PLUGGED / "spanspec_jobs-1.0.dist-info" / "entry_points.txt")
    assert {group: dict(installed[group]) for group in installed.sections()} == said


def test_a_file_dropped_into_the_family_s_folder_is_a_member(tmp_path: Path) -> None:
    """Nothing else is touched: it runs, is in the schema, and has a page."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "src" / "spanspec", source / "spanspec", ignore=shutil.ignore_patterns("__pycache__"))
    dropped = (PLUGGED / "spanspec_jobs" / "trigger.py").read_text().replace('kind="jobs"', 'kind="dropped"')
    (source / "spanspec" / "triggers" / "dropped.py").write_text(dropped)
    project(tmp_path, DEFINITION.replace("jobs:", "dropped:"))
    python(main("run", "mail.yaml"), source, cwd=tmp_path)
    assert (tmp_path / "queue" / "0.json").exists()
    code = (
        "from spanspec.definition.schema import of_definitions\nfrom scripts.reference import trigger_page\n"
        "print('dropped' in str(of_definitions()), 'Puts one job' in chr(10).join(trigger_page('dropped')))"
    )
    assert python(code, source, ROOT).split() == ["True", "True"]

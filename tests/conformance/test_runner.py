"""The runner itself, on folders of our own: what is wrong is told, and nothing is passed over in silence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conformance.folder import ROOT


def run(folder: Path, files: dict[str, Any]) -> tuple[int, str]:
    """The runner's exit code and output on a folder with these files."""
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance/test_language.py"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "SPANSPEC_CONFORMANCE": str(folder)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def statement(case_id: str, query: str, outcome: str, tags: list[str] | None = None) -> dict[str, Any]:
    """A recorded statement without stores."""
    expected = {"outcome": outcome}
    return {"id": case_id, "mode": "statement", "query": query, "stores": {}, "tags": tags or [], "expected": expected}


def test_what_holds_and_what_does_not_is_counted(tmp_path: Path) -> None:
    """A case that does not hold fails the run under its name; the summary counts those of each file and mode."""
    good, bad = statement("right", "1 = 1", "ok"), statement("wrong", "1 = 2", "ok")
    code, out = run(tmp_path, {"recorded/statements": {"cases": [good, bad]}})
    assert code == 1
    assert "recorded/statements::wrong" in out
    assert "recorded/statements compat: 1 of 2 held" in out
    assert "recorded/statements default: 1 of 2 held" in out


def test_a_file_of_an_unknown_kind_is_told(tmp_path: Path) -> None:
    """A file that no module replays fails the run."""
    code, out = run(tmp_path, {"recorded/novelties": {"cases": []}})
    assert code == 1
    assert "replays recorded/novelties" in out


def test_an_unknown_tag_is_told(tmp_path: Path) -> None:
    """A tag that no row has is named, with its case; one that a row has is not."""
    cases = [
        statement("new", '"a" = "b"', "no_match", ["bug:never-heard-of"]),
        statement("old", "1 = 1.0", "no_match", ["bug:number-equality-is-textual"]),
    ]
    code, out = run(tmp_path, {"recorded/statements": {"cases": cases}})
    assert code == 0, out
    assert "unknown tag: recorded/statements::new never-heard-of" in out
    assert "number-equality" not in out


def test_an_untagged_difference_fails(tmp_path: Path) -> None:
    """A verdict that differs by default without a row that says why is a fault of ours."""
    code, out = run(tmp_path, {"recorded/statements": {"cases": [statement("silent", "1 = 1.0", "no_match")]}})
    assert code == 1
    assert "test_by_default[recorded/statements::silent]" in out
    assert "recorded/statements compat: 1 of 1 held" in out

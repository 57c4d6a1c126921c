"""What a user sees: for each `x.yaml` the exact text in `x.err`. `SPANSPEC_ACCEPT=1` writes the texts anew.

The files in a folder `x.files` lie beside the definition while it is read.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.source.codes import CODES
from spanspec.source.render import render_all

HERE = Path(__file__).parent
PAIRS = sorted(HERE.glob("*.yaml"))


@pytest.mark.parametrize("definition", PAIRS, ids=[path.stem for path in PAIRS])
def test_the_user_sees_exactly_this(definition: Path, tmp_path: Path) -> None:
    """Loading the file tells all of its faults, each with its place, in the words of the expected text."""
    beside = definition.with_suffix(".files")
    if beside.is_dir():
        shutil.copytree(beside, tmp_path, dirs_exist_ok=True)
    shutil.copy(definition, tmp_path)
    loaded = load([definition.name], Options(), cwd=tmp_path, environment={"HOSTS": "h"})
    shown = render_all(loaded.diagnostics) + "\n"
    expected = definition.with_suffix(".err")
    if os.environ.get("SPANSPEC_ACCEPT"):
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")
    assert loaded.diagnostics
    assert {fault.code for fault in loaded.diagnostics} <= set(CODES)

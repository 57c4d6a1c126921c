"""Where the conformance cases lie: a folder outside the repository, named by `SPANSPEC_CONFORMANCE`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADVICE = "set SPANSPEC_CONFORMANCE to the folder of conformance cases"
PROPERTY = "conformance"
UNKNOWN_TAG = "conformance-unknown-tag"


def folder() -> Path:
    """The folder with the cases, whether it exists or not."""
    return Path(os.environ.get("SPANSPEC_CONFORMANCE") or ROOT.parent / "shared" / "conformance")


def files() -> list[str]:
    """The JSON files in the folder and in `recorded` below it, by path and without suffix."""
    base = folder()
    found = [*base.glob("*.json"), *base.glob("recorded/*.json")]
    return sorted(path.relative_to(base).with_suffix("").as_posix() for path in found)


def load(name: str) -> Any:
    """The content of `<name>.json`."""
    return json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))


def document(name: str) -> Any:
    """The content of `<name>.json`; skips the calling module where the file is absent."""
    path = folder() / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"no {path}: {ADVICE}", allow_module_level=True)
    return load(name)


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of `<name>.json`: the document itself when it is a list, else its `cases`."""
    content = document(name)
    return content if isinstance(content, list) else content["cases"]

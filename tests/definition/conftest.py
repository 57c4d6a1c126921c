"""Loading files that a test writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options

Loads = Callable[..., Loaded]


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    """Writes files into a repository of its own and loads paths in it."""
    (tmp_path / ".git").mkdir()

    def do(
        files: Mapping[str, str],
        *paths: str,
        options: Options | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: str = ".",
    ) -> Loaded:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load(paths, options or Options(), cwd=tmp_path / cwd, environment=environment or {})

    return do

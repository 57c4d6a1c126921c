"""What every importer's tests share: a definition is written, read back and planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options
from spanspec.importing.drafts import Imported, file_names
from spanspec.source.render import render_all


def planned(found: Imported, folder: Path) -> Loaded:
    """Write the drafts into a folder and load it, with the variables that are needed set; fails on any diagnostic."""
    for name, draft in zip(file_names(found.drafts), found.drafts, strict=True):
        (folder / name).write_text(draft.text(), encoding="utf-8")
    loaded = load(["."], Options(checking=True), cwd=folder, environment=dict.fromkeys(found.needed, "set"))
    texts = "\n---\n".join(draft.text() for draft in found.drafts)
    if loaded.diagnostics:
        pytest.fail(f"{render_all(loaded.diagnostics)}\n{texts}")
    assert len(loaded.plans) == len(found.drafts)
    return loaded


def text_of(found: Imported) -> str:
    """All definitions and all that is told, for looking for what must not be in them."""
    return "\n".join([*(draft.text() for draft in found.drafts), *found.notes, *found.needed, *found.needed.values()])

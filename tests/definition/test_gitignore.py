"""What git ignores."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanspec.definition.gitignore import Ignores


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("*.yaml", "a/b.yaml", True),
        ("/b.yaml", "a/b.yaml", False),
        ("/b.yaml", "b.yaml", True),
        ("a/b.yaml", "a/b.yaml", True),
        ("b.yaml", "a/c/b.yaml", True),
        ("**/c/b.yaml", "a/c/b.yaml", True),
        ("a/**", "a/c/b.yaml", True),
        ("a/**/b.yaml", "a/b.yaml", True),
        ("*.yaml\n!b.yaml", "a/b.yaml", False),
        ("# b.yaml", "b.yaml", False),
        ("b.yaml/", "b.yaml", False),
        ("b.?aml", "b.yaml", True),
        ("b.[xy]aml", "b.yaml", True),
        ("b.[!xy]aml", "b.yaml", False),
        ("\\#b.yaml", "#b.yaml", True),
        ("b.yaml   ", "b.yaml", True),
        ("[", "b.yaml", False),
    ],
)
def test_patterns(patterns: str, path: str, ignored: bool, tmp_path: Path) -> None:
    """A line matches as gitignore(5) says; the last that matches decides."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text(patterns)
    assert Ignores().ignored(tmp_path / path, folder=False) is ignored


def test_inner_files_override_outer_ones(tmp_path: Path) -> None:
    """A `.gitignore` nearer to the file has the last word."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / ".gitignore").write_text("*.yaml")
    (tmp_path / "a" / ".gitignore").write_text("!keep.yaml")
    assert not Ignores().ignored(tmp_path / "a" / "keep.yaml", folder=False)
    assert Ignores().ignored(tmp_path / "a" / "other.yaml", folder=False)


def test_nothing_is_ignored_outside_of_a_repository(tmp_path: Path) -> None:
    """Without a `.git` above, `.gitignore` files mean nothing."""
    (tmp_path / ".gitignore").write_text("*")
    assert not Ignores().ignored(tmp_path / "a.yaml", folder=False)

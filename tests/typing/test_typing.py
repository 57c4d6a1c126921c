"""Users' code type-checks, strictly, against the package as installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.timeout(300)
def test_a_users_file_type_checks_strictly(tmp_path: Path) -> None:
    """Public names have the types that the pages say, and what is wrong is refused (an unused `ignore` is an error)."""
    sample = tmp_path / "sample.py"
    sample.write_text((HERE / "sample.py").read_text(encoding="utf-8"), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--warn-unused-ignores",
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    done = subprocess.run([*command, str(sample)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_says_that_it_is_typed() -> None:
    """`py.typed` is in it (PEP 561)."""
    import spanspec

    assert (Path(spanspec.__file__).parent / "py.typed").exists()

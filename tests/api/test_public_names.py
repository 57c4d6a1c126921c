"""The public names, and the page that lists them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import spanspec

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "python.md").read_text(encoding="utf-8")


def test_every_public_name_is_there_and_on_the_page() -> None:
    """`__all__` is sorted, each of it can be had, and the page has each in code, with no other."""
    assert spanspec.__all__ == sorted(spanspec.__all__)
    for name in spanspec.__all__:
        assert getattr(spanspec, name) is not None
    assert set(dir(spanspec)) == {*spanspec.__all__, "__version__"}
    named = set(re.findall(r"`spanspec\.([A-Za-z_]\w*)", PAGE)) - {"testing", "language", "ext", "yaml"}
    assert named == set(spanspec.__all__)


def test_values_import_nothing_that_listens_or_reads_files() -> None:
    """A test that only looks at a trace does not pay for servers, YAML or pydantic."""
    code = (
        "import sys; from spanspec import Trace, ms, check; from spanspec.testing import trace, span\n"
        "check(Trace(trace(span('x'))), 'some span')\n"
        "print(*[name for name in ('grpc', 'uvicorn', 'pydantic', 'yaml', 'httpx2', 'click') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

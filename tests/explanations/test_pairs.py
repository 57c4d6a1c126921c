"""What a failure says: for each `x.yaml` judged on the trace `x.json`, the exact text in `x.err`.

`SPANSPEC_ACCEPT=1` writes the texts anew, also those on the page that shows them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
from pathlib import Path

import pytest

from spanspec.cli.main import main
from tests.explanations.scenes import HERE, SCENES, written

PAGE = Path(__file__).parents[2] / "docs" / "explanations" / "what-a-failure-says.md"
PAIRS = sorted(HERE.glob("*.yaml"))
NAMES = [path.stem for path in PAIRS]


@pytest.mark.parametrize("definition", PAIRS, ids=NAMES)
def test_the_terminal_prints_exactly_this(definition: Path, tmp_path: Path) -> None:
    """A failed check answers which service, what and why, in these words."""
    shown = _printed(definition, tmp_path)
    expected = definition.with_suffix(".err")
    if os.environ.get("SPANSPEC_ACCEPT"):
        expected.write_text(shown, encoding="utf-8")
        PAGE.write_text(_filled(PAGE.read_text(encoding="utf-8"), definition, shown), encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("definition", PAIRS, ids=NAMES)
def test_the_page_shows_it(definition: Path) -> None:
    """The page has the definition and the text as they are here."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == _filled(page, definition, definition.with_suffix(".err").read_text(encoding="utf-8"))
    assert f"<!-- {definition.stem} -->" in page


@pytest.mark.parametrize("name", sorted(SCENES))
def test_the_traces_are_the_scenes(name: str) -> None:
    """Each recorded trace is what its scene writes."""
    assert (HERE / f"{name}.json").read_text(encoding="utf-8") == written(name)


def _printed(definition: Path, folder: Path) -> str:
    shutil.copy(definition, folder)
    shutil.copy(definition.with_suffix(".json"), folder)
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(["run", definition.name, "--trace", f"{definition.stem}.json"])
    assert code == 1, out.getvalue()
    lines = [line.rstrip() for line in out.getvalue().splitlines() if not line.startswith("see more:")]
    return re.sub(r"\b\d+\.\d\ds", "0.00s", "\n".join(lines)) + "\n"


def _filled(page: str, definition: Path, shown: str) -> str:
    """The page with the blocks of one pair as the files have them."""
    name = definition.stem
    blocks = (
        f"<!-- {name} -->\n\n```yaml\n{definition.read_text(encoding='utf-8')}```\n\n"
        f"```console exit=1\n$ spanspec run {name}.yaml --trace {name}.json\n{shown}```\n"
    )
    return re.sub(
        rf"<!-- {name} -->\n(?:\n```yaml\n.*?```\n\n```console exit=1\n.*?```\n)?",
        lambda _: blocks,
        page,
        flags=re.DOTALL,
    )

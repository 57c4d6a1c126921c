"""The failure on the front page is what a run prints; `tests/examples/test_readme.py` holds it against the running shop."""

from __future__ import annotations

import contextlib
import io
import re

from spanspec.cli.main import main
from spanspec.definition.trigger import LATER_KINDS
from spanspec.reports.base import REPORTS
from spanspec.triggers.base import TRIGGERS
from tests.docs.pages import ROOT, Block, blocks, shown_pattern

README = ROOT / "README.md"
TRACE = "examples/article/traces/checkout-duplicate-shipping.json"


def failure() -> Block:
    """The block of the front page that shows a failed run."""
    return next(block for block in blocks(README) if "FAULT=duplicate-shipping" in block.text)


def shown_check() -> str:
    """What it shows of the failed check: title, place, excerpt, expected and actual."""
    found = re.search(r"^  ✘ .*?^    actual [^\n]*$", failure().text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[0]


def test_the_failed_check_reads_as_shown() -> None:
    """On a recorded trace with the same fault, the check fails in the words of the front page."""
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(["run", "examples/shop/tests/checkout.yaml", "--var", "FAULT=duplicate-shipping", "--trace", TRACE])
    assert code != 0
    assert shown_pattern(shown_check()).search(out.getvalue()), out.getvalue()


def test_what_it_is_and_a_failure_come_first() -> None:
    """Within the first lines a reader learns what it is, and sees a test and its failure."""
    lines = README.read_text(encoding="utf-8").splitlines()
    assert "OpenTelemetry" in lines[2]
    assert failure().line < 25


def test_every_fault_of_the_shop_has_its_check() -> None:
    """The table of what is caught quotes the statements of the shop's own tests, one for each fault."""
    table = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    tests = re.sub(r"\s+", " ", (ROOT / "examples/shop/tests/checkout.yaml").read_text(encoding="utf-8"))
    assert len(table) == 6
    assert not [statement for statement in table if statement not in tests]


def test_what_is_not_there_yet_is_said_truly() -> None:
    """The pages name the built-in triggers and reports as there, and the known others as not there yet."""
    text = README.read_text(encoding="utf-8")
    triggers, reports = (_row(text, name) for name in ("trigger", "reports"))
    assert {each.lower() for each in triggers.partition(".")[0].split(", ")} == set(TRIGGERS.built_in())
    assert {each.lower() for each in reports.partition(".")[0].split(", ")} == set(REPORTS.built_in())
    moving = (ROOT / "docs/guides/migrate-from-tracetest.md").read_text(encoding="utf-8")
    later = next(line for line in moving.splitlines() if line.startswith("| triggers `"))
    assert set(re.findall(r"`(\w+)`", later)) <= set(LATER_KINDS)


def _row(text: str, name: str) -> str:
    found = re.search(rf"^\| {name} \| ([^|]+) \|$", text, re.MULTILINE)
    assert found is not None
    return found[1].strip()

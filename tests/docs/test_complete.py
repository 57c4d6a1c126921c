"""What exists is documented: reports, stores, events of lines."""

from __future__ import annotations

import json

import pytest

from spanspec.reports import ndjson
from spanspec.reports.base import REPORTS
from spanspec.stores.base import STORES
from tests.docs.pages import ROOT, in_code, section
from tests.results.example import EVERYTHING

REFERENCE = ROOT / "docs" / "reference"
REPORTS_PAGE = REFERENCE / "reports.md"
WITHOUT_A_PAGE = {"memory", "file"}
"""Stores that nobody names in a file: the receiver's own, and what `--trace FILE` reads."""


@pytest.mark.parametrize("name", REPORTS.built_in())
def test_every_report_has_a_section(name: str) -> None:
    """The page on reports says of each what it is for, in its table and in a section of its own."""
    assert len(section(REPORTS_PAGE, f"## `{name}`")) > 40, f"reports.md has no section `{name}`"
    assert f"| [`{name}`](#{name}) |" in REPORTS_PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(STORES.built_in()) - WITHOUT_A_PAGE))
def test_every_store_has_a_page(name: str) -> None:
    """Each store that a file can name has a page of the reference."""
    assert (REFERENCE / "stores" / f"{name}.md").exists(), f"the store {name} has no page"


def test_every_event_of_the_lines_is_documented() -> None:
    """The table of events names each event and each key that is not one of a case's result."""
    named = in_code(section(REPORTS_PAGE, "## `ndjson`"))
    lines = [json.loads(line) for line in ndjson.Report().render(EVERYTHING).splitlines()]
    assert {line["event"] for line in lines} <= named
    assert not [key for line in (lines[0], lines[-1]) for key in line if key not in named]
    assert {"index", "title", "spans", "faults", *lines[2]["faults"][0]} <= named

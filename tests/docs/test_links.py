"""Links between pages lead somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_internal_links_resolve(page: Path) -> None:
    """Each link to a page or heading of the project finds it."""
    broken = [
        target
        for target in links(page)
        if not target.startswith(("http://", "https://", "mailto:")) and not _leads(page, target)
    ]
    assert not broken


def _leads(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    if not found.exists():
        return False
    return not anchor or anchor in anchors(found)


def test_every_page_is_in_the_index() -> None:
    """The documentation's front page links to each other page."""
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert {page for page in pages() if page.is_relative_to(ROOT / "docs")} - linked == {index}

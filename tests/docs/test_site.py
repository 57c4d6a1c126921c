"""The site: every page in its navigation, every link alive, and nothing built where one is not."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scripts.site.build import SiteError, build

from tests.docs.pages import ROOT


class _Links(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.links += [given[key] for key in ("href", "src") if key in given]
        self.ids |= {given["id"]} if "id" in given else set()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


def test_no_link_of_the_site_is_broken(site: Path) -> None:
    """Each link of each built page leads to a file of the site, and to a heading that is there."""
    pages = {path: _Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            if re.match(r"https?:", link):
                continue
            found = (path.parent / target).resolve() if target else path
            if not found.is_file() or (anchor and anchor not in pages[found].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken


def test_every_page_is_built_and_found(site: Path) -> None:
    """Each page of the documentation has one in the site, a title, and an entry of the search."""
    sources = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    entries = {entry["url"]: entry for entry in json.loads((site / "search.json").read_text(encoding="utf-8"))}
    assert len(entries) == len(sources) == len(list(site.rglob("*.html")))
    assert all(entry["title"] and entry["text"] for entry in entries.values())


def test_the_site_needs_no_other_host(site: Path) -> None:
    """Nothing is loaded from elsewhere: the folder can be read from a disk."""
    for path in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]+)", path.read_text(encoding="utf-8"))
        assert not [each for each in loaded if "//" in each]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[x](nowhere.md)", "the link nowhere.md leads nowhere"),
        ("[x](other.md#no-such)", "the link other.md#no-such leads nowhere"),
        ("[x](#no-such)", "the link #no-such leads nowhere"),
        ("[x](../../outside.txt)", "leads nowhere"),
    ],
)
def test_a_broken_link_is_an_error(tmp_path: Path, text: str, fault: str) -> None:
    """The message names page and link, and no site is written."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text(f"# Index\n\n**All**\n\n- [Other](other.md)\n\n{text}\n")
    (docs / "other.md").write_text("# Other\n")
    with pytest.raises(SiteError, match=re.escape(fault)):
        build(tmp_path / "site", docs)
    assert not (tmp_path / "site").exists()


def test_a_page_outside_of_the_navigation_is_an_error(tmp_path: Path) -> None:
    """Nobody would find it."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text("# Index\n")
    (docs / "lost.md").write_text("# Lost\n")
    with pytest.raises(SiteError, match=r"lost\.md: not in the navigation"):
        build(tmp_path / "site", docs)

"""Builds the documentation as a site: `python scripts/site/build.py [FOLDER]`, by default into `build/site`.

Pages are rendered as GitHub renders them (GFM); the navigation is that of `docs/README.md`, in its order. A link that leads
nowhere, a page that the navigation lacks, and a heading that a link names and no page has are errors, and nothing is built.
Files outside of `docs` that pages link to are put beside the pages as they are.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ASSETS = ("style.css", "search.js")
_GROUP = re.compile(r"^\*\*(.+?)\*\*$")


class SiteError(Exception):
    """The pages cannot be built; the text names every fault."""


@dataclass(kw_only=True)
class Page:
    """One page.

    Attributes:
        source: Its path under `docs`, such as `guides/ci.md`.
        title: Its first heading.
        tokens: What is in it.
        anchors: The headings that links can name.
    """

    source: PurePosixPath
    title: str
    tokens: list[Token]
    anchors: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> PurePosixPath:
        """Its path in the site."""
        return PurePosixPath("index.html") if self.source.name == "README.md" else self.source.with_suffix(".html")


def main(arguments: list[str]) -> int:
    """Build; the exit code is 1 where something is broken."""
    folder = Path(arguments[0]) if arguments else ROOT / "build" / "site"
    try:
        count = build(folder)
    except SiteError as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"{count} pages in {folder}")
    return 0


def build(folder: Path, docs: Path = DOCS) -> int:
    """Write the site; how many pages it has.

    Raises:
        SiteError: A link is broken, or a page is not in the navigation.
    """
    reader = MarkdownIt("gfm-like", {"linkify": False})
    pages = {path: _page(docs, path, reader) for path in _sources(docs)}
    navigation = _navigation(pages[PurePosixPath("README.md")], pages)
    faults = [f"{path}: not in the navigation of README.md" for path in pages if path not in _listed(navigation)]
    files: set[PurePosixPath] = set()
    for page in pages.values():
        faults += _resolve(page, pages, docs, files)
    if faults:
        raise SiteError("\n".join(faults))
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages.values():
        _write(folder / page.target, _document(page, navigation, pages, reader))
    for path in files:
        (folder / "files" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(docs.parent / path, folder / "files" / f"{path}.txt")
    for name in ASSETS:
        shutil.copyfile(Path(__file__).with_name(name), folder / name)
    _write(folder / "search.json", json.dumps([_entry(page) for page in pages.values()], ensure_ascii=False))
    return len(pages)


def _sources(docs: Path) -> list[PurePosixPath]:
    return sorted(PurePosixPath(path.relative_to(docs).as_posix()) for path in docs.rglob("*.md"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _page(docs: Path, path: PurePosixPath, reader: MarkdownIt) -> Page:
    text = re.sub(r"^<!--.*?-->\n", "", (docs / path).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    page = Page(source=path, title="", tokens=reader.parse(text))
    for opening, inline in zip(page.tokens, page.tokens[1:], strict=False):
        if opening.type == "heading_open":
            words = _plain(inline)
            page.title = page.title or words
            anchor = _anchor(words)
            opening.attrs["id"] = anchor
            page.anchors[anchor] = words
    return page


def _plain(inline: Token) -> str:
    return "".join(token.content for token in inline.children or () if token.type in ("text", "code_inline"))


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _navigation(index: Page, pages: dict[PurePosixPath, Page]) -> list[tuple[str, list[PurePosixPath]]]:
    """Groups of the front page, each a line in bold, with the pages that it links to."""
    groups: list[tuple[str, list[PurePosixPath]]] = []
    for token in index.tokens:
        if token.type != "inline":
            continue
        if head := _GROUP.match(token.content):
            groups.append((head[1], []))
            continue
        for each in token.children or ():
            path = PurePosixPath(str(each.attrs.get("href", "")).partition("#")[0])
            if groups and path in pages and path not in groups[-1][1]:
                groups[-1][1].append(path)
    return groups


def _listed(navigation: list[tuple[str, list[PurePosixPath]]]) -> set[PurePosixPath]:
    return {PurePosixPath("README.md"), *(path for _, paths in navigation for path in paths)}


def _resolve(page: Page, pages: dict[PurePosixPath, Page], docs: Path, files: set[PurePosixPath]) -> list[str]:
    """Turn the page's links to those of the site; the faults among them."""
    faults = []
    for token in (child for block in page.tokens for child in block.children or ()):
        name = "href" if token.type == "link_open" else "src" if token.type == "image" else ""
        target = str(token.attrs.get(name, "")) if name else ""
        if not target or re.match(r"[a-z]+:", target):
            continue
        found = _resolved(page, unquote(target), pages, docs, files)
        if not found:
            faults.append(f"{page.source}: the link {target} leads nowhere")
        token.attrs[name] = found
    return faults


def _resolved(page: Page, target: str, pages: dict[PurePosixPath, Page], docs: Path, files: set[PurePosixPath]) -> str:
    """Where a link leads in the site; empty where it leads nowhere."""
    path, _, anchor = target.partition("#")
    wanted = PurePosixPath(os.path.normpath(page.source.parent / path)) if path else page.source
    if other := pages.get(wanted):
        if anchor and anchor not in other.anchors:
            return ""
        return _relative(other.target, page) + (f"#{anchor}" if anchor else "")
    outside = PurePosixPath(os.path.normpath(PurePosixPath("docs") / wanted))
    on_disk = docs.parent / outside
    if outside.parts[0] == ".." or not on_disk.exists():
        return ""
    if on_disk.is_dir():
        # A folder has no page: its own README does, or the first of its files.
        inside = sorted(each for each in on_disk.iterdir() if each.is_file() and not each.name.startswith("."))
        if not inside:
            return ""
        chosen = next((each for each in inside if each.name == "README.md"), inside[0])
        outside = outside / chosen.name
    files.add(outside)
    return _relative(PurePosixPath("files") / f"{outside}.txt", page)


def _relative(target: PurePosixPath, page: Page) -> str:
    return PurePosixPath(os.path.relpath(target, page.target.parent)).as_posix()


def _document(
    page: Page, navigation: list[tuple[str, list[PurePosixPath]]], pages: dict[PurePosixPath, Page], reader: MarkdownIt
) -> str:
    root = "../" * (len(page.target.parts) - 1)
    menu = [f'<a class="home" href="{root}index.html">spanspec</a>']
    for group, paths in navigation:
        menu.append(f"<h2>{html.escape(group)}</h2><ul>")
        for path in paths:
            here = ' aria-current="page"' if path == page.source else ""
            menu.append(
                f'<li><a href="{_relative(pages[path].target, page)}"{here}>{html.escape(pages[path].title)}</a>'
            )
        menu.append("</ul>")
    title = page.title if page.title == "spanspec" else f"{page.title} · spanspec"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<link rel="stylesheet" href="{root}style.css">
<script type="module" src="{root}search.js" data-root="{root}"></script>
<input id="menu" type="checkbox" hidden><label for="menu">Menu</label>
<nav aria-label="Pages">
<input id="search" type="search" placeholder="Search" aria-label="Search" autocomplete="off"><ul id="found"></ul>
{"".join(menu)}
</nav>
<main>
{reader.renderer.render(page.tokens, reader.options, {}).replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")}</main>
</html>
"""


def _entry(page: Page) -> dict[str, object]:
    """What the search knows of a page."""
    words = " ".join(token.content for token in page.tokens if token.type in ("inline", "fence"))
    return {"url": page.target.as_posix(), "title": page.title, "headings": page.anchors, "text": words.lower()[:20000]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

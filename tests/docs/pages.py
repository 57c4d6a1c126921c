"""The project's pages as data: code blocks with their place and marks, links, headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^ *(?P=fence)$", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced code block.

    Attributes:
        page: The page's path relative to the root.
        line: Of the first line of its text, from 1.
        language: The first word after the fence.
        marks: The other words; `key=value`, or a word alone with an empty value.
        text: What is in it, without its indent.
    """

    page: str
    line: int
    language: str
    marks: dict[str, str]
    text: str

    @property
    def place(self) -> str:
        """For a test's id."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page of the project."""
    folders = ("docs", "examples")
    return [*sorted(ROOT.glob("*.md")), *(page for folder in folders for page in sorted((ROOT / folder).rglob("*.md")))]


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [_block(page, text, found) for found in _FENCE.finditer(text)]


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    language, *marks = found["info"].split() or [""]
    indent = len(found["indent"])
    return Block(
        page=str(page.relative_to(ROOT)),
        line=text.count("\n", 0, found.start("text")) + 1,
        language=language,
        marks={key: value for key, _, value in (mark.partition("=") for mark in marks)},
        text="".join(
            line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in found["text"].splitlines(keepends=True)
        ),
    )


def all_blocks(language: str = "") -> list[Block]:
    """The code blocks of all pages, of one language if one is named."""
    found = [block for page in pages() for block in blocks(page)]
    return [block for block in found if not language or block.language == language]


def links(page: Path) -> list[str]:
    """Targets of the links of a page, code left out."""
    return [found["target"] for found in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8")))]


def anchors(page: Path) -> set[str]:
    """The anchors that headings of a page make."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {_anchor(found[1]) for found in re.finditer(r"^#+ (.+)$", text, re.MULTILINE)}


def _anchor(heading: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above; empty where there is no such heading."""
    text = page.read_text(encoding="utf-8")
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def in_code(text: str) -> set[str]:
    """What stands between back-quotes."""
    return set(re.findall(r"`([^`\n]+)`", text))


_VARYING = (
    (r"[\d.]+(?:ns|µs|ms|s)\b", r"[\d.]+ ?(?:ns|µs|ms|s)"),
    (r"\b[0-9a-f]{32}\b", "[0-9a-f]{32}"),
    (r"127\.0\.0\.1:\d+", r"127\.0\.0\.1:\d+"),
    (r"\bseed \d+", r"seed \d+"),
    (r"[\w\"]*…", r"[^\n]*?"),
    (r"\s+", r"\s+"),
)
"""What differs from run to run, and where a line is cut."""

_BARS = re.compile(r"[ ▏▎▍▌▋▊▉█▐]+$", re.MULTILINE)


def shown_pattern(shown: str) -> re.Pattern[str]:
    """A pattern that fits the bare output shown, whatever its times, ids, ports and bars; a line `…` fits any lines."""
    return re.compile("\n".join("(?s:.*?)" if line == "…" else _line_pattern(line) for line in bare(shown).split("\n")))


def bare(output: str) -> str:
    """Output without bars and blank lines."""
    return "\n".join(line for line in _BARS.sub("", output).splitlines() if line)


def _line_pattern(line: str) -> str:
    varying = re.compile("|".join(f"({found})" for found, _ in _VARYING))
    out, at = "", 0
    for found in varying.finditer(line):
        assert found.lastindex is not None
        out += re.escape(line[at : found.start()]) + _VARYING[found.lastindex - 1][1]
        at = found.end()
    return out + re.escape(line[at:])

"""The step summary as a reader of GFM sees it: no tag, link or cell comes from a text of the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from spanspec.reports import markdown
from tests.reports.recorded import NAMES, recorded
from tests.results.example import EVERYTHING, NASTY, nasty_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from spanspec.results.model import RunResult

HOSTILE = (
    *NASTY,
    "a | b | c |\n|---|---|",
    "| | |",
    "\\| x",
    "`| x `` y",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "www.evil.example https://evil.example a@evil.example mailto:a@evil.example",
    "</details></summary><h1>",
    "<!-- -->",
    "# x",
    "> x",
    "```\nx",
    "~~~",
    "*a* __b__ ~~c~~",
    "&lt;b&gt; &#60;b&#62;",
    "1) x\n- [ ] y\n+ z\n===\n---",
    "    indented",
    "$a$ :tada: @me #1",
)
OURS = re.compile(r"<details><summary>trace [^<>]*</summary>|</details>")


def _tokens(run: RunResult) -> Iterator[Token]:
    reader = MarkdownIt("gfm-like", {"html": True})
    assert reader.linkify is not None
    reader.linkify.set({"fuzzy_link": False})  # GFM makes no link of a bare domain such as `service.name`
    for token in reader.parse(markdown.Report().render(run)):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    """The tags are ours, no link or image comes from a text, and nothing becomes a block that we did not write."""
    tokens = list(_tokens(nasty_run(text)))
    tags = [token.content.strip() for token in tokens if token.type in ("html_block", "html_inline")]
    assert all(OURS.fullmatch(line) for tag in tags for line in tag.splitlines()), tags
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    assert links <= {"#"}, links
    kinds = {token.type for token in tokens}
    assert not kinds & {"image", "s_open", "em_open", "hr", "code_block", "ordered_list_open", "lheading_open"}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h2", "h3", "h3"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_keeps_its_columns(text: str) -> None:
    """Four cells in each row of the one table, one row a case."""
    rows: list[int] = []
    for token in _tokens(nasty_run(text)):
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in ("th_open", "td_open"):
            rows[-1] += 1
    assert rows == [4, 4, 4]


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_run_reads_as_meant(name: str) -> None:
    """A heading, a table for what did not pass, its traces folded, and what is said of spans stands there unchanged."""
    run = recorded(name)
    tokens = list(_tokens(run))
    shown = " ".join(token.content for token in tokens if token.type in ("text", "fence"))
    assert next(token.tag for token in tokens if token.type == "heading_open") == "h2"
    for case in run.cases:
        for check in case.failed_checks:
            assert (check.name or check.text)[:60] in "".join(
                token.content for token in tokens if token.type != "inline"
            )
        assert case.trace is None or not case.failed_checks or "api-gateway" in shown


def test_links_lead_to_traces_and_builds_only() -> None:
    """An address of a result becomes a link where it is one of the web."""
    links = {str(token.attrs["href"]) for token in _tokens(EVERYTHING) if token.type == "link_open"}
    assert links == {"http://127.0.0.1:16686/trace/11111111111111111111111111111111"}

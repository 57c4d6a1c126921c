"""The TextMate grammar, tokenised by the engine that editors use, and the files that editors read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.needed import need

ROOT = Path(__file__).resolve().parents[2]
ENGINE = Path(__file__).with_name("textmate")
TEXT = """\
name: exactly what it says
expect:
  - exactly 1 span[service.name = "a"]  # why
  - name: "every day"
    that: busy_time(span) < 200ms
  - |-
    every span[kind = 'client']:leaf
      where b.every = 2 // note
specs:
  - selector: span[name = "x"]
    assertions:
      - attr:x >= 1.5
outputs:
  - name: A
    value: response:body | json_path "$.x"
spec:
  selector: some span
settle: { quiet: 1s }
"""


@pytest.fixture(scope="module")
def lines() -> list[list[tuple[str, str]]]:
    """Each line's tokens with their innermost scopes."""
    need(shutil.which("node") is not None and (ENGINE / "node_modules").is_dir(), "Node with the TextMate engine")
    done = subprocess.run(
        ["node", str(ENGINE / "tokens.js"), str(ROOT / "editors" / "spanspec.tmLanguage.json")],
        input=TEXT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return [
        [(text, scopes[-1].removesuffix(".spanspec") if scopes else "") for text, scopes in line]
        for line in json.loads(done.stdout)
    ]


@pytest.mark.server("node")
@pytest.mark.parametrize(
    ("line", "text", "scope"),
    [
        (1, "expect", "entity.name.tag.yaml"),
        (2, "exactly", "keyword.control.quantifier"),
        (2, "service.name", "variable.other.attribute"),
        (2, "a", "string.quoted.double"),
        (2, "# why", "comment.line.number-sign.yaml"),
        (4, "busy_time", "support.function"),
        (4, "200ms", "constant.numeric.duration"),
        (6, "every", "keyword.control.quantifier"),
        (6, "span", "storage.type.span"),
        (6, ":leaf", "entity.other.attribute-name.pseudo-class"),
        (7, "where", "keyword.operator.word"),
        (7, "b.every", "variable.other.attribute"),
        (7, "// note", "comment.line.double-slash"),
        (9, "name", "variable.other.attribute"),
        (11, "attr:", "storage.modifier.prefix"),
        (11, ">=", "keyword.operator.comparison"),
        (11, "1.5", "constant.numeric"),
        (14, "json_path", "support.function.filter"),
        (14, "|", "keyword.operator.pipe"),
    ],
)
def test_a_token_has_its_scope(lines: list[list[tuple[str, str]]], line: int, text: str, scope: str) -> None:
    """Each kind of word is coloured as what it is."""
    assert (text, scope) in lines[line]


@pytest.mark.server("node")
@pytest.mark.parametrize("line", [0, 3, 13, 16, 17])
def test_other_yaml_is_left_to_the_editor(lines: list[list[tuple[str, str]]], line: int) -> None:
    """Names, and a `selector` that is no text of ours, are not touched."""
    assert all("spanspec" not in scope and "keyword" not in scope for _, scope in lines[line])


def test_the_files_are_what_the_language_says() -> None:
    """Whoever adds a word is told to write them again."""
    command = [sys.executable, str(ROOT / "scripts" / "editors.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_word_table_is_complete_for_a_machine() -> None:
    """Every word has what completion shows."""
    words = json.loads((ROOT / "editors" / "words.json").read_text(encoding="utf-8"))
    assert {"name", "kind", "call", "doc", "example"} == set(words[0])
    assert {word["kind"] for word in words} >= {"function", "filter", "pseudo-class", "relation"}

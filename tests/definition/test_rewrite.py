"""Canonical spelling in a file: the texts of the language change, and not one other character."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanspec.definition.rewrite import rewritten
from spanspec.definition.scalars import as_text
from spanspec.definition.yaml import Mapping, Scalar, Sequence, read
from spanspec.language.dialect import Dialect
from spanspec.language.format import format as canonical
from spanspec.language.parser import parse_statement
from spanspec.source.text import SourceText
from tests.language import trees

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
STATEMENTS = trees.statements(Dialect.EXPECT)
ROOT = Path(__file__).resolve().parents[2]


def done(text: str, *, compat: bool = False) -> str:
    """The file's new text."""
    return rewritten(SourceText("x.yaml", text), compat=compat).text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- exactly   1 span[ a=1 ]", "- exactly 1 span[a = 1]"),
        ("- 'some span[name=\"it''s\"]'", "- 'some span[name = \"it''s\"]'"),
        ('- "no span[a=1]"   # why', '- "no span[a = 1]"   # why'),
        ("- { that: 'no   span[a=1]', name: q }", "- { that: 'no span[a = 1]', name: q }"),
        ("- |-\n    every  span[a=1]\n      where b=2\n", "- |-\n    every span[a = 1] where b = 2\n"),
        ("- >\n    no   span[a=1]\n\n", "- >\n    no span[a = 1]\n\n"),
        ("- no span[a=1] // why", "- no span[a=1] // why"),
        ("- some spam[a=1]", "- some spam[a=1]"),
        ('- some span[u="http://x/*"]', '- some span[u = "http://x/*"]'),
        ("- &one no   span[a=1]", "- &one no span[a = 1]"),
        ("- no   span[a=1]\r\n- no span[b = 2]\r\n", "- no span[a = 1]\r\n- no span[b = 2]\r\n"),
    ],
)
def test_an_expectation_is_spelled_canonically(old: str, new: str):
    """Style, comments, anchors and line ends stay; a text with a fault or a comment stays whole."""
    head = "trigger: { http: { url: /x } }\nexpect:\n"
    before = head + "\n".join("  " + line if line else line for line in old.split("\n"))
    after = head + "\n".join("  " + line if line else line for line in new.split("\n"))
    assert done(before) == after


def test_specs_outputs_and_until_are_spelled_in_their_own_dialect():
    """Each key's texts are read by the meaning that the key has."""
    text = """\
type: Test
spec:
  trigger: { type: http, httpRequest: { url: "http://x?a=1&b=${var:X}" } }
  specs:
    - selector: span[tracetest.span.type="http"   name='a']
      assertions: [ "attr:x<200ms", 'attr:y   =  "z"' ]
  outputs:
    - { name: A, selector: 'span[ name="a" ]', value: "attr:x   | json_path '$.a'" }
  settle: { until: 'some   span[a=1]' }
"""
    assert (
        done(text)
        == """\
type: Test
spec:
  trigger: { type: http, httpRequest: { url: "http://x?a=1&b=${var:X}" } }
  specs:
    - selector: span[tracetest.span.type = "http" name = "a"]
      assertions: [ "attr:x < 200ms", 'attr:y = "z"' ]
  outputs:
    - { name: A, selector: 'span[name = "a"]', value: "attr:x | json_path \\"$.a\\"" }
  settle: { until: 'some span[a = 1]' }
"""
    )


def test_the_tests_inside_a_suite_and_every_document_are_reached():
    """Nested tests and all documents of a file are spelled."""
    text = (
        "steps:\n- trigger: {http: {url: /x}}\n  expect: ['no   span[a=1]']\n---\ntrigger: {}\nexpect: ['no  span']\n"
    )
    assert done(text) == text.replace("no   span[a=1]", "no span[a = 1]").replace("no  span", "no span")


def test_what_is_counted():
    """The texts found, changed and left alone."""
    text = "trigger: {}\nexpect: ['no   span', 'no span', 'no spam', 'no span // x']\n"
    found = rewritten(SourceText("x", text))
    assert (found.seen, len(found.changes), found.left) == (4, 1, 2)


@pytest.mark.parametrize(
    "text", ["", "a: [", "- x", "expect: {a: 1}", "expect: [[1], {that: [1]}, 3]", "specs: 3", "steps: [{specs: [1]}]"]
)
def test_any_shape_is_left_alone(text: str):
    """What is no definition, or no YAML, comes back as it is."""
    assert done(text) == text


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_statement_in_any_style_keeps_its_meaning(data: st.DataObject):
    """The new file reads back as the same tree, and spelling it once more changes nothing."""
    statement = data.draw(STATEMENTS)
    style = data.draw(st.sampled_from(["'", '"', "|"]))
    text = canonical(statement, Dialect.EXPECT).replace(" = ", "  =  ")
    if parse_statement(text, Dialect.EXPECT).node is None or "\n" in text:
        return
    token = {"'": "'" + text.replace("'", "''") + "'", "|": "|-\n    " + text}.get(style)
    token = token or '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    before = f"trigger: {{}}\nexpect:\n  - {token}\nname: z\n"
    if first(before) != text:
        return
    after = done(before)
    assert parse_statement(first(after), Dialect.EXPECT).node == parse_statement(text, Dialect.EXPECT).node
    assert done(after) == after


def first(text: str) -> str:
    """The first expectation of a file, as YAML reads it."""
    documents = read(SourceText("x", text)).documents
    node = documents[0].get("expect") if documents and isinstance(documents[0], Mapping) else None
    item = node.items[0] if isinstance(node, Sequence) else None
    return as_text(item) if isinstance(item, Scalar) else ""


def test_our_own_examples_are_canonical():
    """What the project shows is spelled as it spells."""
    files = [
        path for path in (ROOT / "examples").rglob("*.yaml") if not {"article", "tracetest"} & set(path.parts)
    ]  # spelled as published
    assert files
    for path in files:
        assert not rewritten(SourceText(path.name, path.read_text(encoding="utf-8"))).changes, path

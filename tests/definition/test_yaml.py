"""YAML with places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.definition.scalars import Scalar, as_reference_reads, as_text, resolve
from spanspec.definition.yaml import MAX_DEPTH, Mapping, Sequence, plain, read, walk
from spanspec.source.render import render
from spanspec.source.text import Range, SourceText


def documents(text: str) -> list[object]:
    """The documents of a text as plain values."""
    found = read(SourceText("x.yaml", text))
    assert not found.diagnostics
    return [plain(node) for node in found.documents]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("-12", -12),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("2001-12-14", "2001-12-14"),
        ("12:30:45", "12:30:45"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("0x", "0x"),
        ("1e", "1e"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    """YAML 1.2's core schema decides a plain scalar's type; YAML 1.1's `yes` and dates are texts."""
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.50", "1.5"),
        ("0x10", "16"),
        ("007", "7"),
        ("010", "8"),
        ("0b101", "5"),
        ("1_000", "1000"),
        ("1e3", "1000"),
        ("1e21", "1e+21"),
        ("1.5e-7", "1.5e-07"),
        ("1e-4", "0.0001"),
        ("True", "true"),
        ("yes", "yes"),
        ("null", ""),
        ("~", ""),
        ("2024-01-02", "2024-01-02"),
        ("'007'", "007"),
        ("+1", "1"),
        ("08", "8"),
        ("-0x10", "-16"),
        ("1.0", "1"),
        ("100_000.5", "100000.5"),
    ],
)
def test_a_number_where_text_is_wanted_is_written_as_the_reference_does(text: str, written: str) -> None:
    """Files of the reference send what they always sent; quoting avoids all of it."""
    node = read(SourceText("x", f"- {text}\n")).documents[0]
    assert isinstance(node, Sequence)
    item = node.items[0]
    assert isinstance(item, Scalar)
    assert as_text(as_reference_reads(item)) == written


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        "plain\n  folded\n  twice",
        "'single ''quoted'' text'",
        "'folded\n\n  single'",
        '"double \\"quoted\\" \\u0041 \\x42 text"',
        '"escaped \\\n  line end and \\n newline"',
        "|-\n  literal\n    deeper\n  back",
        "|\n  literal with end\n",
        "|2-\n   two spaces of its own",
        ">-\n  folded\n  text\n\n  with paragraphs",
        "> # a comment\n  folded",
        "&anchor !!str tagged",
    ],
)
def test_every_visible_character_of_a_scalar_is_found_in_the_file(text: str) -> None:
    """The place of each character that is no white space holds that character, or the escape that stands for it."""
    source = SourceText("x.yaml", f"other: 1\nkey: {text}\nnext: 2\n")
    node = read(source).documents[0]
    assert isinstance(node, Mapping)
    scalar = node.get("key")
    assert isinstance(scalar, Scalar)
    for index, char in enumerate(scalar.text):
        found = source.text[scalar.offset(index)]
        assert char.isspace() or found in (char, "\\")


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=40))
def test_any_text_written_as_json_is_read_back_with_its_places(text: str) -> None:
    """JSON is YAML: a text survives, and each character stands where the map says."""
    raw = json.dumps(text, ensure_ascii=False)
    source = SourceText("x.json", f'{{"k": {raw}}}')
    node = read(source).documents[0]
    assert isinstance(node, Mapping)
    scalar = node.get("k")
    assert isinstance(scalar, Scalar)
    if any(char in text for char in "\x85\u2028\u2029\ufeff"):
        return
    assert scalar.text == text
    assert all(source.text[scalar.offset(i)] in (c, "\\") for i, c in enumerate(text) if not c.isspace())


def test_a_part_of_a_text_is_pointed_at_in_a_block_scalar() -> None:
    """A range inside the third line of a block stands on that line of the file."""
    source = SourceText("x", "a: |-\n    first\n    second third\n")
    node = read(source).documents[0]
    assert isinstance(node, Mapping)
    scalar = node.get("a")
    assert isinstance(scalar, Scalar)
    start = scalar.text.index("third")
    place = scalar.place(Range(start, start + 5))
    assert source.text[place.start : place.end] == "third"
    assert source.position(place.start).line == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "x \\ud83d\\ude00 y"}', "x 😀 y"),
        ("a: \"\\ud83d\\ude00\\uD83D\\uDE01 y\"\nb: '\\ud83d\\ude00'\n", "😀😁 y"),
    ],
)
def test_surrogate_pairs_of_json(text: str, value: str) -> None:
    """JSON escapes characters beyond the basic plane in two; what follows keeps its place."""
    source = SourceText("x", text)
    found = read(source)
    assert not found.diagnostics
    node = found.documents[0]
    assert isinstance(node, Mapping)
    scalar = node.get("a")
    assert isinstance(scalar, Scalar)
    assert scalar.text == value
    assert source.text[scalar.offset(value.index("y"))] == "y"
    assert node.get("b") is None or plain(node)["b"] == "\\ud83d\\ude00"  # type: ignore[index]


def test_windows_line_ends() -> None:
    """Carriage returns change no place."""
    source = SourceText("x", "a: |-\r\n  one\r\n  two\r\nb: 'x'\r\n")
    node = read(source).documents[0]
    assert isinstance(node, Mapping)
    scalar = node.get("a")
    assert isinstance(scalar, Scalar)
    assert scalar.text == "one\ntwo"
    assert source.text[scalar.offset(4) :].startswith("two")


def test_several_documents_and_empty_ones() -> None:
    """Each document is a tree; empty ones are left out."""
    assert documents("a: 1\n---\n---\nb: 2\n...\n") == [{"a": 1}, {"b": 2}]
    assert documents("") == []
    assert documents("# only a comment\n") == []


def test_aliases_and_merge_keys() -> None:
    """An alias is the node it names; a merge adds what is not there already, wherever it stands."""
    assert documents("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, k: 9}\n") == [
        {"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 2}, "c": {"k": 9, "l": 2}}
    ]


def codes(text: str) -> list[str]:
    """The codes of what is wrong with a text."""
    return [fault.code for fault in read(SourceText("x.yaml", text)).diagnostics]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: *x\n", "unknown-anchor"),
        ("a: &x [*x]\n", "unknown-anchor"),
        ("a: !Foo 1\n", "yaml-tag"),
        ("a: b: c\n", "yaml-syntax"),
        ("a:\n\tb: 1\n", "yaml-syntax"),
        ("a: [1\n", "yaml-syntax"),
        ("a: '\n", "yaml-syntax"),
        ("a: \x01\n", "yaml-syntax"),
        ("? [a]\n: 1\n", "bad-key"),
        ("<<: 1\n", "bad-key"),
        ("[" * (MAX_DEPTH + 1), "too-deep"),
        ("[" * 100_000, "too-deep"),
    ],
)
def test_faults_are_diagnostics(text: str, code: str) -> None:
    """What YAML cannot read is a value with a code, never an exception."""
    assert codes(text)[0] == code


def test_a_bomb_of_aliases_is_refused() -> None:
    """Nine layers of ten aliases would be a thousand million values; they are counted, never made."""
    layers = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8))
    assert codes("a: &a [1,2,3,4,5,6,7,8,9,0]\n" + layers) == ["too-big"]


def test_both_places_of_a_duplicate_key_are_told() -> None:
    """The pointer is at the second, the label names the line of the first."""
    shown = render(read(SourceText("x.yaml", "a: 1\nb: 2\na: 3\n")).diagnostics[0])
    assert "x.yaml:3:1" in shown
    assert "the first is on line 1" in shown


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    """Any text gives documents or diagnostics."""
    found = read(SourceText("x.yaml", text.replace("\ud800", "")))
    for node in found.documents:
        for _, inside in walk(node):
            assert inside.range.start <= inside.range.end <= len(text)

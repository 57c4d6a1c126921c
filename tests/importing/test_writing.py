"""Values as YAML: what is written is read back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from spanspec.definition.scalars import Scalar
from spanspec.definition.yaml import Mapping, Node, read
from spanspec.importing.drafts import Draft, file_names, slug
from spanspec.importing.writing import Commented, Said, written
from spanspec.source.text import SourceText

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    _TEXT,
    st.sampled_from(
        [
            "yes",
            "1",
            "- a",
            "a: b",
            "a #b",
            "|",
            "no",
            "0x1",
            "1e3",
            "2026-01-01",
            "a\nb",
            "a\n b\n",
            "~",
            "? x",
            "!x",
            "&a",
            "*a",
            "%x",
            "@x",
            "`x",
            "<<",
            "'",
            '"',
            "trailing ",
            "a:",
        ]
    ),
)
_VALUE = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_TEXT, inner, max_size=4)),
    max_leaves=12,
)


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {entry.key.text: _plain(entry.value) for entry in node.entries}
    return [_plain(item) for item in node.items]


def _read(text: str) -> object:
    found = read(SourceText("x", text))
    assert not found.diagnostics, f"{found.diagnostics}\n{text}"
    (document,) = found.documents
    return _plain(document)


@settings(deadline=None)
@given(st.dictionaries(_TEXT.filter(lambda key: key != "<<"), _VALUE, min_size=1, max_size=4))
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    """By our own reader, whatever the texts."""
    value = {key: item for key, item in value.items() if not _has_merge(item)} or {"a": 1}
    assert _read(written(value)) == value


def _has_merge(value: object) -> bool:
    if isinstance(value, dict):
        return "<<" in value or any(map(_has_merge, value.values()))
    return isinstance(value, list) and any(map(_has_merge, value))


@given(_TEXT)
def test_statements_are_read_back(text: str) -> None:
    """Plain where that is safe, quoted where not."""
    assert _read(written({"expect": [Said(text)]})) == {"expect": [text]}


def test_remarks_stand_above_what_they_are_about() -> None:
    """At the top, above items, and above keys; no line of one becomes YAML."""
    text = written(
        {"a": Commented(1, ("one",)), "b": [Commented({"c": 2}, ("two\nlines",)), Commented("x", ("three",))]}, ("top",)
    )
    assert text == "# top\n# one\na: 1\nb:\n  # two\n  # lines\n  - c: 2\n  # three\n  - x\n"


def test_files_are_named_after_tests() -> None:
    """Lower case, dashes, no two alike, never empty."""
    drafts = tuple(Draft(name=name) for name in ("POST /orders", "post orders", "¿?", "../../etc/passwd"))
    assert file_names(drafts) == ("post-orders.yaml", "post-orders-2.yaml", "test.yaml", "etc-passwd.yaml")
    assert len(slug("x" * 500)) == 80

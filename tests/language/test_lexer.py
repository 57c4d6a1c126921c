"""Cutting a text into tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.language.dialect import Dialect
from spanspec.language.lexer import Lexer
from spanspec.language.tokens import Kind, Mode, Token


def _tokens(text: str, dialect: Dialect = Dialect.EXPECT, mode: Mode = Mode.VALUE) -> list[Token]:
    lexer, at, found = Lexer(text, dialect), 0, []
    while (token := lexer.token(at, mode)).kind is not Kind.END:
        found.append(token)
        at = token.end
    return found


def _texts(text: str, dialect: Dialect = Dialect.EXPECT, mode: Mode = Mode.VALUE) -> list[str]:
    return [token.text for token in _tokens(text, dialect, mode)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a->b", ["a", "->", "b"]),
        ("http.request.header.x-id", ["http.request.header.x-id"]),
        ("a-b - c", ["a-b", "-", "c"]),
        ("a.1.b_2", ["a.1.b_2"]),
        ("a. b", ["a", ".", "b"]),
        ("not-in not in", ["not-in", "not", "in"]),
        ("parent:attr:x root:resource:host.name", ["parent:attr:x", "root:resource:host.name"]),
        ('attr:"a/b" = 1', ['attr:"a/b"', "=", "1"]),
        ("1m30s 1.5s 2µs 3d", ["1m30s", "1.5s", "2µs", "3d"]),
        ("1 s", ["1", "s"]),
        ("1 span", ["1", "span"]),
        ("1e3 1.5E-2 .5", ["1e3", "1.5E-2", ".5"]),
        ("a<=b>=c==d=~e!~f!=g", ["a", "<=", "b", ">=", "c", "==", "d", "=~", "e", "!~", "f", "!=", "g"]),
        ("a << b >> c && d || e", ["a", "<<", "b", ">>", "c", "&&", "d", "||", "e"]),
        ("a // the rest\n/* and\nthis */ b", ["a", "b"]),
        (r'"a\"b" "a\\" "\d"', [r'"a\"b"', r'"a\\"', r'"\d"']),
        ("'it' \"is\"", ["'it'", '"is"']),
        ('"${var:a | json_path "$.x"}" b', ['"${var:a | json_path "$.x"}"', "b"]),
        ('"${var:a | regex "}"}"', ['"${var:a | regex "}"}"']),
        ('"$${" "x"', ['"$${"', '"x"']),
        ('"${SHELL" "x"', ['"${SHELL"', '"x"']),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    """The longest symbol wins, a dash belongs to a key between word characters alone."""
    assert _texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 ms", ["5ms"]),
        ("5  ms", ["5", "ms"]),
        ("5 minutes", ["5", "minutes"]),
        ("attr:a-1 attr:a--b.", ["attr:a-1", "attr:a--b."]),
        ("var:a-1", ["var:a", "-", "1"]),
        (r"'a\'", [r"'a\'"]),
        (r"'a\' 'b'", [r"'a\' '", "b", "'"]),
        (r'"a\b"', [r'"a\b"']),
    ],
)
def test_old_values(text: str, expected: list[str]) -> None:
    """The values of `specs:` are cut as the reference cuts them, but that a unit ends at a word's end."""
    assert _texts(text, Dialect.SPECS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0x10 010 1_000 5. 1e3", ["0x10", "010", "1_000", "5.", "1e3"]),
        ("5 ms", ["5", "ms"]),
        (r'"a\\" b', [r'"a\\"', "b"]),
    ],
)
def test_old_brackets(text: str, expected: list[str]) -> None:
    """The brackets of `specs:` take Go's numbers and escapes."""
    assert _texts(text, Dialect.SPECS, Mode.BRACKETS) == expected


@pytest.mark.parametrize(
    ("text", "kind"), [('"abc', Kind.UNCLOSED), ("“a”", Kind.BAD), ("attr:'x", Kind.UNCLOSED), ("@", Kind.BAD)]
)
def test_what_begins_nothing(text: str, kind: Kind) -> None:
    """An unclosed text and a stray character are tokens too, for the parser to name."""
    assert _tokens(text)[0].kind is kind


@given(
    st.text(st.sampled_from("ab1 .-:=<>~!&|\"'\\${}[]()/*\n_µsé"), max_size=40),
    st.sampled_from(list(Dialect)),
    st.sampled_from(list(Mode)),
)
def test_tokens_cover_the_text(text: str, dialect: Dialect, mode: Mode) -> None:
    """Tokens go forward, lie in the text, and leave out white space and comments alone."""
    at = 0
    for token in _tokens(text, dialect, mode):
        if token.kind is Kind.UNCLOSED:
            return
        assert at <= token.start < token.end <= len(text)
        between = text[at : token.start]
        assert not between.strip() or "/" in between
        at = token.end

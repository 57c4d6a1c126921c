r"""Texts: escapes undone as the dialect asks, `${…}` taken apart.

=================  =====================================================================================
`EXPECT`           undoes `\\ \" \' \n \r \t \uXXXX`, leaves any other backslash
brackets, `SPECS`  Go's escapes; another one is an error
values, `SPECS`    undoes `\"` and `\'` alone
=================  =====================================================================================

`$${` is a literal `${`. A `${…}` that is none of ours is literal too, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.cursor import Cursor, Fail
from spanspec.language.grammar.placeholders import MAX_INSIDE, begins_perhaps, begins_surely, placeholder_end
from spanspec.language.syntax import Expression, Template, Text
from spanspec.language.tokens import Mode, Token
from spanspec.source.diagnostics import has_errors
from spanspec.source.text import Range

Undo: TypeAlias = Callable[[int, int], str]

_EXPECT_ESCAPE = re.compile(r"\\([\\\"'nrt])|((?:\\u[0-9a-fA-F]{4})+)")
_OLD_ESCAPE = re.compile(r"\\([\"'])")
_GO_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"'])|((?:x[0-9a-fA-F]{2}|[0-7]{3}))|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)", re.DOTALL
)
_MAX_SHOWN = 200
_MAX_TOLD = 20
_MAX_UNREAD = 10_000
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def undo_expect(text: str) -> str:
    """Undo the escapes of `EXPECT`."""
    return _EXPECT_ESCAPE.sub(_expect_escape, text)


def _expect_escape(match: re.Match[str]) -> str:
    if match[1] is not None:
        return _SINGLE.get(match[1], match[1])
    units = [int(unit, 16) for unit in match[2].split("\\u")[1:]]
    raw = b"".join(unit.to_bytes(2, "big") for unit in units)
    try:
        return raw.decode("utf-16-be")
    except UnicodeDecodeError:  # half of a surrogate pair is no character: it stays as written
        return match[0]


def undo_quotes(text: str) -> str:
    r"""Undo `\"` and `\'`, as the reference's comparators do."""
    return _OLD_ESCAPE.sub(r"\1", text)


def undo_go(text: str) -> tuple[str, int | None]:
    """Undo Go's escapes; with the place of the first one that is none, or None."""
    if "\\" not in text:
        return text, None
    out, at = bytearray(), 0
    for match in _GO_ESCAPE.finditer(text):
        out += text[at : match.start()].encode("utf-8", "surrogatepass")
        piece = _go_escape(match)
        if piece is None:
            return text, match.start()
        out += piece
        at = match.end()
    out += text[at:].encode("utf-8", "surrogatepass")
    return out.decode("utf-8", "replace"), None


def _go_escape(match: re.Match[str]) -> bytes | None:
    single, byte, short, long = match.groups()
    if single is not None:
        return _SINGLE.get(single, single).encode()
    if byte is not None:
        value = int(byte[1:], 16) if byte[0] == "x" else int(byte, 8)
        return bytes([value]) if value < 256 else None
    if short is None and long is None:
        return None
    point = int(short or long, 16)
    return None if point > 0x10FFFF or 0xD800 <= point < 0xE000 else chr(point).encode()


class Texts(Cursor):
    """The rules of texts."""

    def expression(self) -> Expression:
        """A value; given by the class below."""
        raise NotImplementedError

    def text_node(self, token: Token) -> Text | Template:
        """The node of a text token."""
        start, end = token.start + 1, token.end - 1
        pairs_any = not self.old or self.mode is Mode.BRACKETS
        parts = self.parts(start, end, self._undo(), skip_pairs=pairs_any)
        if any(not isinstance(part, str) for part in parts):
            return Template(parts=parts, quote=token.text[0], range=token.range)
        return Text(value="".join(map(str, parts)), raw=self.text[start:end], range=token.range)

    def template(self) -> Template:
        """The whole text as a template."""
        end = self.lexer.end
        return Template(
            parts=self.parts(self.at, end, self._slice, skip_pairs=False), quote="", range=Range(self.at, end)
        )

    def parts(self, start: int, end: int, undo: Undo, *, skip_pairs: bool) -> tuple[str | Expression, ...]:
        """Texts and expressions in order; texts that touch are one, empty ones are left out."""
        found: list[str | Expression] = []
        at = kept = start
        while at < end:
            if skip_pairs and self.text[at] == "\\":
                at += 2 if self.text[at + 1 : at + 2] in ("\\", '"', "'") else 1
                continue
            if self.text[at] != "$":
                at = self._next_mark(at + 1, end, skip_pairs=skip_pairs)
                continue
            if self.text.startswith("$${", at, end):
                found += [undo(kept, at), "${"]
                at = kept = at + 3
                continue
            inside = self._placeholder(at, end) if self.text.startswith("${", at, end) else None
            if inside is None:
                at += 1
                continue
            node, after = inside
            found += [undo(kept, at), node.value if isinstance(node, Text) else node]
            at = kept = after
        found.append(undo(kept, end))
        return _joined(found)

    def _next_mark(self, at: int, end: int, *, skip_pairs: bool) -> int:
        places = [self.text.find(mark, at, end) for mark in ("$", "\\") if mark == "$" or skip_pairs]
        return min((place for place in places if place >= 0), default=end)

    def _placeholder(self, at: int, end: int) -> tuple[Expression, int] | None:
        """The expression of the `${…}` at `at` and the place after it, or None when it is literal."""
        after = placeholder_end(self.text, at, end, old=self.old)
        sure = begins_surely(self.text, at)
        if after is None and sure:
            after = self.text.find("}", at, min(end, at + MAX_INSIDE)) + 1 or None
        if after is None:
            self._count_unread(at)
            if sure:
                self._unclosed_placeholder(at)
            self._literal_placeholder(at, end)
            return None
        inner = type(self)(self.text, self.dialect, start=at + 2, end=after - 1, depth=self.depth + 1)
        inner.bare = self.bare
        node = inner.attempt(inner.lone_expression)
        if not sure and (isinstance(node, Fail) or has_errors(inner.faults)):
            self._count_unread(at)
            self._literal_placeholder(at, end)
            return None
        self.faults.extend(inner.faults)
        if isinstance(node, Fail):
            raise self.recalled(node)
        return node, after

    def lone_expression(self) -> Expression:
        """A value and the end of the text."""
        with self.nested():
            node = self.expression()
        self.expect_end()
        return node

    def _count_unread(self, at: int) -> None:
        """Each costs a look ahead: a text of nothing else must not take long."""
        if not (begins_surely(self.text, at) or begins_perhaps(self.text, at)):
            return
        self.unread += 1
        if self.unread > _MAX_UNREAD:
            where = Range(at, at + 2)
            raise self.fault(
                f"more than {_MAX_UNREAD} ${{ in this text cannot be read", where, help="write $${ for a literal ${"
            )

    def _unclosed_placeholder(self, at: int) -> None:
        if len(self.faults) < _MAX_TOLD:
            self.warn(
                "foreign-placeholder",
                "this ${ is never closed, and so is taken as plain text",
                Range(at, at + 2),
                help="close it with }, or write $${ for a literal ${",
            )

    def _literal_placeholder(self, at: int, end: int) -> None:
        closing = self.text.find("}", at, min(end, at + _MAX_SHOWN + 3))
        inside = self.text[at + 2 : closing].strip() if closing >= 0 else ""
        if inside and len(inside) <= _MAX_SHOWN and len(self.faults) < _MAX_TOLD:
            self.warn(
                "foreign-placeholder",
                f"${{{inside}}} is taken as plain text",
                Range(at, closing + 1),
                help="write ${env:NAME} or ${var:NAME} for a value, $${ for a literal ${",
            )

    # --- escapes ---------------------------------------------------------------------------------------------

    def _undo(self) -> Undo:
        if self.dialect is Dialect.EXPECT:
            return lambda start, end: undo_expect(self.text[start:end])
        if self.mode is Mode.BRACKETS:
            return self._undo_go
        return lambda start, end: undo_quotes(self.text[start:end])

    def _slice(self, start: int, end: int) -> str:
        return self.text[start:end]

    def _undo_go(self, start: int, end: int) -> str:
        text, wrong = undo_go(self.text[start:end])
        if wrong is not None:
            where = Range(start + wrong, start + wrong + 2)
            escape = self.text[where.start : where.end]
            raise self.fault(f'"{escape}" is no escape', where, help=f"write \\{escape} for the backslash itself")
        return text


def _joined(found: list[str | Expression]) -> tuple[str | Expression, ...]:
    parts: list[str | Expression] = []
    for part in found:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part != "":
            parts.append(part)
    return tuple(parts)

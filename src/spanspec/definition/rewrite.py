"""The texts of the language in a file, spelled canonically, and every other character left as it is. Pure.

A text is left alone where it has a fault, where it holds a comment (which the canonical text would lose), and where the
canonical text would not read back as the same tree. The file is read again at the end: nothing but the texts has changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.yaml import Mapping, Node, Sequence, read
from spanspec.language.dialect import Dialect
from spanspec.language.format import format as canonical
from spanspec.language.parser import Parsed, parse_expression, parse_selector, parse_statement
from spanspec.source.diagnostics import has_errors
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.language.syntax import Expression, Selector, Statement
    from spanspec.source.text import Range

_Parse: TypeAlias = Callable[[str, Dialect], "Parsed[Selector] | Parsed[Statement] | Parsed[Expression]"]

_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_PLAIN_TROUBLE = re.compile(r"^[\s\-?:,\[\]{}#&*!|>'\"%@`=]|: |:$| #|[\[\]{},]|^$|\s$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One text that is spelled anew: where it stands in the old file, and its token there and then."""

    range: Range
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A file's new text.

    Attributes:
        text: The whole file.
        changes: In the order of the file.
        seen: How many texts of the language were found.
        left: How many were left alone for a fault or a comment.
    """

    text: str
    changes: tuple[Change, ...] = ()
    seen: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    scalar: Scalar
    parse: _Parse
    dialect: Dialect


def rewritten(source: SourceText, *, compat: bool = False) -> Rewritten:
    """The file with its texts spelled canonically.

    Args:
        source: The file.
        compat: Whether `specs` and `outputs` are read as under `compat: tracetest` throughout.
    """
    before = read(source)
    if has_errors(before.diagnostics):
        return Rewritten(text=source.text)
    found = [each for node in before.documents for each in _texts(node, compat)]
    changes: list[Change] = []
    left = 0
    for each in sorted(found, key=lambda one: one.scalar.range.start):
        new = _spelled(each)
        if new is None:
            left += 1
        elif new != as_text(each.scalar):
            change = _change(each.scalar, new, source)
            if change is not None:
                changes.append(change)
            else:
                left += 1
    text = _applied(source.text, changes)
    if changes and not _same_but_texts(before.documents, text, {change.range.start for change in changes}):
        return Rewritten(text=source.text, seen=len(found), left=len(found))
    return Rewritten(text=text, changes=tuple(changes), seen=len(found), left=left)


# --- where texts stand ---------------------------------------------------------------------------------------------


def _texts(node: Node, compat: bool) -> Iterator[_Found]:
    """All texts of the language below a node; `compat` counts for what stands beside and below the key."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _texts(item, compat)
    if not isinstance(node, Mapping):
        return
    mark = node.get("compat")
    compat = compat or (isinstance(mark, Scalar) and mark.text == "tracetest")
    old = Dialect.COMPAT if compat else Dialect.SPECS
    for entry in node.entries:
        match entry.key.text:
            case "specs" | "testSpec":
                yield from _parts(entry.value, {"selector": parse_selector, "assertions": parse_statement}, old, compat)
            case "outputs":
                yield from _parts(entry.value, {"selector": parse_selector, "value": parse_expression}, old, compat)
            case "expect":
                yield from _expectations(entry.value)
            case "until" if isinstance(entry.value, Scalar):
                yield _Found(entry.value, parse_statement, Dialect.EXPECT)
            case _:
                yield from _texts(entry.value, compat)


def _parts(node: Node, keys: dict[str, _Parse], dialect: Dialect, compat: bool) -> Iterator[_Found]:
    if isinstance(node, Mapping):  # `specs` where `spec` was meant: a whole test stands there
        yield from _texts(node, compat)
        return
    for item in node.items if isinstance(node, Sequence) else ():
        for entry in item.entries if isinstance(item, Mapping) else ():
            parse = keys.get(entry.key.text)
            if parse is not None:
                yield from (_Found(scalar, parse, dialect) for scalar in _scalars(entry.value))


def _expectations(node: Node) -> Iterator[_Found]:
    for item in node.items if isinstance(node, Sequence) else ():
        said = item.get("that") if isinstance(item, Mapping) else item
        if isinstance(said, Scalar):
            yield _Found(said, parse_statement, Dialect.EXPECT)


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        yield from (item for item in node.items if isinstance(item, Scalar))
    elif isinstance((query := node.get("query")), Scalar):
        yield query


# --- how they are spelled ------------------------------------------------------------------------------------------


def _spelled(found: _Found) -> str | None:
    """The canonical text; None where the text is to be left alone."""
    text = as_text(found.scalar)
    parsed = found.parse(text, found.dialect)
    if parsed.node is None or has_errors(parsed.diagnostics) or _has_comment(text):
        return None
    spelled = canonical(parsed.node, found.dialect)
    again = found.parse(spelled, found.dialect)
    return spelled if again.node == parsed.node else None


def _has_comment(text: str) -> bool:
    bare = _QUOTED.sub("", text)
    return "//" in bare or "/*" in bare


def _change(scalar: Scalar, new: str, source: SourceText) -> Change | None:
    """The scalar's token spelled anew in its own style, or in the nearest that can hold the text; None where none can."""
    old = source.text[scalar.range.start : scalar.range.end]
    for token in _tokens(scalar, old, new):
        if token is not None and _reads_as(token, new, block=scalar.style in ("|", ">")):
            return Change(range=scalar.range, old=old, new=token) if token != old else None
    return None


def _tokens(scalar: Scalar, old: str, new: str) -> Iterator[str | None]:
    if scalar.style in ("|", ">"):
        yield _block(old, new)
        return
    double = '"' + new.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    single = "'" + new.replace("'", "''") + "'" if "\n" not in new else None
    if scalar.style == "" and not _PLAIN_TROUBLE.search(new) and "\n" not in new:
        yield new
    if (
        scalar.style == ""
        and "[" in new
        and not _PLAIN_TROUBLE.search(new.replace("[", "").replace("]", "").replace(",", ""))
    ):
        yield new  # brackets mean nothing in a plain scalar of a block, as the old one was
    yield from (double, single) if scalar.style == '"' else (single, double)


def _block(old: str, new: str) -> str | None:
    """A block scalar with its own header, indentation and end."""
    header, line_end, body = old.partition("\n")
    lines = [line for line in body.split("\n") if line.strip()]
    if not lines or "\n" in new:
        return None
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip(" "))]
    tail = body[len(body.rstrip("\n")) :]
    return f"{header}{line_end}{indent}{new}{tail}"


def _reads_as(token: str, text: str, *, block: bool) -> bool:
    """Whether a token alone in a list reads as this text."""
    lead = "- " if not block else "k: "
    done = read(SourceText("", f"{lead}{token}\n"))
    if has_errors(done.diagnostics) or len(done.documents) != 1:
        return False
    node = done.documents[0]
    value = node.get("k") if isinstance(node, Mapping) else node.items[0] if isinstance(node, Sequence) else None
    return isinstance(value, Scalar) and as_text(value).rstrip("\n") == text


# --- the whole file ------------------------------------------------------------------------------------------------


def _applied(text: str, changes: list[Change]) -> str:
    out: list[str] = []
    at = 0
    for change in changes:
        out += (text[at : change.range.start], change.new)
        at = change.range.end
    return "".join((*out, text[at:]))


def _same_but_texts(before: tuple[Node, ...], text: str, changed: set[int]) -> bool:
    """Whether the new file has the old one's shape, and its values but for the texts that were changed."""
    after = read(SourceText("", text))
    if has_errors(after.diagnostics) or len(after.documents) != len(before):
        return False
    return all(_alike(old, new, changed) for old, new in zip(before, after.documents, strict=True))


def _alike(old: Node, new: Node, changed: set[int]) -> bool:
    match old, new:
        case Scalar(), Scalar():
            return old.range.start in changed or old.value == new.value
        case Mapping(), Mapping():
            return old.names() == new.names() and all(
                _alike(one.value, other.value, changed) for one, other in zip(old.entries, new.entries, strict=True)
            )
        case Sequence(), Sequence():
            return len(old.items) == len(new.items) and all(
                _alike(one, other, changed) for one, other in zip(old.items, new.items, strict=True)
            )
        case _:
            return False

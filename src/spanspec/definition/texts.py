"""Texts of the language inside a file: parsed, checked, their faults and the variables they name placed in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeVar

from spanspec.definition.plan import Reference
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.yaml import as_block, comment_after
from spanspec.language.checker import check, check_parts
from spanspec.language.dialect import Dialect
from spanspec.language.differing import differences
from spanspec.language.parser import Parsed, parse_expression, parse_selector, parse_statement, parse_template
from spanspec.language.syntax import Expression, Filtered, Name, Node, Place, Selector, Statement, Template
from spanspec.results.model import SourcePlace
from spanspec.source.diagnostics import has_errors
from spanspec.source.text import Range, SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.definition.faults import Faults
    from spanspec.language.checker import TextKind
    from spanspec.source.diagnostics import Diagnostic

N = TypeVar("N", bound=Node)


@dataclass(kw_only=True)
class Reader:
    """Reads the texts of one file; collects faults and references on the way.

    Attributes:
        faults: Of the file.
        path: The file as shown.
        references: In the order of reading.
        response: What the answer of the test's trigger has by name; None where it may have anything.
        migrating: Whether the file may come from Tracetest, so that its fields tell where they are sent otherwise here.
    """

    faults: Faults
    path: str
    references: list[Reference] = field(default_factory=list)
    response: tuple[str, ...] | None = ()
    migrating: bool = False

    @property
    def source(self) -> SourceText:
        """The file."""
        return self.faults.source

    def statement(self, scalar: Scalar, dialect: Dialect, where: str) -> Statement | None:
        """A statement, which may name the test's own outputs."""
        return self._read(scalar, parse_statement, dialect, where, "statement", own_outputs=True)

    def selector(self, scalar: Scalar | None, dialect: Dialect, where: str) -> Selector | None:
        """A selector; none and an empty one select every span."""
        if scalar is None:
            return Selector()
        return self._read(scalar, parse_selector, dialect, where, "selector", own_outputs=True)

    def expression(self, scalar: Scalar, dialect: Dialect, where: str) -> Expression | None:
        """An output's value: an expression, or a template (`"${var:X}/y"` without its quotes)."""
        return self._read(scalar, parse_expression, dialect, where, "expression")

    def template(self, scalar: Scalar, where: str) -> Template | None:
        """A text with `${…}`."""
        return self._read(scalar, parse_template, Dialect.SPECS, where, "template")

    def _read(
        self,
        scalar: Scalar,
        parse: Callable[[str, Dialect], Parsed[N]],
        dialect: Dialect,
        where: str,
        kind: TextKind,
        *,
        own_outputs: bool = False,
    ) -> N | None:
        parsed = parse(as_text(scalar), dialect)
        if has_errors(parsed.diagnostics) and self._cut(scalar, parsed.diagnostics):
            return None
        self.faults.in_text(parsed.diagnostics, scalar)
        if parsed.node is None:
            self.faults.in_text(check_parts(parsed.parts, dialect), scalar)
            self._refer_anyway(scalar, where, own_outputs=own_outputs)
            return None
        found = check(parsed.node, dialect, kind=kind, response=self.response)
        self.faults.in_text(found, scalar)
        if dialect is Dialect.SPECS and (kind != "template" or self.migrating):
            self.faults.in_text(differences(as_text(scalar), parsed.node, kind, where), scalar)
        self._warn_of_comment(scalar)
        self._refer(parsed.node, scalar, where, own_outputs=own_outputs)
        return None if has_errors(found) else parsed.node

    def _cut(self, scalar: Scalar, faults: tuple[Diagnostic, ...]) -> bool:
        """Whether the text has a fault because YAML ended it at ` #`; then that is the fault told."""
        comment = comment_after(self.source, scalar)
        if not comment or not _unfinished(scalar.text, faults):
            return False
        at = self.source.text.index("#", scalar.range.end)
        line = self.source.line(self.source.position(scalar.range.start).line)
        self.faults.error(
            "cut-by-comment",
            'YAML ends the text here: " #" begins a comment',
            Range(at, at + len(comment)),
            help=as_block(line) or "Put the text in quotes.",
        )
        return True

    def _warn_of_comment(self, scalar: Scalar) -> None:
        comment = comment_after(self.source, scalar)
        if comment and comment[1:2] not in ("", " ", "\t", "#"):
            at = self.source.text.index("#", scalar.range.end)
            line = self.source.line(self.source.position(scalar.range.start).line)
            self.faults.warn(
                "cut-by-comment",
                f'"{comment[:60]}" is a comment to YAML, and no part of the text',
                Range(at, at + len(comment)),
                help=(as_block(line) or "Put the text in quotes.") if "#" in line else "Put the text in quotes.",
            )

    def _refer_anyway(self, scalar: Scalar, where: str, *, own_outputs: bool) -> None:
        """Take note of the placeholders of a text that does not parse, so that all faults are told at once."""
        node = parse_template(as_text(scalar), Dialect.SPECS).node
        if node is not None:
            self._refer(node, scalar, where, own_outputs=own_outputs)

    def until(self, scalar: Scalar) -> None:
        """Take note of the variables that `settle.until` names; its faults are told where settings are read."""
        node = parse_statement(as_text(scalar), Dialect.EXPECT).node
        if node is not None:
            self._refer(node, scalar, "settle.until", own_outputs=False)

    def _refer(self, node: Node, scalar: Scalar, where: str, *, own_outputs: bool) -> None:
        for name in variables_named(node):
            self.references.append(
                Reference(
                    prefix=str(name.place), name=name.key, where=where, range=scalar.place(name.range), source=self.source,
                    own_outputs=own_outputs,
                )
            )  # fmt: skip

    def place(self, scalar: Scalar) -> SourcePlace:
        """Where a text stands."""
        return self.place_of(scalar.whole)

    def place_of(self, span: Range) -> SourcePlace:
        """Where a range stands, with the line of its start."""
        start = self.source.position(span.start)
        line = self.source.line(start.line)
        length = max(1, min(span.end - span.start, len(line) - start.column + 1))
        return SourcePlace(path=self.path, line=start.line, column=start.column, length=length, excerpt=line)


def _unfinished(text: str, faults: tuple[Diagnostic, ...]) -> bool:
    """Whether a text breaks off: a quote or bracket is open, or its fault is at its end."""
    if (
        text.count('"') % 2
        or text.count("'") % 2
        or text.count("[") > text.count("]")
        or text.count("(") > text.count(")")
    ):
        return True
    return any(fault.range is not None and fault.range.end >= len(text) for fault in faults)


def variables_named(node: Node) -> Iterator[Name]:
    """Every `var:` and `env:` name in a tree, in the order of the text; those with a `default` filter are left out."""
    if isinstance(node, Name):
        if node.place in (Place.VAR, Place.ENV) and not node.via:
            yield node
        return
    skipped = _defaulted(node)
    for part in fields(node):
        value = getattr(node, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Node) and item is not skipped:
                yield from variables_named(item)


def _defaulted(node: Node) -> Node | None:
    """What a `default` filter stands in for, when it is a name."""
    if (
        isinstance(node, Filtered)
        and isinstance(node.operand, Name)
        and any(each.name == "default" for each in node.filters)
    ):
        return node.operand
    return None


def nodes_of(node: Node) -> Iterator[Node]:
    """Every node of a tree, parents first."""
    yield node
    for part in fields(node):
        value = getattr(node, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Node):
                yield from nodes_of(item)

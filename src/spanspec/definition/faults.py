"""Where the room's faults are collected: each with its place in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.source.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.definition.scalars import Scalar
    from spanspec.definition.yaml import Node
    from spanspec.source.text import Range, SourceText


class Faults:
    """Collects the faults of one file, in the order they were found.

    Args:
        source: The file.
    """

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.found: list[Diagnostic] = []

    def error(self, code: str, message: str, at: Range | None, *, label: str = "", help: str = "") -> None:  # noqa: A002
        """Add an error."""
        self._add(Diagnostic(code=code, message=message, range=at, label=label, help=help, source=self.source))

    def warn(self, code: str, message: str, at: Range | None, *, label: str = "", help: str = "") -> None:  # noqa: A002
        """Add a warning."""
        self._add(
            Diagnostic(
                code=code,
                message=message,
                range=at,
                label=label,
                help=help,
                source=self.source,
                severity=Severity.WARNING,
            )
        )

    def wrong_type(self, what: str, wanted: str, node: Node, got: str, *, help: str = "") -> None:  # noqa: A002
        """Add that a value has another type than wanted."""
        self.error("wrong-type", f"{what} must be {wanted}, and this is {got}", pointed(node), help=help)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add faults that have their place already."""
        for diagnostic in diagnostics:
            self._add(diagnostic)

    def in_text(self, diagnostics: Iterable[Diagnostic], scalar: Scalar) -> None:
        """Add faults whose ranges count in the text of `scalar`."""
        for diagnostic in diagnostics:
            self._add(in_file(diagnostic, scalar, self.source))

    def _add(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self.found:
            self.found.append(diagnostic)

    def by_place(self) -> list[Diagnostic]:
        """All of them in the order of the file; those without a place first."""
        return sorted(self.found, key=lambda fault: fault.range.start if fault.range is not None else -1)

    @property
    def stop(self) -> bool:
        """Whether any is an error."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.found)


def in_file(diagnostic: Diagnostic, scalar: Scalar, source: SourceText) -> Diagnostic:
    """A fault in a scalar's text as a fault in the file."""
    at = scalar.place(diagnostic.range) if diagnostic.range is not None else scalar.whole
    return Diagnostic(
        code=diagnostic.code,
        message=diagnostic.message,
        range=at,
        label=diagnostic.label,
        help=diagnostic.help,
        source=source,
        severity=diagnostic.severity,
    )


def pointed(node: Node) -> Range:
    """What to point at for a node: its own characters."""
    return node.range

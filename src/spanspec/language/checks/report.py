"""Where a checker puts what it finds; the dialect decides the severity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.words import FUNCTIONS, Signature
from spanspec.source.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from spanspec.language.syntax import Call
    from spanspec.source.text import Range


class Report:
    """Collects diagnostics.

    Args:
        dialect: The meaning of the text; under `COMPAT` every fault is a warning.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._found: list[Diagnostic] = []
        self._allowed: set[int] = set()

    def fault(self, code: str, message: str, where: Range, *, label: str = "", help: str = "") -> None:  # noqa: A002
        """What cannot be right."""
        severity = Severity.WARNING if self.dialect is Dialect.COMPAT else Severity.ERROR
        self._add(code, message, where, label, help, severity)

    def mismatch(self, message: str, where: Range, *, label: str = "", help: str = "") -> None:  # noqa: A002
        """A comparison that can never hold: an error in `EXPECT`; in the reference's texts that check fails, and is told."""
        severity = Severity.ERROR if self.dialect is Dialect.EXPECT else Severity.WARNING
        self._add("impossible-comparison", message, where, label, help, severity)

    def contradiction(self, message: str, where: Range, *, code: str = "contradiction", help: str = "") -> None:  # noqa: A002
        """What nothing can satisfy: an error in `EXPECT`, told in the reference's texts, which run as they are."""
        severity = Severity.ERROR if self.dialect is Dialect.EXPECT else Severity.WARNING
        self._add(code, message, where, "", help, severity)

    def warn(self, code: str, message: str, where: Range, *, label: str = "", help: str = "") -> None:  # noqa: A002
        """What is likely not meant."""
        self._add(code, message, where, label, help, Severity.WARNING)

    def allow_expectation(self, call: Call) -> None:
        """A call that stands where a check does."""
        self._allowed.add(id(call))

    def stands_alone(self, call: Call) -> bool:
        """Whether a call stands where a check does."""
        return id(call) in self._allowed

    @staticmethod
    def signature(name: str) -> Signature | None:
        """How a function is called; None for an unknown one."""
        return FUNCTIONS.get(name)

    def ordered(self) -> tuple[Diagnostic, ...]:
        """All that was found, in the order of the text."""
        return tuple(sorted(dict.fromkeys(self._found), key=lambda found: found.range.start if found.range else 0))

    def _add(self, code: str, message: str, where: Range, label: str, help: str, severity: Severity) -> None:  # noqa: A002
        self._found.append(
            Diagnostic(code=code, message=message, range=where, label=label, help=help, severity=severity)
        )

"""What a run in a test has, whether its trace came over the network or from the process itself: holding and collecting."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.api.failures import ExpectationError
from spanspec.results.model import worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.results.model import CaseResult


class Holder:
    """Raises for a case that did not pass, or keeps it for the end of a `checks()` block."""

    def __init__(self) -> None:
        self._kept: list[CaseResult] | None = None

    def hold(self, case: CaseResult) -> None:
        """Take a judged case.

        Raises:
            ExpectationError: It did not pass, and no block collects.
        """
        if not case.failed_checks and case.error is None:
            return
        if self._kept is None:
            raise ExpectationError(case)
        self._kept.append(case)

    @contextmanager
    def checks(self) -> Iterator[None]:
        """Collect what does not hold inside of it, and tell all of it at its end.

        Raises:
            ExpectationError: Something did not hold. What else is raised inside goes first.
        """
        if self._kept is not None:
            yield  # an inner block tells nothing; the outer one does
            return
        kept: list[CaseResult] = []
        self._kept = kept
        try:
            yield
        finally:
            self._kept = None
        if kept:
            raise ExpectationError(together(kept))


def together(cases: list[CaseResult]) -> CaseResult:
    """Several judgements of one run as one: all checks, on the trace as it was seen last."""
    checks = tuple(check for case in cases for check in case.checks)
    error = next((case.error for case in cases if case.error is not None), None)
    return replace(cases[-1], checks=checks, error=error, outcome=worst(case.outcome for case in cases))

"""What can go wrong in the world, as one tree of exceptions.

::

    SpanspecError
    ├── UsageError          the command line or a file asks for what cannot be done     exit 2
    ├── DiagnosticsError    faults in what the user wrote; carries all of them          exit 2
    ├── TriggerError        the transaction could not be started or gave no answer      exit 3
    ├── StoreError          spans could not be read                                     exit 3
    ├── TraceError          an awaited trace did not come, or not whole, in time        exit 3
    ├── ReceiverError       the embedded receiver could not listen                      exit 3
    ├── StartError          the system under test could not be started                  exit 3
    ├── OtlpError           bytes that are no valid OTLP                                exit 3
    └── PluginError         a member of a family is unknown, broken or clashes          exit 2

They are raised at the rim only, `raise Ours(...) from theirs`, with the address and what was being done. A fault in the
user's text is a `Diagnostic` (a value), a check that does not hold is a result, and a bug is an assertion: none of
these is an exception of this tree, but for `DiagnosticsError`, which carries diagnostics out of a Python call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.source.render import render_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.source.diagnostics import Diagnostic


class SpanspecError(Exception):
    """The root. `str(error)` says what happened and where; `help` says in one sentence how to go on.

    Args:
        message: What happened, where, and the evidence; may have several lines.
        help: One imperative sentence, or empty.
    """

    exit_code = 3

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the field's own word
        super().__init__(message)
        self.message = message
        self.help = help
        if help:
            self.add_note(f"help: {help}")  # what a traceback shows below the message


class UsageError(SpanspecError):
    """The command line or a file asks for something that cannot be done."""

    exit_code = 2


class DiagnosticsError(SpanspecError):
    """Faults in what the user wrote, all of them, for callers of the Python API.

    Args:
        message: One line that counts them.
        diagnostics: The faults, in the order of their places.
    """

    exit_code = 2

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        """The message, and below it every fault with its place."""
        return f"{self.message}\n{render_all(self.diagnostics)}"


class TriggerError(SpanspecError):
    """A trigger could not start its transaction, or got no answer.

    Args:
        message: What happened.
        help: How to go on.
        unreachable: The address that could not even be connected to; empty where it was something else.
    """

    def __init__(self, message: str, *, help: str = "", unreachable: str = "") -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.unreachable = unreachable


class StoreError(SpanspecError):
    """A trace store could not be read."""


class TraceError(SpanspecError):
    """An awaited trace did not come in time, or was not whole by then; for callers of the Python API."""


class ReceiverError(SpanspecError):
    """The embedded receiver could not listen."""


class StartError(SpanspecError):
    """The system under test could not be started, or does not become ready."""


class OtlpError(SpanspecError):
    """Bytes that are no valid OTLP. `offset` is the byte where reading ended, or None."""

    def __init__(self, message: str, *, offset: int | None = None, help: str = "") -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.offset = offset


class PluginError(SpanspecError):
    """A member of a family is unknown, cannot be loaded, or has a built-in's name."""

    exit_code = 2

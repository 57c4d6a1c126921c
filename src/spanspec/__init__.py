"""Trace-based testing for distributed systems that emit OpenTelemetry.

The public names are resolved when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanspec.api.failures import AttributeMissingError as AttributeMissingError
    from spanspec.api.failures import ExpectationError as ExpectationError
    from spanspec.api.failures import SelectionError as SelectionError
    from spanspec.api.receiving import Receiver as Receiver
    from spanspec.api.receiving import wait_for_trace as wait_for_trace
    from spanspec.api.running import run as run
    from spanspec.api.statements import check as check
    from spanspec.api.statements import evaluate as evaluate
    from spanspec.api.statements import select as select
    from spanspec.api.views import Selection as Selection
    from spanspec.api.views import Span as Span
    from spanspec.api.views import Trace as Trace
    from spanspec.api.views import ms as ms
    from spanspec.api.views import seconds as seconds
    from spanspec.errors import DiagnosticsError as DiagnosticsError
    from spanspec.errors import SpanspecError as SpanspecError
    from spanspec.errors import TraceError as TraceError
    from spanspec.language.asking import Answer as Answer
    from spanspec.language.asking import parse as parse
    from spanspec.language.verdict import EvaluationError as EvaluationError
    from spanspec.model.time import Duration as Duration
    from spanspec.results.model import CaseResult as CaseResult
    from spanspec.results.model import CheckResult as CheckResult
    from spanspec.results.model import Outcome as Outcome
    from spanspec.results.model import RunResult as RunResult

__version__ = "0.1.0"

_HOMES = {
    "Answer": "spanspec.language.asking",
    "AttributeMissingError": "spanspec.api.failures",
    "CaseResult": "spanspec.results.model",
    "CheckResult": "spanspec.results.model",
    "DiagnosticsError": "spanspec.errors",
    "Duration": "spanspec.model.time",
    "EvaluationError": "spanspec.language.verdict",
    "ExpectationError": "spanspec.api.failures",
    "Outcome": "spanspec.results.model",
    "Receiver": "spanspec.api.receiving",
    "RunResult": "spanspec.results.model",
    "Selection": "spanspec.api.views",
    "SelectionError": "spanspec.api.failures",
    "Span": "spanspec.api.views",
    "SpanspecError": "spanspec.errors",
    "Trace": "spanspec.api.views",
    "TraceError": "spanspec.errors",
    "check": "spanspec.api.statements",
    "evaluate": "spanspec.api.statements",
    "ms": "spanspec.api.views",
    "parse": "spanspec.language.asking",
    "run": "spanspec.api.running",
    "seconds": "spanspec.api.views",
    "select": "spanspec.api.statements",
    "wait_for_trace": "spanspec.api.receiving",
}

__all__ = [
    "Answer",
    "AttributeMissingError",
    "CaseResult",
    "CheckResult",
    "DiagnosticsError",
    "Duration",
    "EvaluationError",
    "ExpectationError",
    "Outcome",
    "Receiver",
    "RunResult",
    "Selection",
    "SelectionError",
    "Span",
    "SpanspecError",
    "Trace",
    "TraceError",
    "check",
    "evaluate",
    "ms",
    "parse",
    "run",
    "seconds",
    "select",
    "wait_for_trace",
]


def __getattr__(name: str) -> object:
    """Resolve a public name (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*__all__, "__version__"])

"""Trace-based testing for distributed systems that emit OpenTelemetry.

The public names are resolved when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanspec.api import check as check
    from spanspec.api import run as run
    from spanspec.errors import SpanspecError as SpanspecError
    from spanspec.language.asking import Answer as Answer
    from spanspec.language.asking import evaluate as evaluate
    from spanspec.language.asking import parse as parse
    from spanspec.language.asking import select as select
    from spanspec.model.span import Span as Span
    from spanspec.model.trace import Trace as Trace
    from spanspec.receiver.serve import Receiver as Receiver
    from spanspec.results.model import CaseResult as CaseResult
    from spanspec.results.model import CheckResult as CheckResult
    from spanspec.results.model import Outcome as Outcome
    from spanspec.results.model import RunResult as RunResult

__version__ = "0.1.0"

_HOMES = {
    "Answer": "spanspec.language.asking",
    "CaseResult": "spanspec.results.model",
    "CheckResult": "spanspec.results.model",
    "Outcome": "spanspec.results.model",
    "Receiver": "spanspec.receiver.serve",
    "RunResult": "spanspec.results.model",
    "Span": "spanspec.model.span",
    "SpanspecError": "spanspec.errors",
    "Trace": "spanspec.model.trace",
    "check": "spanspec.api",
    "evaluate": "spanspec.language.asking",
    "parse": "spanspec.language.asking",
    "run": "spanspec.api",
    "select": "spanspec.language.asking",
}

__all__ = [
    "Answer",
    "CaseResult",
    "CheckResult",
    "Outcome",
    "Receiver",
    "RunResult",
    "Span",
    "SpanspecError",
    "Trace",
    "check",
    "evaluate",
    "parse",
    "run",
    "select",
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

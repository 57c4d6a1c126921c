"""All that the author of a plug-in imports: the seams, their base classes, the marks and types of fields, and the errors.

A trigger or store in a package of its own is named by an entry point in the group `spanspec.triggers` or
`spanspec.stores`. What stands here stays; everything else of the package may change from release to release.
"""

from __future__ import annotations

from spanspec.errors import StoreError, TriggerError
from spanspec.model.context import Clock, TimeWindow, TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Resource, Span
from spanspec.stores.base import Arrived, AwaitableStore, Fetched, TraceStore
from spanspec.triggers._propagation import carried, environment, injected
from spanspec.triggers.base import (
    MASK,
    Address,
    Content,
    Fields,
    LocalPath,
    Named,
    Pairs,
    Seconds,
    Secret,
    SecretText,
    Text,
    Texts,
    Trigger,
    TriggerFields,
)

__all__ = [
    "MASK",
    "Address",
    "Arrived",
    "AwaitableStore",
    "Clock",
    "Content",
    "Fetched",
    "Fields",
    "LocalPath",
    "Named",
    "Pairs",
    "Resource",
    "Seconds",
    "Secret",
    "SecretText",
    "Span",
    "SpanId",
    "StoreError",
    "Text",
    "Texts",
    "TimeWindow",
    "TraceContext",
    "TraceId",
    "TraceStore",
    "Trigger",
    "TriggerError",
    "TriggerFields",
    "TriggerResult",
    "carried",
    "environment",
    "injected",
]

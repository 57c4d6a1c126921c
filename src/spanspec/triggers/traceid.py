"""A trace that is already there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pydantic import Field

from spanspec.triggers._traceid import Existing
from spanspec.triggers.base import Text


class Trigger(Existing):
    """Sends nothing: judges a trace that somebody else has started, by its id.

    The id is 32 hexadecimal digits, a UUID, or a `traceparent`. Anything else stops the test before it waits.
    """

    blocks: ClassVar[tuple[str, ...]] = ("TraceID",)
    answers: ClassVar[Mapping[str, str]] = MappingProxyType({"response:id": "The id."})

    id: Text = Field(description="The trace's id.")

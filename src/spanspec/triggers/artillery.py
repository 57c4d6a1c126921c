"""A trace that Artillery has started."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pydantic import Field

from spanspec.triggers._traceid import Existing
from spanspec.triggers.base import Text


class Trigger(Existing):
    """Sends nothing: judges a trace that Artillery has started, whose id is in the variable `TRACE_ID`.

    Pass it with `--var TRACE_ID=…` or in the environment. To start Artillery from here, see [`command`](command.md).
    """

    answers: ClassVar[Mapping[str, str]] = MappingProxyType({"response:id": "The id."})

    id: Text = Field(default="${env:TRACE_ID}", description="The trace's id.")

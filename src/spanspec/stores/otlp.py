"""Any OTLP endpoint: spans come to the receiver of the run, and a copy goes to `url`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to an OTLP endpoint."""

    product: ClassVar[str] = "OTLP"

    type: Literal["otlp"] = Field(default="otlp", description="`otlp`.")

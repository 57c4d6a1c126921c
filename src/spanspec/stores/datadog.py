"""Datadog: spans come to the receiver of the run, and the Datadog Agent or a collector with Datadog's exporter gets a copy."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import Text


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to the Datadog Agent's OTLP receiver at `url`."""

    product: ClassVar[str] = "Datadog"

    type: Literal["datadog"] = Field(default="datadog", description="`datadog`.")
    site: Text = Field(
        default="", description="The site, for links: `datadoghq.com`, `datadoghq.eu`, `us5.datadoghq.com`."
    )

    def page(self) -> str:
        """The page of a trace on the site."""
        host = self.site if self.site.count(".") > 1 else f"app.{self.site}"
        return f"https://{host}/apm/trace/{{trace_id}}" if self.site else ""

"""Honeycomb: spans come to the receiver of the run, and Honeycomb gets its copy over its OTLP endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to Honeycomb."""

    product: ClassVar[str] = "Honeycomb"

    type: Literal["honeycomb"] = Field(default="honeycomb", description="`honeycomb`.")
    api_key: SecretText = Field(
        default="", description="An ingest key, as `${env:HONEYCOMB_API_KEY}`. Without it nothing is forwarded."
    )
    dataset: Text = Field(default="", description="The dataset, for Honeycomb Classic alone.")
    region: Literal["us", "eu"] = Field(default="us", description="`us` or `eu`.")
    team: Text = Field(default="", description="The team's name in addresses, for links.")
    environment: Text = Field(default="", description="The environment's name in addresses, for links.")

    def endpoint(self) -> str:
        """The instance's endpoint."""
        host = "api.eu1.honeycomb.io" if self.region == "eu" else "api.honeycomb.io"
        return f"https://{host}" if self.api_key else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Honeycomb's own headers."""
        return (("x-honeycomb-team", self.api_key), ("x-honeycomb-dataset", self.dataset))

    def page(self) -> str:
        """The page of a trace in an environment."""
        if not self.team or not self.environment:
            return ""
        host = "ui.eu1.honeycomb.io" if self.region == "eu" else "ui.honeycomb.io"
        return f"https://{host}/{self.team}/environments/{self.environment}/trace?trace_id={{trace_id}}"

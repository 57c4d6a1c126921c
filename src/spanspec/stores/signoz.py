"""SigNoz: spans come to the receiver of the run, and SigNoz gets its copy: its cloud, or one of your own by `url`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to SigNoz."""

    product: ClassVar[str] = "SigNoz"

    type: Literal["signoz"] = Field(default="signoz", description="`signoz`.")
    ingestion_key: SecretText = Field(
        default="", description="The key of SigNoz Cloud, as `${env:SIGNOZ_INGESTION_KEY}`; one's own needs none."
    )
    region: Text = Field(default="us", description="The cloud's region: `us`, `eu`, `in`.")
    ui: Text = Field(default="", description="The page for people: `http://127.0.0.1:8080`.")

    def endpoint(self) -> str:
        """The cloud's endpoint of the region."""
        return f"https://ingest.{self.region}.signoz.cloud:443" if self.ingestion_key else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """SigNoz's own header."""
        return (("signoz-ingestion-key", self.ingestion_key),)

    def page(self) -> str:
        """The page of a trace."""
        return f"{self.ui.rstrip('/')}/trace/{{trace_id}}" if self.ui else ""

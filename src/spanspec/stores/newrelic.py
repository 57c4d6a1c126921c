"""New Relic: spans come to the receiver of the run, and New Relic gets its copy over its OTLP endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to New Relic."""

    product: ClassVar[str] = "New Relic"

    type: Literal["newrelic"] = Field(default="newrelic", description="`newrelic`.")
    api_key: SecretText = Field(
        default="", description="A licence key, as `${env:NEW_RELIC_LICENSE_KEY}`. Without it nothing is forwarded."
    )
    region: Literal["us", "eu"] = Field(default="us", description="`us` or `eu`.")

    def endpoint(self) -> str:
        """The region's endpoint."""
        host = "otlp.eu01.nr-data.net" if self.region == "eu" else "otlp.nr-data.net"
        return f"https://{host}" if self.api_key else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """New Relic's own header."""
        return (("api-key", self.api_key),)

"""Lightstep (ServiceNow Cloud Observability): spans come to the receiver of the run, and Lightstep gets its copy over gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to Lightstep."""

    product: ClassVar[str] = "Lightstep"

    type: Literal["lightstep"] = Field(default="lightstep", description="`lightstep`.")
    token: SecretText = Field(
        default="", description="An access token, as `${env:LIGHTSTEP_TOKEN}`. Without it nothing is forwarded."
    )

    def endpoint(self) -> str:
        """Lightstep's endpoint, which speaks gRPC."""
        return "grpcs://ingest.lightstep.com:443" if self.token else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Lightstep's own header."""
        return (("lightstep-access-token", self.token),)

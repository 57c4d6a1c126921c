"""Dynatrace: spans come to the receiver of the run, and Dynatrace gets its copy over its OTLP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to Dynatrace."""

    product: ClassVar[str] = "Dynatrace"

    type: Literal["dynatrace"] = Field(default="dynatrace", description="`dynatrace`.")
    environment: Text = Field(
        default="", description="The environment's address: `https://abc12345.live.dynatrace.com`."
    )
    api_token: SecretText = Field(
        default="",
        description="A token that may ingest traces, as `${env:DYNATRACE_TOKEN}`. Without it nothing is forwarded.",
    )

    def endpoint(self) -> str:
        """The environment's OTLP API."""
        return f"{self.environment.rstrip('/')}/api/v2/otlp" if self.environment and self.api_token else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """The token, as the API wants it."""
        return (("authorization", f"Api-Token {self.api_token}"),) if self.api_token else ()

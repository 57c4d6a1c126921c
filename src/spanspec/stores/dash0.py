"""Dash0: spans come to the receiver of the run, and Dash0 gets its copy over its OTLP endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to Dash0."""

    product: ClassVar[str] = "Dash0"

    type: Literal["dash0"] = Field(default="dash0", description="`dash0`.")
    token: SecretText = Field(
        default="", description="An auth token, as `${env:DASH0_TOKEN}`. Without it nothing is forwarded."
    )
    region: Text = Field(default="eu-west-1", description="The organisation's region: `eu-west-1`, `us-west-2`.")
    dataset: Text = Field(default="", description="The dataset; Dash0's default without one.")

    def endpoint(self) -> str:
        """The region's endpoint."""
        return f"https://ingress.{self.region}.aws.dash0.com" if self.token else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """The token and the dataset."""
        bearer = f"Bearer {self.token}" if self.token else ""
        return (("authorization", bearer), ("dash0-dataset", self.dataset))

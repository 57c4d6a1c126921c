"""Instana: spans come to the receiver of the run, and Instana gets its copy over its OTLP acceptor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from spanspec.stores._forward import ForwardFields
from spanspec.triggers.base import SecretText, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Store(ForwardFields):
    """Awaits spans at the receiver of the run, and passes a copy on to Instana."""

    product: ClassVar[str] = "Instana"

    type: Literal["instana"] = Field(default="instana", description="`instana`.")
    acceptor: Text = Field(
        default="", description="The tenant's OTLP acceptor: `https://otlp-blue-saas.instana.io:4318`."
    )
    agent_key: SecretText = Field(
        default="", description="The agent key, as `${env:INSTANA_AGENT_KEY}`. Without it nothing is forwarded."
    )
    host: Text = Field(default="spanspec", description="The host that Instana shows the spans under.")

    def endpoint(self) -> str:
        """The acceptor."""
        return self.acceptor if self.agent_key else ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Instana's own headers."""
        return (("x-instana-key", self.agent_key), ("x-instana-host", self.host)) if self.agent_key else ()

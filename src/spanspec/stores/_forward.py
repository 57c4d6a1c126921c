"""What the vendors' classes share: spans come to the receiver of the run, and the vendor gets its copy by forwarding."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from spanspec.otlp.target import Target
from spanspec.triggers.base import Fields, Pairs, Text, secrets_of_fields

if TYPE_CHECKING:
    from collections.abc import Iterable


class ForwardFields(Fields):
    """The keys that all vendors share.

    Class variables:
        forwards: Marks the class: its traces are awaited at the receiver of the run.
        product: What people call it.
    """

    forwards: ClassVar[bool] = True
    product: ClassVar[str] = ""

    url: Text = Field(
        default="",
        description="An OTLP endpoint in place of the vendor's own: a collector, an agent, a private region."
        " `http(s)://…` or `grpc(s)://HOST:PORT`.",
    )
    headers: Pairs = Field(default_factory=list, description="Further headers of each export.")
    trace_url: Text = Field(default="", description="Where a person sees a trace there; `{trace_id}` is filled in.")

    def endpoint(self) -> str:
        """The vendor's OTLP endpoint for these fields; empty where they name none, and then nothing is forwarded."""
        return ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """The headers by which the vendor knows whose spans they are."""
        return ()

    def page(self) -> str:
        """The vendor's own page of a trace, with `{trace_id}`; empty where it has no stable address."""
        return ""

    def target(self) -> Target | None:
        """Where copies go; None where nothing is forwarded.

        Raises:
            UsageError: `url` is no OTLP endpoint.
        """
        url = self.url or self.endpoint()
        if not url:
            return None
        headers = {key: value for key, value in (*self.keys(), *self.headers) if value}
        return Target(url=url, headers=MappingProxyType(headers))

    def link(self) -> str:
        """Where a person sees a trace, with `{trace_id}`; empty where nowhere."""
        return self.trace_url or self.page()

    def secrets(self) -> Iterable[str]:
        """The values that no report may show."""
        return secrets_of_fields(self)

"""Zipkin, over its query API (https://zipkin.io/zipkin-api/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from pydantic import Field

from spanspec.errors import OtlpError
from spanspec.otlp.decode_zipkin import LOSSES, decode_zipkin
from spanspec.otlp.decoded import shown
from spanspec.stores._fields import HttpFields
from spanspec.stores._http import HttpReader
from spanspec.stores._opened import Opened
from spanspec.stores.base import Fetched
from spanspec.triggers.base import Text

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.otlp.decoded import Decoded


class Store(HttpFields):
    """Asks Zipkin for a trace by its id."""

    type: Literal["zipkin"] = Field(default="zipkin", description="`zipkin`.")
    url: Text = Field(default="http://127.0.0.1:9411", description="Where Zipkin listens.")
    ui: Text = Field(default="", description="The page for people, where it is not at `url`.")

    def open(self, clock: Clock) -> OpenZipkin:
        """The store with a pool of connections."""
        return OpenZipkin(self, clock)


class OpenZipkin(Opened):
    """Zipkin with a pool of connections."""

    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("Zipkin", clock)
        self._fields = fields
        self._http = HttpReader(fields.url, fields, clock, product="Zipkin")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._http.address

    @property
    def where(self) -> str:
        """The URL."""
        return self._http.shown_url

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """The trace as it is now; an unknown one is empty."""
        answer = await self._http.get(f"/api/v2/trace/{trace_id}")
        if answer.status != 200 or not answer.body:
            return Fetched()
        return self.decoded(lambda: _decoded(answer.body), trace_id, lost=LOSSES)

    def link(self, trace_id: TraceId) -> str | None:
        """Zipkin's page of the trace."""
        base = self._fields.ui or self.where
        return f"{base.rstrip('/')}/zipkin/traces/{trace_id}"

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()


def _decoded(body: bytes) -> Decoded:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise OtlpError(f"no JSON: {shown(str(fault))}") from fault
    if not isinstance(document, list):
        raise OtlpError("a list of spans is expected")
    return decode_zipkin(document)

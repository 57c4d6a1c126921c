"""OpenSearch, with spans as Data Prepper or the OpenTelemetry Collector writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from spanspec.otlp.decode_opensearch import LOSSES, decode_opensearch
from spanspec.stores._fields import SearchFields
from spanspec.stores._opened import Opened
from spanspec.stores._search import SearchReader
from spanspec.triggers.base import Text

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.stores.base import Fetched

_KEYS: Final = ("traceId", "traceId.keyword")


class Store(SearchFields):
    """Asks OpenSearch for all spans of a trace."""

    type: Literal["opensearch"] = Field(default="opensearch", description="`opensearch`.")
    index: Text = Field(
        default="otel-v1-apm-span*,ss4o_traces*",
        description="The indices with the spans, by commas; `*` stands for any text.",
    )
    dashboards: Text = Field(default="", description="OpenSearch Dashboards, for links.")

    def open(self, clock: Clock) -> OpenOpenSearch:
        """The store with a pool of connections."""
        return OpenOpenSearch(self, clock)


class OpenOpenSearch(Opened):
    """OpenSearch with a pool of connections."""

    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("OpenSearch", clock)
        self._fields = fields
        self._search = SearchReader(fields, fields.index, _KEYS, clock, product="OpenSearch")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._search.first.address

    @property
    def where(self) -> str:
        """The URL."""
        return self._search.first.shown_url

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """The trace as it is now; an unknown one is empty."""
        documents, partial = await self._search.documents(trace_id)
        lost = "; ".join(part for part in (LOSSES, partial) if part)
        return self.decoded(lambda: decode_opensearch(documents), trace_id, lost=lost, partial=bool(partial))

    def link(self, trace_id: TraceId) -> str | None:
        """The trace in OpenSearch Dashboards, where they are named."""
        base = self._fields.dashboards.rstrip("/")
        return f"{base}/app/observability-traces#/traces/{trace_id}" if base else None

    async def close(self) -> None:
        """Give the connections back."""
        await self._search.close()

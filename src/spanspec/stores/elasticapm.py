"""Elastic APM: its documents of transactions, spans and errors in Elasticsearch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from spanspec.otlp.decode_elasticapm import LOSSES, decode_elasticapm
from spanspec.stores._fields import SearchFields
from spanspec.stores._opened import Opened
from spanspec.stores._search import SearchReader
from spanspec.triggers.base import SecretText, Text

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.stores.base import Fetched

_KEYS: Final = ("trace.id", "trace.id.keyword")


class Store(SearchFields):
    """Asks Elasticsearch for all that Elastic APM has of a trace."""

    type: Literal["elasticapm"] = Field(default="elasticapm", description="`elasticapm`.")
    index: Text = Field(
        default="traces-apm*,logs-apm*,apm-*",
        description="The indices with the documents, by commas; `*` stands for any text.",
    )
    api_key: SecretText = Field(default="", description="Sent as `Authorization: ApiKey`; write it as `${env:NAME}`.")
    kibana: Text = Field(default="", description="Kibana, for links.")

    def with_headers(self, *more: tuple[str, str]) -> list[tuple[str, str]]:
        """All headers to be sent."""
        key = [("authorization", f"ApiKey {self.api_key}")] if self.api_key else []
        return super().with_headers(*key, *more)

    def open(self, clock: Clock) -> OpenElasticApm:
        """The store with a pool of connections."""
        return OpenElasticApm(self, clock)


class OpenElasticApm(Opened):
    """Elasticsearch with a pool of connections."""

    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("Elasticsearch", clock)
        self._fields = fields
        self._search = SearchReader(fields, fields.index, _KEYS, clock, product="Elasticsearch")

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
        return self.decoded(lambda: decode_elasticapm(documents), trace_id, lost=lost, partial=bool(partial))

    def link(self, trace_id: TraceId) -> str | None:
        """The trace in Kibana, where it is named."""
        base = self._fields.kibana.rstrip("/")
        return f"{base}/app/apm/link-to/trace/{trace_id}" if base else None

    async def close(self) -> None:
        """Give the connections back."""
        await self._search.close()

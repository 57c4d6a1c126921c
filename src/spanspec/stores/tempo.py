"""Grafana Tempo, over HTTP or gRPC, of one's own or of Grafana Cloud (https://grafana.com/docs/tempo/latest/api_docs/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self
from urllib.parse import quote

from pydantic import BeforeValidator, Field, model_validator

from spanspec.errors import OtlpError, StoreError
from spanspec.otlp.decode import decode_protobuf
from spanspec.otlp.decode_tempo import TempoAnswer, decode_tempo_json, decode_tempo_protobuf
from spanspec.otlp.decoded import shown
from spanspec.otlp.wire import request_by_bytes
from spanspec.stores._fields import GrpcFields, HttpFields, Tls
from spanspec.stores._grpc import GrpcReader
from spanspec.stores._http import HttpReader
from spanspec.stores._opened import Opened
from spanspec.stores.base import Fetched, PassingError
from spanspec.triggers.base import Fields, Pairs, Text

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.stores._http import Answer

DEFAULT_URL: Final = "http://127.0.0.1:3200"
_FIND: Final = "/tempopb.Querier/FindTraceByID"
_PROTOBUF: Final = "application/protobuf"


class _Http(Fields):
    """How the reference's files name Tempo's HTTP API."""

    url: Text = Field(description="Where it listens.")
    headers: Pairs = Field(default_factory=list, description="Sent with each request.")
    tls: Tls = Field(default_factory=Tls, description="Certificates.")


class Store(HttpFields):
    """Asks Tempo for a trace by its id, whole and unpruned."""

    url: Text = Field(
        default="",
        description=f"Where it listens; `{DEFAULT_URL}` by default. Of Grafana Cloud: `https://tempo-….grafana.net/tempo`.",
    )
    tenant: Text = Field(default="", description="Sent as `X-Scope-OrgID`, for a Tempo with several tenants.")
    api: Literal["auto", "v2", "v1"] = Field(
        default="auto",
        description="Which HTTP API is asked; `auto` takes version 2, which says when a trace is partial, where the server has it.",
    )
    encoding: Literal["protobuf", "json"] = Field(default="protobuf", description="How answers are written.")
    grafana: Text = Field(default="", description="The Grafana in which people look at traces, for links.")
    datasource: Text = Field(default="tempo", description="The uid of Tempo's data source there.")
    type: Annotated[Literal["tempo", "http", "grpc"], BeforeValidator(lambda value: str(value).lower())] = Field(
        default="tempo",
        description="`tempo`; in files of the reference `http` or `grpc`, which says which block counts.",
    )
    http: _Http | None = Field(default=None, description="The reference's form: `{ url, headers, tls }`.")
    grpc: GrpcFields | None = Field(
        default=None, description="Tempo's gRPC query service: `{ endpoint, headers, tls }`."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.type == "grpc" and self.grpc is None:
            raise ValueError("has `type: grpc` and no `grpc` block")
        if self.type == "http" and self.http is None and not self.url:
            raise ValueError("has `type: http` and no `http` block")
        return self

    def open(self, clock: Clock) -> Opened:
        """The store with its connections."""
        if self.grpc is not None and self.type != "http" and not self.url:
            return _OverGrpc(self, self.grpc, clock)
        return _OverHttp(self, clock)

    def tenants(self) -> list[tuple[str, str]]:
        """The header that names the tenant."""
        return [("x-scope-orgid", self.tenant)] if self.tenant else []

    def page(self, trace_id: TraceId) -> str | None:
        """The trace in Grafana's Explore; Tempo has no page of its own."""
        if not self.grafana:
            return None
        pane = (
            f'{{"a":{{"datasource":"{self.datasource}","queries":[{{"refId":"A","queryType":"traceql","query":"{trace_id}"}}],'
            '"range":{"from":"now-1h","to":"now"}}}'
        )
        return f"{self.grafana.rstrip('/')}/explore?schemaVersion=1&panes={quote(pane, safe='')}"


class _OverHttp(Opened):
    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("Tempo", clock)
        nested = fields.http if fields.type != "tempo" or not fields.url else None
        reached = fields
        if nested is not None:
            reached = fields.model_copy(update={"headers": [*fields.headers, *nested.headers], "tls": nested.tls})
        url = (nested.url if nested is not None else fields.url) or DEFAULT_URL
        self._fields, self._old = fields, fields.api == "v1"
        self._http = HttpReader(url, reached, clock, product="Tempo", more=fields.tenants())

    @property
    def address(self) -> tuple[str, int]:
        return self._http.address

    @property
    def where(self) -> str:
        return self._http.shown_url

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        if not self._old:
            answer = await self._get(f"/api/v2/traces/{trace_id}")
            if answer.status != 404 or self._fields.api == "v2" or not _no_such_path(answer):
                return self._found(answer, trace_id, newer=True)
            self._old = True
        return self._found(await self._get(f"/api/traces/{trace_id}"), trace_id, newer=False)

    async def _get(self, path: str) -> Answer:
        accept = _PROTOBUF if self._fields.encoding == "protobuf" else "application/json"
        return await self._http.get(path, accept=accept, query={"span_pruning": "false"})

    def _found(self, answer: Answer, trace_id: TraceId, *, newer: bool) -> Fetched:
        if answer.status == 400:
            reason = shown(answer.body.decode("utf-8", "replace"), 200)
            raise StoreError(
                f"Tempo at {self.where} refuses the question: {reason}",
                help="Look at the store's `tenant` and address.",
            )
        if answer.status != 200 or not answer.body:
            return Fetched()
        return _fetched(self, lambda: _decoded(answer, newer=newer), trace_id)

    def link(self, trace_id: TraceId) -> str | None:
        return self._fields.page(trace_id)

    async def close(self) -> None:
        await self._http.close()


class _OverGrpc(Opened):
    def __init__(self, fields: Store, over: GrpcFields, clock: Clock) -> None:
        super().__init__("Tempo", clock)
        self._fields = fields
        self._grpc = GrpcReader(over, fields.timeout, product="Tempo", more=[*fields.with_headers(), *fields.tenants()])

    @property
    def address(self) -> tuple[str, int]:
        return self._grpc.address

    @property
    def where(self) -> str:
        return self._grpc.where

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        found = Fetched()
        async for message in self._grpc.messages(_FIND, request_by_bytes(trace_id), many=False):
            found = _fetched(self, lambda data=message: decode_tempo_protobuf(data), trace_id)
        return found

    def link(self, trace_id: TraceId) -> str | None:
        return self._fields.page(trace_id)

    async def close(self) -> None:
        await self._grpc.close()


def _no_such_path(answer: Answer) -> bool:
    """Whether a 404 is a server's that does not know the path; Tempo's own for an unknown trace has no such text."""
    return b"page not found" in answer.body.lower() or answer.is_html


def _decoded(answer: Answer, *, newer: bool) -> TempoAnswer:
    """An answer by what the server says that it is: some give JSON whatever is asked for."""
    if answer.kind.endswith("json") or answer.body[:1] == b"{":
        return decode_tempo_json(answer.body)
    if newer:
        return decode_tempo_protobuf(answer.body)
    return TempoAnswer(decoded=decode_protobuf(answer.body))


def _fetched(store: Opened, decode: object, trace_id: TraceId) -> Fetched:
    try:
        answer: TempoAnswer = decode()  # type: ignore[operator]
    except OtlpError as fault:
        raise PassingError(
            f"Tempo at {store.where} gave an answer that cannot be read: {fault.message}",
            help=fault.help or "Look at what answers at the store's address.",
        ) from fault
    lost = (
        f"Tempo says that the trace is partial: {shown(answer.message, 200)}"
        if answer.partial and answer.message
        else ""
    )
    return store.decoded(lambda: answer.decoded, trace_id, lost=lost, partial=answer.partial)

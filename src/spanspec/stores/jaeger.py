"""Jaeger, over HTTP or gRPC.

Version 3 of its query API gives OTLP (https://www.jaegertracing.io/docs/latest/apis/), the older one Jaeger's own model; where a
server has no version 3, the older is asked. gRPC is `jaeger.api_v3.QueryService/GetTrace`, a stream of OTLP's `TracesData`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self

import msgspec
from pydantic import Field, model_validator

from spanspec.errors import OtlpError, StoreError
from spanspec.otlp.decode import decode_json, decode_protobuf
from spanspec.otlp.decode_jaeger import decode_jaeger
from spanspec.otlp.decoded import shown
from spanspec.otlp.wire import request_by_text
from spanspec.stores._fields import GrpcFields, HttpFields
from spanspec.stores._grpc import GrpcReader
from spanspec.stores._http import HttpReader
from spanspec.stores._opened import Opened
from spanspec.stores.base import Arrived, Fetched
from spanspec.triggers.base import Text

if TYPE_CHECKING:
    from typing import Any

    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.otlp.decoded import Decoded
    from spanspec.stores._http import Answer

DEFAULT_URL: Final = "http://127.0.0.1:16686"
LOSSES: Final = "Jaeger's older API keeps times in microseconds and lists as text, and no attributes of links and scopes, no flags and no schema URLs"

_GET_TRACE: Final = "/jaeger.api_v3.QueryService/GetTrace"


class Store(HttpFields):
    """Asks Jaeger for a trace by its id."""

    type: Literal["jaeger"] = Field(default="jaeger", description="`jaeger`.")
    url: Text = Field(
        default="", description=f"Where its page and HTTP API listen; `{DEFAULT_URL}` if no `endpoint` is given."
    )
    api: Literal["auto", "v3", "v1"] = Field(
        default="auto",
        description="Which HTTP API is asked; `auto` takes version 3, which loses nothing, where the server has it.",
    )
    endpoint: Text = Field(default="", description="`host:port` of its gRPC query service, in place of `url`.")
    compression: Literal["", "none", "gzip"] = Field(default="", description="How gRPC requests are packed.")
    readBufferSize: int | str | None = Field(default=None, description="Of the reference; has no effect.")  # noqa: N815
    writeBufferSize: int | str | None = Field(default=None, description="Of the reference; has no effect.")  # noqa: N815
    waitForReady: bool | str | None = Field(default=None, description="Of the reference; has no effect.")  # noqa: N815
    balancerName: Text | None = Field(default=None, description="Of the reference; has no effect.")  # noqa: N815
    ui: Text = Field(default="", description="The page for people, where it is not at `url`.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.url and self.endpoint:
            raise ValueError("has both `url` (HTTP) and `endpoint` (gRPC); keep one")
        return self

    def open(self, clock: Clock) -> Opened:
        """The store with its connections."""
        return _OverGrpc(self, clock) if self.endpoint else _OverHttp(self, clock)

    def page(self, base: str, trace_id: TraceId) -> str | None:
        """Jaeger's page of the trace."""
        found = self.ui or base
        return f"{found.rstrip('/')}/trace/{trace_id}" if found else None


class _OverHttp(Opened):
    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("Jaeger", clock)
        self._fields = fields
        self._http = HttpReader(fields.url or DEFAULT_URL, fields, clock, product="Jaeger")
        self._old = fields.api == "v1"

    @property
    def address(self) -> tuple[str, int]:
        return self._http.address

    @property
    def where(self) -> str:
        return self._http.shown_url

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        if not self._old:
            found = await self._newer(trace_id)
            if found is not None:
                return found
            self._old = True
        return await self._older(trace_id)

    async def _newer(self, trace_id: TraceId) -> Fetched | None:
        """By version 3; None where the server has no such API."""
        try:
            answer = await self._http.get(f"/api/v3/traces/{trace_id}", query={"raw_traces": "true"})
        except StoreError as fault:
            if self._fields.api == "auto" and "page of HTML" in fault.message:
                return None  # an older server gives its page for every path that it does not know
            raise
        if answer.status == 404 and self._fields.api == "auto" and not _is_error(answer):
            return None
        if answer.status != 200 or not answer.body:
            return self._empty(answer)
        return self.decoded(lambda: _of_version_3(answer.body), trace_id)

    async def _older(self, trace_id: TraceId) -> Fetched:
        answer = await self._http.get(f"/api/traces/{trace_id}", query={"raw": "true"})
        if answer.status != 200 or not answer.body:
            return self._empty(answer)
        return self.decoded(lambda: _of_version_1(answer.body), trace_id, lost=LOSSES)

    def _empty(self, answer: Answer) -> Fetched:
        if answer.status == 400:
            raise StoreError(
                f"Jaeger at {self.where} does not take the trace id: {shown(answer.body.decode('utf-8', 'replace'))}",
                help="Look at what answers at the store's address.",
            )
        return Fetched()

    def link(self, trace_id: TraceId) -> str | None:
        return self._fields.page(self.where, trace_id)

    async def close(self) -> None:
        await self._http.close()


class _OverGrpc(Opened):
    def __init__(self, fields: Store, clock: Clock) -> None:
        super().__init__("Jaeger", clock)
        self._fields = fields
        over = GrpcFields(
            endpoint=fields.endpoint,
            headers=fields.with_headers(),
            compression=fields.compression,
            tls=fields.tls if "tls" in fields.model_fields_set else None,
        )
        self._grpc = GrpcReader(over, fields.timeout, product="Jaeger")

    @property
    def address(self) -> tuple[str, int]:
        return self._grpc.address

    @property
    def where(self) -> str:
        return self._grpc.where

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        spans: list[Arrived] = []
        notes: list[str] = []
        # The request: `string trace_id = 1`, `bool raw_traces = 4`.
        async for message in self._grpc.messages(_GET_TRACE, request_by_text(trace_id, raw=4), many=True):
            part = self.decoded(lambda data=message: decode_protobuf(data), trace_id)  # type: ignore[misc]
            spans.extend(part.spans)
            notes.extend([part.note] if part.note else [])
        return Fetched(spans=tuple(spans), note="; ".join(notes[:3]))

    def link(self, trace_id: TraceId) -> str | None:
        return self._fields.page("", trace_id)

    async def close(self) -> None:
        await self._grpc.close()


def _document(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError as fault:
        raise OtlpError("an object is expected") from fault
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise OtlpError(f"no JSON: {shown(str(fault))}") from fault
    return found


def _is_error(answer: Answer) -> bool:
    """Whether it is version 3 that says so, and not a server without it."""
    try:
        return "error" in _document(answer.body)
    except OtlpError:
        return False


def _of_version_3(body: bytes) -> Decoded:
    if not _document(body).keys() & {"result", "resourceSpans"}:
        raise OtlpError("neither `result` nor `resourceSpans` is in it")
    return decode_json(body, lenient=True)


def _of_version_1(body: bytes) -> Decoded:
    if "data" not in _document(body):
        raise OtlpError("`data` is not in it")
    try:
        document = msgspec.json.decode(body)
    except RecursionError as fault:
        raise OtlpError("the JSON nests too deep") from fault
    if not document["data"]:
        return decode_json(b"{}")
    return decode_jaeger(document)

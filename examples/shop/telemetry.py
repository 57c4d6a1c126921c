"""OpenTelemetry for one service: the SDK, the exporter and the instrumentation libraries.

Everything is taken from the `OTEL_*` variables that the runner sets: name, resource, endpoint, batch delay, sampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.instrumentation.starlette import StarletteInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

if TYPE_CHECKING:
    from httpx import AsyncClient
    from starlette.applications import Starlette

HEALTH = "/healthz"


def start() -> TracerProvider:
    """Install the SDK; called once, before engines and clients are made."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    SQLAlchemyInstrumentor().instrument()
    return provider


def tracer() -> trace.Tracer:
    """Give the tracer for the spans that the shop makes by hand."""
    return trace.get_tracer("shop")


def instrument_server(app: Starlette) -> None:
    """Trace all routes but the health check, one span per request."""
    StarletteInstrumentor.instrument_app(app)
    # The ASGI middleware can leave out its spans for single messages, but `instrument_app` has no parameter for it.
    app.user_middleware[0].kwargs.update({"excluded_urls": f"{HEALTH}$", "exclude_spans": ["receive", "send"]})


def instrument_client(client: AsyncClient) -> None:
    """Trace calls and hand trace context and baggage on."""
    HTTPXClientInstrumentor.instrument_client(client)

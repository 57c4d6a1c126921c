"""Vendors: spans come to the receiver of the run, and a copy goes to the endpoint that the vendor's keys name."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from spanspec.errors import UsageError
from spanspec.otlp.target import Target
from spanspec.stores.base import STORES, ForwardingStore

MEMBERS = sorted(name for name in STORES.built_in() if getattr(STORES.load(name), "forwards", False))


def test_the_vendors() -> None:
    """Those that the reference forwards to, and any OTLP endpoint."""
    assert MEMBERS == [
        "dash0", "datadog", "dynatrace", "honeycomb", "instana", "lightstep", "newrelic", "otlp", "signoz",
    ]  # fmt: skip


@pytest.mark.parametrize("name", MEMBERS)
def test_without_a_key_nothing_is_forwarded(name: str) -> None:
    """Spans are awaited all the same."""
    store = STORES.load(name)()
    assert isinstance(store, ForwardingStore)
    assert store.target() is None
    assert store.product


@pytest.mark.parametrize(
    ("name", "fields", "url", "headers"),
    [
        ("honeycomb", {"api_key": "k"}, "https://api.honeycomb.io", {"x-honeycomb-team": "k"}),
        (
            "honeycomb", {"api_key": "k", "region": "eu", "dataset": "d"}, "https://api.eu1.honeycomb.io",
            {"x-honeycomb-team": "k", "x-honeycomb-dataset": "d"},
        ),
        ("newrelic", {"api_key": "k"}, "https://otlp.nr-data.net", {"api-key": "k"}),
        ("newrelic", {"api_key": "k", "region": "eu"}, "https://otlp.eu01.nr-data.net", {"api-key": "k"}),
        ("lightstep", {"token": "k"}, "grpcs://ingest.lightstep.com:443", {"lightstep-access-token": "k"}),
        ("signoz", {"ingestion_key": "k"}, "https://ingest.us.signoz.cloud:443", {"signoz-ingestion-key": "k"}),
        ("signoz", {"url": "http://127.0.0.1:4318"}, "http://127.0.0.1:4318", {}),
        (
            "dynatrace", {"environment": "https://e.live.dynatrace.com/", "api_token": "k"},
            "https://e.live.dynatrace.com/api/v2/otlp", {"authorization": "Api-Token k"},
        ),
        (
            "instana", {"acceptor": "https://otlp-blue-saas.instana.io:4318", "agent_key": "k"},
            "https://otlp-blue-saas.instana.io:4318", {"x-instana-key": "k", "x-instana-host": "spanspec"},
        ),
        ("dash0", {"token": "k"}, "https://ingress.eu-west-1.aws.dash0.com", {"authorization": "Bearer k"}),
        ("datadog", {"url": "http://127.0.0.1:4318"}, "http://127.0.0.1:4318", {}),
        ("otlp", {"url": "grpc://127.0.0.1:4317", "headers": {"x": "y"}}, "grpc://127.0.0.1:4317", {"x": "y"}),
    ],
)  # fmt: skip
def test_the_copy_goes_where_the_vendor_takes_otlp(
    name: str, fields: dict[str, object], url: str, headers: dict[str, str]
) -> None:
    """By the vendor's endpoint and header names; keys are secrets."""
    store = STORES.load(name)(**fields)
    assert store.target() == Target(url=url, headers=MappingProxyType(headers))
    keys = {str(value) for key, value in fields.items() if value == "k"}
    assert keys <= set(store.secrets())
    assert not any(f"'{key}'" in repr(store.target()) for key in keys)


@pytest.mark.parametrize(
    ("name", "fields", "link"),
    [
        (
            "honeycomb", {"team": "t", "environment": "e"},
            "https://ui.honeycomb.io/t/environments/e/trace?trace_id={trace_id}",
        ),
        ("datadog", {"site": "datadoghq.eu"}, "https://app.datadoghq.eu/apm/trace/{trace_id}"),
        ("datadog", {"site": "us5.datadoghq.com"}, "https://us5.datadoghq.com/apm/trace/{trace_id}"),
        ("signoz", {"ui": "http://127.0.0.1:8080/"}, "http://127.0.0.1:8080/trace/{trace_id}"),
        ("otlp", {"trace_url": "http://g/{trace_id}"}, "http://g/{trace_id}"),
        ("newrelic", {}, ""),
    ],
)  # fmt: skip
def test_a_failure_leads_to_the_vendors_page(name: str, fields: dict[str, object], link: str) -> None:
    """Where the vendor has a stable address for a trace, or the file names one."""
    assert STORES.load(name)(**fields).link() == link


@pytest.mark.parametrize("name", MEMBERS)
def test_what_is_no_endpoint_is_refused(name: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match="no OTLP endpoint"):
        STORES.load(name)(url="collector:4318").target()

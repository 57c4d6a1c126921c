"""The shop on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples import postgresql
from tests.examples.otlp_sink import listening
from tests.examples.shop_checks import failing
from tests.examples.shop_process import running
from tests.servers.needed import need


@pytest.mark.server("postgresql")
def test_spans_of_a_shop_on_postgresql_say_so(tmp_path: Path) -> None:
    """Reading the stock is exactly one PostgreSQL span, below 50 ms; a checkout has several, and is healthy."""
    need(postgresql.installed(), "PostgreSQL")
    with (
        postgresql.serving() as database,
        listening() as (sink, url),
        running(url, tmp_path, {"SHOP_DATABASE_URL": database}) as shop,
    ):
        stock, checkout = shop.request("GET", "/stock/tea-01"), shop.checkout()
        looked = [
            span for span in sink.whole(stock.trace_id, lambda spans: len(spans) >= 4) if "db.system" in span.attributes
        ]
        ordered = sink.whole(checkout.trace_id, lambda spans: any(span.name == "send notification" for span in spans))
    assert [span.attributes["db.system"] for span in looked] == ["postgresql"]
    assert looked[0].end_ns - looked[0].start_ns < 50_000_000
    assert {span.attributes["db.system"] for span in ordered if "db.system" in span.attributes} == {"postgresql"}
    assert failing(ordered) == set()

"""A trace context as headers and environment variables."""

from __future__ import annotations

import pytest

from spanspec.model.context import TraceContext
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers._propagation import carried, environment, injected

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CONTEXT = TraceContext(trace_id=TraceId(TRACE), span_id=SpanId(SPAN), baggage={"k": "ä,b"})


@pytest.mark.parametrize(
    ("formats", "headers"),
    [
        (["tracecontext"], {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "spanspec=1,tracetest=true"}),
        (["baggage"], {"baggage": "k=%C3%A4%2Cb"}),
        (["b3"], {"b3": f"{TRACE}-{SPAN}-1"}),
        (["b3multi"], {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1"}),
        (["jaeger"], {"uber-trace-id": f"{TRACE}:{SPAN}:0:1"}),
        (["xray"], {"x-amzn-trace-id": f"Root=1-0af76519-16cd43dd8448eb211c80319c;Parent={SPAN};Sampled=1"}),
        (["ottrace"], {"ot-tracer-traceid": TRACE[16:], "ot-tracer-spanid": SPAN, "ot-tracer-sampled": "true"}),
    ],
)
def test_each_format_is_as_its_specification_writes_it(formats: list[str], headers: dict[str, str]) -> None:
    """One context, seven spellings."""
    assert dict(carried(CONTEXT, formats)) == headers


def test_formats_can_be_joined_and_are_sent_once_each() -> None:
    """`w3c` is trace context and baggage; a repeat adds nothing."""
    names = [key for key, _ in carried(CONTEXT, ["w3c", "b3", "tracecontext"])]
    assert names == ["traceparent", "tracestate", "baggage", "b3"]


def test_a_header_of_the_user_s_that_carries_a_context_gives_way() -> None:
    """Two contexts in one request would make the trace a matter of chance; baggage and tracestate are lists and merge."""
    own = [("B3", "old"), ("x-id", "1"), ("Baggage", "mine=1"), ("tracestate", "other=2"), ("traceparent", "00-x")]
    assert injected(own, CONTEXT, ["w3c", "b3"]) == [
        ("x-id", "1"),
        ("traceparent", f"00-{TRACE}-{SPAN}-01"),
        ("tracestate", "spanspec=1,tracetest=true,other=2"),
        ("baggage", "mine=1,k=%C3%A4%2Cb"),
        ("b3", f"{TRACE}-{SPAN}-1"),
    ]


def test_baggage_of_the_user_s_is_kept_where_the_format_has_none() -> None:
    """It is the user's own, and says nothing of the trace."""
    assert ("baggage", "mine=1") in injected([("baggage", "mine=1")], CONTEXT, ["jaeger"])


def test_environment_variables_are_the_headers_in_capitals() -> None:
    """As OpenTelemetry spells them for processes."""
    assert environment(CONTEXT, ["w3c", "b3multi"]).keys() == {
        "TRACEPARENT", "TRACESTATE", "BAGGAGE", "X_B3_TRACEID", "X_B3_SPANID", "X_B3_SAMPLED",
    }  # fmt: skip

"""Parsing that must succeed, and the shop's trace, for the tests of selection and statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language import parser
from spanspec.language.dialect import Dialect
from spanspec.language.selectors import select
from spanspec.language.statements import judge
from spanspec.language.verdict import Given
from spanspec.testing import span, trace

if TYPE_CHECKING:
    from spanspec.language.syntax import Selector, Statement
    from spanspec.language.verdict import Judgement
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

HOST = {"host.name": "one"}


def selector(text: str, dialect: Dialect = Dialect.EXPECT) -> Selector:
    """The selector that a text means."""
    parsed = parser.parse_selector(text, dialect)
    assert parsed.node is not None, parsed.diagnostics
    return parsed.node


def statement(text: str) -> Statement:
    """The statement that a text means under `expect:`."""
    parsed = parser.parse_statement(text, Dialect.EXPECT)
    assert parsed.node is not None, parsed.diagnostics
    return parsed.node


def names(text: str, whole: Trace, dialect: Dialect = Dialect.EXPECT) -> list[str]:
    """The names of the spans that a selector picks."""
    return [found.name for found in select(selector(text, dialect), Given(trace=whole, dialect=dialect))]


def verdict(text: str, of: Trace, **given: object) -> Judgement:
    """The judgement of a statement."""
    return judge(statement(text), Given(trace=of, **given))  # type: ignore[arg-type]


def shop() -> dict[str, Span]:
    """An order: api, order, payment (twice tried), stock with queries, and a consumer behind a link; one clock."""
    api = span(
        "POST /order", service="api", kind="server", start=0, end=100, resource=HOST, http__response__status_code=201
    )
    order = span("place order", service="order", kind="server", parent=api, start=5, end=95, resource=HOST)
    failed = span(
        "POST /charge", parent=order, kind="client", start=10, end=20, status="error", status_message="timeout",
        resource=HOST, http__request__method="POST", attempt=1,
    )  # fmt: skip
    charged = span(
        "POST /charge", parent=order, kind="client", start=25, end=60, resource=HOST, http__request__method="POST",
        attempt=2, amount=99.99,
    )  # fmt: skip
    payment = span("charge", service="payment", kind="server", parent=charged, start=30, end=55, resource=HOST)
    send = span("send ship", service="order", kind="producer", parent=order, start=70, end=72, resource=HOST)
    ship = span(
        "ship", service="shipping", kind="consumer", parent=send, start=110, end=130, links=[send], resource=HOST
    )
    return {
        "api": api, "order": order, "failed": failed, "charged": charged, "payment": payment, "send": send, "ship": ship,
    }  # fmt: skip


def shop_trace() -> Trace:
    """The order as a trace."""
    return trace(*shop().values())

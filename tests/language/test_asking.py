"""The language as a Python user calls it: parse, select, evaluate."""

from __future__ import annotations

import pytest

import spanspec
from spanspec.errors import DiagnosticsError
from spanspec.language.format import format as canonical
from spanspec.language.syntax import Call, Expect, Selector
from spanspec.language.verdict import EvaluationError, Truth
from spanspec.model.context import TriggerResult
from spanspec.testing import span, trace

CART = span("GET /cart", service="cart", kind="server", start=0, end=10)
QUERY = span("SELECT", service="cart", kind="client", parent=CART, start=1, end=3, db__system="postgresql", rows=3)
TRACE = trace(CART, QUERY)


def test_a_selector_gives_spans():
    """In trace order, and why none is picked where none is."""
    assert spanspec.select(TRACE, 'span[kind = "client"]') == (QUERY,)
    answer = spanspec.evaluate(TRACE, 'span[db.system = "postgres"]')
    assert not answer.holds
    assert answer.near[0].suggestion


def test_a_statement_gives_a_judgement():
    """With the spans concerned."""
    answer = spanspec.evaluate(TRACE, 'exactly 2 span[service.name = "cart"]')
    assert answer.holds
    assert answer.judgement is not None
    assert answer.judgement.truth is Truth.HOLDS
    assert {found.name for found in answer.spans} == {"GET /cart", "SELECT"}


def test_a_value_is_computed():
    """Aggregates, arithmetic and the answer of a trigger."""
    assert spanspec.evaluate(TRACE, "count(span) * 2").value == 4
    response = TriggerResult(kind="http", start_ns=0, end_ns=1, status=201)
    assert spanspec.evaluate(TRACE, "response:status", response=response).value == 201
    assert spanspec.evaluate(TRACE, "var:X", variables={"X": "7"}).value == "7"


def test_variables_reach_a_selector():
    """A name in a placeholder is filled in."""
    assert spanspec.select(TRACE, 'span[db.system = "${var:DB}"]', variables={"DB": "postgresql"}) == (QUERY,)


@pytest.mark.parametrize(
    ("text", "kind"), [("span[a = 1]", Selector), ("no span[a = 1]", Expect), ("busy_time(span)", Call)]
)
def test_parse_gives_the_tree(text: str, kind: type):
    """The tree, which formats back to the text."""
    node = spanspec.parse(text)
    assert isinstance(node, kind)
    assert canonical(node) == text


@pytest.mark.parametrize("text", ["exactly span[", "buzy_time(span)", "= 1"])
def test_a_text_with_a_fault_is_refused_with_its_places(text: str):
    """All faults, each with a range in the text."""
    with pytest.raises(DiagnosticsError) as caught:
        spanspec.evaluate(TRACE, text)
    assert caught.value.diagnostics
    assert all(fault.source is not None for fault in caught.value.diagnostics)


def test_a_selector_is_wanted_where_one_is_asked_for():
    """A statement is no selector."""
    with pytest.raises(DiagnosticsError):
        spanspec.select(TRACE, "no span")


def test_a_value_that_cannot_be_computed_says_why():
    """An aggregate over nothing is no number."""
    with pytest.raises(EvaluationError, match="no span"):
        spanspec.evaluate(TRACE, 'busy_time(span[name = "nope"]) + 1s')

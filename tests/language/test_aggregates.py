"""Calls over sets of spans: their values, and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from spanspec.language import parser
from spanspec.language.aggregates import evaluate_call
from spanspec.language.dialect import Dialect
from spanspec.language.judging.measures import fingerprint, without_ids, without_literals
from spanspec.language.syntax import Call
from spanspec.language.verdict import EvaluationError, Given, Truth
from spanspec.model.time import Duration
from spanspec.testing import span, trace
from tests.language.reading import HOST, shop_trace, verdict

if TYPE_CHECKING:
    from spanspec.model.trace import Trace

MS = 1_000_000


def call(text: str) -> Call:
    """The call that a text means."""
    node = parser.parse_expression(text, Dialect.EXPECT).node
    assert isinstance(node, Call), text
    return node


def work() -> Trace:
    """A parent with three children, two of which overlap, one with a wrong clock."""
    top = span("top", id="top", service="a", start=0, end=100, resource=HOST)
    return trace(
        top,
        span("x", parent=top, start=10, end=40, n=1, service="b", resource=HOST),
        span("x", parent=top, start=20, end=50, n=2, service="b", resource=HOST),
        span("y", parent=top, start=60, end=80, n=4, service="c", resource=HOST),
        span("z", parent=top, start=90, end=85, n=4, text="7.5", resource=HOST),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(span[])", 5),
        ('count(span[name = "none"])', 0),
        ('sum(span[name = "x"], n)', 3),
        ('sum(span[name = "x"])', Duration(60 * MS)),
        ("min(span[n exists], n)", 1),
        ("max(span[n exists])", Duration(30 * MS)),
        ("avg(span[n exists], n)", Decimal("2.75")),
        ("median(span[n exists], n)", 3),
        ("p50(span[n exists], n)", 3),
        ('p99(span[name = "x"], n)', Decimal("1.99")),
        ('sum(span[name = "z"], text)', Decimal("7.5")),
        ('total_time(span[name = "x"])', Duration(60 * MS)),
        ('busy_time(span[name = "x"])', Duration(40 * MS)),
        ("busy_time(span[])", Duration(100 * MS)),
        ('self_time(span[name = "top"])', Duration(40 * MS)),
        ('critical_time(span[name = "top"])', Duration(50 * MS)),
        ('critical_time(span[name = "x"])', Duration(30 * MS)),
        ('gap(span[name = "x"], span[name = "y"])', Duration(10 * MS)),
        ('gap(span[name = "y"], span[name = "x"])', Duration(-70 * MS)),
        ("distinct(span[n exists], n)", 3),
        ("values(span[n exists], n)", (1, 2, 4, 4)),
        ("first(span[n exists], n)", 1),
        ("last(span[n exists], span:name)", "z"),
        ("repeats(span[])", 2),
        ("repeats(span[], n)", None),
        ("repeats(span[n exists], n)", 2),
        ("services()", frozenset("abc")),
        ('services(span[name = "x"])', frozenset("b")),
        ("edges()", frozenset({"a -> b", "a -> c"})),
        ("depth(span[])", 1),
        ("concurrency(span[])", 3),
        ('concurrency(span[name = "y"])', 1),
        ('max(span[name = "top"], count(> span[]))', 4),
    ],
)
def test_value(text: str, expected: object) -> None:
    """The call's value; None stands for an error."""
    given = Given(trace=work())
    if expected is None:
        with pytest.raises(EvaluationError):
            evaluate_call(call(text), given)
    else:
        assert evaluate_call(call(text), given) == expected


@pytest.mark.parametrize(
    "name", ["sum", "min", "avg", "p95", "busy_time", "self_time", "values", "depth", "concurrency"]
)
def test_nothing_has_no_value(name: str) -> None:
    """A call other than a counting one has no value on no span."""
    with pytest.raises(EvaluationError, match="no span matched"):
        evaluate_call(call(f'{name}(span[name = "none"])'), Given(trace=work()))


def test_mixed_values_are_refused() -> None:
    """Texts that are no numbers are named in the error."""
    with pytest.raises(EvaluationError, match="needs numbers or durations"):
        evaluate_call(call("sum(span[], span:name)"), Given(trace=work()))


def test_the_selection_at_hand_is_meant_inside_a_spec() -> None:
    """A call that names no selector is about the spec's own selection."""
    whole = work()
    node = parser.parse_expression("count()", Dialect.SPECS).node
    assert isinstance(node, Call)
    assert evaluate_call(node, Given(trace=whole, dialect=Dialect.SPECS), selection=whole.spans[:2]) == 2


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT * FROM t WHERE id = 12 AND name = 'it''s'", "SELECT * FROM t WHERE id = ? AND name = ?"),
        ("SELECT  *\n FROM t1 WHERE id IN (1, 2, 3)", "SELECT * FROM t1 WHERE id IN (?)"),
        ("INSERT INTO t VALUES ($1, :name, %s, ?)", "INSERT INTO t VALUES (?)"),
        ("SELECT id::text FROM t LIMIT 10", "SELECT id::text FROM t LIMIT ?"),
    ],
)
def test_statements_without_literals(statement: str, shown: str) -> None:
    """Literals and parameters are replaced, lists of them are one."""
    assert without_literals(statement) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/users/42/orders/7", "/users/{}/orders/{}"),
        ("/v1/items/0b9c1f4e-3f59-4f3d-a3f4-9c2a35c8f6a1?x=1", "/v1/items/{}"),
        ("/blob/deadbeefcafe0001", "/blob/{}"),
        ("/decade/feed", "/decade/feed"),
    ],
)
def test_paths_without_ids(path: str, shown: str) -> None:
    """Numbers, UUIDs and hexadecimal ids are replaced, words are kept."""
    assert without_ids(path) == shown


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"http.request.method": "GET", "url.full": "http://u:p@stock:80/items/3?x=1"}, "GET stock:80/items/{}"),
        ({"http.method": "GET", "http.target": "/items/3", "net.peer.name": "stock"}, "GET stock/items/{}"),
        ({"rpc.system": "grpc", "rpc.service": "shop.Cart", "rpc.method": "Add"}, "shop.Cart/Add"),
        ({"db.system": "redis", "db.name": "0"}, "redis.0: name"),
        ({}, "name"),
    ],
)
def test_fingerprints(attributes: dict[str, str], expected: str) -> None:
    """What makes two operations the same, by kind of call."""
    assert fingerprint(span("name", attributes=attributes)) == expected


def test_remarks() -> None:
    """Negative durations and spans that contain one another are remarked on."""
    judgement = verdict("total_time(span[]) < 1ms", work())
    assert any("ends before it starts" in note for note in judgement.notes)
    assert any("busy_time" in note for note in judgement.notes)
    assert verdict('total_time(span[kind = "client"]) < 1ms', shop_trace()).truth is Truth.FAILS

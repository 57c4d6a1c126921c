"""Filters under both new dialects, and the paths that the reference reads."""

from __future__ import annotations

from decimal import Decimal

import pytest

from spanspec.language.comparing.forms import read_json
from spanspec.language.dialect import Dialect
from spanspec.language.filters import apply
from spanspec.language.reference import paths
from spanspec.language.reference.filters import apply as apply_old
from spanspec.language.reference.filters import go_float, go_text
from spanspec.language.reference.values import FaultError, single
from spanspec.language.verdict import EvaluationError, Value
from spanspec.model.time import Duration

SHOP = '{"items":[{"id":1,"price":9.5,"tags":["a"]},{"id":2,"price":20,"name":"x-y"}],"a-b":1,"n":null,"t":true}'
E, S = Dialect.EXPECT, Dialect.SPECS


@pytest.mark.parametrize(
    ("name", "value", "arguments", "dialect", "result"),
    [
        ("json_path", SHOP, ["$.items[0].id"], E, 1),
        ("json_path", SHOP, ["$.items[?@.price > 10].id"], E, 2),
        ("json_path", SHOP, ["$.items[*].id"], E, (1, 2)),
        ("json_path", SHOP, ["$.none"], E, None),
        ("json_path", SHOP, ["$['a-b']"], E, 1),
        ("json_path", {"a": ({"b": 5},)}, ["$.a[0].b"], E, 5),
        ("json_path", SHOP, [".items[0].id"], S, 1),
        ("json_path", SHOP, ["items[-1].id"], S, 2),
        ("json_path", SHOP, ["$.items"], S, ({"id": 1, "price": 9.5, "tags": ("a",)}, {"id": 2, "price": 20, "name": "x-y"})),
        ("json_path", SHOP, ["$.n"], S, "null"),
        ("json_path", SHOP, ["$.items[?(@.price > 5)].id"], S, (1, 2)),
        ("json_path", "", ["$.a"], S, None),
        ("json_path", "\ufeff{}", ["$.a"], S, None),
        ("regex", "a1 b22", [r"\d+"], E, ("1", "22")),
        ("regex", "abc", ["z"], S, None),
        ("regex_group", "id=5", [r"id=(\d)(x)?"], E, ("5", "")),
        ("get_index", (1, 2), ["last"], E, 2),
        ("get_index", '["a","b"]', [Decimal(1)], S, "b"),
        ("get_index", "abc", [Decimal(0)], S, "abc"),
        ("length", "héllo", [], S, 5),
        ("length", "12", [], S, 2),
        ("length", "[1,2]", [], S, 2),
        ("length", (1, 2, 3), [], E, 3),
        ("length", {"a": 1}, [], E, 1),
        ("length", None, [], E, 0),
        ("type", 5, [], E, "number"),
        ("lower", "ABC", [], E, "abc"),
        ("upper", "abc", [], E, "ABC"),
        ("trim", "  a ", [], E, "a"),
        ("trim", "xxaxx", ["x"], E, "a"),
        ("split", "a,b", [], E, ("a", "b")),
        ("split", "a b", [" "], E, ("a", "b")),
        ("join", ("a", 1), ["-"], E, "a-1"),
        ("replace", "a-b-c", ["-", "+"], E, "a+b+c"),
        ("default", None, ["x"], E, "x"),
        ("default", "", ["x"], E, ""),
        ("default", "", ["x"], S, "x"),
        ("default", "v", ["x"], E, "v"),
        ("round", 2.5, [], E, Decimal(3)),
        ("round", -2.5, [], E, Decimal(-3)),
        ("round", Decimal("1.005"), [Decimal(2)], E, Decimal("1.01")),
        ("round", "1.26", [Decimal(1)], E, Decimal("1.3")),
        ("round", Duration(1_600_000), [Duration(1_000_000)], E, Duration(2_000_000)),
    ],
)  # fmt: skip
def test_filter(name: str, value: Value, arguments: list[Value], dialect: Dialect, result: Value) -> None:
    """Each filter gives its value."""
    assert apply(name, value, arguments, dialect) == result


@pytest.mark.parametrize(
    ("name", "value", "arguments", "dialect", "message"),
    [
        ("lenght", "a", [], E, 'filter "lenght" not found; did you mean "length"?'),
        ("length", "a", [1], E, "length: wrong number of args. Expected 0, got 1"),
        ("json_path", "nope", ["$.a"], E, "json_path: invalid JSON input"),
        ("json_path", "{}", ["$.a["], E, "json_path: invalid json_path"),
        ("json_path", "{}", ["$.a-b"], S, "json_path: invalid json_path: parse error at 4"),
        ("json_path", '[{"a":1}]', ["$[?(@.a = 1)]"], S, "write =="),
        ("regex", "a", ["("], E, "is no regular expression"),
        ("regex", ("a",), ["a"], E, "cannot process the array"),
        ("get_index", (1,), [Decimal(1)], E, "index out of boundaries: 1 out of 1"),
        ("get_index", (1,), [Decimal(-1)], E, "index out of boundaries"),
        ("get_index", (1,), ["x"], E, "index must be an integer"),
        ("get_index", "abc", [Decimal(0)], E, "has no items"),
        ("length", '{"a":1}', [], S, "unsupported type: expected array or string, got json"),
        ("join", "a", [], E, "is not an array"),
        ("replace", "a", ["", "b"], E, "empty"),
        ("round", "abc", [], E, "is not a number"),
    ],
)
def test_filter_faults(name: str, value: Value, arguments: list[Value], dialect: Dialect, message: str) -> None:
    """What a filter cannot take is an error that names the filter."""
    with pytest.raises(EvaluationError) as caught:
        apply(name, value, arguments, dialect)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", 1),
        ("@.items", 1),
        ("$.items[0:1]", 1),
        ("$.items[::-1].id", []),
        ("$.items[1:-9:-1].id", [2, 1]),
        ("$.items[1,0].id", [2, 1]),
        ("$.items[0]['price','id']", [9.5, 1]),
        ("$..id", [1, 2]),
        ("$.items[*].*", 6),
        ("$.items[?(@.name =~ /^x/)].id", [2]),
        ("$.items[?(@.name =~ 'y$')].id", [2]),
        ("$.items[?(@.id in [2, 3])].id", [2]),
        ("$.items[?(@.name exists true)].id", [2]),
        ("$.items[?(@.name has false)].id", [1]),
        ("$.items[?(@.name empty false)].id", [2]),
        ("$.items[?(!(@.id == 1))].id", [2]),
        ("$.items[?(@.id == 2 && (@.price >= 20 || @.id < 0))].id", [2]),
        ("$.items[?(@.id == 2 || @.id == 1 && @.id == 3)].id", []),
        ("$.items[?(@.price * 2 - 1 > 18.5)].id", [2]),
        ("$.items[?(@.id / 2 == 1)].id", [2]),
        ("$.items[?($.id == 2)].id", [2]),
        ("$.items[?(@.name == null)].id", [1]),
        ("$.items[9]", []),
        ("$.t.x", []),
    ],
)
def test_reference_path(path: str, found: object) -> None:
    """The reference's dialect of JSONPath."""
    values = paths.select(path, read_json(SHOP))
    assert (len(values) if isinstance(found, int) else values) == found


@pytest.mark.parametrize(
    "path", ["$.[0]", ".[0]", "$.a-b", "$[?@.a]", "$[?(@.a = 1)]", "$[", "$['a", "$.a b", "$[?(@.a == )]", "$[?(@.a)]"]
)
def test_reference_path_faults(path: str) -> None:
    """What the reference's dialect does not have."""
    with pytest.raises(paths.BadPathError):
        paths.select(path, {})


def test_predicate_in_mid_path_reverses_only_on_demand() -> None:
    """Document order, but for `compat: tracetest`."""
    path, shop = "$.items[?(@.id > 0)].id", read_json(SHOP)
    assert paths.select(path, shop) == [1, 2]
    assert paths.select(path, shop, to_the_letter=True) == [2, 1]


def test_deep_paths_are_refused() -> None:
    """A path's nesting and length are bounded."""
    for path in (f"$[?({'(' * 10_000}", "$" + ".a" * 10_000):
        with pytest.raises(paths.BadPathError):
            paths.select(path, {})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": (1, {"c": None}), "a": "x"}, "map[a:x b:[1 map[c:<nil>]]]"),
        ((1, 2, 3), "[1 2 3]"),
        (True, "true"),
        (12345678901234567890, "12345678901234567890"),
    ],
)
def test_go_text(value: Value, text: str) -> None:
    """JSON in Go's default formatting."""
    assert go_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e10, "1e+10"), (1e-6, "1e-06"), (0.1, "0.1"), (1.5, "1.5"), (100.0, "100"), (123456789.0, "1.23456789e+08"),
        (0.0001, "0.0001"), (-2.5e-7, "-2.5e-07"), (0.0, "0"), (123456.5, "123456.5"),
    ],
)  # fmt: skip
def test_go_float(value: float, text: str) -> None:
    """Doubles in Go's shortest form."""
    assert go_float(value) == text


def test_old_json_is_read_loosely() -> None:
    """The reference's parser lets `1.` through and breaks surrogate pairs."""
    assert apply_old("json_path", single('{"a":1.}'), ["$.a"]).text == "1"
    assert apply_old("json_path", single('{"a":"\\ud83d\\ude00"}'), ["$.a"]).text == "\ufffd\ufffd"
    assert apply_old("json_path", single('{"a":"1. b"}'), ["$.a"]).text == "1. b"


def test_old_length_counts_bytes() -> None:
    """The reference counts bytes, and refuses numbers."""
    assert apply_old("length", single("é"), []).text == "2"
    with pytest.raises(FaultError, match="got number"):
        apply_old("length", single("12"), [])

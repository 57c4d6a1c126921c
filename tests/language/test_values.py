"""Comparing, text forms, type names."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.language.comparing.forms import MAX_SHOWN, NoJsonError, json_text, read_json
from spanspec.language.dialect import Dialect
from spanspec.language.reference.printf import printf
from spanspec.language.reference.values import display, infer, to_ns
from spanspec.language.syntax import Comparator
from spanspec.language.values import compare, show, text_of, type_name
from spanspec.language.verdict import EvaluationError, Value
from spanspec.model.time import Duration

MS = Duration(1_000_000)
C = Comparator


@pytest.mark.parametrize(
    ("left", "comparator", "right", "holds"),
    [
        (200, C.EQ, Decimal(200), True),
        ("200", C.EQ, Decimal(200), True),
        (200, C.EQ, "200", True),
        (200, C.EQ, "200.0", True),
        ("200", C.EQ, "200.0", False),
        (99.99, C.EQ, Decimal("99.99"), True),
        (99.99, C.EQ, Decimal("99.990000000000000000001"), True),
        (2**53 + 1, C.EQ, float(2**53), False),
        (2**63 - 1, C.LT, Decimal(2**63), True),
        (float("nan"), C.EQ, float("nan"), False),
        (float("nan"), C.LE, 1, False),
        (True, C.EQ, True, True),
        (True, C.NE, False, True),
        ("a", C.LT, "b", True),
        (MS, C.EQ, Decimal(1_000_000), True),
        (MS, C.EQ, "1ms", True),
        ("1ms", C.EQ, MS, True),
        (Duration(1_000_001), C.EQ, MS, False),
        (Duration(1_000_001), C.LE, MS, False),
        (Duration(-1), C.LT, Duration(0), True),
        (None, C.EQ, None, True),
        (None, C.NE, 1, True),
        ((1, "a"), C.EQ, (Decimal(1), "a"), True),
        ((1, "a"), C.EQ, ("a", 1), False),
        (("a", "b"), C.CONTAINS, "a", True),
        (("a", "b"), C.CONTAINS, ("b", "a"), True),
        (("a", "b"), C.NOT_CONTAINS, "c", True),
        ("hello", C.CONTAINS, "ell", True),
        ('{"id":52}', C.CONTAINS, Decimal(52), True),
        ({"a": 1, "b": {"c": 2, "d": 3}}, C.CONTAINS, {"b": {"c": 2.0}}, True),
        ({"a": "1"}, C.CONTAINS, {"a": 1}, False),
        (({"a": 1}, {"a": 2}), C.CONTAINS, {"a": 2}, True),
        (frozenset({"a", "b"}), C.EQ, ("b", "a"), True),
        (frozenset({"a", "b"}), C.CONTAINS, "a", True),
        (5, C.IN, (1, 5), True),
        ("x", C.NOT_IN, ("y", "z"), True),
        ("hello", C.STARTS_WITH, "he", True),
        ("hello", C.ENDS_WITH, "lo", True),
        ("hello", C.MATCHES, "^h.*o$", True),
        (404, C.MATCHES, "^4", True),
        ("hello", C.NOT_MATCHES, "z", True),
    ],
)
def test_expect_compares_by_type(left: Value, comparator: Comparator, right: Value, holds: bool) -> None:
    """Under `expect:` values compare by their types, numbers and durations exactly."""
    assert compare(left, comparator, right, Dialect.EXPECT) is holds


@pytest.mark.parametrize(
    ("left", "comparator", "right"),
    [
        ("abc", C.EQ, Decimal(1)),
        ("abc", C.NE, Decimal(1)),
        (True, C.EQ, "true"),
        (True, C.EQ, 1),
        (MS, C.LT, "soon"),
        ((1,), C.LT, (2,)),
        (b"a", C.EQ, "a"),
        (5, C.CONTAINS, "5"),
        ("a", C.IN, "abc"),
        ("abc", C.IN, (1, 2)),
        ({"a": 1}, C.EQ, "x"),
        ("a", C.MATCHES, "("),
    ],
)
def test_incomparable_is_an_error(left: Value, comparator: Comparator, right: Value) -> None:
    """Values that do not compare are an error, never a silent false."""
    with pytest.raises(EvaluationError):
        compare(left, comparator, right, Dialect.EXPECT)


def test_the_error_names_both_kinds_and_values() -> None:
    """The error says what both sides are."""
    with pytest.raises(EvaluationError, match='the text "abc" and the number 1 do not compare with ='):
        compare("abc", C.EQ, Decimal(1), Dialect.EXPECT)


@pytest.mark.parametrize(
    ("left", "comparator", "right", "holds"),
    [
        ("1", C.EQ, Decimal("1.0"), True),
        ("01", C.EQ, Decimal(1), True),
        ("hello", C.NE, Decimal(1), True),
        ("hello", C.EQ, Decimal(1), False),
        ("2", C.GT, "10", False),
        ("1.5", C.GT, Decimal(1), True),
        ("25ms", C.EQ, Duration(25_000_000), True),
        ("25ms", C.EQ, "30ms", False),
        ("1000ms", C.EQ, "1s", True),
        (25_187_564, C.EQ, Duration(25_000_000), True),
        ("25187564", C.EQ, Duration(25_000_000), True),
        (25_187_564, C.LE, Duration(25_000_000), False),
        (25_187_564, C.LE, "200ms", True),
        (Duration(25_187_564), C.EQ, Duration(25_000_000), False),
        (Duration(10**9), C.NE, "abc", True),
        (Duration(-1), C.LT, Duration(0), True),
        (True, C.EQ, "true", True),
        (False, C.EQ, "true", False),
        (None, C.EQ, "", True),
        ((1, 2), C.EQ, "[1,2]", True),
        (("Marcus", "8"), C.EQ, '["Marcus", 8]', True),
        (('"id": 38',), C.EQ, '[""id": 38"]', True),
        ({"a": 1}, C.EQ, '{"a": 1.0}', True),
        ((1, 2), C.CONTAINS, Decimal("1.0"), True),
        ("[10, 2]", C.CONTAINS, "1", True),
        ('{"a":1,"b":2}', C.CONTAINS, '{"b":2}', True),
        ('{"a":1,"b":2}', C.NOT_CONTAINS, '{"b":2}', False),
        ('{"n":[1,2]}', C.CONTAINS, '{"n":[1]}', False),
        ('{"n":["1"]}', C.CONTAINS, '{"n":[1]}', False),
        ("say \\'hi\\'", C.EQ, "say 'hi'", True),
        ("unspecified", C.EQ, "unespecified", True),
        ("b", C.IN, '["a","b"]', True),
    ],
)
def test_specs_compares_as_the_reference_without_its_faults(
    left: Value, comparator: Comparator, right: Value, holds: bool
) -> None:
    """Under `specs:` texts that look like numbers, durations and JSON compare as such."""
    assert compare(left, comparator, right, Dialect.SPECS) is holds


@pytest.mark.parametrize(("left", "right"), [("abc", Decimal(1)), ("1", "x"), (MS, "abc"), (True, 1), ("", 1)])
def test_specs_orders_only_numbers_and_durations(left: Value, right: Value) -> None:
    """Ordering anything but numbers and durations is an error."""
    with pytest.raises(EvaluationError):
        compare(left, C.LT, right, Dialect.SPECS)


@pytest.mark.parametrize(
    ("left", "comparator", "right", "holds"),
    [
        ("1", C.EQ, Decimal("1.0"), False),
        ("25ms", C.EQ, "30ms", True),
        (25_187_564, C.EQ, Duration(25_000_000), True),
        (Duration(91 * 10**9), C.EQ, Duration(90 * 10**9), True),
        (Duration(1_400_000_000), C.LT, Duration(1_440_000_000), False),
        (Duration(10**9), C.CONTAINS, Decimal(1), True),
        ('{"a":1, "b":2}', C.NOT_CONTAINS, '{"b":2}', True),
        (25_187_564, C.LE, "200ms", False),
        ((1, 2), C.CONTAINS, Decimal("1.0"), False),
    ],
)
def test_compat_keeps_the_faults(left: Value, comparator: Comparator, right: Value, holds: bool) -> None:
    """Under `compat: tracetest` the reference's verdict comes out, faults included."""
    assert compare(left, comparator, right, Dialect.COMPAT) is holds


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_integers_compare_exactly_in_both_new_dialects(left: int, right: int) -> None:
    """64-bit integers are never rounded."""
    for dialect in (Dialect.EXPECT, Dialect.SPECS):
        assert compare(left, C.LT, right, dialect) is (left < right)
        assert compare(left, C.EQ, Decimal(right), dialect) is (left == right)


@given(st.floats(allow_nan=False))
def test_a_double_equals_its_own_literal(value: float) -> None:
    """The shortest decimal of a double, written as a literal, equals it."""
    assert compare(value, C.EQ, Decimal(repr(value)), Dialect.EXPECT)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        (100.0, "100"),
        (1e16, "10000000000000000"),
        (1e22, "1e+22"),
        (0.1 + 0.2, "0.30000000000000004"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1e3"), "1000"),
        (Duration(25_000_000), "25000000"),
        (b"\x00\xff", "AP8="),
        ((1, "a", None), '[1, "a", null]'),
        ({"a": (1, Duration(2))}, '{"a": [1, 2]}'),
        (frozenset({"b", "a"}), '["a", "b"]'),
    ],
)
def test_text_form(value: Value, text: str) -> None:
    """Every kind has one text."""
    assert text_of(value) == text


def test_text_form_in_specs_leaves_numbers_bare() -> None:
    """Under `specs:` only what is plain text stands in quotes inside an array."""
    assert text_of(("Marcus", "8", "25ms"), Dialect.SPECS) == '["Marcus", 8, 25ms]'
    assert text_of(("Marcus", "8"), Dialect.EXPECT) == '["Marcus", "8"]'


def test_show_is_short_and_readable() -> None:
    """What people see is bounded, and durations have a unit."""
    assert show(Duration(412_000_000)) == "412ms"
    assert show(None) == "null"
    assert len(show("x" * 100_000)) == MAX_SHOWN


@pytest.mark.parametrize(
    ("value", "in_expect", "in_specs"),
    [
        (None, "nil", "nil"),
        ("5", "string", "number"),
        ("25ms", "string", "duration"),
        ("-1", "string", "string"),
        ("[1]", "string", "array"),
        (5, "number", "number"),
        (True, "boolean", "string"),
        (MS, "duration", "duration"),
        ({"a": 1}, "json", "json"),
        ((1,), "array", "array"),
        (b"", "bytes", "bytes"),
    ],
)
def test_type_name(value: Value, in_expect: str, in_specs: str) -> None:
    """Typed values keep their type; the reference guesses that of a text."""
    assert (type_name(value), type_name(value, Dialect.SPECS)) == (in_expect, in_specs)


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        ("1", "number"), ("1.0", "number"), ("-1", "string"), ("1e3", "string"), (" 1", "string"), ("", "string"),
        ("1.5s", "duration"), ("5 ms", "string"), ("{}", "json"), (" {} ", "json"), ("null", "json"), ("[{}]", "json"),
        ("[null]", "json"), ("[]", "json"), ("[1, 2]", "array"), ("abc [1] def", "array"), ("map[a:1]", "array"),
        ("[1,,2]", "string"), ("true", "string"), ("٣", "string"),
    ],
)  # fmt: skip
def test_inference(text: str, guessed: str) -> None:
    """The reference's rules in their order."""
    assert infer(text) == guessed


@given(st.integers(0, 10**16))
def test_display_reads_back_near(ns: int) -> None:
    """The display form of a duration reads back within half of its last place."""
    back = to_ns(display(ns))
    assert abs(back - ns) <= max(ns // 2, 1)


@pytest.mark.parametrize(
    ("template", "arguments", "text"),
    [
        ("%s", ["a"], "a"),
        ("100%% %s", ["1"], "100% 1"),
        ("100% %s", ["1"], "100%s%!(EXTRA string=1)"),
        ("%d", ["1"], "%!d(string=1)"),
        ("%s%", ["a"], "a%!(NOVERB)"),
        ("%20b%s", ["a"], "%!b(string=                   a)%!s(MISSING)"),
        ("%x %s", ["hi", "b"], "6869 b"),
        ("%q", ["a"], '"a"'),
        ("%-4s|", ["a"], "a   |"),
        ("%.1s", ["abc"], "a"),
        ("plain", [], "plain"),
    ],
)
def test_printf(template: str, arguments: list[str], text: str) -> None:
    """Go's printf damages text as the reference does."""
    assert printf(template, arguments) == text


def test_json_is_bounded() -> None:
    """Nesting beyond reason, constants that are no JSON and broken text are refused."""
    for text in ("[" * 100_000, "[" * 110 + "]" * 110, "NaN", "{", "1 2", '{"a": 1' + "0" * 5000 + "}"):
        with pytest.raises(NoJsonError):
            read_json(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_json_round_trip(value: object) -> None:
    """What is written as JSON is read back."""

    def frozen(part: object) -> object:
        return tuple(map(frozen, part)) if isinstance(part, list) else part

    assert read_json(json_text(frozen(value))) == frozen(value)  # type: ignore[arg-type]


def test_maps_of_any_kind_are_maps() -> None:
    """A read-only mapping compares as a map."""
    assert compare(MappingProxyType({"a": 1}), C.EQ, {"a": 1}, Dialect.EXPECT)

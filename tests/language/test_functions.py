"""Generated values: their form, and that they depend on nothing but what is given."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from spanspec.language.comparing.dates import write_date
from spanspec.language.dialect import Dialect
from spanspec.language.functions import FIRST_NAMES, FUNCTIONS, LAST_NAMES, call
from spanspec.language.verdict import EvaluationError, Generators, Given, Value
from spanspec.model.assemble import assemble

NOW_NS = 1_700_000_000_123_456_789
MOMENT = datetime(2023, 11, 5, 9, 8, 7, 120_000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))


def given(seed: int = 1, dialect: Dialect = Dialect.EXPECT) -> Given:
    """Generators with a seed."""
    generators = Generators(rng=random.Random(seed), now_ns=NOW_NS)
    return Given(trace=assemble([]), dialect=dialect, generators=generators)


def luhn(digits: str) -> bool:
    """Whether a card number's check digit is right."""
    doubled = [int(d) * 2 if i % 2 else int(d) for i, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("firstName", r"[A-Z][a-z]+"),
        ("lastName", r"[A-Z][a-z]+"),
        ("fullName", r"[A-Z][a-z]+ [A-Z][a-z]+"),
        ("email", r"[a-z.]+\d+@example\.(com|net|org)"),
        ("phone", r"\d{10}"),
        ("creditCard", r"\d{16}"),
        ("creditCardCvv", r"\d{3}"),
        ("creditCardExpDate", r"(0[1-9]|1[0-2])/(2[4-9]|3[0-3])"),
        ("date", r"2023-11-14"),
        ("dateTime", r"2023-11-14T22:13:20Z"),
    ],
)
def test_form(name: str, pattern: str) -> None:
    """Each generator's value has its form, whatever the seed."""
    for seed in range(50):
        assert re.fullmatch(pattern, str(call(name, [], given(seed))))


def test_same_seed_same_values() -> None:
    """Equal seeds give equal values, so that runs in parallel agree."""
    drawn = [[call(name, [1, 9] if name == "randomInt" else [], given(5)) for name in FUNCTIONS] for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_card_numbers_are_luhn_valid() -> None:
    """The check digit of every card number is right."""
    assert all(luhn(str(call("creditCard", [], given(seed)))) for seed in range(100))


def test_last_names_are_last_names() -> None:
    """The reference draws a first name, which only `compat: tracetest` keeps."""
    assert call("lastName", [], given()) in LAST_NAMES
    assert call("lastName", [], given(dialect=Dialect.COMPAT)) in FIRST_NAMES


def test_random_int_includes_both_bounds() -> None:
    """Both bounds are drawn, and nothing beyond."""
    assert {call("randomInt", [Decimal(1), "3"], given(seed)) for seed in range(60)} == {1, 2, 3}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("nope", [], 'could not find function "nope"'),
        ("randomInt", [], "missing required parameters. Expected at least 2 params, got 0"),
        ("randomInt", [1, "x"], "invalid argument type on index 1"),
        ("randomInt", [2, 1], "the wrong way round"),
        ("randomInt", [Decimal("1.5"), 2], "whole numbers"),
        ("uuid", [1], "takes at most 0 arguments"),
        ("date", [5], "invalid argument type on index 0"),
        ("date", ["2006"], "invalid argument type on index 0"),
    ],
)
def test_faults(name: str, arguments: list[Value], message: str) -> None:
    """A wrong call is an error that says what is wrong."""
    with pytest.raises(EvaluationError) as caught:
        call(name, arguments, given())
    assert message in str(caught.value)


def test_without_generators_nothing_is_drawn() -> None:
    """Where a value would differ each time a generator cannot be called."""
    with pytest.raises(EvaluationError, match="cannot be called here"):
        call("uuid", [], Given(trace=assemble([])))


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("YYYY-MM-DD", "2023-11-05"),
        ("DD/MM/YYYY hh:mm:ss", "05/11/2023 09:08:07"),
        ("D MMMM YY", "5 November 23"),
        ("DDDD, MMM D", "Sunday, Nov 5"),
        ("DDD h:mm pm", "Sun 9:08 AM"),
        ("hh ZZZZ", "09 -0330"),
        ("ZZ", "-03:30"),
        ("2006-01-02T15:04:05.000Z07:00", "2023-11-05T09:08:07.120-03:30"),
        ("15:04:05.999999", "09:08:07.12"),
        ("03:04PM _2 Jan", "09:08AM  5 Nov"),
        ("no tokens: x", "no tokens: x"),
    ],
)
def test_date_layout(layout: str, text: str) -> None:
    """Tokens and Go's reference layout."""
    assert write_date(MOMENT, layout) == text


def test_utc_is_z() -> None:
    """RFC 3339 writes UTC as Z."""
    assert write_date(MOMENT.astimezone(UTC), "2006-01-02T15:04:05Z07:00") == "2023-11-05T12:38:07Z"

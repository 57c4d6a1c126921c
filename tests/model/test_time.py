"""Durations as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanspec.model.time import Duration, format_duration, parse_duration, short_duration


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("250ms", 250_000_000),
        ("1.5s", 1_500_000_000),
        ("1m30s", 90_000_000_000),
        ("-2h", -7_200_000_000_000),
        ("3µs", 3_000),
        ("1d", 86_400_000_000_000),
    ],
)
def test_reads(text: str, ns: int) -> None:
    """Every unit, compound ones and signs."""
    assert parse_duration(text) == Duration(ns)


@pytest.mark.parametrize("text", ["", "5", "s", "1 s x", "1s-2s", "1e3s", "abc"])
def test_refuses(text: str) -> None:
    """What has another form is no duration."""
    assert parse_duration(text) is None


@given(st.integers(-(10**18), 10**18))
def test_what_is_written_is_read_back(ns: int) -> None:
    """`format_duration` is exact."""
    assert parse_duration(format_duration(ns)) == Duration(ns)


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0ns"), (99_900_000, "99.9ms"), (412_345_678, "412ms"), (1_234_000_000, "1.23s"), (90_000_000_000, "1m30s")],
)
def test_short_form_has_three_digits(ns: int, text: str) -> None:
    """For readers, not for machines."""
    assert short_duration(ns) == text

"""Completion: the words of the language, and the names and values of the trace at hand."""

from __future__ import annotations

import pytest

from spanspec.language.completing import Names, complete, names_of
from spanspec.testing import span, trace

NAMES = names_of(
    trace(
        span("GET /cart", service="cart", kind="server", resource={"host.name": "a"}),
        span("SELECT 1", service="cart", kind="client", db__system="postgresql"),
        span("SELECT 1", service="cart", kind="client", db__system="postgresql"),
        span("GET", service="cart", kind="client", db__system="redis"),
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exa", "exactly"),
        ("exactly 1 sp", "span["),
        ("busy", "busy_time("),
        ("span[db", "db.system"),
        ("span[attr:db", "attr:db.system"),
        ("span[resource:host", "resource:host.name"),
        ("span[parent:db", "parent:db.system"),
        ('span[kind = "client"]:sl', ":slowest"),
        ("some span[a] fol", "followed by"),
        ("response:st", "response:status"),
        ("trace:er", "trace:error_count"),
        ('span[db.system = "po', "postgresql"),
        ('span[name = "SEL', "SELECT 1"),
        ('span[kind = "', "client"),
    ],
)
def test_the_likeliest_comes_first(text: str, expected: str):
    """A word, a key or a value, and where it begins."""
    found = complete(text, NAMES)
    assert found.texts[0] == expected
    assert expected.startswith(text[found.start :])


def test_values_come_by_how_often_they_are_there():
    """The most frequent first."""
    assert complete('span[db.system = "', NAMES).texts == ("postgresql", "redis")


@pytest.mark.parametrize("text", ["", "span[", 'span[x = "', 'no span[name != "a"] "', "zzz", "span[zzz", "((((", '"'])
def test_nothing_to_offer_is_no_fault(text: str):
    """Any beginning has an answer, with names or without."""
    for names in (NAMES, Names()):
        found = complete(text, names)
        assert 0 <= found.start <= len(text)

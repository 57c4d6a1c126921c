"""A trace as a Python test looks at it."""

from __future__ import annotations

import pytest

import spanspec
from spanspec import Duration, Trace, ms, seconds
from spanspec.testing import span, trace

CART = span("GET /cart", service="cart", kind="server", start=0, end=10)
QUERY = span("SELECT", parent=CART, kind="client", start=1, end=3, db__system="postgresql")
PAY = span("process payment", service="payment", kind="server", parent=CART, start=2, end=9, payment__amount=99.99)
FOUND = Trace(trace(CART, QUERY, PAY))


def test_a_selector_gives_a_selection_in_trace_order() -> None:
    """`trace["span[…]"]` picks what the language picks."""
    found = FOUND['span[kind = "server"]']
    assert len(found) == found.count == 2
    assert found.names == ("GET /cart", "process payment")
    assert [each.service for each in found] == ["cart", "payment"]
    assert found[0] == CART
    assert found[1:].names == ("process payment",)
    assert found.services == {"cart", "payment"}
    assert found.first() in found


def test_one_gives_the_only_span_with_its_values() -> None:
    """Values are found by name, as the language finds them."""
    paid = FOUND['span[name = "process payment"]'].one()
    assert paid["payment.amount"] == 99.99
    assert paid["service.name"] == paid["resource:service.name"] == paid.service == "payment"
    assert paid["duration"] == paid.duration == ms(7)
    assert paid.get("payment.currency") is None
    assert paid.get("payment.currency", "EUR") == "EUR"
    assert "payment.amount" in paid
    assert "payment.currency" not in paid


def test_a_renamed_attribute_is_found_by_either_name() -> None:
    """`http.method` and `http.request.method` are one attribute."""
    called = Trace(trace(span("GET", http__request__method="GET")))
    assert called.spans().one()["http.method"] == "GET"


def test_spans_are_looked_at_in_their_trace() -> None:
    """Parent, children, ancestors and descendants are views too."""
    paid = FOUND.spans(name="process payment").one()
    assert paid.parent == CART
    assert paid.parent is not None
    assert paid.parent.children.names == ("SELECT", "process payment")
    assert paid.ancestors.names == ("GET /cart",)
    assert FOUND.roots.one().descendants.count == 2
    assert FOUND.roots.one().parent is None


def test_times_of_a_selection() -> None:
    """Busy time counts overlapping time once; total time counts it as often as it was spent."""
    below = FOUND.roots.one().children
    assert below.durations == (ms(2), ms(7))
    assert below.total_time == ms(9)
    assert below.busy_time == ms(8)
    assert FOUND.duration == ms(10)


def test_durations_compare_and_add_up() -> None:
    """A duration compares with durations only, and shows itself in its largest unit."""
    assert ms(999) < seconds(1) == ms(1000) == Duration(1_000_000_000)
    assert ms(1) + ms(2) - ms(1) == 2 * ms(1) == ms(1) * 2
    assert sum([ms(1), ms(2)], Duration(0)) == ms(3)
    assert -ms(1) < ms(0)
    assert abs(-ms(1)) == ms(1)
    assert (ms(1500).seconds, ms(1).ms, repr(ms(1500))) == (1.5, 1.0, "1.5s")
    with pytest.raises(TypeError):
        _ = ms(1) < 5  # type: ignore[operator]  # that is what is tested


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ("GET /cart", "SELECT", "process payment")),
        ({"service": "cart"}, ("GET /cart", "SELECT")),
        ({"kind": "server"}, ("GET /cart", "process payment")),
        ({"name": 'say "hi"\\'}, ()),
        ({"service": "cart", "kind": "client"}, ("SELECT",)),
    ],
)
def test_spans_by_service_name_and_kind(given: dict[str, str], names: tuple[str, ...]) -> None:
    """What is given must hold together, and any text may be given."""
    assert FOUND.spans(**given).names == names


def test_facts_of_the_whole_trace() -> None:
    """Services, edges, values and statements."""
    assert FOUND.services == {"cart", "payment"}
    assert FOUND.edges == {"cart -> payment"}
    assert FOUND.value("count(span)") == 3
    assert FOUND.value("exactly 3 span") is True
    assert FOUND.check("exactly 1 span").outcome is spanspec.Outcome.FAILED
    assert [each.name for each in FOUND] == ["GET /cart", "SELECT", "process payment"]


def test_functions_take_values_and_views() -> None:
    """`check`, `select` and `evaluate` do not mind which of the two a trace is."""
    for given in (FOUND, FOUND.model):
        assert spanspec.select(given, "span[db.system exists]") == (QUERY,)
        assert spanspec.check(given, "no_errors()").outcome is spanspec.Outcome.PASSED
        assert spanspec.evaluate(given, "count(span)").value == 3


def test_nothing_selected_says_what_comes_close() -> None:
    """The values that are there, the name that was meant, and the trace."""
    with pytest.raises(spanspec.SelectionError) as caught:
        FOUND['span[name = "process paymet"]'].one()
    assert str(caught.value) == "\n".join(
        [
            'no span matches span[name = "process paymet"]',
            'closest  no span has name = "process paymet"',
            "         seen: GET /cart × 1, SELECT × 1, process payment × 1",
            '         did you mean "process payment"?',
            "",
            *FOUND.draw(width=76).split("\n"),
        ]
    )
    shown = repr(FOUND['span[name = "process paymet"]'])
    assert "\n" not in shown
    assert "0 of 3 spans" in shown
    assert 'did you mean "process payment"?' in shown


def test_too_many_selected_says_which() -> None:
    """They are named, and marked in the trace."""
    with pytest.raises(spanspec.SelectionError) as caught:
        FOUND['span[kind = "server"]'].one()
    text = str(caught.value)
    assert text.startswith('2 spans match span[kind = "server"], and one was asked for\nspans  GET /cart · cart\n')
    assert text.count("✘") == 2


def test_a_missing_attribute_says_which_there_are() -> None:
    """It is a `KeyError` whose text is not quoted."""
    with pytest.raises(KeyError) as caught:
        FOUND["span[db.system exists]"].one()["db.sytem"]
    assert str(caught.value).startswith('SELECT · cart: no attribute "db.sytem" on this span; ')
    assert "db.system" in str(caught.value)


def test_expect_tells_every_statement_that_does_not_hold() -> None:
    """All are judged, and told with the trace as the terminal report tells them."""
    FOUND.expect("no_errors()", "exactly 3 span")
    with pytest.raises(spanspec.ExpectationError) as caught:
        FOUND.expect("no_errors()", "exactly 2 span[db.system exists]", 'busy_time(span[service = "payment"]) < 1ms')
    assert [check.actual for check in caught.value.checks] == ["1 span", "7ms"]
    text = str(caught.value)
    assert "2 failed of 3 checks" in text
    assert "expected   < 1ms" in text
    assert "process payment (server)" in text


@pytest.mark.parametrize("text", ["buzy_time(span) < 1ms", "span[", ""])
def test_faults_of_a_text_are_shown_with_their_place(text: str) -> None:
    """The exception's text has the line with a pointer, so that a test's traceback shows it."""
    with pytest.raises(spanspec.DiagnosticsError) as caught:
        FOUND.expect(text)
    assert "<expression>:1:" in str(caught.value)


def test_views_are_equal_when_they_show_the_same() -> None:
    """Spans and traces compare by content, also with values."""
    again = Trace(trace(PAY, QUERY, CART))
    assert again == FOUND
    assert hash(again) == hash(FOUND)
    assert again.roots == FOUND.roots
    assert again.roots.one() == FOUND.roots.one() == CART
    assert again.roots.one() != QUERY
    assert len({*again, *FOUND}) == 3
    assert Trace(trace(CART)) != FOUND


def test_an_empty_trace_is_told_as_such() -> None:
    """It has no drawing and no roots."""
    empty = Trace(trace())
    assert not empty
    assert "no spans" in empty.draw()
    with pytest.raises(spanspec.SelectionError, match="no span matches"):
        empty.roots.first()

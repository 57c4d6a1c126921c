"""Statements on the shop's trace: their truth, and what they say when they do not hold."""

from __future__ import annotations

import pytest

from spanspec.language.verdict import Truth
from spanspec.model.assemble import assemble
from spanspec.model.context import TriggerResult
from spanspec.model.ids import TraceId
from spanspec.model.span import Event
from spanspec.testing import span, trace
from tests.language.reading import HOST, shop_trace, verdict

RESPONSE = TriggerResult(kind="http", start_ns=0, end_ns=50_000_000, status=201, body="{}")

HOLDING = [
    'exactly 1 span[name = "charge"]',
    'span[name = "charge"]',
    'some span[name = "charge"]',
    'no span[name = "refund"]',
    'at least 2 span[kind = "client"]',
    'at most 2 span[kind = "client"]',
    'between 1 and 3 span[kind = "client"]',
    'exactly var:N span[kind = "client"]',
    'every span[name = "POST /charge"] where http.request.method = "POST"',
    'some span[name = "POST /charge"] where amount > 50',
    'no span[name = "POST /charge"] where amount > 100',
    'exactly 1 span[name = "POST /charge"] where attempt = 2',
    'every span[name = "POST /charge"] where (attempt >= 1 and attempt <= 2)',
    'every span[name = "place order"] where (exactly 2 > span[kind = "client"])',
    'every span[name = "place order"] where busy_time(> span[]) < 90ms',
    'some span[service = "order"] followed by span[service = "payment"]',
    'every span[name = "POST /order"] calls span[service = "order"]',
    'no span[service = "api"] calls span[service = "payment"]',
    'every span[name = "send ship"] leads to exactly 1 span[name = "ship"]',
    'some span[kind = "producer"] leads to span[kind = "consumer"] within 50ms',
    'some span[status = "error"] then span[name = "POST /charge"] within 5ms',
    'some span[name = "charge"] inside span[name = "POST /charge"]',
    'some span[name = "charge"] overlaps span[name = "place order"]',
    'some span[name = "ship"] preceded by every span[kind = "client"]',
    "count(span[]) = 7",
    'count(span[kind = "client"]) + 1 = 3',
    'busy_time(span[kind = "client"]) = 45ms',
    'total_time(span[service = "payment"]) < 30ms',
    'max(span[kind = "client"], attempt) = 2',
    'count(span[name = "x"]) = 0 or busy_time(span[name = "x"]) < 1ms',
    'services() = ["api", "order", "payment", "shipping"]',
    'edges() contains "order -> payment"',
    "trace:span_count = 7",
    "trace:error_count = 1",
    "response:status = 201",
    "response:duration < 60ms",
    'no_errors(except=span[name = "POST /charge"])',
    "no_orphans() and no_n_plus_one() and complete()",
    "not no_errors()",
    'span[name = "ship"] implies span[name = "send ship"]',
    'no span[name = "x"] implies count(span[]) > 3',
    "var:N = 2",
    "var:N exists",
    "var:M missing",
]

FAILING = [
    ('exactly 1 span[name = "POST /charge"]', "exactly 1", "2 spans"),
    ('no span[name = "charge"]', "no", "1 span"),
    ('some span[name = "refund"]', "some", "no span"),
    ('at least 3 span[kind = "client"]', "at least 3", "2 spans"),
    ('every span[name = "refund"] where amount > 5', "every: amount > 5", "no span"),
    ('every span[name = "charge"] where amount > 5', "every: amount > 5", "missing"),
    ('busy_time(span[kind = "client"]) < 40ms', "< 40ms", "45ms"),
    ('busy_time(span[name = "x"]) < 40ms', "< 40ms", "no span"),
    ('not (busy_time(span[name = "x"]) > 40ms)', "> 40ms", "no span"),
    ("response:status = 200", "200", "201"),
    ("no_errors()", "no error", "1 error"),
    ('some span[name = "ship"] followed by span[name = "charge"]', None, None),
    ('some span[name = "refund"] followed by span[name = "charge"]', None, "no span on the left"),
    ('every span[kind = "client"] calls span[service = "payment"]', None, "1 of 2 spans"),
    ('exactly 1 span[service = "order"] followed by span[name = "ship"]', None, None),
    ('every span[name = "place order"] where not missing.key = "x"', None, None),
    ("count(span[]) = 7 and no_errors()", "no error", "1 error"),
    ('span[name = "ship"] implies span[name = "refund"]', None, None),
    ('some span[name = "send ship"] then span[name = "ship"] within 5ms', None, None),
    ('count(span[]) > "abc"', None, None),
]


@pytest.mark.parametrize("text", HOLDING)
def test_holds(text: str) -> None:
    """The statement holds on the shop's trace."""
    judgement = verdict(text, shop_trace(), response=RESPONSE, variables={"N": 2})
    assert judgement.truth is Truth.HOLDS, judgement
    assert judgement.reason == ""


@pytest.mark.parametrize(("text", "expected", "actual"), FAILING)
def test_fails(text: str, expected: str | None, actual: str | None) -> None:
    """The statement fails, and says what was expected, what was found, and why in a sentence."""
    judgement = verdict(text, shop_trace(), response=RESPONSE)
    assert judgement.truth is Truth.FAILS, judgement
    assert judgement.reason
    if expected is not None:
        assert judgement.expected == expected
    if actual is not None:
        assert judgement.actual == actual


def test_too_many_names_who_and_under_whom() -> None:
    """Two spans where one was to be: who they are, how often, and under which parent."""
    order = span("place order", service="order-service")
    ships = [span("POST /ship", service="shipping-service", kind="server", parent=order, start=n) for n in (1, 2)]
    text = 'exactly 1 span[service.name = "shipping-service" kind = "server"]'
    judgement = verdict(text, trace(order, *ships))
    assert (
        judgement.reason == '2 spans match: POST /ship of shipping-service, twice under "place order" of order-service'
    )
    assert judgement.spans == tuple(ship.span_id for ship in ships)
    assert (judgement.expected, judgement.actual, judgement.lack) == ("exactly 1", "2 spans", False)


def test_too_few_is_a_lack() -> None:
    """A failure that more spans would mend is for lack of them, and has near misses."""
    judgement = verdict('some span[service.name = "shiping"]', shop_trace())
    assert judgement.lack
    assert judgement.near[0].suggestion == 'did you mean "shipping"?'
    assert 'did you mean "shipping"?' in judgement.reason
    assert not verdict("no_errors()", shop_trace()).lack
    assert verdict("count(span[]) >= 20", shop_trace()).lack
    assert not verdict("count(span[]) < 2", shop_trace()).lack
    assert not verdict("avg(span[]) < 1ms", shop_trace()).lack
    assert verdict('avg(span[name = "x"]) < 1ms', shop_trace()).lack


def test_a_violation_names_the_value_and_the_span() -> None:
    """A condition that does not hold on a span: the value found, on whom."""
    judgement = verdict('every span[name = "POST /charge"] where attempt = 1', shop_trace())
    assert judgement.actual == "2"
    assert "attempt is 2 on POST /charge of order, not 1" in judgement.reason
    assert judgement.spans == (shop_like("charged", judgement.looked_at),)


def shop_like(key: str, looked_at: tuple[str, ...]) -> str:
    """The id of the second charge among the spans looked at."""
    assert key == "charged"
    return looked_at[1]


def test_a_missing_attribute_says_what_there_is() -> None:
    """A check on an attribute that the span lacks fails and lists what it has."""
    judgement = verdict('every span[name = "charge"] where amount = 1', shop_trace())
    assert 'no attribute "amount" on this span' in judgement.reason
    assert judgement.error == ""


def test_types_that_do_not_compare_are_an_error() -> None:
    """Such a check fails with an error that names both types, whatever stands around it."""
    text = 'every span[name = "POST /charge"] where attempt > "many"'
    judgement = verdict(text, shop_trace())
    assert judgement.truth is Truth.FAILS
    assert judgement.error
    assert verdict(f"not ({text})", shop_trace()).truth is Truth.FAILS


def test_no_errors_names_service_span_and_message() -> None:
    """An error is named with its service and its message, an exception's when there is no other."""
    judgement = verdict("no_errors()", shop_trace())
    assert judgement.reason == "1 span ended in error: POST /charge of order (timeout)"
    assert 'POST /charge of order was tried twice under "place order" of order, and failed once' in judgement.notes
    boom = Event(name="exception", attributes={"exception.type": "ValueError", "exception.message": "no stock"})
    failed = trace(span("reserve", service="stock", status="error", events=[boom]))
    assert verdict("no_errors()", failed).reason == "1 span ended in error: reserve of stock (ValueError: no stock)"


def test_no_n_plus_one_names_the_statement() -> None:
    """Repeated queries are told by service, statement with its literals replaced, number and parent."""
    parent = span("list orders", service="order")
    queries = [
        span(
            "SELECT", parent=parent, kind="client", start=n, db__system="postgresql",
            db__statement=f"SELECT * FROM item WHERE id = {n}",
        )
        for n in range(6)
    ]  # fmt: skip
    judgement = verdict("no_n_plus_one()", trace(parent, *queries))
    assert judgement.reason == (
        'order sends "postgresql: SELECT * FROM item WHERE id = ?" 6 times under "list orders" of order'
    )
    assert len(judgement.spans) == 6
    assert verdict("no_n_plus_one(threshold=7)", trace(parent, *queries)).truth is Truth.HOLDS


def test_no_orphans() -> None:
    """A span whose parent never came is named with the missing id."""
    whole = trace(span("a", start=5), span("b", parent="gone"))
    judgement = verdict("no_orphans()", whole)
    assert judgement.truth is Truth.FAILS
    assert "b of svc" in judgement.reason
    assert verdict("complete()", whole).truth is Truth.FAILS
    assert verdict("complete()", trace(span("a")), whole=False).truth is Truth.FAILS
    assert verdict("complete()", trace(span("a")), whole=True).truth is Truth.HOLDS


def test_sums_name_the_largest() -> None:
    """A time over its bound says whose it is."""
    judgement = verdict('busy_time(span[kind = "client"]) < 40ms', shop_trace())
    assert judgement.reason == (
        'busy_time(span[kind = "client"]) is 45ms, not < 40ms; of 2 spans: '
        "POST /charge of order 35ms and POST /charge of order 10ms"
    )


def test_a_relation_shows_the_closest_pair() -> None:
    """The pair that came closest is shown with both times."""
    judgement = verdict('some span[name = "ship"] followed by span[name = "charge"]', shop_trace())
    assert judgement.reason == (
        "the closest are ship of shipping and charge of payment: "
        "the first starts at +110ms, the second at +30ms, 80ms too early"
    )


def test_clocks_leave_undecided() -> None:
    """Within the skew of clocks not known to agree nothing is said, and no span would mend it."""
    whole = trace(span("a", start=0), span("b", start=3))
    judgement = verdict('some span[name = "a"] followed by span[name = "b"]', whole)
    assert (judgement.truth, judgement.clocks) == (Truth.UNDECIDED, True)
    assert "clocks are not known to agree" in judgement.reason
    same = trace(span("a", start=0, resource=HOST), span("b", start=3, resource=HOST))
    assert verdict('some span[name = "a"] followed by span[name = "b"]', same).truth is Truth.HOLDS
    assert verdict('gap(span[name = "a"], span[name = "b"]) < 4ms', whole).truth is Truth.UNDECIDED
    assert verdict('gap(span[name = "a"], span[name = "b"]) < 4ms', same).truth is Truth.HOLDS


def test_an_open_trace_says_what_is_awaited() -> None:
    """What is undecided for want of spans says how it stands so far."""
    judgement = verdict('some span[name = "refund"]', shop_trace(), closed=False)
    assert judgement.truth is Truth.UNDECIDED
    assert judgement.lack
    assert judgement.reason.startswith("so far no span matches")
    judgement = verdict('exactly 1 span[name = "charge"]', shop_trace(), closed=False)
    assert (judgement.truth, judgement.lack) == (Truth.UNDECIDED, False)
    assert "holds so far" in judgement.reason


def test_events_after_where() -> None:
    """After `where`, too, what is said of an event is one claim."""
    one = trace(span("one", events=[Event(name="retry", attributes={"n": 1}), Event(name="done", attributes={"n": 2})]))
    assert verdict('every span[] where (event:name = "retry" and event:n = 1)', one).truth is Truth.HOLDS
    assert verdict('every span[] where (event:name = "retry" and event:n = 2)', one).truth is Truth.FAILS
    assert verdict('every span[] where not (event:name = "retry" and event:n = 2)', one).truth is Truth.HOLDS


def test_linked_traces() -> None:
    """`leads to` reaches spans of linked traces, which no other expectation counts."""
    send = span("send", kind="producer", resource=HOST)
    far = span("ship", kind="consumer", links=[send], trace_id=TraceId("2" * 32), start=7, resource=HOST)
    whole = assemble([send], linked=[far])
    assert verdict('some span[name = "send"] leads to exactly 1 span[name = "ship"]', whole).truth is Truth.HOLDS
    assert verdict('some span[kind = "producer"] leads to span[name = "ship"] within 2ms', whole).truth is Truth.FAILS
    assert verdict('no span[name = "ship"]', whole).truth is Truth.HOLDS


def test_renamed_keys_are_noted() -> None:
    """A key that was read under its other name is told."""
    judgement = verdict('every span[name = "POST /order"] where http.status_code = 201', shop_trace())
    assert judgement.truth is Truth.HOLDS
    assert any("http.response.status_code" in note for note in judgement.notes)


def test_a_missing_attribute_fails_under_not_as_well() -> None:
    """A condition on every span that cannot be read fails, however it is negated around."""
    text = 'every span[name = "charge"] where amount = 1'
    assert verdict(text, shop_trace()).truth is Truth.FAILS
    assert verdict(f"not ({text})", shop_trace()).truth is Truth.FAILS
    assert verdict('no span[name = "charge"] where amount = 1', shop_trace()).truth is Truth.HOLDS

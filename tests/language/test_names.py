"""Where a name looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spanspec.language.dialect import Dialect
from spanspec.language.names import Found, look_up, written
from spanspec.language.syntax import Name, Place
from spanspec.language.verdict import EvaluationError, Given
from spanspec.model.assemble import assemble, with_trigger_root
from spanspec.model.context import TriggerResult
from spanspec.model.ids import SpanId
from spanspec.model.span import Event, Scope, Span
from spanspec.model.time import Duration
from spanspec.testing import EPOCH_NS, span, trace, trigger_span

MS = 1_000_000
RESPONSE = TriggerResult(
    kind="http", start_ns=0, end_ns=5 * MS, status=201, headers=(("X-B", "2"), ("Content-Type", "text/plain"), ("x-b", "3")), body="hi",
)  # fmt: skip


def name(text: str) -> Name:
    """A name as it is written, without quotes."""
    via, _, rest = text.partition(":") if text.startswith(("parent:", "root:")) else ("", "", text)
    prefix, colon, key = rest.partition(":")
    return Name(place=Place(prefix), key=key, via=via) if colon else Name(place=Place.BARE, key=rest, via=via)


def tree() -> tuple[Span, Span, Given]:
    """A root of 10 ms with an attribute in every place, and a child from 2 to 5 ms."""
    top = replace(
        span(
            "GET /cart", service="cart", kind="server", end=10, http__status_code=200, empty="",
            resource={"host.name": "h1", "both": "resource"}, attributes={"both": "span", "a/b": 1, "name": "attribute"}, status="error",
            status_message="boom", events=[Event(name="retry", time_ns=7, attributes={"n": 1})],
        ),
        scope=Scope(name="lib", attributes={"both": "scope", "scoped": True}),
    )  # fmt: skip
    low = span("SELECT", parent=top, kind="client", start=2, end=5, db__system="postgresql", amount=99.99)
    return (
        top,
        low,
        Given(trace=trace(top, low), response=RESPONSE, variables={"LIMIT": "5"}, environment={"HOME": "/h"}),
    )


TOP, LOW, GIVEN = tree()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("http.status_code", 200),
        ("attr:both", "span"),
        ("scope:both", "scope"),
        ("resource:both", "resource"),
        ("scoped", True),
        ("host.name", "h1"),
        ("attr:empty", ""),
        ("attr:a/b", 1),
        ("name", "GET /cart"),
        ("attr:name", "attribute"),
        ("kind", "server"),
        ("status", "error"),
        ("duration", Duration(10 * MS)),
        ("service", "cart"),
        ("span:status_message", "boom"),
        ("span:start", EPOCH_NS),
        ("span:end", EPOCH_NS + 10 * MS),
        ("span:id", TOP.span_id),
        ("span:depth", 0),
        ("span:self_time", Duration(7 * MS)),
        ("span:child_count", 1),
        ("tracetest.span.name", "GET /cart"),
        ("tracetest.span.type", "http"),
        ("tracetest.span.duration", Duration(10 * MS)),
        ("tracetest.span.status_code", "STATUS_CODE_ERROR"),
        ("tracetest.span.parent_id", "0" * 16),
        ("span.events", '[{"name":"retry","timestamp":7,"attributes":{"n":1}}]'),
        ("response:status", 201),
        ("response:body", "hi"),
        ("response:headers", {"x-b": "2, 3", "content-type": "text/plain"}),
        ("response:header.X-b", "2, 3"),
        ("response:duration", Duration(5 * MS)),
        ("tracetest.response.status", 201),
        ("trace:duration", Duration(10 * MS)),
        ("trace:span_count", 2),
        ("trace:service_count", 1),
        ("trace:error_count", 1),
        ("trace:depth", 2),
        ("var:LIMIT", "5"),
        ("env:LIMIT", "5"),
        ("env:HOME", "/h"),
    ],
)
def test_place(text: str, value: object) -> None:
    """Each form looks in its place."""
    found = look_up(name(text), TOP, GIVEN)
    assert (found.present, found.value, found.undecided) == (True, value, False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("parent:name", "GET /cart"),
        ("parent:attr:name", "attribute"),
        ("root:resource:host.name", "h1"),
        ("parent:span:depth", 0),
        ("root:duration", Duration(10 * MS)),
    ],
)
def test_parent_and_root(text: str, value: object) -> None:
    """`parent:` and `root:` take whatever may stand without them."""
    assert look_up(name(text), LOW, GIVEN).value == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("attr:http.status_cod", 'no attribute "http.status_cod" on this span; it has http.status_code, '),
        ("resource:nope", 'on this span\'s resource; it has host.name, both, service.name'),
        ("parent:name", "the span is a root, it has no parent"),
        ("response:header.none", "the trigger's answer has no header.none"),
        ("var:LIMITS", 'no variable "LIMITS"; did you mean "LIMIT"?'),
        ("var:HOME", 'no variable "HOME"'),
        ("span:parent_id", "this span has no parent_id"),
    ],
)  # fmt: skip
def test_missing(text: str, reason: str) -> None:
    """What is missing says what is there instead."""
    found = look_up(name(text), TOP, GIVEN)
    assert not found.present
    if text != "resource:nope":
        assert reason in found.missing
    else:
        assert all(key in found.missing for key in ("host.name", "both", "service.name"))


def test_missing_is_bounded() -> None:
    """A span with many attributes does not flood the message."""
    crowded = span("s", attributes={f"key.number.{index}": index for index in range(500)})
    found = look_up(name("attr:key.number.x"), crowded, Given(trace=trace(crowded)))
    assert len(found.missing) < 400
    assert "more" in found.missing


def test_parent_that_has_not_arrived() -> None:
    """Before the trace is closed a missing parent is undecided, never missing."""
    lone = span("a", parent=SpanId("00000000000000aa"))
    other = span("b")
    open_now = Given(trace=trace(lone, other), closed=False)
    found = look_up(name("parent:name"), lone, open_now)
    assert (found.present, found.undecided) == (False, True)
    closed = look_up(name("parent:name"), lone, replace(open_now, closed=True))
    assert (closed.present, closed.undecided) == (False, False)
    assert "00000000000000aa" in closed.missing
    assert look_up(name("root:name"), lone, open_now).undecided


@pytest.mark.parametrize("text", ["event:name", "link:x", "parent:event:name"])
def test_events_are_for_selectors(text: str) -> None:
    """A name of an event or link has no single value."""
    with pytest.raises(EvaluationError, match="only in a selector's brackets"):
        look_up(name(text), TOP, GIVEN)


# --- renamed conventions -------------------------------------------------------------------------------------------


def found(asked: str, kind: str = "internal", given: dict[str, Any] | None = None, **attributes: object) -> Found:
    """What a key gives on a span with these attributes."""
    here = span("s", kind=kind, **attributes)  # type: ignore[arg-type]
    return look_up(name(f"attr:{asked}"), here, Given(trace=trace(here), **(given or {})))


@pytest.mark.parametrize(
    ("asked", "there", "value", "kind"),
    [
        ("http.response.status_code", "http.status_code", 200, "server"),
        ("http.status_code", "http.response.status_code", 200, "server"),
        ("db.query.text", "db.statement", "SELECT 1", "client"),
        ("db.system.name", "db.system", "postgresql", "client"),
        ("messaging.destination", "messaging.destination.name", "q", "producer"),
        ("server.address", "net.peer.name", "h", "client"),
        ("server.address", "net.host.name", "h", "server"),
    ],
)
def test_renamed(asked: str, there: str, value: object, kind: str) -> None:
    """The other name of a renamed key answers in both directions, and the result notes it."""
    answer = found(asked, kind, **{there.replace(".", "__"): value})
    assert answer.value == value
    assert answer.note == f"{asked} was read from its other name, {there}"


def test_a_rename_that_changes_the_value_is_none() -> None:
    """Where the value differs between the generations the other name does not answer."""
    assert not found("db.system.name", db__system="mssql").present
    assert not found("server.address", "server", net__peer__name="h").present


def test_the_exact_key_comes_first() -> None:
    """The exact key, also of the resource, is found before the other name."""
    here = span("s", http__status_code=1, resource={"http.response.status_code": 2})
    assert look_up(name("attr:http.response.status_code"), here, Given(trace=trace(here))).value == 2


def test_renames_can_be_switched_off() -> None:
    """Without aliases, and under `specs:`, the missing key is told its other name."""
    for given in ({"aliases": False}, {"dialect": Dialect.SPECS}):
        answer = found("http.response.status_code", given=given, http__status_code=200)
        assert not answer.present
        assert "it has http.status_code, the other name" in answer.missing


# --- the reference's trace -----------------------------------------------------------------------------------------


def specs_given(dialect: Dialect) -> tuple[Span, Given]:
    """The trace with the trigger's span joined."""
    trigger = trigger_span()
    joined = with_trigger_root(assemble([TOP, LOW], trigger=trigger))
    return trigger, Given(trace=joined, dialect=dialect, response=RESPONSE)


def test_trigger_span_has_the_response() -> None:
    """Under `specs:` the trigger's span alone has the response's attributes."""
    trigger, given = specs_given(Dialect.SPECS)
    assert look_up(name("attr:tracetest.response.status"), trigger, given).value == 201
    assert look_up(name("attr:tracetest.response.header.x-b"), trigger, given).value == "2, 3"
    assert look_up(name("attr:service.name"), trigger, given).value == "tracetest"
    assert look_up(name("attr:tracetest.span.type"), trigger, given).value == "general"
    assert not look_up(name("attr:tracetest.response.status"), TOP, given).present
    assert not look_up(name("attr:span.events"), trigger, given).present


def test_trace_names_leave_the_trigger_out() -> None:
    """`trace:` counts without the trigger's span."""
    _, given = specs_given(Dialect.SPECS)
    assert look_up(name("trace:span_count"), None, given).value == 2
    assert look_up(name("trace:depth"), None, given).value == 2
    assert look_up(name("trace:duration"), None, given).value == Duration(10 * MS)


def test_specs_fields_are_attributes() -> None:
    """`status`, `duration` and `service` are plain attributes outside `expect:`."""
    given = Given(trace=GIVEN.trace, dialect=Dialect.SPECS)
    assert not look_up(name("status"), TOP, given).present
    assert look_up(name("name"), TOP, given).value == "GET /cart"
    assert look_up(name("attr:tracetest.span.duration"), TOP, given).value == 10 * MS


def test_compat_merges_as_the_reference() -> None:
    """The resource overrides the span, the scope's name is the service's, doubles are rounded."""
    given = Given(trace=GIVEN.trace, dialect=Dialect.COMPAT)
    assert look_up(name("attr:both"), TOP, given).value == "resource"
    assert look_up(name("attr:amount"), LOW, given).value == "100"
    anonymous = replace(TOP, resource=replace(TOP.resource, attributes={}))
    assert look_up(name("attr:service.name"), anonymous, given).value == "lib"
    assert look_up(name("attr:nope"), TOP, given).missing == 'attribute "nope" not found'


def test_written() -> None:
    """A name is shown as it is written."""
    assert written(name("parent:attr:name")) == "parent:attr:name"
    assert written(name("http.route")) == "http.route"

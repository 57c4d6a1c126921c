"""The HTTP trigger against a real server."""

from __future__ import annotations

import asyncio
import base64
import socket

import pytest
from pydantic import ValidationError

from spanspec.api import SystemClock
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.http import MAX_BODY, Trigger
from tests.triggers.echo import echo

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8), baggage={"spanspec.test": "ä, b"})


def fire(**fields: object) -> TriggerResult:
    """Validate and send."""
    return asyncio.run(Trigger.model_validate(fields).fire(CONTEXT, SystemClock()))


def test_sends_what_the_definition_says_with_the_trace_context() -> None:
    """Method in capitals, repeated headers, query, body, W3C headers once."""
    with echo() as server:
        result = fire(
            url=f"{server.url}/a?x=1",
            method="post",
            headers=[{"key": "X-Id", "value": "1"}, {"key": "X-Id", "value": "2"}],
            query={"q": "ä b"},
            body="text",
        )
    (sent,) = server.sent
    assert (sent.method, sent.path, sent.body) == ("POST", "/a?x=1&q=%C3%A4%20b", b"text")
    assert sent.all("x-id") == ["1", "2"]
    assert sent.all("traceparent") == [f"00-{'ab' * 16}-{'cd' * 8}-01"]
    assert sent.all("tracestate") == ["spanspec=1,tracetest=true"]
    assert sent.all("baggage") == ["spanspec.test=%C3%A4%2C%20b"]
    assert (result.status, result.body) == (200, "OK")
    assert result.request == f"POST {server.url}/a?x=1&q=%C3%A4%20b"


def test_baggage_and_tracestate_of_the_definition_are_kept() -> None:
    """Ours is added, a traceparent of the definition's own is not sent."""
    with echo() as server:
        fire(url=server.url, headers={"baggage": "shop.fault=x", "tracestate": "other=1", "traceparent": "00-bad"})
    (sent,) = server.sent
    assert sent.all("baggage") == ["shop.fault=x,spanspec.test=%C3%A4%2C%20b"]
    assert sent.all("tracestate") == ["spanspec=1,tracetest=true,other=1"]
    assert len(sent.all("traceparent")) == 1


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"basic": {"username": "u", "password": "p"}}, "authorization", "Basic " + base64.b64encode(b"u:p").decode()),
        (
            {"type": "basic", "basic": {"user": "u", "password": "p"}},
            "authorization",
            "Basic " + base64.b64encode(b"u:p").decode(),
        ),
        ({"bearer": {"token": "t"}}, "authorization", "Bearer t"),
        ({"bearer": {"token": "Token t"}}, "authorization", "Token t"),
        ({"apiKey": {"key": "X-Key", "value": "k", "in": "header"}}, "x-key", "k"),
    ],
)
def test_proves_who_sends_it(auth: dict[str, object], header: str, value: str) -> None:
    """Basic, bearer with its scheme, API key."""
    with echo() as server:
        result = fire(url=server.url, auth=auth)
    assert server.sent[0].all(header) == [value]
    assert "p" not in result.request.removeprefix("GET http")


def test_an_api_key_in_the_query_is_sent_there() -> None:
    """Added to the URL's own parameters."""
    with echo() as server:
        fire(url=f"{server.url}/?a=1", auth={"apiKey": {"key": "key", "value": "k&", "in": "query"}})
    assert server.sent[0].path == "/?a=1&key=k%26"


def test_any_status_is_an_answer_and_redirects_are_followed() -> None:
    """What it means is for the checks to say."""
    with echo(status=503, body=b"{}") as server:
        assert fire(url=server.url).status == 503
        assert fire(url=f"{server.url}/moved").status == 503
    assert [sent.path for sent in server.sent] == ["/", "/moved", "/there"]


def test_a_large_body_is_kept_to_the_bound() -> None:
    """And the result says that it was cut."""
    with echo(body=b"x" * (MAX_BODY + 10)) as server:
        result = fire(url=server.url)
    assert len(result.body) == MAX_BODY
    assert result.body_truncated


def test_a_host_without_a_scheme_gets_one() -> None:
    """As the reference does."""
    with echo() as server:
        assert fire(url=server.url.removeprefix("http://")).status == 200


def test_nothing_listening_names_the_address_and_the_way_on() -> None:
    """No traceback of a library."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(TriggerError, match=f"GET {url} failed: connection refused") as caught:
        fire(url=url)
    assert "--endpoint" in caught.value.help


def test_a_name_that_does_not_resolve_is_told() -> None:
    """The host is at fault, not the network."""
    with pytest.raises(TriggerError, match=r"nowhere\.invalid"):
        fire(url="http://nowhere.invalid/")


@pytest.mark.parametrize("url", ["http://", "http://[::1", "ftp://x/", "http://a b/"])
def test_a_url_that_is_none_is_an_error_of_ours(url: str) -> None:
    """Whatever the library makes of it."""
    with pytest.raises(TriggerError):
        fire(url=url)


def test_user_and_password_in_the_url_are_not_shown() -> None:
    """They would stand in every report."""
    assert Trigger(url="http://u:secret@h/x").describe() == "GET http://***@h/x"


def test_unknown_keys_are_refused() -> None:
    """All at once."""
    with pytest.raises(ValidationError) as caught:
        Trigger.model_validate({"url": "x", "bodi": 1, "metod": "GET"})
    assert {error["loc"] for error in caught.value.errors()} == {("bodi",), ("metod",)}


@pytest.mark.parametrize(("written", "seconds"), [("250ms", 0.25), ("1m30s", 90.0), (2, 2.0), ("3", 3.0)])
def test_a_timeout_is_a_duration_or_seconds(written: object, seconds: float) -> None:
    """As everywhere else in a definition."""
    assert Trigger.model_validate({"url": "x", "timeout": written}).timeout == seconds


@pytest.mark.parametrize("written", ["soon", 0, "-1s"])
def test_a_timeout_that_is_none_is_refused(written: object) -> None:
    """Nothing is sent."""
    with pytest.raises(ValidationError):
        Trigger.model_validate({"url": "x", "timeout": written})

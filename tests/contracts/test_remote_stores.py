"""What every store that is asked holds to: the whole trace as it was, nothing for an unknown one, and no fault without words."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import grpc
import pytest

from spanspec.api import SystemClock
from spanspec.errors import StoreError
from spanspec.model.context import TimeWindow
from spanspec.model.ids import SpanId, TraceId
from spanspec.model.span import Event, Link, Span, StatusCode
from spanspec.stores import elasticapm, jaeger, opensearch, tempo, zipkin
from spanspec.stores.base import STORES, DeniedError, Fetched, PassingError, UnreachableError
from spanspec.testing import span
from tests.stores import fakes
from tests.stores.fakes import Held

MINE, OTHER, ABSENT = TraceId("00" * 8 + "1f" * 8), TraceId("2" * 32), TraceId("3" * 32)
WINDOW = TimeWindow(start_ns=0, end_ns=(1 << 63) - 1)
START = 1_700_000_000_123_456_789
MANY = 5_000


@dataclass(frozen=True)
class Member:
    """A store against a server that answers like it.

    Attributes:
        serve: The server.
        make: The store's class with the server's address and further keys.
        exact: Whether everything comes back as it was; else `Fetched.note` says what does not.
        over_grpc: Whether wrong answers are gRPC's.
    """

    serve: Callable[[], AbstractContextManager[Held]]
    make: Callable[..., Any]
    exact: bool = True
    over_grpc: bool = False


def _http(api: fakes.Api) -> Callable[[], AbstractContextManager[Held]]:
    return lambda: fakes.http(api)


MEMBERS = {
    "jaeger": Member(_http(fakes.jaeger), lambda url, **more: jaeger.Store(url=url, **more)),
    "jaeger, version 1": Member(_http(fakes.old_jaeger), lambda url, **more: jaeger.Store(url=url, **more), exact=False),
    "jaeger, gRPC": Member(
        lambda: fakes.grpc_server("jaeger.api_v3.QueryService", "GetTrace", fakes.jaeger_messages, many=True),
        lambda url, **more: jaeger.Store(endpoint=url, **more),
        over_grpc=True,
    ),
    "tempo": Member(_http(fakes.tempo), lambda url, **more: tempo.Store(url=url, **more)),
    "tempo, JSON": Member(_http(fakes.tempo_json), lambda url, **more: tempo.Store(url=url, encoding="json", **more)),
    "tempo, version 1": Member(_http(fakes.old_tempo), lambda url, **more: tempo.Store(http={"url": url}, **more)),
    "tempo, gRPC": Member(
        lambda: fakes.grpc_server("tempopb.Querier", "FindTraceByID", fakes.tempo_message, many=False),
        lambda url, **more: tempo.Store(type="grpc", grpc={"endpoint": url}, **more),
        over_grpc=True,
    ),
    "zipkin": Member(_http(fakes.zipkin), lambda url, **more: zipkin.Store(url=url, **more), exact=False),
    "opensearch": Member(_http(fakes.search(fakes.ss4o)), lambda url, **more: opensearch.Store(addresses=url, **more)),
    "elasticapm": Member(_http(fakes.search(fakes.apm)), lambda url, **more: elasticapm.Store(url=[url], **more), exact=False),
}  # fmt: skip
OVER_HTTP = [name for name, member in MEMBERS.items() if not member.over_grpc]
OVER_GRPC = [name for name, member in MEMBERS.items() if member.over_grpc]


@contextmanager
def served(name: str, spans: list[Span] | None = None, **keys: Any) -> Iterator[tuple[Held, Any]]:
    """A member's server with spans in it, and the store that asks it."""
    member = MEMBERS[name]
    with member.serve() as held:
        held.spans = spans or []
        yield held, member.make(held.url, **keys)


def fetch(store: Any, trace_id: TraceId = MINE) -> Fetched:
    """What a store knows of a trace."""

    async def ask() -> Fetched:
        opened = store.open(SystemClock())
        try:
            found: Fetched = await opened.fetch(trace_id, WINDOW)
        finally:
            await opened.close()
        return found

    return asyncio.run(ask())


def tree(count: int = 5) -> list[Span]:
    """A trace with events, links, typed attributes and times to the nanosecond, and a span of another trace."""
    typed = {"n": (1 << 53) + 1, "ok": True, "ratio": 0.5, "text": "ä\n", "route": "/a"}
    event = Event(name="retry", time_ns=START + 7, attributes=MappingProxyType({"attempt": 2}))
    link = Link(trace_id=OTHER, span_id=SpanId("ab" * 8), attributes=MappingProxyType({}))
    root = replace(
        span("GET /", trace_id=MINE, service="web", kind="server", **typed),
        start_ns=START,
        end_ns=START + 5_000_003,
        events=(event,),
        links=(link,),
        status=StatusCode.ERROR,
        status_message="no stock",
    )
    below = [
        replace(span(f"step {n}", parent=root, trace_id=MINE, service="db", kind="client"), start_ns=START + n, end_ns=START + n + 1)
        for n in range(count - 1)
    ]  # fmt: skip
    return [root, *below, span("other", trace_id=OTHER)]


@pytest.mark.parametrize("name", MEMBERS)
def test_the_whole_trace_comes_back(name: str) -> None:
    """All of many spans, none of another trace; equal to what went in, or told in a note what is not."""
    spans = tree(MANY)
    with served(name, spans) as (_, store):
        found = fetch(store)
    ours = {each.span.span_id: each.span for each in found.spans}
    assert len(found.spans) == len(ours) == MANY
    assert not found.partial
    assert all(each.exporter for each in found.spans)
    if MEMBERS[name].exact:
        assert ours == {each.span_id: each for each in spans[:-1]}
        assert found.note == "" or name == "opensearch"
        return
    assert found.note
    for each in spans[:-1]:
        mine = ours[each.span_id]
        assert (mine.parent_id, mine.kind, mine.service) == (each.parent_id, each.kind, each.service)
        assert mine.name.lower() == each.name.lower()
        assert (mine.start_ns, len(mine.links)) == (each.start_ns // 1000 * 1000, len(each.links))
        assert [event.name for event in mine.events] == [event.name for event in each.events] or name == "elasticapm"


@pytest.mark.parametrize("name", MEMBERS)
def test_an_unknown_trace_is_nothing_yet(name: str) -> None:
    """An empty answer is no error, and no answer of another trace."""
    with served(name, tree()) as (_, store):
        assert fetch(store, ABSENT) == Fetched()


@pytest.mark.parametrize("name", MEMBERS)
def test_a_link_is_a_url_or_nothing(name: str) -> None:
    """Where a person sees the trace, if anywhere."""
    with served(name) as (_, store):
        link = store.open(SystemClock()).link(MINE)
    assert link is None or (link.startswith("http") and MINE in link)


HTML = b"<!DOCTYPE html><html><title>Sign in</title></html>"
DEEP = b"[" * 100_000
ANSWERS: dict[str, tuple[Any, type[StoreError], str]] = {
    "cut": (fakes.cut, PassingError, "at http"),
    "malformed": (fakes.replies(200, b'{"result": {"resourceSpans": [{]}'), PassingError, "cannot be read"),
    "another document": (fakes.replies(200, b'{"hello": "world"}'), PassingError, "cannot be read"),
    "deep": (fakes.replies(200, DEEP), PassingError, "cannot be read"),
    "HTML": (fakes.replies(200, HTML, "text/html"), StoreError, "HTML"),
    "301": (fakes.replies(301, location="http://u:secret@127.0.0.1/login"), StoreError, "points to http://127.0.0.1/login"),
    "401": (fakes.replies(401, b"who are you"), DeniedError, "401: who are you"),
    "403": (fakes.replies(403), DeniedError, "403"),
    "429": (fakes.replies(429, retry_after="3"), PassingError, "429"),
    "500": (fakes.replies(500, b"oops\x1b[2J"), PassingError, "500"),
    "503, HTML": (fakes.replies(503, HTML, "text/html"), PassingError, "503: a page of HTML"),
}  # fmt: skip


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("wrong", ANSWERS)
def test_a_wrong_answer_is_told(name: str, wrong: str) -> None:
    """The address, what is wrong and how to go on are in the message; nothing passes for a trace."""
    answer, kind, words = ANSWERS[wrong]
    with served(name, tree()) as (held, store):
        held.wrong = answer
        with pytest.raises(kind, match="(?s)" + words) as caught:
            fetch(store)
    assert held.url.removeprefix("http://") in caught.value.message
    assert caught.value.help
    assert "\x1b" not in caught.value.message + caught.value.help
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_404_without_a_body_is_nothing_yet(name: str) -> None:
    """Whoever answers it, the trace may still come."""
    with served(name) as (held, store):
        held.wrong = fakes.replies(404)
        assert fetch(store).spans == ()


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_slow_answer_is_given_up(name: str) -> None:
    """After the store's `timeout`; it may be asked again."""
    release = threading.Event()
    with served(name, timeout=0.2) as (held, store):
        held.wrong = fakes.slow(release)
        try:
            with pytest.raises(PassingError, match=r"no whole answer within 0\.2 s"):
                fetch(store)
        finally:
            release.set()


@pytest.mark.parametrize("name", MEMBERS)
def test_nobody_there_is_an_error_at_once(name: str) -> None:
    """A refused connection names the address and the fix."""
    with served(name) as (held, store):
        url = held.url
    with pytest.raises(UnreachableError) as caught:
        fetch(store)
    assert url.removeprefix("http://") in caught.value.message
    assert "Start" in caught.value.help


def test_an_answer_that_unpacks_without_end_is_refused() -> None:
    """A small answer may stand for gigabytes."""
    with served("zipkin") as (held, store):
        packed = gzip.compress(bytes(257 << 20), 1)
        held.wrong = fakes.replies(200, packed, content_encoding="gzip")
        with pytest.raises(StoreError, match="more than 256 MiB"):
            fetch(store)


CODES = [
    (grpc.StatusCode.UNAUTHENTICATED, DeniedError),
    (grpc.StatusCode.PERMISSION_DENIED, DeniedError),
    (grpc.StatusCode.UNAVAILABLE, PassingError),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, PassingError),
    (grpc.StatusCode.INTERNAL, PassingError),
    (grpc.StatusCode.UNIMPLEMENTED, StoreError),
    (grpc.StatusCode.INVALID_ARGUMENT, StoreError),
]


@pytest.mark.parametrize("name", OVER_GRPC)
@pytest.mark.parametrize(("code", "kind"), CODES)
def test_errors_over_grpc_are_told(name: str, code: grpc.StatusCode, kind: type[StoreError]) -> None:
    """The address and the reason are in the message."""
    with served(name) as (held, store):
        held.wrong = lambda context: context.abort(code, "not today")  # type: ignore[attr-defined]
        with pytest.raises(kind) as caught:
            fetch(store)
    assert held.url in caught.value.message
    assert caught.value.help


@pytest.mark.parametrize("name", OVER_GRPC)
def test_not_found_over_grpc_is_nothing_yet(name: str) -> None:
    """The trace may still come."""
    with served(name) as (held, store):
        held.wrong = lambda context: context.abort(grpc.StatusCode.NOT_FOUND, "no")  # type: ignore[attr-defined]
        assert fetch(store) == Fetched()


@pytest.mark.parametrize("name", OVER_HTTP)
def test_credentials_and_headers_are_sent(name: str) -> None:
    """Basic authentication, a token, and headers of one's own."""
    with served(name, headers={"X-Team": "a"}, username="u", password="p-w") as (held, store):
        fetch(store)
        headers = {key.lower(): value for key, value in held.asked[-1][1].items()}
        assert (headers["authorization"], headers["x-team"]) == ("Basic dTpwLXc=", "a")
        assert "p-w" in set(store.secrets())
    with served(name, token="t-k") as (held, store):
        fetch(store)
        headers = {key.lower(): value for key, value in held.asked[-1][1].items()}
        assert headers["authorization"] == "Bearer t-k"
        assert "t-k" in set(store.secrets())


def test_a_tenant_of_tempo_is_named() -> None:
    """In the header that Tempo reads, over both ways."""
    for name in ("tempo", "tempo, gRPC"):
        with served(name, tree(), tenant="team-a") as (held, store):
            fetch(store)
        assert {key.lower(): value for key, value in held.asked[-1][1].items()}["x-scope-orgid"] == "team-a"


def test_a_partial_answer_is_said_to_be_one() -> None:
    """Tempo's status, and the shards of a search engine that did not answer."""
    with served("tempo, JSON", tree()) as (held, store):
        held.wrong = fakes.replies(200, b'{"trace": {}, "status": "PARTIAL", "message": "too large"}')
        assert fetch(store).partial
    with served("opensearch", tree()) as (held, store):
        body = b'{"hits": {"hits": [], "total": {"value": 0}}, "_shards": {"failed": 2}}'
        held.wrong = fakes.replies(200, body)
        assert fetch(store).partial


def test_the_next_address_of_a_search_engine_is_asked() -> None:
    """When nobody is at the first."""
    with served("opensearch", tree()) as (held, _):
        store = opensearch.Store(addresses=["http://127.0.0.1:1", held.url])
        assert len(fetch(store).spans) == 5


@pytest.mark.parametrize("name", MEMBERS)
def test_the_steps_of_a_test(name: str) -> None:
    """Port, answer, authentication and a question; nothing secret in them; the first that fails is the last."""

    async def steps(store: Any) -> list[tuple[str, bool]]:
        opened = store.open(SystemClock())
        try:
            return [(each.name, each.passed) async for each in opened.check()]
        finally:
            await opened.close()

    with served(name) as (held, store):
        good = asyncio.run(steps(store))
        assert good == [("port", True), ("answer", True), ("authentication", True), ("query", True)]
        deny = fakes.replies(401)
        if MEMBERS[name].over_grpc:
            held.wrong = lambda context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "no")  # type: ignore[attr-defined]
        else:
            held.wrong = deny
        assert asyncio.run(steps(store))[-1] == ("authentication", False)
    assert asyncio.run(steps(store)) == [("port", False)]


def test_every_member_is_here() -> None:
    """A new store that is asked is held to the same; `spanspec` tells by itself, and tests/receiver/test_serving.py holds it."""
    remote = {name for name in STORES.built_in() if hasattr(STORES.load(name), "open")}
    assert remote - {"spanspec"} == {name.partition(",")[0] for name in MEMBERS}

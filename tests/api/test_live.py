"""Triggers fired from Python, and what must hold of their traces."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import spanspec
from spanspec.api.home import Home
from spanspec.api.live import Live, Run
from spanspec.api.running import listening, new_session
from spanspec.definition.ambient import ambient
from spanspec.definition.called import called
from spanspec.definition.plan import Loaded, Options
from tests.cli.service import serving

SOON = {"SPANSPEC_SETTLE_EXPORT_DELAY": "10ms", "SPANSPEC_SETTLE_PATIENCE": "300ms"}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """A core with a receiver of its own, and a service that continues each trace."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Home()
    with serving(lambda: f"http://127.0.0.1:{port}") as service:
        options = Options(endpoint=service.url, receiver=(f"127.0.0.1:{port}",))
        around = ambient(tmp_path, options, SOON)
        session = new_session(Loaded(settings=around.settings), 1)
        core = Live(home, around.plan, session, lambda bare: listening(bare, around.settings))
        yield core
        home.wait(core.close())
    home.close()


def test_a_run_has_its_answer_and_its_trace(live: Live) -> None:
    """Without `await`: a relative URL is appended to the endpoint, a structure is sent as JSON."""
    run = Run(live.home.wait(live.fire("http", ("/orders",), {"method": "POST", "json": {"a": 1}})), live.home)
    assert (run.response.status, run.response.json()) == (200, {"ok": True})
    assert run.trace.spans().one().name == "GET /"
    assert run.trace.trace_id == run.trace_id
    run.expect("response:status = 200", "exactly 1 span")
    assert not live.home.wait(live.late())


def test_checks_collects_what_does_not_hold(live: Live) -> None:
    """A block tells all of it at its end; outside of one the first raises at once."""
    run = Run(live.home.wait(live.fire("http", ("/",), {})), live.home)
    with pytest.raises(spanspec.ExpectationError) as caught, run.checks():  # noqa: PT012 - both must run
        run.expect("exactly 2 span")
        run.expect("response:status = 500")
    assert [check.text for check in caught.value.checks] == ["exactly 2 span", "response:status = 500"]
    with pytest.raises(spanspec.ExpectationError):
        run.expect("response:status = 500")


def test_the_core_is_awaited_from_any_loop(live: Live) -> None:
    """The same, in a loop of the caller's."""

    async def test() -> None:
        run = await live.fire("http", ("/",), {})
        await run.expect("exactly 1 span")
        assert len(await run.trace()) == 1

    asyncio.run(test())


def test_what_a_trigger_refuses_is_told(tmp_path: Path) -> None:
    """A wrong field, a value too many, and a relative URL without an endpoint."""
    plan = ambient(tmp_path, Options(), {}).plan
    for fields in ({"url": "/x"}, {"url": "http://h/", "metod": "GET"}, {"url": "http://h/", "json": {}, "body": "x"}):
        with pytest.raises(spanspec.SpanspecError):
            called("http", plan, (), fields)

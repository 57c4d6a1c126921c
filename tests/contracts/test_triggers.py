"""What every trigger holds to, whichever it is; each has a peer in `trigger_peers`, and what it sends is seen there."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from spanspec.api import SystemClock
from spanspec.definition import schema
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers._propagation import carried
from spanspec.triggers.base import TRIGGERS
from tests.contracts.trigger_peers import SECRET, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PEERS = "tests.contracts.trigger_peers"
KINDS = [kind for kind in TRIGGERS.built_in() if importlib.util.find_spec(f"{PEERS}.{kind}") is not None]
FORMATS = ["w3c", "b3", "b3multi", "jaeger", "xray", "ottrace"]
CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8), baggage={"spanspec.test": "ä, b"})
LIBRARIES = ["httpx2", "h2", "graphql", "grpc", "grpc_reflection", "grpc_tools", "aiokafka", "aio_pika"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each member."""
    return str(request.param)


@pytest.fixture
def peer(kind: str) -> Iterator[Peer]:
    """The member's peer."""
    with importlib.import_module(f"{PEERS}.{kind}").peer() as found:
        yield found


def trigger(kind: str, fields: Mapping[str, object], **more: object) -> Any:
    """The member with these fields, as a definition makes it."""
    found, problems = validated(kind, {**fields, **more})
    assert not problems
    return found


def fire(member: Any) -> TriggerResult:
    """Send it."""
    return asyncio.run(member.fire(CONTEXT, SystemClock()))


def test_every_member_has_a_peer() -> None:
    """A trigger that is new is held to all of this."""
    assert not set(TRIGGERS.built_in()) - set(KINDS), (
        f"write tests/contracts/trigger_peers/NAME.py for {set(TRIGGERS.built_in()) - set(KINDS)}"
    )


def test_the_answer_says_what_was_sent_and_when(kind: str, peer: Peer) -> None:
    """The kind's own name, the request for people, a start before the end."""
    if not peer.served:
        pytest.skip("it takes a real server")
    result = fire(trigger(kind, peer.answered))
    assert result.kind == kind
    assert result.request
    assert 0 < result.start_ns <= result.end_ns


@pytest.mark.parametrize("written", FORMATS)
def test_the_context_arrives_in_the_format_that_was_asked_for(kind: str, peer: Peer, written: str) -> None:
    """Each header of the format, and no `traceparent` where none was asked for."""
    if peer.carried is None or not peer.served:
        pytest.skip("it sends nothing, or takes a real server")
    fire(trigger(kind, peer.answered, propagate=written))
    arrived = peer.carried()
    assert {name: arrived.get(name) for name, _ in carried(CONTEXT, [written])} == dict(carried(CONTEXT, [written]))
    assert ("traceparent" in arrived) is (written == "w3c")


def test_no_answer_in_time_is_an_error_that_says_so(kind: str, peer: Peer) -> None:
    """What was sent, and how long was waited."""
    if peer.slow is None:
        pytest.skip("it does not wait")
    with pytest.raises(TriggerError, match="within") as caught:
        fire(trigger(kind, peer.slow))
    assert "0.05 s" in caught.value.message
    assert "`timeout`" in caught.value.help


def test_a_peer_that_is_not_there_is_named(kind: str, peer: Peer) -> None:
    """The address, and one sentence on how to go on; no exception of a library's."""
    with pytest.raises(TriggerError) as caught:
        fire(trigger(kind, peer.unreachable))
    assert peer.address in caught.value.message
    assert caught.value.help


def test_no_secret_is_shown(kind: str, peer: Peer) -> None:
    """Neither in what is said of it, nor in a dry run; and the report's mask knows each."""
    if peer.secret is None:
        pytest.skip("it has none")
    member = trigger(kind, peer.secret)
    assert SECRET in json.dumps(dict(peer.secret))
    assert any(SECRET in secret for secret in member.secrets())
    assert SECRET not in member.describe()
    assert SECRET not in member.dry_run(CONTEXT)


def test_a_dry_run_is_a_command_line_and_sends_nothing(kind: str, peer: Peer) -> None:
    """A shell can read it; it carries the context that would be sent, or says what it names."""
    before = peer.sent()
    line = trigger(kind, peer.answered).dry_run(CONTEXT)
    words = shlex.split(line, comments=False)
    assert words
    assert (CONTEXT.traceparent in line) is (peer.carried is not None)
    assert peer.sent() == before


def test_every_key_has_a_meaning_and_a_place_in_the_schema(kind: str) -> None:
    """From the class, and nothing else."""
    model = TRIGGERS.load(kind)
    assert not [name for name, info in model.model_fields.items() if not info.description]
    found: Any = schema.of_definitions()
    properties = found["$defs"]["trigger"]["anyOf"][0]["properties"][kind]["properties"]
    assert not [
        name
        for name, info in model.model_fields.items()
        if (info.alias or name) not in properties and name not in properties
    ]


def test_a_key_that_is_none_is_refused(kind: str, peer: Peer) -> None:
    """A slip of the pen is no setting."""
    _, problems = validated(kind, {**peer.answered, "no_such_key": 1})
    assert [problem.code for problem in problems] == ["unknown-key"]


def test_naming_every_trigger_loads_no_client_library() -> None:
    """What a test does not use costs it nothing, and need not be installed."""
    code = (
        "import sys, spanspec, spanspec.definition.load\n"
        "from spanspec.triggers.base import TRIGGERS\n"
        "for name in TRIGGERS.built_in(): TRIGGERS.load(name)\n"
        f"print([name for name in {LIBRARIES!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

"""The python trigger: functions in a project's folder."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spanspec.api import SystemClock
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8))
MODULE = """
import threading

class Shop:
    @staticmethod
    def buy(start, item, count=1):
        return {"item": item, "count": count, "parent": start.traceparent, "in": threading.current_thread().daemon}

async def later(start):
    return [start.trace_id]

def text(start):
    return "plain"

def nothing(start):
    return None

def client(start):
    class Response:
        status_code, headers, text = 404, {"x-a": "1"}, "gone"
    return Response()

def fails(start):
    helper()

def helper():
    import json
    json.loads("{")

def leaves(start):
    raise SystemExit(3)

def current(start):
    from opentelemetry import trace
    return format(trace.get_current_span().get_span_context().trace_id, "032x")

number = 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A project: its module at the root, its definitions one folder below."""
    before = list(sys.path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "flows_of_ours.py").write_text(MODULE)
    (tmp_path / "broken_of_ours.py").write_text("import no_such_thing_of_ours")
    (tmp_path / "tests").mkdir()
    yield tmp_path / "tests"
    sys.path[:] = before
    for name in ("flows_of_ours", "broken_of_ours"):
        sys.modules.pop(name, None)


def fire(folder: Path, call: str, **fields: object) -> TriggerResult:
    """As a definition's block would be called."""
    found, problems = validated("python", {"call": call, "path": str(folder), **fields})
    assert not problems, problems
    return asyncio.run(found.fire(CONTEXT, SystemClock()))


def test_arguments_keep_their_types_and_a_mapping_s_items_can_be_asked_for(folder: Path) -> None:
    """The whole is the body, as JSON."""
    result = fire(folder, "flows_of_ours:Shop.buy", arguments={"item": "tea", "count": 2})
    assert dict(result.attributes) == {"item": "tea", "count": 2, "parent": CONTEXT.traceparent, "in": True}
    assert '"count": 2' in result.body


@pytest.mark.parametrize(
    ("function", "body"), [("later", f'["{"ab" * 16}"]'), ("text", "plain"), ("nothing", ""), ("current", "ab" * 16)]
)
def test_what_comes_back_is_the_body(folder: Path, function: str, body: str) -> None:
    """Of an async function, too; and OpenTelemetry's current context is ours while it runs."""
    import opentelemetry.context  # noqa: F401

    assert fire(folder, f"flows_of_ours:{function}").body == body


def test_a_client_s_response_gives_its_parts(folder: Path) -> None:
    """Whichever client it is."""
    result = fire(folder, "flows_of_ours:client")
    assert (result.status, result.header("X-A"), result.body) == (404, "1", "gone")


def test_what_it_raises_is_told_with_the_user_s_own_frame(folder: Path) -> None:
    """Not with the library's that raised it."""
    with pytest.raises(TriggerError, match="raised JSONDecodeError") as caught:
        fire(folder, "flows_of_ours:fails")
    assert 'flows_of_ours.py:28 in helper: json.loads("{")' in caught.value.message


def test_a_function_that_would_end_the_process_does_not(folder: Path) -> None:
    """It is an error like any other."""
    with pytest.raises(TriggerError, match="raised SystemExit: 3"):
        fire(folder, "flows_of_ours:leaves")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("flows_of_ours:txt", 'has no "txt"; did you mean "text"'),
        ("nowhere_of_ours:x", 'no module "nowhere_of_ours" in'),
        ("flows_of_ours:number", "is no function but 5"),
        ("broken_of_ours:x", "raised ModuleNotFoundError: No module named 'no_such_thing_of_ours'"),
        ("flows_of_ours:Shop.buy", "raised TypeError"),
    ],
)
def test_what_cannot_be_called_is_told(folder: Path, call: str, said: str) -> None:
    """The name, where it was looked for, and the near miss."""
    with pytest.raises(TriggerError) as caught:
        fire(folder, call)
    assert said in caught.value.message


def test_a_call_without_its_colon_is_told_while_loading() -> None:
    """Before anything runs."""
    _, problems = validated("python", {"call": "flows"})
    assert problems[0].message == '`call` is written "module:function"'

"""The command trigger: real programs."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from pathlib import Path

import pytest

from spanspec.api import SystemClock
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.command import MAX_OUTPUT

CONTEXT = TraceContext(
    trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8), baggage={"k": "v"}, otlp_endpoint="http://127.0.0.1:4318"
)
OWN = "12" * 16


def fire(run: object, folder: Path, **fields: object) -> TriggerResult:
    """As a definition's block would be run."""
    found, problems = validated("command", {"run": run, "cwd": str(folder), **fields})
    assert not problems, problems
    return asyncio.run(found.fire(CONTEXT, SystemClock()))


def test_a_line_is_for_the_shell_and_a_list_is_not(tmp_path: Path) -> None:
    """Quoting matters to one alone."""
    assert fire("echo $((1+1)) | tr 2 x", tmp_path).body == "x\n"
    assert fire(["echo", "$((1+1))"], tmp_path).body == "$((1+1))\n"


def test_the_environment_has_the_context_and_where_to_send_spans(tmp_path: Path) -> None:
    """W3C's three, and the receiver where nobody has said otherwise."""
    line = 'echo "$TRACEPARENT $BAGGAGE $OTEL_EXPORTER_OTLP_ENDPOINT $OTEL_EXPORTER_OTLP_PROTOCOL"'
    assert fire(line, tmp_path).body == f"{CONTEXT.traceparent} k=v http://127.0.0.1:4318 http/protobuf\n"
    mine = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://mine"}
    assert fire(line, tmp_path, env=mine).body == f"{CONTEXT.traceparent} k=v http://mine \n"
    assert fire(line, tmp_path, otlp=False).body.split()[2:] == []


def test_exit_code_and_both_streams_are_the_answer(tmp_path: Path) -> None:
    """A program that fails is an answer: what it means is for the checks to say."""
    result = fire("echo out; echo err >&2; exit 3", tmp_path)
    assert (result.status, result.body) == (3, "out\n")
    assert dict(result.attributes) == {"exit_code": 3, "stderr": "err\n"}
    assert fire("kill -9 $$", tmp_path).attributes["exit_code"] == -9


def test_it_reads_what_it_is_given_in_the_folder_it_is_given(tmp_path: Path) -> None:
    """Also where it reads less than all of it."""
    assert fire("cat; pwd", tmp_path, stdin="ä").body == f"ä{tmp_path}\n"
    assert fire("head -c 1", tmp_path, stdin="x" * 1_000_000).body == "x"


def test_output_is_kept_to_a_bound(tmp_path: Path) -> None:
    """And read to its end, so that the program is not held up."""
    code = f"import sys; sys.stdout.write('x' * {MAX_OUTPUT + 5}); sys.stderr.write('y' * {MAX_OUTPUT + 5})"
    result = fire([sys.executable, "-c", code], tmp_path)
    assert (len(result.body), result.body_truncated, result.status) == (MAX_OUTPUT, True, 0)
    assert len(str(result.attributes["stderr"])) == MAX_OUTPUT


def ended(pid: int) -> bool:
    """Whether a process ends; awaited as an event of its own, for a killed one needs a moment."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 30)[0])
    finally:
        os.close(handle)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open")
@pytest.mark.parametrize(
    "line", ["sleep 300 & echo $! > pid; wait", "trap '' TERM; sleep 300 & echo $! > pid; wait; wait"]
)
def test_at_the_time_limit_all_of_it_is_ended(tmp_path: Path, line: str) -> None:
    """The program, and what it has started, also where it will not end by itself; its last words are told."""
    with pytest.raises(TriggerError, match=r"did not end within its timeout of 0\.4 s.*last words: \"ready\""):
        fire(f"echo ready; {line}", tmp_path, timeout=0.4)
    assert ended(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open")
def test_what_it_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """And does not hold the answer up."""
    assert fire("sleep 300 & echo $! > pid; echo done", tmp_path).body == "done\n"
    assert ended(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("line", "pattern", "found"),
    [
        (f"echo trace_id={OWN}", "", OWN),
        (f'echo \'x "traceId": "{OWN}", y\' >&2', "", OWN),
        (f"echo running {OWN.upper()} now", r"running (\w+)", OWN),
        ("echo 00-" + OWN + "-" + "cd" * 8 + "-01", r"00-\S+", OWN),
        ("echo nothing", "", None),
        ("echo a trace_id=short", "", None),
    ],
)
def test_a_trace_id_that_it_tells_is_the_one_that_is_judged(
    tmp_path: Path, line: str, pattern: str, found: str | None
) -> None:
    """By a line of its own accord, or by an expression over both streams."""
    assert fire(line, tmp_path, trace_id=pattern).trace_id == found


@pytest.mark.parametrize(
    ("line", "said"), [("echo no", "nothing in its output"), ("echo run 123", "told a trace id that is none")]
)
def test_an_expression_that_finds_no_trace_id_is_an_error(tmp_path: Path, line: str, said: str) -> None:
    """Another trace would be judged in its place."""
    with pytest.raises(TriggerError, match=said):
        fire(line, tmp_path, trace_id=r"run (\d+)|id (\w+)")


def test_an_expression_that_is_none_is_told_while_loading() -> None:
    """Before anything runs."""
    _, problems = validated("command", {"run": "true", "trace_id": "("})
    assert "is no regular expression" in problems[0].message
    _, problems = validated("command", {"run": " "})
    assert "names no program" in problems[0].message

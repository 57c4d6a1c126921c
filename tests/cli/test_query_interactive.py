"""The conversation of `query --interactive`, over a pipe and at a terminal of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_other_commands import TRACE


@pytest.fixture
def stored(tmp_path: Path) -> str:
    """A trace of two spans in a file."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(TRACE))
    return os.fspath(path)


def command(stored: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "spanspec", "query", "--interactive", stored]


def test_each_line_is_answered(stored: str):
    """Texts, faults and orders in turn; a fault ends nothing."""
    lines = [
        'span[kind = "client"]', "count(span) * 2", "exactly 3 span", "buzy_time(span)", ".keys serv", ".help busy_time",
        ".traces", ".use 7", ".show", ".nonsense", 'span[kind = "clien"]', ".quit", "count(span)",
    ]  # fmt: skip
    done = subprocess.run(
        command(stored), input="\n".join(lines), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    out, err = done.stdout, done.stderr
    assert "SELECT" in out
    assert "\n4\n" in out
    assert out.count("\n4\n") == 1
    assert "fails: " in out
    assert 'did you mean "busy_time"?' in err
    assert 'service  "shop"' in out
    assert "busy_time(selector)  (function)" in out
    assert ".use takes a number from 1 to 1" in err
    assert 'no order ".nonsense"' in err
    assert 'did you mean "client"?' in err


def test_tab_completes_a_value_of_the_trace(stored: str, tmp_path: Path):
    """At a terminal: what is typed, a tab, and the value stands there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": os.fspath(tmp_path), "INPUTRC": os.devnull}
    process = subprocess.Popen(command(stored), stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        seen = until(ours, b"> ")
        os.write(ours, b'span[name = "SEL\t"]\n.quit\n')
        seen += rest(ours)
    finally:
        process.wait(timeout=30)
        os.close(ours)
    assert b'span[name = "SELECT' in seen
    assert b"1 span" in seen
    assert (tmp_path / "spanspec" / "history").read_text().startswith('span[name = "SELECT')


def until(handle: int, mark: bytes) -> bytes:
    """What is written until the mark is seen."""
    seen = b""
    while mark not in seen:
        seen += os.read(handle, 4096)
    return seen


def rest(handle: int) -> bytes:
    """What is written until the terminal is closed."""
    seen = b""
    while True:
        try:
            found = os.read(handle, 4096)
        except OSError:  # Linux says so when the other end is gone
            return seen
        if not found:
            return seen
        seen += found


def test_a_text_beside_interactive_is_told(stored: str):
    """The texts are typed."""
    done = subprocess.run([*command(stored), "count(span)"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "takes a trace file and no text" in done.stderr

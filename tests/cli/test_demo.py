"""`spanspec demo`, the whole command as a visitor starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

import pytest

COMMAND = [sys.executable, "-m", "spanspec", "demo"]


def start(environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The demo in a process group of its own."""
    return subprocess.Popen(
        COMMAND,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(pid: int) -> list[int]:
    """All processes below one, from /proc."""
    found, parents = [], [pid]
    while parents:
        parent = parents.pop()
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as listing:
                below = [int(each) for each in listing.read().split()]
        except FileNotFoundError:
            below = []
        found += below
        parents += below
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_healthy_pass_and_six_faults_caught() -> None:
    """Exit code 0, each fault with the service at fault, and a summary."""
    process = start()
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, out + err
    assert "✔ healthy" in out
    assert out.count("caught     ") == 6
    assert "Six silent failures, six caught" in out
    assert "Traceback" not in err


def test_without_faults_in_the_shop_none_is_caught() -> None:
    """No code of the demo knows a result."""
    process = start({"SHOP_FAULTS": "off"})
    out, err = process.communicate(timeout=90)
    assert process.returncode == 1, out + err
    assert "✔ healthy" in out
    assert "Six silent failures, none caught" in out
    assert "Six not caught." in out


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc to see which processes are left")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_it_leaves_nothing_running(number: signal.Signals) -> None:
    """Also while the shop is being used."""
    process = start()
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "ready after" in line:
                break
        below = children(process.pid)
        assert len(below) >= 7
        process.send_signal(number)
        process.communicate(timeout=30)
        deadline = time.monotonic() + 10
        while any(map(alive, below)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [pid for pid in below if alive(pid)] == []
        assert process.returncode == 130
    finally:
        process.kill()

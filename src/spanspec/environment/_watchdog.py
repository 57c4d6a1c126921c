"""Ends process groups for certain; also a program of its own, run as a file, with nothing but the standard library.

As a program it holds a pipe from the runner as its standard input. The runner writes a line of JSON for each group that
it starts and ends. When the pipe closes with groups left, the runner is gone, `kill -9` included, and the groups are
ended from here.

- `{"mark": TEXT}`: processes whose environment has `SPANSPEC_ENVIRONMENT=TEXT` belong to the run.
- `{"group": ID, "grace_s": S}`: this group runs; `{"ended": ID}`: no more.
- `{"command": [WORD…], "cwd": PATH, "name": TEXT}`: is run at the end; `{"done": TEXT}`: no more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

VARIABLE = "SPANSPEC_ENVIRONMENT"
"""Stands in the environment of every process of a run, so that one that left its group is found too."""

POLL_S = 0.02
COMMAND_S = 60.0
_PROC = "/proc"


def members(groups: Iterable[int]) -> list[int]:
    """The processes of some groups that have not ended; where that cannot be told, those groups' leaders."""
    wanted = set(groups)
    if not os.path.isdir(f"{_PROC}/self"):  # noqa: PTH112 - a program that starts often and at once
        return [group for group in wanted if _group_is_there(group)]
    found = []
    for pid in _processes():
        with suppress(OSError, ValueError, IndexError), open(f"{_PROC}/{pid}/stat", "rb") as file:  # noqa: PTH123
            state, _, group = file.read().rpartition(b")")[2].split()[:3]
            if int(group) in wanted and state not in (b"Z", b"X"):
                found.append(pid)
    return found


def marked(mark: str) -> list[int]:
    """The processes whose environment has the mark, but for this one; none where that cannot be told."""
    wanted = f"{VARIABLE}={mark}".encode()
    found = []
    for pid in _processes() if mark else ():
        with suppress(OSError), open(f"{_PROC}/{pid}/environ", "rb") as file:  # noqa: PTH123
            if wanted in file.read().split(b"\0") and pid != os.getpid():
                found.append(pid)
    return found


def _processes() -> Iterator[int]:
    with suppress(OSError):
        for name in os.listdir(_PROC):  # noqa: PTH208
            if name.isdigit():
                yield int(name)


def _group_is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def signal_group(group: int, number: int) -> None:
    """Send a signal to a group that may be gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def kill_marked(mark: str) -> int:
    """Kill every process with the mark, those that they start meanwhile included; how many there were."""
    count = 0
    for _ in range(100):
        found = marked(mark)
        if not found:
            break
        count += len(found)
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_S)
    return count


def end(groups: dict[int, float], mark: str) -> None:
    """Ask all groups to end, wait as long as each may take, and kill what is left."""
    for group in groups:
        signal_group(group, signal.SIGTERM)
    began = time.monotonic()
    left = dict(groups)
    while left:
        spent = time.monotonic() - began
        left = {group: grace for group, grace in left.items() if members([group])}
        for group in [group for group, grace in left.items() if spent >= grace]:
            signal_group(group, signal.SIGKILL)
            del left[group]
        time.sleep(POLL_S if left else 0)
    kill_marked(mark)


def main() -> None:
    """Follow the runner until its pipe closes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, float] = {}
    commands: dict[str, tuple[list[str], str]] = {}
    mark = ""
    for line in sys.stdin.buffer:
        with suppress(ValueError):
            said = json.loads(line)
            mark = said.get("mark", mark)
            if "group" in said:
                groups[said["group"]] = said["grace_s"]
            if "command" in said:
                commands[said["name"]] = said["command"], said["cwd"]
            groups.pop(said.get("ended", 0), None)
            commands.pop(said.get("done", ""), None)
    if groups or commands:
        end(groups, mark)
    for words, cwd in commands.values():
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(  # noqa: S603 - the runner's own words
                words, cwd=cwd, timeout=COMMAND_S, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, check=False,
            )  # fmt: skip


if __name__ == "__main__":
    main()

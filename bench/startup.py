"""How long `spanspec --help` takes, against a bare `python -c pass`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

ROUNDS = 15


def seconds(command: list[str]) -> float:
    """One run of a command."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def run() -> Iterator[str]:
    """Medians of interleaved rounds."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "spanspec --help": [sys.executable, "-m", "spanspec", "--help"],
        "spanspec run --help": [sys.executable, "-m", "spanspec", "run", "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(seconds(command))
    base = statistics.median(times["python -c pass"])
    yield f"python -c pass: {base * 1000:.0f} ms (the baseline)"
    for name in ("spanspec --help", "spanspec run --help"):
        median = statistics.median(times[name])
        goal = ", goal at most 3.0" if name == "spanspec --help" else ""
        yield f"{name}: {median / base:.2f} times the baseline ({median * 1000:.0f} ms){goal}"

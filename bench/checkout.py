"""A passing run of the shop's checkout: the whole command, start-up included, and where the time went."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench._shop import SHOP, free_port, shop, spanspec

ROUNDS = 7


def run() -> Iterator[str]:
    """One test in one command, and ten in one."""
    port = free_port()
    with shop(port) as gateway, tempfile.TemporaryDirectory() as folder:
        ten = Path(folder)
        shutil.copy(SHOP / "spanspec.yaml", ten)
        (ten / "tests").mkdir()
        for index in range(10):
            shutil.copy(SHOP / "tests" / "checkout.yaml", ten / "tests" / f"checkout{index}.yaml")
        common = ("--endpoint", gateway, "--receiver", f"127.0.0.1:{port}", "--linger", "0")
        yield from _measure("one checkout", 0.8, (str(SHOP / "tests" / "checkout.yaml"), *common))
        yield from _measure("ten checkouts", 1.2, (str(ten / "tests"), *common))


def _measure(name: str, goal: float, arguments: tuple[str, ...]) -> Iterator[str]:
    pairs = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare = time.perf_counter() - began
        pairs.append((*spanspec("run", *arguments), bare))
    codes = {code for _, code, _, _ in pairs}
    took, bare = statistics.median(p[0] for p in pairs), statistics.median(p[3] for p in pairs)
    yield f"{name}: {took:.2f} s median of {ROUNDS} (goal at most {goal} s), {took / bare:.0f} times a bare python ({bare * 1000:.0f} ms), exit codes {codes}"
    yield from _parts(took, pairs[-1][2])


def _parts(took: float, result: dict) -> Iterator[str]:
    cases = result.get("cases", [])
    if not cases:
        return
    run_s = result["duration_ns"] / 1e9
    slowest = max(cases, key=lambda case: case["timings"]["total"])
    timings = {key: (value or 0) / 1e6 for key, value in slowest["timings"].items()}
    yield f"  start-up, loading and report {took - run_s:.2f} s; running {run_s:.2f} s; of the slowest case: trigger {timings['trigger']:.0f} ms, "
    yield f"  last span {timings['last_span']:.0f} ms after the answer, collecting {timings['collect']:.0f} ms ({slowest['settlement']['reason']})"

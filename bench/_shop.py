"""The shop and the command, for benchmarks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHOP = Path(__file__).parent.parent / "examples" / "shop"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def shop(otlp_port: int) -> Iterator[str]:
    """The running shop, exporting to a port; yields the gateway's address."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [
            sys.executable,
            os.fspath(SHOP),
            "--port",
            "0",
            "--otlp",
            f"http://127.0.0.1:{otlp_port}",
            "--ready-file",
            os.fspath(ready),
        ]
        environment = {**os.environ, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit("the shop did not start")
                time.sleep(0.05)
            yield json.loads(ready.read_text())["gateway"]
        finally:
            process.terminate()
            process.wait(20)


def spanspec(*arguments: str) -> tuple[float, int, dict]:
    """Run the command with `-o json`: seconds, exit code, result."""
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "spanspec", *arguments, "-o", "json"], capture_output=True, env=environment
    )
    return time.perf_counter() - began, done.returncode, json.loads(done.stdout) if done.stdout else {}

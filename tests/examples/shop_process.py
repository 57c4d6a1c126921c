"""The shop as a child process of a test."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"
START_S = 60


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the gateway said, and the id of the trace that the request began."""

    trace_id: str
    span_id: str
    status: int
    content: Any
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RunningShop:
    """A shop that is ready."""

    runner: subprocess.Popen[str]
    gateway: str
    services: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, *, fault: str = "", body: object = None) -> Answer:
        """Send one request with a trace context of its own, and baggage as a test's trigger sends it."""
        trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
        headers = {
            "traceparent": f"00-{trace_id}-{span_id}-01",
            "tracestate": "spanspec=1",
            "content-type": "application/json",
        }
        headers["baggage"] = "spanspec.run=r1,spanspec.test=t1" + (f",shop.fault={fault}" if fault else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.gateway + path, data, headers, method=method)
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, content = response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                status, content = error.code, json.load(error)
        return Answer(
            trace_id=trace_id, span_id=span_id, status=status, content=content, seconds=time.monotonic() - begun
        )

    def checkout(self, fault: str = "") -> Answer:
        """Place an order."""
        return self.request("POST", "/checkout", fault=fault, body={"order": "test"})

    def processes(self) -> set[int]:
        """Name the runner's children; only where /proc tells."""
        children = Path(f"/proc/{self.runner.pid}/task/{self.runner.pid}/children").read_text()
        return {int(pid) for pid in children.split()}


def command(*arguments: str, folder_of_shop: Path = SHOP) -> list[str]:
    """Give the command line that starts the shop, as the demo does."""
    return [sys.executable, str(folder_of_shop / "__main__.py"), *arguments]


@contextmanager
def running(
    otlp: str, folder: Path, environment: Mapping[str, str] | None = None, folder_of_shop: Path = SHOP
) -> Iterator[RunningShop]:
    """Start a shop on free ports, wait until it is ready, and end it."""
    ready, errors = folder / "ready.json", folder / "errors.txt"
    with errors.open("w") as stderr, (folder / "output.txt").open("w") as stdout:
        runner = subprocess.Popen(
            command("--port", "0", "--otlp", otlp, "--ready-file", str(ready), folder_of_shop=folder_of_shop),
            env={**clean_environment(folder), **(environment or {})},
            stdout=stdout,
            stderr=stderr,
            text=True,
        )
    try:
        wait_for(lambda: ready.exists() or runner.poll() is not None, START_S)
        assert ready.exists(), errors.read_text()
        content = json.loads(ready.read_text())
        assert content["pid"] == runner.pid
        yield RunningShop(runner=runner, gateway=content["gateway"], services=content["services"])
    finally:
        if runner.poll() is None:
            runner.send_signal(signal.SIGTERM)
        runner.wait(20)


def clean_environment(folder: Path) -> dict[str, str]:
    """Give this process's environment without what would steer the shop, and with temporary files in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "SHOP_"))}
    return {**kept, "TMPDIR": str(folder)}


def wait_for(condition: Any, seconds: float = 10) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Say whether a process still runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def taken_port() -> Iterator[int]:
    """Hold a port."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]

"""`spanspec receive` as a process of its own, on free ports, and what it says of itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Receive:
    """A running receiver.

    Attributes:
        otlp: The URL for OTLP/HTTP.
        serves: The URL for runners; empty without --serve.
        said: All lines that it wrote to stderr so far.
    """

    process: subprocess.Popen[str]
    otlp: str = ""
    serves: str = ""
    said: list[str] = field(default_factory=list)

    def stop(self) -> int:
        """End it as a person would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        rest = self.process.communicate(timeout=30)[1] if not self.process.stderr.closed else ""  # type: ignore[union-attr]
        self.said.extend(rest.splitlines())
        return self.process.returncode


@contextmanager
def receive(
    *arguments: str, environment: dict[str, str] | None = None, serve: str = "127.0.0.1:0"
) -> Iterator[Receive]:
    """Start it and wait until it says where it listens."""
    extra = ["--serve", serve] if serve else []
    process = subprocess.Popen(
        [sys.executable, "-m", "spanspec", "receive", "--receiver", "127.0.0.1:0", *extra, *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Receive(process)
    last = "serving runners on " if serve else "receiving on "
    assert process.stderr is not None
    for line in process.stderr:
        running.said.append(line.rstrip("\n"))
        if line.startswith(last):
            break
    text = "\n".join(running.said)
    running.otlp = found[1] if (found := re.search(r"receiving on (\S+) \(HTTP\)", text)) else ""
    running.serves = found[1] if (found := re.search(r"serving runners on (\S+)", text)) else ""
    try:
        assert running.otlp, text
        yield running
    finally:
        running.stop()
        if process.stderr is not None:
            process.stderr.close()

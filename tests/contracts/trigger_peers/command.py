"""A program that prints its environment."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contracts.trigger_peers import SECRET, Peer

CODE = "import json, os, sys; open(sys.argv[1], 'a').write(json.dumps(dict(os.environ)) + chr(10)); print('done')"


@contextmanager
def peer() -> Iterator[Peer]:
    """A program that writes what it was given into a file, one that waits, and one that is not there."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        log.touch()
        lines = lambda: log.read_text().splitlines()  # noqa: E731
        run = [sys.executable, "-c", CODE, str(log)]
        yield Peer(
            answered={"run": run, "cwd": folder},
            carried=lambda: {key.lower().replace("_", "-"): value for key, value in json.loads(lines()[-1]).items()},
            slow={"run": "sleep 60 & sleep 60", "cwd": folder, "timeout": 0.05},
            unreachable={"run": ["no-such-program-of-ours"], "cwd": folder},
            address="no-such-program-of-ours",
            secret={"run": run, "cwd": folder, "env": {"SHOP_TOKEN": SECRET}},
            sent=lambda: len(lines()),
        )

"""A module with functions."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contracts.trigger_peers import SECRET, Peer

MODULE = """
import threading
seen = []

def note(start, **arguments):
    seen.append(dict(start.headers))
    return {"ok": True}

async def hang(start):
    import asyncio
    await asyncio.Event().wait()
"""


@contextmanager
def peer() -> Iterator[Peer]:
    """A module in a folder of its own, with a function that notes, one that never returns, and none of a third name."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "contract_flows.py").write_text(MODULE)
        (Path(folder) / "pyproject.toml").touch()
        seen = lambda: getattr(sys.modules.get("contract_flows"), "seen", [])  # noqa: E731
        yield Peer(
            answered={"call": "contract_flows:note", "path": folder},
            carried=lambda: seen()[-1],
            slow={"call": "contract_flows:hang", "path": folder, "timeout": 0.05},
            unreachable={"call": "contract_flows:nope", "path": folder},
            address="contract_flows",
            secret={"call": "contract_flows:note", "path": folder, "arguments": {"api_token": SECRET}},
            sent=lambda: len(seen()),
        )
    sys.modules.pop("contract_flows", None)
    sys.path[:] = [each for each in sys.path if each != str(Path(folder).resolve())]

"""What a Python user calls, and what every face stands on. The names are resolved when they are first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanspec.api.running import Prepared as Prepared
    from spanspec.api.running import address as address
    from spanspec.api.running import execute as execute
    from spanspec.api.running import execute_stored as execute_stored
    from spanspec.api.running import listening as listening
    from spanspec.api.running import new_session as new_session
    from spanspec.api.running import prepare as prepare
    from spanspec.api.running import run as run
    from spanspec.api.running import seed_of as seed_of
    from spanspec.api.running import shown as shown
    from spanspec.api.running import stored_traces as stored_traces
    from spanspec.api.statements import check as check
    from spanspec.api.system import Silent as Silent
    from spanspec.api.system import SystemClock as SystemClock

_HOMES = {"Silent": "system", "SystemClock": "system", "check": "statements"}
_RUNNING = frozenset(
    {
        "Prepared", "address", "execute", "execute_stored", "listening", "new_session", "prepare", "run", "seed_of", "shown",
        "stored_traces",
    }
)  # fmt: skip


def __getattr__(name: str) -> object:
    """Resolve a name of the modules here (PEP 562)."""
    home = "running" if name in _RUNNING else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)

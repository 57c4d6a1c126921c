"""The ten runs that were recorded from the real shop (`tests.reports.record`), and the snapshots of their reports."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from spanspec.results import json as documents
from spanspec.results.model import RunResult

RUNS = Path(__file__).parent / "runs"
SNAPSHOTS = Path(__file__).parent / "snapshots"
FAULTS = (
    "duplicate-shipping",
    "slow-payment",
    "lost-event",
    "inventory-not-updated",
    "query-per-row",
    "payment-error-swallowed",
)
NAMES = ("pass", *FAULTS, "inconclusive", "errored", "flaky")


@cache
def recorded(name: str) -> RunResult:
    """The run of a name of `NAMES`."""
    return documents.decode((RUNS / f"{name}.json").read_bytes())


def hold(name: str, text: str) -> None:
    """Hold a text against the snapshot of a name; `SPANSPEC_ACCEPT=1` writes it instead."""
    path = SNAPSHOTS / name
    if os.environ.get("SPANSPEC_ACCEPT"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"no snapshot {name}: SPANSPEC_ACCEPT=1 writes it"
    assert text == path.read_text(encoding="utf-8"), f"{name} differs from its snapshot: SPANSPEC_ACCEPT=1 accepts it"

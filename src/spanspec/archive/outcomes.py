"""What is remembered of each case: how it ended when it ran last, and how long it took.

One document, `outcomes.json`: case keys to outcome, duration and the time of the run. Bounded: the oldest go first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.archive.folder import Folder

_NAME, _VERSION = "outcomes.json", 1
MOST_CASES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One case.

    Attributes:
        outcome: The word of the outcome.
        duration_ns: Of its last run in a whole run; 0 when there was none. Shards do not change it: else the second
            shard of a run would be split otherwise than the first.
        at_s: Unix time of that run.
    """

    outcome: str
    duration_ns: int = 0
    at_s: int = 0


def recall(folder: Folder) -> Mapping[str, Remembered]:
    """What is remembered, by case key; empty where nothing is."""
    document = folder.read(_NAME, _VERSION)
    cases = document.get("cases") if document is not None else None
    found = {key: _entry(value) for key, value in cases.items()} if isinstance(cases, dict) else {}
    return MappingProxyType({key: value for key, value in found.items() if value is not None})


def remember(folder: Folder, cases: Mapping[str, Remembered], *, durations: bool = True) -> bool:
    """Add to what is remembered; a skipped case keeps its earlier outcome. Whether that could be written.

    Args:
        folder: Where.
        cases: What is new, by case key.
        durations: Whether durations are remembered too; without, the earlier ones stay.
    """
    known = dict(recall(folder))
    for key, each in cases.items():
        if each.outcome != "skipped":
            before = known[key].duration_ns if key in known else 0
            known[key] = each if durations else replace(each, duration_ns=before)
    newest = sorted(known.items(), key=lambda item: item[1].at_s, reverse=True)[:MOST_CASES]
    return folder.write(_NAME, _VERSION, {"cases": {key: [e.outcome, e.duration_ns, e.at_s] for key, e in newest}})


def _entry(value: Any) -> Remembered | None:
    match value:
        case [str(outcome), int(duration), int(at)] if duration >= 0:
            return Remembered(outcome=outcome, duration_ns=duration, at_s=at)
    return None

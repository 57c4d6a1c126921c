"""Tells at the end of a run how many cases of each file of the conformance folder held."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.conformance import folder
from tests.conformance.registry import ELSEWHERE, REPLAYERS


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each file and mode, the files that are replayed elsewhere, and the tags that no row has."""
    held: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    passed_over: Counter[str] = Counter()
    tags: set[str] = set()
    for outcome, tally in (("passed", held), ("failed", failed), ("skipped", passed_over)):
        for report in terminalreporter.stats.get(outcome, []):
            properties = getattr(report, "user_properties", ())
            tally.update(str(value) for key, value in properties if key == folder.PROPERTY)
            tags.update(str(value) for key, value in properties if key == folder.UNKNOWN_TAG)
    if not (held or failed):
        return
    terminalreporter.section(f"conformance: {folder.folder()}")
    for name in sorted({*held, *failed, *passed_over}):
        over = f", {passed_over[name]} not replayed" if passed_over[name] else ""
        terminalreporter.write_line(f"{name}: {held[name]} of {held[name] + failed[name]} held{over}")
    for file in folder.files():
        if file not in REPLAYERS:
            where = ELSEWHERE.get(file)
            told = "an unknown kind of file" if where is None else f"see {where}" if where else "not about the language"
            terminalreporter.write_line(f"{file}: {told}")
    for tag in sorted(tags):
        terminalreporter.write_line(f"unknown tag: {tag}")

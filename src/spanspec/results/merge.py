"""The shards of one run brought together again: the result is that of a run without shards. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.errors import UsageError
from spanspec.results.model import RunResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spanspec.results.model import CaseResult, SuiteResult

_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")
_HELP = "Give each shard of one run once, written with `spanspec run --shard I/N --report json=I.json`."


def merge(runs: Sequence[tuple[str, RunResult]], *, partial: bool = False) -> RunResult:
    """One run of several shards.

    Args:
        runs: Where each comes from, for messages, and the run.
        partial: Whether shards and cases may be missing; then a note says which.

    Raises:
        UsageError: They are no shards of one run, one is given twice, or one is missing; all faults are told.
    """
    numbers = _numbers(runs)
    faults, lacking = _faults(runs, numbers), _lacking(runs, numbers)
    if faults or (lacking and not partial):
        more = "" if faults else " `--partial` merges what is there."
        raise UsageError("\n".join((*faults, *lacking)), help=_HELP + more)
    return _merged([run for _, run in runs], notes=tuple(lacking))


def _numbers(runs: Sequence[tuple[str, RunResult]]) -> Mapping[str, tuple[int, int]]:
    """Number and count of each run that is a shard."""
    found = {}
    for name, run in runs:
        match = _SHARD.fullmatch(run.shard)
        if match is not None:
            found[name] = (int(match[1]), int(match[2]))
    return found


def _faults(runs: Sequence[tuple[str, RunResult]], numbers: Mapping[str, tuple[int, int]]) -> list[str]:
    faults = [f"{name} is a whole run, and no shard" for name, run in runs if name not in numbers and not run.shard]
    faults += [f'{name}: "{run.shard[:20]}" is no shard' for name, run in runs if name not in numbers and run.shard]
    if not runs:
        return ["no run is given"]
    first, base = runs[0]
    seen: dict[tuple[int, int], str] = {}
    for name, run in runs:
        if name not in numbers or first not in numbers:
            continue
        if numbers[name][1] != numbers[first][1]:
            faults.append(f"{name} is shard {run.shard}, but {first} is {base.shard}: they are not of one run")
        elif run.plan != base.plan or run.planned != base.planned:
            faults.append(
                f"{name} and {first} are of different runs: plan {run.plan} of {run.planned} cases,"
                f" and plan {base.plan} of {base.planned}"
            )
        elif numbers[name] in seen:
            faults.append(f"{name} and {seen[numbers[name]]} are both shard {run.shard}")
        seen.setdefault(numbers[name], name)
    return faults


def _lacking(runs: Sequence[tuple[str, RunResult]], numbers: Mapping[str, tuple[int, int]]) -> list[str]:
    """What is missing: whole shards, or cases of those that were cut off."""
    if not numbers:
        return []
    count = next(iter(numbers.values()))[1]
    there = {number for number, _ in numbers.values()}
    absent = [f"{number}/{count}" for number in range(1, count + 1) if number not in there]
    if absent:
        shown = ", ".join(absent[:10]) + (", …" if len(absent) > 10 else "")
        return [f"{'shard' if len(absent) == 1 else 'shards'} {shown} {'is' if len(absent) == 1 else 'are'} missing"]
    found = sum(len(run.cases) for _, run in runs)
    planned = max(run.planned for _, run in runs)
    return [f"{planned - found} of {planned} cases are missing: a shard was cut off"] if found < planned else []


def _merged(runs: Sequence[RunResult], *, notes: tuple[str, ...]) -> RunResult:
    first = runs[0]
    cases = sorted((case for run in runs for case in run.cases), key=lambda case: case.position)
    started = min(run.started_ns for run in runs)
    seeds = {run.seed for run in runs}
    versions = {run.version for run in runs}
    if len(seeds) > 1:
        notes += (f"the shards had seeds of their own: {_each(runs, 'seed')}",)
    if len(versions) > 1:
        notes += (f"the shards were run by several versions: {_each(runs, 'version')}",)
    return RunResult(
        version=first.version,
        started_ns=started,
        duration_ns=max(run.started_ns + run.duration_ns for run in runs) - started,
        cases=tuple(cases),
        seed=first.seed if len(seeds) == 1 else 0,
        notes=tuple(dict.fromkeys((*(note for run in runs for note in run.notes), *notes))),
        suites=_suites(runs, cases),
        planned=first.planned,
    )


def _each(runs: Iterable[RunResult], field: str) -> str:
    return ", ".join(f"{run.shard}: {getattr(run, field)}" for run in runs)


def _suites(runs: Sequence[RunResult], cases: Sequence[CaseResult]) -> tuple[SuiteResult, ...]:
    """All suites in the order of their first cases, outer ones before inner ones."""
    at = {case.position: index for index, case in enumerate(cases)}
    found = [
        replace(suite, cases=tuple(at[run.cases[index].position] for index in suite.cases if index < len(run.cases)))
        for run in runs
        for suite in run.suites
    ]
    found.sort(key=lambda suite: (min(suite.cases, default=len(cases)), len(suite.parents)))
    return tuple(found)

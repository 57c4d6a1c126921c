"""`run --plan`: what would run, as a table or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from spanspec.cli.options import counted
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.api import Prepared
    from spanspec.runner.arrange import CaseNode


def show_plan(prepared: Prepared, *, as_json: bool) -> None:
    """Print the cases in the order in which they are started; nothing is fired."""
    cases = prepared.arrangement.cases
    if as_json:
        document = {
            "planned": prepared.manner.planned,
            "shard": prepared.manner.shard,
            "plan": prepared.manner.plan,
            "notes": list(prepared.manner.notes),
            "cases": [_plain(case) for case in cases],
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in _table([("suite", "test", "file", "tags", ""), *(_row(case) for case in cases)]):
        click.echo(visible(line))
    for note in (*prepared.manner.notes, *prepared.manner.of_shard(len(cases))):
        click.echo(visible(note), err=True)
    click.echo(f"{counted(len(cases), 'case')}, {prepared.manner.jobs} at once; nothing was fired", err=True)


def _row(case: CaseNode) -> tuple[str, ...]:
    plan = case.plan
    row = f" [{plan.row_label}]" if plan.row_label else ""
    again = f" #{case.repeat + 1}" if case.repeat else ""
    remark = f"skipped: {plan.skip}" if plan.skip else f"needs {', '.join(plan.needs)}" if plan.needs else ""
    line = f":{plan.place.line}" if plan.place is not None else ""
    return (" › ".join(case.suite), f"{plan.name}{row}{again}", f"{plan.path}{line}", ", ".join(plan.tags), remark)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns aligned; those that are empty in all rows are left out, and texts are cut at 60 characters."""
    used = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:])]
    cut = [[one if len(one) <= 60 else f"{one[:59]}…" for one in (row[column] for column in used)] for row in rows]
    widths = [max(len(row[column]) for row in cut) for column in range(len(used))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cut]


def _plain(case: CaseNode) -> dict[str, object]:
    plan = case.plan
    return {
        "name": plan.name,
        "id": plan.id,
        "path": plan.path,
        "line": plan.place.line if plan.place is not None else None,
        "suite": list(case.suite),
        "row": plan.row_label,
        "repeat": case.repeat,
        "tags": list(plan.tags),
        "trigger": plan.trigger.kind if plan.trigger is not None else "",
        "store": plan.store.name,
        "skip": plan.skip,
        "needs": list(plan.needs),
        "retries": plan.retries,
        "key": case.key,
    }

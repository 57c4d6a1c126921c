"""What spanspec itself says of the shop, and of the article's definitions on recorded traces."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

import spanspec
from spanspec.api import execute_stored, listening, new_session
from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options, RunSettings
from spanspec.results.model import Outcome, RunResult
from spanspec.runner.run import run_all
from tests.examples.shop_process import SHOP, running

ARTICLE = SHOP.parent / "article"
FAULTS = {name: set(fault["checks"]) for name, fault in json.loads((SHOP / "faults.json").read_text()).items()}
FREE = RunSettings(receiver_http="127.0.0.1:0", receiver_grpc="127.0.0.1:0", receiver_explicit=True)


def loaded(
    path: Path, endpoint: str = "", variables: Mapping[str, str] | None = None, *, stored: bool = False
) -> Loaded:
    """Load definitions; they must have no faults."""
    options = Options(endpoint=endpoint, variables=variables or {}, stored=stored)
    found = load([os.fspath(path)], options, cwd=Path.cwd(), environment={})
    assert [fault.message for fault in found.diagnostics if fault.severity == "error"] == []
    return found


def failed(run: RunResult) -> set[str]:
    """Name the checks that did not pass, whatever their outcome."""
    return {check.name for case in run.cases for check in case.checks if check.outcome is not Outcome.PASSED}


async def runs(folder: Path) -> dict[str, RunResult]:
    """Run the shop's tests once for each fault, and once healthy, all at the same time."""
    async with listening(new_session(Loaded(), seed=0), FREE) as session:
        with running(f"http://{session.receiver}", folder) as shop:
            plans = {fault: loaded(SHOP / "tests", shop.gateway, {"FAULT": fault}).plans for fault in ("none", *FAULTS)}
            found = await asyncio.gather(
                *(run_all(each, session, version=spanspec.__version__, linger_s=0.0) for each in plans.values())
            )
    return dict(zip(plans, found, strict=True))


def test_each_fault_fails_exactly_the_checks_that_are_written_for_it(tmp_path: Path) -> None:
    """The healthy shop passes every check; under each fault those fail that `faults.json` names, and no other."""
    found = asyncio.run(runs(tmp_path))
    assert {fault: failed(run) for fault, run in found.items()} == {"none": set(), **FAULTS}
    for run in found.values():
        assert [case.error for case in run.cases] == [None, None]
        assert {case.response.status for case in run.cases if case.response is not None} == {200}


@pytest.mark.parametrize(
    ("definition", "trace", "outcome"),
    [
        ("checkout-flow", "checkout", Outcome.PASSED),
        ("checkout-flow", "checkout-duplicate-shipping", Outcome.FAILED),
        ("database-call", "stock", Outcome.PASSED),
        ("database-calls", "checkout", Outcome.FAILED),
    ],
)
def test_the_articles_definitions_on_recorded_traces(definition: str, trace: str, outcome: Outcome) -> None:
    """Each has the outcome that the README promises."""
    found = loaded(ARTICLE / f"{definition}.yaml", stored=True)
    (case,) = execute_stored(found, os.fspath(ARTICLE / "traces" / f"{trace}.json")).cases
    assert case.outcome is outcome


def test_a_count_that_is_not_met_is_said() -> None:
    """The failure names how many spans there are, not that something was slow."""
    found = loaded(ARTICLE / "database-calls.yaml", stored=True)
    (case,) = execute_stored(found, os.fspath(ARTICLE / "traces" / "checkout.json")).cases
    (check,) = case.failed_checks
    assert "7" in f"{check.reason} {check.actual} {check.near}"

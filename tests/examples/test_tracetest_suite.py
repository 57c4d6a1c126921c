"""A suite in the reference's own files and spelling, unchanged, against the running shop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import spanspec
from spanspec.api import listening, new_session
from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options, SuitePlan
from spanspec.language.dialect import Dialect
from spanspec.results.model import Outcome, RunResult
from spanspec.runner.run import run_all
from spanspec.source.render import render_all
from tests.examples.shop_process import SHOP, running
from tests.examples.test_shop_with_spanspec import FREE

FOLDER = SHOP.parent / "tracetest"
STEPS = ["Stock before the order", "Place an order", "Look the order up", "Stock after the order"]


def loaded(paths: list[str], variables: str, *, compat: bool = False, url: str = "http://127.0.0.1:8080") -> Loaded:
    """Load from the folder, without an error."""
    options = Options(variable_files=(variables,), variables={"SHOP_URL": url}, compat=compat)
    found = load(paths, options, cwd=FOLDER, environment={})
    assert [fault for fault in found.diagnostics if fault.severity == "error"] == [], render_all(found.diagnostics)
    return found


@pytest.mark.parametrize("compat", [False, True])
def test_every_resource_takes_effect(compat: bool) -> None:
    """The profile gives the times, the data store is the receiver, the runner gives the gates."""
    (suite,) = loaded(["."], "shop", compat=compat).items
    assert isinstance(suite, SuitePlan)
    assert [plan.name for plan in suite.plans] == STEPS
    for plan in suite.plans:
        assert (plan.settle.timeout_s, plan.settle.patience_s, plan.settle.export_delay_s) == (30, 2, 0.1)
        assert plan.store.embedded
        assert plan.gates == ("test-specs",)
        assert plan.dialect is (Dialect.COMPAT if compat else Dialect.SPECS)


async def runs(folder: Path) -> list[RunResult]:
    """Run it in both modes, the whole folder and the suite alone, one after the other."""
    async with listening(new_session(Loaded(), seed=0), FREE) as session:
        with running(f"http://{session.receiver}", folder) as shop:
            given = [
                loaded(paths, variables, compat=compat, url=shop.gateway).items
                for paths, variables in ((["."], "shop"), (["purchase.yaml"], "variables.yaml"))
                for compat in (False, True)
            ]
            return [await run_all(each, session, version=spanspec.__version__, linger_s=0.0) for each in given]


def test_the_suite_passes_in_both_modes(tmp_path: Path) -> None:
    """All four steps pass, outputs of one reach the next, and the gates are told."""
    for run in asyncio.run(runs(tmp_path)):
        assert [(case.name, case.outcome) for case in run.cases] == [(name, Outcome.PASSED) for name in STEPS]
        assert [case.suite for case in run.cases] == [("Purchase",)] * 4
        assert (run.exit_code, [suite.outcome for suite in run.suites]) == (0, [Outcome.PASSED])
        outputs = {output.name: output for output in run.suites[0].outputs}
        assert set(outputs) == {"QUANTITY", "ORDER_ID", "PAID_FOR"}
        assert all(output.value and not output.error for output in outputs.values())
        assert outputs["ORDER_ID"].value == outputs["PAID_FOR"].value
        assert f"/orders/{outputs['ORDER_ID'].value}" in run.cases[2].trigger
        assert all(gate.passed for case in run.cases for gate in case.gates)

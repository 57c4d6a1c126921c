"""Set-up and tear-down of a case, against a service that is asked for real."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from spanspec.definition.plan import HookPlan, Plan
from spanspec.model.context import TriggerResult
from spanspec.results.model import CaseResult, Outcome
from spanspec.runner.hooks import refusal
from spanspec.runner.run import run_all
from tests.runner.service import Asked, case, hook, output, service, session

ORDER = output("ORDER", "response:body | json_path '$.id'")


def run(plan: Plan, **more: Any) -> CaseResult:
    """The result of one plan."""
    found = asyncio.run(run_all([plan], session(**more), version="0", linger_s=0.0))
    return found.cases[0]


def answers(asked: Asked) -> tuple[int, Any]:
    """Paths under /bad are refused; all others give an id."""
    return (500, {"why": "full"}) if asked.path.startswith("/bad") else (200, {"id": 7})


def test_outputs_of_set_up_reach_the_trigger_the_checks_and_the_tear_down() -> None:
    """They are variables from then on, and keep their type."""
    with service(answers) as shop:
        plan = case(
            "t",
            f"{shop.url}/pay/${{var:ORDER}}",
            "response:status = 200",
            "var:ORDER = 7",
            setup=(hook(f"{shop.url}/order", ORDER, name="order"),),
            teardown=(hook(f"{shop.url}/cancel/${{var:ORDER}}"),),
        )
        result = run(plan)
    assert result.outcome is Outcome.PASSED
    assert shop.paths == ["/order", "/pay/7", "/cancel/7"]
    assert [(each.phase, each.name, each.outcome) for each in result.hooks] == [
        ("setup", "order", Outcome.PASSED),
        ("teardown", f"POST {shop.url}/cancel/7", Outcome.PASSED),
    ]
    assert [(each.name, each.value) for each in result.hooks[0].outputs] == [("ORDER", "7")]


def test_outputs_of_the_test_reach_the_tear_down() -> None:
    """What the trigger made can be taken away."""
    with service(answers) as shop:
        run(case("t", f"{shop.url}/make", outputs=(ORDER,), teardown=(hook(f"{shop.url}/drop/${{var:ORDER}}"),)))
    assert shop.paths == ["/make", "/drop/7"]


def test_a_failed_set_up_errors_the_test_and_its_tear_down_runs() -> None:
    """The trigger is not fired, later items are skipped, and the reason has the service's own words."""
    with service(answers) as shop:
        plan = case(
            "t",
            f"{shop.url}/pay",
            setup=(hook(f"{shop.url}/bad", name="fill"), hook(f"{shop.url}/order", ORDER)),
            teardown=(hook(f"{shop.url}/cancel/${{var:ORDER}}"), hook(f"{shop.url}/clean")),
        )
        result = run(plan)
    assert result.outcome is Outcome.ERRORED
    assert result.error is not None
    assert (result.error.kind, result.error.message) == (
        "setup",
        'set-up (fill) failed: it answered 500: {"why": "full"}',
    )
    assert shop.paths == ["/bad", "/clean"]
    assert [each.outcome.value for each in result.hooks] == ["failed", "skipped", "skipped", "passed"]
    assert "set-up gave no ORDER" in result.hooks[2].reason


def test_an_output_that_cannot_be_told_fails_the_set_up() -> None:
    """A missing field is no empty text."""
    with service(answers) as shop:
        wanted = output("CART", "attr:nothing")
        result = run(case("t", f"{shop.url}/pay", setup=(hook(f"{shop.url}/cart", wanted),)))
    assert result.error is not None
    assert 'output "CART"' in result.error.message
    assert shop.paths == ["/cart"]


def test_tear_down_runs_after_a_failure_and_all_of_its_items_are_tried() -> None:
    """One that fails does not keep the next from running, and is told without hiding the failure."""
    with service(answers) as shop:
        plan = case(
            "t",
            f"{shop.url}/pay",
            "response:status = 201",
            teardown=(hook(f"{shop.url}/bad", name="first"), hook(f"{shop.url}/second")),
        )
        result = run(plan)
    assert result.outcome is Outcome.FAILED
    assert shop.paths == ["/pay", "/bad", "/second"]
    assert any("tear-down (first) failed" in warning for warning in result.warnings)


def test_a_failed_tear_down_errors_a_test_that_had_passed() -> None:
    """Something was left behind."""
    with service(answers) as shop:
        result = run(case("t", f"{shop.url}/pay", teardown=(hook(f"{shop.url}/bad", name="clean"),)))
    assert result.outcome is Outcome.ERRORED
    assert result.error is not None
    assert result.error.kind == "teardown"


def test_the_timeout_bounds_set_up_and_trigger_together_and_tear_down_runs_after_it() -> None:
    """The message says what did not end."""
    with service() as shop:
        slow = replace(hook(f"{shop.url}/order"), name="wait")
        plan = case("t", f"{shop.url}/pay", setup=(slow,), teardown=(hook(f"{shop.url}/clean"),), timeout_s=0.0001)
        plan = replace(plan, teardown=())
        result = run(plan)
    assert result.outcome is Outcome.ERRORED
    assert result.error is not None
    assert "set-up (wait) did not end within the test's timeout" in result.error.message


def test_a_test_named_by_set_up_is_carried_out_whole() -> None:
    """Its checks must hold, its outputs are variables, its own set-up and tear-down run."""
    with service(answers) as shop:
        login = case(
            "login",
            f"{shop.url}/login",
            outputs=(ORDER,),
            setup=(hook(f"{shop.url}/a"),),
            teardown=(hook(f"{shop.url}/b"),),
        )
        plan = case("t", f"{shop.url}/pay/${{var:ORDER}}", setup=(HookPlan(test=login),))
        assert run(plan).outcome is Outcome.PASSED
        assert shop.paths == ["/a", "/login", "/b", "/pay/7"]
        failing = replace(login, checks=case("x", "", "response:status = 201").checks)
        result = run(replace(plan, setup=(HookPlan(test=failing),)))
    assert result.outcome is Outcome.ERRORED
    assert result.error is not None
    assert result.error.message.startswith("set-up (login) failed: failed: ")
    assert "/pay/7" not in shop.paths[5:]


def test_variables_are_evaluated_once_a_try() -> None:
    """What is generated is the same in set-up, trigger, checks and tear-down."""
    with service() as shop:
        plan = case(
            "t",
            f"{shop.url}/pay/${{var:ID}}",
            variables={"ID": "${uuid()}"},
            setup=(hook(f"{shop.url}/order/${{var:ID}}"),),
            teardown=(hook(f"{shop.url}/clean/${{var:ID}}"),),
        )
        result = run(plan, seed=3)
        again = run(plan, seed=3)
    assert result.outcome is again.outcome is Outcome.PASSED
    assert len({path.rpartition("/")[2] for path in shop.paths}) == 1


REFUSALS = [
    ("http", 399, {}, ""), ("http", 404, {}, "it answered 404: gone"), ("graphql", 500, {}, "it answered 500: gone"),
    ("grpc", 0, {}, ""), ("grpc", 5, {}, "its status is 5: gone"), ("command", 0, {}, ""),
    ("command", 2, {"stderr": "\n no such table"}, "its exit code is 2: no such table"), ("kafka", None, {}, ""),
    ("command", -9, {}, "its exit code is -9: gone"), ("python", 503, {}, "it answered 503: gone"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "attributes", "reason"), REFUSALS)
def test_an_answer_that_says_no_is_known_by_its_kind(
    kind: str, status: int | None, attributes: Any, reason: str
) -> None:
    """With the first words of what was said."""
    answer = TriggerResult(kind=kind, start_ns=0, end_ns=0, status=status, body="gone", attributes=attributes)
    assert refusal(answer) == reason


def test_ctrl_c_runs_the_tear_down() -> None:
    """What is under way is cut off, what has not begun says so too, and nothing is left behind."""

    async def interrupted(plans: list[Plan]) -> object:
        running = asyncio.ensure_future(run_all(plans, session(), version="0", linger_s=0.0, jobs=1))
        await asyncio.to_thread(_until, shop, "/pay")
        running.cancel()
        return await running

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/pay":
            shop.came.acquire()
            shop.came.wait_for(lambda: any(each.path == "/clean" for each in shop.asked), timeout=30)
            shop.came.release()
        return 200, {}

    with service(answer) as shop:
        plans = [case("t", f"{shop.url}/pay", teardown=(hook(f"{shop.url}/clean"),)), case("u", f"{shop.url}/never")]
        found = asyncio.run(interrupted(plans))
    assert shop.paths == ["/pay", "/clean"]
    assert [(each.outcome, each.error.kind) for each in found.cases] == [(Outcome.ERRORED, "interrupted")] * 2  # type: ignore[attr-defined]
    assert [each.phase for each in found.cases[0].hooks] == ["teardown"]  # type: ignore[attr-defined]


def _until(shop: Any, path: str) -> None:
    with shop.came:
        assert shop.came.wait_for(lambda: path in shop.paths, timeout=30)

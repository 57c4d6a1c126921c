"""Suites: steps in order and side by side, what passes between them, what is skipped and why."""

from __future__ import annotations

import asyncio
from typing import Any

from spanspec.definition.plan import Item
from spanspec.results.model import CaseResult, Outcome, RunResult
from spanspec.runner.run import run_all
from tests.runner.service import Asked, case, hook, outcomes, output, service, session, step, suite

ORDER = output("ORDER", "response:body | json_path '$.id'")

SURE = output("ORDER", "attr:nothing")


def run(*items: Item, jobs: int = 8, **more: Any) -> RunResult:
    """Run them."""
    return asyncio.run(run_all(items, session(**more), version="0", linger_s=0.0, jobs=jobs))


def answers(asked: Asked) -> tuple[int, Any]:
    """Paths under /bad are refused; others give the number in them, else 7."""
    digits = "".join(c for c in asked.path if c.isdigit())
    return (500, {}) if asked.path.startswith("/bad") else (200, {"id": int(digits or 7)})


def reason(result: CaseResult) -> str:
    """Why it was skipped."""
    return result.warnings[-1].removeprefix("skipped: ")


def test_steps_run_in_order_and_pass_outputs_on() -> None:
    """Each sees what those before it left; the suite keeps them."""
    with service(answers) as shop:
        found = run(
            suite(
                "checkout",
                case("order", f"{shop.url}/order", outputs=(ORDER,)),
                case("pay", f"{shop.url}/pay/${{var:ORDER}}", reads=("ORDER",)),
                case("ship", f"{shop.url}/ship/${{var:ORDER}}", reads=("ORDER",)),
            )
        )
    assert shop.paths == ["/order", "/pay/7", "/ship/7"]
    assert outcomes(found) == {"order": "passed", "pay": "passed", "ship": "passed"}
    assert [each.suite for each in found.cases] == [("checkout",)] * 3
    whole = found.suites[0]
    assert (whole.name, whole.outcome, whole.cases, whole.parents) == ("checkout", Outcome.PASSED, (0, 1, 2), ())
    assert [(each.name, each.value) for each in whole.outputs] == [("ORDER", "7")]


def test_a_failure_stops_the_suite() -> None:
    """The rest is skipped and says after what; other items go on."""
    with service(answers) as shop:
        found = run(
            suite("s", case("a", f"{shop.url}/a"), case("b", f"{shop.url}/bad"), case("c", f"{shop.url}/c")),
            case("d", f"{shop.url}/d"),
        )
    assert outcomes(found) == {"a": "passed", "b": "failed", "c": "skipped", "d": "passed"}
    assert reason(found.cases[2]) == 'the step "b" failed before it'
    assert "/c" not in shop.paths
    assert found.suites[0].outcome is Outcome.FAILED


def test_continuing_skips_only_what_needs_an_output_that_never_came() -> None:
    """The chain of reasons is told."""
    with service(answers) as shop:
        lost = output("ORDER", "attr:nothing")
        found = run(
            suite(
                "s",
                case("order", f"{shop.url}/bad", outputs=(lost,)),
                case("pay", f"{shop.url}/pay/${{var:ORDER}}", reads=("ORDER",), outputs=(output("PAID", "1"),)),
                case("ship", f"{shop.url}/ship/${{var:PAID}}", reads=("PAID",)),
                case("list", f"{shop.url}/list"),
                stop=False,
            )
        )
    assert outcomes(found) == {"order": "failed", "pay": "skipped", "ship": "skipped", "list": "passed"}
    assert reason(found.cases[1]).startswith('it needs the output "ORDER", which never came: output "ORDER": ')
    assert reason(found.cases[2]).startswith('it needs the output "PAID", which never came: "pay" was skipped')
    assert [each.name for each in found.suites[0].outputs if each.error] == ["ORDER", "PAID"]


def test_a_default_does_not_hide_a_lost_output() -> None:
    """A test that could run alone is still skipped when what it should go on is missing."""
    with service(answers) as shop:
        lost = output("ORDER", "attr:nothing")
        pay = case("pay", f"{shop.url}/pay/${{var:ORDER}}", reads=("ORDER",), variables={"ORDER": 42})
        assert outcomes(run(pay)) == {"pay": "passed"}
        found = run(suite("s", case("order", f"{shop.url}/order", outputs=(lost,)), pay, stop=False))
    assert outcomes(found)["pay"] == "skipped"


def test_a_step_with_cases_yields_lists_in_row_order() -> None:
    """Whatever order the rows end in."""
    with service(answers) as shop:
        rows = [
            case("order", f"{shop.url}/order/{n}", outputs=(ORDER,), row={"n": n}, row_index=at, row_label=f"n={n}")
            for at, n in enumerate((3, 1, 2))
        ]
        found = run(suite("s", step(*rows), case("all", f"{shop.url}/all", body="${var:ORDER}", reads=("ORDER",))))
    assert outcomes(found) == {"order[n=3]": "passed", "order[n=1]": "passed", "order[n=2]": "passed", "all": "passed"}
    assert shop.asked[-1].body == "[3, 1, 2]"


def test_one_row_is_a_list_of_one() -> None:
    """So that a suite does not change its meaning with the number of rows."""
    with service(answers) as shop:
        row = case("order", f"{shop.url}/order/3", outputs=(ORDER,), row={"n": 3}, row_label="n=3")
        run(suite("s", step(row), case("all", f"{shop.url}/all", body="${var:ORDER}", reads=("ORDER",))))
    assert shop.asked[-1].body == "[3]"


def test_a_row_without_the_output_loses_the_list() -> None:
    """A list with a hole would be taken for a whole one."""
    with service(answers) as shop:
        rows = [
            case("order", f"{shop.url}{path}", outputs=(SURE,), row={"n": path}, row_index=at, row_label=f"n={path}")
            for at, path in enumerate(("/1", "/bad/2"))
        ]
        found = run(suite("s", step(*rows), case("all", f"{shop.url}/all", reads=("ORDER",)), stop=False))
    assert found.cases[-1].outcome is Outcome.SKIPPED
    assert "never came" in reason(found.cases[-1])


def test_parallel_steps_see_only_what_was_there_before_them() -> None:
    """An output of a neighbour is unknown; what the group leaves is known after it."""
    with service(answers) as shop:
        first = case("first", f"{shop.url}/1", outputs=(output("ONE", "response:body | json_path '$.id'"),))
        group = suite(
            "group",
            case("a", f"{shop.url}/2", outputs=(output("ONE", "response:body | json_path '$.id'"),)),
            case("b", f"{shop.url}/b/${{var:ONE}}", reads=("ONE",)),
            parallel=True,
        )
        last = case("last", f"{shop.url}/last/${{var:ONE}}", reads=("ONE",))
        found = run(suite("s", first, group, last))
    assert {each.outcome for each in found.cases} == {Outcome.PASSED}
    assert "/b/1" in shop.paths
    assert shop.paths[-1] == "/last/2"
    assert [(each.name, each.parents) for each in found.suites] == [("s", ()), ("group", ("s",))]
    assert found.cases[1].suite == ("s", "group")
    assert found.suites[1].cases == (1, 2)


def test_parallel_steps_are_under_way_at_once_and_end_with_one_slot_too() -> None:
    """Each of two waits for the other's request; with a single slot they follow each other."""

    def answer(asked: Asked) -> tuple[int, Any]:
        with shop.came:
            both = shop.came.wait_for(lambda: len(shop.asked) >= 2, timeout=30)
        return (200 if both else 500), {}

    with service(answer) as shop:
        found = run(suite("s", case("a", f"{shop.url}/a"), case("b", f"{shop.url}/b"), parallel=True))
    assert outcomes(found) == {"a": "passed", "b": "passed"}
    with service() as shop:
        found = run(
            suite("s", case("a", f"{shop.url}/a"), case("b", f"{shop.url}/b"), parallel=True),
            case("c", f"{shop.url}/c"),
            jobs=1,
        )
    assert shop.paths == ["/a", "/b", "/c"]


def test_a_condition_skips_a_step() -> None:
    """It may read outputs and variables."""
    with service(answers) as shop:
        first = case("first", f"{shop.url}/1", outputs=(ORDER, output("EMPTY", "''")))
        found = run(
            suite(
                "s",
                first,
                step(case("yes", f"{shop.url}/yes"), only_if="${var:ORDER}"),
                step(case("no", f"{shop.url}/no"), only_if="${var:EMPTY}"),
                step(case("unknown", f"{shop.url}/unknown"), only_if="${env:NOWHERE}"),
                step(case("own", f"{shop.url}/own", variables={"FLAG": "false"}), only_if="${var:FLAG}"),
            )
        )
    assert outcomes(found) == {
        "first": "passed",
        "yes": "passed",
        "no": "skipped",
        "unknown": "skipped",
        "own": "skipped",
    }
    assert reason(found.cases[2]) == 'only_if "${var:EMPTY}" is not met'


def test_needs_order_items_and_skip_dependents_of_what_did_not_pass() -> None:
    """Whatever order the files have, with one slot too."""
    with service(answers) as shop:
        found = run(
            case("last", f"{shop.url}/last", needs=("middle",)),
            suite("middle", case("m", f"{shop.url}/m"), needs=("first.yaml",)),
            case("first", f"{shop.url}/first", id="f1"),
            case("broken", f"{shop.url}/bad"),
            case("after", f"{shop.url}/after", needs=("broken", "f1")),
            case("after that", f"{shop.url}/that", needs=("after",)),
            jobs=1,
        )
    assert [path for path in shop.paths if path in ("/first", "/m", "/last")] == ["/first", "/m", "/last"]
    assert outcomes(found)["after"] == outcomes(found)["after that"] == "skipped"
    assert reason(found.cases[4]) == 'it needs "broken", which failed'
    assert reason(found.cases[5]) == 'it needs "after", which was skipped'
    assert [each.name for each in found.cases] == ["last", "m", "first", "broken", "after", "after that"]


def test_with_one_slot_suites_do_not_interleave() -> None:
    """A person who asks for one at a time gets one after the other."""
    with service(answers) as shop:
        run(
            suite("s", case("a", f"{shop.url}/a1"), case("b", f"{shop.url}/a2")),
            suite("t", case("c", f"{shop.url}/b1"), case("d", f"{shop.url}/b2")),
            jobs=1,
        )
    assert shop.paths == ["/a1", "/a2", "/b1", "/b2"]


def test_a_step_with_set_up_that_fails_counts_as_not_passed() -> None:
    """The suite stops after it."""
    with service(answers) as shop:
        found = run(
            suite("s", case("a", f"{shop.url}/a", setup=(hook(f"{shop.url}/bad"),)), case("b", f"{shop.url}/b"))
        )
    assert outcomes(found) == {"a": "errored", "b": "skipped"}
    assert found.suites[0].outcome is Outcome.ERRORED
    assert found.exit_code == 3

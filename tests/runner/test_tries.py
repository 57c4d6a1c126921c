"""Retries: what is tried again, what is kept of it, and what generated values hang on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from spanspec.errors import UsageError
from spanspec.results.json import decode, encode
from spanspec.results.model import Outcome, RunResult
from spanspec.results.progress import CaseRetried
from spanspec.runner.arrange import arrange
from spanspec.runner.run import Manner, run_all, run_arranged
from tests.runner.service import Asked, case, hook, outcomes, service, session
from tests.runner.simulated import Log


def run(*items: Any, **more: Any) -> RunResult:
    """Run them."""
    return asyncio.run(run_all(items, session(**more), version="0", linger_s=0.0))


def passes_from(count: int) -> Any:
    """An answer that is refused until the service has been asked so often at a path."""

    def answer(asked: Asked) -> tuple[int, Any]:
        return (200 if asked.count >= count else 503), {}

    return answer


def test_a_case_that_passes_on_a_retry_is_flaky_and_keeps_the_first_failure() -> None:
    """The exit code is 0, and the report can say what went wrong before."""
    with service(passes_from(3)) as shop:
        found = run(case("t", f"{shop.url}/t", retries=2))
    result = found.cases[0]
    assert result.outcome is Outcome.FLAKY
    assert found.exit_code == 0
    assert [(each.outcome, len(each.checks)) for each in result.attempts] == [(Outcome.FAILED, 1)] * 2
    assert "503" in result.attempts[0].reason or "503" in result.attempts[0].checks[0].actual
    assert len({result.trace_id, *(each.trace_id for each in result.attempts)}) == 3


def test_each_try_has_its_own_set_up_and_tear_down() -> None:
    """A retry does all of it again."""
    with service(passes_from(2)) as shop:
        plan = case("t", f"{shop.url}/t", retries=1, teardown=(hook(f"{shop.url}/down"),))
        result = run(plan).cases[0]
    assert shop.paths == ["/t", "/down", "/t", "/down"]
    assert result.outcome is Outcome.FLAKY
    assert len(result.hooks) == 1


def test_the_last_failure_stands_when_no_try_passes() -> None:
    """With the tries before it."""
    with service(passes_from(9)) as shop:
        log = Log()
        found = asyncio.run(
            run_all(
                [case("t", f"{shop.url}/t", retries=2)], replace(session(), listener=log), version="0", linger_s=0.0
            )
        )
    assert outcomes(found) == {"t": "failed"}
    assert len(found.cases[0].attempts) == 2
    assert [each.number for each in log.seen if isinstance(each, CaseRetried)] == [1, 2]


def test_what_no_try_can_mend_is_not_tried_again() -> None:
    """A fault in the file stays one."""
    found = run(case("t", "/relative", retries=3))
    assert found.cases[0].outcome is Outcome.ERRORED
    assert found.cases[0].attempts == ()
    assert found.exit_code == 2


def test_generated_values_hang_on_seed_case_repeat_try_and_field_alone() -> None:
    """Neighbours, their number and their order change nothing; a retry and a repeat draw new values."""
    with service(passes_from(1)) as shop:
        url = f"{shop.url}/${{uuid()}}"
        other, wanted = case("a", url), case("b", url)

        def drawn(*items: Any, seed: int = 1, repeat: int = 1) -> list[str]:
            shop.asked.clear()
            manner = Manner(jobs=1)
            asyncio.run(run_arranged(arrange(items, repeat=repeat), session(seed=seed), manner, version="0"))
            return shop.paths

        alone = drawn(wanted)
        assert drawn(other, wanted)[1:] == alone
        assert drawn(wanted, other)[:1] == alone
        assert drawn(replace(wanted, variables={"NEW": "${uuid()}"})) == alone
        assert drawn(wanted, repeat=2)[:1] == alone
        assert len({*drawn(other, wanted, repeat=2), *drawn(wanted, seed=2)}) == 5
    with service(passes_from(99)) as shop:
        run(case("b", f"{shop.url}/${{uuid()}}", retries=1), seed=1)
        assert len(set(shop.paths)) == 2
        assert shop.paths[:1] == alone


def test_repeats_are_cases_of_their_own() -> None:
    """With their number, side by side in the result."""
    with service(passes_from(2)) as shop:
        arrangement = arrange([case("a", f"{shop.url}/a"), case("b", f"{shop.url}/b")], repeat=3)
        found = asyncio.run(run_arranged(arrangement, session(), Manner(jobs=1), version="0"))
    assert [(each.name, each.repeat, each.outcome.value) for each in found.cases] == [
        ("a", 0, "failed"), ("a", 1, "passed"), ("a", 2, "passed"),
        ("b", 0, "failed"), ("b", 1, "passed"), ("b", 2, "passed"),
    ]  # fmt: skip
    assert len({each.key for each in found.cases}) == 6
    again = decode(encode(found))
    assert [(each.key, each.repeat, each.position) for each in again.cases] == [
        (each.key, each.repeat, each.position) for each in found.cases
    ]


def test_fail_fast_starts_nothing_more() -> None:
    """What was under way ends; the rest is skipped and says why."""
    with service(passes_from(2)) as shop:
        items = [case(name, f"{shop.url}/{name}") for name in "abc"]
        found = asyncio.run(run_arranged(arrange(items), session(), Manner(jobs=1, fail_fast=True), version="0"))
    assert outcomes(found) == {"a": "failed", "b": "skipped", "c": "skipped"}
    assert found.cases[2].warnings == ('skipped: not started, for "a" failed before it (--fail-fast)',)
    assert shop.paths == ["/a"]


def test_the_runs_timeout_cuts_off_what_is_left_and_runs_its_tear_down() -> None:
    """Nothing of it counts as passed or skipped."""

    def answer(asked: Asked) -> tuple[int, Any]:
        with shop.came:
            if asked.path == "/a":
                shop.came.wait_for(lambda: "/down" in shop.paths, timeout=30)
        return 200, {}

    with service(answer) as shop:
        items = [case("a", f"{shop.url}/a", teardown=(hook(f"{shop.url}/down"),)), case("b", f"{shop.url}/b")]
        manner = Manner(jobs=1, timeout_s=0.3)
        found = asyncio.run(run_arranged(arrange(items), session(), manner, version="0"))
    assert [(each.outcome, each.error.kind if each.error else "") for each in found.cases] == [
        (Outcome.ERRORED, "timeout")
    ] * 2
    assert found.exit_code == 3
    assert shop.paths == ["/a", "/down"]


def test_needs_that_name_nothing_or_go_round_are_told_before_anything_runs() -> None:
    """All of them at once."""
    with service() as shop:
        items = [
            case("a", f"{shop.url}/a", needs=("b",)),
            case("b", f"{shop.url}/b", needs=("c",)),
            case("c", f"{shop.url}/c", needs=("a",)),
            case("d", f"{shop.url}/d", needs=("nobody",)),
        ]
        with pytest.raises(UsageError) as told:
            run(*items)
    assert told.value.message == (
        'd.yaml: "d" needs "nobody", and no test or suite is called so\n'
        '`needs` goes round in a circle: "a" → "b" → "c" → "a"'
    )
    assert shop.paths == []


def test_gates_are_kept_and_fail_a_case() -> None:
    """`test-specs` holds the checks."""
    with service(passes_from(2)) as shop:
        plan = case("t", f"{shop.url}/t", gates=("test-specs",))
        first, second = run(plan).cases[0], run(plan).cases[0]
    assert [(gate.name, gate.passed) for gate in first.gates] == [("test-specs", False)]
    assert first.gates[0].reason == "1 of 1 checks did not pass"
    assert [(gate.name, gate.passed) for gate in second.gates] == [("test-specs", True)]


def test_a_gate_that_nothing_judges_is_an_error() -> None:
    """A plan that requires the analyzer never passes without one, and is not tried again for it."""
    with service(passes_from(1)) as shop:
        found = run(case("t", f"{shop.url}/t", gates=("test-specs", "analyzer-score", "analyzer-rules"), retries=2))
        assert shop.paths == ["/t"]
    result = found.cases[0]
    assert (result.outcome, found.exit_code) == (Outcome.ERRORED, 2)
    assert result.error is not None
    assert result.error.message == (
        'the required gates "analyzer-score" and "analyzer-rules" cannot be judged: '
        "the analyzer did not run: this version does not have it"
    )
    assert [(gate.name, gate.passed) for gate in result.gates] == [
        ("test-specs", True),
        ("analyzer-score", False),
        ("analyzer-rules", False),
    ]

"""Shards merged, and runs that were cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from spanspec.errors import UsageError
from spanspec.results.journal import head, line, read
from spanspec.results.json import encode
from spanspec.results.merge import merge
from spanspec.results.model import CaseResult, Outcome, RunResult, Timings
from spanspec.runner.arrange import arrange
from spanspec.runner.run import Manner, run_arranged
from spanspec.runner.select import Selection, choose
from tests.runner.service import Asked, case, output, service, session, suite


def run(items: Sequence[Any], shard: tuple[int, int] | None = None, seed: int = 5) -> RunResult:
    """Run them, or a shard of them."""
    found = choose(arrange(items), Selection(shard=shard), {})
    manner = Manner(
        shard=f"{shard[0]}/{shard[1]}" if shard else "", planned=found.planned, plan=found.plan, notes=found.notes
    )
    return asyncio.run(run_arranged(found.arrangement, session(seed=seed), manner, version="0"))


def timeless(found: RunResult) -> RunResult:
    """The run without what differs from run to run: times and ids."""
    cases = tuple(
        replace(
            each,
            timings=Timings(),
            trace_id="",
            trace=None,
            response=None,
            link="",
            checks=bare(each),
            outputs=plain(each),
        )
        for each in found.cases
    )
    suites = tuple(replace(each, duration_ns=0) for each in found.suites)
    return replace(found, cases=cases, suites=suites, started_ns=0, duration_ns=0)


def plain(result: CaseResult) -> Any:
    """The outputs without the spans they come from."""
    return tuple(replace(each, span_id=None) for each in result.outputs)


def bare(result: CaseResult) -> Any:
    """The checks without times and spans."""
    return tuple(replace(each, decided_ns=0, spans=(), looked_at=(), span_results=()) for each in result.checks)


def answer(asked: Asked) -> tuple[int, Any]:
    """Some paths are refused; the others echo what they were sent."""
    return (500 if asked.path.endswith("3") else 200), {"sent": asked.body}


def test_shards_merged_equal_one_run() -> None:
    """Order, suites with their outputs, seed, generated values, notes, outcomes."""
    with service(answer) as shop:
        given = output("GIVEN", "response:body | json_path '$.sent'")
        items = [
            case("t0", f"{shop.url}/0", body="${uuid()}", outputs=(given,)),
            suite(
                "outer",
                case("a", f"{shop.url}/a", body="${uuid()}", outputs=(given,)),
                suite("inner", case("b", f"{shop.url}/b${{var:GIVEN}}", reads=("GIVEN",)), case("c", f"{shop.url}/c3")),
                case("d", f"{shop.url}/d"),
            ),
            *(case(f"t{n}", f"{shop.url}/{n}", body="${uuid()}", outputs=(given,)) for n in range(1, 12)),
            suite("last", case("e", f"{shop.url}/e")),
        ]
        whole = run(items)
        parts = [(f"{n}.json", run(items, (n, 3))) for n in (3, 1, 2)]
    assert all(part.cases for _, part in parts)
    assert timeless(merge(parts)) == timeless(whole)
    assert [(each.name, each.parents) for each in whole.suites] == [("outer", ()), ("inner", ("outer",)), ("last", ())]


def shard(number: int, count: int = 2, **more: Any) -> RunResult:
    """A shard with a case of its own."""
    made = CaseResult(name=f"t{number}", path="t.yaml", outcome=Outcome.PASSED, position=number - 1)
    base = RunResult(version="0", started_ns=0, duration_ns=1, cases=(made,), shard=f"{number}/{count}", planned=count)
    return replace(base, **{"plan": "abc", **more})


FAULTS: list[tuple[list[RunResult], str]] = [
    ([shard(1)], "shard 2/2 is missing"),
    ([shard(2, 4)], "shards 1/4, 3/4, 4/4 are missing"),
    ([shard(1), shard(1)], "b.json and a.json are both shard 1/2"),
    (
        [shard(1), shard(2, plan="xyz")],
        "b.json and a.json are of different runs: plan xyz of 2 cases, and plan abc of 2",
    ),
    ([shard(1), shard(2, 3)], "b.json is shard 2/3, but a.json is 1/2: they are not of one run"),
    ([shard(1), shard(2, shard="")], "b.json is a whole run, and no shard"),
    ([shard(1), shard(2, shard="x")], 'b.json: "x" is no shard'),
    ([shard(1), shard(2, cases=())], "1 of 2 cases are missing: a shard was cut off"),
]


@pytest.mark.parametrize(("runs", "message"), FAULTS)
def test_what_is_no_whole_run_is_named(runs: list[RunResult], message: str) -> None:
    """Which file, and what is wrong with it."""
    with pytest.raises(UsageError) as told:
        merge(list(zip(("a.json", "b.json"), runs, strict=False)))
    assert message in told.value.message.split("\n")


def test_what_is_there_can_be_merged_all_the_same() -> None:
    """A note says what is missing."""
    found = merge([("a.json", shard(1))], partial=True)
    assert found.notes == ("shard 2/2 is missing",)
    assert [each.name for each in found.cases] == ["t1"]


def test_seeds_and_versions_that_differ_are_told() -> None:
    """They belong to one run all the same."""
    found = merge([("a", shard(1, seed=4)), ("b", shard(2, seed=5, version="1"))])
    assert found.seed == 0
    assert found.notes == (
        "the shards had seeds of their own: 1/2: 4, 2/2: 5",
        "the shards were run by several versions: 1/2: 0, 2/2: 1",
    )


def test_a_run_that_was_killed_can_be_read() -> None:
    """Also where the last line was cut off; the cases stand in the order of the plan."""
    whole = replace(shard(1), planned=4, notes=("a note",))
    lines = [head(whole), *(line(replace(whole.cases[0], name=name, position=at)) for at, name in ((2, "c"), (0, "a")))]
    data = b"\n".join((*lines, line(whole.cases[0])[:-5]))
    found = read(data)
    assert [each.name for each in found.cases] == ["a", "c"]
    assert found.notes == ("a note", "the run was cut off: 2 of 4 cases had ended")
    assert read(encode(whole)) == whole

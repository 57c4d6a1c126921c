"""Choosing what runs: expressions, tags, what failed last, shards, orders. Nothing is run here."""

from __future__ import annotations

import random
from typing import Any

import pytest

from spanspec.archive.outcomes import Remembered
from spanspec.definition.plan import Item
from spanspec.errors import UsageError
from spanspec.runner.arrange import arrange
from spanspec.runner.keyword import Words, condition
from spanspec.runner.select import Chosen, Selection, choose, parse_shard
from tests.runner.service import case, step, suite

WORDS = Words(
    names=("pay by card", "country=de"), suites=("checkout",), files=("tests/pay.yaml",), tags=("slow", "money")
)

HOLD = [
    ("pay", True), ("PAY", True), ("ship", False), ("not ship", True), ("not pay", False),
    ("pay and slow", True), ("pay slow", True), ("pay and fast", False), ("fast or slow", True),
    ("not (fast or slow)", False), ("not fast and not ship", True), ("not not pay", True),
    ('"pay by"', True), ("'by card'", True), ('"card pay"', False), ("country=DE", True),
    ("tag:slow", True), ("tag:slo", False), ("slo", True), ("tag:'money'", True), ("file:pay.yaml", True),
    ("file:checkout", False), ("suite:check", True), ("name:checkout", False), ("checkout", True),
    ("fast or pay and slow", True), ("(fast or pay) and ship", False), ('"and"', False), ("un:known", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "holds"), HOLD)
def test_expressions_hold_by_words(text: str, holds: bool) -> None:
    """Words are parts of names, suites, files, rows and tags; `not` binds closer than `and`, `and` than `or`."""
    assert condition(text)(WORDS) is holds


SLIPS = [
    ("a and", 'a word is missing after "and"', 5), ("", "it is empty", 0), ("or a", "a word is missing", 0),
    ("(a", 'a ")" is missing', 2), ("a)", '")" is one too many', 1), ("a or )", 'a word is missing after "or"', 5),
    ('"open', "a quote is opened here and not closed", 0), ("not", 'a word is missing after "not"', 3),
    ('a ""', "an empty word matches everything", 2), ("()", 'a word is missing after "("', 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "column"), SLIPS)
def test_a_slip_is_marked_at_its_place(text: str, message: str, column: int) -> None:
    """With what is wrong there."""
    with pytest.raises(UsageError) as told:
        condition(text)
    assert told.value.message == f"-k: {message}\n  {text}\n  {' ' * column}^"


def test_deep_nesting_is_refused() -> None:
    """Instead of a stack that overflows."""
    with pytest.raises(UsageError, match="nested deeper"):
        condition("(" * 10_000)


SHARDS = [
    ("5/4", "there is no shard 5 of 4", 0, 1), ("0/4", "the number counts from 1", 0, 1), ("1/0", "the count counts from 1", 2, 1),
    ("2", "the count is missing", 1, 1), ("a/4", 'the number is "a"', 0, 1), ("1/x2", 'the count is "x2"', 2, 2),
    ("1/", 'the count is ""', 2, 1), ("1/2/3", 'the count is "2/3"', 2, 3), ("-1/4", 'the number is "-1"', 0, 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "column", "length"), SHARDS)
def test_a_wrong_shard_is_marked_at_its_place(text: str, message: str, column: int, length: int) -> None:
    """With what is wrong there."""
    with pytest.raises(UsageError) as told:
        parse_shard(text)
    assert told.value.message == f"--shard: {message}\n  {text}\n  {' ' * column}{'^' * length}"


def chosen(items: list[Item], remembered: dict[str, Remembered] | None = None, **wanted: Any) -> Chosen:
    """What is chosen."""
    return choose(arrange(items), Selection(**wanted), remembered or {})


def names(found: Chosen) -> list[str]:
    """The units' names in order."""
    return [unit.name for unit in found.arrangement.units]


def some() -> list[Item]:
    """Tests and a suite."""
    return [
        case("login", "", tags=("Auth",)),
        suite("checkout", step(case("order", "")), step(case("pay", "", tags=("slow",))), tags=("money",)),
        case("ship", "", needs=("checkout",)),
        case("mail", "", needs=("ship",), tags=("slow",)),
    ]


def test_suites_are_taken_whole_by_what_is_in_them() -> None:
    """A step's name or tag finds its suite."""
    assert names(chosen(some(), keyword="order")) == ["checkout"]
    assert names(chosen(some(), tags=("money",))) == ["checkout"]
    assert names(chosen(some(), keyword="not slow and not ship")) == ["login"]


def test_tags_are_alternatives_in_any_case() -> None:
    """One of them is enough."""
    assert names(chosen(some(), tags=("auth", "money"))) == ["login", "checkout"]


def test_ids_are_compared_whole() -> None:
    """Of tests and of suites."""
    items: list[Item] = [
        case("a", "", id="one"),
        case("b", "", id="one more"),
        suite("c", step(case("d", "")), id="two"),
    ]
    assert names(chosen(items, ids=("one", "two"))) == ["a", "c"]


def test_what_is_needed_comes_along() -> None:
    """All the way, and the user is told."""
    found = chosen(some(), keyword="mail")
    assert names(found) == ["checkout", "ship", "mail"]
    assert found.notes == ("2 more run, for what was chosen needs them",)


def test_choosing_nothing_is_a_fault() -> None:
    """With the nearest tag."""
    with pytest.raises(UsageError) as told:
        chosen(some(), tags=("slwo",))
    assert told.value.message == '--tag slwo: none of 4 tests and suites is chosen by it; did you mean "slow"?'


def remember(items: list[Item], **outcomes: str) -> dict[str, Remembered]:
    """Outcomes of the units by name."""
    units = arrange(items).units
    return {
        unit.cases[-1].key: Remembered(outcome=outcomes[unit.name], duration_ns=10)
        for unit in units
        if unit.name in outcomes
    }


def test_last_failed_runs_just_those() -> None:
    """Failed, inconclusive, errored; flaky ones had passed."""
    items: list[Item] = [case(name, "") for name in "abcde"]
    known = remember(items, a="failed", b="passed", c="errored", d="flaky", e="inconclusive")
    assert names(chosen(items, known, last_failed=True)) == ["a", "c", "e"]
    assert names(chosen(items, known, failed_first=True)) == ["a", "c", "e", "b", "d"]
    found = chosen(items, {}, last_failed=True)
    assert (names(found), found.notes) == (list("abcde"), ("nothing failed when it ran last, so everything runs",))


def test_random_order_hangs_on_the_seed_alone() -> None:
    """And loses nothing."""
    items: list[Item] = [case(f"t{n}", "") for n in range(20)]
    once, again = (names(chosen(items, random_order=True, seed=7)) for _ in range(2))
    assert once == again
    assert once != names(chosen(items, random_order=True, seed=8))
    assert sorted(once) == sorted(f"t{n}" for n in range(20))


def test_shards_are_a_partition_that_does_not_hang_on_the_order_of_files() -> None:
    """Each unit is in one, suites whole, what `needs` joins together."""
    items = [*some(), *(case(f"t{n}", "") for n in range(30))]
    shuffled = items.copy()
    random.Random(3).shuffle(shuffled)
    parts = [chosen(items, shard=(n, 4)) for n in (1, 2, 3, 4)]
    found = [set(names(part)) for part in parts]
    assert sorted(name for part in found for name in part) == sorted(item.name for item in items)
    assert [set(names(chosen(shuffled, shard=(n, 4)))) for n in (1, 2, 3, 4)] == found
    assert len({part.plan for part in parts}) == 1
    assert {part.planned for part in parts} == {35}
    assert any({"checkout", "ship", "mail"} <= part for part in found)
    sizes = [len(part.arrangement.cases) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_shards_are_balanced_by_earlier_durations() -> None:
    """One long test weighs as much as many short ones; what is unknown weighs what is usual."""
    items: list[Item] = [case(f"t{n}", "") for n in range(11)]
    known = {unit.node.key: Remembered(outcome="passed", duration_ns=10) for unit in arrange(items).units}
    known[arrange(items).units[4].node.key] = Remembered(outcome="passed", duration_ns=100)
    parts = [names(chosen(items, known, shard=(n, 2))) for n in (1, 2)]
    assert sorted(len(part) for part in parts) == [1, 10]
    assert ["t4"] in parts
    assert chosen(items, known, shard=(1, 2)).plan != chosen(items, shard=(1, 2)).plan


def test_an_empty_shard_is_no_fault() -> None:
    """There may be more machines than tests."""
    parts = [names(chosen([case("a", "")], shard=(n, 3))) for n in (1, 2, 3)]
    assert sorted(map(len, parts)) == [0, 0, 1]

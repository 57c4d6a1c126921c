"""Which units run, in which order, and which part of them is this shard's. Pure: what is remembered comes in.

Suites are taken or left whole, and what a chosen item `needs` is taken with it. Shards are made from the chosen cases
alone: the heaviest group goes to the lightest shard, weights being earlier durations where they are known, and the order
among equals a hash of the key, so that neither the order of files nor that of the command line matters.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.errors import UsageError
from spanspec.results.model import Outcome
from spanspec.runner.arrange import SuiteNode
from spanspec.runner.keyword import Words, condition
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spanspec.archive.outcomes import Remembered
    from spanspec.runner.arrange import Arrangement, Unit

_AGAIN = frozenset({Outcome.FAILED.value, Outcome.INCONCLUSIVE.value, Outcome.ERRORED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the command line asks for.

    Attributes:
        keyword: An expression of `-k`, or empty.
        tags: One of these must be among the tags; empty for all.
        ids: Only items of these ids; empty for all.
        last_failed: Only what did not pass when it ran last; all when nothing did.
        failed_first: That first.
        random_order: Shuffled by `seed`.
        seed: Of the run.
        shard: Number and count, from 1; None for all.
    """

    keyword: str = ""
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    last_failed: bool = False
    failed_first: bool = False
    random_order: bool = False
    seed: int = 0
    shard: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What runs.

    Attributes:
        arrangement: The units in the order in which they are started.
        planned: How many cases all shards have together.
        plan: A short text that is the same for the same cases, split in the same way; empty without shards.
        notes: What the user should know of the choice.
    """

    arrangement: Arrangement
    planned: int
    plan: str = ""
    notes: tuple[str, ...] = ()


def parse_shard(text: str) -> tuple[int, int]:
    """`2/4` as two numbers.

    Raises:
        UsageError: It is no shard; the message marks the place.
    """
    number, slash, count = text.partition("/")
    help_ = "Write --shard NUMBER/COUNT, such as --shard 1/4 for the first of four."

    def fail(what: str, at: int, length: int) -> UsageError:
        return UsageError(f"--shard: {what}\n  {text}\n  {' ' * at}{'^' * max(1, length)}", help=help_)

    if not slash:
        raise fail("the count is missing", len(text), 1)
    for part, at, what in ((number, 0, "the number"), (count, len(number) + 1, "the count")):
        if not (part.isascii() and part.isdigit()) or len(part) > 6:
            raise fail(f'{what} is "{part}"', at, len(part))
        if int(part) == 0:
            raise fail(f"{what} counts from 1", at, len(part))
    if int(number) > int(count):
        raise fail(f"there is no shard {number} of {count}", 0, len(number))
    return int(number), int(count)


def choose(arrangement: Arrangement, wanted: Selection, remembered: Mapping[str, Remembered]) -> Chosen:
    """What runs of all that was loaded.

    Args:
        arrangement: All of it.
        wanted: What is asked for.
        remembered: Earlier outcomes and durations, by the cases' keys.

    Raises:
        UsageError: The expression is none, or nothing is chosen.
    """
    notes: list[str] = []
    units = _matching(arrangement.units, wanted)
    if wanted.last_failed:
        failed = [unit for unit in units if _did_fail(unit, remembered)]
        notes.extend([] if failed else ["nothing failed when it ran last, so everything runs"])
        units = failed or units
    units, needed = _with_needed(units, arrangement.units)
    if needed:
        notes.append(
            f"{needed} more {'runs' if needed == 1 else 'run'}, for what was chosen needs {'it' if needed == 1 else 'them'}"
        )
    planned = sum(len(unit.cases) for unit in units)
    plan = ""
    if wanted.shard is not None:
        units, plan = _sharded(units, wanted.shard, remembered)
    if wanted.random_order:
        units = random.Random(wanted.seed).sample(units, len(units))  # noqa: S311 - an order, no secret
    if wanted.failed_first:
        units = sorted(units, key=lambda unit: not _did_fail(unit, remembered))
    return Chosen(arrangement=arrangement.only(units), planned=planned, plan=plan, notes=tuple(notes))


def _matching(units: Sequence[Unit], wanted: Selection) -> list[Unit]:
    keep = condition(wanted.keyword) if wanted.keyword else None
    tags = {tag.lower() for tag in wanted.tags}
    words = [(unit, words_of(unit)) for unit in units]
    found = [
        unit
        for unit, its in words
        if (keep is None or keep(its))
        and (not tags or not tags.isdisjoint(its.tags))
        and (not wanted.ids or unit.node.plan.id in wanted.ids)
    ]
    if not found and units:
        raise _nothing(wanted, [its for _, its in words])
    return found


def _nothing(wanted: Selection, words: Sequence[Words]) -> UsageError:
    asked = [
        f"-k '{wanted.keyword}'" if wanted.keyword else "",
        *(f"--tag {tag}" for tag in wanted.tags),
        *(f"--id {each}" for each in wanted.ids),
    ]
    known = {tag for its in words for tag in its.tags}
    hint = next(filter(None, (did_you_mean(tag, known) for tag in wanted.tags)), "")
    message = f"{' and '.join(filter(None, asked))}: none of {len(words)} tests and suites is chosen by it"
    return UsageError(
        f"{message}; {hint}" if hint else message, help="Run with --plan alone to see their names, files and tags."
    )


def words_of(unit: Unit) -> Words:
    """What a unit can be found by; a suite by all that is in it."""
    suites = [suite.plan for suite in unit.node.suites] if isinstance(unit.node, SuiteNode) else []
    plans = [case.plan for case in unit.cases]
    names = [text for plan in plans for text in (plan.name, plan.id, plan.row_label)]
    around = [name for case in unit.cases for name in case.suite]
    return Words(
        names=_lower((*names, *(text for suite in suites for text in (suite.name, suite.id)))),
        suites=_lower((*around, *(suite.name for suite in suites))),
        files=_lower((*(plan.path for plan in plans), *(suite.path for suite in suites))),
        tags=_lower((*(tag for plan in plans for tag in plan.tags), *(tag for suite in suites for tag in suite.tags))),
    )


def _lower(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.lower() for text in texts if text))


def _did_fail(unit: Unit, remembered: Mapping[str, Remembered]) -> bool:
    return any(case.key in remembered and remembered[case.key].outcome in _AGAIN for case in unit.cases)


def _with_needed(chosen: Sequence[Unit], every: Sequence[Unit]) -> tuple[list[Unit], int]:
    """The chosen units and all that they need, in the order of the plan, and how many that adds."""
    needs = {unit.item: unit.needs for unit in every}
    wanted = {unit.item for unit in chosen}
    ahead = list(wanted)
    added: set[int] = set()
    while ahead:
        for item in needs.get(ahead.pop(), ()):
            if item not in wanted and item not in added:
                added.add(item)
                ahead.append(item)
    kept = {id(unit) for unit in chosen}
    found = [unit for unit in every if id(unit) in kept or unit.item in added]
    return found, len(found) - len(chosen)


def _sharded(
    units: Sequence[Unit], shard: tuple[int, int], remembered: Mapping[str, Remembered]
) -> tuple[list[Unit], str]:
    """This shard's units in the order of the plan, and what stands for the whole split."""
    every = [case.key for unit in units for case in unit.cases]
    known = {key: remembered[key].duration_ns for key in every if key in remembered and remembered[key].duration_ns}
    usual = max(1, sum(known.values()) // len(known)) if known else 1

    def weight(group: Sequence[Unit]) -> int:
        return sum(known.get(case.key, usual) for unit in group for case in unit.cases)

    def name(group: Sequence[Unit]) -> str:
        return _hash(*(unit.node.key for unit in group))

    groups = sorted(_groups(units), key=lambda group: (-weight(group), name(group)))
    loads = [0] * shard[1]
    members: list[list[str]] = [[] for _ in loads]
    mine: set[int] = set()
    for group in groups:
        lightest = loads.index(min(loads))
        loads[lightest] += weight(group)
        members[lightest].append(name(group))
        if lightest == shard[0] - 1:
            mine.update(id(unit) for unit in group)
    split = _hash(*(",".join(sorted(each)) for each in members))
    return [unit for unit in units if id(unit) in mine], split


def _groups(units: Sequence[Unit]) -> list[list[Unit]]:
    """Units that must stay together: those joined by `needs`, whichever way round."""
    leader = {unit.item: unit.item for unit in units}

    def top(item: int) -> int:
        while leader[item] != item:
            item = leader[item]
        return item

    tied: set[int] = set()
    for unit in units:
        for other in unit.needs:
            if other in leader:
                tied |= {unit.item, other}
                leader[top(other)] = top(unit.item)
    groups: dict[object, list[Unit]] = {}
    for unit in units:
        # Repeats of an item that nobody needs may go to different shards.
        groups.setdefault(top(unit.item) if unit.item in tied else unit.node.key, []).append(unit)
    return list(groups.values())


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()

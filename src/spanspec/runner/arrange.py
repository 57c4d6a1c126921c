"""From loaded items to the cases of a run: numbered, with a stable key each, suites kept as trees. Pure.

A key says which case it is across runs, shards and selections: file, names, place among the steps, row, repeat. What is
generated for a case hangs on its key, and so does what is remembered of it.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from spanspec.definition.plan import Plan, SuitePlan
from spanspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spanspec.definition.plan import Item, StepPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNode:
    """One case to be run.

    Attributes:
        plan: What it does.
        index: Its place among all cases of the whole plan, from 0.
        key: Stable across runs.
        suite: Names of the suites around it, outermost first.
        repeat: Which of `--repeat`, from 0.
    """

    plan: Plan
    index: int
    key: str
    suite: tuple[str, ...] = ()
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNode:
    """One step: its cases, or the suite that it is."""

    step: StepPlan
    cases: tuple[CaseNode, ...] = ()
    suite: SuiteNode | None = None

    @property
    def listed(self) -> bool:
        """Whether its outputs are lists: it has `cases`."""
        return len(self.cases) > 1 or any(case.plan.row for case in self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteNode:
    """One suite to be run.

    Attributes:
        plan: The suite.
        number: Its place among all suites of the whole plan, outer ones before inner ones.
        key: Stable across runs.
        parents: Names of the suites around it, outermost first.
        steps: In order.
    """

    plan: SuitePlan
    number: int
    key: str
    parents: tuple[str, ...] = ()
    steps: tuple[StepNode, ...] = ()

    @property
    def cases(self) -> tuple[CaseNode, ...]:
        """Those of all steps, in order."""
        return tuple(case for step in self.steps for case in cases_of(step.suite or step))

    @property
    def suites(self) -> tuple[SuiteNode, ...]:
        """Itself and the suites in it, outer ones before inner ones."""
        return (self, *(inner for step in self.steps if step.suite is not None for inner in step.suite.suites))


Node: TypeAlias = CaseNode | SuiteNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is started as a whole: a case that stands alone, or a suite.

    Attributes:
        node: The case or suite.
        item: Which of the loaded items it comes from, from 0; repeats share it.
        needs: Items that must have passed before.
    """

    node: Node
    item: int
    needs: tuple[int, ...] = ()

    @property
    def cases(self) -> tuple[CaseNode, ...]:
        """Its cases, in order."""
        return cases_of(self.node)

    @property
    def name(self) -> str:
        """The test's or suite's name."""
        return self.node.plan.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """All units of a run, in the order of the files.

    Attributes:
        units: In order.
        unmet: What `needs` names and no item is: the item's path, its name, and the word.
    """

    units: tuple[Unit, ...] = ()
    unmet: tuple[tuple[str, str, str], ...] = ()

    @property
    def cases(self) -> tuple[CaseNode, ...]:
        """All cases, in order."""
        return tuple(case for unit in self.units for case in unit.cases)

    @property
    def suites(self) -> tuple[SuiteNode, ...]:
        """All suites, outer ones before inner ones."""
        return tuple(suite for unit in self.units if isinstance(unit.node, SuiteNode) for suite in unit.node.suites)

    def only(self, units: Sequence[Unit]) -> Arrangement:
        """The same with these units, in this order."""
        return replace(self, units=tuple(units))


def cases_of(node: Node | StepNode) -> tuple[CaseNode, ...]:
    """The cases of a node, in order."""
    return (node,) if isinstance(node, CaseNode) else node.cases


def arrange(items: Sequence[Item], *, repeat: int = 1) -> Arrangement:
    """All cases of the items, numbered in order.

    Args:
        items: As loaded.
        repeat: How often each is run; the repeats of an item follow each other.
    """
    numbering = _Numbering()
    units: list[Unit] = []
    unmet: list[tuple[str, str, str]] = []
    for position, item in enumerate(items):
        needs: list[int] = []
        for word in _needs_of(item):
            found = [other for other, each in enumerate(items) if other != position and is_called(each, word, item)]
            needs.extend(found)
            if not found:
                unmet.append((item.path, item.name, word))
        for number in range(repeat):
            node = numbering.node(item, number)
            units.append(Unit(node=node, item=position, needs=tuple(dict.fromkeys(needs))))
    return Arrangement(units=tuple(units), unmet=tuple(unmet))


def hold(arrangement: Arrangement) -> None:
    """Hold that every `needs` names an item, and that none goes round in a circle.

    Raises:
        UsageError: It tells all of them.
    """
    faults = [
        f'{path}: "{name}" needs "{word}", and no test or suite is called so' for path, name, word in arrangement.unmet
    ]
    names = {unit.item: unit.name for unit in arrangement.units}
    for circle in _circles({unit.item: unit.needs for unit in arrangement.units}):
        faults.append("`needs` goes round in a circle: " + " → ".join(f'"{names[item]}"' for item in circle))
    if faults:
        help_ = "Name a test or suite by its name, its id or its file; it must be among those that are loaded."
        raise UsageError("\n".join(faults), help=help_)


def _circles(needs: Mapping[int, tuple[int, ...]]) -> list[tuple[int, ...]]:
    """One way round for each circle that is met first when following `needs` in order."""
    found: list[tuple[int, ...]] = []
    done: set[int] = set()
    for start in needs:
        path: list[int] = [] if start in done else [start]
        ahead = [iter(needs.get(start, ()))]
        while path:
            item = next(ahead[-1], None)
            if item is None:
                done.add(path.pop())
                ahead.pop()
            elif item in path:
                found.append((*path[path.index(item) :], item))
            elif item not in done and item in needs:
                path.append(item)
                ahead.append(iter(needs[item]))
    return found


def is_called(item: Item, word: str, by: Item) -> bool:
    """Whether `word`, as `by` writes it, is the item's name, id or path."""
    if word in (item.name, item.id):
        return True
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(by.path.replace("\\", "/")), word))
    return posixpath.normpath(item.path.replace("\\", "/")) in (beside, posixpath.normpath(word))


def _needs_of(item: Item) -> Iterator[str]:
    """What an item needs from outside itself: of a suite also what its steps need that is no step of it."""
    yield from item.needs
    if isinstance(item, SuitePlan):
        steps = list(_parts(item))
        for step in steps:
            yield from (word for word in step.needs if not any(is_called(other, word, step) for other in steps))


def _parts(suite: SuitePlan) -> Iterator[Item]:
    for step in suite.steps:
        yield from step.plans
        if step.suite is not None:
            yield step.suite
            yield from _parts(step.suite)


class _Numbering:
    """Gives numbers and keys; two cases that are alike in all else are told apart by their order."""

    def __init__(self) -> None:
        self._cases = 0
        self._suites = 0
        self._seen: dict[str, int] = {}

    def node(self, item: Item, repeat: int) -> Node:
        if isinstance(item, SuitePlan):
            return self._suite(item, repeat, (), self._own(f"{item.path}::{item.name}", repeat))
        return self._case(item, repeat, (), self._own(f"{item.path}::{item.name}[{item.row_index}]", repeat))

    def _own(self, key: str, repeat: int) -> str:
        marked = f"{key}#{repeat}"
        count = self._seen[marked] = self._seen.get(marked, 0) + 1
        return marked if count == 1 else f"{marked}~{count}"

    def _case(self, plan: Plan, repeat: int, suite: tuple[str, ...], key: str) -> CaseNode:
        self._cases += 1
        return CaseNode(plan=plan, index=self._cases - 1, key=key, suite=suite, repeat=repeat)

    def _suite(self, plan: SuitePlan, repeat: int, parents: tuple[str, ...], key: str) -> SuiteNode:
        self._suites += 1
        number = self._suites - 1
        inside = (*parents, plan.name)
        steps = tuple(self._step(step, repeat, inside, f"{key}/{at}") for at, step in enumerate(plan.steps))
        return SuiteNode(plan=plan, number=number, key=key, parents=parents, steps=steps)

    def _step(self, step: StepPlan, repeat: int, suite: tuple[str, ...], key: str) -> StepNode:
        if step.suite is not None:
            return StepNode(step=step, suite=self._suite(step.suite, repeat, suite, f"{key}:{step.suite.name}"))
        cases = tuple(self._case(p, repeat, suite, f"{key}:{p.name}[{p.row_index}]") for p in step.plans)
        return StepNode(step=step, cases=cases)

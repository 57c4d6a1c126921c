"""Units under way: a case that stands alone, or a suite with its steps in order, side by side, nested, conditional."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from spanspec.definition.bind import bind_variables, evaluate_text, is_met
from spanspec.language.dialect import Dialect
from spanspec.language.values import text_of
from spanspec.results.model import Outcome, OutputResult
from spanspec.runner.arrange import CaseNode, SuiteNode, cases_of, is_called
from spanspec.runner.board import NOT_PASSED, SuiteDone, did
from spanspec.runner.session import Ended
from spanspec.runner.tries import run_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.definition.plan import Plan
    from spanspec.language.verdict import Value
    from spanspec.runner.arrange import StepNode, Unit
    from spanspec.runner.board import Board
    from spanspec.runner.slots import Slots


@dataclass(slots=True, kw_only=True)
class Outputs:
    """What steps have left.

    Attributes:
        values: By name.
        lost: Outputs that never came, with the reason.
    """

    values: dict[str, Value] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Outputs:
        """The same, to be changed by itself."""
        return Outputs(values=dict(self.values), lost=dict(self.lost))

    def add(self, other: Outputs) -> None:
        """Take over what others left; a value ends a loss, and a loss takes the value away."""
        for name, value in other.values.items():
            self.values[name] = value
            self.lost.pop(name, None)
        for name, reason in other.lost.items():
            self.lost[name] = reason
            self.values.pop(name, None)


class Walk:
    """Carries out units; everything found is put on the board.

    Args:
        board: Where results gather.
        slots: How many cases may be under way; the caller holds one for each unit.
    """

    def __init__(self, board: Board, slots: Slots) -> None:
        self._board, self._slots, self._session = board, slots, board.session

    async def unit(self, unit: Unit) -> None:
        """All of a unit."""
        if isinstance(unit.node, SuiteNode):
            await self._suite(unit.node, Outputs())
        else:
            await self._case(unit.node, Outputs())

    async def _case(self, node: CaseNode, known: Outputs) -> Ended:
        board = self._board
        reason = board.halted or _lost(node.plan, known)
        if reason:
            board.skip([node], reason)
            return board.ended[node.index]
        ended = await run_case(node.plan, node.index, self._session, key=node.key, given=known.values)
        board.put(node, ended)
        if ended.cut:
            raise asyncio.CancelledError
        return ended

    async def _suite(self, node: SuiteNode, known: Outputs) -> Outputs:
        """What its steps left, besides what was known."""
        began = self._session.clock.monotonic_ns()
        left = Outputs()
        if node.plan.skip:
            self._board.skip(node.cases, node.plan.skip)
        elif node.plan.parallel:
            await self._side_by_side(node, known, left)
        else:
            await self._in_order(node, known, left)
        self._board.suites[node.number] = SuiteDone(
            outputs=tuple(_listed(left)), duration_ns=self._session.clock.monotonic_ns() - began
        )
        return left

    async def _side_by_side(self, node: SuiteNode, known: Outputs, left: Outputs) -> None:
        found: dict[int, Outputs] = {}

        async def one(position: int, step: StepNode) -> None:
            found[position] = await self._step(step, known)

        await self._slots.side_by_side([partial(one, at, step) for at, step in enumerate(node.steps)])
        for position in range(len(node.steps)):
            left.add(found[position])

    async def _in_order(self, node: SuiteNode, known: Outputs, left: Outputs) -> None:
        at_hand = known.copy()
        stopped = ""
        for position, step in enumerate(node.steps):
            cases = cases_of(step.suite or step)
            reason = stopped or self._unmet(step, node.steps[:position])
            if reason:
                self._board.skip(cases, reason)
                found = _nothing_of(step, reason)
            else:
                found = await self._step(step, at_hand)
            at_hand.add(found)
            left.add(found)
            outcome = self._board.outcome(cases)
            if node.plan.stop and not stopped and outcome in NOT_PASSED:
                stopped = f'the step "{step.step.name}" {did(outcome)} before it'

    def _unmet(self, step: StepNode, earlier: Sequence[StepNode]) -> str:
        """Why a step that needs an earlier one by name cannot run, or empty."""
        for item in (step.suite.plan,) if step.suite is not None else step.step.plans:
            for word in item.needs:
                for other in earlier:
                    parts = (other.suite.plan,) if other.suite is not None else other.step.plans
                    outcome = self._board.outcome(cases_of(other.suite or other))
                    if outcome in (Outcome.PASSED, Outcome.FLAKY):
                        continue
                    if other.step.name == word or any(is_called(part, word, item) for part in parts):
                        return f'it needs "{other.step.name}", which {did(outcome)}'
        return ""

    async def _step(self, step: StepNode, known: Outputs) -> Outputs:
        cases = cases_of(step.suite or step)
        reason = self._board.halted or self._not_met(step, known)
        if reason:
            self._board.skip(cases, reason)
            return _nothing_of(step, reason)
        if step.suite is not None:
            return await self._suite(step.suite, known)
        await self._slots.side_by_side([partial(self._row, case, known) for case in step.cases])
        return _left_by(step, [self._board.ended[case.index] for case in step.cases])

    async def _row(self, case: CaseNode, known: Outputs) -> None:
        await self._case(case, known)

    def _not_met(self, step: StepNode, known: Outputs) -> str:
        """Why a step's condition keeps it from running, or empty."""
        condition = step.step.only_if
        if not condition:
            return ""
        environment, variables = self._session.environment, dict(known.values)
        plans = step.step.plans or (step.suite.plan.plans if step.suite is not None else ())
        for plan in plans[:1]:
            bare = replace(plan, trigger=None, references=())
            variables.update(bind_variables(bare, known.values, environment=environment, generators=None).variables)
        value = evaluate_text(condition, variables, environment=environment)
        return "" if is_met(value) else f'only_if "{condition}" is not met'


def _lost(plan: Plan, known: Outputs) -> str:
    """Why a plan that reads an output which never came cannot run, or empty."""
    own = {output.name for output in plan.outputs}
    made = {output.name for hook in plan.setup for output in (*hook.outputs, *(hook.test.outputs if hook.test else ()))}
    for reference in plan.references:
        name = reference.name
        if name in known.lost and name not in made and not (reference.own_outputs and name in own):
            return f'it needs the output "{name}", which never came: {known.lost[name]}'
    return ""


def _left_by(step: StepNode, ended: Sequence[Ended]) -> Outputs:
    """The outputs of a test's rows: lists in row order where it has `cases`."""
    left = Outputs()
    for name in dict.fromkeys(output.name for case in step.cases for output in case.plan.outputs):
        lacking = next((each for each in ended if name not in each.values), None)
        if lacking is not None:
            left.lost[name] = _why_lost(name, lacking)
        elif step.listed:
            left.values[name] = tuple(each.values[name] for each in ended)
        else:
            left.values[name] = ended[0].values[name]
    return left


def _why_lost(name: str, ended: Ended) -> str:
    result = ended.result
    row = f" ({result.row})" if result.row else ""
    said = next((output.error for output in result.outputs if output.name == name and output.error), "")
    return said or f'"{result.name}"{row} {did(result.outcome)}'


def _nothing_of(step: StepNode, reason: str) -> Outputs:
    """The outputs of a step that was skipped: all lost."""
    plans = step.suite.plan.plans if step.suite is not None else step.step.plans
    why = f'"{step.step.name}" was skipped: {reason}'
    return Outputs(lost={output.name: why for plan in plans for output in plan.outputs})


def _listed(outputs: Outputs) -> Iterator[OutputResult]:
    for name, value in outputs.values.items():
        yield OutputResult(name=name, value=text_of(value, Dialect.SPECS))
    for name, reason in outputs.lost.items():
        yield OutputResult(name=name, error=reason)

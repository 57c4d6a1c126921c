"""Which variables are named and defined nowhere: found in every text of every test, before anything is sent.

In a suite the outputs of earlier steps are known; of parallel steps each knows only what was known before the group.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.plan import Plan, Reference, SuitePlan
from spanspec.definition.texts import variables_named
from spanspec.definition.variables import ENDPOINT
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_template
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range, SourceText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spanspec.definition.plan import HookPlan, Item, StepPlan

_NOTHING: Mapping[str, str] = MappingProxyType({})


def missing(
    plans: Iterable[Plan], variables: Iterable[str] = (), *, environment: Mapping[str, str] = _NOTHING
) -> tuple[Diagnostic, ...]:
    """A fault for each variable that a plan names and nothing defines, at its first use.

    Looked at are the trigger, `vars`, set-up and tear-down, selectors, assertions, expectations, outputs, the store:
    everything, before anything is sent.

    Args:
        plans: The plans.
        variables: Names defined besides the plan's own.
        environment: Where `env:NAME` looks last.
    """
    known = frozenset(variables)
    found = (each for plan in plans for each in _of_plan(plan, known, environment))
    return tuple(dict.fromkeys(fault for _, fault in found))


def undefined(item: Item, environment: Mapping[str, str], given: frozenset[str] = frozenset()) -> dict[Diagnostic, str]:
    """The faults of an item, each with the name of the variable; a suite's steps know the outputs before them."""
    if isinstance(item, Plan):
        found = _of_plan(item, given, environment)
    else:
        found = _of_suite(item, given, environment)
    return {fault: name for name, fault in found}


_Found = tuple[str, Diagnostic]


def _of_suite(suite: SuitePlan, before: frozenset[str], environment: Mapping[str, str]) -> Iterator[_Found]:
    known = before
    for step in suite.steps:
        seen = before if suite.parallel else known
        found = [*_condition(step, suite, seen, environment)]
        if step.suite is not None:
            found.extend(_of_suite(step.suite, seen, environment))
        for plan in step.plans:
            found.extend(_of_plan(plan, seen, environment))
        for name, fault in found:
            yield name, _given_elsewhere(name, fault, suite)
        known |= _outputs(step)


def _given_elsewhere(name: str, fault: Diagnostic, suite: SuitePlan) -> Diagnostic:
    """The fault with better advice where another step of the suite gives the variable, too late."""
    giver = next((step for step in suite.steps if name in _outputs(step)), None)
    if giver is None:
        return fault
    advice = f'The step "{giver.name}" gives it: write that step above this one.'
    if suite.parallel:
        advice = f'The step "{giver.name}" gives it, and parallel steps know nothing of each other: take it out of the group.'
    return replace(fault, help=advice, label="")


def _outputs(step: StepPlan) -> frozenset[str]:
    plans = step.suite.plans if step.suite is not None else step.plans
    return frozenset(output.name for plan in plans for output in plan.outputs)


def _condition(
    step: StepPlan, suite: SuitePlan, known: frozenset[str], environment: Mapping[str, str]
) -> Iterator[_Found]:
    """The names in `only_if`; what the step's own variables say is known there too."""
    node = parse_template(step.only_if, Dialect.SPECS).node if "${" in step.only_if else None
    own = {name for plan in step.plans for name in plan.variables}
    for name in variables_named(node) if node is not None else ():
        if name.key in known or name.key in own or (str(name.place) == "env" and name.key in environment):
            continue
        at = step.place
        start = suite.source.offset(at.line, at.column) if at is not None else 0
        span = Range(start, start + at.length) if at is not None else None
        where = Reference(prefix=str(name.place), name=name.key, where="only_if", range=span, source=suite.source)
        yield name.key, _fault(where, suite.source, known | own, below=False, environment=environment)


def _of_plan(plan: Plan, given: frozenset[str], environment: Mapping[str, str]) -> Iterator[_Found]:
    seen = set()
    for reference in plan.references:
        if reference.name in seen or reference.name in given:
            continue
        known = _known(reference, plan)
        if reference.name in known or (reference.prefix == "env" and reference.name in environment):
            continue
        seen.add(reference.name)
        below = reference.where.startswith("vars.") and reference.name in plan.variables
        yield reference.name, _fault(reference, plan.source, known | given, below=below, environment=environment)
    known_names = given | set(plan.variables)
    for index, hook in enumerate((*plan.setup, *plan.teardown)):
        if hook.test is not None:
            before = _of_hooks((*plan.setup, *plan.teardown)[:index])
            own = {output.name for output in plan.outputs} if index >= len(plan.setup) else set()
            yield from _of_plan(hook.test, known_names | before | own, environment)


def _known(reference: Reference, plan: Plan) -> frozenset[str]:
    """The variables known where a reference stands: in `vars` those above, in set-up the outputs of the items before."""
    names = list(plan.variables)
    endpoint = {ENDPOINT} if plan.endpoint else set()
    if reference.where.startswith("vars."):
        own = reference.where.removeprefix("vars.")
        return frozenset(names[: names.index(own)] if own in names else names) | endpoint
    known = frozenset(names) | endpoint
    kind, _, index = reference.where.partition("]")[0].partition("[")
    if kind == "setup":
        return known | _of_hooks(plan.setup[: int(index)])
    known |= _of_hooks(plan.setup)
    if kind == "teardown":
        known |= _of_hooks(plan.teardown[: int(index)])
    if kind == "teardown" or reference.own_outputs:
        known |= {output.name for output in plan.outputs}
    return known


def _of_hooks(hooks: Iterable[HookPlan]) -> frozenset[str]:
    return frozenset(
        output.name for hook in hooks for output in (*hook.outputs, *(hook.test.outputs if hook.test else ()))
    )


def _fault(
    reference: Reference, source: SourceText, known: Iterable[str], *, below: bool, environment: Mapping[str, str]
) -> Diagnostic:
    name = reference.name
    candidates = {*known, *(environment if reference.prefix == "env" else ())}
    advice = f"Pass --var {name}=VALUE, or write it under `vars:`."
    if reference.prefix == "env":
        advice = f"Set the environment variable {name}, pass --var {name}=VALUE, or write it under `vars:`."
    return Diagnostic(
        code="missing-variable",
        message=f'no variable "{name}" is defined, and `{reference.where}` needs it',
        range=reference.range,
        source=reference.source or source,
        label="" if below else did_you_mean(name, candidates),
        help="Write it above this one: variables are evaluated top to bottom." if below else advice,
    )

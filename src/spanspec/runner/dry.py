"""What a case would fire, as command lines: its set-up, its trigger, its tear-down. Nothing is fired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.definition.bind import bind_trigger, bind_variables, outputs_of_hooks
from spanspec.results.mask import masked
from spanspec.runner.case import generators_of
from spanspec.runner.firing import context_of
from spanspec.runner.outcome import diagnosed, secrets_of
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spanspec.definition.plan import HookPlan, Plan, TriggerPlan
    from spanspec.language.verdict import Generators, Value
    from spanspec.runner.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class DryLine:
    """One thing that would be fired.

    Attributes:
        what: Which part of the case: `set-up`, `trigger`, `tear-down`.
        line: The command line that does the same by hand, secrets masked; empty where it cannot be told.
        fault: Why it cannot be told.
    """

    what: str
    line: str = ""
    fault: str = ""


def dry_lines(plan: Plan, session: Session, key: str, outputs: Mapping[str, Value]) -> tuple[DryLine, ...]:
    """What a case would fire, in order.

    Args:
        plan: Of the case.
        session: Time, chance and environment; no store is asked.
        key: Of the case, for its generated values.
        outputs: Stand-ins for values that other cases would leave, `<NAME>`.
    """
    generators = generators_of(key, session)
    stand_ins: dict[str, Value] = {name: f"<{name}>" for name in outputs_of_hooks(plan)}
    given = {name: value for name, value in {**outputs, **stand_ins}.items() if name not in plan.variables}
    bound = bind_variables(plan, given, environment=session.environment, generators=generators)
    fault = diagnosed(bound.diagnostics)
    if fault is not None:
        return (DryLine(what="trigger", fault=fault.message),)
    known = {**given, **bound.variables}
    return tuple(_lines(plan, session, known, generators))


def _lines(plan: Plan, session: Session, known: Mapping[str, Value], generators: Generators) -> Iterator[DryLine]:
    for hook in plan.setup:
        yield from _of_hook("set-up", hook, plan, session, known, generators)
    if plan.trigger is not None:
        yield _line("trigger", plan.trigger, plan, session, known, generators)
    for hook in plan.teardown:
        yield from _of_hook("tear-down", hook, plan, session, known, generators)


def _of_hook(
    what: str, hook: HookPlan, plan: Plan, session: Session, known: Mapping[str, Value], generators: Generators
) -> Iterator[DryLine]:
    if hook.test is not None:
        yield from dry_lines(hook.test, session, f"{plan.name}/{what}", known)
    elif hook.trigger is not None:
        yield _line(what, hook.trigger, plan, session, known, generators)


def _line(
    what: str,
    trigger: TriggerPlan,
    plan: Plan,
    session: Session,
    known: Mapping[str, Value],
    generators: Generators,
) -> DryLine:
    bound = bind_trigger(plan, trigger, known, environment=session.environment, generators=generators, where=what)
    fault = diagnosed(bound.diagnostics)
    if fault is not None or bound.trigger is None:
        return DryLine(what=what, fault=fault.message if fault is not None else "there is no trigger")
    show = getattr(bound.trigger, "dry_run", None)  # a class of a third party's need not have it
    line = show(context_of(plan, session)) if show is not None else f"# {bound.trigger.describe()}"
    safe = "\n".join(visible(part) for part in line.split("\n"))
    return DryLine(what=what, line=masked(safe, secrets_of(bound, session)))

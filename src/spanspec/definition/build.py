"""From entries of files to plans: tests with what holds around them, suites with their steps, in one walk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.bind import bind, evaluate_text, is_met
from spanspec.definition.decode import decode
from spanspec.definition.faults import Faults
from spanspec.definition.files import absent
from spanspec.definition.library import Entry
from spanspec.definition.plan import Options, Plan, StepPlan, SuitePlan
from spanspec.definition.planning import Around, plans_of
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.suites import decode_suite
from spanspec.definition.texts import Reader
from spanspec.definition.variables import ordered
from spanspec.definition.yaml import plain
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.blocks import Layer
    from spanspec.definition.configs import Configs
    from spanspec.definition.library import File
    from spanspec.definition.plan import Item
    from spanspec.definition.planning import Written
    from spanspec.definition.references import References
    from spanspec.definition.suites import StepText, SuiteText
    from spanspec.source.text import Range

MAX_PLANS = 50_000
_MAX_DEPTH = 30


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What holds for every file of a run.

    Attributes:
        options: The command line.
        above: The settings of the environment and the command line.
        files: Variables of `--vars`.
        given: Variables of `--var`.
        environment: Where `env:NAME` looks last.
        current: The settings of resources that hold without being named.
    """

    options: Options
    above: tuple[Layer, ...] = ()
    files: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    given: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    current: tuple[Layer, ...] = ()


class Builder:
    """Makes plans. Faults go to the files.

    Args:
        outside: What holds for every file.
        references: Finds what files name.
        configs: The settings files that hold for a folder, outermost first.
    """

    def __init__(self, outside: Outside, references: References, configs: Configs) -> None:
        self.outside = outside
        self.references = references
        self.configs = configs
        self.named: dict[tuple[str, int], Entry] = {}
        """What is a step or an item of set-up somewhere."""
        self.files: dict[File, None] = {}
        """Every file that something was built from."""
        self._stack: list[Entry] = []
        self._plans = 0

    def item(self, entry: Entry) -> tuple[Item, ...]:
        """The plans of a test, one a row, or the one of a suite."""
        if entry.suite:
            return (self.suite(entry),)
        plans, condition = self.tests(entry, ())
        return tuple(self._only_if(plan, condition) for plan in plans)

    # --- tests ----------------------------------------------------------------------------------------------------

    def tests(self, entry: Entry, suites: tuple[Written, ...]) -> tuple[tuple[Plan, ...], Scalar | None]:
        """The plans of a test, and its `only_if`."""
        file = entry.file
        self.files[file] = None
        faults = Faults(file.faults.source)  # its own, for a test that is built twice has its warnings twice
        definition = decode(entry.document, faults)
        reader = Reader(faults=faults, path=file.found.shown)
        self._stack.append(entry)
        try:
            around = self._around(entry, suites, definition.profile)
            plans, data = plans_of(definition, reader, around, default_name=entry.default_name)
        finally:
            self._stack.pop()
            file.faults.extend(faults.found)
        file.data.extend(data)
        self._plans += len(plans)
        return plans, definition.only_if

    def _around(self, entry: Entry, suites: tuple[Written, ...], profile: Scalar | None) -> Around:
        folder = entry.file.found.path.parent
        chain = self.configs.of(folder)
        return Around(
            folder=folder,
            configs=tuple(config.layer for config in chain),
            resources=(*self.outside.current, *self._resources(entry.file, profile)),
            variables=tuple(config.variables for config in chain if config.variables is not None),
            suites=suites,
            above=self.outside.above,
            files=self.outside.files,
            given=self.outside.given,
            options=self.outside.options,
            tests=lambda named: self._hook(named, entry),
            broken=entry.file.faults.stop,
        )

    def _resources(self, file: File, profile: Scalar | None) -> tuple[Layer, ...]:
        """The settings of the resources in the file, and of the profile that the test names."""
        layers = [each.layer for each in file.resources]
        stores = {
            f"stores.{each.id}": each.layer["store"] for each in file.resources if each.id and "store" in each.layer
        }
        if profile is not None and as_text(profile).strip():
            layers.append(self._profile(profile, file))
        return (stores, *layers)

    def _profile(self, named: Scalar, file: File) -> Layer:
        folder, text = file.found.path.parent, as_text(named).strip()
        found = self.references.resource("PollingProfile", text, folder)
        if found is not None:
            return found.layer
        if text.startswith(("./", "../", "/")) or text.endswith((".yaml", ".yml", ".json")):
            absent(named, folder / text, file.faults)
            return {}
        close = did_you_mean(text, self.references.resource_ids("PollingProfile", folder))
        file.faults.warn(
            "no-file", f'no file here has the PollingProfile "{text}", so the defaults hold', named.range, label=close,
            help="" if close else "Name a file relative to this one, or export the profile into this folder.",
        )  # fmt: skip
        return {}

    def _hook(self, named: Scalar, entry: Entry) -> Plan | None:
        """The one test that an item of set-up or tear-down names."""
        file = entry.file
        found = self.references.items(named, file.found.path.parent, file.faults, "test")
        if len(found) > 1:
            file.faults.error(
                "ambiguous-name", f'there are {len(found)} tests in "{as_text(named)}"', named.range,
                help="Name one of them by its id or name.",
            )  # fmt: skip
        if len(found) != 1 or self._circle(found[0], named.whole, entry):
            return None
        self.named[found[0].key] = found[0]
        plans, _ = self.tests(found[0], ())
        if len(plans) > 1:
            file.faults.error(
                "bad-value", f'the test "{as_text(named)}" has {len(plans)} cases, and set-up runs one', named.range,
                help="Name a test without `cases`.",
            )  # fmt: skip
        return plans[0] if len(plans) == 1 else None

    def _only_if(self, plan: Plan, condition: Scalar | None) -> Plan:
        """The plan, skipped if its condition is empty or false."""
        if condition is None or plan.skip:
            return plan
        if self._holds(as_text(condition), plan):
            return plan
        return replace(plan, skip=f'only_if "{as_text(condition)}" is not met')

    def _holds(self, text: str, plan: Plan) -> bool:
        environment = self.outside.environment
        bare = replace(plan, trigger=None, references=(), setup=(), teardown=())
        known = bind(bare, {}, environment=environment, generators=None).variables
        return is_met(evaluate_text(text, known, environment=environment))

    # --- suites ---------------------------------------------------------------------------------------------------

    def suite(self, entry: Entry, outer: tuple[Written, ...] = (), *, step: bool = False) -> SuitePlan:
        """The plan of a suite; as a step its `only_if` is the step's."""
        file = entry.file
        self.files[file] = None
        before = len(file.faults.found)
        text = decode_suite(entry.document, file.faults)
        reader = Reader(faults=file.faults, path=file.found.shown)
        suites = (*outer, (text.variables, reader)) if text.variables is not None else outer
        self._stack.append(entry)
        try:
            steps = tuple(plan for each in text.steps for plan in self._step(each, entry, suites))
        finally:
            self._stack.pop()
        plan = SuitePlan(
            name=text.name or entry.default_name,
            path=file.found.shown,
            source=file.faults.source,
            steps=steps,
            id=text.id,
            description=text.description,
            tags=text.tags,
            stop=text.stop,
            parallel=text.parallel,
            needs=tuple(as_text(need) for need in text.needs),
            skip=text.skip,
            place=reader.place_of(text.place),
            warnings=tuple(each for each in file.faults.found[before:] if each.severity == "warning"),
        )
        return plan if step else self._suite_only_if(plan, text, entry, suites)

    def _suite_only_if(self, plan: SuitePlan, text: SuiteText, entry: Entry, suites: tuple[Written, ...]) -> SuitePlan:
        if text.only_if is None or plan.skip:
            return plan
        bare = Plan(name=plan.name, path=plan.path, source=plan.source, variables=self._variables(entry, suites))
        if self._holds(as_text(text.only_if), bare):
            return plan
        return replace(plan, skip=f'only_if "{as_text(text.only_if)}" is not met')

    def _variables(self, entry: Entry, suites: tuple[Written, ...]) -> Mapping[str, object]:
        """The variables that a suite knows before its first step."""
        chain = self.configs.of(entry.file.found.path.parent)
        written = [config.variables for config in chain if config.variables is not None]
        found = ordered(
            written={e.key.text: plain(e.value) for node, _ in written for e in node.entries},
            files=self.outside.files,
            suite={e.key.text: plain(e.value) for node, _ in suites for e in node.entries},
            row={},
            given=self.outside.given,
        )
        return MappingProxyType(found)

    def _step(self, step: StepText, within: Entry, suites: tuple[Written, ...]) -> list[StepPlan]:
        file = within.file
        if step.document is not None:
            number = step.document.index
            entries: tuple[Entry, ...] = (Entry(file=file, document=step.document, inline=f"{within.name} #{number}"),)
        else:
            assert step.named is not None
            entries = self.references.items(step.named, file.found.path.parent, file.faults, step.wanted)
        out = []
        for entry in entries:
            if step.named is not None:
                self.named[entry.key] = entry
            if self._circle(entry, step.place, within) or self._too_many(step.place, within):
                continue
            out.append(self._step_plan(step, entry, within, suites))
        return out

    def _step_plan(self, step: StepText, entry: Entry, within: Entry, suites: tuple[Written, ...]) -> StepPlan:
        reader = Reader(faults=within.file.faults, path=within.file.found.shown)
        only_if = step.only_if
        plans: tuple[Plan, ...] = ()
        suite = None
        if entry.suite:
            suite = self.suite(entry, suites, step=True)
            own = entry.document.body.get("only_if") if entry.document.body is not None else None
            name, condition = suite.name, own if isinstance(own, Scalar) else None
        else:
            plans, condition = self.tests(entry, suites)
            name = plans[0].name if plans else entry.name
        if only_if is None:
            only_if = condition
        elif condition is not None:
            plans = tuple(self._only_if(plan, condition) for plan in plans)
        if step.only_if is not None:
            Reader(faults=within.file.faults, path="").template(step.only_if, "only_if")
        return StepPlan(
            name=step.name or name,
            plans=plans,
            suite=suite,
            only_if=as_text(only_if) if only_if is not None else "",
            place=reader.place_of(step.place),
        )

    def _circle(self, entry: Entry, at: Range, within: Entry) -> bool:
        """Whether an entry is being built already; the fault shows the way round."""
        keys = [each.key for each in self._stack]
        if entry.key not in keys:
            return False
        way = [*(each.file.found.shown for each in self._stack[keys.index(entry.key) :]), entry.file.found.shown]
        within.file.faults.error(
            "circular-steps", f"the steps go in a circle: {' → '.join(way)}", at,
            help="Take the step out of one of these files.",
        )  # fmt: skip
        return True

    def _too_many(self, at: Range, within: Entry) -> bool:
        if self._plans <= MAX_PLANS and len(self._stack) <= _MAX_DEPTH:
            return False
        many = f"more than {MAX_PLANS} steps" if self._plans > MAX_PLANS else f"suites more than {_MAX_DEPTH} deep"
        within.file.faults.error("too-big", f"{many} come of this", at, help="Name each test once.")
        return True


def current_layers(files: tuple[File, ...]) -> tuple[Layer, ...]:
    """The settings of the resources with `id: current`; with two of a kind neither holds, and each is told."""
    out: dict[str, Layer] = {}
    from_kind: dict[str, list[tuple[File, Layer, int]]] = {}
    for file in files:
        for each in file.resources:
            if each.id == "current" and each.layer:
                from_kind.setdefault(each.kind, []).append((file, each.layer, each.place))
    for kind, found in from_kind.items():
        if len(found) == 1:
            out[kind] = found[0][1]
            continue
        from_names = ", ".join(file.found.shown for file, _, _ in found)
        for file, _, _ in found:
            file.faults.warn(
                "ambiguous-name", f'{len(found)} resources are the {kind} "current", so none holds: {from_names}', None,
                help="Keep one, or name it in the tests.",
            )  # fmt: skip
    return tuple(out.values())

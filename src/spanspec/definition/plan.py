"""What a definition means, resolved: names checked, texts parsed. The runner reads plans and nothing else of this room."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.environment_plan import EnvironmentPlan
    from spanspec.language.syntax import Expression, Selector, Statement
    from spanspec.results.model import SourcePlace
    from spanspec.source.diagnostics import Diagnostic
    from spanspec.source.text import Range, SourceText


class Wait(StrEnum):
    """When a case may end: as soon as all checks are decided, or only when the trace has settled."""

    DECIDED = "decided"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSettings:
    """The settle rule's parameters, in seconds; None where nobody said so and the rule's own default holds.

    Attributes:
        timeout_s: The deadline, from the trigger's end.
        quiet_s: The least quiet.
        export_delay_s: The declared batch delay of the exporters.
        patience_s: How long a failure for lack of spans is held back.
        async_patience_s: How long a producer's debt delays.
        clock_skew_s: Differences of clocks up to this are undecided.
        until: A statement before which the case does not settle.
        wait: When the case may end.
        poll_s: How often a store that can only be asked is asked; None for the store's own pace.
    """

    timeout_s: float = 30.0
    quiet_s: float = 0.25
    export_delay_s: float | None = None
    patience_s: float = 5.5
    async_patience_s: float = 15.0
    clock_skew_s: float = 0.005
    until: Statement | None = None
    until_text: str = ""
    wait: Wait = Wait.DECIDED
    poll_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionPlan:
    """One assertion of a spec."""

    text: str
    statement: Statement
    place: SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPlan:
    """A selector with its assertions; the reference's meaning."""

    selector: Selector
    selector_text: str
    assertions: tuple[AssertionPlan, ...]
    dialect: Dialect = Dialect.SPECS
    name: str = ""
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectPlan:
    """One expectation."""

    statement: Statement
    text: str
    place: SourcePlace
    name: str = ""
    on_inconclusive: str = ""


CheckPlan: TypeAlias = SpecPlan | ExpectPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """One output: evaluated on the first span that the selector picks."""

    name: str
    selector: Selector
    value: Expression
    place: SourcePlace
    has_selector: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerPlan:
    """A trigger whose texts are still templates.

    Attributes:
        kind: The family's name: `http`.
        fields: Keys to plain values (text, numbers, booleans, lists, mappings), with `${…}` left in the texts.
        places: Where a field stands, by its path: `("http", "url")` without the kind: `("url",)`.
        place: Where the trigger stands.
    """

    kind: str
    fields: Mapping[str, object]
    places: Mapping[tuple[str | int, ...], SourcePlace] = field(default_factory=lambda: MappingProxyType({}))
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlan:
    """A trace store that a definition or `spanspec.yaml` names; its texts are still templates.

    Attributes:
        name: What it is called there; `embedded` is the run's own receiver.
        kind: The family's name: `jaeger`.
        fields: Keys to plain values, with `${…}` left in the texts.
        places: Where a field stands, by its path.
        place: Where the store stands.
        source: The file that it stands in; None for `embedded`.
        receiving: Whether spans come to the run's own receiver all the same, and the store gets a copy.
    """

    name: str = "embedded"
    kind: str = "memory"
    fields: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[tuple[str | int, ...], SourcePlace] = field(default_factory=lambda: MappingProxyType({}))
    place: SourcePlace | None = None
    source: SourceText | None = None
    receiving: bool = False

    @property
    def embedded(self) -> bool:
        """Whether spans are awaited at the run's own receiver."""
        return self.name == "embedded" or self.receiving


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """One item of `setup` or `teardown`: a trigger of its own with outputs, or a whole test by path.

    Attributes:
        name: The title in reports; else what the trigger says of itself.
        trigger: What is fired; None where `test` is run.
        test: The test that a path names; None where `trigger` is fired.
        outputs: Values kept as variables for what comes after.
        place: Where it stands.
    """

    name: str = ""
    trigger: TriggerPlan | None = None
    test: Plan | None = None
    outputs: tuple[OutputPlan, ...] = ()
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A place where a text names a variable.

    Attributes:
        prefix: `var` or `env`.
        name: The variable.
        where: The field: `trigger.url`, `vars.CARD`, `specs[0].assertions[1]`.
        range: The name in the file; None when it stands elsewhere.
        source: The file, where it is not the plan's own (`vars` of `spanspec.yaml`).
        own_outputs: Whether the test's own outputs are known there.
    """

    prefix: str
    name: str
    where: str
    range: Range | None = None
    source: SourceText | None = None
    own_outputs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One case to be run.

    Attributes:
        name: The definition's name, else the file's stem.
        path: As the user gave it, or relative to the working folder.
        source: The whole file.
        trigger: None for a test that runs only on a stored trace.
        checks: In the order of the file: specs, then expectations.
        variables: `vars` of `spanspec.yaml` and of the file, in order, values may be templates.
        endpoint: The base of relative URLs, or empty.
        replace_origin: Whether `endpoint` also takes the place of the origin of absolute URLs (`--endpoint`).
        origin: The file's own `endpoint` (its `spanspec.yaml`'s), which `replace_origin` is measured by; may be empty.
        skip_trace: No trace is collected; the trigger's answer is all there is.
        timeout_s: Of a whole try.
        dialect: `SPECS` or `COMPAT`, for `specs`, `outputs` and `${…}`.
        on_inconclusive: `fail` or `pass`.
        skip: Why it does not run, or empty.
        references: Every variable named in the file, in order of first use.
        strict: Whether the file is of the short form, where an unknown key of a trigger is an error.
        warnings: What lint would say, without errors.
        id: The resource's id, or empty.
        place: Where the test stands in its file.
        row: The variables of this row of `cases`; empty without cases. They are in `variables` too.
        row_index: From 0; 0 without cases.
        row_label: The row for people: `country=DE`, or empty.
        setup: Run before the trigger, in order.
        teardown: Run at the end, always.
        retries: How often a try that did not pass is repeated.
        store: Where the trace is read from.
        gates: The required gates: `test-specs`, `analyzer-score`, `analyzer-rules`; empty for the default (`test-specs`).
        needs: Names, ids or paths of items that must have passed before.
    """

    name: str
    path: str
    source: SourceText
    trigger: TriggerPlan | None = None
    checks: tuple[CheckPlan, ...] = ()
    outputs: tuple[OutputPlan, ...] = ()
    variables: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    settle: SettleSettings = field(default_factory=SettleSettings)
    endpoint: str = ""
    replace_origin: bool = False
    origin: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    skip_trace: bool = False
    timeout_s: float = 60.0
    dialect: Dialect = Dialect.SPECS
    aliases: bool = True
    on_inconclusive: str = "fail"
    skip: str = ""
    references: tuple[Reference, ...] = ()
    strict: bool = True
    warnings: tuple[Diagnostic, ...] = ()
    id: str = ""
    place: SourcePlace | None = None
    row: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    row_index: int = 0
    row_label: str = ""
    setup: tuple[HookPlan, ...] = ()
    teardown: tuple[HookPlan, ...] = ()
    retries: int = 0
    store: StorePlan = field(default_factory=StorePlan)
    gates: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step of a suite.

    Attributes:
        name: The test's or suite's name.
        plans: The rows of a test's `cases`, or its one plan; empty where `suite` is set. Each output of a test with
            `cases` becomes a list in row order.
        suite: The suite that is run as a step.
        only_if: A template; the step is skipped when it is empty or false once filled in. Empty for no condition.
        place: Where the step stands in the suite's file.
    """

    name: str
    plans: tuple[Plan, ...] = ()
    suite: SuitePlan | None = None
    only_if: str = ""
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitePlan:
    """Definitions that run in order, passing outputs on.

    Attributes:
        name: Of the suite.
        path: As the user gave it.
        source: The whole file.
        steps: In order.
        id: The resource's id, or empty.
        description: What it is about.
        tags: Words to pick it by.
        stop: Whether a step that did not pass ends the suite; the steps after it are skipped.
        parallel: Whether the steps run side by side; each then sees only outputs from before the suite.
        needs: Names, ids or paths of items that must have passed before.
        skip: Why it does not run, or empty.
        place: Where it stands.
        warnings: What lint would say, without errors.
    """

    name: str
    path: str
    source: SourceText
    steps: tuple[StepPlan, ...] = ()
    id: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    stop: bool = True
    parallel: bool = False
    needs: tuple[str, ...] = ()
    skip: str = ""
    place: SourcePlace | None = None
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans of all steps, those of inner suites included, in order."""
        return tuple(
            plan for step in self.steps for plan in (step.suite.plans if step.suite is not None else step.plans)
        )


Item: TypeAlias = Plan | SuitePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What concerns the whole run: `spanspec.yaml` of the first path, overridden by variables and the command line.

    Attributes:
        receiver_http: `host:port` for OTLP/HTTP.
        receiver_grpc: `host:port` for OTLP/gRPC.
        receiver_explicit: Whether a port was asked for by anyone; then a taken one is an error.
        linger_s: None for `auto`.
        trace_url: Template with `{trace_id}`, or empty.
        secrets: Name patterns whose values are masked, and the names of values of `type: secret`.
        jobs: How many cases are under way at once; None for the default.
        reports: Format and path of the reports to write, besides those of the command line.
        stores: Stores by name, as `spanspec.yaml` has them.
        forward: Where everything received is passed on to: URLs.
        forward_headers: Sent with it, such as a vendor's key.
        environment: How the system under test is started; None where it is not ours to start.
    """

    receiver_http: str = "127.0.0.1:4318"
    receiver_grpc: str = "127.0.0.1:4317"
    receiver_explicit: bool = False
    linger_s: float | None = None
    trace_url: str = ""
    secrets: tuple[str, ...] = ()
    jobs: int | None = None
    reports: tuple[tuple[str, str], ...] = ()
    stores: Mapping[str, StorePlan] = field(default_factory=lambda: MappingProxyType({}))
    forward: tuple[str, ...] = ()
    forward_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    environment: EnvironmentPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was found in the paths.

    Attributes:
        items: Tests and suites in the order of paths; those of one folder by file name, then place in the file. A test
            with `cases` is one item a row.
        settings: Of the run.
        diagnostics: All faults and warnings of all files; plans of a file with an error are left out.
        passed_over: Documents that are not ours, with the reason.
        environment: The process's environment over the nearest `.env`; where `env:NAME` looks after variables.
        missing: The variables that are named and defined nowhere, in order of first use; a value for each, and there is
            no fault of this kind left.
    """

    items: tuple[Item, ...] = ()
    settings: RunSettings = field(default_factory=RunSettings)
    diagnostics: tuple[Diagnostic, ...] = ()
    passed_over: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    missing: tuple[str, ...] = ()

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Every plan, those of the suites' steps included, in order."""
        return tuple(plan for item in self.items for plan in (item.plans if isinstance(item, SuitePlan) else (item,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says about loading; None or empty where it says nothing.

    Attributes:
        endpoint: `--endpoint`.
        variables: `--var K=V`, texts.
        variable_files: `--vars`, each a file or the id of a VariableSet.
        receiver: `--receiver`, each `HOST`, `HOST:PORT`, `http=HOST:PORT` or `grpc=HOST:PORT`.
        compat: `--compat`.
        wait: `--wait`.
        timeout_s: `--timeout`, of a whole try.
        linger_s: `--linger`.
        on_inconclusive: `--on-inconclusive`.
        stored: Whether the plans will run on a stored trace (a test without a trigger is then no fault).
        store: `--store`, a name from `spanspec.yaml`, or `embedded`.
        retries: `--retries`.
        jobs: `--jobs`, a number or `auto`.
        forward: `--forward`, URLs.
        forward_headers: `--forward-header`, each `NAME=VALUE`.
        gates: `--required-gates`.
        checking: Whether resources alone are enough to find (`lint`), where a run needs a test.
        no_environment: `--no-environment`: the system under test runs already.
    """

    endpoint: str = ""
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    variable_files: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()
    compat: bool = False
    wait: Wait | None = None
    timeout_s: float | None = None
    linger_s: float | None = None
    on_inconclusive: str = ""
    stored: bool = False
    store: str = ""
    retries: int | None = None
    jobs: str = ""
    forward: tuple[str, ...] = ()
    forward_headers: tuple[str, ...] = field(default=(), repr=False)
    gates: tuple[str, ...] = ()
    checking: bool = False
    no_environment: bool = False

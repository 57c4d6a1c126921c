"""From a `Definition` to a `Plan`: texts parsed, names checked, settings merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.cases import cases_of
from spanspec.definition.effects import gates_of, store_of
from spanspec.definition.fields import trigger_plan
from spanspec.definition.hooks import hooks_of
from spanspec.definition.outputs import output_plans
from spanspec.definition.plan import (
    AssertionPlan,
    CheckPlan,
    ExpectPlan,
    Options,
    Plan,
    Reference,
    SpecPlan,
)
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.shape import address_paths, answers_of, found_at
from spanspec.definition.texts import Reader, nodes_of
from spanspec.definition.variables import ordered
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, plain, walk
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import Call, Name, Place, Selector
from spanspec.source.diagnostics import Severity
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spanspec.definition.blocks import Layer
    from spanspec.definition.cases import Row
    from spanspec.definition.decode import Definition, ExpectText, SpecText
    from spanspec.definition.plan import TriggerPlan
    from spanspec.language.syntax import Statement

_TRY_S = 60.0
_TRIGGER_S = 30.0
"""Room for the trigger beside `settle.timeout`, where nobody said how long a whole try may take."""


Written = tuple[MappingNode, Reader]
"""A mapping of variables with the file that it stands in."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What holds for a file from outside of it.

    Attributes:
        folder: The file's own.
        configs: The settings of each `spanspec.yaml`, outermost first.
        resources: The settings of the reference's resources that hold for the file, weakest first.
        variables: The `vars` of each `spanspec.yaml` with their file.
        suites: The `vars` of the suites that the test is a step of, the outer one's first.
        above: The settings of the environment and the command line.
        files: Variables of `--vars`.
        given: Variables of `--var`.
        options: The command line.
        tests: Finds the test that an item of set-up or tear-down names.
        broken: Whether the file has errors already, so that what is absent may only be unread.
    """

    folder: Path
    configs: tuple[Layer, ...] = ()
    resources: tuple[Layer, ...] = ()
    variables: tuple[Written, ...] = ()
    suites: tuple[Written, ...] = ()
    above: tuple[Layer, ...] = ()
    files: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    given: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    options: Options = field(default_factory=Options)
    tests: Callable[[Scalar], Plan | None] = lambda _: None
    broken: bool = False


def plans_of(
    definition: Definition, reader: Reader, around: Around, *, default_name: str
) -> tuple[tuple[Plan, ...], tuple[Path, ...]]:
    """The plans of a test, one a row, and the data files that it names; faults go to the reader."""
    before = len(reader.faults.found)
    cases = cases_of(definition.cases, around.folder, reader.faults)
    variables = _Variables(definition, reader, around)
    dialect = Dialect.COMPAT if definition.compat or around.options.compat else Dialect.SPECS
    reader.migrating = not definition.strict and dialect is Dialect.SPECS
    trigger, data = _trigger(definition, reader, around)
    hooks, more = _hooks(definition, reader, around, dialect)
    reader.response = answers_of(trigger.kind) if trigger is not None else ()
    specs = [_spec(index, spec, dialect, reader) for index, spec in enumerate(definition.specs)]
    if dialect is Dialect.SPECS:
        _same_selectors(definition.specs, reader)
    expects = [_expect(index, item, reader) for index, item in enumerate(definition.expects)]
    checks: list[CheckPlan] = [check for check in (*specs, *expects) if check is not None]
    outputs = output_plans(definition.outputs, dialect, reader, strict=definition.strict)
    if definition.skip_trace:
        _without_trace(definition, checks, reader)
    _remark(definition, reader, around)
    until = definition.settings.get("settle.until")
    if until is not None and until.node is not None:
        reader.until(until.node)
    plan = settled(definition, around, reader)
    whole = Plan(
        name=definition.name or default_name,
        path=reader.path,
        source=reader.source,
        trigger=trigger,
        checks=tuple(checks),
        outputs=outputs,
        variables=MappingProxyType(variables.ordered({})),
        description=definition.description,
        tags=definition.tags,
        skip=definition.skip,
        skip_trace=definition.skip_trace,
        dialect=dialect,
        references=_references(definition, reader),
        strict=definition.strict,
        warnings=tuple(each for each in reader.faults.found[before:] if each.severity is Severity.WARNING),
        id=definition.id,
        place=reader.place_of(definition.place),
        needs=tuple(as_text(need) for need in definition.needs),
        **hooks,  # type: ignore[arg-type]  # the names are Plan's
        **plan,  # type: ignore[arg-type]  # the names are Plan's, made right below
    )
    _base(whole, reader, around)
    files = (*data, *more, *((cases.file,) if cases is not None and cases.file is not None else ()))
    if cases is None:
        return (whole,), files
    return tuple(variables.row(whole, index, row) for index, row in enumerate(cases.rows)), files


def _hooks(
    definition: Definition, reader: Reader, around: Around, dialect: Dialect
) -> tuple[dict[str, object], tuple[Path, ...]]:
    out: dict[str, object] = {}
    data: tuple[Path, ...] = ()
    for name, entry in (("setup", definition.setup), ("teardown", definition.teardown)):
        found, files = hooks_of(entry, reader, around.folder, dialect, around.tests, strict=definition.strict)
        out[name] = found
        data += files
    return out, data


def _references(definition: Definition, reader: Reader) -> tuple[Reference, ...]:
    """What was named, but for the test's own outputs where they are known, be their values right or not."""
    outputs = {output.name for output in definition.outputs}
    found = tuple(each for each in reader.references if not (each.own_outputs and each.name in outputs))
    reader.references.clear()
    return found


def settled(definition: Definition, around: Around, reader: Reader) -> dict[str, object]:
    """The settings' part of a plan."""
    own = settings.merged((*around.configs, *around.resources, definition.settings))
    found = settings.merged((own, *around.above))
    endpoint, written = found.get("endpoint"), own.get("endpoint")
    said_outside = endpoint is not None and endpoint is not written
    settle = settings.settle_settings(found)
    out: dict[str, object] = {
        "settle": settle,
        "endpoint": str(endpoint.value) if endpoint else "",
        "replace_origin": said_outside,
        "origin": str(written.value) if written else "",
        "store": store_of(found, reader),
        "gates": gates_of(found, reader),
        "timeout_s": max(_TRY_S, settle.timeout_s + _TRIGGER_S),
    }
    for path, name in (
        ("timeout", "timeout_s"),
        ("on_inconclusive", "on_inconclusive"),
        ("semconv_aliases", "aliases"),
        ("retries", "retries"),
    ):
        if path in found:
            out[name] = found[path].value
    return out


# --- variables ----------------------------------------------------------------------------------------------------


class _Variables:
    """The variables of one test: those of its files and suites read once, those of each row put among them."""

    def __init__(self, definition: Definition, reader: Reader, around: Around) -> None:
        self._around = around
        self._reader = reader
        own = ((definition.variables, reader),) if definition.variables is not None else ()
        self._suite = self._read(around.suites, over=around.given)
        self._written = self._read((*around.variables, *own), over={**around.files, **self._suite, **around.given})

    def _read(self, layers: tuple[Written, ...], over: Mapping[str, object]) -> dict[str, object]:
        winners: dict[str, tuple[Node, Reader]] = {}
        for node, place in layers:
            winners.update({entry.key.text: (entry.value, place) for entry in node.entries})
        out: dict[str, object] = {}
        for name, (value, place) in winners.items():
            out[name] = plain(value)
            if name not in over:
                _read_templates(value, f"vars.{name}", place, self._reader)
        return out

    def ordered(self, row: Mapping[str, object]) -> dict[str, object]:
        """All of them, those that depend on nothing first."""
        around = self._around
        return ordered(written=self._written, files=around.files, suite=self._suite, row=row, given=around.given)

    def row(self, plan: Plan, index: int, row: Row) -> Plan:
        """The plan for one row."""
        for name, node in row.nodes.items():
            if name not in self._around.given:
                _read_templates(node, f"vars.{name}", self._reader, self._reader)
        mine = tuple(self._reader.references)
        self._reader.references.clear()
        replaced = {f"vars.{name}" for name in row.values}
        return replace(
            plan,
            variables=MappingProxyType(self.ordered(row.values)),
            row=row.values,
            row_index=index,
            row_label=row.label,
            references=(*mine, *(each for each in plan.references if each.where not in replaced)),
        )


def _read_templates(node: Node, where: str, place: Reader, reader: Reader) -> None:
    before = len(place.references)
    for _, inside in walk(node):
        if isinstance(inside, Scalar) and isinstance(inside.value, str):
            place.template(inside, where)
    if place is not reader:
        reader.references.extend(place.references[before:])
        del place.references[before:]


# --- the parts ----------------------------------------------------------------------------------------------------


def _trigger(definition: Definition, reader: Reader, around: Around) -> tuple[TriggerPlan | None, tuple[Path, ...]]:
    if definition.trigger is None:
        return None, ()
    return trigger_plan(definition.trigger, around.folder, reader, strict=definition.strict)


def _spec(index: int, spec: SpecText, dialect: Dialect, reader: Reader) -> SpecPlan | None:
    selector = reader.selector(spec.selector, dialect, f"specs[{index}].selector")
    assertions = []
    for number, text in enumerate(spec.assertions):
        statement = reader.statement(text, dialect, f"specs[{index}].assertions[{number}]")
        if statement is not None:
            assertions.append(AssertionPlan(text=as_text(text), statement=statement, place=reader.place(text)))
    if not spec.assertions:
        reader.faults.warn(
            "no-assertions", "the spec asserts nothing", spec.place, help="Write what must hold under `assertions:`."
        )
    if selector is None:
        return None
    written = as_text(spec.selector) if spec.selector is not None else ""
    return SpecPlan(
        selector=selector,
        selector_text=written,
        assertions=tuple(assertions),
        dialect=dialect,
        name=spec.name,
        place=reader.place(spec.selector) if spec.selector is not None else reader.place_of(spec.place),
    )


def _same_selectors(specs: Sequence[SpecText], reader: Reader) -> None:
    """Specs of one selector, whose results the reference loses."""
    seen: set[str] = set()
    for spec in specs:
        text = as_text(spec.selector) if spec.selector is not None else ""
        if text in seen:
            reader.faults.warn(
                "differs-twice",
                "another spec has this selector: Tracetest then loses the results before it; here each has its own",
                spec.selector.whole if spec.selector is not None else spec.place,
                help="Put their assertions under one selector.",
            )
        seen.add(text)


def _expect(index: int, item: ExpectText, reader: Reader) -> ExpectPlan | None:
    statement = reader.statement(item.that, Dialect.EXPECT, f"expect[{index}]")
    if statement is None:
        return None
    return ExpectPlan(
        statement=statement,
        text=as_text(item.that).strip(),
        place=reader.place(item.that),
        name=item.name,
        on_inconclusive=item.on_inconclusive,
    )


# --- what is told about the whole ----------------------------------------------------------------------------------


def _without_trace(definition: Definition, checks: Sequence[CheckPlan], reader: Reader) -> None:
    """Under `skipTraceCollection` an expectation can look at the answer and at variables only."""
    texts = {as_text(item.that).strip(): item.that for item in definition.expects}
    for check in checks:
        if isinstance(check, ExpectPlan) and (at := _of_the_trace(check.statement)) is not None:
            scalar = texts[check.text]
            reader.faults.error(
                "no-trace", "no trace is collected, and this looks at one", scalar.place(at.range),
                help="Use `response:` and variables only, or remove `skipTraceCollection`.",
            )  # fmt: skip


def _of_the_trace(statement: Statement) -> Selector | Name | Call | None:
    for node in nodes_of(statement):
        if isinstance(node, Selector) or (
            isinstance(node, Call)
            and node.name in ("no_errors", "no_orphans", "no_n_plus_one", "complete", "services", "edges")
        ):
            return node
        if isinstance(node, Name) and node.place not in (Place.RESPONSE, Place.VAR, Place.ENV):
            return node
    return None


def _remark(definition: Definition, reader: Reader, around: Around) -> None:
    sound = not around.broken and not reader.faults.stop
    if not definition.specs and not definition.expects and sound:
        reader.faults.warn(
            "no-checks",
            "the test checks nothing, so it always passes",
            definition.place,
            help="Write what must hold under `expect:`.",
        )
    if not definition.triggered and not around.options.stored:
        reader.faults.error(
            "no-trigger",
            "the test has no trigger",
            definition.place,
            help="Add a `trigger`, or run it on a stored trace with --trace FILE.",
        )


def _base(plan: Plan, reader: Reader, around: Around) -> None:
    """Tell of a relative URL that has nothing to be relative to, before anything is sent."""
    if plan.trigger is None or plan.endpoint or around.options.stored:
        return
    for path in address_paths(plan.trigger.kind):
        url, place = found_at(plan.trigger.fields, path), plan.trigger.places.get(path)
        if not isinstance(url, str) or not url.startswith(("/", "?")):
            continue
        start = reader.source.offset(place.line, place.column) if place is not None else 0
        reader.faults.error(
            "no-endpoint", f'the URL "{url}" is relative, and there is no endpoint', Range(start, start + (place.length if place else 1)),
            help="Pass --endpoint URL, or write `endpoint:` in spanspec.yaml.",
        )  # fmt: skip

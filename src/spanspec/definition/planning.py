"""From a `Definition` to a `Plan`: texts parsed, names checked, settings merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.fields import trigger_plan
from spanspec.definition.plan import (
    AssertionPlan,
    CheckPlan,
    ExpectPlan,
    Options,
    OutputPlan,
    Plan,
    Reference,
    SpecPlan,
)
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.shape import address_fields
from spanspec.definition.texts import Reader, nodes_of
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, plain, walk
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import Call, Name, Place, Selector
from spanspec.source.diagnostics import Severity
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spanspec.definition.decode import Definition, ExpectText, OutputText, SpecText
    from spanspec.definition.plan import TriggerPlan
    from spanspec.definition.settings import Layer
    from spanspec.language.syntax import Statement
    from spanspec.source.text import SourceText


@dataclass(frozen=True, kw_only=True)
class Around:
    """What holds for a file from outside of it.

    Attributes:
        folder: The file's own.
        configs: The settings of each `spanspec.yaml`, outermost first.
        variables: The `vars` of each of them with their file.
        above: The settings of the environment and the command line.
        overrides: Variables of `--vars` and `--var`.
        options: The command line.
    """

    folder: Path
    configs: tuple[Layer, ...] = ()
    variables: tuple[tuple[MappingNode, Reader], ...] = ()
    above: tuple[Layer, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    options: Options = field(default_factory=Options)


def plan_of(
    definition: Definition, reader: Reader, around: Around, *, default_name: str
) -> tuple[Plan, tuple[Path, ...], Scalar | None]:
    """The plan of a test, the data files that it names, and its `only_if`; faults go to the reader."""
    before = len(reader.faults.found)
    variables = _variables(definition, reader, around)
    dialect = Dialect.COMPAT if definition.compat or around.options.compat else Dialect.SPECS
    trigger, data = _trigger(definition, reader, around)
    specs = [_spec(index, spec, dialect, reader) for index, spec in enumerate(definition.specs)]
    expects = [_expect(index, item, reader) for index, item in enumerate(definition.expects)]
    checks: list[CheckPlan] = [check for check in (*specs, *expects) if check is not None]
    outputs = _outputs(definition, dialect, reader)
    if definition.skip_trace:
        _without_trace(definition, checks, reader)
    _remark(definition, reader, stored=around.options.stored)
    until = definition.settings.get("settle.until")
    if until is not None and until.node is not None:
        reader.until(until.node)
    plan = _settled(definition, around, reader.source)
    whole = Plan(
        name=definition.name or default_name,
        path=reader.path,
        source=reader.source,
        trigger=trigger,
        checks=tuple(checks),
        outputs=outputs,
        variables=MappingProxyType(variables),
        description=definition.description,
        tags=definition.tags,
        skip=definition.skip,
        skip_trace=definition.skip_trace,
        dialect=dialect,
        references=_references(definition, reader),
        strict=definition.strict,
        warnings=tuple(each for each in reader.faults.found[before:] if each.severity is Severity.WARNING),
        **plan,  # type: ignore[arg-type]  # the names are Plan's, made right below
    )
    _base(whole, reader, around)
    return whole, data, definition.only_if


def _references(definition: Definition, reader: Reader) -> tuple[Reference, ...]:
    """What was named, but for the test's own outputs where they are known, be their values right or not."""
    outputs = {output.name for output in definition.outputs}
    found = tuple(each for each in reader.references if not (each.own_outputs and each.name in outputs))
    reader.references.clear()
    return found


def _settled(definition: Definition, around: Around, source: SourceText) -> dict[str, object]:
    """The settings' part of a plan."""
    own = settings.merged((*around.configs, definition.settings))
    found = settings.merged((own, *around.above))
    endpoint, written = found.get("endpoint"), own.get("endpoint")
    said_outside = endpoint is not None and endpoint is not written
    out: dict[str, object] = {
        "settle": settings.settle_settings(found),
        "endpoint": str(endpoint.value) if endpoint else "",
        "replace_origin": said_outside,
        "origin": str(written.value) if written else "",
    }
    for path, name in (
        ("timeout", "timeout_s"),
        ("on_inconclusive", "on_inconclusive"),
        ("semconv_aliases", "aliases"),
    ):
        if path in found:
            out[name] = found[path].value
    return out


# --- variables ----------------------------------------------------------------------------------------------------


def _variables(definition: Definition, reader: Reader, around: Around) -> dict[str, object]:
    """Overriding ones first, for they depend on nothing; then those of the files, the inner file's winning."""
    out: dict[str, object] = dict(around.overrides)
    own = (definition.variables, reader)
    winners: dict[str, tuple[Node, Reader]] = {}
    for node, place in (*around.variables, own):
        for entry in node.entries if node is not None else ():
            winners[entry.key.text] = (entry.value, place)
    for name, (value, place) in winners.items():
        if name not in around.overrides:
            out[name] = plain(value)
            _read_templates(value, f"vars.{name}", place, reader)
    return out


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


def _outputs(definition: Definition, dialect: Dialect, reader: Reader) -> tuple[OutputPlan, ...]:
    out: list[OutputPlan] = []
    for index, text in enumerate(definition.outputs):
        if any(other.name == text.name for other in out):
            say = reader.faults.error if definition.strict else reader.faults.warn
            say(
                "duplicate-output",
                f'two outputs have the name "{text.name}"',
                text.place,
                help="Give each a name of its own.",
            )
        found = _output(index, text, dialect, reader)
        if found is not None:
            out.append(found)
    return tuple(out)


def _output(index: int, text: OutputText, dialect: Dialect, reader: Reader) -> OutputPlan | None:
    selector = reader.selector(text.selector, dialect, f"outputs[{index}].selector")
    value = reader.expression(text.value, dialect, f"outputs[{index}].value")
    if selector is None or value is None:
        return None
    return OutputPlan(
        name=text.name,
        selector=selector,
        value=value,
        place=reader.place(text.value),
        has_selector=text.selector is not None,
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


def _remark(definition: Definition, reader: Reader, *, stored: bool) -> None:
    if not definition.specs and not definition.expects and not reader.faults.stop:
        reader.faults.warn(
            "no-checks",
            "the test checks nothing, so it always passes",
            definition.place,
            help="Write what must hold under `expect:`.",
        )
    if not definition.triggered and not stored:
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
    for name in address_fields(plan.trigger.kind):
        url, place = plan.trigger.fields.get(name), plan.trigger.places.get((name,))
        if not isinstance(url, str) or not url.startswith(("/", "?")):
            continue
        start = reader.source.offset(place.line, place.column) if place is not None else 0
        reader.faults.error(
            "no-endpoint", f'the URL "{url}" is relative, and there is no endpoint', Range(start, start + (place.length if place else 1)),
            help="Pass --endpoint URL, or write `endpoint:` in spanspec.yaml.",
        )  # fmt: skip

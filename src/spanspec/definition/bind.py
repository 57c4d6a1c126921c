"""A plan with its variables: `vars` evaluated, the trigger's templates filled in, its URL made whole, its class made.

Pure: the environment, the generators and the variables come in as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import endpoint as urls
from spanspec.definition.shape import Path, address_paths, found_at
from spanspec.definition.undefined import missing
from spanspec.definition.validate import validated
from spanspec.definition.variables import ENDPOINT
from spanspec.language import expressions
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_template
from spanspec.language.verdict import EvaluationError, Generators, Given, Value
from spanspec.model.ids import TraceId
from spanspec.model.trace import Trace
from spanspec.source.diagnostics import Diagnostic, has_errors
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.definition.plan import Plan, TriggerPlan
    from spanspec.language.syntax import Template
    from spanspec.results.model import SourcePlace
    from spanspec.triggers.base import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A plan that can be fired.

    Attributes:
        trigger: Of the family's class; None where the plan has none, or with an error.
        variables: `vars` evaluated, under what was given.
        diagnostics: Why it cannot be fired; nothing is sent then.
    """

    trigger: Trigger | None = None
    variables: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    diagnostics: tuple[Diagnostic, ...] = ()


def bind(
    plan: Plan, variables: Mapping[str, Value], *, environment: Mapping[str, str], generators: Generators | None
) -> Bound:
    """Evaluate `vars` top to bottom, then the trigger.

    Args:
        plan: The plan.
        variables: Given for this case; they override `vars` of the same name.
        environment: Where `env:NAME` looks last.
        generators: Where generated values come from; None where none may be called.
    """
    bound = bind_variables(plan, variables, environment=environment, generators=generators)
    if plan.trigger is None or has_errors(bound.diagnostics):
        return bound
    return bind_trigger(plan, plan.trigger, bound.variables, environment=environment, generators=generators)


def bind_variables(
    plan: Plan, variables: Mapping[str, Value], *, environment: Mapping[str, str], generators: Generators | None
) -> Bound:
    """Evaluate `vars` top to bottom, and hold that every name is defined by them or by an output of set-up."""
    binder = _Binder(plan, environment, generators)
    known = binder.variables(variables)
    return Bound(variables=MappingProxyType(known), diagnostics=tuple(binder.faults))


def bind_trigger(
    plan: Plan,
    trigger: TriggerPlan,
    variables: Mapping[str, Value],
    *,
    environment: Mapping[str, str],
    generators: Generators | None,
    where: str = "trigger",
) -> Bound:
    """Fill in a trigger of the plan: its own, or that of an item of set-up or tear-down.

    Args:
        plan: Whose endpoint and file it is.
        trigger: With its templates.
        variables: All that is known now.
        environment: Where `env:NAME` looks last.
        generators: Where generated values come from; None where none may be called.
        where: What messages call it: `trigger`, `setup[0]`.
    """
    binder = _Binder(replace(plan, trigger=trigger), environment, generators, where)
    binder.known.update(variables)
    made = binder.trigger()
    return Bound(trigger=made, variables=MappingProxyType(binder.known), diagnostics=tuple(binder.faults))


def outputs_of_hooks(plan: Plan) -> Iterator[str]:
    """The names that set-up gives, in order."""
    for hook in plan.setup:
        yield from (output.name for output in hook.outputs)
        if hook.test is not None:
            yield from (output.name for output in hook.test.outputs)
            yield from outputs_of_hooks(hook.test)


def is_met(value: Value) -> bool:
    """Whether the value of an `only_if` lets something run: neither empty, nor false, nor unknown."""
    return value is not None and str(value).strip().lower() not in ("", "false", "0", "none")


def evaluate_text(text: str, variables: Mapping[str, Value], *, environment: Mapping[str, str]) -> Value:
    """The value of one template without generators; None where it cannot be told."""
    binder = _Binder(None, environment, None)
    binder.known.update(variables)
    try:
        return binder.filled(text)
    except EvaluationError:
        return None


class _Binder:
    """Fills one plan."""

    def __init__(
        self,
        plan: Plan | None,
        environment: Mapping[str, str],
        generators: Generators | None,
        where: str = "trigger",
    ) -> None:
        self.plan = plan
        self._called = where
        self._generators = generators
        self.faults: list[Diagnostic] = []
        self.known: dict[str, Value] = {}
        self._given = Given(
            trace=Trace(trace_id=TraceId("")),
            dialect=Dialect.SPECS,
            variables=self.known,
            environment=environment,
            generators=generators,
        )

    def filled(self, value: object) -> Value:
        """A value with every template in it filled in; a text that is one `${…}` keeps its value's type.

        Raises:
            EvaluationError: One cannot be evaluated.
        """
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {str(self._text(str(key))): self.filled(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return tuple(self.filled(item) for item in value)
        return value  # type: ignore[return-value]  # numbers, booleans, bytes and None are values as they are

    def _text(self, text: str) -> Value:
        if "${" not in text:
            return text
        parsed = parse_template(text, Dialect.SPECS)
        return expressions.resolve(parsed.node, self._given) if parsed.node is not None else text

    def variables(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """All variables; faults for those that have none."""
        assert self.plan is not None
        self.known.update(given)
        later: dict[str, Value] = dict.fromkeys(outputs_of_hooks(self.plan))
        undefined = missing([self.plan], {**later, **given}, environment=self._given.environment)
        self.faults.extend(undefined)
        if self.plan.endpoint and "${" not in self.plan.endpoint:
            self.known.setdefault(ENDPOINT, self.plan.endpoint)
        for name, value in self.plan.variables.items():
            if name not in given:
                self._variable(name, value, quiet=bool(undefined))
        return self.known

    def _variable(self, name: str, value: object, *, quiet: bool) -> None:
        self._generate_for(f"vars.{name}")
        try:
            self.known[name] = self.filled(value)
        except EvaluationError as fault:
            if not quiet:
                self._fault("unbound", f"`vars.{name}` cannot be evaluated: {fault}", self._where(f"vars.{name}"))

    def _generate_for(self, field: str) -> None:
        if self._generators is not None:
            self._given = replace(self._given, generators=self._generators.of_field(field))

    def _where(self, where: str) -> Range | None:
        assert self.plan is not None
        return next((each.range for each in self.plan.references if each.where == where), None)

    def _fault(self, code: str, message: str, at: Range | None, *, help: str = "", label: str = "") -> None:  # noqa: A002
        assert self.plan is not None
        self.faults.append(
            Diagnostic(code=code, message=message, range=at, source=self.plan.source, help=help, label=label)
        )

    def trigger(self) -> Trigger | None:
        """The trigger, or None with a fault."""
        assert self.plan is not None
        assert self.plan.trigger is not None
        fields = self._fields()
        if has_errors(self.faults):
            return None
        for path in address_paths(self.plan.trigger.kind):
            around = found_at(fields, path[:-1])
            if isinstance(around, dict) and isinstance(url := around.get(path[-1]), str):
                around[path[-1]] = self._url(url, path)
        if has_errors(self.faults):
            return None
        trigger, problems = validated(self.plan.trigger.kind, fields)
        for problem in problems:
            self._fault(
                problem.code, problem.message, self._range(problem.path), help=problem.help, label=problem.label
            )
        return trigger  # type: ignore[no-any-return]  # the family's class, known by name only

    def _fields(self) -> dict[str, object]:
        assert self.plan is not None
        assert self.plan.trigger is not None
        out: dict[str, object] = {}
        for name, value in self.plan.trigger.fields.items():
            self._generate_for(f"{self._called}.{name}")
            try:
                out[name] = self._structured(value)
            except EvaluationError as fault:
                path = self._culprit(value, (name,))
                self._fault(
                    "unbound", f"`{self._called}.{_dotted(path)}` cannot be filled in: {fault}", self._range(path)
                )
        return out

    def _structured(self, value: object) -> object:
        """A field filled in; lists and mappings stay what they are, and a whole field that is a text is sent as text."""
        if isinstance(value, str):
            return expressions.render(node, self._given) if (node := _template(value)) is not None else value
        if isinstance(value, list | tuple):
            return [self.filled(item) for item in value]
        return self.filled(value)

    def _culprit(self, value: object, path: Path) -> Path:
        """The path of the first text in a field that cannot be evaluated."""
        inside: list[tuple[Path, object]] = []
        if isinstance(value, Mapping):
            inside = [((*path, str(key)), item) for key, item in value.items()]
        elif isinstance(value, list | tuple):
            inside = [((*path, index), item) for index, item in enumerate(value)]
        for below, item in inside:
            try:
                self.filled(item)
            except EvaluationError:
                return self._culprit(item, below)
        return path

    def _range(self, path: Path) -> Range | None:
        assert self.plan is not None
        assert self.plan.trigger is not None
        for length in range(len(path), 0, -1):
            place = self.plan.trigger.places.get(path[:length])
            if place is not None:
                return self._at(place)
        return self._at(self.plan.trigger.place) if self.plan.trigger.place is not None else None

    def _at(self, place: SourcePlace) -> Range:
        assert self.plan is not None
        start = self.plan.source.offset(place.line, place.column)
        return Range(start, start + place.length)

    def _url(self, url: str, path: Path) -> str:
        """The URL under the endpoint's rules."""
        assert self.plan is not None
        base, origin = self._address(self.plan.endpoint), self._address(self.plan.origin)
        if urls.is_relative(url):
            if not base:
                self._fault(
                    "no-endpoint", f'the URL "{url}" is relative, and there is no endpoint', self._range(path),
                    help="Pass --endpoint URL, or write `endpoint:` in spanspec.yaml.",
                )  # fmt: skip
                return url
            return urls.joined(base, url)
        return urls.replaced(base, url, origin) if self.plan.replace_origin and base else url

    def _address(self, template: str) -> str:
        if "${" not in template:
            return template
        try:
            return str(self.filled(template))
        except EvaluationError as fault:
            self._fault("unbound", f"`endpoint` cannot be filled in: {fault}", None)
            return ""


def _template(text: str) -> Template | None:
    return parse_template(text, Dialect.SPECS).node if "${" in text else None


def _dotted(path: Path) -> str:
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out

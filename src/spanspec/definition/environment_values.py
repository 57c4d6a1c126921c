"""Values for `${var:NAME}` and `${env:NAME}` in `environment:`."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.bind import evaluate_text
from spanspec.definition.environment_texts import filled, templates, texts_of
from spanspec.definition.yaml import plain
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_template
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from spanspec.definition.build import Outside
    from spanspec.definition.environment_plan import EnvironmentPlan
    from spanspec.definition.environment_texts import Placeholder
    from spanspec.definition.yaml import Mapping as MappingNode
    from spanspec.language.verdict import Value

Path = tuple[str | int, ...]


def with_variables(
    plan: EnvironmentPlan, written: Iterable[MappingNode], outside: Outside, environment: Mapping[str, str]
) -> tuple[EnvironmentPlan, tuple[Diagnostic, ...]]:
    """The plan with values for its variables, and a fault for each that has none.

    Args:
        plan: Without.
        written: `vars` of the `spanspec.yaml` files, outermost first.
        outside: What the command line gives.
        environment: The process's, and `.env`.
    """
    known: dict[str, Value] = {}
    for node in written:
        values = plain(node)
        assert isinstance(values, dict)
        known.update({str(name): _value(each, known, environment) for name, each in values.items()})
    known.update({**outside.files, **outside.given})  # type: ignore[dict-item]  # plain values
    made = replace(plan, variables=MappingProxyType(known))
    return made, tuple(_missing(made, environment))


def _value(value: object, known: Mapping[str, Value], environment: Mapping[str, str]) -> Value:
    if isinstance(value, str) and "${" in value:
        return evaluate_text(value, known, environment=environment)
    return value  # type: ignore[return-value]  # what YAML has is a value


def _missing(plan: EnvironmentPlan, environment: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A fault for each template without a value, at its text."""
    for index, service in enumerate(plan.services):
        for path, text in texts_of(service):
            for template in templates(text):
                if fill(template, plan, environment, lambda each: each.text) is None:
                    yield _fault(template, plan, ("services", index, *path), environment)


def _fault(template: str, plan: EnvironmentPlan, path: Path, environment: Mapping[str, str]) -> Diagnostic:
    place = next(
        (plan.places[path[:length]] for length in range(len(path), 0, -1) if path[:length] in plan.places), None
    )
    at = None
    if place is not None:
        start = plan.source.offset(place.line, place.column)
        at = Range(start, start + place.length)
    name = template[2:-1].partition(":")[2].strip()
    close = did_you_mean(name, {*plan.variables, *environment})
    kind = "environment variable" if template.startswith("${env") else "variable"
    return Diagnostic(
        code="missing-variable",
        message=f'no {kind} "{name}" is defined, and `environment` needs it',
        range=at,
        source=plan.source,
        label=close,
        help=f"Set it, pass --var {name}=VALUE, or pass --no-environment if the system runs already.",
    )


def fill(
    text: str, plan: EnvironmentPlan, environment: Mapping[str, str], value: Callable[[Placeholder], str]
) -> str | None:
    """A text of the environment with all of its placeholders and templates replaced; None where one has no value."""
    lost = False

    def template(written: str) -> str:
        nonlocal lost
        node = parse_template(written, Dialect.SPECS).node
        found = evaluate_text(written, plan.variables, environment=environment) if node is not None else None  # type: ignore[arg-type]  # plain values
        lost = lost or found is None
        return _text(found)

    made = filled(text, value, template)
    return None if lost else made


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)

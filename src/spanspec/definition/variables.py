"""Variables: where they come from, and which are named but defined nowhere.

Lowest first: `vars` of `spanspec.yaml` and of the file, `--vars`, `--var`, then outputs. `var:X` and `env:X` both look
there; `env:X` then looks in the process's environment and in `.env`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, Sequence, kind_of, plain
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spanspec.definition.faults import Faults
    from spanspec.definition.plan import Plan, Reference
    from spanspec.language.verdict import Value

ENDPOINT = "ENDPOINT"
"""The variable that holds the endpoint, unless somebody gave it another value."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


def literal(text: str) -> str:
    """A text as a template that yields it: values from outside are not interpolated."""
    return text.replace("${", "$${")


def missing(
    plans: Iterable[Plan], variables: Mapping[str, Value] = _NOTHING, *, environment: Mapping[str, str] = _NOTHING
) -> tuple[Diagnostic, ...]:
    """A fault for each variable that a plan names and nothing defines, at its first use.

    Looked at are the trigger, `vars`, selectors, assertions, expectations, outputs: everything, before anything is sent.

    Args:
        plans: The plans.
        variables: Defined besides the plan's own.
        environment: Where `env:NAME` looks last.
    """
    out: list[Diagnostic] = []
    for plan in plans:
        seen = set()
        for reference in plan.references:
            if reference.name not in seen and not _defined(reference, plan, variables, environment):
                seen.add(reference.name)
                out.append(_fault(reference, plan, variables, environment))
    return tuple(dict.fromkeys(out))


def _defined(reference: Reference, plan: Plan, variables: Mapping[str, Value], environment: Mapping[str, str]) -> bool:
    if reference.name in variables or reference.name in _known(reference, plan):
        return True
    return reference.prefix == "env" and reference.name in environment


def _known(reference: Reference, plan: Plan) -> set[str]:
    """The variables known where a reference stands; in `vars` only those above."""
    names = list(plan.variables)
    if reference.where.startswith("vars."):
        own = reference.where.removeprefix("vars.")
        names = names[: names.index(own)] if own in names else names
    known = {*names, *(ENDPOINT for _ in (1,) if plan.endpoint)}
    return known | {output.name for output in plan.outputs} if reference.own_outputs else known


def _fault(
    reference: Reference, plan: Plan, variables: Mapping[str, Value], environment: Mapping[str, str]
) -> Diagnostic:
    name = reference.name
    candidates = {*_known(reference, plan), *variables, *(environment if reference.prefix == "env" else ())}
    below = reference.where.startswith("vars.") and name in plan.variables
    advice = f"Pass --var {name}=VALUE, or write it under `vars:`."
    if reference.prefix == "env":
        advice = f"Set the environment variable {name}, pass --var {name}=VALUE, or write it under `vars:`."
    return Diagnostic(
        code="missing-variable",
        message=f'no variable "{name}" is defined, and `{reference.where}` needs it',
        range=reference.range,
        source=reference.source or plan.source,
        label="" if below else did_you_mean(name, candidates),
        help="Write it above this one: variables are evaluated top to bottom." if below else advice,
    )


# --- from files -----------------------------------------------------------------------------------------------------


def of_document(node: Node, faults: Faults) -> dict[str, object]:
    """The variables of a `--vars` file: a VariableSet (or the older Environment) of the reference, or a plain mapping."""
    if not isinstance(node, MappingNode):
        faults.wrong_type("a file of variables", "a mapping", node, kind_of(node))
        return {}
    spec = node.get("spec")
    if node.get("type") is not None and isinstance(spec, MappingNode):
        return dict(_of_set(spec, faults))
    return {entry.key.text: plain(entry.value) for entry in node.entries}


def _of_set(spec: MappingNode, faults: Faults) -> Iterator[tuple[str, object]]:
    """The values of a set are texts, and not interpolated."""
    values = spec.get("values")
    for item in values.items if isinstance(values, Sequence) else ():
        key = item.get("key") if isinstance(item, MappingNode) else None
        value = item.get("value") if isinstance(item, MappingNode) else None
        if isinstance(key, Scalar) and (value is None or isinstance(value, Scalar)):
            yield as_text(key), literal(as_text(value)) if value is not None else ""
        else:
            faults.wrong_type("an item of `values`", "a mapping with `key` and `value`", item, kind_of(item))


def of_dotenv(text: str) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value` lines, values bare or in quotes, `#` for comments."""
    out: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        name = name.strip()
        if equals and name and not name.startswith("#"):
            out[name] = _unquoted(value.strip())
    return out


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] in "\"'":
        end = value.find(value[0], 1)
        inside = value[1:end] if end > 0 else value[1:]
        return inside.replace("\\n", "\n") if value[0] == '"' else inside
    return value.partition(" #")[0].rstrip()

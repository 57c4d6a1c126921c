"""A store's plan with its variables: the texts filled in, its class made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spanspec.definition.bind import bind_variables, evaluate_text
from spanspec.definition.store_check import fault_at, refused
from spanspec.definition.validate import validated_as
from spanspec.stores.base import STORES

if TYPE_CHECKING:
    from spanspec.definition.plan import Plan, StorePlan
    from spanspec.language.verdict import Value
    from spanspec.source.diagnostics import Diagnostic

Path = tuple[str | int, ...]
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStore:
    """A store that can be opened.

    Attributes:
        store: Of the family's class; None with an error.
        secrets: The values in it that no report may show.
        diagnostics: Why it cannot be opened.
    """

    store: Any = None
    secrets: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def bind_store(
    store: StorePlan, plan: Plan | None, *, environment: Mapping[str, str], given: Mapping[str, Value] = EMPTY
) -> BoundStore:
    """Fill in a store's texts and make it.

    Args:
        store: With its templates.
        plan: The test that reads from it, for its variables; None where there is none.
        environment: Where `env:NAME` looks after variables.
        given: Variables from outside, over those of the plan.
    """
    variables: Mapping[str, Value] = given
    if plan is not None:
        known = bind_variables(replace(plan, references=()), given, environment=environment, generators=None)
        variables = known.variables
    filler = _Filler(store, variables, environment)
    fields = {key: filler.filled(value, (key,)) for key, value in store.fields.items()}
    if filler.faults:
        return BoundStore(diagnostics=tuple(filler.faults))
    made, problems = validated_as(STORES.load(store.kind), fields)
    filler.faults.extend(refused(store, each) for each in problems)
    if made is None:
        return BoundStore(diagnostics=tuple(filler.faults))
    return BoundStore(store=made, secrets=frozenset(each for each in made.secrets() if each))


class _Filler:
    """Fills one store."""

    def __init__(self, store: StorePlan, variables: Mapping[str, Value], environment: Mapping[str, str]) -> None:
        self.faults: list[Diagnostic] = []
        self._store, self._variables, self._environment = store, variables, environment

    def filled(self, value: object, path: Path) -> object:
        """A value with every template in it filled in; a fault for one that has no value."""
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, Mapping):
            return {str(key): self.filled(item, (*path, str(key))) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.filled(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, path: Path) -> object:
        if "${" not in text:
            return text
        found = evaluate_text(text, self._variables, environment=self._environment)
        if found is None:
            where = ".".join(map(str, ("stores", self._store.name, *path)))
            message = f"`{where}` cannot be filled in: a variable in it has no value"
            advice = "Set the variable in the environment or in `.env`, or pass --var NAME=VALUE."
            self.faults.append(fault_at(self._store, path, "unbound", message, help=advice))
        return found

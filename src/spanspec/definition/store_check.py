"""A store's keys against its class, as far as they are constant: what is wrong is told before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spanspec.definition.validate import validated_as
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.text import Range
from spanspec.stores.base import STORES

if TYPE_CHECKING:
    from spanspec.definition.plan import StorePlan
    from spanspec.definition.validate import Problem

Path = tuple[str | int, ...]


def checked(store: StorePlan) -> tuple[Diagnostic, ...]:
    """What the class refuses, but for values that are known only when the test runs."""
    if store.embedded:
        return ()
    _, problems = validated_as(STORES.load(store.kind), store.fields)
    return tuple(refused(store, each) for each in problems if not _is_open(store.fields, each.path))


def refused(store: StorePlan, problem: Problem) -> Diagnostic:
    """What the class says of a key, in the words and at the place of the user's file."""
    message = problem.message.replace("the trigger", f'the store "{store.name}"')
    return fault_at(store, problem.path, problem.code, message, label=problem.label, help=problem.help)


def fault_at(store: StorePlan, path: Path, code: str, message: str, *, label: str = "", help: str = "") -> Diagnostic:  # noqa: A002
    """A fault at the deepest place that is known for a path."""
    source, places = store.source, store.places
    found = next((places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places), store.place)
    span = None
    if source is not None and found is not None:
        start = source.offset(found.line, found.column)
        span = Range(start, start + found.length)
    return Diagnostic(code=code, message=message, range=span, source=source, label=label, help=help)


def _is_open(value: object, path: Path) -> bool:
    """Whether a template stands at a path, or at the place above it that leads there."""
    for part in path:
        if isinstance(value, str):
            break
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return False
    return isinstance(value, str) and "${" in value

"""A store by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.definition.plan import StorePlan
from spanspec.errors import UsageError
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping


def named_store(stores: Mapping[str, StorePlan], name: str) -> StorePlan:
    """The store of a name; `embedded` is the run's own receiver.

    Raises:
        UsageError: There is none; says which there are.
    """
    if name == "embedded":
        return StorePlan()
    if name not in stores:
        known = ", ".join(("embedded", *stores))
        close = did_you_mean(name, ("embedded", *stores))
        advice = close or f"Write it under `stores:` in spanspec.yaml; there are: {known}."
        raise UsageError(f'no store "{name}" is described in spanspec.yaml', help=f"{advice[:1].upper()}{advice[1:]}")
    return stores[name]

"""Families: from a name to a class, in a built-in module or through an entry point, importing nothing but the one asked for."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from spanspec.errors import PluginError
from spanspec.source.suggest import did_you_mean


@cache
def _entry_points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


@cache
def _modules(package: str) -> tuple[str, ...]:
    """The members in a package; its folder is read once a process, for a thousand definitions name a trigger each."""
    names = (module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))
    return tuple(sorted(name for name in names if not name.startswith("_") and name != "base"))


@dataclass(frozen=True, slots=True)
class Family:
    """One family of members: a package of ours whose modules are the built-in names, and an entry-point group.

    Attributes:
        name: In the singular, for messages: `trigger`.
        package: Where built-in members lie: `spanspec.triggers`; a module without a leading underscore, other than
            `base`, is one.
        group: The entry-point group of third parties: `spanspec.triggers`.
        attribute: The name of the class in a built-in module: `Trigger`.
    """

    name: str
    package: str
    group: str
    attribute: str

    def built_in(self) -> tuple[str, ...]:
        """The built-in names, sorted, with none of them imported."""
        return _modules(self.package)

    def third_party(self) -> dict[str, EntryPoint]:
        """Entry points by name; what is installed is looked up once a process."""
        return _entry_points(self.group)

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted({*self.built_in(), *self.third_party()}))

    def load(self, name: str) -> Any:
        """The member's class.

        Raises:
            PluginError: The name is unknown, clashes with a built-in, or its module cannot be imported.
        """
        built_in, points = self.built_in(), self.third_party()
        if name in built_in and name in points:
            raise PluginError(
                f'the {self.name} "{name}" of {points[name].value} has the name of a built-in one',
                help="Rename the entry point in the package that brings it.",
            )
        if name in built_in:
            return getattr(importlib.import_module(f"{self.package}.{name}"), self.attribute)
        if name in points:
            return self._load_point(points[name])
        known = ", ".join(self.names())
        raise PluginError(f'no {self.name} "{name}"; there are: {known}', help=did_you_mean(name, self.names()))

    def _load_point(self, point: EntryPoint) -> Any:
        try:
            return point.load()
        except Exception as fault:  # a third party's module may raise anything while it is imported
            raise PluginError(f'the {self.name} "{point.name}" ({point.value}) cannot be loaded: {fault}') from fault

"""Configurations of the OpenTelemetry Collector, one file a recipe; the first comment of each is its title."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from spanspec.errors import UsageError
from spanspec.source.suggest import did_you_mean

_SUFFIX: Final = ".yaml"


def names() -> tuple[str, ...]:
    """The recipes there are, sorted."""
    found = (each.name for each in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


def text(name: str) -> str:
    """A recipe, as the Collector reads it.

    Raises:
        UsageError: There is none of that name.
    """
    known = names()
    if name not in known:
        hint = did_you_mean(name, known) or f"There are: {', '.join(known)}."
        raise UsageError(f'no recipe "{name}"', help=hint)
    return (files(__name__) / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def title(name: str) -> str:
    """What a recipe is for, one line."""
    return text(name).partition("\n")[0].removeprefix("# ")

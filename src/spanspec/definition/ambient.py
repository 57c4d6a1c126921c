"""What holds for a test that no file describes: a plan with the settings of a folder, to be filled by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.bind import evaluate_text
from spanspec.definition.configs import Configs
from spanspec.definition.library import Library
from spanspec.definition.named import named_store
from spanspec.definition.plan import Plan, StorePlan
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spanspec.definition.blocks import Setting
    from spanspec.definition.plan import Options, RunSettings
    from spanspec.source.diagnostics import Diagnostic

_NOWHERE = SourceText("<python>", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """The settings of a folder.

    Attributes:
        plan: Without trigger and checks.
        settings: Of the run.
        environment: The process's environment over the nearest `.env`.
        diagnostics: What is wrong in the settings.
    """

    plan: Plan
    settings: RunSettings
    environment: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()


def ambient(folder: Path, options: Options, environment: Mapping[str, str]) -> Ambient:
    """The settings that hold in a folder: of its `spanspec.yaml` files, the environment and the options.

    Raises:
        UsageError: The store that is named is described nowhere.
    """
    diagnostics: list[Diagnostic] = []
    configs = Configs(Library(folder, environment), diagnostics)
    from_environment, faults = settings.of_environment(environment)
    from_options, more = settings.of_options(options)
    own = settings.merged(config.layer for config in configs.of(folder))
    found = settings.merged((own, from_environment, from_options))
    run = settings.run_settings(found)
    known = {**configs.dotenv(folder), **environment}
    return Ambient(
        plan=_plan(own, found, run, known),
        settings=run,
        environment=known,
        diagnostics=tuple(dict.fromkeys((*diagnostics, *faults, *more))),
    )


def _plan(
    own: Mapping[str, Setting], found: Mapping[str, Setting], run: RunSettings, environment: Mapping[str, str]
) -> Plan:
    endpoint, written = found.get("endpoint"), own.get("endpoint")
    aliases, inconclusive = found.get("semconv_aliases"), found.get("on_inconclusive")
    return Plan(
        name="python",
        path="",
        source=_NOWHERE,
        settle=settings.settle_settings(found),
        endpoint=_filled(endpoint, environment),
        replace_origin=endpoint is not None and endpoint is not written,
        origin=_filled(written, environment),
        aliases=bool(aliases.value) if aliases is not None else True,
        on_inconclusive=str(inconclusive.value) if inconclusive is not None else "fail",
        store=_store(found, run),
    )


def _filled(setting: Setting | None, environment: Mapping[str, str]) -> str:
    """A setting's text, `${env:NAME}` in it filled in."""
    if setting is None:
        return ""
    text = str(setting.value)
    value = evaluate_text(text, {}, environment=environment) if "${" in text else text
    return "" if value is None else str(value)


def _store(found: Mapping[str, Setting], run: RunSettings) -> StorePlan:
    said = found.get("store")
    if said is None or isinstance(said.value, StorePlan):
        return said.value if said is not None and isinstance(said.value, StorePlan) else StorePlan()
    return named_store(run.stores, str(said.value))

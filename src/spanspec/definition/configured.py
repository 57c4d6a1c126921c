"""What `spanspec.yaml` alone says for a folder, without a test being read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.configs import Configs
from spanspec.definition.library import Library

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spanspec.definition.plan import RunSettings
    from spanspec.source.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """The settings of a folder.

    Attributes:
        settings: Of the files that hold for it, the inner ones over the outer.
        diagnostics: What is wrong in them.
        environment: The process's environment over the nearest `.env`.
    """

    settings: RunSettings
    diagnostics: tuple[Diagnostic, ...]
    environment: Mapping[str, str]


def configured(folder: Path, environment: Mapping[str, str]) -> Configured:
    """Read the `spanspec.yaml` files that hold for a folder."""
    diagnostics: list[Diagnostic] = []
    configs = Configs(Library(folder, environment), diagnostics)
    chain = configs.of(folder)
    return Configured(
        settings=settings.run_settings(settings.merged(config.layer for config in chain)),
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        environment={**configs.dotenv(folder), **environment},
    )

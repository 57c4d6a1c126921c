"""Which settings hold for a path, and where each comes from: what `spanspec config` shows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.blocks import Setting
from spanspec.definition.build import current_layers
from spanspec.definition.collect import Found
from spanspec.definition.configs import Configs
from spanspec.definition.decode import decode
from spanspec.definition.environment_plan import EnvironmentPlan
from spanspec.definition.faults import Faults
from spanspec.definition.keys import SETTLE
from spanspec.definition.library import TESTS, Library
from spanspec.definition.plan import RunSettings, SettleSettings, StorePlan
from spanspec.definition.yaml import plain
from spanspec.results.mask import MASK, is_secret
from spanspec.source.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.blocks import Layer

BUILT_IN = "built in"
_DURATIONS = frozenset({"timeout", "linger", *(f"settle.{name}" for name in SETTLE if name not in ("until", "wait"))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One setting.

    Attributes:
        key: Its key path: `settle.quiet`.
        value: A plain value; durations as texts (`250ms`), secrets masked.
        origin: `built in`, `spanspec.yaml:3`, `SPANSPEC_ENDPOINT`.
    """

    key: str
    value: object
    origin: str


def effective(
    path: str, *, cwd: Path, environment: Mapping[str, str]
) -> tuple[tuple[Line, ...], tuple[Diagnostic, ...]]:
    """The settings that hold for a file or folder, sorted by key, and the faults in them.

    For a file with one test, what the test and the resources beside it say is counted in.
    """
    diagnostics: list[Diagnostic] = []
    where = Path(os.path.normpath(cwd / path))
    if not where.exists():
        return (), (Diagnostic(code="no-file", message=f'there is no file or folder "{path}"', help="Check the path."),)
    configs = Configs(Library(cwd, environment), diagnostics)
    folder = where if where.is_dir() else where.parent
    own = _of_file(where, cwd, environment, diagnostics) if where.is_file() else ()
    above, faults = settings.of_environment(environment)
    chain = configs.of(folder)
    found = settings.merged((_built_in(), *(config.layer for config in chain), *own, above))
    found.pop("receiver.explicit", None)
    patterns = found["secrets"].value if "secrets" in found else ()
    secrets = tuple(str(each) for each in patterns) if isinstance(patterns, tuple) else ()
    lines = {
        key: Line(key=key, value=_shown(key, each.value, secrets), origin=each.origin) for key, each in found.items()
    }
    for config in chain:
        node, reader = config.variables if config.variables is not None else (None, None)
        for entry in node.entries if node is not None else ():
            assert reader is not None
            key = f"vars.{entry.key.text}"
            at = f"{reader.path}:{reader.source.position(entry.key.range.start).line}"
            value = MASK if is_secret(entry.key.text, secrets) else plain(entry.value)
            lines[key] = Line(key=key, value=value, origin=at)
    return tuple(lines[key] for key in sorted(lines)), (*diagnostics, *faults)


def _of_file(where: Path, cwd: Path, environment: Mapping[str, str], into: list[Diagnostic]) -> tuple[Layer, ...]:
    library = Library(cwd, environment)
    file = library.file(Found(where, library.shown(where), must=False))
    layers = [*current_layers((file,)), *(each.layer for each in file.resources)]
    tests = file.entries(TESTS)
    if len(tests) == 1:
        layers.append(decode(tests[0].document, Faults(file.faults.source)).settings)
    into.extend(file.faults.found)
    return tuple(layers)


def _built_in() -> Layer:
    run, settle = RunSettings(), SettleSettings()
    values: dict[str, object] = {
        "receiver.http": run.receiver_http,
        "receiver.grpc": run.receiver_grpc,
        "paths": (".",),
        "store": "embedded",
        "retries": 0,
        "jobs": "auto",
        "linger": "auto",
        "timeout": 60.0,
        "on_inconclusive": "fail",
        "semconv_aliases": True,
        "required_gates": ("test-specs",),
        **{f"settle.{name}": getattr(settle, f"{name}_s") for name in SETTLE if name not in ("until", "wait")},
        "settle.wait": str(settle.wait),
    }
    return {key: Setting(value, BUILT_IN) for key, value in values.items() if value is not None}


def _shown(key: str, value: object, secrets: tuple[str, ...]) -> object:
    if value is None and key in ("jobs", "linger"):
        return "auto"
    if key in _DURATIONS and isinstance(value, int | float):
        return duration(float(value))
    if isinstance(value, StorePlan):
        return "embedded" if value.embedded else {"type": value.kind, **_masked(dict(value.fields), secrets)}
    if isinstance(value, EnvironmentPlan):
        return _masked(value.value, secrets)
    return list(value) if isinstance(value, tuple) else value


def _masked(value: object, secrets: tuple[str, ...]) -> dict[str, object]:
    """The value with what stands under a secret's name masked."""

    def of(inside: object) -> object:
        if isinstance(inside, dict):
            return {key: MASK if is_secret(str(key), secrets) else of(item) for key, item in inside.items()}
        return [of(item) for item in inside] if isinstance(inside, list) else inside

    found = of(value)
    return found if isinstance(found, dict) else {"": found}


def duration(seconds: float) -> str:
    """`250ms`, `5.5s`, `0`."""
    if seconds == 0:
        return "0"
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"

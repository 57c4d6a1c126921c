"""Loading on a terminal: what is missing is asked for, and everything is loaded once more with the answers.

It is asked only when nothing else is wrong, a person sits there (stdin and stderr are terminals), and `CI` is not set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from spanspec.definition.load import load
from spanspec.results.mask import is_secret
from spanspec.source.diagnostics import Severity
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spanspec.definition.plan import Loaded, Options

Ask = Callable[[str, bool], str]
"""Takes a name and whether its value is hidden while it is typed; gives the value."""


def load_asking(
    paths: Sequence[str],
    options: Options,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    ask: Ask | None = None,
) -> Loaded:
    """As `load`, with the missing variables asked for.

    Args:
        paths: Files and folders.
        options: The command line.
        cwd: What paths are relative to.
        environment: The process's.
        ask: Asks for one value; the terminal where left out, and nobody where there is none.
    """
    loaded = load(paths, options, cwd=cwd, environment=environment)
    faults = {fault.code for fault in loaded.diagnostics if fault.severity is Severity.ERROR}
    ask = ask or (_prompt if somebody_there(environment) else None)
    if ask is None or faults != {"missing-variable"}:
        return loaded
    secrets = loaded.settings.secrets
    answers = {name: ask(name, is_secret(name, secrets)) for name in loaded.missing}
    return load(paths, replace(options, variables={**options.variables, **answers}), cwd=cwd, environment=environment)


def somebody_there(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a person can answer."""
    if environment.get("CI", "").lower() not in ("", "0", "false"):
        return False
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _prompt(name: str, hidden: bool) -> str:
    answer: str = click.prompt(f"value of {visible(name)}", hide_input=hidden, default="", show_default=False, err=True)
    return answer

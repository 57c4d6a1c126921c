"""The commands of ours in templates and scripts, and the published schemas of CI systems' files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from scripts import reference

from spanspec.cli.main import COMMANDS

_VARIABLES = (
    (r"\$\(\((?:[^()]|\([^()]*\))*\)\)", "1"),
    (r"\$\(\w[\w.-]*\)", "x"),
    (r"\$\{\{[^}]*\}\}", "1"),
    (r"\$\{?\w+\}?", "2"),
    (r'"\$@"', ""),
)


def schema(name: str) -> dict[str, Any]:
    """A published schema: `github-actions`, `gitlab-ci`, `circle-ci`, `azure-pipelines`, `compose-spec` and others."""
    found = files("check_jsonschema.builtin_schemas.vendor") / f"{name}.json"
    loaded: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return loaded


def texts(value: object) -> Iterator[str]:
    """Every text in a tree of mappings and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def commands(script: str) -> list[list[str]]:
    """The words of each call of spanspec in a script, variables replaced by values of their form."""
    joined = re.sub(r"\\\n\s*", " ", script)
    for pattern, value in _VARIABLES:
        joined = re.sub(pattern, value, joined)
    found = []
    for line in joined.splitlines():
        call = re.match(r"\s*(?:\./|\S*/)?spanspec (?P<rest>[a-z].*)", line)
        if call:
            found.append(shlex.split(re.split(r"\s(?:\|\||&&|>|\|)\s", call["rest"])[0], comments=True))
    return found


def hold(words: list[str]) -> None:
    """A call of ours is of a command that exists, with options that it has.

    Raises:
        click.ClickException: It is not.
    """
    assert words[0] in COMMANDS, f"there is no command {words[0]}"
    reference.command(words[0]).make_context(words[0], words[1:])

"""Texts of `environment:`: `{port}`, `{order.port}` and the like, and `${var:…}`, `${env:…}`. Pure.

Other braces, and other `${…}`, are the shell's and stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spanspec.definition.environment_plan import ServicePlan

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_PLACE = re.compile(rf"(?<!\$)\{{(?:(?P<service>{_NAME})\.)?(?P<what>port|url|http|grpc)(?::(?P<port>{_NAME}))?\}}")
_TEMPLATE = re.compile(r"\$\{\s*(?:var|env)\s*:[^}]*\}")
RECEIVER = "receiver"
"""The word before `.http` and `.grpc`: where the run takes telemetry in, `HOST:PORT`."""

NAME = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `{…}` in a text.

    Attributes:
        text: As written.
        service: Whose; empty for the service's own.
        what: `port`, `url`; `http` and `grpc` of the receiver.
        port: The name of the port; empty for its own.
    """

    text: str
    service: str
    what: str
    port: str


def placeholders(text: str) -> Iterator[Placeholder]:
    """Those of a text, in order."""
    for match in _PLACE.finditer(text):
        found = _placeholder(match)
        if found is not None:
            yield found


def _placeholder(match: re.Match[str]) -> Placeholder | None:
    service, what = match["service"] or "", match["what"]
    if (what in ("http", "grpc")) != (service == RECEIVER):
        return None
    return Placeholder(match[0], service, what, match["port"] or "")


def filled(text: str, value: Callable[[Placeholder], str], template: Callable[[str], str]) -> str:
    """The text with every placeholder and every `${var:…}` and `${env:…}` replaced.

    Args:
        text: As written.
        value: What stands for a placeholder.
        template: What stands for a template.
    """

    def of(match: re.Match[str]) -> str:
        found = _placeholder(match)
        return match[0] if found is None else value(found)

    parts, end = [], 0
    for match in _TEMPLATE.finditer(text):
        parts += [_PLACE.sub(of, text[end : match.start()]), template(match[0])]
        end = match.end()
    return "".join([*parts, _PLACE.sub(of, text[end:])])


def templates(text: str) -> list[str]:
    """The `${var:…}` and `${env:…}` of a text."""
    return _TEMPLATE.findall(text)


def texts_of(plan: ServicePlan) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a service that may hold placeholders, with its path below the service."""
    if isinstance(plan.run, str):
        yield ("run",), plan.run
    else:
        yield from ((("run", index), word) for index, word in enumerate(plan.run))
    yield from ((("env", name), value) for name, value in plan.env.items())
    yield ("cwd",), plan.cwd
    yield from ((("ready", probe.kind.value), probe.target) for probe in plan.ready.probes)


def used_ports(plan: ServicePlan) -> set[str]:
    """The names of its own ports that a service's texts use."""
    return {each.port for _, text in texts_of(plan) for each in placeholders(text) if not each.service}

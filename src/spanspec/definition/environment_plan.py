"""What `environment:` of a `spanspec.yaml` means: the services of the system under test, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanspec.results.model import SourcePlace
    from spanspec.source.text import SourceText

READY_S = 60.0
"""How long a service may take to become ready, unless it says otherwise."""

STOP_S = 5.0
"""How long a service may take to end after it was asked to."""

COMPOSE_READY_S = 180.0
"""The same for containers, which may have to be fetched first."""


class ProbeKind(StrEnum):
    """What is looked at to see whether a service is ready."""

    HTTP = "http"
    TCP = "tcp"
    LOG = "log"
    SPAN = "span"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that must be so before a service counts as ready.

    Attributes:
        kind: What is looked at.
        target: A URL or a path, an address or a port, a pattern, the name of a service; empty for `exit`.
        statuses: For `http`: the statuses that count; none for all below 400.
        code: For `exit`: the exit code that the command must end with.
    """

    kind: ProbeKind
    target: str = ""
    statuses: tuple[int, ...] = ()
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """When a service is ready: all probes hold, within a time."""

    probes: tuple[Probe, ...] = ()
    timeout_s: float = READY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """One service that is started as a command.

    Attributes:
        name: Its name, and its `OTEL_SERVICE_NAME` unless `env` has another.
        run: A line for `/bin/sh`, or a program with its arguments.
        env: Added to the runner's own environment.
        cwd: Its folder, relative to that of the file.
        ready: When it is ready; without probes as soon as its port takes connections, or at once where it has none.
        needs: Names of services that must be ready before it is started.
        ports: Ports by name, `""` for its own; 0 for a free one.
        stop_timeout_s: Seconds between the request to end and the end.
        place: Where it stands.
    """

    name: str
    run: str | tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cwd: str = "."
    ready: Ready = field(default_factory=Ready)
    needs: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    stop_timeout_s: float = STOP_S
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """What is said of a service of a compose file: its container's port that requests go to, and when it is ready."""

    name: str
    port: int | None = None
    ready: Ready = field(default_factory=lambda: Ready(timeout_s=COMPOSE_READY_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposePlan:
    """Services that `docker compose` starts.

    Attributes:
        files: The compose files, relative to the folder of the file that names them.
        services: What is said of single services.
        only: The services that are started, with what they depend on; none for all.
        build: Whether images are built anew first.
        timeout_s: How long all of it may take to be up.
        stop_timeout_s: Seconds between the request to end and the end.
        place: Where it stands.
    """

    files: tuple[str, ...]
    services: tuple[ContainerPlan, ...] = ()
    only: tuple[str, ...] = ()
    build: bool = False
    timeout_s: float = COMPOSE_READY_S
    stop_timeout_s: float = 10.0
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPlan:
    """How the system under test is started.

    Attributes:
        value: What the user wrote as plain values, with `${…}` left in the texts.
        places: Where a value stands, by its path: `("services", 0, "run")`; keys of mappings too.
        source: The file.
        folder: The file's own, absolute; what commands and files are relative to.
        services: Those started as commands, in the order of the file.
        compose: Those that `docker compose` starts; None without.
        variables: Values for `${var:NAME}` in it.
    """

    value: object
    places: Mapping[tuple[str | int, ...], SourcePlace]
    source: SourceText
    folder: str
    services: tuple[ServicePlan, ...] = ()
    compose: ComposePlan | None = None
    variables: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all services that it speaks of, in order."""
        containers = self.compose.services if self.compose is not None else ()
        return (*(each.name for each in self.services), *(each.name for each in containers))


def variable_names(plan: EnvironmentPlan | None) -> frozenset[str]:
    """The variables that the environment defines for tests: `order.port`, `order.url`, `order.port.admin`.

    A `-` in a service's or port's name is a `_` in that of a variable.
    """
    if plan is None:
        return frozenset()
    found = {variable(each.name, what) for each in plan.services if "" in each.ports for what in ("port", "url")}
    found |= {variable(each.name, "port", name) for each in plan.services for name in each.ports if name}
    if plan.compose is not None:
        containers = plan.compose.services
        found |= {variable(each.name, what) for each in containers if each.port for what in ("port", "url")}
    return frozenset(found)


def variable(*parts: str) -> str:
    """The name of a variable from its parts: `order-service`, `port` make `order_service.port`."""
    return ".".join(part.replace("-", "_") for part in parts)

"""A service with every value filled in: what is started, with which environment, and what it is waited for. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.definition.environment_plan import Probe, ProbeKind
from spanspec.definition.environment_texts import RECEIVER
from spanspec.definition.environment_values import fill
from spanspec.environment.ports import HOST
from spanspec.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.environment_plan import EnvironmentPlan, ServicePlan
    from spanspec.definition.environment_texts import Placeholder
    from spanspec.environment.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One service, ready to be started.

    Attributes:
        plan: As written.
        words: The program with its arguments.
        env: All of its environment.
        cwd: Its folder, absolute.
        probes: What it is waited for.
    """

    plan: ServicePlan
    words: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    probes: tuple[Probe, ...]

    @property
    def telemetry_name(self) -> str:
        """The `service.name` of its spans."""
        return self.env.get("OTEL_SERVICE_NAME", self.plan.name)

    @property
    def fixed_ports(self) -> tuple[int, ...]:
        """The ports that the user gave it."""
        return tuple(port for port in self.plan.ports.values() if port)


def bound(
    service: ServicePlan,
    plan: EnvironmentPlan,
    environment: Mapping[str, str],
    telemetry: Telemetry,
    ports: Mapping[tuple[str, str], int | str],
) -> Bound:
    """The service with its values.

    Args:
        service: As written.
        plan: The environment that it is in.
        environment: The runner's own variables.
        telemetry: Where it sends to.
        ports: Of all services, by name of service and port.

    Raises:
        StartError: A value is missing.
    """

    def value(each: Placeholder) -> str:
        if each.service == RECEIVER:
            return telemetry.http if each.what == "http" else telemetry.grpc
        port = ports[each.service or service.name, each.port]
        return str(port) if each.what == "port" else f"http://{HOST}:{port}"

    def of(text: str, where: str) -> str:
        found = fill(text, plan, environment, value)
        if found is None:
            raise StartError(
                f'the service "{service.name}" cannot be started: a variable in its `{where}` has no value',
                help="Set it, or pass --var NAME=VALUE.",
            )
        return found

    inherited = telemetry.inherited(environment)
    own = {name: of(text, f"env.{name}") for name, text in service.env.items()}
    run = service.run
    words = ("/bin/sh", "-c", of(run, "run")) if isinstance(run, str) else tuple(of(word, "run") for word in run)
    return Bound(
        plan=service,
        words=words,
        env={**inherited, **telemetry.of(service.name, own, inherited)},
        cwd=os.path.normpath(os.path.join(plan.folder, of(service.cwd, "cwd"))),  # noqa: PTH118
        probes=probes_of(
            [replace(probe, target=of(probe.target, f"ready.{probe.kind}")) for probe in service.ready.probes],
            ports.get((service.name, "")),
        ),
    )


def probes_of(probes: list[Probe], port: int | str | None) -> tuple[Probe, ...]:
    """The probes with whole addresses; without any, whether the port takes connections, where there is one."""
    if not probes:
        return (Probe(kind=ProbeKind.TCP, target=f"{HOST}:{port}"),) if port is not None else ()
    return tuple(
        replace(probe, target=url(probe.target, port)) if probe.kind is ProbeKind.HTTP else probe for probe in probes
    )


def url(target: str, port: int | str | None) -> str:
    """A path on the service's port, or what is an address already, as a URL."""
    if target.startswith("/"):
        return f"http://{HOST}:{port}{target}"
    return target if "://" in target else f"http://{target}"

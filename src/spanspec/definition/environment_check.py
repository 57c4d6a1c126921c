"""What must fit together in `environment:`: names, needs, ports, and what its texts name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.definition.environment_plan import ProbeKind, variable_names
from spanspec.definition.environment_texts import NAME, RECEIVER, placeholders, texts_of
from spanspec.definition.yaml import Mapping, Sequence, walk
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from spanspec.definition.environment_plan import EnvironmentPlan, ServicePlan
    from spanspec.definition.environment_texts import Placeholder
    from spanspec.definition.faults import Faults
    from spanspec.definition.yaml import Node
    from spanspec.source.text import Range

Path = tuple[str | int, ...]


def check_services(plan: EnvironmentPlan, node: Node, faults: Faults) -> None:
    """Add a fault for each name, need, port and text that does not fit.

    Args:
        plan: As read.
        node: What stands under `environment:`.
        faults: Of the file.
    """
    checker = _Checker(plan, node, faults)
    checker.names()
    checker.needs()
    checker.ports()
    checker.texts()


class _Checker:
    def __init__(self, plan: EnvironmentPlan, node: Node, faults: Faults) -> None:
        self._plan, self._faults = plan, faults
        self._at = {path: each.range for path, each in walk(node)}
        listed = node.get("services") if isinstance(node, Mapping) else None
        items = listed.items if isinstance(listed, Sequence) else ()
        self._index: dict[int, int] = {}
        for index, item in enumerate(items):
            name = item.get("name") if isinstance(item, Mapping) else None
            for service in plan.services:
                if name is not None and service.place is not None and _starts(service, name.range, faults):
                    self._index[id(service)] = index

    def _place(self, service: ServicePlan, *path: str | int) -> Range | None:
        """The place of a value of a service, or of what is around it."""
        whole: Path = ("services", self._index.get(id(service), 0), *path)
        for length in range(len(whole), 0, -1):
            if whole[:length] in self._at:
                return self._at[whole[:length]]
        return None

    def names(self) -> None:
        """Names that are none, or are there twice."""
        seen: dict[str, str] = {}
        containers = self._plan.compose.services if self._plan.compose is not None else ()
        seen.update({each.name.replace("-", "_"): "a service of the compose file" for each in containers})
        for service in self._plan.services:
            at = self._place(service, "name")
            key = service.name.replace("-", "_")
            if NAME.fullmatch(service.name) is None or service.name == RECEIVER:
                self._faults.error(
                    "bad-value", f'"{service.name}" cannot be the name of a service', at,
                    help="Write letters, digits, - and _; `receiver` is taken. OTEL_SERVICE_NAME under `env` may be any text.",
                )  # fmt: skip
            elif key in seen:
                self._faults.error(
                    "duplicate-name", f'two services have the name "{service.name}"', at, label=seen[key],
                    help="Give each a name of its own.",
                )  # fmt: skip
            if service.place is not None:
                seen.setdefault(key, f"the first is on line {service.place.line}")

    def needs(self) -> None:
        """Services that are needed and not there, and circles."""
        known = {each.name: each for each in self._plan.services}
        containers = {*self._plan.names} - {*known}
        for service in self._plan.services:
            for index, name in enumerate(service.needs):
                if name in known or name in containers:
                    continue
                at = self._place(service, "needs", index)
                close = did_you_mean(name, self._plan.names)
                self._faults.error(
                    "unknown-service", f'"{service.name}" needs "{name}", and there is no service of that name', at,
                    label=close, help="" if close else f"There are: {', '.join(self._plan.names)}.",
                )  # fmt: skip
        self._circles(known)

    def _circles(self, known: dict[str, ServicePlan]) -> None:
        told: set[str] = set()
        for service in self._plan.services:
            way = _way_round(service.name, known)
            if way and not told & set(way):
                told |= set(way)
                self._faults.error(
                    "circular-needs", f"the needs go in a circle: {' → '.join(way)}", self._place(service, "needs"),
                    help="Take one of these needs away: a service can also wait for another by itself.",
                )  # fmt: skip

    def ports(self) -> None:
        """Ports that two services want."""
        taken: dict[int, str] = {}
        for service in self._plan.services:
            for name, port in service.ports.items():
                if not port:
                    continue
                what = f'"{service.name}"' + (f" ({name})" if name else "")
                if port in taken:
                    at = self._place(service, *(("ports", name) if name else ("port",)))
                    self._faults.error(
                        "port-clash", f"port {port} is wanted by {taken[port]} and by {what}", at,
                        help="Leave the port out and write {port} in `run`: each gets a free one.",
                    )  # fmt: skip
                taken.setdefault(port, what)

    def texts(self) -> None:
        """Placeholders that name nothing, and readiness that has nothing to look at."""
        for service in self._plan.services:
            for path, text in texts_of(service):
                for each in placeholders(text):
                    self._placeholder(service, path, each)
            self._readiness(service)

    def _placeholder(self, service: ServicePlan, path: Path, each: Placeholder) -> None:
        if not each.service or each.service == RECEIVER:
            return
        at = self._place(service, *path)
        others = {other.name: set(other.ports) for other in self._plan.services}
        names = variable_names(self._plan)
        containers = self._plan.compose.services if self._plan.compose is not None else ()
        others |= {other.name: {""} if other.port else set() for other in containers}
        if each.service not in others:
            close = did_you_mean(each.service, others)
            self._faults.error(
                "unknown-service", f'{each.text}: there is no service "{each.service}"', at, label=close,
                help="" if close else f"There are: {', '.join(others)}.",
            )  # fmt: skip
        elif each.port not in others[each.service]:
            what = f'no port "{each.port}"' if each.port else "no port"
            self._faults.error(
                "unknown-service", f'{each.text}: the service "{each.service}" has {what}', at,
                help=f"Use {{port{':' + each.port if each.port else ''}}} in its `run`, or write its `port`."
                + (f" Tests can name: {', '.join(sorted(names))}." if names else ""),
            )  # fmt: skip

    def _readiness(self, service: ServicePlan) -> None:
        kinds = [probe.kind for probe in service.ready.probes]
        for probe in service.ready.probes:
            at = self._place(service, "ready", probe.kind.value)
            if probe.kind is ProbeKind.HTTP and probe.target.startswith("/") and "" not in service.ports:
                self._faults.error(
                    "missing-key", f'"{service.name}" has no port for the path {probe.target}', at,
                    help="Use {port} in its `run` or `env`, write its `port`, or a whole URL here.",
                )  # fmt: skip
            elif probe.kind is ProbeKind.EXIT and len(kinds) > 1:
                self._faults.error(
                    "bad-value", f'"{service.name}" cannot end and be ready otherwise too', at,
                    help="Leave the other keys of `ready` out: a task is done when it has ended.",
                )  # fmt: skip


def _starts(service: ServicePlan, at: Range, faults: Faults) -> bool:
    assert service.place is not None
    here = faults.source.position(at.start)
    return (here.line, here.column) == (service.place.line, service.place.column)


def _way_round(start: str, known: dict[str, ServicePlan]) -> list[str]:
    """The shortest way from a service back to itself along its needs; empty where there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in known[way[-1]].needs if way[-1] in known else ():
            if name == start:
                return [*way, start]
            if name in known and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []

"""Reads `environment:` of a `spanspec.yaml`: services that are started as commands, and compose files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import values
from spanspec.definition.environment_check import check_services
from spanspec.definition.environment_keys import COMPOSE, CONTAINER, ENVIRONMENT, READY, SERVICE
from spanspec.definition.environment_plan import (
    COMPOSE_READY_S,
    READY_S,
    STOP_S,
    ComposePlan,
    ContainerPlan,
    EnvironmentPlan,
    Probe,
    ProbeKind,
    Ready,
    ServicePlan,
)
from spanspec.definition.environment_texts import used_ports
from spanspec.definition.keys import known_entries
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.values import BadValueError
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, Sequence, kind_of
from spanspec.language.comparing.patterns import compiled
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from spanspec.definition.faults import Faults
    from spanspec.definition.yaml import Entry
    from spanspec.results.model import SourcePlace

MOST_SERVICES = 200
Places = Callable[[Node], "SourcePlace"]


def decoded(plan: EnvironmentPlan, node: Node, faults: Faults, place_of: Places) -> EnvironmentPlan:
    """The plan with its services; faults for all that does not fit.

    Args:
        plan: Without services.
        node: What stands under `environment:`.
        faults: Of the file.
        place_of: The place of a node.
    """
    if not isinstance(node, MappingNode):
        advice = f"Its keys are: {', '.join(ENVIRONMENT)}."
        faults.wrong_type("`environment`", "a mapping", node, kind_of(node), help=advice)
        return plan
    entries = known_entries(node, ENVIRONMENT, faults, what="`environment`", strict=True)
    reader = _Reader(faults, place_of)
    services = reader.services(entries.get("services"))
    compose = reader.compose(entries["compose"].value) if "compose" in entries else None
    made = replace(plan, services=tuple(services), compose=compose)
    check_services(made, node, faults)
    return made


class _Reader:
    """Reads the nodes of one block."""

    def __init__(self, faults: Faults, place_of: Places) -> None:
        self._faults = faults
        self._place_of = place_of

    # --- services -----------------------------------------------------------------------------------------------------

    def services(self, entry: Entry | None) -> list[ServicePlan]:
        """Those of `services:` that can be read."""
        if entry is None or _is_empty(entry.value):
            return []
        if not isinstance(entry.value, Sequence):
            advice = "Write each as an item: `- name: order`."
            self._faults.wrong_type("`services`", "a list", entry.value, kind_of(entry.value), help=advice)
            return []
        if len(entry.value.items) > MOST_SERVICES:
            self._faults.error("too-big", f"more than {MOST_SERVICES} services", entry.key.range)
        found = [self._service(item) for item in entry.value.items[:MOST_SERVICES]]
        return [each for each in found if each is not None]

    def _service(self, node: Node) -> ServicePlan | None:
        if not isinstance(node, MappingNode):
            self._faults.wrong_type(
                "a service", "a mapping", node, kind_of(node), help="Write `name:` and `run:` under it."
            )
            return None
        entries = known_entries(node, SERVICE, self._faults, what="a service", strict=True)
        name, run = self._text(entries, "name", "the service's `name`"), self._command(entries)
        for key, said in (("name", name), ("run", run)):
            if key not in entries or (said is None and _is_empty(entries[key].value)):
                which = f'the service "{name}"' if name else "a service"
                self._faults.error("missing-key", f"{which} has no {key}", node.range, help=f"Write `{key}:`.")
        if not name or not run:
            return None
        where = f'the service "{name}"'
        plan = ServicePlan(
            name=name,
            run=run,
            env=self._env(entries),
            cwd=self._text(entries, "cwd", "`cwd`") or ".",
            needs=self._texts(entries.get("needs"), f"`needs` of {where}"),
            stop_timeout_s=self._seconds(entries, "stop_timeout", STOP_S),
            place=self._place_of(entries["name"].value),
        )
        ready = self._ready(entries["ready"].value, READY_S) if "ready" in entries else Ready()
        plan = replace(plan, ready=ready, ports=MappingProxyType(self._ports(entries)))
        free = {port: 0 for port in used_ports(plan) if port not in plan.ports}
        return replace(plan, ports=MappingProxyType({**plan.ports, **free}))

    def _command(self, entries: Mapping[str, Entry]) -> str | tuple[str, ...] | None:
        if "run" not in entries:
            return None
        node = entries["run"].value
        if isinstance(node, Sequence):
            words = self._texts(entries["run"], "`run`")
            return words if words and words[0].strip() else None
        return self._text(entries, "run", "`run`")

    def _env(self, entries: Mapping[str, Entry]) -> Mapping[str, str]:
        node = entries["env"].value if "env" in entries else None
        if node is None or _is_empty(node):
            return MappingProxyType({})
        if not isinstance(node, MappingNode):
            self._faults.wrong_type("`env`", "a mapping of names to values", node, kind_of(node))
            return MappingProxyType({})
        out = {}
        for entry in node.entries:
            name, said = entry.key.text, self._as_text(entry.value)
            if not name or "=" in name or "\0" in name:
                self._faults.error("bad-value", f'"{name}" is no name of a variable', entry.key.range)
            elif said is None:
                self._faults.wrong_type(f"`env.{name}`", "a text", entry.value, kind_of(entry.value))
            else:
                out[name] = said
        return MappingProxyType(out)

    def _ports(self, entries: Mapping[str, Entry]) -> dict[str, int]:
        out: dict[str, int] = {}
        if "port" in entries:
            out[""] = self._whole(entries["port"].value, "`port`", 65535) or 0
        node = entries["ports"].value if "ports" in entries else None
        if isinstance(node, MappingNode):
            out.update(
                {
                    each.key.text: self._whole(each.value, f"`ports.{each.key.text}`", 65535) or 0
                    for each in node.entries
                }
            )
        elif isinstance(node, Sequence):
            out.update(dict.fromkeys(self._texts(entries["ports"], "`ports`"), 0))
        elif node is not None and not _is_empty(node):
            advice = "Write `port:` for the service's own, `ports: [admin]` for a free one named admin."
            self._faults.wrong_type("`ports`", "a mapping of names to ports", node, kind_of(node), help=advice)
        return out

    # --- readiness ----------------------------------------------------------------------------------------------------

    def _ready(self, node: Node, timeout_s: float) -> Ready:
        if _is_empty(node):
            return Ready(timeout_s=timeout_s)
        if not isinstance(node, MappingNode):
            advice = f"Its keys are: {', '.join(READY)}."
            self._faults.wrong_type("`ready`", "a mapping", node, kind_of(node), help=advice)
            return Ready(timeout_s=timeout_s)
        entries = known_entries(node, READY, self._faults, what="`ready`", strict=True)
        made = [self._probe(kind, entries) for kind in ProbeKind if kind in entries]
        if "status" in entries and "http" not in entries:
            self._faults.error(
                "bad-value", "`status` is that of `http`, which is not there", entries["status"].key.range,
                help="Write `http:` with a path or a URL.",
            )  # fmt: skip
        probes = tuple(each for each in made if each is not None)
        return Ready(probes=probes, timeout_s=self._seconds(entries, "timeout", timeout_s))

    def _probe(self, kind: ProbeKind, entries: Mapping[str, Entry]) -> Probe | None:
        node = entries[kind].value
        if kind is ProbeKind.EXIT:
            code = self._whole(node, "`exit`", 255)
            return None if code is None else Probe(kind=kind, code=code)
        if kind is ProbeKind.SPAN and isinstance(node, Scalar) and isinstance(node.value, bool):
            return Probe(kind=kind) if node.value else None
        text = self._as_text(node)
        if not text:
            self._faults.wrong_type(f"`ready.{kind}`", "a text", node, kind_of(node))
            return None
        if kind is ProbeKind.LOG:
            self._pattern(text, node)
        statuses = self._statuses(entries) if kind is ProbeKind.HTTP else ()
        return Probe(kind=kind, target=text, statuses=statuses)

    def _pattern(self, text: str, node: Node) -> None:
        try:
            compiled(text)
        except EvaluationError as fault:
            self._faults.error("bad-pattern", f"`ready.log`: {fault}", node.range, help="Write a pattern of RE2.")

    def _statuses(self, entries: Mapping[str, Entry]) -> tuple[int, ...]:
        if "status" not in entries:
            return ()
        node = entries["status"].value
        items = node.items if isinstance(node, Sequence) else (node,)
        found = [self._whole(item, "`status`", 599, least=100) for item in items]
        return tuple(each for each in found if each is not None)

    # --- compose ------------------------------------------------------------------------------------------------------

    def compose(self, node: Node) -> ComposePlan | None:
        """`compose:`, a file, files, or a mapping."""
        if _is_empty(node):
            return None
        if not isinstance(node, MappingNode):
            files = self._texts_of(node, "`compose`")
            return ComposePlan(files=files, place=self._place_of(node)) if files else None
        entries = known_entries(node, COMPOSE, self._faults, what="`compose`", strict=True)
        files = self._texts(entries.get("file"), "`compose.file`")
        if not files:
            self._faults.error(
                "missing-key", "`compose` names no file", node.range, help="Write `file: docker-compose.yaml`."
            )
            return None
        return ComposePlan(
            files=files,
            services=tuple(self._containers(entries.get("services"))),
            only=self._texts(entries.get("only"), "`compose.only`"),
            build=self._boolean(entries, "build"),
            timeout_s=self._seconds(entries, "timeout", COMPOSE_READY_S),
            stop_timeout_s=self._seconds(entries, "stop_timeout", 10.0),
            place=self._place_of(entries["file"].value),
        )

    def _containers(self, entry: Entry | None) -> list[ContainerPlan]:
        if entry is None or _is_empty(entry.value):
            return []
        if not isinstance(entry.value, MappingNode):
            self._faults.wrong_type(
                "`compose.services`", "a mapping of names of services", entry.value, kind_of(entry.value),
                help="Write `only: […]` for a list of those to start.",
            )  # fmt: skip
            return []
        return [self._container(each) for each in entry.value.entries]

    def _container(self, entry: Entry) -> ContainerPlan:
        name, node = entry.key.text, entry.value
        if not isinstance(node, MappingNode):
            if not _is_empty(node):
                self._faults.wrong_type(f"`compose.services.{name}`", "a mapping", node, kind_of(node))
            return ContainerPlan(name=name)
        entries = known_entries(node, CONTAINER, self._faults, what=f"`compose.services.{name}`", strict=True)
        ready = (
            self._ready(entries["ready"].value, COMPOSE_READY_S) if "ready" in entries else ContainerPlan(name="").ready
        )
        if any(probe.kind is ProbeKind.EXIT for probe in ready.probes):
            self._faults.error(
                "bad-value", "`exit` is for services that are started as commands", entries["ready"].key.range,
                help="Write `depends_on` with `condition: service_completed_successfully` in the compose file.",
            )  # fmt: skip
        port = self._whole(entries["port"].value, "`port`", 65535, least=1) if "port" in entries else None
        return ContainerPlan(name=name, port=port, ready=ready)

    # --- values -------------------------------------------------------------------------------------------------------

    def _text(self, entries: Mapping[str, Entry], key: str, what: str) -> str:
        if key not in entries or _is_empty(entries[key].value):
            return ""
        found = self._as_text(entries[key].value)
        if found is None:
            self._faults.wrong_type(what, "a text", entries[key].value, kind_of(entries[key].value))
        return (found or "").strip() if key != "run" else found or ""

    def _as_text(self, node: Node) -> str | None:
        """A scalar's text; `{port}` without quotes, which is a mapping to YAML, too."""
        if isinstance(node, Scalar):
            return as_text(node)
        if isinstance(node, MappingNode) and node.entries and all(_is_empty(each.value) for each in node.entries):
            return self._faults.source.text[node.range.start : node.range.end]
        return None

    def _texts(self, entry: Entry | None, what: str) -> tuple[str, ...]:
        return self._texts_of(entry.value, what) if entry is not None else ()

    def _texts_of(self, node: Node, what: str) -> tuple[str, ...]:
        if _is_empty(node):
            return ()
        items = node.items if isinstance(node, Sequence) else (node,)
        out = []
        for item in items:
            text = self._as_text(item)
            if text is None:
                self._faults.wrong_type(what, "a text or a list of texts", item, kind_of(item))
            else:
                out.append(text)
        return tuple(out)

    def _whole(self, node: Node, what: str, most: int, *, least: int = 0) -> int | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self._faults.wrong_type(what, f"a whole number from {least} to {most}", node, kind_of(node))
        return None

    def _boolean(self, entries: Mapping[str, Entry], key: str) -> bool:
        node = entries[key].value if key in entries else None
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        if node is not None and not _is_empty(node):
            self._faults.wrong_type(f"`{key}`", "true or false", node, kind_of(node))
        return False

    def _seconds(self, entries: Mapping[str, Entry], key: str, default: float) -> float:
        if key not in entries or _is_empty(entries[key].value):
            return default
        node = entries[key].value
        if not isinstance(node, Scalar):
            self._faults.wrong_type(f"`{key}`", "a duration", node, kind_of(node))
            return default
        try:
            return values.seconds(as_text(node))
        except BadValueError as fault:
            self._faults.error(fault.code, f"`{key}`: {fault}", node.range, help=fault.help)
            return default


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None

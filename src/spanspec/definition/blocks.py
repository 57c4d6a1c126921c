"""Settings that are mappings of their own: `stores`, `reports`, `environment`; each becomes one setting per name.

So an inner `spanspec.yaml` adds a store without repeating the outer one's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.environment import decoded
from spanspec.definition.environment_plan import EnvironmentPlan
from spanspec.definition.plan import StorePlan
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.texts import Reader
from spanspec.definition.yaml import Entry, Node, kind_of, plain, walk
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.reports.base import REPORTS
from spanspec.source.suggest import did_you_mean
from spanspec.stores.base import STORES

if TYPE_CHECKING:
    from spanspec.definition.faults import Faults
    from spanspec.results.model import SourcePlace


@dataclass(frozen=True, slots=True)
class Setting:
    """A value with where it came from: `spanspec.yaml:3`, `SPANSPEC_ENDPOINT`, `--endpoint`; `node` when from a file."""

    value: object
    origin: str
    node: Scalar | None = None


Layer = Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a `spanspec.yaml` lies: its folder, and the folder that shown paths are relative to. Both absolute."""

    path: str
    cwd: str

    def shown(self, name: str) -> str:
        """A path of the file as the user of the command line would write it."""
        return name if os.path.isabs(name) else os.path.relpath(os.path.join(self.path, name), self.cwd)  # noqa: PTH117, PTH118


RECEIVING = (
    "agent", "dash0", "datadog", "dynatrace", "honeycomb", "instana", "lightstep", "newrelic", "otlp", "signoz",
)  # fmt: skip
"""Stores whose spans come to the receiver of the run; all but `agent` are members that may get a copy."""

LATER_STORES = (
    "jaeger", "tempo", "zipkin", "opensearch", "elasticapm", "clickhouse", "awsxray", "azureappinsights", "signalfx",
    "sumologic",
)  # fmt: skip
"""Stores that are known by name, whether this version has them or not."""


def below(name: str, found: Layer) -> dict[str, object]:
    """The values of the settings below `name.`, by the rest of their path."""
    return {path.removeprefix(f"{name}."): each.value for path, each in found.items() if path.startswith(f"{name}.")}


def origin(node: Node, faults: Faults) -> str:
    """`spanspec.yaml:3`."""
    return f"{faults.source.name}:{faults.source.position(node.range.start).line}"


def of_entries(entries: Mapping[str, Entry], faults: Faults, folder: Folder) -> dict[str, Setting]:
    """The settings of this kind among the entries of a `spanspec.yaml`."""
    out: dict[str, Setting] = {}
    if "reports" in entries:
        _reports(entries["reports"].value, faults, folder, out)
    if "stores" in entries:
        _stores(entries["stores"].value, faults, out)
    if "environment" in entries and not _empty(entries["environment"].value):
        node = entries["environment"].value
        out["environment"] = Setting(environment(node, faults, folder), origin(entries["environment"].key, faults))
    return out


def _empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _mapping(name: str, node: Node, faults: Faults, wanted: str) -> tuple[Entry, ...]:
    if isinstance(node, MappingNode):
        return node.entries
    if not _empty(node):
        faults.wrong_type(f"`{name}`", wanted, node, kind_of(node))
    return ()


def _reports(node: Node, faults: Faults, folder: Folder, out: dict[str, Setting]) -> None:
    for entry in _mapping("reports", node, faults, "a mapping of formats to paths"):
        name, known = entry.key.text, REPORTS.names()
        if name not in known:
            close = did_you_mean(name, known)
            advice = "" if close else f"There are: {', '.join(known)}."
            faults.error("bad-value", f'no report "{name}"', entry.key.range, label=close, help=advice)
        elif not isinstance(entry.value, Scalar) or not as_text(entry.value).strip():
            faults.wrong_type(
                f"`reports.{name}`", "a path", entry.value, kind_of(entry.value),
                help=f"Write the file to write, such as reports/{name}.out.",
            )  # fmt: skip
        else:
            path = folder.shown(as_text(entry.value))
            out[f"reports.{name}"] = Setting(path, origin(entry.key, faults), entry.value)


def environment(node: Node, faults: Faults, folder: Folder) -> EnvironmentPlan:
    """The block as it stands, with the place of every key and value, and what it means."""
    reader = Reader(faults=faults, path=faults.source.name)
    plan = EnvironmentPlan(
        value=plain(node), places=MappingProxyType(places(node, reader)), source=faults.source, folder=folder.path
    )
    return decoded(plan, node, faults, lambda inside: reader.place_of(inside.range))


def places(node: Node, reader: Reader) -> dict[tuple[str | int, ...], SourcePlace]:
    """Where each value of a tree stands, by its path."""
    return {path: reader.place_of(inside.whole if isinstance(inside, Scalar) else inside.range) for path, inside in walk(node)}  # fmt: skip


# --- stores -------------------------------------------------------------------------------------------------------


def _stores(node: Node, faults: Faults, out: dict[str, Setting]) -> None:
    for entry in _mapping("stores", node, faults, "a mapping of names to stores"):
        name = entry.key.text
        if name == "embedded":
            faults.error(
                "bad-value", '"embedded" is the name of the receiver of the run', entry.key.range,
                help="Give the store another name.",
            )  # fmt: skip
            continue
        found = _store(name, entry, faults)
        out[f"stores.{name}"] = Setting(found or StorePlan(), origin(entry.key, faults))


def _store(name: str, entry: Entry, faults: Faults) -> StorePlan | None:
    node = entry.value
    if not isinstance(node, MappingNode):
        advice = "Write `type:` and the address under it."
        faults.wrong_type(f"`stores.{name}`", "a mapping", node, kind_of(node), help=advice)
        return None
    kind = node.get("type")
    if not isinstance(kind, Scalar) or not as_text(kind):
        faults.error("missing-key", f'the store "{name}" has no type', entry.key.range, help=f"Write `type:`, one of: {', '.join(sorted({*kinds(), *LATER_STORES}))}.")  # fmt: skip
        return None
    if not known_kind(kind, faults):
        return None
    rest = MappingNode(entries=tuple(each for each in node.entries if each.key.text != "type"), range=node.range)
    return store_plan(name, as_text(kind), rest, entry.key, faults)


def store_plan(name: str, kind: str, block: MappingNode, at: Scalar, faults: Faults) -> StorePlan:
    """A store's plan: its fields as they stand, its templates looked at."""
    if kind == "agent":
        return StorePlan()
    reader = Reader(faults=faults, path=faults.source.name)
    for path, inside in walk(block):
        if isinstance(inside, Scalar) and isinstance(inside.value, str) and "${" in inside.text:
            reader.template(inside, f"stores.{name}." + ".".join(map(str, path)))
    fields = plain(block)
    assert isinstance(fields, dict)
    return StorePlan(
        name=name,
        kind=kind,
        fields=MappingProxyType(fields),
        places=MappingProxyType(places(block, reader)),
        place=reader.place_of(at.range),
        source=faults.source,
        receiving=kind in RECEIVING,
    )


def kinds() -> tuple[str, ...]:
    """The types that a store can have in this version, sorted."""
    return tuple(name for name in STORES.names() if name not in ("memory", "file"))


def known_kind(kind: Scalar, faults: Faults) -> bool:
    """Whether a store of that type can be read; a fault where not."""
    name, known = as_text(kind), kinds()
    if name in known or name in RECEIVING:
        return True
    if name in LATER_STORES:
        faults.error(
            "not-yet", f'the store "{name}" is known but not supported by this version', kind.range,
            help="Send the spans to the receiver of the run, or use a version that supports it.",
        )  # fmt: skip
        return False
    close = did_you_mean(name, (*known, *LATER_STORES, *RECEIVING))
    advice = "" if close else f"There are: {', '.join(sorted({*known, *LATER_STORES}))}."
    faults.error("bad-value", f'no store has the type "{name}"', kind.range, label=close, help=advice)
    return False

"""Resources of the reference other than tests and suites: what each means for a run.

`PollingProfile`, `TestRunner` and `DataStore` are settings, one level below the test's own. A `VariableSet` holds
variables. An `Analyzer` is checked. `Config`, `Demo` and what only the reference's cloud knows have no effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import blocks
from spanspec.definition.blocks import RECEIVING, Setting, store_plan
from spanspec.definition.plan import StorePlan
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.shapes import QUERYING, RULES, SHAPES, conforms
from spanspec.definition.values import seconds
from spanspec.definition.variables import literal
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Sequence
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.blocks import Layer
    from spanspec.definition.faults import Faults

_Read = Callable[[MappingNode, "Faults", dict[str, object]], "Resource"]

CURRENT = "current"
"""The id of a resource that holds without being named."""

SETTING_KINDS = ("DataStore", "PollingProfile", "TestRunner", "Analyzer")
"""Kinds that are settings of their file, and of the run as the only one with `id: current`."""

_RETRY_DELAY_S = 5.0
"""`retryDelay` where a profile leaves it out."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource, read.

    Attributes:
        kind: `VariableSet` for the older `Environment` too.
        id: Its id, or empty.
        name: Its name, or empty.
        layer: What it sets.
        variables: The values of a VariableSet, as literals.
        secrets: The names of its values of `type: secret`.
        place: The character that it begins at.
        effect: Why it has no effect, or empty.
    """

    kind: str
    id: str = ""
    name: str = ""
    layer: Layer = field(default_factory=lambda: MappingProxyType({}))
    variables: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    secrets: tuple[str, ...] = ()
    place: int = 0
    effect: str = ""


def resource_of(node: MappingNode, faults: Faults) -> Resource:
    """Read a resource; faults go to `faults`, and with one it sets nothing."""
    kind, spec = node.get("type"), node.get("spec")
    assert isinstance(kind, Scalar)
    assert isinstance(spec, MappingNode)
    name = as_text(kind)
    identity = {"id": _said("id", spec), "name": _said("name", spec), "place": node.range.start}
    if name not in SHAPES or (name == "Environment" and spec.get("values") is None):
        return Resource(kind=name, effect=f"a {name} has no effect here", **identity)  # type: ignore[arg-type]
    for entry in node.entries:
        if entry.key.text not in ("type", "spec"):
            say = f'"{entry.key.text}" says nothing beside "type"'
            faults.warn("unknown-key", say, entry.key.range, help="Write it under `spec:`.")
    if not conforms(spec, SHAPES[name], faults, "spec"):
        return Resource(kind=name, **identity)  # type: ignore[arg-type]
    return _READERS[name](spec, faults, identity)


def _said(name: str, spec: MappingNode) -> str:
    found = spec.get(name)
    return as_text(found) if isinstance(found, Scalar) else ""


def _variable_set(spec: MappingNode, faults: Faults, identity: dict[str, object]) -> Resource:
    values: dict[str, object] = {}
    secrets: list[str] = []
    listed = spec.get("values")
    for item in listed.items if isinstance(listed, Sequence) else ():
        assert isinstance(item, MappingNode)
        key = _said("key", item)
        if key in values:
            faults.warn("duplicate-key", f'the variable "{key}" stands twice; the last one counts', item.range, help="Remove one of the two.")  # fmt: skip
        values[key] = literal(_said("value", item))
        if _said("type", item) == "secret":
            secrets.append(key)
    return Resource(kind="VariableSet", variables=MappingProxyType(values), secrets=tuple(secrets), **identity)  # type: ignore[arg-type]


def _polling_profile(spec: MappingNode, faults: Faults, identity: dict[str, object]) -> Resource:
    periodic = spec.get("periodic")
    if _said("strategy", spec) == "no-polling":
        at = spec.get("strategy")
        assert isinstance(at, Scalar)
        faults.error(
            "not-yet", 'the strategy "no-polling" is known but not supported by this version', at.range,
            help="Write `skipTraceCollection: true` in the test for the same.",
        )  # fmt: skip
    layer: dict[str, Setting] = {}
    if isinstance(periodic, MappingNode):
        _periodic(periodic, faults, layer)
    return Resource(kind="PollingProfile", layer=MappingProxyType(layer), **identity)  # type: ignore[arg-type]


def _periodic(node: MappingNode, faults: Faults, layer: dict[str, Setting]) -> None:
    delay, timeout, retries = (node.get(name) for name in ("retryDelay", "timeout", "selectorMatchRetries"))
    delay_s = _RETRY_DELAY_S
    if isinstance(timeout, Scalar) and timeout.value is not None:
        layer["settle.timeout"] = Setting(seconds(as_text(timeout)), blocks.origin(timeout, faults))
    if isinstance(delay, Scalar) and delay.value is not None:
        delay_s = seconds(as_text(delay))
        layer["settle.poll"] = Setting(delay_s, blocks.origin(delay, faults))
    if isinstance(retries, Scalar) and isinstance(retries.value, int):
        layer["settle.patience"] = Setting(retries.value * delay_s, blocks.origin(retries, faults))


def _test_runner(spec: MappingNode, faults: Faults, identity: dict[str, object]) -> Resource:
    listed = spec.get("requiredGates")
    gates = [item for item in (listed.items if isinstance(listed, Sequence) else ()) if isinstance(item, Scalar)]
    layer: dict[str, Setting] = {}
    if isinstance(listed, Sequence):
        names = tuple(dict.fromkeys(as_text(gate) for gate in gates))
        first = gates[0] if gates else None
        layer["required_gates"] = Setting(names, blocks.origin(listed, faults), first)
    return Resource(kind="TestRunner", layer=MappingProxyType(layer), **identity)  # type: ignore[arg-type]


def _analyzer(spec: MappingNode, faults: Faults, identity: dict[str, object]) -> Resource:
    plugins = spec.get("plugins")
    for plugin in plugins.items if isinstance(plugins, Sequence) else ():
        assert isinstance(plugin, MappingNode)
        known, rules = RULES[_said("id", plugin)], plugin.get("rules")
        for rule in rules.items if isinstance(rules, Sequence) else ():
            assert isinstance(rule, MappingNode)
            at = rule.get("id")
            assert isinstance(at, Scalar)
            if as_text(at) not in known:
                close = did_you_mean(as_text(at), known)
                advice = "" if close else f"There are: {', '.join(known)}."
                message = f'the plugin "{_said("id", plugin)}" has no rule "{as_text(at)}"'
                faults.error("bad-value", message, at.range, label=close, help=advice)
    return Resource(kind="Analyzer", **identity)  # type: ignore[arg-type]


def _data_store(spec: MappingNode, faults: Faults, identity: dict[str, object]) -> Resource:
    kind = spec.get("type")
    assert isinstance(kind, Scalar)
    name = as_text(kind)
    block = spec.get(name)
    store: StorePlan | None = None
    if name in RECEIVING and isinstance(block, MappingNode):
        store = store_plan(_said("name", spec) or name, name, block, kind, faults)
    elif name in RECEIVING or (isinstance(block, MappingNode) and _said("connectionType", block) == "collector"):
        store = StorePlan()
    elif not isinstance(block, MappingNode):
        assert name in QUERYING
        faults.error("missing-key", f'the store "{name}" has no block of that name', kind.range, help=f"Write its address under `{name}:`.")  # fmt: skip
    elif blocks.known_kind(kind, faults):
        store = store_plan(_said("name", spec) or name, name, block, kind, faults)
    layer = {"store": Setting(store, blocks.origin(kind, faults), kind)} if store is not None else {}
    return Resource(kind="DataStore", layer=MappingProxyType(layer), **identity)  # type: ignore[arg-type]


def _shape_only(kind: str) -> _Read:
    def read(spec: MappingNode, faults: Faults, identity: dict[str, object]) -> Resource:
        return Resource(kind=kind, effect=f"a {kind} has no effect here", **identity)  # type: ignore[arg-type]

    return read


_READERS: dict[str, _Read] = {
    "VariableSet": _variable_set,
    "Environment": _variable_set,
    "PollingProfile": _polling_profile,
    "TestRunner": _test_runner,
    "Analyzer": _analyzer,
    "DataStore": _data_store,
    "Config": _shape_only("Config"),
    "Demo": _shape_only("Demo"),
}

"""Settings: which there are, where each comes from, and which wins.

Lowest first: built in, `spanspec.yaml` (outer, then inner), resources that hold for the file, the test itself,
`SPANSPEC_*` variables, the command line.
A setting is known by its key path, `settle.quiet`; its variable is that path in capitals, `SPANSPEC_SETTLE_QUIET`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import blocks, values
from spanspec.definition.blocks import Folder, Layer, Setting
from spanspec.definition.environment_plan import EnvironmentPlan
from spanspec.definition.keys import CONFIG, RECEIVER, SETTLE, known_entries
from spanspec.definition.plan import Options, RunSettings, SettleSettings, StorePlan, Wait
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.values import BadValueError
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, Sequence, kind_of
from spanspec.language.checker import check
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_statement
from spanspec.source.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.definition.faults import Faults
    from spanspec.definition.keys import Key
    from spanspec.definition.yaml import Entry

PREFIX = "SPANSPEC_"
_LISTS = ("secrets", "paths", "forward")


def _identity(text: str) -> str:
    return text


_READERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "endpoint": _identity,
        "trace_url": _identity,
        "timeout": values.seconds,
        "linger": values.linger,
        "on_inconclusive": values.outcome,
        "semconv_aliases": values.boolean,
        "secrets": values.parts,
        "paths": values.parts,
        "store": _identity,
        "retries": values.count,
        "jobs": values.jobs,
        "forward": values.urls,
        "forward_headers": values.headers,
        "required_gates": values.gates,
        "receiver.http": lambda text: values.address(text, values.DEFAULT_HTTP_PORT),
        "receiver.grpc": lambda text: values.address(text, values.DEFAULT_GRPC_PORT),
        "settle.until": _identity,
        "settle.wait": values.wait,
        **{f"settle.{name}": values.seconds for name in SETTLE if name not in ("until", "wait")},
    }
)


def merged(layers: Iterable[Layer]) -> dict[str, Setting]:
    """All layers as one, lowest first."""
    out: dict[str, Setting] = {}
    for layer in layers:
        out.update(layer)
    return out


# --- from a file --------------------------------------------------------------------------------------------------


def of_config(node: Node, faults: Faults, folder: Folder) -> tuple[Layer, MappingNode | None]:
    """What a `spanspec.yaml` says, and its `vars`."""
    if not isinstance(node, MappingNode):
        faults.wrong_type("spanspec.yaml", "a mapping", node, kind_of(node))
        return {}, None
    entries = known_entries(node, CONFIG, faults, what="spanspec.yaml", strict=True)
    layer = {**of_entries(entries, faults), **blocks.of_entries(entries, faults, folder)}
    return layer, variables_node(entries.get("vars"), faults)


def of_entries(entries: Mapping[str, Entry], faults: Faults) -> dict[str, Setting]:
    """The settings among the entries of a `spanspec.yaml` or of a test."""
    out: dict[str, Setting] = {}
    for name in _READERS:
        if name in entries:
            _read(name, entries[name].value, faults, out)
    if "settle" in entries:
        _group("settle", entries["settle"].value, SETTLE, faults, out)
    if "receiver" in entries:
        _receiver(entries["receiver"].value, faults, out)
    return out


def variables_node(entry: Entry | None, faults: Faults) -> MappingNode | None:
    """The mapping under `vars`; a fault where it is none."""
    if entry is None or (isinstance(entry.value, Scalar) and entry.value.value is None):
        return None
    if isinstance(entry.value, MappingNode):
        return entry.value
    faults.wrong_type("`vars`", "a mapping of names to values", entry.value, kind_of(entry.value))
    return None


def _group(name: str, node: Node, table: Mapping[str, Key], faults: Faults, out: dict[str, Setting]) -> None:
    if not isinstance(node, MappingNode):
        faults.wrong_type(f"`{name}`", "a mapping", node, kind_of(node), help=f"Its keys are: {', '.join(table)}.")
        return
    if name == "settle" and (linger := node.entry("linger")) is not None:
        faults.error(
            "unknown-key", '`settle` has no key "linger"', linger.key.range,
            help="`linger` is the whole run's: write it at the top of spanspec.yaml, or --linger.",
        )  # fmt: skip
        node = MappingNode(entries=tuple(each for each in node.entries if each is not linger), range=node.range)
    for key, entry in known_entries(node, table, faults, what=f"`{name}`", strict=True).items():
        _read(f"{name}.{key}", entry.value, faults, out)


def _receiver(node: Node, faults: Faults, out: dict[str, Setting]) -> None:
    if not isinstance(node, Scalar):
        _group("receiver", node, RECEIVER, faults, out)
        return
    try:
        found = receiver_of([as_text(node)])
    except BadValueError as fault:
        faults.error(fault.code, f"`receiver`: {fault}", node.range, help=fault.help)
        return
    out.update({name: Setting(value, blocks.origin(node, faults)) for name, value in found.items()})


def _read(path: str, node: Node, faults: Faults, out: dict[str, Setting]) -> None:
    text = _written(path, node, faults)
    if text is None:
        return
    try:
        value = _READERS[path](text if isinstance(text, str) else ",".join(text))
    except BadValueError as fault:
        faults.error(fault.code, f"`{path}`: {fault}", node.range, help=fault.help)
        return
    if path == "settle.until" and isinstance(node, Scalar):
        _until(as_text(node), node, faults)
    out[path] = Setting(value, blocks.origin(node, faults), node if isinstance(node, Scalar) else None)
    if path in ("receiver.http", "receiver.grpc"):
        out["receiver.explicit"] = Setting(True, out[path].origin)


def _until(text: str, node: Scalar, faults: Faults) -> None:
    parsed = parse_statement(text, Dialect.EXPECT)
    faults.in_text(parsed.diagnostics, node)
    if parsed.node is not None:
        faults.in_text(check(parsed.node, Dialect.EXPECT, kind="statement"), node)


def _written(path: str, node: Node, faults: Faults) -> str | tuple[str, ...] | None:
    """What stands there as text, or as texts for the lists; None where it is empty or a fault was added."""
    if path in _LISTS and isinstance(node, Sequence):
        items = [as_text(item) for item in node.items if isinstance(item, Scalar)]
        for item in node.items:
            if not isinstance(item, Scalar):
                faults.wrong_type(f"an item of `{path}`", "a text", item, kind_of(item))
        return tuple(items)
    if isinstance(node, Scalar):
        return None if node.value is None else as_text(node)
    faults.wrong_type(f"`{path}`", "a list of texts" if path in _LISTS else "a text", node, kind_of(node))
    return None


# --- from the environment and the command line ------------------------------------------------------------------


def of_environment(environment: Mapping[str, str]) -> tuple[Layer, tuple[Diagnostic, ...]]:
    """What `SPANSPEC_*` variables say; empty ones say nothing."""
    out: dict[str, Setting] = {}
    faults: list[Diagnostic] = []
    for path in _READERS:
        name = PREFIX + path.replace(".", "_").upper()
        text = environment.get(name, "")
        if text:
            _of_text(path, text, name, out, faults)
    if environment.get(f"{PREFIX}RECEIVER"):
        _receiver_text([environment[f"{PREFIX}RECEIVER"]], f"{PREFIX}RECEIVER", out, faults)
    return out, tuple(faults)


def _of_text(path: str, text: str, origin: str, out: dict[str, Setting], faults: list[Diagnostic]) -> None:
    try:
        out[path] = Setting(_READERS[path](text), origin)
        if path in ("receiver.http", "receiver.grpc"):
            out["receiver.explicit"] = Setting(True, origin)
    except BadValueError as fault:
        faults.append(Diagnostic(code=fault.code, message=f"{origin}: {fault}", help=fault.help))


def of_options(options: Options) -> tuple[Layer, tuple[Diagnostic, ...]]:
    """What the command line says."""
    out: dict[str, Setting] = {}
    faults: list[Diagnostic] = []
    said = {
        "endpoint": options.endpoint or None,
        "settle.wait": str(options.wait) if options.wait is not None else None,
        "timeout": options.timeout_s,
        "linger": options.linger_s,
        "on_inconclusive": options.on_inconclusive or None,
        "store": options.store or None,
        "retries": options.retries,
    }
    for path, value in said.items():
        if value is not None:
            out[path] = Setting(value, f"--{path.rpartition('.')[2].replace('_', '-')}")
    texts = {
        "jobs": options.jobs,
        "forward": ",".join(options.forward),
        "required_gates": ",".join(options.gates),
        "forward_headers": ",".join(options.forward_headers),
    }
    for path, text in texts.items():
        if text:
            _of_text(path, text, f"--{path.replace('_', '-')}", out, faults)
    if options.receiver:
        _receiver_text(options.receiver, "--receiver", out, faults)
    return out, tuple(faults)


def _receiver_text(texts: Iterable[str], origin: str, out: dict[str, Setting], faults: list[Diagnostic]) -> None:
    try:
        out.update({name: Setting(value, origin) for name, value in receiver_of(texts).items()})
    except BadValueError as fault:
        faults.append(Diagnostic(code=fault.code, message=f"{origin}: {fault}", help=fault.help))


def receiver_of(texts: Iterable[str]) -> dict[str, object]:
    """The receiver's addresses from `HOST`, `HOST:PORT`, `http=HOST:PORT`, `grpc=HOST:PORT`.

    A host alone takes both default ports. A bare `HOST:PORT` is HTTP's, and gRPC takes a free port of that host.

    Raises:
        BadValueError: One of them is none of these.
    """
    named: dict[str, object] = {}
    bare: dict[str, object] = {}
    for text in texts:
        protocol, equals, rest = text.partition("=")
        if equals:
            default = (
                values.DEFAULT_HTTP_PORT
                if values.choice(protocol.strip(), ("http", "grpc")) == "http"
                else values.DEFAULT_GRPC_PORT
            )
            named[f"receiver.{protocol.strip()}"] = values.address(rest, default)
            named["receiver.explicit"] = True
            continue
        host, port = values.split_address(text)
        if not host:
            raise BadValueError(f'"{text}" names no host', help="Write HOST or HOST:PORT.")
        bare = {
            "receiver.http": f"{host}:{values.DEFAULT_HTTP_PORT if port is None else port}",
            "receiver.grpc": f"{host}:{values.DEFAULT_GRPC_PORT if port is None else 0}",
        }
        bare["receiver.explicit"] = port is not None
    return {**bare, **named}


# --- as the runner reads them ----------------------------------------------------------------------------------


def run_settings(found: Layer) -> RunSettings:
    """What concerns the whole run."""
    built_in = RunSettings()
    given = {path: setting.value for path, setting in found.items()}
    http, grpc = given.get("receiver.http", built_in.receiver_http), given.get("receiver.grpc", built_in.receiver_grpc)
    pairs = given.get("forward_headers")
    linger, secrets, forward = given.get("linger"), given.get("secrets", ()), given.get("forward", ())
    jobs, environment = given.get("jobs"), given.get("environment")
    return RunSettings(
        receiver_http=str(http),
        receiver_grpc=str(grpc),
        receiver_explicit=bool(given.get("receiver.explicit", False)),
        linger_s=float(linger) if isinstance(linger, int | float) else None,
        trace_url=str(given.get("trace_url", "")),
        secrets=tuple(secrets) if isinstance(secrets, tuple) else (),
        jobs=jobs if isinstance(jobs, int) else None,
        reports=tuple((name, str(path)) for name, path in blocks.below("reports", found).items()),
        stores=stores_of(found),
        forward=tuple(forward) if isinstance(forward, tuple) else (),
        forward_headers=MappingProxyType(dict(pairs) if isinstance(pairs, Mapping) else {}),
        environment=environment if isinstance(environment, EnvironmentPlan) else None,
    )


def stores_of(found: Layer) -> Mapping[str, StorePlan]:
    """The stores by name."""
    named = blocks.below("stores", found).items()
    return MappingProxyType({name: store for name, store in named if isinstance(store, StorePlan)})


def settle_settings(found: Layer) -> SettleSettings:
    """The settle rule's parameters."""
    numbers = {
        f"{name}_s": found[f"settle.{name}"].value
        for name in SETTLE
        if name not in ("until", "wait") and f"settle.{name}" in found
    }
    until = str(found["settle.until"].value) if "settle.until" in found else ""
    waiting = Wait(str(found["settle.wait"].value)) if "settle.wait" in found else Wait.DECIDED
    statement = parse_statement(until, Dialect.EXPECT).node if until else None
    return SettleSettings(**numbers, until=statement, until_text=until, wait=waiting)  # type: ignore[arg-type]

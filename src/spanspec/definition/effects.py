"""What merged settings mean for one test, where names must be looked up: its store, its required gates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.definition.plan import Reference, StorePlan
from spanspec.definition.settings import stores_of
from spanspec.definition.store_check import checked
from spanspec.definition.texts import variables_named
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_template
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spanspec.definition.blocks import Layer, Setting
    from spanspec.definition.texts import Reader

ANALYZER_GATES = ("analyzer-score", "analyzer-rules")


def store_of(found: Layer, reader: Reader) -> StorePlan:
    """The store that `store` names, or the receiver of the run; a fault where there is none of that name."""
    said = found.get("store")
    if said is None or said.value == "embedded":
        return StorePlan()
    if isinstance(said.value, StorePlan):
        store = said.value
    else:
        stores = stores_of(found)
        name = str(said.value)
        if name not in stores:
            _no_store(name, said, stores, reader)
            return StorePlan()
        store = stores[name]
    reader.references.extend(_references(store))
    reader.faults.extend(checked(store))
    return store


def _no_store(name: str, said: Setting, stores: Mapping[str, StorePlan], reader: Reader) -> None:
    close = did_you_mean(name, (*stores, "embedded"))
    known = ", ".join(("embedded", *stores))
    _tell(
        "unknown-store", f'no store "{name}" is described in spanspec.yaml', said, reader, label=close,
        help="" if close else f"Write it under `stores:`; there are: {known}.",
    )  # fmt: skip


def _tell(code: str, message: str, said: Setting, reader: Reader, *, label: str = "", help: str = "") -> None:  # noqa: A002
    """A fault at the setting, where it stands in this very file; else one that names where it comes from."""
    own = said.node is not None and said.origin.startswith(f"{reader.source.name}:")
    if own and said.node is not None:
        reader.faults.error(code, message, said.node.range, label=label, help=help)
    else:
        advice = " ".join(part for part in (label[:1].upper() + label[1:], help) if part)
        reader.faults.extend([Diagnostic(code=code, message=f"{said.origin}: {message}", help=advice)])


def _references(store: StorePlan) -> Iterator[Reference]:
    """The variables that a store's texts name."""
    for path, text in _texts(store.fields, ()):
        node = parse_template(text, Dialect.SPECS).node if "${" in text else None
        for name in variables_named(node) if node is not None else ():
            place = store.places.get(path)
            source = store.source
            span = None
            if place is not None and source is not None:
                start = source.offset(place.line, place.column)
                span = Range(start, start + place.length)
            where = ".".join(("stores", store.name, *map(str, path)))
            yield Reference(prefix=str(name.place), name=name.key, where=where, range=span, source=source)


def _texts(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif hasattr(value, "items"):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def gates_of(found: Layer, reader: Reader) -> tuple[str, ...]:
    """The required gates. One that needs the analyzer is a fault while nothing analyzes: it must never pass by itself."""
    said = found.get("required_gates")
    if said is None or not isinstance(said.value, tuple):
        return ()
    for gate in said.value:
        if gate in ANALYZER_GATES:
            _tell(
                "no-analyzer", f'the gate "{gate}" needs the analyzer, which this version does not have', said, reader,
                help="Require `test-specs` alone, or use a version that has the analyzer.",
            )  # fmt: skip
    return tuple(str(gate) for gate in said.value)


def renamed(store: StorePlan, name: str) -> StorePlan:
    """The store under another name; the receiver of the run keeps its own."""
    return store if store.embedded else replace(store, name=name)

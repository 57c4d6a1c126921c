"""From a document to a `Definition`: the user's keys read, shapes checked, texts still texts with their places.

All faults of a document are collected. The reference's older shapes (`Key`/`Value` pairs, selectors as `{query}`) are read
as what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition import settings
from spanspec.definition.document import Kind
from spanspec.definition.keys import EXPECT, OUTPUT, RESOURCE, SPEC, TEST, known_entries
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.trigger import TriggerText, decode_trigger, is_null, kind_of_key
from spanspec.definition.values import BadValueError, outcome
from spanspec.definition.yaml import Entry, Mapping, Node, Sequence, as_block, kind_of

if TYPE_CHECKING:
    from spanspec.definition.blocks import Layer
    from spanspec.definition.document import Document
    from spanspec.definition.faults import Faults
    from spanspec.source.text import Range


@dataclass(frozen=True, kw_only=True)
class SpecText:
    """A spec as written."""

    selector: Scalar | None
    assertions: tuple[Scalar, ...]
    name: str = ""
    place: Range


@dataclass(frozen=True, kw_only=True)
class ExpectText:
    """An expectation as written."""

    that: Scalar
    name: str = ""
    on_inconclusive: str = ""


@dataclass(frozen=True, kw_only=True)
class OutputText:
    """An output as written."""

    name: str
    selector: Scalar | None
    value: Scalar
    place: Range


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What one test says.

    `strict` is False for files of the reference, whose unknown keys only warn. `triggered` tells a trigger with a fault
    (`trigger` is then None) from none at all.
    """

    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    compat: bool = False
    variables: Mapping | None = None
    trigger: TriggerText | None = None
    triggered: bool = False
    specs: tuple[SpecText, ...] = ()
    expects: tuple[ExpectText, ...] = ()
    outputs: tuple[OutputText, ...] = ()
    settings: Layer = field(default_factory=lambda: MappingProxyType({}))
    skip: str = ""
    only_if: Scalar | None = None
    skip_trace: bool = False
    id: str = ""
    needs: tuple[Scalar, ...] = ()
    cases: Entry | None = None
    setup: Entry | None = None
    teardown: Entry | None = None
    profile: Scalar | None = None
    strict: bool = True
    place: Range


def decode(document: Document, faults: Faults) -> Definition:
    """Read a test."""
    assert document.body is not None
    strict = document.kind is not Kind.TEST
    body = document.body
    entries = known_entries(_without_siblings(body), TEST if strict else RESOURCE, faults, what="a test", strict=strict)
    if not strict:
        _beside_type(document, entries, faults)
    return Definition(
        name=text_of("name", entries, faults),
        description=text_of("description", entries, faults),
        tags=tags_of(entries.get("tags"), faults),
        compat=_compat(entries.get("compat"), faults),
        variables=settings.variables_node(entries.get("vars"), faults),
        trigger=decode_trigger(body, faults, strict=strict),
        triggered="trigger" in entries and not is_null(entries["trigger"].value),
        specs=_specs(entries, faults, strict=strict),
        expects=_expects(entries.get("expect"), faults),
        outputs=outputs_of(entries.get("outputs"), faults, strict=strict),
        settings=settings.of_entries(entries, faults),
        skip=skip_of(entries.get("skip"), faults),
        only_if=scalar_of("only_if", entries.get("only_if"), faults),
        skip_trace=boolean_of("skipTraceCollection", entries.get("skipTraceCollection"), faults),
        id=text_of("id", entries, faults),
        needs=needs_of(entries.get("needs"), faults),
        cases=entries.get("cases"),
        setup=entries.get("setup"),
        teardown=entries.get("teardown"),
        profile=scalar_of("pollingProfile", entries.get("pollingProfile"), faults),
        strict=strict,
        place=document.node.range,
    )


def _without_siblings(body: Mapping) -> Mapping:
    """The body without the blocks that stand beside `trigger: http` in some files of the reference."""
    kind = body.get("trigger")
    if not isinstance(kind, Scalar):
        return body
    entries = (entry for entry in body.entries if entry.key.text in TEST or kind_of_key(entry.key.text) != kind.text)
    return Mapping(entries=tuple(entries), range=body.range)


def _beside_type(document: Document, entries: dict[str, Entry], faults: Faults) -> None:
    """Keys beside `type:`: `compat` counts, `specs` for `spec` is told, everything else is unknown there."""
    assert isinstance(document.node, Mapping)
    for entry in document.node.entries:
        name = entry.key.text
        if name == "compat":
            entries.setdefault("compat", entry)
        elif name == "specs" and entry.value is document.body:
            faults.warn(
                "unknown-key", 'a resource is written under "spec"', entry.key.range, label='did you mean "spec"?'
            )
        elif name not in ("type", "spec"):
            faults.warn(
                "unknown-key", f'"{name}" says nothing beside "type"', entry.key.range, help="Write it under `spec:`."
            )


# --- plain fields -------------------------------------------------------------------------------------------------


def scalar_of(name: str, entry: Entry | None, faults: Faults) -> Scalar | None:
    """The scalar of an entry; None where there is none, or a fault where it is a list or mapping."""
    if entry is None:
        return None
    if isinstance(entry.value, Scalar):
        return entry.value
    faults.wrong_type(f"`{name}`", "a text", entry.value, kind_of(entry.value))
    return None


def text_of(name: str, entries: dict[str, Entry], faults: Faults) -> str:
    """The text of an entry, or an empty one."""
    found = scalar_of(name, entries.get(name), faults)
    return as_text(found) if found is not None else ""


def boolean_of(name: str, entry: Entry | None, faults: Faults) -> bool:
    """The boolean of an entry, False where there is none."""
    found = scalar_of(name, entry, faults)
    if found is None or found.value is None:
        return False
    if isinstance(found.value, bool):
        return found.value
    faults.wrong_type(f"`{name}`", "true or false", found, kind_of(found))
    return False


def _compat(entry: Entry | None, faults: Faults) -> bool:
    found = scalar_of("compat", entry, faults)
    if found is None or found.value is None or found.value is False:
        return False
    if found.text != "tracetest":
        faults.error(
            "bad-value",
            f'`compat` is "tracetest", and this is "{as_text(found)}"',
            found.range,
            help="Write `compat: tracetest`, or leave it out.",
        )
    return True


def skip_of(entry: Entry | None, faults: Faults) -> str:
    """Why it is skipped, or an empty text."""
    found = scalar_of("skip", entry, faults)
    if found is None or found.value in (None, False, ""):
        return ""
    return "skip is set" if found.value is True else as_text(found)


def tags_of(entry: Entry | None, faults: Faults) -> tuple[str, ...]:
    """The tags, as texts."""
    if entry is None:
        return ()
    out = []
    for item in items_of("tags", entry.value, faults):
        if isinstance(item, Scalar):
            out.append(as_text(item))
        else:
            faults.wrong_type("a tag", "a text", item, kind_of(item))
    return tuple(out)


def items_of(name: str, node: Node, faults: Faults) -> tuple[Node, ...]:
    """The items of a list; none where it is empty, or a fault where it is none."""
    if isinstance(node, Sequence):
        return node.items
    if not (isinstance(node, Scalar) and node.value is None):
        advice = "Put each item on a line of its own, with `- ` before it."
        faults.wrong_type(f"`{name}`", "a list", node, kind_of(node), help=advice)
    return ()


def needs_of(entry: Entry | None, faults: Faults) -> tuple[Scalar, ...]:
    """The names under `needs`: one, or a list of them."""
    if entry is None:
        return ()
    node = entry.value
    items = (node,) if isinstance(node, Scalar) and node.value is not None else items_of("needs", node, faults)
    out = []
    for item in items:
        if isinstance(item, Scalar) and as_text(item).strip():
            out.append(item)
        else:
            faults.wrong_type("an item of `needs`", "a name, an id or a path", item, kind_of(item))
    return tuple(out)


# --- texts of the language ---------------------------------------------------------------------------------------


def language_text(what: str, node: Node, faults: Faults) -> Scalar | None:
    """A text of the language; where YAML read it as something else, the fault shows how to write it."""
    if isinstance(node, Scalar):
        if as_text(node).strip() and not node.broken:
            return node
        if node.broken:
            return None
        faults.error("missing-key", f"{what} is empty", node.range, help="Write what must hold, or remove the item.")
        return None
    line = faults.source.line(faults.source.position(node.range.start).line)
    advice = as_block(line) or "Put the text in quotes."
    faults.error("not-text", f"{what} must be a text, and YAML reads this as {kind_of(node)}", node.range, help=advice)
    return None


def _specs(entries: dict[str, Entry], faults: Faults, *, strict: bool) -> tuple[SpecText, ...]:
    both = [entries[name] for name in ("specs", "testSpec") if name in entries]
    if len(both) == 2:
        faults.error(
            "duplicate-key", '"specs" and "testSpec" are one key', both[1].key.range, help="Join the two lists."
        )
    out = []
    for entry in both[:1]:
        for item in items_of(entry.key.text, entry.value, faults):
            found = _spec(item, faults, strict=strict)
            if found is not None:
                out.append(found)
    return tuple(out)


def _pair(node: Mapping) -> tuple[Entry, Mapping] | None:
    """The entry of the key and the mapping of the value of an older export's `{Key, Value}`."""
    key, value = node.entry("Key"), node.get("Value")
    return (key, value) if key is not None and isinstance(value, Mapping) else None


def _lowered(node: Mapping) -> Mapping:
    """The mapping with its keys' first letters in lower case, as older exports need."""
    entries = tuple(
        Entry(
            key=Scalar(text=e.key.text[:1].lower() + e.key.text[1:], value=e.key.text, range=e.key.range), value=e.value
        )
        for e in node.entries
    )
    return Mapping(entries=entries, range=node.range)


def _spec(node: Node, faults: Faults, *, strict: bool) -> SpecText | None:
    if not isinstance(node, Mapping):
        advice = "Write `- selector: …` with `assertions:` below it; a statement of its own belongs under `expect:`."
        faults.wrong_type("an item of `specs`", "a mapping", node, kind_of(node), help=advice)
        return None
    pair = _pair(node)
    selector_node = pair[0].value if pair else node.get("selector")
    entries = known_entries(_lowered(pair[1]) if pair else node, SPEC, faults, what="a spec", strict=strict)
    assertions = []
    if "assertions" in entries:
        for item in items_of("assertions", entries["assertions"].value, faults):
            text = language_text("an assertion", item, faults)
            if text is not None:
                assertions.append(text)
    selector = _selector(selector_node if selector_node is not None else node.get("selectorParsed"), faults)
    return SpecText(
        selector=selector, assertions=tuple(assertions), name=text_of("name", entries, faults), place=node.range
    )


def _selector(node: Node | None, faults: Faults) -> Scalar | None:
    """A selector: a text, or an export's `{query: …}`; None where there is none or it is empty."""
    if isinstance(node, Mapping) and node.get("query") is not None:
        node = node.get("query")
    if node is None or (isinstance(node, Scalar) and not as_text(node).strip()):
        return None
    return language_text("a selector", node, faults)


def _expects(entry: Entry | None, faults: Faults) -> tuple[ExpectText, ...]:
    if entry is None:
        return ()
    found = (_expect(item, faults) for item in items_of("expect", entry.value, faults))
    return tuple(item for item in found if item is not None)


def _expect(node: Node, faults: Faults) -> ExpectText | None:
    named = isinstance(node, Mapping) and any(name in EXPECT for name in node.names())
    if not isinstance(node, Mapping) or not named:
        text = language_text("an expectation", node, faults)
        return ExpectText(that=text) if text is not None else None
    entries = known_entries(node, EXPECT, faults, what="an expectation", strict=True)
    if "that" not in entries:
        faults.error(
            "missing-key", "the expectation says nothing", node.range, help="Write the statement under `that:`."
        )
        return None
    that = language_text("`that`", entries["that"].value, faults)
    tuned = _on_inconclusive(entries.get("on_inconclusive"), faults)
    return (
        ExpectText(that=that, name=text_of("name", entries, faults), on_inconclusive=tuned)
        if that is not None
        else None
    )


def _on_inconclusive(entry: Entry | None, faults: Faults) -> str:
    found = scalar_of("on_inconclusive", entry, faults)
    if found is None:
        return ""
    try:
        return outcome(as_text(found))
    except BadValueError as fault:
        faults.error(fault.code, f"`on_inconclusive`: {fault}", found.range, help=fault.help)
        return ""


def outputs_of(entry: Entry | None, faults: Faults, *, strict: bool) -> tuple[OutputText, ...]:
    """The outputs as written."""
    if entry is None:
        return ()
    found = (_output(item, faults, strict=strict) for item in items_of("outputs", entry.value, faults))
    return tuple(item for item in found if item is not None)


def _output(node: Node, faults: Faults, *, strict: bool) -> OutputText | None:
    if not isinstance(node, Mapping):
        faults.wrong_type(
            "an item of `outputs`", "a mapping", node, kind_of(node), help="Write `- { name: NAME, value: … }`."
        )
        return None
    pair = _pair(node)
    body = _lowered(pair[1]) if pair else node
    entries = known_entries(body, OUTPUT, faults, what="an output", strict=strict)
    name = pair[0].value if pair else entries["name"].value if "name" in entries else None
    if not isinstance(name, Scalar) or not as_text(name):
        faults.error(
            "missing-key", "the output has no name", node.range, help="Write `name:`; it becomes `${var:NAME}`."
        )
        return None
    if "value" not in entries:
        faults.error(
            "missing-key",
            f'the output "{as_text(name)}" has no value',
            node.range,
            help="Write an expression under `value:`.",
        )
        return None
    selector = body.get("selector")
    picked = _selector(selector if selector is not None else body.get("selectorParsed"), faults)
    value = language_text("`value`", entries["value"].value, faults)
    if value is None:
        return None
    return OutputText(name=as_text(name), selector=picked, value=value, place=node.range)

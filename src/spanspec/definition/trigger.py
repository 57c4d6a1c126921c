"""The trigger of a test: which kind it is, in all the spellings that files have, and the block with its fields.

The short form has the kind as the key (`trigger: {http: …}`). The reference has `type: http` with `httpRequest:`; its older
exports have `triggerType: http` with `http:`, and `Type: http` with `HTTP:`; some files have `trigger: http` with the
block beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.shape import blocks_of, needs_block, required_keys
from spanspec.definition.yaml import Entry, Mapping, Node, Sequence, kind_of
from spanspec.errors import PluginError
from spanspec.source.suggest import did_you_mean
from spanspec.triggers.base import TRIGGERS

if TYPE_CHECKING:
    from spanspec.definition.faults import Faults
    from spanspec.source.text import Range

LATER_KINDS = (
    "grpc", "graphql", "traceid", "kafka", "rabbitmq", "nats", "mqtt", "sqs", "websocket", "command", "cypress",
    "playwright", "playwrightengine", "artillery", "k6", "python",
)  # fmt: skip
"""Kinds that files may have and that are no fault of spelling, for as long as no member has the name."""
_TYPE_KEYS = ("type", "triggerType", "Type")


@cache
def _claimed() -> dict[str, str]:
    """Which kind says that a key is its block; every member is loaded for it, so it is asked only where no kind has the name."""
    found: dict[str, str] = {}
    for kind in TRIGGERS.names():
        try:
            blocks = blocks_of(kind)
        except PluginError:  # told when that kind is used
            continue
        for block in blocks:
            found.setdefault(block, kind)
    return found


def kind_of_key(key: str) -> str:
    """The kind that a block's key stands for; the key itself where it is a kind's name, or none."""
    return key if key in TRIGGERS.names() or key in LATER_KINDS else _claimed().get(key, key)


def block_key(kind: str) -> str:
    """The key under which a file of the reference has the kind's block: `httpRequest`."""
    return next((block for block in blocks_of(kind)[1:] if block[:1].islower()), kind)


@dataclass(frozen=True, kw_only=True)
class TriggerText:
    """A trigger as written: its kind, the block with its fields, and what to point at."""

    kind: str
    block: Mapping
    place: Range


def decode_trigger(body: Mapping, faults: Faults, *, strict: bool) -> TriggerText | None:
    """The trigger of a test, or None where there is none or it has a fault."""
    entry = body.entry("trigger")
    if entry is None or is_null(entry.value):
        return None
    node = entry.value
    if isinstance(node, Scalar):
        return _beside(node, body, faults)
    if isinstance(node, Sequence):
        faults.error(
            "trigger-list", "a test has exactly one trigger, and this is a list", entry.key.range,
            help="Write the last one under `trigger:`, and those before it under `setup:`.",
        )  # fmt: skip
        return None
    return _typed(node, entry, faults) if _type_of(node) is not None else _keyed(node, entry, faults, strict=strict)


def _type_of(node: Mapping) -> Scalar | None:
    found = next((node.get(name) for name in _TYPE_KEYS if node.get(name) is not None), None)
    return found if isinstance(found, Scalar) else None


def _beside(kind: Scalar, body: Mapping, faults: Faults) -> TriggerText | None:
    """`trigger: http` with its block as a sibling."""
    name = as_text(kind)
    if not _known(name, kind.range, faults):
        return None
    block = next((e for e in body.entries if kind_of_key(e.key.text) == name), None)
    return _block(name, block, kind.range, faults)


def _typed(node: Mapping, entry: Entry, faults: Faults) -> TriggerText | None:
    """`type: http` with `httpRequest:` or `http:`; blocks of other kinds may be there if they are null."""
    kind = _type_of(node)
    assert kind is not None
    name = as_text(kind)
    if not _known(name, kind.range, faults):
        return None
    blocks = [each for each in node.entries if each.key.text not in _TYPE_KEYS and not is_null(each.value)]
    own = [each for each in blocks if kind_of_key(each.key.text) == name]
    for other in blocks:
        if other not in own:
            _second(other, name, faults)
    if len(own) > 1:
        faults.error(
            "two-triggers", f'the trigger "{name}" is written twice', own[1].key.range, help="Keep one of the two."
        )
    return _block(name, own[0] if own else None, entry.key.range, faults)


def _second(other: Entry, name: str, faults: Faults) -> None:
    kind = kind_of_key(other.key.text)
    if kind in LATER_KINDS or kind in TRIGGERS.names():
        faults.error(
            "two-triggers", f'the trigger is "{name}", and "{other.key.text}" is a second one', other.key.range,
            help="Keep one; what must happen before belongs under `setup:`.",
        )  # fmt: skip
        return
    expected = [block_key(name)]
    faults.warn(
        "unknown-key",
        f'a trigger has no key "{other.key.text}"',
        other.key.range,
        label=did_you_mean(other.key.text, ["type", *expected]),
    )


def is_null(node: Node) -> bool:
    """Whether a value was left empty."""
    return isinstance(node, Scalar) and node.value is None


def _keyed(node: Mapping, entry: Entry, faults: Faults, *, strict: bool) -> TriggerText | None:
    """The short form: the kind is the key."""
    if not node.entries:
        faults.error("no-trigger", "the trigger is empty", entry.key.range, help="Write `http: { url: … }` under it.")
        return None
    found = None
    for index, each in enumerate(node.entries):
        name = kind_of_key(each.key.text)
        if index and found is not None:
            _second_key(each, found, faults)
        elif _known(name, each.key.range, faults):
            found = _block(name, each, each.key.range, faults)
        if found is None:
            return None
    return found


def _second_key(each: Entry, found: TriggerText, faults: Faults) -> None:
    faults.error(
        "two-triggers", f'a test has exactly one trigger: "{found.kind}" is the first, "{each.key.text}" another', each.key.range,
        help="Keep one; what must happen before belongs under `setup:`.",
    )  # fmt: skip


def _block(name: str, entry: Entry | None, at: Range, faults: Faults) -> TriggerText | None:
    if entry is None:
        if not needs_block(name):
            return TriggerText(kind=name, block=Mapping(entries=(), range=at), place=at)
        key = block_key(name)
        faults.error(
            "missing-key", f'the trigger "{name}" has no "{key}"', at, help=f"Write its fields under `{key}:`."
        )
        return None
    if isinstance(entry.value, Mapping):
        return TriggerText(kind=name, block=entry.value, place=at)
    if is_null(entry.value) and not needs_block(name):
        return TriggerText(kind=name, block=Mapping(entries=(), range=at), place=at)
    first = next(iter(required_keys(name)), "")
    advice = f"Write `{first}:` under it." if first else ""
    faults.wrong_type(f"`{entry.key.text}`", "a mapping", entry.value, kind_of(entry.value), help=advice)
    return None


def _known(name: str, at: Range, faults: Faults) -> bool:
    """Whether the kind can be fired; a fault where not."""
    if name in TRIGGERS.built_in():
        return True
    if name in LATER_KINDS:
        faults.error(
            "not-yet",
            f'the trigger "{name}" is known but not supported by this version',
            at,
            help="Use `http`, or a version that supports it.",
        )
        return False
    names = TRIGGERS.names()
    if name in names:
        return True
    close = did_you_mean(name, (*names, *LATER_KINDS, "httpRequest"))
    advice = "" if close else f"There are: {', '.join(names)}."
    faults.error("unknown-trigger", f'no trigger "{name}"', at, label=close, help=advice)
    return False

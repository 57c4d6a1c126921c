"""`setup` and `teardown`: triggers of their own with outputs, and whole tests by path or id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.definition.decode import items_of, outputs_of, text_of
from spanspec.definition.fields import trigger_plan
from spanspec.definition.keys import HOOK, known_entries
from spanspec.definition.outputs import output_plans
from spanspec.definition.plan import HookPlan
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.shape import answers_of
from spanspec.definition.trigger import decode_trigger
from spanspec.definition.yaml import Entry, Mapping, Node, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spanspec.definition.plan import Plan
    from spanspec.definition.texts import Reader
    from spanspec.language.dialect import Dialect

_TYPED = ("type", "triggerType", "Type")


def hooks_of(
    entry: Entry | None,
    reader: Reader,
    folder: Path,
    dialect: Dialect,
    tests: Callable[[Scalar], Plan | None],
    *,
    strict: bool,
) -> tuple[tuple[HookPlan, ...], tuple[Path, ...]]:
    """The items of `setup` or `teardown`, and the data files that they name.

    Args:
        entry: The list with its key; None for none.
        reader: Takes templates, faults and references.
        folder: Of the definition.
        dialect: Of the outputs.
        tests: Finds the test that a path or id names; tells the fault itself.
        strict: Whether an unknown key is an error.
    """
    hooks: list[HookPlan] = []
    data: list[Path] = []
    for index, node in enumerate(items_of(entry.key.text, entry.value, reader.faults) if entry is not None else ()):
        assert entry is not None
        where = f"{entry.key.text}[{index}]"
        if isinstance(node, Scalar):
            found = _by_name(node, where, reader, tests)
        elif isinstance(node, Mapping):
            found = _item(node, where, reader, folder, dialect, tests, data, strict=strict)
        else:
            advice = "Write `- http: { … }`, or the path of a test."
            reader.faults.wrong_type(f"`{where}`", "a trigger, or a path", node, kind_of(node), help=advice)
            found = None
        if found is not None:
            hooks.append(found)
    return tuple(hooks), tuple(data)


def _by_name(node: Scalar, where: str, reader: Reader, tests: Callable[[Scalar], Plan | None]) -> HookPlan | None:
    if not as_text(node).strip():
        reader.faults.error("missing-key", f"`{where}` is empty", node.range, help="Write a trigger or a path, or remove the item.")  # fmt: skip
        return None
    test = tests(node)
    return HookPlan(name=test.name, test=test, place=reader.place(node)) if test is not None else None


def _item(
    node: Mapping,
    where: str,
    reader: Reader,
    folder: Path,
    dialect: Dialect,
    tests: Callable[[Scalar], Plan | None],
    data: list[Path],
    *,
    strict: bool,
) -> HookPlan | None:
    own = tuple(each for each in node.entries if each.key.text in HOOK)
    rest = tuple(each for each in node.entries if each.key.text not in HOOK)
    entries = known_entries(Mapping(entries=own, range=node.range), HOOK, reader.faults, what="an item", strict=strict)
    named = entries.get("test")
    if named is not None and not rest and isinstance(named.value, Scalar):
        found = _by_name(named.value, where, reader, tests)
        title = text_of("name", entries, reader.faults)
        return replace(found, name=title or found.name) if found is not None else None
    if not rest:
        reader.faults.error(
            "missing-key", f"`{where}` has no trigger", node.range,
            help="Write `http: { … }` or another trigger in it, or `test:` with a path.",
        )  # fmt: skip
        return None
    body = _as_test(node, rest)
    text = decode_trigger(body, reader.faults, strict=strict)
    reader.response = answers_of(text.kind) if text is not None else None
    outputs = output_plans(
        outputs_of(entries.get("outputs"), reader.faults, strict=strict), dialect, reader, strict=strict, where=where
    )
    if text is None:
        return None
    before = len(reader.references)
    trigger, files = trigger_plan(text, folder, reader, strict=strict)
    reader.references[before:] = [
        replace(each, where=where + each.where.removeprefix("trigger")) for each in reader.references[before:]
    ]
    data.extend(files)
    return HookPlan(
        name=text_of("name", entries, reader.faults),
        trigger=trigger,
        outputs=outputs,
        place=reader.place_of(text.place),
    )


def _as_test(node: Mapping, rest: tuple[Entry, ...]) -> Mapping:
    """The item as the body of a test whose trigger is what it has besides its own keys."""
    inside: Node = Mapping(entries=rest, range=node.range)
    whole = next((each for each in rest if each.key.text == "trigger"), None)
    if whole is not None and len(rest) == 1:
        return Mapping(entries=(whole,), range=node.range)
    key = replace(rest[0].key, text="trigger")
    return Mapping(entries=(Entry(key=key, value=inside),), range=node.range)

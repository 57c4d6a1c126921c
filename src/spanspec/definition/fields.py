"""A trigger's block as a `TriggerPlan`: plain values with their places, templates checked, files read, types validated."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.files import Data, guessed_file, named_file
from spanspec.definition.plan import TriggerPlan
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.validate import Path, Problem, body_fields, typed_fields, validated
from spanspec.definition.yaml import Mapping, Node, Sequence

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from spanspec.definition.texts import Reader
    from spanspec.definition.trigger import TriggerText
    from spanspec.results.model import SourcePlace
    from spanspec.source.text import Range


@dataclass(kw_only=True)
class _Build:
    """What is gathered while a block is read."""

    reader: Reader
    folder: FilePath
    strict: bool
    typed: frozenset[str]
    bodies: frozenset[str]
    places: dict[Path, SourcePlace] = field(default_factory=dict)
    nodes: dict[Path, Node] = field(default_factory=dict)
    keys: dict[Path, Range] = field(default_factory=dict)
    data: list[FilePath] = field(default_factory=list)


def trigger_plan(
    text: TriggerText, folder: FilePath, reader: Reader, *, strict: bool
) -> tuple[TriggerPlan, tuple[FilePath, ...]]:
    """The plan of a trigger, and the files that it names.

    Args:
        text: As written.
        folder: Of the definition; files are relative to it.
        reader: Takes templates, faults and references.
        strict: Whether an unknown key is an error.
    """
    build = _Build(
        reader=reader, folder=folder, strict=strict, typed=typed_fields(text.kind), bodies=body_fields(text.kind)
    )
    fields: dict[str, object] = {}
    for entry in text.block.entries:
        name = entry.key.text
        build.keys[(name,)] = entry.key.range
        value = _field(name, entry.value, build)
        if value is not None:
            fields[name] = value
    _validate(text, fields, build)
    plan = TriggerPlan(
        kind=text.kind,
        fields=MappingProxyType(fields),
        places=MappingProxyType(build.places),
        place=reader.place_of(text.place),
    )
    return plan, tuple(build.data)


def _field(name: str, node: Node, build: _Build) -> object:
    if name not in build.bodies:
        return _value(node, (name,), build, texts=name not in build.typed)
    named, data = named_file(node, build.folder, build.reader.faults)
    if named:
        _note((name,), node, build)
        if data is not None:
            build.data.append(data.path)
        return data.content if data is not None else ""
    if isinstance(node, Scalar):
        return _body_text(name, node, build)
    return _value(node, (name,), build, texts=False)


def _body_text(name: str, node: Scalar, build: _Build) -> object:
    """A body that is a text; in files of the reference it may name a file, whose text is a template as well."""
    if node.value is None and node.style == "":
        return None
    if not build.strict:
        named, data = guessed_file(node, build.folder, build.reader.faults)
        if named:
            _note((name,), node, build)
            return _content(name, node, data, build)
    return _text(node, (name,), build)


def _content(name: str, node: Scalar, data: Data | None, build: _Build) -> object:
    if data is None:
        return ""
    build.data.append(data.path)
    if data.text is None:
        return data.content
    inside = node.replaced(data.text, (node.range.start,) * len(data.text)) if "${" in data.text else None
    if inside is not None:
        build.reader.template(inside, f"trigger.{name}")
    return data.text


def _note(path: Path, node: Node, build: _Build) -> None:
    build.nodes[path] = node
    span = node.whole if isinstance(node, Scalar) else node.range
    build.places[path] = build.reader.place_of(span)


def _value(node: Node, path: Path, build: _Build, *, texts: bool) -> object:
    """The plain value of a node; with `texts`, numbers and booleans become text as the reference writes them."""
    _note(path, node, build)
    if isinstance(node, Sequence):
        return [_value(item, (*path, index), build, texts=texts) for index, item in enumerate(node.items)]
    if isinstance(node, Mapping):
        out = {}
        for entry in node.entries:
            below = (*path, entry.key.text)
            build.keys[below] = entry.key.range
            if "${" in entry.key.text:
                build.reader.template(entry.key, _dotted(below))
            out[entry.key.text] = _value(entry.value, below, build, texts=texts)
        return out
    if isinstance(node.value, str):
        return _text(node, path, build)
    if node.value is None or not texts:
        return node.value
    return _number_as_text(node, path, build)


def _number_as_text(node: Scalar, path: Path, build: _Build) -> str:
    text = as_text(node)
    if text != node.text:
        build.reader.faults.warn(
            "yaml-number", f'YAML reads {node.text} as a {"boolean" if isinstance(node.value, bool) else "number"}, so `{_dotted(path)}` is "{text}"', node.range,
            help=f'Write "{node.text}" in quotes to send it as it is.',
        )  # fmt: skip
    return text


def _text(node: Scalar, path: Path, build: _Build) -> str:
    _note(path, node, build)
    build.reader.template(node, _dotted(path))
    return as_text(node)


def _dotted(path: Path) -> str:
    out = "trigger"
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}"
    return out


# --- what the class says ---------------------------------------------------------------------------------------


def _validate(text: TriggerText, fields: dict[str, object], build: _Build) -> None:
    """Tell what the class refuses, but for what is still a template; unknown keys of old files only warn and go."""
    for _ in range(2):
        _, problems = validated(text.kind, fields)
        unknown = [problem for problem in problems if problem.code == "unknown-key"]
        if build.strict or not unknown:
            break
        for problem in unknown:
            _tell(problem, text, build, warn=True)
            _drop(fields, problem.path)
    for problem in problems:
        if build.strict or problem.code != "unknown-key":
            _tell(problem, text, build, warn=False)


def _tell(problem: Problem, text: TriggerText, build: _Build, *, warn: bool) -> None:
    if problem.code != "unknown-key" and _is_template(build.nodes.get(problem.path)):
        return
    place = build.keys.get(problem.path) if problem.code == "unknown-key" else None
    if problem.code == "missing-key":
        place = build.keys.get(problem.path)
    at = place or _nearest(problem.path, build) or text.place
    say = build.reader.faults.warn if warn else build.reader.faults.error
    say(
        problem.code,
        problem.message.replace("the trigger ", f'the trigger "{text.kind}" '),
        at,
        label=problem.label,
        help=problem.help,
    )


def _nearest(path: Path, build: _Build) -> Range | None:
    """The range of the deepest part of a path that the user wrote."""
    for length in range(len(path), 0, -1):
        node = build.nodes.get(path[:length])
        if node is not None:
            return node.whole if isinstance(node, Scalar) else node.range
    return None


def _is_template(node: Node | None) -> bool:
    return isinstance(node, Scalar) and "${" in node.text


def _drop(fields: dict[str, object], path: Path) -> None:
    inside: object = fields
    for part in path[:-1]:
        if isinstance(inside, dict):
            inside = inside.get(str(part))
        elif isinstance(inside, list) and isinstance(part, int) and part < len(inside):
            inside = inside[part]
    if isinstance(inside, dict):
        inside.pop(str(path[-1]), None)

"""A trigger's block as a `TriggerPlan`: plain values with their places, templates checked, files read, types validated."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.files import guessed_file, named_file, path_of
from spanspec.definition.plan import TriggerPlan
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.shape import Path, Shape, answers_of, shape_of
from spanspec.definition.validate import Problem, validated
from spanspec.definition.yaml import Mapping, Node, Sequence
from spanspec.triggers.base import Content, LocalPath

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
        reader: Takes templates, faults and references; what comes next in it may ask for this trigger's answer.
        strict: Whether an unknown key is an error.
    """
    build = _Build(reader=reader, folder=folder, strict=strict)
    shape = shape_of(text.kind)
    reader.response = answers_of(text.kind)
    fields: dict[str, object] = {}
    for entry in text.block.entries:
        name = entry.key.text
        build.keys[(name,)] = entry.key.range
        value = _value(entry.value, (name,), shape.inside(name), build)
        if value is not None:
            fields[name] = value
    _validate(text, fields, build)
    _defaults(text, shape, fields, build)
    plan = TriggerPlan(
        kind=text.kind,
        fields=MappingProxyType(fields),
        places=MappingProxyType(build.places),
        place=reader.place_of(text.place),
    )
    return plan, tuple(build.data)


def _defaults(text: TriggerText, shape: Shape, fields: dict[str, object], build: _Build) -> None:
    """Fill in the defaults that are templates or paths, as if the user had written them."""
    written = {id(shape.inside(name)) for name in fields}
    for name, each in shape.fields.items():
        if each.default is None or id(each) in written:
            continue
        written.add(id(each))
        as_if = Scalar(text=each.default, value=each.default, range=text.place, style='"', raw="")
        value = _value(as_if, (name,), each, build)
        if value is not None:
            fields[name] = value


def _content(name: str, node: Node, mark: Content, build: _Build) -> tuple[bool, object]:
    """Whether a field names a file that holds what is to be sent, and what that is.

    The text of a file that an old file names is a template as well.
    """
    named, data = named_file(node, build.folder, build.reader.faults)
    if not named and isinstance(node, Scalar) and node.text and (mark.guess or not build.strict):
        named, data = guessed_file(node, build.folder, build.reader.faults)
    if not named:
        return False, None
    if data is None:
        return True, ""
    build.data.append(data.path)
    if isinstance(node, Mapping) and not mark.guess:
        return True, data.content
    if data.text is None:
        return True, data.content
    inside = None
    if isinstance(node, Scalar) and "${" in data.text:
        inside = node.replaced(data.text, (node.range.start,) * len(data.text))
    if inside is not None:
        build.reader.template(inside, f"trigger.{name}")
    return True, data.text


def _note(path: Path, node: Node, build: _Build) -> None:
    build.nodes[path] = node
    span = node.whole if isinstance(node, Scalar) else node.range
    build.places[path] = build.reader.place_of(span)


def _value(node: Node, path: Path, shape: Shape, build: _Build) -> object:
    """The plain value of a node; numbers and booleans become text, as the reference writes them, where a text is wanted."""
    _note(path, node, build)
    content, named = shape.mark(Content), shape.mark(LocalPath)
    if content is not None:
        is_file, value = _content(_dotted(path).removeprefix("trigger."), node, content, build)
        if is_file:
            return value
    if isinstance(node, Sequence):
        inside = shape if named is not None else None
        return [
            _value(item, (*path, index), inside or shape.inside(index), build) for index, item in enumerate(node.items)
        ]
    if isinstance(node, Mapping):
        return _mapping(node, path, shape, build)
    if isinstance(node.value, str):
        return _path(node, path, named, build) if named is not None else _text(node, path, build)
    if node.value is None or (shape.raw and content is None):
        return node.value
    if content is not None and node.value is not None and content.structure:
        return _text(node, path, build)
    return _number_as_text(node, path, build)


def _mapping(node: Mapping, path: Path, shape: Shape, build: _Build) -> dict[str, object]:
    out = {}
    for entry in node.entries:
        below = (*path, entry.key.text)
        build.keys[below] = entry.key.range
        if "${" in entry.key.text:
            build.reader.template(entry.key, _dotted(below))
        out[entry.key.text] = _value(entry.value, below, shape.inside(entry.key.text), build)
    return out


def _path(node: Scalar, path: Path, mark: LocalPath, build: _Build) -> str:
    """A path made absolute; one with a template in it is known only when the test runs, and then taken from the folder."""
    text = _text(node, path, build)
    if not text or (mark.or_content and "\n" in text):
        return text
    return path_of(node, text, build.folder, build.reader.faults, exists=mark.exists and "${" not in text)


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
    if problem.code != "unknown-key" and _is_known_later(problem.path, build):
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


def _is_known_later(path: Path, build: _Build) -> bool:
    """Whether a value, or what the class made it from (a list of one), is known only when the test runs."""
    nodes = (build.nodes.get(path[:length]) for length in range(1, len(path) + 1))
    return any(isinstance(node, Scalar) and "${" in node.text for node in nodes)


def _drop(fields: dict[str, object], path: Path) -> None:
    inside: object = fields
    for part in path[:-1]:
        if isinstance(inside, dict):
            inside = inside.get(str(part))
        elif isinstance(inside, list) and isinstance(part, int) and part < len(inside):
            inside = inside[part]
    if isinstance(inside, dict):
        inside.pop(str(path[-1]), None)

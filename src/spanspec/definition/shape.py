"""What a member's class says of each of its keys, by path: whether YAML's own types are kept, and the marks of its seam.

The loader walks a user's block and this tree side by side, so that nothing here or there knows a member by name.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, cast

from pydantic import BaseModel

from spanspec.triggers.base import TRIGGERS, Address, Content, LocalPath, spellings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
M = TypeVar("M")

_TYPED = (bool, int, float, Any, object)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One key, or the whole block.

    Attributes:
        raw: Whether numbers, booleans and structures are kept as YAML reads them; else scalars become texts.
        seconds: Whether a duration is turned into seconds.
        marks: Of the seam.
        fields: The keys of a mapping that a class describes, by each spelling.
        items: What a list, or a mapping with any keys, holds.
        default: The default where it is a template or a path, which the loader fills in; else None.
    """

    raw: bool = False
    seconds: bool = False
    marks: tuple[object, ...] = ()
    fields: MappingOf[str, Shape] = field(default_factory=lambda: MappingProxyType({}))
    items: Shape | None = None
    default: str | None = None

    def inside(self, part: str | int) -> Shape:
        """What stands one step deeper; what the class does not know of is a text, or raw inside raw."""
        found = self.fields.get(part) if isinstance(part, str) else None
        return found or self.items or (_RAW if self.raw else _PLAIN)

    def at(self, path: Path) -> Shape:
        """What stands at a path."""
        found = self
        for part in path:
            found = found.inside(part)
        return found

    def mark(self, kind: type[M]) -> M | None:
        """The mark of a kind, if the key has one."""
        return next((each for each in self.marks if isinstance(each, kind)), None)

    def marked(self, kind: type[object], path: Path = ()) -> Iterator[tuple[Path, Shape]]:
        """Every key with a mark of that kind, by its documented spelling."""
        seen: list[Shape] = []
        for name, each in self.fields.items():
            if any(each is other for other in seen):
                continue
            seen.append(each)
            if each.mark(kind) is not None:
                yield (*path, name), each
            yield from each.marked(kind, (*path, name))


_RAW, _PLAIN = Shape(raw=True), Shape()


@cache
def model_of(kind: str) -> type[BaseModel]:
    """The class of a kind; found once, for entry points are slow to search."""
    return cast("type[BaseModel]", TRIGGERS.load(kind))


@cache
def shape_of(kind: str) -> Shape:
    """The tree of a kind."""
    return of_model(model_of(kind))


def of_model(model: type[BaseModel], seen: tuple[type, ...] = ()) -> Shape:
    """The tree of a class."""
    if model in seen:  # a class that holds itself: one round is known, what is deeper is a text
        return _PLAIN
    fields: dict[str, Shape] = {}
    for name, info in model.model_fields.items():
        shape = _of_annotation(info.annotation, tuple(info.metadata), (*seen, model), info.default)
        fields.update(dict.fromkeys(spellings_of(name, info), shape))
    return Shape(fields=MappingProxyType(fields))


def _of_annotation(annotation: object, marks: tuple[object, ...], seen: tuple[type, ...], default: object) -> Shape:
    members = [_unwrapped(each) for each in members_of(annotation)]
    marks = (*marks, *(mark for _, inner in members for mark in inner))
    bare = [member for member, _ in members]
    below = [found for member in bare if (found := _of_model_member(member, seen)) is not None]
    content = next((mark for mark in marks if isinstance(mark, Content)), None)
    filled = isinstance(default, str) and ("${" in default or any(isinstance(mark, LocalPath) for mark in marks))
    return Shape(
        raw=any(member in _TYPED for member in bare) or (content is not None and content.structure),
        seconds=float in bare,
        marks=marks,
        fields=MappingProxyType({name: each for shape in below for name, each in shape.fields.items()}),
        items=next((item for member in bare if (item := _items(member, seen)) is not None), None),
        default=str(default) if filled else None,
    )


def _of_model_member(member: object, seen: tuple[type, ...]) -> Shape | None:
    return of_model(member, seen) if isinstance(member, type) and issubclass(member, BaseModel) else None


def _items(member: object, seen: tuple[type, ...]) -> Shape | None:
    origin, arguments = typing.get_origin(member), typing.get_args(member)
    if origin in (list, tuple) and arguments:
        return _of_annotation(arguments[0], (), seen, None)
    if isinstance(origin, type) and issubclass(origin, MappingOf) and len(arguments) == 2:
        return _of_annotation(arguments[1], (), seen, None)
    return None


def _unwrapped(annotation: object) -> tuple[object, tuple[object, ...]]:
    """An annotation without `Annotated`, and the marks that it had."""
    if typing.get_origin(annotation) is Annotated:
        inside, *marks = typing.get_args(annotation)
        return inside, tuple(marks)
    return annotation, ()


def members_of(annotation: object) -> tuple[object, ...]:
    """The members of a union; the annotation itself where it is none."""
    if typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


# --- what is asked of a kind -------------------------------------------------------------------------------------------


@cache
def address_paths(kind: str) -> tuple[Path, ...]:
    """The fields that `endpoint` completes."""
    return tuple(path for path, _ in shape_of(kind).marked(Address))


def found_at(fields: MappingOf[str, object], path: Path) -> object:
    """What stands at a path of plain values; None where it leads nowhere."""
    inside: object = fields
    for part in path:
        inside = inside.get(str(part)) if isinstance(inside, MappingOf) else None
    return inside


def answers_of(kind: str) -> tuple[str, ...] | None:
    """What an answer has by name, as the class tells; None where it does not tell."""
    said = getattr(model_of(kind), "answers", None)
    if said and "response:NAME" in said:
        return None
    return tuple(name.removeprefix("response:") for name in said if name.startswith("response:")) if said else None


def blocks_of(kind: str) -> tuple[str, ...]:
    """The keys under which a file may have the kind's block, its own name first."""
    return (kind, *getattr(model_of(kind), "blocks", ()))


def required_keys(kind: str) -> tuple[str, ...]:
    """The keys that a trigger of the kind cannot do without."""
    return tuple(spellings_of(*each)[0] for each in model_of(kind).model_fields.items() if each[1].is_required())


def needs_block(kind: str) -> bool:
    """Whether a trigger of the kind is nothing without its block."""
    return bool(required_keys(kind))

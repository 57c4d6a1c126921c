"""Walking the tree without recursion."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from spanspec.language.syntax import Node

if TYPE_CHECKING:
    from collections.abc import Iterator


_PARTS: dict[type[Node], tuple[str, ...]] = {}


def _parts(kind: type[Node]) -> tuple[str, ...]:
    found = _PARTS.get(kind)
    if found is None:
        found = _PARTS[kind] = tuple(part.name for part in fields(kind) if part.name != "range")
    return found


def children(node: Node) -> Iterator[Node]:
    """The nodes right below, in the order of the text's rules."""
    for name in _parts(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each before those below it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def height(node: Node, limit: int) -> int:
    """How many layers the tree has; counting stops beyond `limit`."""
    layer, count = [node], 0
    while layer and count <= limit:
        count += 1
        layer = [child for parent in layer for child in children(parent)]
    return count

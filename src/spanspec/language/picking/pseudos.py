"""Pseudo-classes that need no selector: by order, by duration, by place in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.picking.forest import NONE
from spanspec.language.truth import OPEN, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.picking.forest import Forest
    from spanspec.language.picking.predicates import Worth
    from spanspec.language.syntax import Pseudo

ORDERING = frozenset({"first", "last", "nth", "slowest", "fastest"})
"""Pseudo-classes that pick from a list; free until the trace has ended."""

_HELD: Worth = (Outcome.HOLDS, Outcome.HOLDS)
_FAILED: Worth = (Outcome.FAILS, Outcome.FAILS)
_HELD_FOR_NOW: Worth = (Outcome.HOLDS, OPEN)
_FAILED_FOR_NOW: Worth = (Outcome.FAILS, OPEN)


def by_order(pseudo: Pseudo, nodes: list[int], forest: Forest) -> list[int]:
    """The one node of a list in trace order that the pseudo-class names, or none; of equals the first."""
    if not nodes:
        return []
    if pseudo.name == "first":
        return nodes[:1]
    if pseudo.name == "last":
        return nodes[-1:]
    if pseudo.name == "nth":
        number = pseudo.number or 0
        return nodes[number - 1 : number] if number > 0 else []
    durations = [forest.spans[node].duration_ns for node in nodes]
    wanted = max(durations) if pseudo.name == "slowest" else min(durations)
    return [nodes[durations.index(wanted)]]


def fixed_pseudo(name: str, forest: Forest) -> Callable[[int], Worth]:
    """The test of `root`, `leaf`, `orphan`, `entry` and `exit`."""
    tests = {"root": _root, "leaf": _leaf, "orphan": _orphan, "entry": _entry, "exit": _exit}
    test = tests[name]
    return lambda node: test(node, forest)


def _root(node: int, forest: Forest) -> Worth:
    now = Outcome.HOLDS if forest.is_root(node) else Outcome.FAILS
    return now, now if forest.root_is_settled(node) else OPEN


def _leaf(node: int, forest: Forest) -> Worth:
    if not forest.children[node]:
        return _HELD_FOR_NOW
    return _FAILED if forest.certain.children[node] else _FAILED_FOR_NOW


def _orphan(node: int, forest: Forest) -> Worth:
    if forest.is_orphan(node):
        return _HELD_FOR_NOW
    return _FAILED if forest.root_is_settled(node) else _FAILED_FOR_NOW


def _entry(node: int, forest: Forest) -> Worth:
    parent = forest.parent[node]
    if parent == NONE:
        return _HELD_FOR_NOW if forest.parent_may_come(node) else _HELD
    enters = forest.spans[parent].service != forest.spans[node].service
    if forest.parent_may_come(node):
        return _HELD_FOR_NOW if enters else _FAILED_FOR_NOW
    return _HELD if enters else _FAILED


def _exit(node: int, forest: Forest) -> Worth:
    service = forest.spans[node].service
    if any(forest.spans[child].service != service for child in forest.certain.children[node]):
        return _HELD
    leaves = any(forest.spans[child].service != service for child in forest.children[node])
    return _HELD_FOR_NOW if leaves else _FAILED_FOR_NOW

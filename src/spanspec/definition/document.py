"""Which documents of a file are ours, and what each is: the short form, or a resource of the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from spanspec.definition.scalars import Scalar
from spanspec.definition.yaml import Mapping, Node, kind_of
from spanspec.source.suggest import did_you_mean

MARKS = ("trigger", "specs", "testSpec", "expect", "steps")
"""A mapping with one of these is ours."""

SUITES = ("TestSuite", "Transaction")
"""A suite of the reference, and its older name."""
SETTLED_RESOURCES = (
    "VariableSet", "Environment", "DataStore", "PollingProfile", "TestRunner", "Analyzer", "Config", "Demo",
)  # fmt: skip
CLOUD_RESOURCES = ("Monitor", "Organization", "EnvironmentToken", "Invite", "RunGroup", "Workspace")
"""Kinds that mean something to the reference's cloud only."""
RESOURCES = ("Test", *SUITES, *SETTLED_RESOURCES, *CLOUD_RESOURCES)

_MARKED_LINE = re.compile(rf"^[\s{{\"'-]*(?:{'|'.join((*MARKS, 'type'))})[\"']?\s*:", re.MULTILINE)


class Kind(StrEnum):
    """What a document is.

    `TEST` and `SHORT` are tests, of the reference and in the short form; `SUITE` has steps; `RESOURCE` is another kind of
    the reference; `FOREIGN` is not ours.
    """

    TEST = "test"
    SHORT = "short"
    SUITE = "suite"
    RESOURCE = "resource"
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document of a file.

    Attributes:
        kind: What it is.
        node: The whole document.
        body: For a test or suite of the reference what stands under `spec:`, else the document.
        index: From 1, in its file.
        why: For a document that is no test, what it is, in words.
        help: How to mend it, or empty.
    """

    kind: Kind
    node: Node
    body: Mapping | None = None
    index: int = 1
    why: str = ""
    help: str = ""

    @property
    def typed(self) -> bool:
        """Whether it is a resource of the reference."""
        return isinstance(self.node, Mapping) and isinstance(self.node.get("type"), Scalar)


def may_be_ours(text: str) -> bool:
    """Whether a line of the text begins with one of our keys, so that it is worth reading at all."""
    return _MARKED_LINE.search(text) is not None


def begins_with_mark(text: str) -> bool:
    """Whether a line begins with a key that only our files have (`type:` stands in many others)."""
    found = (match[0] for match in _MARKED_LINE.finditer(text))
    return any("type" not in line for line in found)


def classify(node: Node, index: int) -> Document:
    """What a document is."""
    if not isinstance(node, Mapping):
        why = f"a definition is a mapping, and this is {kind_of(node)}"
        return Document(kind=Kind.FOREIGN, node=node, index=index, why=why)
    kind = node.get("type")
    if kind is not None and isinstance(kind, Scalar):
        return _resource(node, kind, index)
    if node.get("steps") is not None and node.get("trigger") is None:
        return Document(kind=Kind.SUITE, node=node, body=node, index=index, why="a suite")
    if any(node.get(mark) is not None for mark in MARKS):
        return Document(kind=Kind.SHORT, node=node, body=node, index=index)
    return Document(kind=Kind.FOREIGN, node=node, index=index, why=_no_mark(node), help=_mark_help(node))


def _resource(node: Mapping, kind: Scalar, index: int) -> Document:
    body = _body(node)
    if kind.text == "Test" and body is not None:
        return Document(kind=Kind.TEST, node=node, body=body, index=index)
    if kind.text in SUITES and body is not None:
        return Document(kind=Kind.SUITE, node=node, body=body, index=index, why=f"a {kind.text}")
    if kind.text in RESOURCES and isinstance(node.get("spec"), Mapping):
        return Document(kind=Kind.RESOURCE, node=node, index=index, why=f"a {kind.text}")
    if kind.text in RESOURCES:
        return Document(
            kind=Kind.FOREIGN, node=node, index=index, why=f'a {kind.text} needs a mapping under "spec"',
            help="Write what the resource is under `spec:`.",
        )  # fmt: skip
    close = did_you_mean(kind.text, RESOURCES)
    why = f'no resource has the type "{kind.text}"'
    return Document(kind=Kind.FOREIGN, node=node, index=index, why=why, help=close[:1].upper() + close[1:])


def _body(node: Mapping) -> Mapping | None:
    """`spec`, or `specs` where that was written for it (a mapping with a trigger)."""
    spec = node.get("spec")
    if isinstance(spec, Mapping):
        return spec
    specs = node.get("specs")
    return specs if spec is None and isinstance(specs, Mapping) else None


def _no_mark(node: Mapping) -> str:
    return "it has none of the keys trigger, specs, testSpec, expect, steps" + (
        "" if node.entries else ", nor any other"
    )


def _mark_help(node: Mapping) -> str:
    for name in node.names():
        close = did_you_mean(name, MARKS)
        if close:
            return f'"{name}": {close}'
    return "A test has at least a `trigger`, and `expect` or `specs`."

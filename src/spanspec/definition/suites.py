"""A suite as written: its keys read, its steps told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanspec.definition.decode import boolean_of, items_of, needs_of, scalar_of, skip_of, tags_of, text_of
from spanspec.definition.document import Document, Kind, classify
from spanspec.definition.keys import STEP, SUITE, SUITE_RESOURCE, known_entries
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.settings import variables_node
from spanspec.definition.values import BadValueError, choice
from spanspec.definition.yaml import Mapping, Node, kind_of

if TYPE_CHECKING:
    from spanspec.definition.faults import Faults
    from spanspec.definition.yaml import Entry
    from spanspec.source.text import Range

ON_FAILURE = ("stop", "continue")


@dataclass(frozen=True, kw_only=True)
class StepText:
    """One step: what it names (a path or an id), or what is written in its place.

    Attributes:
        named: The path or id; None where `document` stands there.
        document: The test or suite itself.
        wanted: `test` or `suite` where the step says so, else empty.
        only_if: Its condition.
        name: Its title, or empty.
        place: Where it stands.
    """

    named: Scalar | None = None
    document: Document | None = None
    wanted: str = ""
    only_if: Scalar | None = None
    name: str = ""
    place: Range


@dataclass(frozen=True, kw_only=True)
class SuiteText:
    """A suite as written."""

    name: str = ""
    id: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    variables: Mapping | None = None
    steps: tuple[StepText, ...] = ()
    needs: tuple[Scalar, ...] = ()
    stop: bool = True
    parallel: bool = False
    skip: str = ""
    only_if: Scalar | None = None
    place: Range


def decode_suite(document: Document, faults: Faults) -> SuiteText:
    """Read a suite."""
    assert document.body is not None
    strict = not document.typed
    table = SUITE if strict else SUITE_RESOURCE
    entries = known_entries(document.body, table, faults, what="a suite", strict=strict)
    if document.typed:
        _beside_type(document, faults)
    return SuiteText(
        name=text_of("name", entries, faults),
        id=text_of("id", entries, faults),
        description=text_of("description", entries, faults),
        tags=tags_of(entries.get("tags"), faults),
        variables=variables_node(entries.get("vars"), faults),
        steps=_steps(entries.get("steps"), document, faults),
        needs=needs_of(entries.get("needs"), faults),
        stop=_stops(entries.get("on_failure"), faults),
        parallel=boolean_of("parallel", entries.get("parallel"), faults),
        skip=skip_of(entries.get("skip"), faults),
        only_if=scalar_of("only_if", entries.get("only_if"), faults),
        place=document.node.range,
    )


def _beside_type(document: Document, faults: Faults) -> None:
    assert isinstance(document.node, Mapping)
    for entry in document.node.entries:
        if entry.key.text not in ("type", "spec", "specs"):
            say = f'"{entry.key.text}" says nothing beside "type"'
            faults.warn("unknown-key", say, entry.key.range, help="Write it under `spec:`.")


def _stops(entry: Entry | None, faults: Faults) -> bool:
    found = scalar_of("on_failure", entry, faults)
    if found is None or found.value is None:
        return True
    try:
        return choice(as_text(found), ON_FAILURE) == "stop"
    except BadValueError as fault:
        faults.error(fault.code, f"`on_failure`: {fault}", found.range, help=fault.help)
        return True


def _steps(entry: Entry | None, document: Document, faults: Faults) -> tuple[StepText, ...]:
    items = items_of("steps", entry.value, faults) if entry is not None else ()
    if not items and not faults.stop:
        at = entry.key.range if entry is not None else document.node.range
        faults.warn("no-checks", "the suite has no steps, so it always passes", at, help="Write paths, ids or tests under `steps:`.")  # fmt: skip
    found = (_step(index, item, faults) for index, item in enumerate(items))
    return tuple(step for step in found if step is not None)


def _step(index: int, node: Node, faults: Faults) -> StepText | None:
    if isinstance(node, Scalar):
        if as_text(node).strip():
            return StepText(named=node, place=node.whole)
        faults.error(
            "missing-key", f"`steps[{index}]` is empty", node.range, help="Write a path or an id, or remove it."
        )
        return None
    if not isinstance(node, Mapping):
        advice = "Steps that run side by side are a suite: `- { parallel: true, steps: […] }`."
        faults.wrong_type(f"`steps[{index}]`", "a path, an id, a test or a suite", node, kind_of(node), help=advice)
        return None
    document = classify(node, index + 1)
    if document.kind in (Kind.TEST, Kind.SHORT, Kind.SUITE):
        return StepText(document=document, place=_head(node))
    return _naming(index, node, faults)


def _head(node: Mapping) -> Range:
    return node.entries[0].key.range if node.entries else node.range


def _naming(index: int, node: Mapping, faults: Faults) -> StepText | None:
    """A step that names what it runs, and says when."""
    entries = known_entries(node, STEP, faults, what="a step", strict=True)
    named = [name for name in ("test", "suite") if name in entries]
    if len(named) != 1:
        faults.error(
            "missing-key", f"`steps[{index}]` names {'both a test and a suite' if named else 'nothing to run'}", node.range,
            help="Write `test:` or `suite:` with a path or an id, or the test itself with its `trigger`.",
        )  # fmt: skip
        return None
    scalar = scalar_of(named[0], entries[named[0]], faults)
    if scalar is None or not as_text(scalar).strip():
        return None
    return StepText(
        named=scalar,
        wanted=named[0],
        only_if=scalar_of("only_if", entries.get("only_if"), faults),
        name=text_of("name", entries, faults),
        place=scalar.whole,
    )

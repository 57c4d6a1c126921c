"""Undefined variables: which names texts refer to, less those that are there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.language import parser
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import references
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, tags_of

_FIELDS_OF_A_TEST = {"trigger.httpRequest.body": "expression"}


def objects(file: str, document: Document) -> Iterator[Replay]:
    """Trees of texts with the way in which each is read: `missing_variables`."""
    for case in cases_of(document):
        yield Replay(
            file=file, id=case["id"], recorded=(Answer("ok", case["expected_missing"]),),
            look=partial(_missing_in_object, case), tags=tags_of(case), shows=True,
        )  # fmt: skip


def _missing_in_object(case: Case, dialect: Dialect) -> Answer:
    modes = case["field_modes"] or _FIELDS_OF_A_TEST
    names: dict[str, None] = {}
    for path, text in _leaves(case["object"]):
        mode = modes.get(path.removeprefix("[].Value."))
        if mode is None:
            continue
        parse: Any = parser.parse_statement if mode == "statement" else parser.parse_template
        node = parse(text, dialect).node
        assert node is not None, text
        names.update(dict.fromkeys(name.key for name in references(node)))
    return Answer("ok", [name for name in names if name not in case["available_variables"]])


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its path, items of a list as `[]`, in document order."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, f"{path}[]")


def tests(file: str, document: Document) -> Iterator[Replay]:
    """Whole tests: `recorded/missing_variables`. What the reference overlooks (row 70) is found here."""
    for case in cases_of(document):
        yield Replay(
            file=file, id=case["id"], recorded=(Answer("ok"),), look=partial(_missing_in_test, case), tags=tags_of(case)
        )


def _missing_in_test(case: Case, dialect: Dialect) -> Answer:
    del dialect  # a check before the run, the same in both
    found = _loaded(case["test"], case["available"])
    if found is None:
        return Answer("ok")
    overlooked = [name for name in case["expected"] if name not in found]
    return Answer("ok" if not overlooked else f"not told: {', '.join(overlooked)}", found)


def _loaded(test: dict[str, Any], available: list[str]) -> list[str] | None:
    """The names that loading misses, in the order of the file; None when this kind of trigger is not there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".git").mkdir()
        text = json.dumps({"type": "Test", "spec": {**test, "vars": dict.fromkeys(available, "x")}})
        (folder / "t.yaml").write_text(text, encoding="utf-8")
        faults = load(["t.yaml"], Options(stored=True), cwd=folder, environment={}).diagnostics
    if any(fault.code == "not-yet" for fault in faults):
        return None
    return [fault.message.split('"')[1] for fault in faults if fault.code == "missing-variable"]

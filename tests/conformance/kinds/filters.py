"""Filters applied directly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from spanspec.language import filters as language_filters
from spanspec.language.dialect import Dialect
from spanspec.language.reference import filters as reference_filters
from spanspec.language.reference.values import FaultError, Item, Old, infer, single
from spanspec.language.values import text_of, type_name
from spanspec.language.verdict import EvaluationError
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of


def filters(file: str, document: Document) -> Iterator[Replay]:
    """Each filter on a value: the text that it gives and its type, or that it fails."""
    for case in cases_of(document):
        yield Replay(
            file=file, id=case["id"], recorded=_recorded(case), look=partial(_applied, case, document), tags=tags_of(case),
            shows=True, unstable=is_unstable(case),
        )  # fmt: skip


def _recorded(case: Case) -> tuple[Answer, ...]:
    if "should_fail" in case:
        return (Answer("other") if case["should_fail"] else Answer("ok", {"string": case["expected_output_string"]}),)
    expected = case["expected"]
    listed = expected if isinstance(expected, list) else expected.get("outcomes") or [expected]
    return tuple(Answer(one["outcome"], _shown(one.get("value")), one.get("message")) for one in listed)


def _shown(value: dict[str, object] | None) -> dict[str, object] | None:
    return None if value is None else {"string": value["string"], "type": value["type"], "is_array": value["is_array"]}


def _input(case: Case, document: Document) -> Old:
    given = case.get("input")
    if given == "$DOC":
        return single(document["doc"])
    if isinstance(given, str):
        return single(given)
    if "input_items" in case:
        return Old(tuple(Item(text, infer(text)) for text in case["input_items"]), is_array=True)
    if not isinstance(given, dict):
        return Old()
    if "raw" in given:
        return single(given["raw"])
    return Old(tuple(Item(item["value"], item["type"]) for item in given["items"]), is_array=given["is_array"])


def _applied(case: Case, document: Document, dialect: Dialect) -> Answer:
    old = _input(case, document)
    whole = "should_fail" not in case
    try:
        if dialect is Dialect.COMPAT:
            found = reference_filters.apply(case["filter"], old, case["args"])
            shown = {"string": found.text, "type": found.type, "is_array": found.is_array}
        else:
            items = tuple(item.text for item in old.items)
            value = items if old.is_array else items[0] if items else None
            new = language_filters.apply(case["filter"], value, case["args"], dialect)
            shown = {
                "string": text_of(new, dialect), "type": type_name(new, dialect), "is_array": isinstance(new, tuple),
            }  # fmt: skip
    except EvaluationError as error:
        message = str(error).removeprefix(f"{case['filter']}: ")  # the record is of the filter called by itself
        return Answer(error.kind if isinstance(error, FaultError) else "other", message=message)
    return Answer("ok", shown if whole else {"string": shown["string"]})

"""Generated values: of the right form, or an error that says what is wrong with the call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from spanspec.language import functions as generators
from spanspec.language.dialect import Dialect
from spanspec.language.verdict import EvaluationError
from tests.conformance.model import Answer, Case, Document, Replay, cases_of
from tests.conformance.stores import stores_of


def functions(file: str, document: Document) -> Iterator[Replay]:
    """Calls, and declarations of functions that must be refused."""
    for case in cases_of(document):
        look = _declared if "registration" in case else _called
        wanted = "other" if case["expect"] in ("error", "registration_error") or "registration" in case else "ok"
        yield Replay(file=file, id=case["id"], recorded=(Answer(wanted),), look=partial(look, case))


def _declared(case: Case, dialect: Dialect) -> Answer:
    del dialect
    try:
        generators.Function(
            tuple(generators.Parameter(one["type"], one["optional"]) for one in case["registration"]),
            lambda generators, dialect, arguments: None,
        )
    except ValueError as error:
        return Answer("other", message=str(error))
    return Answer("ok")


def _called(case: Case, dialect: Dialect) -> Answer:
    name = case.get("function") or case["call"].removesuffix("()")
    try:
        value = generators.call(
            name, [item["value"] for item in case.get("args", [])], stores_of({}, {}, dialect).given
        )
    except EvaluationError as error:
        expected = case.get("error_contains", "")
        return Answer("other" if expected in str(error) else f"not said: {expected}", message=str(error))
    if isinstance(case["expect"], dict):
        low, high = case["expect"]["integer_between"]
        return Answer("ok" if low <= int(str(value)) <= high else f"out of bounds: {value}")
    return Answer("ok" if str(value) else "empty")

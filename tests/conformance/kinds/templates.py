"""A trigger's field with `${…}`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from spanspec.language import parser
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import render
from spanspec.language.verdict import EvaluationError
from tests.conformance.kinds.evaluation import recorded_of
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of
from tests.conformance.stores import resolved_answer, stores_of


def templates(file: str, document: Document) -> Iterator[Replay]:
    """To the letter the field is wrapped in its quote and resolved; by default it is a template of its own."""
    for case in cases_of(document):
        variables = case.get("variables", document.get("variables", {}))
        yield Replay(
            file=file, id=case["id"], recorded=recorded_of(case), look=partial(_rendered, case, variables),
            tags=tags_of(case), shows=True, unstable=is_unstable(case),
        )  # fmt: skip


def _rendered(case: Case, variables: Any, dialect: Dialect) -> Answer:
    stores = stores_of({"stores": {"variables": variables}}, {}, dialect)
    if dialect is Dialect.COMPAT:
        quote = case["wrap_quote"]
        return resolved_answer(quote + case["template"].replace(quote, f"\\{quote}") + quote, stores)
    node = parser.parse_template(case["template"], dialect).node
    if node is None:
        return Answer("syntax")
    try:
        return Answer("ok", render(node, stores.given))
    except EvaluationError as error:
        return Answer("other", message=str(error))

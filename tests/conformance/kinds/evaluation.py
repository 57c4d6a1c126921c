"""Statements and expressions, evaluated on a case's stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from spanspec.language.dialect import Dialect
from spanspec.testing import EPOCH_NS
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of
from tests.conformance.stores import expression_answer, resolved_answer, statement_answer, stores_of

_NOW = datetime.fromtimestamp(EPOCH_NS // 10**9, UTC)
_EVALUATE = {"statement": statement_answer, "resolve": resolved_answer, "expression": expression_answer}


def statements(file: str, document: Document) -> Iterator[Replay]:
    """Cases with an outcome: `recorded/statements`, `doc_examples`."""
    maps = document.get("attribute_map", {})
    for case in cases_of(document):
        yield Replay(
            file=file, id=case["id"], recorded=recorded_of(case), look=partial(_look, case, maps), tags=tags_of(case),
            unstable=is_unstable(case), documented=case.get("documented") == "pass",
        )  # fmt: skip


def expressions(file: str, document: Document) -> Iterator[Replay]:
    """Cases that pass or fail: `expressions`."""
    for case in cases_of(document):
        yield Replay(
            file=file, id=case["id"], recorded=(_expected(case),), look=partial(_look, case, {}), tags=tags_of(case),
            shows=case["mode"] != "statement", unstable=is_unstable(case),
        )  # fmt: skip


def _look(case: Case, maps: dict[str, Any], dialect: Dialect) -> Answer:
    query = placed(case["query"], local=dialect is Dialect.COMPAT) if case.get("dynamic") else case["query"]
    return _EVALUATE[case.get("mode", "statement")](query, stores_of(case, maps, dialect))


def recorded_of(case: Case) -> tuple[Answer, ...]:
    """The outcomes recorded: several of an unstable case."""
    recorded = case["expected"]
    listed = recorded if isinstance(recorded, list) else recorded.get("outcomes") or [recorded]
    return tuple(
        Answer(
            one["outcome"],
            one["result"] if "result" in one else [one["left"], one["right"]] if "left" in one else None,
            one.get("message"),
        )
        for one in listed
    )


def _expected(case: Case) -> Answer:
    seen = case.get("observed", {})
    passes = case["expect"] == "pass"
    verdict = "ok" if passes else seen.get("error_kind") or case.get("error_kind") or "no_match"
    shown = seen.get("result") if "result" in seen else [seen["left"], seen["right"]] if "left" in seen else None
    return Answer(verdict, shown, case.get("expected_error_message") or seen.get("error_message"))


def placed(text: str, *, local: bool) -> str:
    """The text with `{{now:…}}` replaced by the moment of the test."""
    moment = _NOW.astimezone() if local else _NOW
    at = text.find("{{now:")
    if at < 0:
        return text
    end = text.index("}}", at)
    layout = text[at + 6 : end]
    stamp = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return text[:at] + (stamp if layout == "rfc3339-seconds" else moment.strftime(layout)) + text[end + 2 :]

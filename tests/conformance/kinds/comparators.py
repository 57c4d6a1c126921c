"""Comparators on two texts, durations' two conversions, types of texts and of spans."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from spanspec.language.dialect import Dialect
from spanspec.language.fields.span import span_type
from spanspec.language.reference.values import FaultError, check_texts, display, infer, json_contains, to_ns
from spanspec.language.syntax import Comparator
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of
from tests.conformance.stores import the_span

_COMPARATORS = {
    **{comparator.value: comparator for comparator in Comparator},
    "startsWith": Comparator.STARTS_WITH,
    "endsWith": Comparator.ENDS_WITH,
    "json-contains": Comparator.CONTAINS,
}
_WORDS = {"match": "ok", "no_match": "no_match", "error": "other"}


def comparators(file: str, document: Document) -> Iterator[Replay]:
    """A comparator on two texts; cases about the reference's registry of comparators say whether a name is known."""
    for case in cases_of(document):
        if "actual" in case:
            yield Replay(
                file=file, id=case["id"], recorded=_recorded(case), look=partial(_compared, case),
                tags=tags_of(case), unstable=is_unstable(case),
            )  # fmt: skip
        else:
            without = "" if "comparator" in case else "comparators are an enumeration, none can be registered twice"
            yield Replay(
                file=file,
                id=case["id"],
                recorded=(Answer(case["result"]),),
                look=partial(_known, case),
                without=without,
            )


def _known(case: Case, dialect: Dialect) -> Answer:
    """Names are looked up in an enumeration here, which holds each once; there is nothing to register twice."""
    del dialect
    return Answer("found" if case["comparator"] in _COMPARATORS else "not_found")


def _recorded(case: Case) -> tuple[Answer, ...]:
    if "result" in case:
        return (Answer(_WORDS[case["result"]], message=case.get("error_message")),)
    expected = case["expected"]
    listed = expected if isinstance(expected, list) else expected.get("outcomes") or [expected]
    return tuple(Answer(one["outcome"], message=one.get("message")) for one in listed)


def _compared(case: Case, dialect: Dialect) -> Answer:
    left = case["actual"]
    right = case["expected"] if "result" in case else case["expected_operand"]
    comparator = _COMPARATORS[case["comparator"]]
    try:
        if dialect is Dialect.SPECS:
            return Answer("ok" if compare(left, comparator, right, dialect) else "no_match")
        if case["comparator"] == "json-contains":
            json_contains(left, right)
        else:
            check_texts(left, comparator, right)
    except FaultError as fault:
        return Answer(fault.kind, message=str(fault))
    except EvaluationError as error:
        return Answer("other", message=str(error))
    return Answer("ok")


def durations(file: str, document: Document) -> Iterator[Replay]:
    """Nanoseconds as the display form, a text as nanoseconds: `compat: tracetest` alone has them."""
    for case in cases_of(document):
        expected = case["expected"]
        wanted = expected["value"] if isinstance(expected, dict) else expected
        yield Replay(
            file=file, id=case["id"], recorded=(Answer("ok", wanted),), look=partial(_converted, case),
            tags=tags_of(case), shows=True,
        )  # fmt: skip


def _converted(case: Case, dialect: Dialect) -> Answer:
    del dialect
    convert = display if case["conversion"] == "ns_to_duration" else to_ns
    return Answer("ok", convert(case["input"]))


def types(file: str, document: Document) -> Iterator[Replay]:
    """The type that is guessed for a text; the same in both modes."""
    for case in cases_of(document):
        yield Replay(
            file=file, id=case["id"], recorded=(Answer("ok", case["expected"]["type"]),),
            look=partial(_guessed, case["text"]), tags=tags_of(case), shows=True,
        )  # fmt: skip


def _guessed(text: str, dialect: Dialect) -> Answer:
    del dialect
    return Answer("ok", infer(text))


def span_types(file: str, document: Document) -> Iterator[Replay]:
    """A span's type, from its name and the keys of its attributes."""
    for case in cases_of(document):
        wanted = case.get("expected_type") or case.get("expected_types") or case["expected"]
        yield Replay(
            file=file, id=case["id"], recorded=tuple(Answer("ok", one) for one in _listed(wanted)),
            look=partial(_span_type, case), tags=tags_of(case), shows=True, unstable=is_unstable(case),
        )  # fmt: skip


def _listed(wanted: object) -> list[object]:
    if isinstance(wanted, dict):
        wanted = wanted.get("outcomes") or wanted.get("types") or wanted.get("type")
    found = wanted if isinstance(wanted, list) else [wanted]
    return [one.get("type") if isinstance(one, dict) else one for one in found]


def _span_type(case: Case, dialect: Dialect) -> Answer:
    return Answer("ok", span_type(the_span(case["span_name"], attributes=case["attributes"]), dialect))

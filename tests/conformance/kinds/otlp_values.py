"""OTLP's values and kinds as the texts that the reference makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from spanspec.language.dialect import Dialect
from spanspec.language.names import look_up
from spanspec.language.syntax import Name, Place
from spanspec.language.values import text_of
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.span import Span
from spanspec.otlp.decode_any import decode_document
from tests.conformance.model import Answer, Case, Document, Replay, cases_of, is_unstable, tags_of


def values(file: str, document: Document) -> Iterator[Replay]:
    """An attribute's text and a kind's name; a case of another form is one that nobody replays."""
    for case in cases_of(document):
        if "otlp_value" in case:
            recorded, look = Answer("ok", case["expected_text"]), partial(_text, case)
        elif "otlp_kind" in case:
            recorded, look = Answer("ok", case["expected_kind"]), partial(_kind, case)
        else:
            recorded, look = Answer("ok"), partial(_unknown, case)
        yield Replay(
            file=file, id=case["id"], recorded=(recorded,), look=look, tags=tags_of(case), shows=True,
            unstable=is_unstable(case),
        )  # fmt: skip


def _unknown(case: Case, dialect: Dialect) -> Answer:
    del dialect
    return Answer(f"a case of an unknown form, with {', '.join(sorted(case))}")


def _decoded(fields: dict[str, Any]) -> Span:
    span = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "s", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, **fields}]}]}]}
    decoded = decode_document(json.dumps(document).encode())
    (found,) = decoded.spans
    return found


def _text(case: Case, dialect: Dialect) -> Answer:
    span = _decoded({"attributes": [{"key": "a", "value": case["otlp_value"]}]})
    found = look_up(Name(place=Place.ATTR, key="a"), span, Given(trace=assemble([span]), dialect=dialect))
    return Answer("ok", text_of(found.value, dialect))


def _kind(case: Case, dialect: Dialect) -> Answer:
    span = _decoded({"kind": case["otlp_kind"]})
    found = look_up(Name(place=Place.BARE, key="kind"), span, Given(trace=assemble([span]), dialect=dialect))
    return Answer("ok", text_of(found.value, dialect))

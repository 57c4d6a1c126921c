"""Texts that mean something else than in the reference: each kind warns where the difference is real, and not nearby."""

from __future__ import annotations

import pytest

from spanspec.language.dialect import Dialect
from spanspec.language.differing import differences
from spanspec.language.parser import parse_expression, parse_selector, parse_statement, parse_template
from spanspec.source.codes import CODES
from spanspec.source.diagnostics import Severity

S = Dialect.SPECS

STATEMENTS = [
    (2, 'attr:tracetest.span.duration < "200ms"', "attr:tracetest.span.duration < 200ms", "duration"),
    (2, "attr:tracetest.span.duration < var:LIMIT", "attr:http.status_code < var:LIMIT", "duration"),
    (2, 'attr:took = "25ms"', 'attr:took = "25 ms"', "duration"),
    (2, 'attr:tracetest.span.duration < "${var:N}ms"', 'attr:name = "${var:N}ms later"', "duration"),
    (2, '"25ms" = "30ms"', "attr:a = 1", "duration"),
    (3, "1ms = 1234us", "attr:tracetest.span.duration = 25ms", "duration"),
    (3, "attr:tracetest.span.duration < 1500us", "attr:tracetest.span.duration < 1500ms", "duration"),
    (4, "500ms - 1s = 0ns", "attr:a = 1 - 2", "duration"),
    (4, "attr:took - 1s < 5s", "attr:took + 1s < 5s", "duration"),
    (13, "attr:ratio < 1.5", "attr:ratio < 15", "number"),
    (13, "attr:a + 0.5 > 2", "attr:tracetest.span.duration < 1.5s", "number"),
    (14, "1 = 1.0", "attr:a = 1", "number"),
    (14, "attr:a = 200.0", "attr:a = 99.99", "number"),
    (15, """attr:a not-contains '{"b": 2}'""", """attr:a contains '{"b": 2}'""", "json"),
    (15, """attr:a not-contains '{"b": 2}'""", 'attr:a not-contains "exception"', "json"),
    (21, "1 = 1", "attr:tracetest.selected_spans.count = 1", "constant"),
    (21, 'var:A = "x"', 'attr:a = "x"', "constant"),
    (22, 'attr:a = "100% of ${var:X}"', 'attr:a = "100% of it"', "percent"),
    (26, "attr:a | json_path '$.o' = '{\"k\":1}'", "attr:a | json_path '$.o.k' = 1", "json"),
    (26, "attr:a | json_path '$.o' = 'map[k:1]'", "attr:a | json_path '$.o' = '[]'", "json"),
    (41, "[1, 2] contains 1.0", "attr:a contains 1", "constant"),
    (42, "attr:a | json_path '$.items' | length = 2", "attr:a | json_path '$.items[*]' | length = 2", "length"),
    (42, "'é' | length = 1", "attr:a | length = 1", "constant"),
    (43, "attr:a | regex '[0-9]' = '[]'", "attr:a | regex '[0-9]' = '1'", "regex"),
    (43, "attr:a | regex '[0-9]' != ''", "attr:a | trim != ''", "regex"),
]
SELECTORS = [
    (6, "span[ok=false]", 'span[ok="false"]', "false"),
    (6, "span[ok=false]", "span[ok=true]", "false"),
    (7, 'span[gone=""]', 'span[name=""]', "empty"),
    (7, 'span[gone contains ""]', 'span[gone contains "x"]', "empty"),
    (16, 'span[a="1"]:first span[b="2"]', 'span[a="1"] span[b="2"]:first', "pseudo-class"),
    (16, 'span[a="1"] span[a="1"]:first', 'span[a="1"]:first', "pseudo-class"),
    (17, 'span[a="1"], span[b="2"]', 'span[a="1"], span[a="2"]', "union"),
    (17, 'span[], span[name="a"]', 'span[name="a"], span[kind="client" name="b"]', "union"),
    (18, "span[ratio=1.5]", 'span[ratio="1.5"]', "number"),
    (18, "span[ratio=1.50]", "span[ratio=1]", "number"),
]
VALUES = [
    (34, r'"say \"hi\""', "'say \"hi\"'", "escape"),
    (34, r"'it\'s ${var:A}'", "'it is ${var:A}'", "escape"),
    (22, '"5% of ${var:A}"', '"5% of it"', "percent"),
]
FIELDS = [
    (22, "trigger.http.url", "/a%20b/${var:ID}", "/a%20b", "percent"),
    (23, "trigger.http.body", "it's", '{"a": 1}', "escape"),
    (23, "trigger.http.body", "it's ${var:A}", "${var:A | json_path '$.a'}", "escape"),
    (23, "trigger.http.url", '/find?q="a"', "/find?q='a'", "escape"),
]


def _codes(text: str, kind: str, where: str = "") -> list[str]:
    parse = {
        "statement": parse_statement, "selector": parse_selector, "expression": parse_expression,
        "template": parse_template,
    }[kind]  # fmt: skip
    node = parse(text, S).node
    assert node is not None
    found = differences(text, node, kind, where)  # type: ignore[arg-type]
    assert all(each.severity is Severity.WARNING and each.range is not None for each in found)
    assert {each.code for each in found} <= set(CODES)
    return [each.code for each in found]


@pytest.mark.parametrize(
    ("kind", "row", "warns", "silent", "code"),
    [
        *(("statement", *row) for row in STATEMENTS),
        *(("selector", *row) for row in SELECTORS),
        *(("expression", *row) for row in VALUES),
    ],
)
def test_a_real_difference_warns_and_a_near_text_does_not(
    kind: str, row: int, warns: str, silent: str, code: str
) -> None:
    """A text whose meaning a row changes is told once; one that only looks alike is not."""
    del row
    assert _codes(warns, kind) == [f"differs-{code}"]
    assert _codes(silent, kind) == []


@pytest.mark.parametrize(("row", "where", "warns", "silent", "code"), FIELDS)
def test_fields_of_a_trigger_tell_what_is_sent_otherwise(
    row: int, where: str, warns: str, silent: str, code: str
) -> None:
    """What the reference would damage on its way is told by the field it stands in."""
    del row
    assert _codes(warns, "template", where) == [f"differs-{code}"]
    assert _codes(silent, "template", where) == []


@pytest.mark.parametrize(
    "text", ["-1 < 1.5", 'attr:a | lower = "1.0"', "attr:a < 1.5 and attr:b = 1", "attr:a matches '1.0'"]
)
def test_what_the_reference_cannot_read_is_no_difference(text: str) -> None:
    """New words stand where it has a syntax error, so nothing is told of them."""
    assert _codes(text, "statement") == []

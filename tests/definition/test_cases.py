"""`cases`: rows inline and from files, with their bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spanspec.definition.cases import MAX_COLUMNS, MAX_ROWS
from spanspec.definition.plan import Loaded, Options, Plan
from spanspec.source.diagnostics import Severity
from spanspec.source.render import render_all

Loads = Callable[..., Loaded]
TEST = "trigger: { http: { url: 'http://h/${var:country}' } }\nexpect: [ no_errors() ]\n"


def errors(loaded: Loaded) -> list[str]:
    """The codes of the errors."""
    return [fault.code for fault in loaded.diagnostics if fault.severity is Severity.ERROR]


def rows(loaded: Loaded) -> list[dict[str, object]]:
    """The rows of all plans, with no error."""
    assert errors(loaded) == [], render_all(loaded.diagnostics)
    assert [plan.row_index for plan in loaded.plans] == list(range(len(loaded.plans)))
    return [dict(plan.row) for plan in loaded.plans]


TYPED = [{"country": "DE", "tax": 19}, {"country": "FR", "tax": 20}]
TEXTS = [{"country": "DE", "tax": "19"}, {"country": "FR", "tax": "20"}]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rows.csv", "country,tax\nDE,19\nFR,20\n", TEXTS),
        ("rows.csv", "\ufeffcountry, tax\r\nDE,19\r\n\r\nFR,20", TEXTS),
        ("rows.tsv", "country\ttax\nDE\t19\nFR\t20\n", TEXTS),
        ("rows.json", '[{"country": "DE", "tax": 19}, {"country": "FR", "tax": 20}]', TYPED),
        ("rows.yaml", "- { country: DE, tax: 19 }\n- { country: FR, tax: 20 }\n", TYPED),
        ("rows.yaml", "{ country: DE, tax: 19 }\n---\n{ country: FR, tax: 20 }\n", TYPED),
        ("rows.ndjson", '{"country": "DE", "tax": 19}\n\n{"country": "FR", "tax": 20}\n', TYPED),
        ("rows.jsonl", '{"country": "DE", "tax": 19}\n{"country": "FR", "tax": 20}', TYPED),
        ("rows.csv", 'country,note\nDE,"a, ""b""\nc"\n', [{"country": "DE", "note": 'a, "b"\nc'}]),
        ("rows.csv", "country\n${var:X}\n", [{"country": "$${var:X}"}]),
    ],
)
def test_rows_from_files(name: str, content: str, expected: list[dict[str, object]], loads: Loads) -> None:
    """Each format gives its rows; delimited values are texts, and nothing in a file is a template."""
    assert rows(loads({"t.yaml": TEST + f"cases: {name}\n", name: content}, "t.yaml")) == expected
    assert rows(loads({"t.yaml": TEST + f"cases: {{ file: {name} }}\n", name: content}, "t.yaml")) == expected


def test_rows_in_the_definition(loads: Loads) -> None:
    """Rows keep their types, may hold templates, and name the case for people."""
    text = (
        TEST
        + "vars: { P: p }\ncases: [ { country: DE, tax: 19, API_TOKEN: s3cret }, { country: '${var:P}', x: { a: 1 } } ]\n"
    )
    loaded = loads({"t.yaml": text}, "t.yaml")
    assert rows(loaded)[1] == {"country": "${var:P}", "x": {"a": 1}}
    assert [plan.row_label for plan in loaded.plans] == ["country=DE, tax=19", "country=${var:P}"]
    assert list(loaded.plans[0].variables) == ["country", "tax", "API_TOKEN", "P"]
    assert list(loaded.plans[1].variables) == ["x", "P", "country"]


def test_a_variable_of_the_file_is_built_from_the_row(loads: Loads) -> None:
    """`vars` of the file may use a row's variables; `--var` wins over a row."""
    text = TEST + "vars: { url: '/${var:country}', country: none }\ncases: [ { country: DE } ]\n"
    (plan,) = loads({"t.yaml": text}, "t.yaml").plans
    assert dict(plan.variables) == {"country": "DE", "url": "/${var:country}"}
    (plan,) = loads({"t.yaml": text}, "t.yaml", options=Options(variables={"country": "FR"})).plans
    assert plan.variables["country"] == "FR"


def test_a_variable_that_one_row_lacks(loads: Loads) -> None:
    """Each row is checked for itself."""
    loaded = loads({"t.yaml": TEST + "cases: [ { country: DE }, { land: FR } ]\n"}, "t.yaml")
    assert errors(loaded) == ["missing-variable"]
    assert [plan.row_label for plan in loaded.plans if isinstance(plan, Plan)] == ["country=DE"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("r.csv", "country,tax\nDE\n", "ragged-row"),
        ("r.csv", "country,tax\nDE,19,x\n", "ragged-row"),
        ("r.csv", "country,country\nDE,FR\n", "duplicate-key"),
        ("r.csv", "country,\nDE,19\n", "bad-key"),
        ("r.csv", "country;tax\nDE;19\n", "bad-value"),
        ("r.csv", 'country\n"DE\n', "bad-value"),
        ("r.csv", "country\n", "no-cases"),
        ("r.csv", "", "no-cases"),
        ("r.csv", "country\n" + "DE\n" * (MAX_ROWS + 1), "too-big"),
        ("r.csv", ",".join(f"c{i}" for i in range(MAX_COLUMNS + 1)) + "\n", "too-big"),
        ("r.json", "[]", "no-cases"),
        ("r.json", '{"country": "DE"}', "wrong-type"),
        ("r.json", "[1]", "wrong-type"),
        ("r.json", '[{"country": "DE"}', "yaml-syntax"),
        ("r.ndjson", '{"country": "DE"}\n{"country"', "yaml-syntax"),
        ("r.ndjson", "[1]\n", "wrong-type"),
        ("r.yaml", "- country: DE\n  country: FR\n", "duplicate-key"),
        ("r.xlsx", "x", "bad-value"),
    ],
)
def test_files_of_rows_with_faults(name: str, content: str, code: str, loads: Loads) -> None:
    """A fault in a file of rows is told at its place in that file."""
    loaded = loads({"t.yaml": TEST + f"cases: {name}\n", name: content}, "t.yaml")
    assert code in errors(loaded), render_all(loaded.diagnostics)
    assert not loaded.plans


def test_a_file_of_rows_is_no_definition(loads: Loads) -> None:
    """A YAML file that a definition names as its rows is not read as a definition of its own."""
    loaded = loads({"t.yaml": TEST + "cases: rows.yaml\n", "rows.yaml": "- { country: DE, type: x }\n"})
    assert rows(loaded) == [{"country": "DE", "type": "x"}]

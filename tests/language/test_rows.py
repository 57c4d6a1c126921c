"""Each row of the reference's quirks that a check can show: what holds by default, and what under `compat: tracetest`.

Where the two verdicts differ, the default's result says so.
"""

from __future__ import annotations

import pytest

from spanspec.language.assertions import judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.testing import span

TOP = span(
    "top", service="shop", start=0, end=2500, t="http", f=1.5, n=200, ok=False, empty="", dur="25ms", limit="200ms",
    whole=2.0, list=("a", "b"), json='{"a":{"x":1},"b":2}', body='{"items":[1,2],"o":{"k":1},"n":null}', text="hé",
)  # fmt: skip
LOW = span("low", parent=TOP, service="shop", start=1, end=3, t="db", ok=True, code=8)
LOW2 = span("low", parent=TOP, service="shop", start=5, end=6, t="db", code=9)
TRACE = assemble([TOP, LOW, LOW2])

T, F = True, False

VERDICTS = [
    (2, 'span[name="top"]', 'attr:dur = "30ms"', F, T),
    (2, 'span[name="top"]', "attr:tracetest.span.duration > attr:dur", T, T),
    (2, 'span[name="top"]', "attr:dur < attr:limit", T, F),
    (3, 'span[name="top"]', "1ms < 1234us", T, F),
    (4, 'span[name="top"]', "500ms - 1s = 0ns", F, T),
    (5, 'span[name="top"]', """attr:json contains '{"a":{"x":1},"b":3}'""", F, F),
    (6, "span[ok=false]", 'attr:name = "top"', T, F),
    (7, 'span[gone=""]', "attr:tracetest.selected_spans.count = 3", F, T),
    (10, 'span[name="top"]', "attr:f = 1.5", T, F),
    (10, 'span[name="top"]', 'attr:list contains "b"', T, F),
    (13, 'span[name="top"]', "attr:n > 1.5", T, F),
    (14, 'span[name="top"]', "attr:n = 200.0", T, F),
    (15, 'span[name="top"]', """attr:json not-contains '{"b": 2}'""", F, T),
    (16, 'span[name="top"]:first span[t="db"]', "attr:tracetest.selected_spans.count = 2", T, F),
    (16, 'span[name contains "o"] span[name contains "o"]:first', "attr:tracetest.selected_spans.count = 1", T, F),
    (17, 'span[t="db"], span[name="low"]', "attr:tracetest.selected_spans.count = 2", T, F),
    (18, "span[f=1.5]", 'attr:name = "top"', T, F),
    (18, "span[code=010]", "attr:tracetest.selected_spans.count = 0", T, F),
    (21, 'span[name="nothing"]', "1 = 1", F, T),
    (26, 'span[name="top"]', "attr:body | json_path '$.items' = '[1,2]'", T, F),
    (26, 'span[name="top"]', "attr:body | json_path '$.o' | json_path '$.k' = 1", T, F),
    (35, 'span[name="top"]', "1 + 2 * 3 = 7", T, F),
    (36, 'span[name="top"]', "2 * 10ms = 20ms", T, F),
    (36, 'span[name="top"]', "attr:tracetest.span.duration - 1ns > 1s", T, F),
    (37, 'span[name="top"]', '"a" + "b" = "ab"', T, F),
    (41, 'span[name="top"]', "[1, 2] contains 1.0", T, F),
    (42, 'span[name="top"]', "attr:body | json_path '$.items' | length = 2", T, F),
    (42, 'span[name="top"]', "attr:text | length = 2", T, F),
    (43, 'span[name="top"]', "attr:text | regex '[0-9]' = '[]'", F, T),
]
NEW = [
    (35, "-1 < 0"),
    (35, "(1 + 2) * 3 = 9"),
    (37, 'attr:text | upper = "HÉ"'),
    (38, 'attr:name starts-with "t"'),
    (39, 'attr:n = 200 and attr:name = "top"'),
    (40, "attr:nothing missing"),
    (40, 'attr:nothing | default "x" = "x"'),
]
"""What the reference cannot read."""


def verdict(selector: str, assertion: str, dialect: Dialect) -> tuple[bool, tuple[str, ...]]:
    """Whether the assertion holds, and the notes."""
    picks, statement = parse_selector(selector, dialect).node, parse_statement(assertion, dialect).node
    assert picks is not None
    assert statement is not None
    (found,) = judge_spec(picks, [statement], Given(trace=TRACE, dialect=dialect, closed=True))
    return found.judgement.truth is Truth.HOLDS, found.judgement.notes


@pytest.mark.parametrize(("row", "selector", "assertion", "default", "compat"), VERDICTS)
def test_a_row_s_two_verdicts(row: int, selector: str, assertion: str, default: bool, compat: bool) -> None:
    """The fault is mended by default and kept on demand; where the verdict turns, the result notes it."""
    del row
    found, notes = verdict(selector, assertion, Dialect.SPECS)
    old, old_notes = verdict(selector, assertion, Dialect.COMPAT)
    assert (found, old) == (default, compat)
    told = [note for note in notes if note.startswith("verdict-differs: ")]
    assert len(told) == (default != compat)
    assert not told or ("passes" if compat else "fails") in told[0]
    assert not any(note.startswith("verdict-differs") for note in old_notes)


@pytest.mark.parametrize(("row", "assertion"), NEW)
def test_what_only_the_default_reads(row: int, assertion: str) -> None:
    """New words stand where the old text was a syntax error, and fail under `compat: tracetest`."""
    del row
    found, notes = verdict('span[name="top"]', assertion, Dialect.SPECS)
    assert found
    assert not any(note.startswith("verdict-differs") for note in notes)
    if parse_statement(assertion, Dialect.COMPAT).node is not None:  # a filter that it does not have
        assert not verdict('span[name="top"]', assertion, Dialect.COMPAT)[0]

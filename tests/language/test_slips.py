"""What is said of a text that does not parse: the column, what was expected, what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanspec.language.checker import check_parts
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.source.codes import CODES
from spanspec.source.diagnostics import has_errors

E, S = Dialect.EXPECT, Dialect.SPECS
_WORDS = [
    "some", "every", "no", "exactly", "1", "-1", "at", "least", "between", "and", "or", "not", "implies", "where", "span",
    "span[", "]", "(", ")", "[", ",", "a", "name", "=", "<", ">", "=~", '"x"', "'y", "in", "exists", "missing", "followed",
    "by", "then", "calls", "within", "2s", "ms", "count(", "no_errors()", "${var:X}", "|", "length", ":has(", ":nth(0)",
    "AND", ";", "//", "is", "resource:x", "event:name", "$", "200",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "message", "shown"),
    [
        ("exactly -1 span[]", 8, "no number of spans is -1", "write no span[…] to forbid them, exactly 1 span[…] to ask for one"),
        ("exactly 1.5 span[]", 8, 'expected a whole number, var:NAME or env:NAME, found "1.5"', "write exactly 1 span[…]"),
        ("exactly one span[]", 8, 'expected a whole number, var:NAME or env:NAME, found "one"', "write 1"),
        ("at least span[]", 9, 'expected a whole number, var:NAME or env:NAME, found "span"', "write at least 1 span[…]"),
        ("at most -2 span[]", 8, "no number of spans is -2", "write no span[…] to forbid them, exactly 1 span[…] to ask for one"),
        ("at leest 2 span[]", 3, 'expected "least" or "most", found "leest"', 'did you mean "least"?'),
        ("more than 2 span[]", 0, '"more than 2" is no quantifier', 'did you mean "at least 3"?'),
        ("less than 2 span[]", 0, '"less than 2" is no quantifier', 'did you mean "at most 1"?'),
        ('all span[name = "a"]', 0, '"all" is no quantifier', 'did you mean "every"?'),
        ('any span[name = "a"]', 0, '"any" is no quantifier', 'did you mean "some"?'),
        ('each span[name = "a"] where b = 1', 0, '"each" is no quantifier', 'did you mean "every"?'),
        ('none span[name = "a"]', 0, '"none" is no quantifier', 'did you mean "no"?'),
        ('span[name = "a"] followed by span[name = "b"]', 0, '"followed" needs to know of how many spans it is said', "some or every?"),
        ('some span[name = "a"] followed by some span[name="b"] within 2', 61, 'expected a duration such as 2s, found "2"', "write 2s"),
        ('some span[name = "a"] follows span[name="b"]', 22, 'expected "and", "or", "implies" or the end of the text, found "follows"', 'did you mean "preceded by"?'),
        ('some span[name = "a"] call span[name="b"]', 22, 'expected "and", "or", "implies" or the end of the text, found "call"', 'did you mean "calls"?'),
        ('some span[name = "a"] before span[name="b"]', 22, 'expected "and", "or", "implies" or the end of the text, found "before"', 'did you mean "followed by"?'),
        ('some span[name = "a"] leads span[name="b"]', 28, 'expected "to", found "span"', ""),
        ('some span[name = "a"] overlap span[name="b"]', 22, 'expected "and", "or", "implies" or the end of the text, found "overlap"', 'did you mean "overlaps"?'),
        ('some span[name = "a"] inside span[name="b"] within 1s', 44, 'within does not belong here: "inside" has no length of time to bound', "it bounds followed by, preceded by, then and leads to"),
        ('some span[name = "a"] with status = "error"', 22, 'expected "and", "or", "implies" or the end of the text, found "with"', 'did you mean "where"?'),
        ('some span[name = "a"] having status = "error"', 22, 'expected "and", "or", "implies" or the end of the text, found "having"', 'did you mean "where"?'),
        ('every span[name = "a"] where', 28, "expected a condition, but the text ends", 'such as where status = "ok"'),
        ('every span[name = "a"] were status = "ok"', 23, 'expected "and", "or", "implies" or the end of the text, found "were"', 'did you mean "where"?'),
        ("every span where duration < 200 ms", 32, 'expected "and", "or", "implies" or the end of the text, found "ms"', "write 200ms"),
        ("every span where duration < 200msec", 28, '"200msec" is neither a number nor a duration', "did you mean 200ms?"),
        ("every span where duration < 2 seconds", 30, 'expected "and", "or", "implies" or the end of the text, found "seconds"', "write 2s"),
        ("every span[] where duration < ", 30, "expected a value, but the text ends", ""),
        ("every span[] where < 3", 19, 'expected a value, found "<"', ""),
        ("some span[name = 'a\"]", 17, "this text has no closing '", "it begins with ': close it with ' too"),
        ('some span[name = a"]', 18, 'this text has no opening "', 'write "a"'),
        ('some span(name = "a")', 10, 'expected "span[", found "name"', "predicates stand in square brackets: span[…]"),
        ('some span{name = "a"}', 9, 'expected "and", "or", "implies" or the end of the text, found "{"', "predicates stand in square brackets: span[…]"),
        ('some span[name : "a"]', 15, 'expected a comparator, "exists" or "missing", found ":"', 'did you mean "="?'),
        ('some span[name is "a"]', 15, 'expected a comparator, "exists" or "missing", found "is"', 'did you mean "="?'),
        ('some span[name eq "a"]', 15, 'expected a comparator, "exists" or "missing", found "eq"', 'did you mean "="?'),
        ('some span[name = "a" AND b = 1]', 21, 'expected a predicate, found "AND"', 'write "and"'),
        ('some span[name = "a" && b = 1 | c = 2]', 30, 'expected "and", "or", another predicate or "]", found "|"', 'did you mean "or"?'),
        ('some span[name = "a" & b = 1]', 21, 'expected "and", "or", another predicate or "]", found "&"', 'did you mean "and"?'),
        ('some span[name = "a"; b = 1]', 20, 'expected "and", "or", another predicate or "]", found ";"', 'did you mean "and"?'),
        ('some span[name "a"]', 15, 'expected a comparator, "exists" or "missing", found "a"', ""),
        ('some span[= "a"]', 10, 'expected the name of an attribute, found "="', ""),
        ("some span[a = ]", 14, 'expected a value, found "]"', "a text stands in quotes"),
        ("some span[a = 1 and ]", 20, 'expected the name of an attribute, found "]"', ""),
        ("some span[a = 1 or or b = 2]", 19, 'expected a predicate, found "or"', ""),
        ("some span[(a = 1]", 16, 'expected "and", "or" or ")", found "]"', ""),
        ("some span[a = 1)]", 15, 'expected "and", "or", another predicate or "]", found ")"', 'no "(" is open here'),
        ("some span[a in 1, 2]", 15, "a list stands in square brackets", "write [1, 2]"),
        ("some span[a in (1, 2)]", 15, 'expected a value, found "("', "a list stands in square brackets, such as [1, 2]"),
        ("some span[a in [1, 2]", 21, 'expected "and", "or", another predicate or "]", but the text ends', "close the brackets with ]"),
        ('some span[a ~ "b"]', 12, 'expected a comparator, "exists" or "missing", found "~"', 'did you mean "=~"?'),
        ('some span[a === "b"]', 14, 'expected a value, found "="', 'did you mean "="?'),
        ('some span[a <> "b"]', 13, 'expected a value, found ">"', 'did you mean "!="?'),
        ("some span[a => 3]", 13, 'expected a value, found ">"', 'did you mean ">="?'),
        ("some span[a =< 3]", 13, 'expected a value, found "<"', 'did you mean "<="?'),
        ('some span[a like "b%"]', 12, 'expected a comparator, "exists" or "missing", found "like"', 'did you mean "matches"?'),
        ('some span[name startswith "b"]', 15, 'expected a comparator, "exists" or "missing", found "startswith"', 'did you mean "starts-with"?'),
        ('some span[name not contains "b"]', 15, 'expected a comparator, "exists" or "missing", found "not"', 'write "not-contains"'),
        ("some span[name does not exist]", 15, 'expected a comparator, "exists" or "missing", found "does"', 'did you mean "missing"?'),
        ("some span[name is null]", 15, 'expected a comparator, "exists" or "missing", found "is"', 'did you mean "missing"?'),
        ("some span[!exists(name)]", 11, '"exists" stands after the name', "write name exists"),
        ("some span[exists name]", 10, '"exists" stands after the name', "write name exists"),
        ("some span[not_exists name]", 10, '"not_exists" stands after the name', "write name missing"),
        ('some spans[name = "a"]', 5, 'expected "span[", found "spans"', 'did you mean "span"?'),
        ('some Span[name = "a"]', 5, 'expected "span[", found "Span"', 'did you mean "span"?'),
        ('SOME span[name = "a"]', 0, '"SOME" is no quantifier', 'did you mean "some"?'),
        ("no errors()", 3, 'expected "span[", found "errors"', 'did you mean "no_errors()"?'),
        ("no_errors", 0, "no_errors is called with parentheses", "write no_errors()"),
        ("no_errors(", 10, "expected a value, but the text ends", ""),
        ("no_errors() and", 15, "expected a check, but the text ends", ""),
        ("and no_errors()", 0, 'nothing stands before "and"', ""),
        ("not", 3, "expected a check, but the text ends", ""),
        ("count(span[a=1]) => 1", 18, 'expected a value, found ">"', 'did you mean ">="?'),
        ("count(span[a=1])", 16, "expected a comparator, but the text ends", "count() is a value: compare it, as in count(…) = 1"),
        ("busy_time(span[a = 1] < 200ms", 24, 'expected "span[", found "200ms"', 'the selector goes on after "<": close the parenthesis before it to compare'),
        ("busy_time span[a = 1] < 200ms", 0, "busy_time is called with parentheses", "write busy_time(selector)"),
        ("sum(span[a=1] http.size) < 3", 14, 'expected "," or ")", found "http.size"', "part arguments by a comma"),
        ("count(span[a=1], ) = 3", 17, 'expected a value, found ")"', "leave the last comma out"),
        ("1 < count(span[]) < 3", 18, "comparisons do not chain", "write 1 < count(span[]) and count(span[]) < …"),
        ("response:status == 200 OK", 23, 'expected "and", "or", "implies" or the end of the text, found "OK"', ""),
        ('some span.name = "a"', 5, 'expected "span[", found a name', "predicates stand in brackets: span[…]"),
        ('some span[name = "a"] > span[name = "b"] where', 46, "expected a condition, but the text ends", 'such as where status = "ok"'),
        ('some span[name = "a"] >', 23, 'expected "span[", but the text ends', 'name the spans, such as span[name = "place order"]'),
        ('some > span[name = "a"]', 11, 'expected "and", "or", "implies" or the end of the text, found "["', "a selector begins with span[…]; one that begins with a combinator is read from a span, after where"),
        ("some span:first", 5, "span without brackets takes no pseudo-class", "write span[]:first"),
        ("some span[]:frst", 12, 'no pseudo-class ":frst"', 'did you mean "first"?'),
        ("some span[]:nth()", 12, ":nth needs a whole number", "write :nth(1)"),
        ("some span[]:nth(-1)", 12, ":nth needs a whole number", "write :nth(1)"),
        ("some span[]:nth(a)", 12, ":nth needs a whole number", "write :nth(1)"),
        ("some span[]:not()", 16, 'expected "span[", found ")"', "write :not(span[…]), for it takes a selector"),
        ('some span[]:not(name = "a")', 16, 'expected "span[", found "name"', "write :not(span[…]), for it takes a selector"),
        ("some span[]:has(", 16, 'expected "span[", but the text ends', "write :has(span[…]), for it takes a selector"),
        ('some span[]:has(name = "a")', 16, 'expected "span[", found "name"', "write :has(span[…]), for it takes a selector"),
        ("some span[]::first", 12, 'expected the name of a pseudo-class, found ":"', "one colon is enough"),
        ("var:X", 5, 'expected a comparator, "exists" or "missing", but the text ends', ""),
        ("${var:X} = 1", 0, 'expected a value, found "$"', "write the name alone, such as var:NAME; ${…} stands only inside a text"),
        ("some span[name = ${var:X}]", 17, 'expected a value, found "$"', "write the name alone, such as var:NAME; ${…} stands only inside a text"),
        ("a = 1 implies", 13, "expected a check, but the text ends", ""),
        ("implies a = 1", 0, 'nothing stands before "implies"', ""),
        ("(no_errors()", 12, 'expected "and", "or" or ")", but the text ends', "close the parenthesis with )"),
        ("no_errors())", 11, 'expected "and", "or", "implies" or the end of the text, found ")"', 'no "(" is open here'),
        ("((no_errors())", 14, 'expected "and", "or" or ")", but the text ends', "close the parenthesis with )"),
        ('"a" = ', 6, "expected a value, but the text ends", ""),
        ("= 3", 0, 'expected a value, found "="', ""),
        ("3", 1, 'expected a comparator, "exists" or "missing", but the text ends', ""),
        ('"abc"', 5, 'expected a comparator, "exists" or "missing", but the text ends', ""),
        ("every", 5, 'expected "span[", but the text ends', 'name the spans, such as span[name = "place order"]'),
        ("some", 4, 'expected "span[", but the text ends', 'name the spans, such as span[name = "place order"]'),
        ("between 1 and span[]", 14, 'expected a whole number, var:NAME or env:NAME, found "span"', "write between 1 and 3 span[…]"),
        ("between 1, 3 span[]", 9, 'expected "and", found ","', "write between 1 and 3 span[…]"),
        ("between 1 and 3", 15, 'expected "span[", but the text ends', 'name the spans, such as span[name = "place order"]'),
        ("exactly 1", 9, 'expected "span[", but the text ends', 'name the spans, such as span[name = "place order"]'),
        ("exactly 1 of span[]", 10, 'expected "span[", found "of"', 'leave "of" out'),
        ("exactly 1 time span[]", 10, 'expected "span[", found "time"', 'leave "time" out'),
        ("exactly 1x span[]", 9, 'expected "span[", found "x"', 'leave "x" out'),
        ('1 span[name = "a"]', 0, '"1" is no quantifier', 'did you mean "exactly 1"?'),
        ("two span[a = 1]", 0, '"two" is no quantifier', 'did you mean "exactly 2"?'),
        ("some span[a = 1] and span[b = 1] then span[c = 1]", 21, '"then" needs to know of how many spans it is said', "some or every?"),
        ("at least -1.5 span[a = 1]", 9, "no number of spans is -1.5", "write no span[…] to forbid them, exactly 1 span[…] to ask for one"),
        ("some span[a in 1, 2 b c]", 15, "a list stands in square brackets", "write [1, 2]"),
        ("some span[a b, c = 1, d e] and some span[f g] and buzy_time(span[a = 1]) < 1s and exactly one span[a = 1]", 12, 'expected a comparator, "exists" or "missing", found "b"', ""),
        ('some span[a b and c ] and some span[kind = "sever"]', 12, 'expected a comparator, "exists" or "missing", found "b"', ""),
        ("between x and 3 span[] and no_erors()", 8, 'expected a whole number, var:NAME or env:NAME, found "x"', "write between 1 and 3 span[…]"),
        ("(a = ) and no_erors()", 5, 'expected a value, found ")"', ""),
        ("no_errors( and b = ", 15, 'expected "," or ")", found "b"', "part arguments by a comma"),
        ("some span[a = 1] adn some span[b = 1] and some spam[b = 1] or no_erors()", 17, 'expected "and", "or", "implies" or the end of the text, found "adn"', 'did you mean "and"?'),
        ("every span[a = 1] where b = 1 and c = ]", 30, 'does "and" belong to the condition or to the check?', "write every span[a = 1] where (b = 1 and …) or (every span[a = 1] where b = 1) and …"),
        ("all span[a b] where x", 0, '"all" is no quantifier', 'did you mean "every"?'),
    ],
)  # fmt: skip
def test_what_is_said(text: str, place: int, message: str, shown: str) -> None:
    """Each wrong text is told at its column, in words, with what to write where that can be guessed."""
    parsed = parse_statement(text, E)
    assert parsed.node is None
    fault = parsed.diagnostics[0]
    assert fault.range is not None
    assert (fault.range.start, fault.message, fault.label or fault.help) == (place, message, shown)
    assert fault.code in CODES


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("some span[a b, c = 1, d e]", [12, 24]),
        ("some span[a b kind = 'x' d e]", [12, 27]),
        ("some span[a = 1 and and b = 2 or c]", [20, 34]),
        ("some span[a b] calls span[c = ] within 2s", [12, 30, 32]),
        ("some span[a b] and exactly one span[a = 1] or (b = ", [12, 27, 51]),
        ("between x and 3 span[] and b = ", [8, 31]),
        ("some span[a = 1] adn some span[b = 1] and some spam[b = 1]", [17, 47]),
        ("(a = ) and (b = )", [5, 16]),
        ("span[a = 1] calls span[b = 1] and span[c = 1] then span[d = 1]", [0, 34]),
        ("no_errors( and b = ", [15]),
    ],
)
def test_every_fault_of_a_text_is_told_at_once(text: str, places: list[int]) -> None:
    """The parser goes on behind a predicate, a comma and a connective."""
    parsed = parse_statement(text, E)
    assert parsed.node is None
    assert [fault.range.start for fault in parsed.diagnostics if fault.range] == places


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("buzy_time(span[a = 1]) < 1s and exactly one span[a = 1]", ["unknown-function"]),
        ('some span[a b] and some span[kind = "sever"]', ["impossible-comparison"]),
        ('some span[a b kind = "sever"]', ["impossible-comparison"]),
        ("a = ] and response:body | jsonpath '$' = 1", ["unknown-filter"]),
        ("some span[a b]:not(span[c d])", []),
        ("some span[] and count(span[a b]) = 0 and x =", []),
    ],
)
def test_names_are_checked_in_the_parts_that_can_be_read(text: str, codes: list[str]) -> None:
    """A fault of the grammar does not hide a wrong name; what a missing part could mend is not told."""
    parsed = parse_statement(text, E)
    assert parsed.node is None
    assert [fault.code for fault in check_parts(parsed.parts, E)] == codes


@pytest.mark.parametrize(
    "text",
    [
        "span[and = 1]", "span[exists = 1]", "span[exists exists]", "span[a in 1 b = 2]", "span[like = 1]",
        "span[AND = 1]", "span[a = 1 or or = 2]",
    ],
)  # fmt: skip
def test_words_that_may_be_names_are_no_slips(text: str) -> None:
    """A slip is looked for only where no rule fits."""
    assert parse_selector(text, E).node is not None


@pytest.mark.parametrize("text", ["all = 1", "SOME = 1", "1 = 1", "exactly - 1 = 2", "no_errors = 1", "before = 2"])
def test_words_that_may_be_values_are_no_slips(text: str) -> None:
    """The same outside of brackets."""
    assert parse_statement(text, E).node is not None


@given(st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_any_words_are_read_or_told(text: str) -> None:
    """Whatever stands there, there is a tree or a fault inside the text, and no part makes the checker raise."""
    for dialect in (E, S):
        parsed = parse_statement(text, dialect)
        assert (parsed.node is None) == has_errors(parsed.diagnostics)
        assert all(fault.range is None or fault.range.end <= len(text) + 1 for fault in parsed.diagnostics)
        assert len(set(parsed.diagnostics)) == len(parsed.diagnostics)
        check_parts(parsed.parts, dialect)

"""The parser: trees, faults with their places, limits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanspec.language.dialect import Dialect
from spanspec.language.format import format  # noqa: A004
from spanspec.language.parser import (
    MAX_LENGTH,
    Parsed,
    parse_expression,
    parse_selector,
    parse_statement,
    parse_template,
)
from spanspec.language.reference import grammar as reference_grammar
from spanspec.language.syntax import (
    And,
    Arithmetic,
    Compare,
    Compares,
    Expect,
    Name,
    Node,
    Operator,
    Place,
    Quantifier,
    QuantifierWord,
    Relate,
    Selector,
    StandAlone,
    Statement,
    Template,
    Text,
)
from spanspec.source.codes import CODES
from spanspec.source.diagnostics import Severity

E, S, C = Dialect.EXPECT, Dialect.SPECS, Dialect.COMPAT
_RULES = {"selector": parse_selector, "statement": parse_statement, "expression": parse_expression}


def _statement(text: str, dialect: Dialect = E) -> Statement:
    parsed = parse_statement(text, dialect)
    assert parsed.node is not None, parsed.diagnostics
    return parsed.node


def _selector(text: str, dialect: Dialect = E) -> Selector:
    parsed = parse_selector(text, dialect)
    assert parsed.node is not None, parsed.diagnostics
    return parsed.node


def _value(text: str, dialect: Dialect = E) -> Node:
    parsed = parse_expression(text, dialect)
    assert parsed.node is not None, parsed.diagnostics
    return parsed.node


# --- what parses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (
            "a = 1 and b = 2 or c = 3 implies d = 4 implies e = 5",
            "((a = 1 and b = 2) or c = 3) implies (d = 4 implies e = 5)",
        ),
        ("not a = 1 and b = 2", "(not a = 1) and b = 2"),
        ("a = 1 && ! b = 2 || c == 3", "a = 1 and not b = 2 or c = 3"),
        ("1 + 2 * 3 - 4 = 5", "(1 + (2 * 3)) - 4 = 5"),
        ("-a * 2 = 1", "(-a) * 2 = 1"),
        ("a + b | length = 3", "(a + b) | length = 3"),
        ("span[x = 1]", "some span[x = 1]"),
        ("(span[x = 1])", "some span[x = 1]"),
        ("some span calls span", "some span calls some span"),
        ("some span then span within 2 s", "some span then span within 2s"),
        ("a not in [1]", "a not-in [1]"),
        ("every span where (a = 1)", "every span where a = 1"),
        ("count(span[]) = 1 // why\n", "count(span[]) = 1"),
        ("not not no_errors()", "not (not no_errors())"),
        ("(a) = 1", "a = 1"),
        ("every span where not (a = 1)", "every span where not a = 1"),
    ],
)
def test_two_spellings_of_one_tree(text: str, same: str) -> None:
    """Precedence, spare parentheses and other spellings leave no trace in the tree."""
    assert _statement(text) == _statement(same)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("(span[a = 1]) > span[b = 1]", Expect),
        ("(span[a = 1], span):first", Expect),
        ("(a + 1) * 2 = 3", Compare),
        ("((a + 1)) = 3", Compare),
        ("(a = 1) and (b = 2)", And),
        ("(no_errors())", StandAlone),
        ("(count(span)) > 1", Compare),
        ("some = 1", Compare),
        ("some + 1 = 2", Compare),
        ("not = 1", Compare),
        ("span = 1", Compare),
        ("exactly in [1]", Compare),
        ("exactly 2 span", Expect),
        ("at least var:N span calls no span", Relate),
        ("between 1 and 3 span[] overlaps every span", Relate),
    ],
)
def test_what_stands_at_a_word_or_parenthesis(text: str, kind: type) -> None:
    """The longest reading wins, and words are words only where they may be."""
    assert isinstance(_statement(text), kind)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("span[not = 1]", ["not"]),
        ("span[or = 1 or and = 2]", ["or", "and"]),
        ('span[a="x" or="y"]', ["a", "or"]),
        ("span[contains contains 'x']", ["contains"]),
        ("span[a exists exists = 1]", ["a", "exists"]),
        ("span[\"a/b\" = 1, 'c d' missing]", ["a/b", "c d"]),
        ("span[a=1 b=2,c=3 and d=4 && e=5]", list("abcde")),
        ("span[span = 1]", ["span"]),
    ],
)
def test_names_in_brackets(text: str, keys: list[str]) -> None:
    """Any word may be the name of an attribute."""
    step = _selector(text).chains[0].steps[0]
    found: list[str] = []
    stack: list[object] = [step.predicate]
    while stack:
        node = stack.pop()
        if hasattr(node, "operands"):
            stack.extend(reversed(node.operands))
        else:
            found.append(node.name.key)  # type: ignore[union-attr]
    assert found == keys


def test_where_takes_relative_selectors_after_a_quantifier() -> None:
    """`some > span[…]` is a quantifier and a child, not a comparison of the attribute `some`."""
    node = _statement("every span[a = 1] where (some > span[b = 1] and no << span)")
    assert isinstance(node, Expect)
    assert isinstance(node.where, And)
    assert [isinstance(each, Expect) and each.selector.relative for each in node.where.operands] == [True, True]


def test_parts_without_a_combinator_are_descendants_in_has() -> None:
    """`:has(span, > span)` reads from the span at hand."""
    assert _selector("span[]:has(span, > span)") == _selector("span[]:has(>> span, > span)")


@pytest.mark.parametrize(
    ("text", "dialect", "value"),
    [
        (r'"a\\b\"c\'d\n\t\u00e9"', E, "a\\b\"c'd\n\té"),
        (r'"\ud83d\ude00"', E, "😀"),
        (r'"\ud83d"', E, r"\ud83d"),
        (r'"\d+\."', E, r"\d+\."),
        (r"'it\'s'", E, "it's"),
        (r'"a\"b\n\\"', S, 'a"b\\n\\\\'),
        ("'{\"a\":1}'", S, '{"a":1}'),
        ('"$${x}"', E, "${x}"),
        ('"$${var:x}"', S, "${var:x}"),
        ("\"${'$'}$\"", E, "$$"),
        ('"100%"', S, "100%"),
    ],
)
def test_texts(text: str, dialect: Dialect, value: str) -> None:
    """Escapes are undone as the dialect asks."""
    node = _value(text, dialect)
    assert isinstance(node, Text)
    assert node.value == value
    assert node.raw == text[1:-1]


@pytest.mark.parametrize(
    ("text", "value"),
    [(r'span[a = "\x41\u00e9\n\101"]', "Aé\nA"), (r"span[a = 'x\'y']", "x'y"), (r'span[a = "\xc3\xa9"]', "é")],
)
def test_texts_in_the_brackets_of_specs(text: str, value: str) -> None:
    """Selectors of `specs:` have Go's escapes, in either quote."""
    predicate = _selector(text, S).chains[0].steps[0].predicate
    assert isinstance(predicate, Compares)
    assert predicate.value == Text(value=value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/orders/${var:ID}?x=${ 1 + 1 }", ["/orders/", Name, "?x=", Arithmetic]),
        ("$${var:ID}", ["${var:ID}"]),
        ('{"a": "${var:j | json_path "$.a{0}"}"}', ['{"a": "', object, '"}']),
        ("${uuid()}", [object]),
        ("", []),
        ("${SHELL} ${x:-y} ${fn(1)}", ["${SHELL} ${x:-y} ${fn(1)}"]),
        ("`${a}${`", ["`${a}${`"]),
        ("${'a'}b", ["ab"]),
        ('it\'s "so" \\n', ['it\'s "so" \\n']),
    ],
)
def test_templates(text: str, parts: list[object]) -> None:
    """A field is cut at our placeholders alone; everything else is text."""
    node = parse_template(text, S).node
    assert isinstance(node, Template)
    assert len(node.parts) == len(parts)
    for found, expected in zip(node.parts, parts, strict=True):
        assert found == expected if isinstance(expected, str) else isinstance(found, expected)  # type: ignore[arg-type]


def test_foreign_placeholders_are_told() -> None:
    """A placeholder of a shell is text, with a warning at its place."""
    parsed = parse_template("a ${SHELL} b", E)
    assert [(fault.code, fault.severity, fault.range) for fault in parsed.diagnostics] == [
        ("foreign-placeholder", Severity.WARNING, parsed.diagnostics[0].range)
    ]
    where = parsed.diagnostics[0].range
    assert where is not None
    assert (where.start, where.end) == (2, 10)


def test_ranges() -> None:
    """Every node knows its place in the text."""
    text = 'every span[a = "x"] where (b + 1 < 2ms and c exists)'
    node = _statement(text)
    assert isinstance(node, Expect)
    assert isinstance(node.where, And)
    assert text[node.range.start : node.range.end] == text
    assert text[node.selector.range.start : node.selector.range.end] == 'span[a = "x"]'
    assert text[node.quantifier.range.start : node.quantifier.range.end] == "every"
    first, second = node.where.operands
    assert text[first.range.start : first.range.end] == "b + 1 < 2ms"
    assert text[second.range.start : second.range.end] == "c exists"


def test_ranges_in_placeholders_count_in_the_whole_text() -> None:
    """A name in a `${…}` has the place that it has in the field."""
    node = parse_template("x ${var:ID} y", S).node
    assert node is not None
    name = node.parts[1]
    assert isinstance(name, Name)
    assert (name.range.start, name.range.end) == (4, 10)


def test_quantifier_bounds() -> None:
    """`at most` has its bound above, the others below."""
    node = _statement("at most 3 span")
    assert isinstance(node, Expect)
    assert (node.quantifier.word, node.quantifier.low) == (QuantifierWord.AT_MOST, None)
    assert isinstance(_statement("exactly env:N span"), Expect)
    assert Quantifier(word=QuantifierWord.SOME) == Quantifier(word=QuantifierWord.SOME)


# --- what does not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "place", "message", "shown"),
    [
        ("selector", "span[a=]", 7, 'expected a value, found "]"', "quotes"),
        ("selector", "span[a b]", 7, 'expected a comparator, "exists" or "missing", found "b"', ""),
        ("selector", "span[a startsWith 'x']", 7, "expected a comparator", 'did you mean "starts-with"?'),
        ("selector", "span[a contians 'x']", 7, "expected a comparator", 'did you mean "contains"?'),
        ("selector", "span[a = “x”]", 9, "expected a value", 'write a plain " instead'),
        ("selector", "span[a = 'x]", 9, "this text has no closing '", "close it"),
        ("selector", "span[a = 1]:frist", 12, 'no pseudo-class ":frist"', 'did you mean "first"?'),
        ("selector", "span[]:nth", 7, ":nth needs a whole number", ":nth(1)"),
        ("selector", "span[]:not", 7, ":not needs a selector", ":not(span[…])"),
        ("selector", "span:first", 0, "span without brackets takes no pseudo-class", "span[]:first"),
        ("selector", "spam[a = 1]", 0, 'expected "span["', 'did you mean "span"?'),
        ("selector", "> span", 0, 'nothing stands before ">"', ":has("),
        ("selector", "span[atr:x = 1]", 5, 'no prefix "atr:"', 'did you mean "attr"?'),
        ("selector", "span[a = 1", 10, 'expected "and", "or", another predicate or "]", but the text ends', ""),
        ("selector", "span[a = 12abc]", 9, '"12abc" is neither a number nor a duration', ""),
        ("statement", "", 0, "expected a check, but the text ends", ""),
        ("statement", "exactly span[]", 8, "expected a whole number", "write exactly 1 span[…]"),
        ("statement", "at leats 1 span", 3, 'expected "least" or "most"', 'did you mean "least"?'),
        ("statement", "between 1 or 2 span", 10, 'expected "and"', "between 1 and 3"),
        ("statement", "1 < a < 3", 6, "comparisons do not chain", "write 1 < a and a < …"),
        ("statement", "span[] calls span[]", 0, '"calls" needs to know', "write some span[] calls"),
        ("statement", "span[] where a = 1", 0, '"where" needs to know', "every span[] where"),
        ("statement", "some span calls span then span", 21, "a second relation", "and some B then"),
        ("statement", "every span where a = 1 and b = 2", 23, 'does "and" belong', "every span where (a = 1 and …)"),
        ("statement", "every span where (a + 1) = 1 or b = 2", 29, 'does "or" belong', "or (every span where"),
        ("statement", "some span calls span within 2s", 21, "within does not belong here", "followed by"),
        ("statement", "some span within 2s", 10, "within does not belong here", "followed by"),
        ("statement", "some span followed span", 19, 'expected "by"', ""),
        ("statement", "some span followed_by span", 10, '"followed_by" is two words', "followed by"),
        ("statement", "every span where some span[a = 1]", 17, "an expectation after where stands", "where (some"),
        ("statement", "count(span)", 11, "expected a comparator, but the text ends", "compare it"),
        ("statement", "a = ${var:x}", 4, "expected a value", "write the name alone"),
        ("statement", "a = 1 adn b = 2", 6, 'expected "and", "or", "implies"', 'did you mean "and"?'),
        ("statement", "parent:var:x = 1", 0, '"var:" does not belong to a span', ""),
        ("expression", "a | length + 1", 11, "arithmetic cannot follow a filter", "parentheses"),
        ("expression", "(1 + 2", 6, 'expected an operator or ")"', ""),
        ("expression", "[1, 2", 5, 'expected "," or "]"', ""),
        ("expression", 'attr:""', 0, "this key is empty", ""),
    ],
)
def test_faults(kind: str, text: str, place: int, message: str, shown: str) -> None:
    """A fault has its column, what was expected, and what to write instead."""
    parsed: Parsed[object] = _RULES[kind](text, E)
    assert parsed.node is None
    fault = parsed.diagnostics[0]
    assert fault.range is not None
    assert fault.message.startswith(message)
    assert fault.range.start == place
    assert shown in f"{fault.label} {fault.help}"
    assert fault.code in CODES


def test_several_faults_at_once() -> None:
    """A fault in one pair of brackets does not hide that in another."""
    parsed = parse_statement("some span[a b] calls span[c = ] within 2s", E)
    assert [fault.range.start for fault in parsed.diagnostics if fault.range] == [12, 30, 32]


def test_a_fault_stands_once() -> None:
    """Trying several readings of a parenthesis does not repeat what is wrong in it."""
    assert len(parse_statement("(some span[a b]) and c = 1", E).diagnostics) == 1


# --- the dialects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["http.status_code = 200", "duration < 1s", "attr:a = b", "parent:name = 'x'", "not a = 1", "name exists"],
)
def test_a_bare_name_is_an_error_in_specs(text: str) -> None:
    """As in the reference a name needs a prefix outside brackets; `expect:` leaves that to the checker."""
    parsed = parse_statement(text, S)
    assert [fault.code for fault in parsed.diagnostics] == ["bare-name"]
    assert parse_statement(text, E).node is not None


@pytest.mark.parametrize(
    "text",
    [
        "attr:x starts-with 'a' and attr:y exists",
        "-1 = -1",
        "(1 + 2) * 3 = 9",
        "1e3 = 1000",
        "attr:x = true",
        "attr:x = null",
        "every span[a = 1] where b = 2",
        "sum(span[], http.size) < 3",
        "1h30m = 90m",
        "count(span) = 1",
        "resource:host.name = 'x'",
    ],
)
def test_what_is_new_parses_in_specs_alone(text: str) -> None:
    """New words may stand where the old text was an error; `compat: tracetest` keeps the error."""
    assert parse_statement(text, S).node is not None
    assert parse_statement(text, C).node is None


@pytest.mark.parametrize(
    "text",
    [
        'span[a = "x" "y"]',
        'span[a = "x"]:first(3)',
        ', span[a = "x"]',
        'span[, a = "x"]',
        'span[a . b="x"]',
        'span [a="x"]span[b="y"]',
        'span[a=5ms="x"]',
        "span[a=1 b=2]",
        'span[contains contains "x"]',
        "span[] // all",
        'span[a=true true="x"]',
    ],
)
def test_odd_selectors_of_the_reference_parse(text: str) -> None:
    """What the reference reads, `specs:` reads, odd as it is."""
    assert parse_selector(text, C).node is not None
    assert parse_selector(text, S).node is not None


@pytest.mark.parametrize(
    "text",
    ["span[a=]", "span", "span[a = 'x']", "span[a=x]", "span[a>1]", "span[a-b=1]", 'span["a"="b"]', r'span[a="\d"]',
     "span[a=-1]", "span[a=1,]", "span[]:nth_child", "span[] > span[]", "span[a=08]", "span[a=99999999999999999999]"],
)  # fmt: skip
def test_what_the_reference_refuses(text: str) -> None:
    """`compat: tracetest` refuses what the reference refuses, with a diagnostic."""
    parsed = parse_selector(text, C)
    assert parsed.node is None
    assert parsed.diagnostics


@pytest.mark.parametrize(
    ("text", "expected"),
    [("span[a=010]", "8"), ("span[a=0x10]", "16"), ("span[a=1.5]", "1.50"), ("span[a=1e3]", "1000.00")],
)
def test_numbers_of_compat(text: str, expected: str) -> None:
    """The reference compares numbers in selectors by their text."""
    predicate = _selector(text, C).chains[0].steps[0].predicate
    assert isinstance(predicate, Compares)
    assert getattr(predicate.value, "text", None) == expected


def test_arithmetic_of_compat_goes_from_left_to_right() -> None:
    """`1 + 2 * 3` is 9 there, 7 here, and here that is told."""
    old, new = parse_expression("1 + 2 * 3", C).node, parse_expression("1 + 2 * 3", S)
    assert isinstance(old, Arithmetic)
    assert isinstance(new.node, Arithmetic)
    assert (old.operator, new.node.operator) == (Operator.MULTIPLY, Operator.ADD)
    assert [fault.code for fault in new.diagnostics] == ["precedence"]
    assert parse_expression("1 * 2 + 3", S).diagnostics == ()


def test_texts_of_compat_keep_their_backslashes() -> None:
    """The raw text is kept beside what the comparators see."""
    node = parse_expression(r"'it\'s \n'", C).node
    assert isinstance(node, Text)
    assert (node.value, node.raw) == (r"it's \n", r"it\'s \n")
    assert parse_expression('"${SHELL}"', C).node is None


_old_terms = st.recursive(
    st.sampled_from(
        [
            "1",
            "2.50",
            "5ms",
            "3 s",
            "attr:a",
            "attr:a.b-c",
            "var:x",
            "env:Y.z",
            '"t"',
            "'u v'",
            '"a ${var:b} c"',
            '"a\\"b"',
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(st.sampled_from(["uuid", "f", "randomInt"]), st.lists(inner, max_size=2)).map(
            lambda call: f"{call[0]}({','.join(call[1])})"
        ),
    ),
    max_leaves=4,
)
_old_filters = st.tuples(st.sampled_from(["length", "json_path", "x"]), st.lists(_old_terms, max_size=2)).map(
    lambda each: f" | {each[0]} {' '.join(each[1])}"
)
_old_values = st.tuples(
    _old_terms, st.lists(st.tuples(st.sampled_from("+-*/"), _old_terms), max_size=3), st.lists(_old_filters, max_size=2)
).map(lambda each: each[0] + "".join(f" {operator} {term}" for operator, term in each[1]) + "".join(each[2]))
_old_statements = st.tuples(
    _old_values, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", " contains ", " not-contains "]), _old_values
).map(lambda each: f"{each[0]} {each[1]} {each[2]}")


@given(_old_statements)
@settings(max_examples=200, deadline=None)
def test_specs_reads_what_the_reference_reads(text: str) -> None:
    """The same tree comes out, but for precedence."""
    old = parse_statement(text, C).node
    assert old is not None
    new = parse_statement(text, S)
    assert new.node is not None, new.diagnostics
    expected = reference_grammar.with_precedence(old)
    assert format(new.node, S) == format(expected, S)


# --- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("statement", "(" * 5000),
        ("statement", "(" * 400 + "1" + ")" * 400 + " = 1"),
        ("statement", "not " * 5000 + "a = 1"),
        ("statement", "a = 1 implies " * 3000 + "a = 1"),
        ("statement", "count(" * 3000),
        ("statement", "count((" * 200),
        ("statement", "every span where (" * 500),
        ("expression", "-" * 5000 + "a"),
        ("expression", "[" * 5000),
        ("expression", "1" + " + 1" * 10000),
        ("expression", '"${' + "'${" * 500),
        ("selector", "(" * 5000),
        ("selector", "span[]:has(" * 2000),
        ("selector", "span[" + "(" * 5000),
        ("selector", "span[" + "not " * 5000 + "a = 1]"),
    ],
)
@pytest.mark.parametrize("dialect", [E, S, C])
def test_nesting_is_bounded(kind: str, text: str, dialect: Dialect) -> None:
    """Deep texts give a diagnostic, never an exhausted stack."""
    parsed: Parsed[object] = _RULES[kind](text, dialect)
    assert parsed.node is None
    assert parsed.diagnostics


@pytest.mark.parametrize("dialect", [E, S, C])
def test_length_is_bounded(dialect: Dialect) -> None:
    """A huge text is refused before it is read."""
    parsed = parse_statement("a" * (MAX_LENGTH + 1), dialect)
    assert [fault.code for fault in parsed.diagnostics] == ["text-too-long"]


_snippets = st.sampled_from(
    ["span[", "]", "(", ")", " = ", " and ", " or ", "not ", "every ", "some ", " where ", "a", "attr:x", "'t'", '"', "'", "${", "}", "1",
     "2ms", " calls ", " > ", ":has(", ":first", "count(", ", ", " | length", "-", "+", "\\", " in ", "[", "exactly ", " within ", "//", "$${"]
)  # fmt: skip


@given(st.lists(_snippets, max_size=14).map("".join), st.sampled_from(list(Dialect)))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_a_tree_or_a_fault(text: str, dialect: Dialect) -> None:
    """No text makes the parser raise; every fault has a known code and a place in the text."""
    for parse in (parse_selector, parse_statement, parse_expression, parse_template):
        parsed: Parsed[object] = parse(text, dialect)
        errors = [fault for fault in parsed.diagnostics if fault.severity is Severity.ERROR]
        assert (parsed.node is None) == bool(errors)
        for fault in parsed.diagnostics:
            assert fault.code in CODES
            assert fault.range is not None
            assert 0 <= fault.range.start <= fault.range.end <= max(1, len(text))
        if parsed.node is not None and dialect is not Dialect.COMPAT:
            assert parse(format(parsed.node, dialect), dialect).node == parsed.node


def test_places_are_of_names_with_their_prefixes() -> None:
    """Each prefix is a place of its own."""
    for place in Place:
        if place:
            node = _value(f"{place.value}:status")
            assert node == Name(place=place, key="status")


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("piece", ["${'", '${"', "${", "${var:a", "${'}", "${[", "$${", "${'a${", "$"])
def test_a_text_of_unclosed_placeholders_is_read_in_one_pass(piece: str, dialect: Dialect) -> None:
    """A long text of placeholders that never close is literal or a fault, and takes no time that grows with its square."""
    parsed = parse_template(piece * (200_000 // len(piece)), dialect)
    assert (parsed.node is None) == any(fault.severity is Severity.ERROR for fault in parsed.diagnostics)

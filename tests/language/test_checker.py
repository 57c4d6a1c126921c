"""What a tree says without a trace."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from spanspec.language.checker import check
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_expression, parse_selector, parse_statement, parse_template
from spanspec.language.syntax import Statement
from spanspec.source.codes import CODES
from spanspec.source.diagnostics import Diagnostic, Severity
from tests.language.trees import statements

E, S, C = Dialect.EXPECT, Dialect.SPECS, Dialect.COMPAT
ERROR, WARNING = Severity.ERROR, Severity.WARNING

# Hypothesis writes the strategies out when it reports; for a grammar that is long, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


def _checked(text: str, dialect: Dialect = E) -> tuple[Diagnostic, ...]:
    parsed = parse_statement(text, dialect)
    assert parsed.node is not None, parsed.diagnostics
    return check(parsed.node, dialect, kind="statement")


@pytest.mark.parametrize(
    "text",
    [
        'exactly 1 span[service.name = "shipping-service" kind = "server"]',
        'some span[service.name = "a"] followed by span[service.name = "b"]',
        'busy_time(span[service.name = "payment-service"]) < 200ms',
        'every span[name = "update inventory"] where inventory.update.status = "success"',
        'some span[kind = "producer"] leads to span[kind = "consumer"] within 2s',
        "no_errors() and no_n_plus_one(threshold=3)",
        "no_errors(except=span[a = 1]) and no_orphans() and complete()",
        "response:status = 201 and trace:span_count > 3",
        "count(span[a = 1]) = 0 or busy_time(span[a = 1]) < 200ms",
        'edges() = ["a -> b"] and services(span[kind = "server"]) = ["a", "b"]',
        "max(span[a = 1], http.size) < 300 and p99(span[a = 1]) < 1s",
        "sum(span[a = 1], duration) / 2 < 100ms",
        "every span[a = 1] where (count(> span[b = 1]) = 1 and parent:duration > duration)",
        "every span[a = 1] where duration < 5000000",
        'every span[a = 1] where duration < "200ms"',
        'some span[event:name = "exception" and status = "error"]',
        'every span[a = 1] where event:name = "retry"',
        'response:body | json_path "$.id" | default "" | length > 3',
        "gap(span[a = 1], span[b = 1]) >= -5ms",
        'var:LIMIT = 3 and env:X != "y"',
        'some span[name matches "^GET \\d+"]',
    ],
)
def test_sound_statements(text: str) -> None:
    """What the page shows has no fault."""
    assert _checked(text) == ()


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "shown"),
    [
        ("buzy_time(span[a = 1]) < 1s", "unknown-function", 0, 'no function "buzy_time"', 'did you mean "busy_time"?'),
        ("length(response:body) = 1", "unknown-function", 0, 'no function "length"', "| length"),
        ("no_erors()", "unknown-function", 0, 'no function "no_erors"', 'did you mean "no_errors"?'),
        ("response:body | jsonpath '$' = 1", "unknown-filter", 16, 'no filter "jsonpath"', 'did you mean "json_path"?'),
        ("response:body | uuid = 1", "unknown-filter", 16, 'no filter "uuid"', "uuid()"),
        ("response:body | json_path = 1", "wrong-arity", 16, "json_path takes 1 argument, got 0", ""),
        ("response:body | length 1 = 1", "wrong-arity", 16, "length takes 0 arguments, got 1", ""),
        ("busy_time() < 1s", "wrong-arity", 0, "busy_time() needs a selector", "busy_time(selector)"),
        ("count() = 1", "wrong-arity", 0, "count() needs a selector", ""),
        ("distinct(span[a = 1]) = 1", "wrong-arity", 0, "distinct() needs an expression", ""),
        ("gap(span[a = 1]) = 1s", "wrong-arity", 0, "gap() needs two selectors", ""),
        ("count(span[a = 1], span[b = 1]) = 1", "wrong-arity", 19, "count() has a selector too many", ""),
        ("randomInt(1) = 1", "wrong-arity", 0, "randomInt() needs 2 arguments", "randomInt(min, max)"),
        ("uuid(1) = 1", "wrong-arity", 5, "uuid() takes no argument here", ""),
        ("no_errors(span[a = 1])", "wrong-arity", 10, "no_errors() takes no argument here", "except="),
        ("no_n_plus_one(treshold=5)", "wrong-arity", 14, 'no_n_plus_one() takes no "treshold"', "threshold"),
        ("no_errors(except=5)", "wrong-arity", 10, '"except" takes a selector', ""),
        ("sum(a, span[]) < 3", "wrong-arity", 7, "the selector comes first", ""),
        ("no_errors() = true", "not-a-value", 0, "no_errors() is a check", ""),
        ("http.status = 200", "bare-name", 0, '"http.status" belongs to a span', "every span[…] where http.status"),
        ("attr:tracetest.response.status = 200", "bare-name", 0, '"attr:tracetest', "write response:status"),
        ("attr:tracetest.selected_spans.count = 2", "bare-name", 0, '"attr:tracetest', "exactly 1 span"),
        ("parent:duration < 1s", "bare-name", 0, '"parent:duration" belongs to a span', ""),
        ("duration < 1s", "bare-name", 0, '"duration" belongs', ""),
        ("resource:host.name exists", "bare-name", 0, '"resource:host.name" belongs', ""),
        ("count(> span[a = 1]) = 1", "relative-selector", 6, "this selector is read from a span", ""),
        ("event:name = 'x'", "event-outside-brackets", 0, "event:name stands outside", "some span[event:name"),
        ("sum(span[a = 1], link:x) = 1", "event-outside-brackets", 17, "link:x stands outside", ""),
        ("trace:spans = 1", "unknown-field", 0, 'trace: has no "spans"', "span_count"),
        ("every span where span:durations > 1s", "unknown-field", 17, 'span: has no "durations"', 'did you mean "duration"?'),
        ("every span where duration < 'abc'", "impossible-comparison", 17, "a duration does not compare with a text", "200ms"),
        ("trace:duration = true", "impossible-comparison", 0, "a duration does not compare with a boolean", ""),
        ("count(span[a = 1]) > 'many'", "impossible-comparison", 0, "a number does not compare with a text", ""),
        ("some span[duration > 'slow']", "impossible-comparison", 10, "a duration does not compare with a text", ""),
        ("some span[kind = 'SERVER']", "impossible-comparison", 17, 'no span has the kind "SERVER"', 'did you mean "server"?'),
        ("some span[span:status in ['eror']]", "impossible-comparison", 26, 'no span has the status "eror"', "error"),
        ("some span[a in 'x']", "impossible-comparison", 15, '"in" needs a list', 'write ["x"]'),
        ("some span[name =~ '(GET']", "bad-pattern", 18, '"(GET" is no regular expression', "RE2"),
        ("response:body | regex '(?=x)' = 1", "bad-pattern", 22, '"(?=x)" is no', ""),
        ("between 3 and 1 span", "empty-range", 0, "no number is between 3 and 1", "between 1 and 3"),
        ("some span[a = 1 or tracetest.selected_spans.count = 2]", "count-in-brackets", 19, "tracetest.selected_spans.count may", ""),
        ("some span[tracetest.selected_spans.count contains 2]", "count-in-brackets", 10, "tracetest.selected_spans.count comp", ""),
    ],
)  # fmt: skip
def test_faults(text: str, code: str, place: int, message: str, shown: str) -> None:
    """Each fault has its code, place, and what to write instead."""
    found = _checked(text)
    assert [each.code for each in found] == [code]
    assert found[0].severity is ERROR
    assert found[0].range is not None
    assert found[0].range.start == place
    assert found[0].message.startswith(message)
    assert shown in f"{found[0].label} {found[0].help}"
    assert code in CODES


@pytest.mark.parametrize(
    ("text", "dialect", "code"),
    [
        ("some span[tracetest.selected_spans.count = 2]", E, "count-in-brackets"),
        ("total_time(span) < 1s", E, "overlapping-sum"),
        ("sum(span[]) < 1s", E, "overlapping-sum"),
        ("attr:tracetest.span.duration < 'abc'", S, "impossible-comparison"),
        ("myFunction() = 1", C, "unknown-function"),
        ("attr:x | lower = 'a'", C, "unknown-filter"),
        ("attr:x | length 1 = 3", C, "wrong-arity"),
    ],
)
def test_warnings(text: str, dialect: Dialect, code: str) -> None:
    """What is likely not meant, or fails one check alone in the reference, is told and does not stop a run."""
    assert [(each.code, each.severity) for each in _checked(text, dialect)] == [(code, WARNING)]


def test_the_number_of_selected_spans_names_the_likelier_intent() -> None:
    """In brackets it hardly ever says what was meant."""
    found = _checked('every span[name = "a" tracetest.selected_spans.count = 2] where b = 1')
    assert "exactly 2 span[…]" in found[0].help
    assert "every span[…] where …" in found[0].help


@pytest.mark.parametrize(
    "text",
    [
        "attr:http.status_code = 200",
        "attr:tracetest.selected_spans.count = 1",
        "attr:tracetest.span.duration < 500ms",
        "attr:tracetest.span.duration < '500ms'",
        "count() = 3 and busy_time() < 1s and sum(attr:x) < 3",
        "count(> span[a = 1]) = 1",
        "resource:host.name = 'x' and span:kind = 'server'",
        "attr:kind = 'SERVER'",
        "[1, 2] contains 1",
    ],
)
def test_specs_have_a_span_at_hand(text: str) -> None:
    """In `specs:` names look at the spans selected, and a call without a selector means all of these."""
    assert _checked(text, S) == ()


def test_all_faults_of_a_text_in_its_order() -> None:
    """Several faults are told at once."""
    found = _checked("buzy(span[kind = 'CLIENT']) = foo and trace:x = 1")
    assert [each.code for each in found] == ["unknown-function", "impossible-comparison", "bare-name", "unknown-field"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("${var:X} ${uuid()} ${env:Y | upper}", []),
        ("${attr:x}", ["no-trace-yet"]),
        ("${response:body}", ["no-trace-yet"]),
        ("${count(span)}", ["no-trace-yet"]),
        ("${var:X | uper}", ["unknown-filter"]),
    ],
)
def test_fields_of_a_trigger(text: str, codes: list[str]) -> None:
    """Before the trigger there is no trace to name."""
    parsed = parse_template(text, S)
    assert parsed.node is not None
    assert [each.code for each in check(parsed.node, S)] == codes


def test_selectors_and_values() -> None:
    """The other entry rules are checked alike."""
    selector = parse_selector("span[kind = 'x']:not(span[name =~ '['])", E).node
    value = parse_expression("attr:x | nope", S).node
    assert selector is not None
    assert value is not None
    assert [each.code for each in check(selector, E)] == ["impossible-comparison", "bad-pattern"]
    assert [each.code for each in check(value, S)] == ["unknown-filter"]


@given(statements(Dialect.EXPECT))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_statement_is_checked(node: Statement) -> None:
    """No tree makes the checker raise, and each code is known."""
    for dialect in Dialect:
        assert all(each.code in CODES for each in check(node, dialect))

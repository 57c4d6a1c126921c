"""What two parts of a text say together, and what is likely a slip: found before any trace exists."""

from __future__ import annotations

import pytest

from spanspec.language.checker import check
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.source.codes import CODES
from spanspec.source.diagnostics import Diagnostic, Severity

E, S, C = Dialect.EXPECT, Dialect.SPECS, Dialect.COMPAT
ERROR, WARNING = Severity.ERROR, Severity.WARNING


def _checked(text: str, dialect: Dialect = E) -> tuple[Diagnostic, ...]:
    parsed = parse_statement(text, dialect)
    assert parsed.node is not None, parsed.diagnostics
    return check(parsed.node, dialect, kind="statement")


def _one(text: str, dialect: Dialect = E) -> tuple[str, Severity, int, str]:
    found = _checked(text, dialect)
    assert len(found) == 1, found
    assert found[0].range is not None
    assert found[0].code in CODES
    return (
        found[0].code,
        found[0].severity,
        found[0].range.start,
        f"{found[0].message} {found[0].label} {found[0].help}",
    )


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("some span[a = 1 a = 2]", 16, "write a in [1, 2] when either will do"),
        ('some span[kind = "server" kind = "client"]', 26, 'nothing satisfies both kind = "server" and kind = "client"'),
        ('some span[span:kind = "server" kind = "client"]', 31, "nothing satisfies both"),
        ('some span[service = "a" resource:service.name = "b"]', 24, "nothing satisfies both"),
        ("some span[x > 5 and x < 3]", 20, "nothing satisfies both x > 5 and x < 3"),
        ("some span[x > 5 x <= 5]", 16, "nothing satisfies both"),
        ("some span[x = 9 x < 5]", 16, "nothing satisfies both"),
        ("some span[duration > 1s duration < 200ms]", 24, "nothing satisfies both"),
        ("some span[duration > 1s duration < 500000]", 24, "nothing satisfies both"),
        ('some span[name = "a" name contains "b"]', 21, "nothing satisfies both"),
        ('some span[name starts-with "GET" name = "POST /x"]', 33, "nothing satisfies both"),
        ('some span[name starts-with "GET" name starts-with "POST"]', 33, "nothing satisfies both"),
        ('some span[name contains "a" name not-contains "a"]', 28, "nothing satisfies both"),
        ('some span[name = "a" name =~ "^b"]', 21, "nothing satisfies both"),
        ("some span[a missing a = 1]", 20, "nothing satisfies both"),
        ("some span[a exists a missing]", 19, "nothing satisfies both"),
        ("some span[a in [1, 2] a = 3]", 22, "nothing satisfies both"),
        ("some span[a = 1 a not-in [1, 2]]", 16, "nothing satisfies both"),
        ("some span[b = 1 or (a = 1 a = 2)]", 26, "nothing satisfies both"),
        ('some span[event:name = "a" event:name = "b"]', 27, "no event satisfies both"),
        ('every span[kind = "server"] where kind = "client"', 34, "nothing satisfies both"),
        ("every span[] where (a > 5 and a < 3)", 30, "nothing satisfies both"),
        ("response:status = 200 and response:status = 201", 26, "response:status in [200, 201]"),
        ("count(span[a = 1]) > 3 and count(span[a = 1]) < 2", 27, "nothing satisfies both"),
        ("3 < count(span[a = 1]) and count(span[a = 1]) < 2", 27, "nothing satisfies both"),
    ],
)  # fmt: skip
def test_contradictions(text: str, place: int, shown: str) -> None:
    """Two conjuncts that nothing satisfies are an error, at the second of them."""
    code, severity, start, said = _one(text)
    assert (code, severity, start) == ("contradiction", ERROR, place)
    assert shown in said


@pytest.mark.parametrize(
    "text",
    [
        "some span[x > 5 and x < 6]",
        "some span[x >= 5 x <= 5]",
        "some span[a = 1 or a = 2]",
        "some span[a = 200 a = '200']",
        "some span[a = '200' a = '200.0']",
        "some span[a = 1 b = 2]",
        "some span[a in [1, 2] a != 1]",
        "some span[http.status_code missing http.status_code = 1]",
        "some span[a = var:X a = var:Y]",
        'some span[a = "${var:X}" a = "x"]',
        'some span[a = "x" parent:a = "y"]',
        'some span[a = "x"] and some span[a = "y"]',
        'some span[tags contains "x" tags contains "y"]',
        'some span[not (event:name = "a") event:name = "b"]',
        "randomInt(1, 2) = 1 and randomInt(1, 2) = 2",
        "every span[a = 1] where a < 3",
        "some span[a != 1 and a != 2]",
        "some span[a = 1 or a != 2]",
    ],
)
def test_no_contradictions(text: str) -> None:
    """What a span can satisfy is let alone."""
    assert _checked(text) == ()


def test_contradictions_of_the_reference_warn() -> None:
    """A text of the reference runs as it is; it selects nothing there too, and that is told."""
    parsed = parse_selector('span[kind = "server" kind = "client"]', S)
    assert parsed.node is not None
    assert [(each.code, each.severity) for each in check(parsed.node, S)] == [("contradiction", WARNING)]


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("some span[]:nth(0)", 11, "counting begins at 1"),
        ("some span[]:not(span)", 11, "takes away every span"),
        ("some span[]:not(span[])", 11, "takes away every span"),
        ("some span[a = 1 b = 2]:not(span[b = 2])", 22, "takes away every span"),
        ("some (span[a = 1]):not(span[a = 1])", 18, "takes away every span"),
        ("some span[]:root:has(< span[])", 16, "a root has no parent"),
        ("some span[]:orphan:has(<< span[])", 18, "an orphan's parent is not in the trace"),
        ("some span[]:leaf:has(span[a = 1])", 16, "a leaf has no children"),
        ("some span[]:leaf > span[]", 19, "a leaf has no children"),
        ("some span[] < span[]:leaf", 14, "a leaf has no children"),
        ("some span[] span[]:root", 12, "a root has no parent"),
        ("some span[]:root << span[]", 20, "a root has no parent"),
        ("some span[]:first:nth(2)", 17, "one span is left here"),
        ("some span[]:root:orphan", 11, "no span is a root and an orphan"),
    ],
)  # fmt: skip
def test_selectors_that_select_nothing(text: str, place: int, shown: str) -> None:
    """Such a selector is an error whatever stands around it."""
    code, severity, start, said = _one(text)
    assert (code, severity, start) == ("selects-nothing", ERROR, place)
    assert shown in said


@pytest.mark.parametrize(
    "text",
    [
        "some span[]:nth(2)",
        "some span[a = 1]:not(span[b = 1])",
        "some span[a = 1]:not(span[a = 1]:first)",
        "some span[a = 1]:not(span[c = 1] span[a = 1])",
        "some span[]:root:has(> span[])",
        "some span[]:root > span[]:leaf",
        "some span[]:nth(2):first",
        "some span[]:root:has(< span[], > span[])",
        "some span[]:leaf:has(-> span[])",
    ],
)
def test_selectors_that_may_select(text: str) -> None:
    """What may select something is let alone."""
    assert _checked(text) == ()


@pytest.mark.parametrize(
    ("text", "code", "severity", "place", "shown"),
    [
        ("count(span[a = 1]) >= 0", "always-holds", WARNING, 0, "a count is never below 0"),
        ("count(span[a = 1]) < 0", "always-fails", ERROR, 0, "a count is never below 0"),
        ("0 > count(span[a = 1])", "always-fails", ERROR, 0, "a count is never below 0"),
        ("busy_time(span[a = 1]) > -1ms", "always-holds", WARNING, 0, "a time is never below 0"),
        ("every span[] where duration >= 0ms", "always-holds", WARNING, 19, "a time is never below 0"),
        ("count(span[a = 1]) = 1.5", "always-fails", ERROR, 0, "a count is a whole number"),
        ("at least 0 span[a = 1]", "always-holds", WARNING, 0, "there are always at least 0"),
        ("no span", "always-fails", WARNING, 0, "every trace has a span"),
        ("1 = 1", "always-holds", WARNING, 0, "both sides are constants"),
        ('"a" = "b"', "always-fails", WARNING, 0, "both sides are constants"),
        ("every span[] where attr:a = a", "always-holds", WARNING, 19, "both sides are the same"),
        ("count(span[a = 1]) != count(span[a = 1])", "always-fails", ERROR, 0, "both sides are the same"),
        ("no_n_plus_one(threshold=1)", "always-fails", WARNING, 14, "a single call is a repetition"),
        ("some span[a in []]", "always-fails", ERROR, 10, "the list is empty"),
        ("some span[a not-in []]", "always-holds", WARNING, 10, "the list is empty"),
        ("some span[a != 1 or a != 2]", "always-holds", WARNING, 10, "write and between them"),
        ("every span[] where (a exists or a missing)", "always-holds", WARNING, 20, "holds for every value"),
        ('every span[kind = "server"] where kind = "server"', "always-holds", WARNING, 34, "leave it in one of the two"),
    ],
)  # fmt: skip
def test_checks_that_are_settled(text: str, code: str, severity: Severity, place: int, shown: str) -> None:
    """A check whose verdict no trace can change is told, one that never passes as an error."""
    found = [each for each in _checked(text) if each.code != "unquoted-text"]
    assert [(each.code, each.severity) for each in found] == [(code, severity)]
    assert found[0].range is not None
    assert found[0].range.start == place
    assert shown in f"{found[0].message} {found[0].help}"


@pytest.mark.parametrize(
    ("text", "nested"),
    [
        ("total_time(span) < 1s", True),
        ('total_time(span[service.name = "payment"]) < 1s', True),
        ('sum(span[kind = "client"]) < 1s', True),
        ('total_time(span[name = "pay"] span[]) < 1s', True),
        ('total_time((span[name = "a"], span[kind = "server"])) < 1s', True),
        ('total_time(span[name = "pay"]) < 1s', False),
        ('total_time(span[name = "pay"] > span[]) < 1s', False),
        ('total_time(span[db.system = "postgresql"]) < 1s', False),
        ("total_time(span[]:leaf) < 1s", False),
        ("total_time(span[]:slowest) < 1s", False),
        ('busy_time(span[service.name = "payment"]) < 1s', False),
        ('sum(span[kind = "client"], http.size) < 3', False),
    ],
)
def test_sums_over_spans_that_may_contain_one_another(text: str, nested: bool) -> None:
    """A sum of durations warns unless the spans have one name, are leaves, or are children of such."""
    assert [each.code for each in _checked(text)] == (["overlapping-sum"] if nested else [])


@pytest.mark.parametrize(
    ("text", "code", "place", "shown"),
    [
        ("some span[kind = server]", "unquoted-text", 17, 'did you mean "server" in quotes?'),
        ("some span[kind = SERVER]", "unquoted-text", 17, 'did you mean "server" in quotes?'),
        ("every span where status == ok", "unquoted-text", 27, 'did you mean "ok" in quotes?'),
        ("every span where duration < 200", "missing-unit", 28, "did you mean 200ms?"),
        ("busy_time(span[a = 1]) < 200", "missing-unit", 25, "did you mean 200ms?"),
        ("200 > busy_time(span[a = 1])", "missing-unit", 0, "did you mean 200ms?"),
        ('some span[service_name = "x"]', "likely-name", 10, "did you mean service.name?"),
        ('some span[serviceName = "x"]', "likely-name", 10, "did you mean service.name?"),
        ('some span[servce.name = "x"]', "likely-name", 10, "did you mean service.name?"),
        ("some span[http.statuscode = 200]", "likely-name", 10, "did you mean http.status_code?"),
        ("every span where duraton < 3s", "likely-name", 17, "did you mean duration?"),
        ('some span[span.kind = "server"]', "likely-name", 10, "did you mean span:kind?"),
        ('some span[resource.service.name = "a"]', "likely-name", 10, "did you mean resource:service.name?"),
        ('some span[span.attributes.order.id = "a"]', "likely-name", 10, "did you mean attr:order.id?"),
    ],
)  # fmt: skip
def test_likely_slips(text: str, code: str, place: int, shown: str) -> None:
    """What is likely a slip warns, and names what may have been meant."""
    found, severity, start, said = _one(text)
    assert (found, severity, start) == (code, WARNING, place)
    assert shown in said


@pytest.mark.parametrize(
    "text",
    [
        "some span[http.status_code = 200 http.response.status_code = 200 db.query.text exists]",
        "some span[a.total = b.total]",
        "some span[inventory.update.status = 'x' order.id = 1 payment.status = 'ok']",
        "every span where duration < 200ms",
        "every span where duration < 5000000",
        "some span[attr:service_name = 'x']",
        "some span[http.status = 200]",
    ],
)
def test_no_slips(text: str) -> None:
    """Own keys, known keys and prefixed ones are let alone."""
    assert _checked(text) == ()


@pytest.mark.parametrize(
    ("text", "code", "place", "shown"),
    [
        ("response:code = 200", "unknown-field", 0, "it has status, body, headers, duration, header.NAME"),
        ("response.status = 200", "bare-name", 0, "write response:status"),
        ("trace.duration < 1s", "bare-name", 0, "write trace:duration"),
        ("response:body | json_path 'id' = 1", "bad-json-path", 26, "it does not begin with $"),
        ("response:body | json_path '$.[' = 1", "bad-json-path", 26, '"$.[" is no JSONPath'),
    ],
)
def test_names_and_paths(text: str, code: str, place: int, shown: str) -> None:
    """Fields of the answer are known beforehand, and a path that is a constant must parse."""
    found, severity, start, said = _one(text)
    assert (found, severity, start) == (code, ERROR, place)
    assert shown in said


def test_paths_of_the_reference() -> None:
    """In `specs:` the reference's own dialect of JSONPath counts, and a wrong path fails that check alone."""
    assert _checked("attr:x | json_path '$.a[0]' = 1", S) == ()
    assert [(each.code, each.severity) for each in _checked("attr:x | json_path '$.[' = 1", S)] == [
        ("bad-json-path", WARNING)
    ]


@pytest.mark.parametrize("dialect", [S, C])
def test_likely_slips_belong_to_expect(dialect: Dialect) -> None:
    """The reference's texts have names without quotes nowhere, and constants often."""
    assert _checked("1 = 1", dialect) == ()

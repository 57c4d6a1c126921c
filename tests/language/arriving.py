"""Statements of every form over small traces, and spans that arrive in any order, for tests of what is decided early."""

from __future__ import annotations

from hypothesis import strategies as st

from spanspec.model.ids import SpanId
from spanspec.model.span import Event, Span
from spanspec.testing import span
from tests.language.reading import HOST

VARIABLES = {"ONE": 1, "A": "a"}
INJECTED = SpanId("f" * 16)
SELECTORS = [
    'span[name = "a"]',
    'span[name = "b"]',
    'span[service = "s"]',
    'span[kind = "client"]',
    'span[name = "a"] span[name = "b"]',
    'span[name = "a"] > span[]',
    'span[name = "b"] << span[]',
    'span[name = "a"] ~ span[name = "b"]',
    'span[name = "a"] -> span[]',
    "span[]:root",
    "span[]:leaf",
    "span[]:orphan",
    "span[]:entry",
    "span[]:exit",
    'span[name = "a"]:first',
    'span[name = "a"] span[]:last',
    "span[]:slowest",
    'span[]:not(span[name = "a"] span[])',
    'span[]:not(span[name = "a"])',
    'span[]:has(> span[name = "b"])',
    'span[]:not(span[]:has(span[name = "c"]))',
    "span[x = 1]",
    "span[x > 0]",
    "span[span:child_count >= 1]",
    "span[span:child_count = 1]",
    "span[span:depth < 2]",
    'span[parent:name = "a"]',
    'span[not parent:name = "a"]',
    'span[root:name = "a"]',
    "span[x missing]",
    "span[span:self_time < 3ms]",
    'span[name = "a" or x = 2]',
    'span[name = "a"], span[name = "b"]',
    '(span[name = "a"] span[]):not(span[name = "c"])',
    "span[x = 1 tracetest.selected_spans.count = 1]",
    "span[]:fastest",
    "span[]:nth(2)",
    'span[name = "a"] span[]:nth(1)',
    'span[name = "b"] < span[]',
    'span[name in ["a", "b"]]',
    'span[name not-in ["a"]]',
    'span[name contains "a"]',
    'span[name not-contains "a"]',
    'span[name starts-with "b"]',
    'span[name ends-with "b"]',
    'span[name matches "[ab]"]',
    'span[name not-matches "[ab]"]',
    "span[x != 1]",
    "span[x >= 1 x <= 1]",
    "span[x = null]",
    "span[x = true]",
    "span[x > -1.5]",
    'span[event:name = "e" event:n = 1]',
    "span[not (event:n = 1 event:n = 2)]",
    "span[link:span_id exists]",
    'span[resource:host.name = "one"]',
    'span[scope:name = "lib"]',
    "span[attr:x = var:ONE]",
    'span[name = "${var:A}"]',
    "span[span:duration = 0ms]",
    "span[x = response:status]",
    "span[x = env:ONE]",
    "span[x < trace:span_count]",
]
QUANTIFIERS = ["some", "no", "every", "exactly 1", "exactly 2", "at least 2", "at most 1", "between 1 and 2"]
RELATIONS = ["followed by", "then", "calls", "leads to", "preceded by", "overlaps", "inside"]
CONDITIONS = [
    "x = 1",
    "duration < 3ms",
    "(not x = 1)",
    "x exists",
    "(some > span[])",
    '(no span[name = "b"])',
    "(at most 1 > span[])",
    '(x = 1 or name = "a")',
    "(count(> span[]) < 2)",
    "span:child_count < 2",
    'parent:name = "a"',
    '(x = 1 implies name = "a")',
    '(name | upper) = "A"',
    "x in [1, 2]",
    "(x = 1 and x exists)",
    "x missing",
    "(-x < 0)",
    "(x + 1 < 3)",
    "event:n = 1",
    "(every > span[] calls span[])",
    "(x = null or x = true)",
]
VALUES = [
    "count({})", "total_time({})", "busy_time({})", "max({})", "min({})", "max({}, x)", "sum({}, x)", "avg({})",
    "distinct({}, x)", "repeats({})", "repeats({}, name)", "concurrency({})", "depth({})", "self_time({})",
    "critical_time({})", "median({})", "count({}) * 2", "count({}) / 2", "count({}) + 1", "p90({})", "values({}, x) | length", "first({}, x)", "last({}, x)", "count({}) | round 1", "0 - count({})", "count({}) - 2", "-count({})",
]  # fmt: skip
PLAIN = [
    "no_errors()", "no_errors(except=span[name = \"a\"])", "no_errors(except=span[name = \"a\"] span[])",
    "no_errors(except=span[]:leaf)", "no_orphans()", "no_n_plus_one(threshold=2)", "complete()",
    "trace:span_count < 4", "trace:span_count >= 3", "trace:depth <= 2", "trace:error_count = 0", "trace:duration < 8ms",
    'services() = ["s", "t"]', 'services() contains "s"', 'services() not-contains "t"', 'edges() contains "s -> t"',
    "response:status exists", "var:ONE exists", "response:status = 200", "var:ONE = 1", "env:ONE < 2",
    'services() in [["s", "t"], "s"]', '"${var:A}" = "a"', "trace:service_count <= 1",
    'gap(span[name = "a"], span[name = "b"]) < 2ms', 'gap(span[name = "a"], span[name = "b"]) > 0ms',
]  # fmt: skip
COMPARATORS = ["<", "<=", ">", ">=", "=", "!="]
APART = [
    'span[name = "a"]',
    'span[name = "b"]',
    "span[]",
    'span[name = "a"] span[]',
    "span[]:leaf",
    "span[]:root",
    "span[x = 1]",
]
"""Sides of gaps."""
CLOCKS = [HOST, HOST, {"host.name": "two"}, {}, {"service.instance.id": "i"}, {"host.id": "1", "host.name": "one"}]


@st.composite
def leaves(draw: st.DrawFn) -> str:
    """A statement out of the templates."""
    first, second = draw(st.sampled_from(SELECTORS)), draw(st.sampled_from(SELECTORS))
    quantifier, inner = draw(st.sampled_from(QUANTIFIERS)), draw(st.sampled_from(QUANTIFIERS))
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return f"{quantifier} {first}"
    if kind == 1:
        return f"({quantifier} {first} where {draw(st.sampled_from(CONDITIONS))})"
    if kind == 2:
        within = draw(st.sampled_from(["", " within 2ms"]))
        relation = draw(st.sampled_from(RELATIONS))
        bounded = relation in ("followed by", "then", "leads to", "preceded by")
        return f"{quantifier} {first} {relation} {inner} {second}{within if bounded else ''}"
    if kind == 3:
        value = draw(st.sampled_from(VALUES)).format(first if "," not in first else 'span[name = "a"]')
        bound = draw(st.integers(0, 3))
        unit = (
            "ms"
            if any(word in value for word in ("time", "max(", "min(", "avg", "median")) and ", x" not in value
            else ""
        )
        return f"{value} {draw(st.sampled_from(COMPARATORS))} {bound}{unit}"
    if kind == 4:
        return draw(gaps())
    return draw(st.sampled_from(PLAIN))


@st.composite
def gaps(draw: st.DrawFn) -> str:
    """A comparison of gaps."""
    first, second = (f"gap({draw(st.sampled_from(APART))}, {draw(st.sampled_from(APART))})" for _ in range(2))
    form = draw(st.sampled_from(["{0}", "{0}", "{0}", "-{0}", "{0} + {1}", "{0} - {1}", "{0} * 2"]))
    bound = draw(st.sampled_from(["-3ms", "0ms", "1ms", "2ms", "5ms", "busy_time(span[])", second]))
    return f"{form.format(first, second)} {draw(st.sampled_from(COMPARATORS))} {bound}"


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One or two leaves, joined."""
    first = draw(leaves())
    joint = draw(st.sampled_from(["", "", "", "not", "and", "or", "implies"]))
    if not joint:
        return first
    return f"not ({first})" if joint == "not" else f"({first}) {joint} ({draw(leaves())})"


@st.composite
def arrivals(draw: st.DrawFn) -> list[Span]:
    """Spans of one trace in the order in which they arrive: any parents, orphans, links, errors, clocks."""
    count = draw(st.integers(1, 7))
    spans: list[Span] = []
    for index in range(count):
        parent = draw(
            st.sampled_from([None, "injected", "gone", *(f"n{other}" for other in range(count) if other != index)])
        )
        start = draw(st.integers(0, 10))
        more = {} if (x := draw(st.sampled_from([None, 1, 2, "t"]))) is None else {"x": x}
        resource = draw(st.sampled_from(CLOCKS))
        linked = [other for other in spans if draw(st.integers(0, 5)) == 0]
        spans.append(
            span(
                draw(st.sampled_from("abc")),
                service=draw(st.sampled_from("st")),
                kind=draw(st.sampled_from(["client", "server", "producer"])),
                parent=INJECTED if parent == "injected" else parent,
                id=f"n{index}",
                start=start,
                end=start + draw(st.integers(-1, 5)),
                status=draw(st.sampled_from(["unset", "unset", "error"])),
                links=linked,
                events=[Event(name="e", attributes={"n": n}) for n in draw(st.sampled_from([(), (), (1,), (1, 2)]))],
                resource=resource,
                attributes={"db.system": "x"} if draw(st.booleans()) else {},
                **more,
            )
        )
    return draw(st.permutations(spans))


SPEC_SELECTORS = [
    "span[]", 'span[name = "a"]', 'span[name = "b"]', 'span[tracetest.span.type = "database"]',
    'span[name = "a"] span[name = "b"]', 'span[name = "Tracetest trigger"] span[name = "a"]',
    'span[name = "Tracetest trigger"]', 'span[name = "a"] > span[]', 'span[name = "a"]:first', 'span[]:last',
    'span[name = "a"], span[name = "b"]', "span[x = 1]", 'span[name = "b"]:nth_child(2)',
    'span[]:not(span[name = "a"])', 'span[]:has(> span[name = "b"])', "span[]:leaf", 'span[name = "b"] << span[]',
    'span[tracetest.span.parent_id = "ffffffffffffffff"]',
]  # fmt: skip
ASSERTIONS = [
    "attr:tracetest.selected_spans.count = 1", "attr:tracetest.selected_spans.count <= 2",
    "attr:tracetest.selected_spans.count >= 2", "2 > attr:tracetest.selected_spans.count",
    "attr:x = 1", "attr:x < 2", 'attr:name = "a"', "attr:tracetest.span.duration < 3ms", "attr:x exists",
    "busy_time() < 3ms", "busy_time() >= 2ms", "total_time() <= 4ms", "count() < 3", "sum() < 5ms", "max() > 3ms",
    'count(span[name = "b"]) >= 2', 'count(span[name = "b"]) < 2', "repeats() < 2", "repeats(span[], attr:x) < 2",
    "distinct(span[], attr:name) <= 1", "min() > 1ms", "avg() < 2ms", "max(span[], attr:x) < 2", "concurrency() < 3",
    'services() not-contains "t"', 'edges() not-contains "s -> t"', "depth() < 2", "depth(span[]) < 3",
    "trace:span_count < 4", "trace:depth <= 2", "trace:error_count = 0", "trace:duration < 8ms", "attr:x < count(span[])",
    'attr:tracetest.span.parent_id = "0000000000000000"', "not attr:x exists", "attr:x exists or count() >= 2",
    "attr:x = 1 and count() < 4", "attr:x = 1 implies count() < 3", "count() - 1 < 2", "-count() > -3",
    "total_time() < count() * 2ms", 'no span[name = "c"]', "no_errors()", "no_n_plus_one(threshold=2)", "span:child_count < 2",
    'parent:span:name = "a"', 'root:span:name = "a"', 'gap(span[name = "a"], span[name = "b"]) < 2ms', "1 = 2", "var:ONE = 1",
    'gap(span[], span[name = "b"]) = 1ms', "attr:x + 1 < 3", "attr:x > 0 and attr:x < 2", 'some span[name = "a"] followed by some span[name = "b"]',
    'every span[name = "a"] calls no span[]', 'attr:tracetest.span.kind = "client"', "attr:x != 1", "not count() < 3", "sum(span[], attr:x) < 3",
]  # fmt: skip


def selectors() -> st.SearchStrategy[str]:
    """A spec's selector."""
    return st.sampled_from(SPEC_SELECTORS)


def assertions() -> st.SearchStrategy[str]:
    """A spec's assertion."""
    return st.sampled_from(ASSERTIONS)

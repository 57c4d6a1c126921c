"""Statements, expressions, filters, functions, templates and types as the reference evaluates them, replayed.

Under `compat: tracetest` the recorded verdict must come out (of an unstable case, one of those seen). By default it is
the same, unless the case is tagged as a fault that is mended or is a text that the reference cannot parse.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from spanspec.language import filters, parser
from spanspec.language import functions as generators
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import references, render
from spanspec.language.fields.span import span_type
from spanspec.language.reference import filters as reference_filters
from spanspec.language.reference.values import (
    FaultError,
    Item,
    Old,
    check_texts,
    display,
    infer,
    json_contains,
    single,
    to_ns,
)
from spanspec.language.syntax import Comparator
from spanspec.language.values import compare, text_of
from spanspec.language.verdict import EvaluationError
from spanspec.testing import EPOCH_NS
from tests.conformance.folder import cases, document
from tests.conformance.old_cases import Outcome, expression_outcome, statement_outcome, stores_of, the_span

RECORDED = document("recorded/statements")
MAPS = RECORDED["attribute_map"]
EXPRESSIONS = cases("expressions")
DOCUMENTED = cases("doc_examples")
STATEMENTS = [
    *RECORDED["cases"],
    *DOCUMENTED,
    *(case for case in EXPRESSIONS if case["mode"] == "statement" and not case.get("dynamic")),
]
NOW = datetime.fromtimestamp(EPOCH_NS // 10**9, UTC)


def ids(case: dict[str, Any]) -> str:
    """A case's id."""
    return case["id"]


def mended(case: dict[str, Any]) -> bool:
    """Whether the case records a fault that the default mends."""
    return any(tag.startswith("bug:") for tag in case.get("tags") or ()) or bool(case.get("unstable"))


def expected_of(case: dict[str, Any]) -> list[Outcome]:
    """The outcomes recorded: several of an unstable case."""
    if "expected" not in case and "expect" in case:
        seen = case.get("observed", {})
        kind = "ok" if case["expect"] == "pass" else seen.get("error_kind") or case.get("error_kind", "other")
        return [
            Outcome(
                kind, seen.get("left", seen.get("result", "")), seen.get("right", ""), seen.get("error_message", "")
            )
        ]
    recorded = case["expected"]
    listed = recorded if isinstance(recorded, list) else recorded.get("outcomes") or [recorded]
    return [
        Outcome(one["outcome"], one.get("left", ""), one.get("right", ""), one.get("message", "")) for one in listed
    ]


def placed(text: str, local: bool) -> str:
    """The text with `{{now:…}}` replaced by the moment of the test."""
    moment = NOW.astimezone() if local else NOW
    at = text.find("{{now:")
    if at < 0:
        return text
    end = text.index("}}", at)
    layout = text[at + 6 : end]
    stamp = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return text[:at] + (stamp if layout == "rfc3339-seconds" else moment.strftime(layout)) + text[end + 2 :]


@pytest.mark.parametrize("case", STATEMENTS, ids=ids)
def test_statement_in_compat(case: dict[str, Any]) -> None:
    """A statement gives the reference's verdict and shows the sides as it does."""
    outcome = statement_outcome(case["query"], stores_of(case, MAPS, Dialect.COMPAT))
    wanted = expected_of(case)
    if any(one.kind == "crash" for one in wanted):
        assert outcome.kind in ("other", "syntax")
        return
    assert (outcome.kind, outcome.left, outcome.right) in [(one.kind, one.left, one.right) for one in wanted]


@pytest.mark.parametrize("case", STATEMENTS, ids=ids)
def test_statement_by_default(case: dict[str, Any]) -> None:
    """A statement that is no fault keeps its verdict; what the documentation promises holds."""
    outcome = statement_outcome(case["query"], stores_of(case, MAPS, Dialect.SPECS))
    wanted = expected_of(case)[0]
    if mended(case) or wanted.kind in ("syntax", "crash"):
        return
    verdicts = {wanted.kind == "ok", *([True] if "documented" in case else [])}
    assert (outcome.kind == "ok") in verdicts, outcome


@pytest.mark.parametrize(
    "case", [case for case in STATEMENTS if case.get("observed", {}).get("error_message")], ids=ids
)
def test_error_text_in_compat(case: dict[str, Any]) -> None:
    """A failing statement has the reference's error text, but for the parser's own words."""
    outcome = statement_outcome(case["query"], stores_of(case, MAPS, Dialect.COMPAT))
    if outcome.kind != "syntax":
        assert outcome.message == case["observed"]["error_message"]


@pytest.mark.parametrize("dialect", [Dialect.COMPAT, Dialect.SPECS])
@pytest.mark.parametrize("case", [case for case in EXPRESSIONS if case.get("dynamic")], ids=ids)
def test_dynamic_statement(case: dict[str, Any], dialect: Dialect) -> None:
    """Generated values are of the reference's form."""
    text = placed(case["query"], local=dialect is Dialect.COMPAT)
    outcome = statement_outcome(text, stores_of(case, MAPS, dialect))
    assert (outcome.kind == "ok") == (case["expect"] == "pass"), outcome


@pytest.mark.parametrize("dialect", [Dialect.COMPAT, Dialect.SPECS])
@pytest.mark.parametrize("case", [case for case in EXPRESSIONS if case["mode"] != "statement"], ids=ids)
def test_expression(case: dict[str, Any], dialect: Dialect) -> None:
    """An expression, or a statement in its place, is rendered or fails as the reference does."""
    stores = stores_of(case, MAPS, dialect)
    outcome = expression_outcome(case["query"], stores)
    if outcome.kind == "syntax" and case["mode"] == "resolve":
        outcome = statement_outcome(case["query"], stores)
    assert (outcome.kind == "ok") == (case["expect"] == "pass"), outcome
    if case["expect"] == "pass":
        assert outcome.left == case["observed"]["result"]
    elif dialect is Dialect.COMPAT and "expected_error_message" in case:
        assert outcome.message == case["expected_error_message"]


# --- comparators, durations, types ---------------------------------------------------------------------------------

COMPARATORS = {
    **{comparator.value: comparator for comparator in Comparator},
    "startsWith": Comparator.STARTS_WITH,
    "endsWith": Comparator.ENDS_WITH,
}
COMPARISONS = [case for case in (*cases("comparators"), *cases("recorded/comparators")) if "actual" in case]


def comparison(case: dict[str, Any]) -> tuple[str, str, str]:
    """Both operands and the outcome, of either shape of case."""
    if "result" in case:
        words = {"match": "ok", "no_match": "no_match", "error": "other"}
        return case["actual"], case["expected"], words[case["result"]]
    return case["actual"], case["expected_operand"], case["expected"]["outcome"]


@pytest.mark.parametrize("case", COMPARISONS, ids=ids)
def test_comparator_in_compat(case: dict[str, Any]) -> None:
    """A comparator on two texts gives the reference's verdict and error."""
    left, right, wanted = comparison(case)
    kind, message = "ok", ""
    try:
        if case["comparator"] == "json-contains":
            json_contains(left, right)
        else:
            check_texts(left, COMPARATORS[case["comparator"]], right)
    except FaultError as fault:
        kind, message = fault.kind, str(fault)
    assert kind == wanted
    if "error_message" in case:
        assert message == case["error_message"]


@pytest.mark.parametrize(
    "case", [c for c in COMPARISONS if c["comparator"] != "json-contains" and not mended(c)], ids=ids
)
def test_comparator_by_default(case: dict[str, Any]) -> None:
    """A comparator on two texts keeps its verdict."""
    left, right, wanted = comparison(case)
    try:
        held = compare(left, COMPARATORS[case["comparator"]], right, Dialect.SPECS)
    except EvaluationError:
        held = False
    assert held == (wanted == "ok")


@pytest.mark.parametrize("case", [*cases("durations"), *cases("recorded/durations")], ids=ids)
def test_duration(case: dict[str, Any]) -> None:
    """Durations are shown and read as in the reference."""
    wanted = case["expected"]["value"] if isinstance(case["expected"], dict) else case["expected"]
    convert = display if case["conversion"] == "ns_to_duration" else to_ns
    assert convert(case["input"]) == wanted


@pytest.mark.parametrize("case", cases("recorded/types"), ids=ids)
def test_type(case: dict[str, Any]) -> None:
    """The type of a text is guessed as the reference does."""
    assert infer(case["text"]) == case["expected"]["type"]


@pytest.mark.parametrize("case", cases("recorded/span_types"), ids=ids)
def test_span_type(case: dict[str, Any]) -> None:
    """A span's type is one that the reference gives it."""
    wanted = case.get("expected_type") or case["expected"]
    found = span_type(the_span(case["span_name"], attributes=case["attributes"]), Dialect.COMPAT)
    assert found in (wanted if isinstance(wanted, list) else [wanted])


# --- filters, functions, templates ---------------------------------------------------------------------------------

FILTER_DOCUMENT = document("recorded/filters")
FILTERS = [*cases("filters"), *FILTER_DOCUMENT["cases"]]


def filter_input(case: dict[str, Any]) -> Old:
    """What a case's filter is applied to."""
    given = case.get("input")
    if given == "$DOC":
        return single(FILTER_DOCUMENT["doc"])
    if isinstance(given, str):
        return single(given)
    if "input_items" in case:
        return Old(tuple(Item(text, infer(text)) for text in case["input_items"]), is_array=True)
    if not isinstance(given, dict):
        return Old()
    if "raw" in given:
        return single(given["raw"])
    items = tuple(Item(item["value"], item["type"]) for item in given["items"])
    return Old(items, is_array=given["is_array"])


def filter_expected(case: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The outcomes recorded: a kind, and a text."""
    if "should_fail" in case:
        return [("other" if case["should_fail"] else "ok", case.get("expected_output_string"))]
    recorded = case["expected"]
    listed = recorded if isinstance(recorded, list) else recorded.get("outcomes") or [recorded]
    return [(one["outcome"], one["value"]["string"] if one.get("value") else None) for one in listed]


@pytest.mark.parametrize("case", FILTERS, ids=ids)
def test_filter_in_compat(case: dict[str, Any]) -> None:
    """A filter gives the reference's text and type."""
    try:
        value = reference_filters.apply(case["filter"], filter_input(case), case["args"])
    except FaultError as fault:
        outcome: tuple[str, str | None] = (fault.kind, None)
    else:
        outcome = ("ok", value.text)
        if isinstance(case.get("expected"), dict) and case["expected"].get("value"):
            assert value.type == case["expected"]["value"]["type"]
    assert outcome in filter_expected(case)


@pytest.mark.parametrize("case", FILTERS, ids=ids)
def test_filter_by_default(case: dict[str, Any]) -> None:
    """A filter gives the reference's text, or JSON where that has a text of Go's, and fails where that fails."""
    old = filter_input(case)
    items = tuple(item.text for item in old.items)
    value = items if old.is_array else items[0] if items else None
    kind, text = filter_expected(case)[0]
    if mended(case) or (kind == "other" and case["filter"] == "length"):
        return
    try:
        found = text_of(filters.apply(case["filter"], value, case["args"], Dialect.SPECS), Dialect.SPECS)
    except EvaluationError:
        assert kind != "ok"
        return
    assert kind == "ok"
    assert text is not None
    if (
        not any(mark in text for mark in ("map[", "<nil>", "e+", "e-", '""'))
        and text != "[]"
        and " " not in text.strip("[]")
    ):
        assert found == text


@pytest.mark.parametrize("dialect", [Dialect.COMPAT, Dialect.SPECS])
@pytest.mark.parametrize("case", [case for case in cases("functions") if "registration" not in case], ids=ids)
def test_function(case: dict[str, Any], dialect: Dialect) -> None:
    """A generator gives a value of the right kind, or says what is wrong with the call."""
    given = stores_of({}, {}, dialect).given
    name = case.get("function") or case["call"].removesuffix("()")
    arguments = [item["value"] for item in case.get("args", [])]
    if case["expect"] == "error":
        with pytest.raises(EvaluationError, match=case.get("error_contains") or None):
            generators.call(name, arguments, given)
        return
    value = generators.call(name, arguments, given)
    if isinstance(case["expect"], dict):
        low, high = case["expect"]["integer_between"]
        assert low <= int(str(value)) <= high
    assert str(value)


@pytest.mark.parametrize("case", [case for case in cases("functions") if "registration" in case], ids=ids)
def test_function_registration(case: dict[str, Any]) -> None:
    """A required parameter cannot follow an optional one."""
    parameters = tuple(generators.Parameter(one["type"], one["optional"]) for one in case["registration"])
    with pytest.raises(ValueError, match="optional"):
        generators.Function(parameters, lambda generators, dialect, arguments: None)


TEMPLATES = document("recorded/templates")


def template_given(case: dict[str, Any], dialect: Dialect) -> Any:
    """The stores of a template."""
    return stores_of({"stores": {"variables": case.get("variables", TEMPLATES["variables"])}}, {}, dialect)


@pytest.mark.parametrize("case", TEMPLATES["cases"], ids=ids)
def test_template_in_compat(case: dict[str, Any]) -> None:
    """A trigger's field, wrapped in its quote, is rendered as the reference does."""
    quote = case["wrap_quote"]
    wrapped = quote + case["template"].replace(quote, f"\\{quote}") + quote
    outcome = expression_outcome(wrapped, template_given(case, Dialect.COMPAT))
    assert outcome.kind == case["expected"]["outcome"]
    if outcome.kind == "ok":
        assert outcome.left == case["expected"]["result"]


@pytest.mark.parametrize("case", [case for case in TEMPLATES["cases"] if not mended(case)], ids=ids)
def test_template_by_default(case: dict[str, Any]) -> None:
    """A trigger's field is rendered as the reference renders it where that is no fault."""
    parsed = parser.parse_template(case["template"], Dialect.SPECS)
    wanted = case["expected"]
    if parsed.node is None:
        assert wanted["outcome"] != "ok"
        return
    try:
        text = render(parsed.node, template_given(case, Dialect.SPECS).given)
    except EvaluationError:
        assert wanted["outcome"] != "ok"
        return
    assert wanted["outcome"] == "syntax" or text == wanted["result"]


# --- variables ------------------------------------------------------------------------------------------------------


def leaves(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Every text with its path, items of a list as `[]`, in document order."""
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        pairs = value.items()
        return [leaf for key, part in pairs for leaf in leaves(part, f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part, f"{path}[]")]
    return []


@pytest.mark.parametrize("case", [case for case in cases("missing_variables") if "object" in case], ids=ids)
def test_references(case: dict[str, Any]) -> None:
    """The variables that texts refer to, less those available, are the missing ones."""
    modes = case["field_modes"] or {"trigger.httpRequest.body": "expression"}
    names: dict[str, None] = {}
    for path, text in leaves(case["object"]):
        mode = next((mode for suffix, mode in modes.items() if path.removeprefix("[].Value.") == suffix), None)
        if mode is None:
            continue
        parse = parser.parse_statement if mode == "statement" else parser.parse_template
        node = parse(text, Dialect.SPECS).node
        assert node is not None
        names.update(dict.fromkeys(name.key for name in references(node)))
    assert [name for name in names if name not in case["available_variables"]] == case["expected_missing"]

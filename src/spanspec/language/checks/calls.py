"""Calls and filters against their signatures."""

from __future__ import annotations

from spanspec.language.checks.overlap import check_sum
from spanspec.language.checks.paths import check_path
from spanspec.language.checks.report import Report
from spanspec.language.checks.settled import check_threshold
from spanspec.language.comparing.patterns import compiled
from spanspec.language.dialect import Dialect
from spanspec.language.grammar.words import FILTERS, FUNCTIONS, REFERENCE_FILTERS, Parameter, Signature, Sort
from spanspec.language.syntax import Argument, Call, Expression, Filter, Selector, Text
from spanspec.language.verdict import EvaluationError
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range

_OPTIONAL_SELECTOR = ("services", "edges")
_PATTERN_FILTERS = ("regex", "regex_group")


def check_call(node: Call, report: Report, *, span: bool, field: bool) -> None:
    """A function: known, in its place, with the arguments it takes.

    Args:
        node: The call.
        report: Where faults go.
        span: Whether a span is at hand.
        field: Whether it stands in a trigger's field, where there is no trace yet.
    """
    signature = _known(node, report)
    if signature is None:
        return
    if signature.sort is Sort.EXPECTATION and not report.stands_alone(node):
        report.fault("not-a-value", f"{node.name}() is a check and has no value", node.range, help="let it stand alone")
    if field and signature.sort is not Sort.GENERATED:
        report.fault("no-trace-yet", f"{node.name}() has no value before the trigger", node.range)
    _check_named(node, signature, report)
    _check_positional(node, signature, report)
    _check_relative(node, report, span=span)
    check_sum(node, report)
    check_threshold(node, report)


def _known(node: Call, report: Report) -> Signature | None:
    known = FUNCTIONS
    if report.dialect is Dialect.COMPAT:
        known = {name: each for name, each in FUNCTIONS.items() if each.sort is Sort.GENERATED}
    signature = known.get(node.name)
    if signature is None:
        advice = f"{node.name} is a filter: write … | {node.name}" if node.name in FILTERS else ""
        report.fault(
            "unknown-function",
            f'no function "{node.name}"',
            _name_range(node),
            label=did_you_mean(node.name, known),
            help=advice,
        )
    return signature


def _name_range(node: Call | Filter) -> Range:
    return Range(node.range.start, node.range.start + len(node.name))


def _check_named(node: Call, signature: Signature, report: Report) -> None:
    takes = dict(signature.named)
    seen: set[str] = set()
    for argument in node.arguments:
        if not argument.name:
            continue
        if argument.name not in takes:
            advice = f"write {signature.text}"
            label = did_you_mean(argument.name, takes)
            report.fault(
                "wrong-arity", f'{node.name}() takes no "{argument.name}"', argument.range, label=label, help=advice
            )
        elif argument.name in seen:
            report.fault("wrong-arity", f'"{argument.name}" stands twice', argument.range, help="leave one")
        elif isinstance(argument.value, Selector) != (takes[argument.name] is Parameter.SELECTOR):
            report.fault(
                "wrong-arity",
                f'"{argument.name}" takes a {takes[argument.name].value}',
                argument.range,
                help=f"write {signature.text}",
            )
        seen.add(argument.name)


def _check_positional(node: Call, signature: Signature, report: Report) -> None:
    given = [argument for argument in node.arguments if not argument.name]
    selectors = [argument for argument in given if isinstance(argument.value, Selector)]
    values = [argument for argument in given if not isinstance(argument.value, Selector)]
    most_selectors = signature.parameters.count(Parameter.SELECTOR)
    most_values = len(signature.parameters) - most_selectors
    spare = [*selectors[most_selectors:], *values[most_values:]]
    if spare:
        report.fault(
            "wrong-arity", _too_many(node, signature, spare[0]), spare[0].range, help=f"write {signature.text}"
        )
        return
    if values and selectors and given.index(values[0]) < given.index(selectors[-1]):
        report.fault("wrong-arity", "the selector comes first", selectors[-1].range, help=f"write {signature.text}")
    missing = _missing(node, signature, report.dialect, len(selectors), len(values))
    if missing:
        report.fault("wrong-arity", f"{node.name}() needs {missing}", node.range, help=f"write {signature.text}")


def _too_many(node: Call, signature: Signature, spare: Argument) -> str:
    if not signature.parameters:
        return f"{node.name}() takes no argument here"
    what = "selector" if isinstance(spare.value, Selector) else "value"
    return f"{node.name}() takes no such {what}" if len(node.arguments) == 1 else f"{node.name}() has a {what} too many"


def _missing(node: Call, signature: Signature, dialect: Dialect, selectors: int, values: int) -> str:
    wanted = signature.parameters.count(Parameter.SELECTOR)
    if node.name == "gap" and selectors < wanted:
        return "two selectors"
    if wanted and not selectors and dialect is Dialect.EXPECT and node.name not in _OPTIONAL_SELECTOR:
        return "a selector"
    if node.name == "gap":
        return ""
    if signature.required > values:
        count = signature.required
        return "an expression" if Parameter.EACH in signature.parameters else f"{count} arguments"
    return ""


def _check_relative(node: Call, report: Report, *, span: bool) -> None:
    if span:
        return
    for argument in node.arguments:
        if isinstance(argument.value, Selector) and argument.value.relative:
            report.fault(
                "relative-selector",
                "this selector is read from a span, and no span is at hand here",
                argument.range,
                help="begin with span[…], or write it after where",
            )


# --- filters -----------------------------------------------------------------------------------------------------


def check_filter(node: Filter, report: Report) -> None:
    """A filter: known, with as many arguments as it takes, a pattern that compiles."""
    known = REFERENCE_FILTERS if report.dialect is Dialect.COMPAT else FILTERS.keys()
    if node.name not in known:
        advice = f"{node.name} is a function: write {FUNCTIONS[node.name].text}" if node.name in FUNCTIONS else ""
        label = did_you_mean(node.name, known)
        report.fault("unknown-filter", f'no filter "{node.name}"', _name_range(node), label=label, help=advice)
        return
    least, most = FILTERS[node.name]
    if not least <= len(node.arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        plural = "" if wanted == "1" else "s"
        report.fault(
            "wrong-arity", f"{node.name} takes {wanted} argument{plural}, got {len(node.arguments)}", node.range
        )
    elif node.name in _PATTERN_FILTERS:
        check_pattern(node.arguments[0], report)
    elif node.name == "json_path":
        check_path(node.arguments[0], report)


def check_pattern(node: Expression, report: Report) -> None:
    """A regular expression that is a constant must compile."""
    if not isinstance(node, Text):
        return
    try:
        compiled(node.value)
    except EvaluationError as error:
        report.fault(
            "bad-pattern",
            str(error),
            node.range,
            help="the dialect is RE2's, without look-around and back-references",
        )

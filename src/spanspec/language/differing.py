"""Where a text of `specs:`, `outputs:` and `${…}` means something else than in the reference, told from the text alone.

Each rule is a row of the list of the reference's faults (`docs/guides/migrate-from-tracetest.md`). Only what the
reference reads too can differ: new words stand where it has a syntax error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spanspec.language.checks.differing import check_comparison, check_parts, check_value
from spanspec.language.checks.differing_selectors import check_selector
from spanspec.language.checks.report import Report
from spanspec.language.dialect import Dialect
from spanspec.language.functions import FUNCTIONS
from spanspec.language.grammar.walk import walk
from spanspec.language.parser import parse_expression, parse_selector, parse_statement
from spanspec.language.reference.filters import FILTERS
from spanspec.language.syntax import Call, Compare, Filter, Selector, Template
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.checker import TextKind
    from spanspec.language.parser import Parsed
    from spanspec.language.syntax import Node
    from spanspec.source.diagnostics import Diagnostic

_APOSTROPHES = re.compile(r"(^|\.)(body|request|messageKey)$")
_SPEECH_MARKS = re.compile(r"(^|\.)(url|address|id|headers(\[\d+\])?(\.\w+)*)$")


def differences(text: str, node: Node, kind: TextKind, where: str = "") -> tuple[Diagnostic, ...]:
    """Warnings, in the order of the text.

    Args:
        text: As it stands in the file.
        node: Its tree under `SPECS`.
        kind: The entry rule.
        where: The key that it stands under, such as `trigger.http.body`; for a template alone.
    """
    report = Report(Dialect.SPECS)
    if kind == "template":
        _field(text, node, where, report)
    elif _reference_reads(text, kind) and _is_known(node):
        _of_specs(text, node, report)
    return report.ordered()


def _of_specs(text: str, node: Node, report: Report) -> None:
    if isinstance(node, Selector):
        check_selector(node, report)
        return
    check_parts(node, report)
    if isinstance(node, Compare):
        check_comparison(node, report)
    else:
        check_value(node, text, report)


def _reference_reads(text: str, kind: TextKind) -> bool:
    parse: dict[str, Callable[[str, Dialect], Parsed[Selector] | Parsed[Node]]] = {
        "selector": parse_selector,
        "statement": parse_statement,  # type: ignore[dict-item]  # a statement is a node
        "expression": parse_expression,  # type: ignore[dict-item]  # so is an expression
    }
    return parse[kind](text, Dialect.COMPAT).node is not None


def _is_known(node: Node) -> bool:
    """Whether the reference has every filter and function that is named."""
    return all(
        (not isinstance(part, Filter) or part.name in FILTERS)
        and (not isinstance(part, Call) or part.name in FUNCTIONS)
        for part in walk(node)
    )


# --- fields of a trigger


def _field(text: str, node: Node, where: str, report: Report) -> None:
    """Rows 22 and 23."""
    if isinstance(node, Template) and any(not isinstance(part, str) for part in node.parts):
        inside = next((part.index("%") for part in node.parts if isinstance(part, str) and "%" in part), None)
        if inside is not None:
            at = text.find("%")
            report.warn(
                "differs-percent",
                "Tracetest damages a % beside a ${…}; here it is sent as written",
                Range(at, at + 1),
                help="leave it if the server is to get this very text",
            )
    for pattern, quote in ((_APOSTROPHES, "'"), (_SPEECH_MARKS, '"')):
        at = _outside(text, quote) if pattern.search(where) else -1
        if at >= 0:
            report.warn(
                "differs-escape",
                f"Tracetest sends \\{quote} for {quote} in this field; here it is sent as written",
                Range(at, at + 1),
                help="leave it if the server is to get this very text",
            )


def _outside(text: str, quote: str) -> int:
    """The first place of a quote outside of `${…}`, or -1."""
    blank = re.sub(r"\$\{[^}]*\}", lambda match: " " * len(match[0]), text)
    return blank.find(quote)

"""JSONPath texts that are constants must parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.dialect import Dialect
from spanspec.language.reference.paths import BadPathError, parse
from spanspec.language.syntax import Text
from spanspec.source.render import visible

if TYPE_CHECKING:
    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Expression


def check_path(node: Expression, report: Report) -> None:
    """The argument of `json_path`."""
    if not isinstance(node, Text):
        return
    problem = _standard(node.value) if report.dialect is Dialect.EXPECT else _reference(node.value)
    if problem:
        report.contradiction(
            f'"{visible(node.value[:80])}" is no JSONPath: {problem}',
            node.range,
            code="bad-json-path",
            help="a path begins with $, as in '$.items[0].id' or '$..id'",
        )


def _standard(path: str) -> str:
    if not path.startswith("$"):
        return "it does not begin with $"
    import jsonpath  # here, for it is needed by few texts and costs 60 ms of start-up

    try:
        jsonpath.JSONPathEnvironment(strict=True).compile(path)
    except (jsonpath.JSONPathError, RecursionError) as error:
        return str(error).partition("\n")[0] or "it does not parse"
    return ""


def _reference(path: str) -> str:
    try:
        parse(path)
    except BadPathError as error:
        return str(error)
    return ""

"""One statement on a whole trace. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.errors import DiagnosticsError
from spanspec.language.checker import check as check_names
from spanspec.language.checker import check_parts
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_statement
from spanspec.language.statements import judge
from spanspec.language.verdict import Given, Truth
from spanspec.results.model import CheckResult, Outcome
from spanspec.source.diagnostics import has_errors
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.language.syntax import Statement
    from spanspec.language.verdict import Value
    from spanspec.model.context import TriggerResult
    from spanspec.model.trace import Trace

_OUTCOMES = {Truth.HOLDS: Outcome.PASSED, Truth.FAILS: Outcome.FAILED, Truth.UNDECIDED: Outcome.INCONCLUSIVE}


def parsed(statement: str) -> Statement:
    """The tree of a statement.

    Raises:
        DiagnosticsError: It does not parse, or names what does not exist; every fault with its column.
    """
    found = parse_statement(statement, Dialect.EXPECT)
    diagnostics = [*found.diagnostics, *check_parts(found.parts, Dialect.EXPECT)]
    if found.node is not None:
        diagnostics.extend(check_names(found.node, Dialect.EXPECT))
    if found.node is None or has_errors(diagnostics):
        source = SourceText("<expression>", statement)
        raise DiagnosticsError("the statement has faults", [fault.within(source) for fault in diagnostics])
    return found.node


def judged(
    trace: Trace,
    statement: str,
    *,
    response: TriggerResult | None = None,
    variables: Mapping[str, Value] | None = None,
) -> CheckResult:
    """What a whole trace says to a statement.

    Raises:
        DiagnosticsError: The statement does not parse, or names what does not exist.
    """
    given = Given(trace=trace, response=response, variables=MappingProxyType(dict(variables or {})))
    judgement = judge(parsed(statement), given)
    return CheckResult(
        kind="expect",
        text=statement,
        outcome=_OUTCOMES[judgement.truth],
        reason=judgement.reason,
        expected=judgement.expected,
        actual=judgement.actual,
        spans=judgement.spans,
        looked_at=judgement.looked_at,
        near=judgement.near,
        notes=judgement.notes,
        error=judgement.error,
        lack=judgement.lack,
    )

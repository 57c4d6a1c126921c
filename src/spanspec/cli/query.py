"""`spanspec query`."""

from __future__ import annotations

import click

from spanspec.api import stored_traces
from spanspec.cli.options import tell
from spanspec.language.aggregates import evaluate_call
from spanspec.language.checker import check
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import evaluate
from spanspec.language.parser import Parsed, parse_expression, parse_selector, parse_statement
from spanspec.language.selectors import select
from spanspec.language.statements import judge
from spanspec.language.syntax import Expression, Selector, Statement
from spanspec.language.values import show
from spanspec.language.verdict import EvaluationError, Given, Truth
from spanspec.model.span import Span
from spanspec.model.time import short_duration
from spanspec.model.trace import Trace
from spanspec.source.diagnostics import Diagnostic, has_errors
from spanspec.source.render import visible
from spanspec.source.text import SourceText

_EPILOG = """\b
Examples:
  spanspec query 'span[service.name = "shop"] > span[kind = "client"]' trace.json
  spanspec query 'exactly 1 span[name = "ship"]' trace.json
  spanspec query 'busy_time(span[service.name = "payment"])' trace.json"""


@click.command(epilog=_EPILOG)
@click.argument("text")
@click.argument("trace_file", metavar="TRACE")
@click.option("--compat", is_flag=True, help="Read the text as the reference does.")
@click.option("-o", "--output", type=click.Choice(["pretty", "json"]), default="pretty", help="What goes to stdout.")
def command(text: str, trace_file: str, compat: bool, output: str) -> int:
    """Ask every trace in a file: a selector prints spans, a statement its verdict, an expression its value.

    Exit code 1 when a statement does not hold, or a selector picks nothing.
    """
    dialect = Dialect.COMPAT if compat else Dialect.EXPECT
    node, diagnostics = _parse(text, dialect)
    if tell(fault.within(SourceText("<query>", text)) for fault in diagnostics) or node is None:
        return 2
    answers = [_answer(node, trace, dialect) for trace in stored_traces(trace_file)]
    if output == "json":
        _print_json(answers)
    else:
        _print(answers, trace_file)
    return 0 if any(answer["ok"] for answer in answers) else 1


def _parse(text: str, dialect: Dialect) -> tuple[Selector | Statement | Expression | None, list[Diagnostic]]:
    """What the text is: a selector if it is one, else a statement, else a value; faults of the reading that got furthest."""
    tried: list[Parsed[Selector] | Parsed[Statement] | Parsed[Expression]] = []
    for parse in (parse_selector, parse_statement, parse_expression):
        parsed = parse(text, dialect)
        if parsed.node is not None and not has_errors(parsed.diagnostics):
            found = check(parsed.node, dialect)
            return parsed.node, [*parsed.diagnostics, *found]
        tried.append(parsed)
    furthest = max(tried, key=lambda parsed: max((f.range.start for f in parsed.diagnostics if f.range), default=-1))
    return None, list(furthest.diagnostics)


def _answer(node: Selector | Statement | Expression, trace: Trace, dialect: Dialect) -> dict[str, object]:

    given = Given(trace=trace, dialect=dialect)
    if isinstance(node, Selector):
        spans = select(node, given)
        return {"trace": trace.trace_id, "ok": bool(spans), "spans": [_span(span) for span in spans]}
    if isinstance(node, Expression):
        try:
            value = evaluate(node, given, calls=lambda call: evaluate_call(call, given))
        except EvaluationError as fault:
            return {"trace": trace.trace_id, "ok": False, "error": str(fault)}
        return {"trace": trace.trace_id, "ok": True, "value": show(value)}
    judgement = judge(node, given)
    return {
        "trace": trace.trace_id,
        "ok": judgement.truth is Truth.HOLDS,
        "verdict": judgement.truth.value,
        "reason": judgement.reason or judgement.error,
        "expected": judgement.expected,
        "actual": judgement.actual,
        "spans": [_span(trace.by_id[span]) for span in judgement.spans if span in trace.by_id],
    }


def _span(span: object) -> dict[str, object]:

    assert isinstance(span, Span)
    return {
        "span_id": span.span_id,
        "service": span.service,
        "name": span.name,
        "kind": span.kind.value,
        "duration_ns": span.duration_ns,
        "status": span.status.value,
    }


def _print_json(answers: list[dict[str, object]]) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(answers), indent=2))


def _print(answers: list[dict[str, object]], trace_file: str) -> None:

    if not answers:
        click.echo(f"{trace_file}: no span in it", err=True)
    for answer in answers:
        if len(answers) > 1:
            click.echo(f"trace {answer['trace']}")
        if "verdict" in answer:
            click.echo(
                visible(f"{answer['verdict']}: {answer['reason']}" if answer["reason"] else str(answer["verdict"]))
            )
        if "value" in answer or "error" in answer:
            click.echo(visible(str(answer.get("value", answer.get("error")))))
        _print_spans(answer.get("spans"))


def _print_spans(spans: object) -> None:

    if not isinstance(spans, list):
        return
    service = max((len(str(span["service"])) for span in spans), default=0)
    for span in spans:
        status = "  error" if span["status"] == "error" else ""
        lead = f"{span['span_id']}  {visible(str(span['service'])):{service}}  {span['kind']:8}"
        click.echo(f"{lead}  {short_duration(span['duration_ns']):>7}  {visible(str(span['name']))}{status}")
    click.echo(f"{len(spans)} span{'' if len(spans) == 1 else 's'}", err=True)

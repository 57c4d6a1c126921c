"""`spanspec query`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spanspec.api import stored_traces
from spanspec.cli import _asking
from spanspec.cli._asking import Reply, print_reply, reply
from spanspec.cli.options import tell
from spanspec.errors import UsageError
from spanspec.language.asking import read
from spanspec.language.dialect import Dialect
from spanspec.source.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\b
Examples:
  spanspec query 'span[service.name = "shop"] > span[kind = "client"]' trace.json
  spanspec query 'exactly 1 span[name = "ship"]' trace.json
  spanspec query 'busy_time(span[service.name = "payment"])' trace.json
  spanspec query --interactive trace.json      ask again and again; Tab completes the trace's own names"""


@click.command(epilog=_EPILOG)
@click.argument("arguments", nargs=-1, required=True, metavar="[TEXT] TRACE")
@click.option("-i", "--interactive", is_flag=True, help="Read texts line by line, with completion and a history.")
@click.option("--compat", is_flag=True, help="Read the text as the reference does.")
@click.option("-o", "--output", type=click.Choice(["pretty", "json"]), default="pretty", help="What goes to stdout.")
def command(arguments: tuple[str, ...], interactive: bool, compat: bool, output: str) -> int:
    """Ask every trace in a file: a selector prints spans, a statement its verdict, an expression its value.

    Exit code 1 when a statement does not hold, or a selector picks nothing.
    """
    dialect = Dialect.COMPAT if compat else Dialect.EXPECT
    if interactive:
        if len(arguments) != 1:
            raise UsageError("--interactive takes a trace file and no text", help="Type the texts at the prompt.")
        return _asking.converse(stored_traces(arguments[0]), dialect)
    if len(arguments) != 2:
        raise UsageError(
            f"query takes a text and a trace file, and has {len(arguments)} arguments",
            help="Put the text in quotes: spanspec query 'some span[kind = \"client\"]' trace.json",
        )
    text, path = arguments
    node, diagnostics = read(text, dialect)
    if tell(fault.within(SourceText("<query>", text)) for fault in diagnostics) or node is None:
        return 2
    replies = [reply(node, trace, dialect) for trace in stored_traces(path)]
    if output == "json":
        _print_json(replies)
    else:
        _print(replies, path)
    return 0 if any(each.ok for each in replies) else 1


def _print_json(replies: Sequence[Reply]) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode([each.plain() for each in replies]), indent=2))


def _print(replies: Sequence[Reply], path: str) -> None:
    if not replies:
        click.echo(f"{path}: no span in it", err=True)
    for each in replies:
        if len(replies) > 1:
            click.echo(f"trace {each.trace_id}")
        print_reply(each)

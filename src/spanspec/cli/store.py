"""`spanspec store list` and `spanspec store test NAME`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spanspec.api import SystemClock
from spanspec.cli.options import tell, variables
from spanspec.definition.bind_store import bind_store
from spanspec.definition.configured import configured
from spanspec.definition.named import named_store
from spanspec.errors import UsageError
from spanspec.receiver.forward import probe, refused
from spanspec.results.mask import masked
from spanspec.source.render import visible
from spanspec.stores.base import ForwardingStore, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spanspec.definition.configured import Configured
    from spanspec.definition.plan import StorePlan
    from spanspec.stores.base import OpenStore

_EPILOG = """\b
Examples:
  spanspec store list             the stores of spanspec.yaml
  spanspec store test jaeger      port, answer, authentication, and a question for a trace, one line each
\b
A store stands in spanspec.yaml; what is secret in it comes from a variable and is never shown:
  stores:
    jaeger: { type: jaeger, url: http://127.0.0.1:16686, token: "${env:JAEGER_TOKEN}" }"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """List the stores that traces are read from, and test the way to one."""


@command.command("list")
def list_stores() -> int:
    """List the stores that spanspec.yaml describes."""
    found = _configured()
    if found is None:
        return 2
    stores = found.settings.stores
    rows = [
        ("embedded", "the receiver of the run", ""),
        *((name, each.kind, _where(each)) for name, each in stores.items()),
    ]
    width, kind = (max(len(row[column]) for row in rows) for column in (0, 1))
    for row in rows:
        click.echo(visible(f"{row[0]:{width}}  {row[1]:{kind}}  {row[2]}".rstrip()))
    return 0


@command.command("test")
@click.argument("name")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="A value for ${var:NAME}; repeatable.")
def test(name: str, pairs: tuple[str, ...]) -> int:
    """Try the way to a store step by step, and say how to mend what fails."""
    found = _configured()
    if found is None:
        return 2
    plan = named_store(found.settings.stores, name)
    if plan.name == "embedded":
        raise UsageError("the receiver is opened by each run", help="Run `spanspec receive` to see what arrives.")
    bound = bind_store(plan, None, environment=found.environment, given=variables(pairs))
    if tell(bound.diagnostics, warnings=True) or bound.store is None:
        return 2
    if isinstance(bound.store, ForwardingStore):
        return _copied(bound.store, name, bound.secrets)
    return asyncio.run(_tested(bound.store, bound.secrets))


def _copied(store: ForwardingStore, name: str, secrets: frozenset[str]) -> int:
    """Send an export without spans to where copies go, and say what came back."""
    target = store.target()
    if target is None:
        click.echo(
            f"{store.product} gets no copy: neither its key nor a `url` is set. Spans come to the receiver all the same."
        )
        click.echo(f"  = help: Set the key; or let a collector send the copy, `spanspec recipe {name}`.")
        return 0
    answer = asyncio.run(probe(target))
    bad = refused(answer)
    step = Step(
        name="copy",
        passed=not bad,
        text=f"{target.shown}: {answer.report}" if bad else f"{target.shown} took an export without spans",
        help="Look at the key, the region and the address; the vendor's page on OTLP names them." if bad else "",
    )
    click.echo(masked(_line(step), secrets))
    return 3 if bad else 0


def _configured() -> Configured | None:
    """The settings of the working folder; None when they have faults, which have been told."""
    found = configured(Path.cwd(), os.environ)
    return None if tell(found.diagnostics, warnings=True) else found


def _where(store: StorePlan) -> str:
    """The address as it is written, with its templates."""
    return next((_text(store.fields, key) for key in ("url", "endpoint", "addresses") if key in store.fields), "")


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields[key]
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


async def _tested(store: Any, secrets: frozenset[str]) -> int:
    opened: OpenStore = store.open(SystemClock())
    code = 0
    try:
        async for step in opened.check():
            click.echo(masked(_line(step), secrets))
            code = code if step.passed else 3
    finally:
        await opened.close()
    return code


def _line(step: Step) -> str:
    line = f"{'ok  ' if step.passed else 'FAIL'}  {step.name:14}  {visible(step.text)}"
    return f"{line}\n      {'':14}  {visible(step.help)}" if step.help else line

"""`spanspec lint`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from spanspec.cli.options import counted, tell, tell_passed_over, variables
from spanspec.definition.load import load
from spanspec.definition.plan import Options


@click.command(epilog="\b\nExamples:\n  spanspec lint\n  spanspec lint tests/checkout.yaml --compat")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-f", "--file", "files", multiple=True, metavar="FILE", help="A definition.")
@click.option("--endpoint", metavar="URL", default="", help="As `run` has it.")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="As `run` has it.")
@click.option("--vars", "--environment", "-e", "sets", multiple=True, metavar="FILE|ID", help="As `run` has it.")
@click.option("--compat", is_flag=True, help="Keep the reference's faults for specs and outputs.")
@click.option("-v", "--verbose", is_flag=True, help="List the documents that are passed over.")
def command(
    paths: tuple[str, ...],
    files: tuple[str, ...],
    endpoint: str,
    pairs: tuple[str, ...],
    sets: tuple[str, ...],
    compat: bool,
    verbose: bool,
) -> int:
    """Read and check definitions: syntax, names, types, variables. Nothing is fired."""
    options = Options(endpoint=endpoint, variables=variables(pairs), variable_files=sets, compat=compat, checking=True)
    loaded = load([*paths, *files], options, cwd=Path.cwd(), environment=os.environ)
    errors = tell(loaded.diagnostics)
    warnings = len(loaded.diagnostics) - errors
    tell_passed_over(loaded.passed_over, listed=bool(verbose))
    checks = sum(_checks(plan.checks) for plan in loaded.plans)
    tests = f"{counted(len(loaded.plans), 'test')} with {counted(checks, 'check')}"
    click.echo(f"{tests}, {counted(errors, 'error')}, {counted(warnings, 'warning')}", err=bool(errors))
    return 2 if errors else 0


def _checks(checks: tuple[object, ...]) -> int:
    return sum(len(getattr(check, "assertions", (check,))) for check in checks)

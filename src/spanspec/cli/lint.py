"""`spanspec lint`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from spanspec.cli.options import tell, variables
from spanspec.definition.load import load
from spanspec.definition.plan import Options


@click.command(epilog="\b\nExamples:\n  spanspec lint\n  spanspec lint tests/checkout.yaml --compat")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-f", "--file", "files", multiple=True, metavar="FILE", help="A definition.")
@click.option("--endpoint", metavar="URL", default="", help="As `run` has it.")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="As `run` has it.")
@click.option("--compat", is_flag=True, help="Keep the reference's faults for specs and outputs.")
def command(paths: tuple[str, ...], files: tuple[str, ...], endpoint: str, pairs: tuple[str, ...], compat: bool) -> int:
    """Read and check definitions: syntax, names, types, variables. Nothing is fired."""
    options = Options(endpoint=endpoint, variables=variables(pairs), compat=compat)
    loaded = load([*paths, *files], options, cwd=Path.cwd(), environment=os.environ)
    errors = tell(loaded.diagnostics)
    warnings = len(loaded.diagnostics) - errors
    tests = len(loaded.plans)
    checks = sum(_checks(plan.checks) for plan in loaded.plans)
    click.echo(f"{tests} tests with {checks} checks, {errors} errors, {warnings} warnings", err=bool(errors))
    return 2 if errors else 0


def _checks(checks: tuple[object, ...]) -> int:
    return sum(len(getattr(check, "assertions", (check,))) for check in checks)

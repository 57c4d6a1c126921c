"""`spanspec schema`."""

from __future__ import annotations

import json

import click

from spanspec.definition import schema

_EPILOG = """\b
Examples:
  spanspec schema > definition.schema.json
  spanspec schema settings > spanspec.schema.json
\b
An editor with YAML support takes it by a comment at the top of a file:
  # yaml-language-server: $schema=definition.schema.json"""


@click.command(epilog=_EPILOG)
@click.argument("what", type=click.Choice(["definitions", "settings"]), default="definitions", metavar="[WHAT]")
def command(what: str) -> None:
    """Print the JSON Schema of `definitions` (the default) or of `settings`, spanspec.yaml."""
    found = schema.of_settings() if what == "settings" else schema.of_definitions()
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))

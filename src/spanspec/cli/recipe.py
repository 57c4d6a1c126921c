"""`spanspec recipe`."""

from __future__ import annotations

import click

from spanspec import recipes

_EPILOG = """\b
Examples:
  spanspec recipe                                 list them
  spanspec recipe honeycomb > collector.yaml      services, a copy to Honeycomb, and spanspec
  spanspec recipe tail-sampling                   keep every test trace when sampling"""


@click.command(epilog=_EPILOG)
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print a configuration of the OpenTelemetry Collector by NAME, or list them."""
    if name is not None:
        click.echo(recipes.text(name), nl=False)
        return
    width = max(map(len, recipes.names()))
    for each in recipes.names():
        click.echo(f"{each:{width}}  {recipes.title(each)}")

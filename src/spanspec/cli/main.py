"""The command line's entry: a group that imports a command's module only when it is called, and the last net for faults."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from typing import TYPE_CHECKING

import click

from spanspec import __version__
from spanspec.cli.overview import COMMANDS, overview
from spanspec.errors import DiagnosticsError, SpanspecError
from spanspec.source.render import render_all, visible
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


class LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command's own object; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        found: click.Command = importlib.import_module(f"spanspec.cli.{module}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a name that is none."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS)
            ctx.fail(f'no command "{args[0]}"; {hint or "there are: " + ", ".join(sorted(COMMANDS))}')
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """The overview, without importing a command."""
        return overview().rstrip("\n")


@click.command(
    "spanspec",
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="spanspec")
def cli() -> None:
    """Trace-based testing for distributed systems that emit OpenTelemetry."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        code = cli.main(
            args=None if arguments is None else list(arguments), prog_name="spanspec", standalone_mode=False
        )
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as fault:
        fault.show()
        return 2
    except DiagnosticsError as fault:
        click.echo(render_all(fault.diagnostics), err=True)
        return fault.exit_code
    except SpanspecError as fault:
        _say(fault)
        return fault.exit_code
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more while it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:
        return _bug(fault)
    return code if isinstance(code, int) else 0


def _say(fault: SpanspecError) -> None:
    lines = [visible(line) for line in fault.message.split("\n")]
    click.echo("error: " + "\n       ".join(lines), err=True)
    if fault.help:
        click.echo(f"  = help: {visible(fault.help)}", err=True)


def _bug(fault: Exception) -> int:
    if os.environ.get("SPANSPEC_DEBUG"):
        raise fault
    where = fault.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" at {os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno}" if where else ""  # noqa: PTH119
    click.echo(f"error: this is a fault of spanspec: {type(fault).__name__}: {visible(str(fault))}{place}", err=True)
    click.echo("  = help: Report it with the output of the same command under SPANSPEC_DEBUG=1.", err=True)
    return 3

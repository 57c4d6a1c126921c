"""The overview that `spanspec --help` prints. It needs nothing but the standard library's smallest parts, so it is there at once.

click alone takes more than twice the time of a bare Python; whoever asks only for the overview does not pay it.
"""

from __future__ import annotations

COMMANDS = {
    "config": "Print every setting with where it comes from.",
    "demo": "Start a real system, break it in six ways, and see what is caught.",
    "explain": "Explain a diagnostic's code or a word of the language.",
    "fmt": "Spell expressions canonically, and touch nothing else.",
    "import": "Make tests of curl commands and of recordings (HAR).",
    "lint": "Check definitions without running them.",
    "merge": "Bring the shards of a run together.",
    "propose": "Propose statements that hold on all of some traces.",
    "query": "Ask a stored trace: a selector, a statement or a value.",
    "receive": "Print or save the telemetry that arrives.",
    "recipe": "Print a configuration of the Collector.",
    "run": "Run trace-based tests.",
    "schema": "Print the JSON Schema of definitions or settings.",
    "show": "Render a past run again.",
    "store": "List the stores of traces, and test the way to one.",
}
"""Each command with its line; its module in this folder has the same name (`import_` for `import`) and a `command`."""

_TEXT = """Usage: spanspec [OPTIONS] COMMAND [ARGS]...

  Trace-based testing for distributed systems that emit OpenTelemetry.

  A test fires a trigger, collects the trace that this very trigger caused, and
  states what must be true of its spans. No server, no database: the OTLP
  receiver is inside.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
{commands}

Examples:
  spanspec demo
  spanspec run tests/ --endpoint http://127.0.0.1:8080
  spanspec query 'span[kind = "server"]' trace.json

Exit codes: 0 all passed; 1 a check failed or was inconclusive; 2 usage or
definition fault; 3 trigger, store or receiver error; 130 interrupted.

`spanspec COMMAND --help` tells more. Shell completion, for bash (zsh, fish alike):
  eval "$(_SPANSPEC_COMPLETE=bash_source spanspec)"
"""


def overview() -> str:
    """The whole text, with a final line break."""
    width = max(len(name) for name in COMMANDS)
    return _TEXT.format(commands="\n".join(f"  {name:{width}}  {line}" for name, line in sorted(COMMANDS.items())))

"""`python -m spanspec`, and the command's entry point: a process of its own, made to be short."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from contextlib import suppress

from spanspec.cli.overview import overview


def main() -> int:
    """Run the command line and end the process; the overview alone is printed without click."""
    completing = "_SPANSPEC_COMPLETE" in os.environ
    if sys.argv[1:] in ([], ["--help"], ["-h"]) and not completing:
        sys.stdout.write(overview())
        return 0
    # Loading allocates much and frees nothing: with the usual threshold the collector would look through it all again
    # and again, which costs a twentieth of a passing run.
    gc.set_threshold(100_000, 20, 100)
    # By its name and not above: click takes more time than the whole overview.
    return _end(int(importlib.import_module("spanspec.cli.main").main()))


def _end(code: int) -> int:
    """End without tearing down hundreds of modules: all that was opened is closed, and 50 ms are a passing run's fifteenth."""
    with suppress(OSError, ValueError):  # whoever read our output has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())

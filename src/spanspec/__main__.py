"""`python -m spanspec`, and the command's entry point."""

from __future__ import annotations

import importlib
import os
import sys

from spanspec.cli.overview import overview


def main() -> int:
    """Run the command line; the overview alone is printed without it."""
    completing = "_SPANSPEC_COMPLETE" in os.environ
    if sys.argv[1:] in ([], ["--help"], ["-h"]) and not completing:
        sys.stdout.write(overview())
        return 0
    # By its name and not above: click takes more time than the whole overview.
    return int(importlib.import_module("spanspec.cli.main").main())


if __name__ == "__main__":
    sys.exit(main())

"""`python -m spanspec`, and the command's entry point."""

from __future__ import annotations

import os
import sys

from spanspec.cli.overview import overview


def main() -> int:
    """Run the command line; the overview alone is printed without it."""
    if sys.argv[1:] in ([], ["--help"], ["-h"]) and not _completing():
        sys.stdout.write(overview())
        return 0
    # Here and not above: click takes more time than the whole overview.
    from spanspec.cli.main import main as run

    return run()


def _completing() -> bool:
    """Whether a shell asks for its completion script."""
    return "_SPANSPEC_COMPLETE" in os.environ


if __name__ == "__main__":
    sys.exit(main())
